"""What Airflow looks for under the distribution's name: in an installed wheel, ``example_dags`` with the example DAGs.

With ``[core] load_examples`` Airflow 3.3 and later reads the examples of each provider from a package that it derives
from the distribution's name, and logs an error where there is none. The documentation lies beside them.
Source: ``airflow/dag_processing/bundles/manager.py`` of Airflow 3.3.2.
"""
