"""Cases that share a model of the workspace with a registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_azureml.hooks import AzureMLHook
from tests.corpus.fake_azure import FakeAzure, Sent
from tests.corpus.registries import Registry
from tests.oracle.judge import Case, recorded
from tests.oracle.resources import Answer


class WithRegistry(FakeAzure):
    """The stand-in with a registry."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.registry = Registry()

    def answer(self, sent: Sent) -> tuple[int, Any, dict[str, str]]:
        """Let the registry answer what is its own."""
        return self.registry.answer(sent) or super().answer(sent)


@dataclass(frozen=True)
class Shared(Case):
    """A model that is shared; ``job`` holds the arguments of ``models.share``."""

    def question(self, file: Path) -> dict[str, Any]:
        """Ask for the same of Microsoft's client."""
        return {"operate": "models.share", "arguments": self.job, "folder": str(file.parent), "registry": True}

    def submit(self, file: Path, answer: Answer) -> dict[str, Any]:
        """Share it by the hook."""
        given, fake_azure = dict(self.job), WithRegistry()  # type: ignore[arg-type]
        model = f"azureml:{given['name']}:{given['version']}"
        names = given["registry_name"], given["share_with_name"] or None, given["share_with_version"] or None
        found = recorded(fake_azure, lambda: AzureMLHook().share_model(model, *names))
        return {**found, **asked_for(fake_azure.registry)}

    def differences(self, own: Mapping[str, Any], other: Mapping[str, Any]) -> Sequence[str]:
        """List where the two requests to the registry differ."""
        keys = ("body", "method", "host", "path", "query")
        return [f"{key}: ours {own[key]}, theirs {other[key]}" for key in keys if own[key] != other[key]]


def asked_for(registry: Registry) -> dict[str, Any]:
    """The request with which a registry was to take something over."""
    if not registry.imports:
        return {}
    sent = registry.imports[-1]
    return {"body": sent.body, "method": sent.method, "host": sent.host, "path": sent.path, "query": dict(sent.query)}
