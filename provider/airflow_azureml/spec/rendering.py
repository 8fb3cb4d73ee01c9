"""What would be sent for a job, without asking anyone: each id that only the service knows gets a name of our own.

The names are those that are put to the service, so that body, requests and uploads can be matched with each other. A
label stays a label (``…/labels/latest``), and an address in storage begins with the datastore's name in brackets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.rest import assets
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.spec.needs import Address, Gap, Need, Register, Resolve, Translation, Upload

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
        self.answers: dict[Need, str] = {}
        self.requests: dict[str, dict[str, Any]] = {}
        self.uploads: dict[str, dict[str, Any]] = {}

    def fill(self, value: Any) -> Any:
        """Copy a value, with names in place of its gaps."""
        if isinstance(value, Gap):
            if isinstance(value.need, Resolve):
                return value.template.rpartition("/versions/{}")[0] + f"/labels/{value.need.label}"
            return value.filled(self.answer(value.need))
        if isinstance(value, Mapping):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.fill(item) for item in value]
        return value

    def answer(self, need: Upload | Register | Address) -> str:
        """Name what an upload or a registration would give."""
        if need not in self.answers:
            if isinstance(need, Address):
                self.answers[need] = self.requests[self.answer(need.code)]["body"]["properties"]["codeUri"]
            elif isinstance(need, Register):
                body = self.fill(need.body)
                name, version = need.address(body)
                self.answers[need] = self.put(need.kind, name, version, body)
            else:
                self.answers[need] = self.code(need) if need.kind == "code" else self.data(need)
        return self.answers[need]

    def code(self, need: Upload) -> str:
        """Name code by its content; it lies in a container of its own, whose address only the service knows."""
        bundle, digest = need.bundle, need.digest()
        name = assets.code_name(digest)
        folder = f"https://{{{name}}}/{bundle.name if bundle.is_folder else ''}"
        path = self.put("codes", name, assets.CODE_VERSION, assets.code_body(folder, digest))
        self.upload(need, digest, self.requests[path]["body"]["properties"]["codeUri"])
        return path

    def data(self, need: Upload) -> str:
        """Name the place of data or of a docker context by its content."""
        digest, store = need.digest(), need.datastore or DEFAULT_DATASTORE
        path = f"LocalUpload/{digest}/{need.bundle.name}"
        if need.kind == "context":
            target = f"https://{{{store}}}/{path}"
        else:
            target = f"azureml://datastores/{store}/paths/{path}"
        return self.upload(need, digest, target)

    def put(self, kind: str, name: str, version: str, body: Any) -> str:
        """Note the request for an asset; equal content has an equal address and is put once."""
        path = f"{self.workspace.path}/{kind}/{name}/versions/{version}"
        self.requests.setdefault(path, {"method": "PUT", "path": path, "body": body})
        return path

    def upload(self, need: Upload, digest: str, target: str) -> str:
        """Note an upload; equal content goes to an equal place and is sent once."""
        files = [name for _, name in need.bundle.files]
        row = {"source": need.source, "kind": need.kind, "hash": digest, "target": target, "files": files}
        self.uploads.setdefault(target, row)
        return target
