"""Connections: what is shown of them, their secrets, and what is refused."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.emulator.service import Answer, Service


@pytest.fixture
def name() -> str:
    """The name of a connection that was never used."""
    return f"con-{uuid.uuid4().hex[:10]}"


def put(service: Service, name: str, way: str = "PAT", **more: Any) -> Answer:
    """PUT a connection."""
    properties = {"authType": way, "category": "Git", "target": "https://git.example", **more}
    return service.put(f"connections/{name}", {"properties": properties})


def secrets(service: Service, name: str) -> Any:
    """The credentials of a connection."""
    answer = service.post(f"connections/{name}/listsecrets")
    assert answer.status == 200
    return answer.body["properties"]["credentials"]


CREDENTIALS = {
    "PAT": {"pat": "hush"},
    "SAS": {"sas": "hush"},
    "ApiKey": {"key": "hush"},
    "AccountKey": {"key": "hush"},
    "AccessKey": {"accessKeyId": "hush", "secretAccessKey": "hush"},
    "UsernamePassword": {"username": "hush", "password": "hush"},
    "ServicePrincipal": {"clientId": "hush", "clientSecret": "hush", "tenantId": "hush"},
    "OAuth2": {"clientId": "hush", "refreshToken": "hush"},
    "CustomKeys": {"keys": {"one": "hush"}},
    "ManagedIdentity": {"clientId": "hush"},
}


@pytest.mark.parametrize("way", CREDENTIALS)
def test_secrets_are_answered_to_those_who_ask_for_them_alone(service: Service, name: str, way: str) -> None:
    made = put(service, name, way, credentials=CREDENTIALS[way])
    assert (made.status, made.body["name"]) == (200, name)
    others = [made, service.get(f"connections/{name}"), service.get("connections")]
    others.append(service.request("PATCH", f"connections/{name}", {"properties": {"authType": way, "target": "t"}}))
    assert [one.status for one in others] == [200] * 4
    assert [b"hush" in one.content for one in others] == [False] * 4
    assert secrets(service, name) == CREDENTIALS[way]


@pytest.mark.parametrize("way", ["None", "AAD"])
def test_a_connection_without_credentials(service: Service, name: str, way: str) -> None:
    assert put(service, name, way).status == 200
    assert secrets(service, name) is None
    assert put(service, name, way, credentials={}).status == 400


def test_a_list_by_target_and_category(service: Service, name: str) -> None:
    put(service, name, target=f"https://{name}")
    put(service, f"{name}-b", "None", category="S3", target=f"https://{name}")

    def listed(**query: str) -> list[str]:
        return [row["name"] for row in service.get("connections", **query).body["value"]]

    assert listed(target=f"https://{name}") == [name, f"{name}-b"]
    assert listed(target=f"https://{name}", category="s3") == [f"{name}-b"]
    assert name in listed(includeAll="false")
    assert service.get("connections", includeAll="true").status == 501


def test_a_change_keeps_the_credentials_while_the_way_is_the_same(service: Service, name: str) -> None:
    put(service, name, credentials={"pat": "old"}, metadata={"k": "v"})
    changed = service.request("PATCH", f"connections/{name}", {"properties": {"authType": "PAT", "target": "t"}})
    assert changed.body["properties"]["target"] == "t"
    assert changed.body["properties"]["metadata"] == {"k": "v"}
    assert secrets(service, name) == {"pat": "old"}
    service.request("PATCH", f"connections/{name}", {"properties": {"authType": "SAS"}})
    assert secrets(service, name) is None
    assert put(service, name.upper(), credentials={"pat": "new"}).body["name"] == name
    assert service.get(f"connections/{name}").body["properties"]["metadata"] == {}


def test_what_is_not_there_and_what_is_wrong(service: Service, name: str) -> None:
    assert service.get(f"connections/{name}").inner == ["NotFound", "ConnectionNotFound"]
    assert service.post(f"connections/{name}/listsecrets").status == 404
    assert service.request("PATCH", f"connections/{name}", {"properties": {"authType": "None"}}).status == 404
    assert service.request("DELETE", f"connections/{name}").status == 204
    for wrong, said in (
        ({"way": "Pat2"}, "'Pat2' is not one of"),
        ({"credentials": {"key": "k"}}, "Could not find member 'key'. Known members: pat"),
        ({"category": " "}, "properties.category"),
        ({"colour": "red"}, "'colour'"),
    ):
        answer = put(service, name, **wrong)
        assert (answer.status, said in answer.body["error"]["message"]) == (400, True), answer.body
    unnamed = service.put(f"connections/{name}", {"properties": {"authType": "None", "target": "t"}})
    assert "properties.category" in unnamed.body["error"]["message"]
    assert "3 to 33 letters" in put(service, "x").body["error"]["message"]
    assert put(service, name, credentials={"pat": "p"}).status == 200
    assert service.request("DELETE", f"connections/{name}").status == 200
    assert service.get(f"connections/{name}").status == 404
