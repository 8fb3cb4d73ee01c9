"""Prints docs/reference from the code itself: ``python -m reference``, or ``make docs-reference``."""
