"""The older description of a datastore, by which mltable and azureml-fsspec find and open it."""

from __future__ import annotations

import uuid

from tests.emulator.service import Answer, Service


def described(service: Service, name: str) -> Answer:
    """A datastore, as those clients ask for it."""
    return service.get(f"/datastore/v1.0{service.ws}/datastores/{name}")


def made(service: Service, **properties: object) -> str:
    """The name of a new datastore."""
    name = f"d{uuid.uuid4().hex[:10]}"
    given = {"datastoreType": "AzureBlob", "accountName": "elsewhere", "containerName": "c", **properties}
    assert service.put(f"datastores/{name}", {"properties": given}).status == 201
    return name


def test_the_default_datastore_is_described_with_a_signature_that_opens_it(service: Service) -> None:
    service.upload("front/end.txt", b"here")
    found = described(service, "workspaceblobstore").body
    assert (found["name"], found["dataStoreType"]) == ("workspaceblobstore", "AzureBlob")
    place = found["azureStorageSection"]
    assert (place["credentialType"], place["isSas"], place["sasToken"]) == ("Sas", True, place["credential"])
    address = f"{place['protocol']}://{place['accountName']}.blob.{place['endpoint']}/{place['containerName']}"
    assert service.signed(f"{address}/front/end.txt?{place['sasToken']}").content == b"here"


def test_other_datastores_are_described_with_what_they_have(service: Service) -> None:
    key = {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "a2V5"}}
    place = described(service, made(service, credentials=key)).body["azureStorageSection"]
    assert (place["accountName"], place["credentialType"], place["accountKey"]) == ("elsewhere", "AccountKey", "a2V5")
    open_to_all = described(service, made(service, credentials={"credentialsType": "None"})).body
    assert open_to_all["azureStorageSection"]["credentialType"] == "None"
    lake = made(service, datastoreType="AzureDataLakeGen2", filesystem="f", credentials={"credentialsType": "None"})
    assert described(service, lake).status == 501
    assert described(service, "nowhere").status == 404
