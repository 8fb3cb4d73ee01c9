"""The parts of ``benchmarks/waiters.py``: a stand-in for the service, the triggers that are measured, a plot."""
