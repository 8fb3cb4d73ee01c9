"""Cases that change a resource which exists: each side reads it, changes what is given, and puts it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_azureml.exceptions import translated
from airflow_azureml.hooks import AzureMLHook, plans
from airflow_azureml.jobspec.assets.data import translate_data
from airflow_azureml.jobspec.assets.models import translate_model
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.lifecycle.asset_registration import register_data, register_model
from airflow_azureml.lifecycle.resources.definitions import MARK
from tests.corpus.fake_azure import FakeAzure, Sent
from tests.oracle.judge import recorded
from tests.oracle.resources import Answer, Described


def _registered(translate: Any, register: Any) -> Callable[..., plans.Plan]:
    """The plan of a version of data or of a model."""

    def plan(document: Any, ws: Any) -> plans.Plan:
        read = translate(document, ws)
        return plans.Plan((), register(ws, read.name, read.version, read.body))

    return plan


PLANS: Mapping[str, Callable[..., plans.Plan]] = {
    "batch deployment": lambda document, ws: plans.batch_deployment(document, ws, set_default=False),
    "batch endpoint": plans.batch_endpoint,
    "component": plans.component,
    "data": _registered(translate_data, register_data),
    "model": _registered(translate_model, register_model),
    "compute": lambda document, ws: plans.compute(document, ws, "update"),
    "environment": plans.environment,
    "online deployment": lambda document, ws: plans.online_deployment(document, ws, None),
    "online endpoint": plans.online_endpoint,
}
"""What our operators and the hook do for each kind of resource."""


class Existing(FakeAzure):
    """The stand-in, with a resource that exists.

    :ivar there: as the service shows it.
    """

    there: Any = None

    def answer(self, sent: Sent) -> tuple[int, Any, dict[str, str]]:
        """Show it when it is asked for."""
        if sent.method == "GET" and sent.path == self.there["id"]:
            return 200, self.there, {}
        return super().answer(sent)


@dataclass(frozen=True)
class Changed(Described):
    """A change of a resource that exists; ``job`` holds what changes, with ``$`` for the classes of Microsoft's client.

    :param there: as the service shows it.
    :param names: what our operator needs beside what changes, such as the names.
    """

    there: Any = None
    names: Mapping[str, Any] | None = None

    def question(self, file: Path) -> dict[str, Any]:
        """Ask for the resource to be read, changed and put."""
        return {"resource": self.kind, "folder": str(file.parent), "there": self.there, "change": self.job}

    def submit(self, file: Path, answer: Answer) -> dict[str, Any]:
        """Begin the update with what changes alone."""
        fake_azure = Existing()
        fake_azure.there = self.there

        def send() -> None:
            hook = AzureMLHook()
            with translated():
                given = {**(self.names or {}), **plain(self.job)}
                document = load(given, folder=str(file.parent), from_python=True)
                plan = PLANS[self.kind](document, hook.settings().workspace)
                with hook.client() as client:
                    client.run(next(iter(plan.steps), plan.result))

        found = recorded(fake_azure, send)
        bodies = [row["body"] for row in found["rows"] if row["path"] == self.there["id"]]
        rows = [row for row in found["rows"] if row["path"] != self.there["id"]]
        for body in bodies:
            body["properties"].get("properties", {}).pop(MARK, None)  # by which we know a definition again
        return {**found, "rows": rows, **({"body": bodies[-1]} if bodies else {})}


def plain(value: Any) -> Any:
    """Keywords without the classes of Microsoft's client."""
    if not isinstance(value, Mapping):
        return value
    return {key: plain(item) for key, item in value.items() if key != "$"}
