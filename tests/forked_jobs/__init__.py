"""The Python of jobs whose packages take seconds to load: each command is a fork of one that has loaded them.

An emulator is given the program ``bin/python`` that :mod:`tests.forked_jobs.fixture` writes. It passes its arguments,
environment and files to the server, which runs them in a fork, and ends as that ends (:mod:`tests.forked_jobs.asking`).
What a fork could do otherwise than an interpreter of its own (:func:`tests.forked_jobs.asking.can_be_a_fork`) is run
by that. Imports of what the server has loaded are not noted by the emulator. The demo's tests, and those of the
emulator itself, run jobs without any of this.
"""
