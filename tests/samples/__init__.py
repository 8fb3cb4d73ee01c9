"""Recorded requests and answers of Microsoft's client, for files of our own: what a fresh checkout judges itself by.

A folder holds a case: the file that a user would write (``job.yml``, ``data.yml``, ``invocation.yml``, …), what belongs
to it, and ``recorded.json``. ``python -m tests.samples`` has Microsoft's client record all of them anew.
"""
