"""Searching registered models and their versions.

Azure Machine Learning searches by name alone: Microsoft's page has ``LIKE``, ``ILIKE`` and tags as what it does not do
(https://learn.microsoft.com/azure/machine-learning/how-to-manage-models-mlflow); what it answers to them is unproven.
Where plain MLflow shall be enough, filters are those of MLflow's server. Order and pages are its own in both cases
(``utils/search_utils.py``, ``store/model_registry/sqlalchemy_store.py`` of MLflow 3.13); what the service says to an
order is unproven, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.mlflow.backend import Mlflow
from azureml_emulator.mlflow.protocol import invalid, one_page, texts
from azureml_emulator.mlflow.registry_rows import MODELS, registered_row, version_row
from azureml_emulator.mlflow.search import Facts, SearchError, in_order, read_filter

Row = dict[str, Any]

NO_PROMPTS = re.compile(r"(\s+AND\s+)?tags?\.`mlflow\.prompt\.is_prompt`\s*!=\s*'true'\s*$", re.IGNORECASE)
"""What MLflow 3 adds to every search of models. There are no prompts here; what the service says to it is unproven."""

BY_NAME = re.compile(r"""name\s*=\s*(?P<quote>['"]?)(?P<name>[^'"]*)(?P=quote)""")

MODEL_KEYS = frozenset({"name", "creation_timestamp", "last_updated_timestamp"})
VERSION_KEYS = MODEL_KEYS | {"version_number", "run_id", "source_path"}
"""The attributes that filters and orders may name."""

MOST_MODELS, MOST_VERSIONS = 100, 10000
"""The sizes of pages where a search names none."""


def search_registered_models(mlflow: Mlflow, body: Row) -> Row:
    """The registered models that match a filter, by name where no order is asked for."""
    versions = mlflow.assets.versions
    with_versions = {version.name for version in versions.all(MODELS) if not version.anonymous}
    names = sorted({*with_versions, *versions.containers(MODELS)})
    rows = (registered_row(mlflow, name) for name in names)
    return searched(mlflow, body, "registered_models", list(rows), model_facts, MOST_MODELS)


def search_model_versions(mlflow: Mlflow, body: Row) -> Row:
    """The versions that match a filter, the newest first where no order is asked for."""
    rows = [version_row(mlflow, version) for version in reversed(mlflow.assets.versions.all(MODELS))]
    return searched(mlflow, body, "model_versions", rows, version_facts, MOST_VERSIONS)


def searched(mlflow: Mlflow, body: Row, key: str, rows: list[Row], facts: Callable[[Row], Facts], size: int) -> Row:
    """One page of the rows that match.

    :raises ServiceError: 400 for what cannot be read, 501 for a filter that the service does not have.
    """
    try:
        if mlflow.settings.mlflow_direct:
            matching = filtered(rows, str(body.get("filter") or ""), facts)
        else:
            asked = name_asked_for(body)
            matching = rows if asked is None else [row for row in rows if row["name"] == asked]
        matching = in_order(matching, facts, texts(body, "order_by"))
    except SearchError as error:
        raise invalid(str(error)) from None
    return one_page(body, key, matching, size)


def filtered(rows: list[Row], text: str, facts: Callable[[Row], Facts]) -> list[Row]:
    """The rows that fulfil every comparison of a filter.

    :raises SearchError: naming what cannot be read.
    """
    conditions = read_filter(NO_PROMPTS.sub("", text))
    known = VERSION_KEYS if facts is version_facts else MODEL_KEYS
    for one in conditions:
        if one.section not in ("attribute", "tag") or (one.section == "attribute" and one.key not in known):
            raise SearchError(f"Invalid key {one.key!r}. Accepted: {', '.join(sorted(known))}, or tags. and a key.")
    return [row for row in rows if all(one.holds(facts(row)) for one in conditions)]


def name_asked_for(body: Row) -> str | None:
    """The name in the filter ``name='...'``; None: all names.

    :raises ServiceError: 501 for every other filter.
    """
    condition = NO_PROMPTS.sub("", str(body.get("filter") or "")).strip()
    if not condition:
        return None
    found = BY_NAME.fullmatch(condition)
    if found is None:
        text = (
            "Azure Machine Learning searches registered models by name alone, and what it answers to another filter is "
            "not known. 'azureml-emulator start --mlflow direct' has MLflow's own filters."
        )
        raise ServiceError(501, "NOT_IMPLEMENTED", text, envelope=Envelope.MLFLOW)
    return found["name"]


def model_facts(row: Row) -> Facts:
    """A registered model as filters and orders see it."""
    return {"attribute": row, "tag": tags(row), "param": {}, "metric": {}}


def version_facts(row: Row) -> Facts:
    """A version as filters and orders see it."""
    number = int(row["version"]) if str(row["version"]).isdecimal() else row["version"]
    attributes = {**row, "version_number": number, "source_path": row["source"]}
    return {"attribute": attributes, "tag": tags(row), "param": {}, "metric": {}}


def tags(row: Row) -> dict[str, str]:
    """The tags of a row."""
    return {each["key"]: each["value"] for each in row["tags"]}
