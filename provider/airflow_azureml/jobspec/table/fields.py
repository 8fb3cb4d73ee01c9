"""All names of the table room at once, until every module names the one that it means."""

from airflow_azureml.jobspec.document.messages import closest, nearest, show
from airflow_azureml.jobspec.table.convert import by_type, convert_mapping, fixed, nested
from airflow_azureml.jobspec.table.field import Container, Convert, Field, MappingConvert, Table, answers, as_written
from airflow_azureml.jobspec.table.form import Form, snake
from airflow_azureml.jobspec.table.json_values import anything, key_text
from airflow_azureml.jobspec.table.json_values import json_key as told_key
from airflow_azureml.jobspec.table.json_values import warn_of_reading as tell_reading
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Converted, Invalid, Omit, Translator

__all__ = [
    "INVALID",
    "OMIT",
    "Container",
    "Convert",
    "Converted",
    "Field",
    "Form",
    "Invalid",
    "MappingConvert",
    "Omit",
    "Table",
    "Translator",
    "answers",
    "anything",
    "as_written",
    "by_type",
    "closest",
    "convert_mapping",
    "fixed",
    "key_text",
    "nearest",
    "nested",
    "show",
    "snake",
    "tell_reading",
    "told_key",
]
