"""Workers of a test run: each is a fork of one interpreter that has loaded what all tests import.

pytest-xdist starts ``worker.py`` instead of Python; that has the worker's code run in a fork of :mod:`.loaded`'s
interpreter, and ends as it ends (:mod:`tests.forked_jobs.asking`).
"""
