"""The flow that meets the requirements of a body: uploads, versions behind labels, registrations; equal ones once.

Requirements are met in the order in which the body names them, each after what it needs itself, and everything that was
asked is kept for the run: the secret of a datastore serves all uploads to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from airflow_azureml.jobspec.document.requirements import (
    LATEST,
    Address,
    Placeholder,
    Register,
    Requirement,
    Resolve,
    Upload,
)
from airflow_azureml.lifecycle.asset_versions import keep
from airflow_azureml.rest import assets, workspace
from airflow_azureml.rest.errors import BadRequestError, ConflictError, NotFoundError, Problem, SpecError
from airflow_azureml.rest.flow import LocalFiles, Steps, StorageLocation, Transfer
from airflow_azureml.rest.ids import SHORT_PATH, Workspace

ANONYMOUS_KEPT_FOR = 600.0
"""Seconds for which an environment or a component that was put under the hash of its content is taken to be there."""


class Fulfilment:
    """What was asked and answered so far for one submission."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.answers: dict[Requirement, str] = {}
        self.stores: dict[str | None, workspace.Datastore] = {}

    def fill(self, value: Any) -> Steps[Any]:
        """Copy a value, with the answers in place of its placeholders.

        :raises SpecError: a datastore that cannot take uploads.
        """
        if isinstance(value, Placeholder):
            return value.filled((yield from self.answer(value.requirement)))
        if isinstance(value, Mapping):
            filled = {}
            for key, item in value.items():
                filled[key] = yield from self.fill(item)
            return filled
        if isinstance(value, (list, tuple)):
            items = []
            for item in value:
                items.append((yield from self.fill(item)))
            return items
        return value

    def answer(self, requirement: Requirement) -> Steps[str]:
        """Meet one requirement, or repeat the answer to an equal one."""
        if requirement not in self.answers:
            if isinstance(requirement, Resolve):
                self.answers[requirement] = yield from assets.latest(self.ws, requirement.kind, requirement.name)
            elif isinstance(requirement, Register):
                self.answers[requirement] = yield from self.register(requirement)
            elif isinstance(requirement, Address):
                self.answers[requirement] = yield from assets.code_address((yield from self.answer(requirement.code)))
            elif requirement.kind == "code":
                self.answers[requirement] = yield from self.send_code(requirement)
            else:
                self.answers[requirement] = yield from self.send_data(requirement)
        return self.answers[requirement]

    def register(self, requirement: Register) -> Steps[str]:
        """Register an asset by its content; the id is the one that the service answers with."""
        body = yield from self.fill(requirement.body)
        name, version = requirement.address(body)
        if requirement.kind == "data":
            return (yield from self.put_once(requirement.kind, name, version, body))
        if requirement.kind == "models" and requirement.name:
            return (yield from keep(self.ws, requirement.kind, name, None if version == LATEST else version, body)).id
        if version == LATEST:
            return (yield from self.put_latest(requirement.kind, name, body))
        # What is named by its content cannot have become something else.
        kept_for = ANONYMOUS_KEPT_FOR if requirement.version is None else 0.0
        asset = yield from assets.create(self.ws, requirement.kind, name, version, body, kept_for=kept_for)
        return asset.id or f"{self.ws.path}/{requirement.kind}/{name}/versions/{version}"

    def put_once(self, kind: str, name: str, version: str, body: Any) -> Steps[str]:
        """Make a version, or take the one that is there already.

        Source: azure-ai-ml 1.35.2, ``OnlineDeploymentOperations._register_collection_data_assets``.
        """
        try:
            return (yield from assets.create(self.ws, kind, name, version, body)).id
        except ConflictError:
            return (yield from assets.get(self.ws, kind, name, version)).id

    def put_latest(self, kind: str, name: str, body: Any) -> Steps[str]:
        """Put the newest version of a name, which changes nothing where it is the same; else the next one.

        Source: azure-ai-ml 1.35.2, ``EnvironmentOperations._try_update_latest_version``.
        """
        try:
            container = yield from assets.container(self.ws, kind, name)
        except NotFoundError:
            container = assets.Container(None, None)
        latest, following = container.latest or "1", container.next or "1"
        try:
            asset = yield from assets.create(self.ws, kind, name, latest, body)
        except ConflictError:
            asset = yield from assets.create(self.ws, kind, name, following, body)
        return asset.id

    def send_code(self, requirement: Upload) -> Steps[str]:
        """Find code of the same content, or upload and register it."""
        bundle = requirement.bundle
        digest = requirement.digest()
        name = assets.code_name(digest)
        code_id = yield from assets.code_by_hash(self.ws, name, digest)
        if code_id:
            return code_id
        folder = bundle.name if bundle.is_folder else ""
        url = ""

        def enter(_: bool) -> Steps[StorageLocation]:
            nonlocal url
            pending = yield from assets.start_pending_upload(self.ws, name, assets.CODE_VERSION)
            url = pending.url
            return StorageLocation(f"{url}/{quote(folder)}", pending.sas)

        # Each answer has a container of its own, so nothing of a first one would be done in a second.
        yield from workspace.move(enter, lambda location: Transfer(LocalFiles(bundle.files), location))
        body = assets.code_body(f"{url}/{folder}", digest)
        try:
            return (yield from assets.create(self.ws, "codes", name, assets.CODE_VERSION, body)).id
        except (BadRequestError, ConflictError):
            # Another task has registered the same content meanwhile; the address of existing code cannot be changed.
            code_id = yield from assets.code_by_hash(self.ws, name, digest)
            if code_id:
                return code_id
        # What has this name is something else: another name, which no other upload can have.
        name = assets.code_name(hashlib.sha256(url.encode()).hexdigest())
        return (yield from assets.create(self.ws, "codes", name, assets.CODE_VERSION, body)).id

    def send_data(self, requirement: Upload) -> Steps[str]:
        """Upload data or a docker context below its hash; what lies there complete is not sent again."""
        bundle = requirement.bundle
        store = yield from self.store(requirement.datastore)
        digest = requirement.digest()
        above = f"LocalUpload/{digest}"
        path = f"{above}/{bundle.name}"
        target = store.address(path if bundle.is_folder else above)
        if target is None or store.kind == "AzureFile":
            detail = f"{requirement.source}: the datastore {store.name!r} is {store.kind}."
            message = f"{detail} Uploads go to Blob or Data Lake Gen2."
            raise SpecError([Problem("", message)])

        def enter(anew: bool) -> Steps[StorageLocation]:
            return (yield from workspace.secret_of(self.ws, store, anew=anew)).location(target)

        order = Transfer(LocalFiles(bundle.files), StorageLocation(""), {"name": digest, "version": "1"})
        yield from workspace.move(enter, lambda location: replace(order, target=location))
        # A docker context is a folder, and its address is wanted; data are known by their path in the datastore.
        return target.plain_url if requirement.kind == "context" else SHORT_PATH.format(store.name, path)

    def store(self, name: str | None) -> Steps[workspace.Datastore]:
        """Read a datastore, once."""
        if name not in self.stores:
            store = yield from (workspace.datastore(self.ws, name) if name else workspace.default_datastore(self.ws))
            self.stores[name] = self.stores[store.name] = store
        return self.stores[name]
