"""``render``: the requests for a job, made without network; ids that only the service knows are placeholders.

The names are those that are put to the service, so that body, requests and uploads can be matched with each other. A
label stays a label (``…/labels/latest``), and an address in storage begins with the datastore's name in brackets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.requirements import (
    HIDDEN,
    Address,
    Placeholder,
    Register,
    Requirement,
    Resolve,
    Secret,
    Translation,
    Upload,
)
from airflow_azureml.rest import assets
from airflow_azureml.rest.ids import Workspace

DEFAULT_DATASTORE = "workspaceblobstore"
"""What the service calls a workspace's own datastore."""


def render(translation: Translation, workspace: Workspace, name: str | None = None) -> dict[str, Any]:
    """Write down a submission: ``name``, ``body``, ``requests`` that come first, and ``uploads``.

    :param name: of the job; that of the document when there is none.
    """
    rendering = _Rendering(workspace)
    body = rendering.fill(translation.body)
    return {
        "name": name if name is not None else translation.name,
        "body": body,
        "requests": list(rendering.requests.values()),
        "uploads": list(rendering.uploads.values()),
    }


class _Rendering:
    """The needs of one job and the names that they got."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.answers: dict[Requirement, str] = {}
        self.requests: dict[str, dict[str, Any]] = {}
        self.uploads: dict[str, dict[str, Any]] = {}

    def fill(self, value: Any) -> object:
        """Copy a value, with names in place of its gaps."""
        if isinstance(value, Placeholder):
            if isinstance(value.requirement, Resolve):
                return value.template.rpartition("/versions/{}")[0] + f"/labels/{value.requirement.label}"
            return value.filled(self.answer(value.requirement))
        if isinstance(value, Mapping):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.fill(item) for item in value]
        return HIDDEN if isinstance(value, Secret) else value

    def answer(self, requirement: Upload | Register | Address) -> str:
        """Name what an upload or a registration would give."""
        if requirement not in self.answers:
            if isinstance(requirement, Address):
                self.answers[requirement] = self.requests[self.answer(requirement.code)]["body"]["properties"][
                    "codeUri"
                ]
            elif isinstance(requirement, Register):
                body = self.fill(requirement.body)
                assert isinstance(body, dict)
                name, version = requirement.address(body)
                self.answers[requirement] = self.put(requirement.kind, name, version, body)
            else:
                self.answers[requirement] = (
                    self.code(requirement) if requirement.kind == "code" else self.data(requirement)
                )
        return self.answers[requirement]

    def code(self, requirement: Upload) -> str:
        """Name code by its content; it lies in a container of its own, whose address only the service knows."""
        bundle, digest = requirement.bundle, requirement.digest()
        name = assets.code_name(digest)
        folder = f"https://{{{name}}}/{bundle.name if bundle.is_folder else ''}"
        path = self.put("codes", name, assets.CODE_VERSION, assets.code_body(folder, digest))
        self.upload(requirement, digest, self.requests[path]["body"]["properties"]["codeUri"])
        return path

    def data(self, requirement: Upload) -> str:
        """Name the place of data or of a docker context by its content."""
        digest, store = requirement.digest(), requirement.datastore or DEFAULT_DATASTORE
        path = f"LocalUpload/{digest}/{requirement.bundle.name}"
        if requirement.kind == "context":
            target = f"https://{{{store}}}/{path}"
        else:
            target = f"azureml://datastores/{store}/paths/{path}"
        return self.upload(requirement, digest, target)

    def put(self, kind: str, name: str, version: str, body: Any) -> str:
        """Note the request for an asset; equal content has an equal address and is put once."""
        path = f"{self.workspace.path}/{kind}/{name}/versions/{version}"
        self.requests.setdefault(path, {"method": "PUT", "path": path, "body": body})
        return path

    def upload(self, requirement: Upload, digest: str, target: str) -> str:
        """Note an upload; equal content goes to an equal place and is sent once."""
        files = [name for _, name in requirement.bundle.files]
        row = {"source": requirement.source, "kind": requirement.kind, "hash": digest, "target": target, "files": files}
        self.uploads.setdefault(target, row)
        return target
