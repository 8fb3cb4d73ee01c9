"""The arguments of ``azure.ai.ml.command(...)`` as those of the operator: objects become mappings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TYPES = {
    "MpiDistribution": "mpi",
    "PyTorchDistribution": "pytorch",
    "TensorFlowDistribution": "tensorflow",
    "RayDistribution": "ray",
    "AmlTokenConfiguration": "aml_token",
    "ManagedIdentityConfiguration": "managed",
    "UserIdentityConfiguration": "user_identity",
    "SshJobService": "ssh",
    "JupyterLabJobService": "jupyter_lab",
    "TensorBoardJobService": "tensor_board",
    "VsCodeJobService": "vs_code",
}
GROUPS = {
    "job_resources": ("locations",),
    "queue_settings": ("job_tier", "priority"),
}


def plain(value: Any) -> Any:
    """Turn ``{"$": "ClassName", ...}`` into a mapping."""
    if isinstance(value, Mapping):
        word = TYPES.get(str(value.get("$")))
        body = {key: plain(item) for key, item in value.items() if key != "$"}
        return {"type": word, **body} if word else body
    return [plain(item) for item in value] if isinstance(value, list) else value


def keywords(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Make the operator's keywords of those of ``command``; the job's name is no keyword of an operator."""
    given: dict[str, Any] = {}
    groups = {key: group for group, keys in GROUPS.items() for key in keys}
    for key, value in arguments.items():
        if key in ("$env", "name"):
            continue
        if key in groups:
            given.setdefault(groups[key], {})[key] = plain(value)
        else:
            given[key] = plain(value)
    return given
