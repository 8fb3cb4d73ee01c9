"""The operations that Microsoft publishes for Azure Machine Learning, as facts: id, method and path of each.

They are read off the part of azure-ai-ml, in ``.venvs/sdk``, that is generated from the description of the service
(azure-rest-api-specs, ``machinelearningservices``, ``stable/<api-version>``), and kept in ``published_operations.json``
beside this file. ``python -m reference.published_operations`` writes that anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
FACTS = Path(__file__).with_suffix(".json")
GENERATED = "azure/ai/ml/_restclient/arm_ml_service"
DOCUMENT = (
    "Azure/azure-rest-api-specs: specification/machinelearningservices/resource-manager/"
    "Microsoft.MachineLearningServices/MachineLearningServices/stable/{version}/openapi.json"
)
HEADS = ("source", "read_from", "api_version")


@dataclass(frozen=True)
class Operation:
    """One published operation.

    :ivar id: Its ``operationId``, such as ``Jobs_CreateOrUpdate``.
    :ivar method: ``GET``, ``PUT``, …
    :ivar path: As published, with ``{placeholders}``.
    """

    id: str
    method: str
    path: str

    @property
    def group(self) -> str:
        """What the operation is about, such as ``Jobs``."""
        return self.id.partition("_")[0]


@dataclass(frozen=True)
class Published:
    """All operations of one version of the service's API.

    :ivar source: The document that lists them.
    :ivar read_from: Package and version that they were read off.
    """

    source: str
    read_from: str
    api_version: str
    operations: tuple[Operation, ...]


def load() -> Published:
    """The facts that are kept."""
    kept: dict[str, Any] = json.loads(FACTS.read_text())
    operations = tuple(Operation(*row) for row in kept.pop("operations"))
    return Published(**kept, operations=operations)


def read(site_packages: Path) -> Published:
    """Read the facts off an installed azure-ai-ml."""
    text = (site_packages / GENERATED / "operations" / "_operations.py").read_text()
    groups = {_snake(name): name for name in re.findall(r"^class (\w+?)(?:(?<=.)Operations)?[(:]", text, re.MULTILINE)}
    found = re.findall(
        r'^def build_(\w+)_request\(.*?    _url = \(?\s*"(.*?)".*?HttpRequest\(\s*method="(\w+)"', text, re.M | re.S
    )
    operations = [Operation(_operation_id(words, groups), method, path) for words, path, method in found]
    (version,) = set(
        re.findall(r'"api_version", "([\d-]+)"', (site_packages / GENERATED / "_configuration.py").read_text())
    )
    (about,) = site_packages.glob("azure_ai_ml-*.dist-info")
    return Published(
        DOCUMENT.format(version=version),
        f"azure-ai-ml {about.name.removeprefix('azure_ai_ml-').removesuffix('.dist-info')}",
        version,
        tuple(sorted(operations, key=lambda one: (one.group, one.path, one.method))),
    )


def _operation_id(words: str, groups: Mapping[str, str]) -> str:
    """``jobs_create_or_update`` as ``Jobs_CreateOrUpdate``."""
    group = max((name for name in groups if words.startswith(f"{name}_")), key=len)
    return f"{groups[group]}_{words.removeprefix(f'{group}_').title().replace('_', '')}"


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def write(published: Published) -> str:
    """The facts as they are kept: an operation a line."""
    rows = ",\n".join(f"    {json.dumps([one.id, one.method, one.path])}" for one in published.operations)
    heads = "".join(f'  "{name}": {json.dumps(getattr(published, name))},\n' for name in HEADS)
    return f'{{\n{heads}  "operations": [\n{rows}\n  ]\n}}\n'


def site_packages() -> Path:
    """Where ``.venvs/sdk`` has azure-ai-ml."""
    (place,) = (REPOSITORY / ".venvs" / "sdk").glob("lib/python*/site-packages")
    return place


if __name__ == "__main__":
    FACTS.write_text(write(read(site_packages())))
