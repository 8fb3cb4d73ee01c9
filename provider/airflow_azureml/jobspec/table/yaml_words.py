"""Converters that write a value in YAML's own words, whatever is written around it.

Some parts of the service hold a job's settings as they stand in YAML: most of a sweep or AutoML node of a pipeline, and
some of an AutoML job. Source: azure-ai-ml 1.35.2, ``entities/_builders/sweep.py``, ``entities/_job/automl/``.
"""

from __future__ import annotations

from dataclasses import replace

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.table.field import Container, Convert, Field
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.translator import Translator


def yaml_words(convert: Convert) -> Convert:
    """Make a converter that writes what ``convert`` reads as the specification of a component has it."""

    def converter(located: Located, ctx: Translator) -> object:
        return convert(located, ctx.in_form(Form.COMPONENT, ctx.bound))

    converter.__doc__ = (convert.convert if isinstance(convert, Container) else convert).__doc__
    return Container(converter) if isinstance(convert, Container) else converter


def yaml_row(row: Field) -> Field:
    """Make a row whose name and value are sent in YAML's words wherever it stands."""
    return replace(row, api_name=row.name, convert=yaml_words(row.convert))
