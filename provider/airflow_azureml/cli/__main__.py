"""``python -m airflow_azureml.cli`` is the command ``airflow-azureml``."""

import sys

from airflow_azureml.cli import main

if __name__ == "__main__":
    sys.exit(main())
