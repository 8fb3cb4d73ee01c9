"""What `make demo` runs: the tutorial DAG on a real Airflow against the emulator, both below this clone.

Tests start their real Airflow with the same class, ``demo.airflow.Airflow``.
"""
