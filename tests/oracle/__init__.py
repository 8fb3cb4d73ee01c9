"""Our translation beside azure-ai-ml 1.35.2 itself, on job files that no corpus holds.

``python -m tests.oracle --help`` compares whole families of them, or random changes of public job files.
"""
