"""The reference of settings: fields of a connection, ways to sign in, clouds, Airflow's configuration."""

from __future__ import annotations

from collections.abc import Iterator

from reference.markdown import page as whole_page
from reference.markdown import table


def page() -> str:
    """The page of settings."""
    return whole_page(
        "# Settings",
        "How each is used, with examples: [Connection](../connection.md).",
        "## Connection of type `azureml`",
        "All but the first two are extras.",
        table(("field", "in the form", "accepted", "meaning"), _fields()),
        "## Ways to sign in",
        "What `auth` chooses.",
        table(("`auth`", "credential of azure-identity", "needs"), _ways()),
        "## Clouds",
        "What `cloud` chooses; `endpoint` and its companions name another control plane.",
        table(("`cloud`", "Azure Resource Manager", "login", "Azure ML audience", "tokens may go to"), _clouds()),
        "## Airflow's configuration",
        *_options(),
    )


def _fields() -> Iterator[tuple[str, ...]]:
    from airflow_azureml.provider_info import CONNECTION_BEHAVIOUR, CONNECTION_FIELDS

    for name, label in CONNECTION_BEHAVIOUR["relabeling"].items():
        yield f"`{name}`", label, "", CONNECTION_BEHAVIOUR["placeholders"][name]
    for name, one in CONNECTION_FIELDS.items():
        words = ", ".join(f"`{word}`" for word in one["schema"].get("enum", ()))
        yield f"`{name}`", one["label"], words, one["description"]


def _ways() -> Iterator[tuple[str, ...]]:
    from airflow_azureml.client.credentials import CREDENTIALS
    from airflow_azureml.hooks.connection import AUTH_NEEDS

    for name, row in CREDENTIALS.items():
        yield f"`{name}`", f"`{row.name}`", ", ".join(f"`{field}`" for field in AUTH_NEEDS[name])


def _clouds() -> Iterator[tuple[str, ...]]:
    from airflow_azureml.rest.clouds import CLOUDS

    for name, cloud in CLOUDS.items():
        hosts = ", ".join(f"`{host}`" for host in cloud.trusted)
        yield f"`{name}`", f"`{cloud.arm}`", f"`{cloud.authority}`", f"`{cloud.ml_audience}`", hosts


def _options() -> Iterator[str]:
    from airflow_azureml.provider_info import get_provider_info

    for section, content in get_provider_info()["config"].items():
        yield f"Section `[{section}]`. {content['description']}"
        rows = [
            (f"`{name}`", f"`{option['default']}`", option["description"])
            for name, option in content["options"].items()
        ]
        yield table(("option", "default", "meaning"), rows)
