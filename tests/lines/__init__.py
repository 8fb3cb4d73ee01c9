"""Every Airflow line that is supported, really tried: ``python -m tests.lines``. Not a part of the test suite."""
