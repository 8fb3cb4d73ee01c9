"""A fault harness: many tasks in flight on a bed of real processes, faults on all of them, and what came of it.

`python -m tests.chaos --help` says how it is run; docs/under-faults.md what it has shown.
"""
