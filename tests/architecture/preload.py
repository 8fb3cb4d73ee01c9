"""Loads Airflow as a DAG file does, and nothing of ours: what the guards' scripts begin with."""

from __future__ import annotations

import importlib

# By its place, as the scripts find it: they run where nothing of the tests is a package.
importlib.import_module("fresh").import_airflow()
