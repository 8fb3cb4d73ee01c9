"""The fields of the connection's form as widgets, which Airflow 2.11 to 3.1 ask the hook for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.provider_info import CONNECTION_FIELDS


def widgets() -> dict[str, Any]:
    """A text field for each of the connection's own fields."""
    from flask_appbuilder.fieldwidgets import BS3TextFieldWidget
    from flask_babel import lazy_gettext
    from wtforms import StringField

    return {
        name: StringField(lazy_gettext(field["label"]), widget=BS3TextFieldWidget(), description=describe(field))
        for name, field in CONNECTION_FIELDS.items()
    }


def describe(field: Mapping[str, Any]) -> str:
    """A field's description, with what it accepts."""
    words = field["schema"].get("enum")
    return f"{field['description']} Accepted: {', '.join(words)}." if words else str(field["description"])
