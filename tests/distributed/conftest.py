"""These tests run where Airflow has Celery, `make test-distributed`; elsewhere they are not there."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("celery") else ["test_*.py"]
