"""Takes the names of jobs away, from outside: each process of Airflow calls the jobs of its tasks otherwise.

Loaded into the interpreter that all parts of the bed are forks of. A harness that finds nothing wrong then is blind.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from airflow_azureml.lifecycle import naming


def own_to_this_process(identity: naming.JobIdentity) -> str:
    """A hash that no other process comes to; in the triggerer, where one process has all tasks, of the task as well."""
    facts = identity.facts
    began = Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19]
    key = (os.getpid(), began, facts.dag_id, facts.run_id, facts.task_id, facts.map_index, facts.generation)
    return hashlib.sha256(repr(key).encode()).hexdigest()[:16]


naming.JobIdentity._hash = property(own_to_this_process)  # type: ignore[method-assign,assignment]
