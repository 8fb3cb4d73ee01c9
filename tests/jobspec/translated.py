"""Small jobs that tests of single values are written into, and the translation of one."""

from __future__ import annotations

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.document.requirements import Translation
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.ids import Workspace

WS = Workspace("s", "g", "w")
COMMAND = {"command": "echo ${{inputs.x}}", "environment": "azureml:e:1"}
HEAD = "command: echo\nenvironment: azureml:e:1\n"
PIPELINE = """type: pipeline
jobs:
  n:
    compute: azureml:c
    component:
      type: command
      command: echo
      environment: azureml:e:1
      inputs:
        x: {}
"""
"""A pipeline whose node has a component written out: the input ``x`` that it declares is to be filled in."""


def job(text: str) -> Translation:
    """Translate the text of a job file."""
    return translate(load(text, file="/jobs/job.yml"), WS)
