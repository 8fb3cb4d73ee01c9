"""Every kind of resource that may stand in a file: what is put to the service for it, without asking anyone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.check import to_translation
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.render import render
from airflow_azureml.jobspec.resources.table import RESOURCES
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

WORKSPACE = Workspace("s", "g", "w")

SMALLEST = {
    "data": "name: d\ntype: uri_folder\npath: azureml://datastores/s/paths/p/\n",
    "model": "name: m\npath: azureml://datastores/s/paths/p/\ntype: mlflow_model\n",
    "environment": "name: e\nversion: 3\nimage: python\nconda_file: {dependencies: [pip]}\n",
    "component": "name: c\nversion: 1\ntype: command\ncommand: echo\nenvironment: azureml:e:1\n",
    "batch endpoint": "name: scores\nauth_mode: aad_token\n",
    "online endpoint": "name: live\nauth_mode: key\n",
    "online deployment": "name: one\nendpoint_name: live\nmodel: azureml:m:1\ninstance_type: s\ninstance_count: 1\n",
    "compute": "name: cpu\ntype: amlcompute\nmin_instances: 0\nmax_instances: 2\n",
    "batch deployment": "name: one\nendpoint_name: scores\nmodel: azureml:m:1\ncompute: azureml:c\n",
}


def rendered(kind: str, text: str, folder: Path) -> dict[str, Any]:
    """Render a document of a kind."""
    document = load(text, folder=str(folder))
    assert kind in RESOURCES
    return render(to_translation(document, WORKSPACE), WORKSPACE)


@pytest.mark.parametrize("kind", RESOURCES)
def test_each_kind_can_be_rendered(kind: str, tmp_path: Path) -> None:
    """The smallest document of each kind becomes a body with properties."""
    found = rendered(kind, SMALLEST[kind], tmp_path)
    assert sorted(found) == ["body", "name", "requests", "uploads"]
    assert found["name"]
    assert found["body"]["properties"]


def test_an_environment_with_a_build_context_is_uploaded(tmp_path: Path) -> None:
    """The context is among the uploads, and its place in the body."""
    (tmp_path / "ctx").mkdir()
    (tmp_path / "ctx" / "Dockerfile").write_text("FROM python\n")
    found = rendered("environment", "name: e\nbuild: {path: ctx}\n", tmp_path)
    assert found["body"]["properties"]["build"]["contextUri"] == found["uploads"][0]["target"] + "/"
    assert found["uploads"][0]["files"] == ["Dockerfile"]


def test_a_component_keeps_its_name_and_version_in_its_spec(tmp_path: Path) -> None:
    """One that is registered under its name is not anonymous."""
    properties = rendered("component", SMALLEST["component"], tmp_path)["body"]["properties"]
    assert not properties["isAnonymous"]
    assert {key: properties["componentSpec"][key] for key in ("name", "version", "type")} == {
        "name": "c",
        "version": "1",
        "type": "command",
    }


@pytest.mark.parametrize(("kind", "sent"), [("managed", {"instanceType": ""}), ("kubernetes", {})])
def test_an_empty_instance_type_is_none_on_kubernetes_alone(kind: str, sent: dict[str, str], tmp_path: Path) -> None:
    """So does Microsoft's client, whose Kubernetes deployments may do without one."""
    text = SMALLEST["online deployment"].replace("instance_type: s", f'type: {kind}\ninstance_type: ""')
    properties = rendered("online deployment", text, tmp_path)["body"]["properties"]
    assert {key: value for key, value in properties.items() if key == "instanceType"} == sent


@pytest.mark.parametrize("network", ["{vnet_name: 2, subnet: s}", "{vnet_name: v, subnet: 2}"])
def test_half_of_a_network_that_is_wrong_is_not_missing_as_well(network: str, tmp_path: Path) -> None:
    """One mistake is one problem."""
    with pytest.raises(SpecError) as caught:
        rendered("compute", f"{SMALLEST['compute']}network_settings: {network}\n", tmp_path)
    (problem,) = caught.value.problems
    assert "2 is not a string." in str(problem)


APPLICATIONS = """name: ci
type: computeinstance
custom_applications:
  - name: board
    image: {reference: "ghcr.io/x/board:1"}
    endpoints: [{target: 5000, published: 5001}]
    environment_variables: {LEVEL: high}
    bind_mounts: [{source: /home/azureuser, target: /home}]
"""


def test_applications_of_an_instance_are_sent_in_the_services_words(tmp_path: Path) -> None:
    """Each is a privileged container, whose endpoints speak HTTP, as Microsoft's client sends it."""
    properties = rendered("compute", APPLICATIONS, tmp_path)["body"]["properties"]["properties"]
    assert properties["customServices"] == [
        {
            "name": "board",
            "type": "docker",
            "image": {"type": "docker", "reference": "ghcr.io/x/board:1"},
            "endpoints": [{"name": "connect", "target": 5000, "published": 5001, "protocol": "http"}],
            "environmentVariables": {"LEVEL": {"type": "local", "value": "high"}},
            "volumes": [{"type": "bind", "readOnly": False, "source": "/home/azureuser", "target": "/home"}],
            "docker": {"privileged": True},
        }
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("published: 5001", "published: 80", "endpoints.0.published: 80 is not a port. Accepted: 1026 to 65534."),
        ("image: {reference: ", "picture: {reference: ", 'unknown key "picture".'),
        (
            "  - name: board",
            "  - {name: board, image: {reference: i}, endpoints: []}\n  - name: board",
            '"board" is used',
        ),
        ("target: 5000, published", "published", '"target" is required'),
        (
            "  - name: board",
            "  - {name: a, image: {reference: i}, endpoints: [{target: 5000, published: 5001}]}\n  - name: board",
            "the published port 5001 is used twice",
        ),
    ],
)
def test_what_is_wrong_with_an_application_is_named(old: str, new: str, said: str, tmp_path: Path) -> None:
    """The field, what was given, and what is accepted."""
    with pytest.raises(SpecError) as caught:
        rendered("compute", APPLICATIONS.replace(old, new), tmp_path)
    assert any(said in str(problem) for problem in caught.value.problems), caught.value.problems


def test_deployment_templates_of_a_model_are_sent_and_its_system_metadata_is_not(tmp_path: Path) -> None:
    """As Microsoft's client does in a workspace."""
    addresses = [f"azureml://registries/r/deploymenttemplates/t/versions/{version}" for version in (1, 2)]
    one, two = (f'{{asset_id: "{address}"}}' for address in addresses)
    text = f"{SMALLEST['model']}default_deployment_template: {one}\nallowed_deployment_templates: [{one}, {two}]\n"
    properties = rendered("model", text + "system_metadata: {a: b}\n", tmp_path)["body"]["properties"]
    assert properties["defaultDeploymentTemplate"] == {"assetId": addresses[0]}
    assert properties["allowedDeploymentTemplates"] == [{"assetId": address} for address in addresses]
    assert not [key for key in properties if "metadata" in key.lower()]


def test_a_deployment_template_is_named_by_its_asset_id(tmp_path: Path) -> None:
    """What was given, and the key that is accepted."""
    text = SMALLEST["model"] + "default_deployment_template: azureml://registries/r/x\n"
    with pytest.raises(SpecError, match=r"_template: .* is not a mapping\. Accepted keys: asset_id\."):
        rendered("model", text, tmp_path)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (
            "{condition: last_accessed_greater_than, value: 30d}",
            {"condition": "lastAccessedGreaterThan", "value": "30d"},
        ),
        ("{value: 30d}", {"condition": "createdGreaterThan", "value": "30d"}),
    ],
)
def test_when_data_is_deleted_by_itself_is_sent(given: str, sent: dict[str, Any], tmp_path: Path) -> None:
    text = f"{SMALLEST['data']}auto_delete_setting: {given}\n"
    assert rendered("data", text, tmp_path)["body"]["properties"]["autoDeleteSetting"] == sent


MACHINE = (
    "name: vm\ntype: virtualmachine\n"
    "resource_id: /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m\n"
)


def test_the_key_of_an_attached_machine_is_sent(tmp_path: Path) -> None:
    """The content of the file, whose path is relative to the YAML's folder as all paths are, and nowhere shown."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "id_rsa").write_bytes("\ufeff-----BEGIN é\r\n".encode())
    text = f"{MACHINE}ssh_settings: {{admin_username: u, ssh_private_key_file: keys/id_rsa}}\n"
    translation = to_translation(load(text, folder=str(tmp_path)), WORKSPACE)
    account = {"username": "u", "privateKeyData": "-----BEGIN é\n"}
    assert translation.body["properties"]["properties"] == {"sshPort": 22, "administratorAccount": account}
    assert '"privateKeyData": "-----BEGIN' in json.dumps(translation.body)
    assert "BEGIN" not in json.dumps(render(translation, WORKSPACE)) + str(translation) + str(translation.body)


def test_a_machine_without_a_key_says_so_by_an_empty_name(tmp_path: Path) -> None:
    text = f"{MACHINE}ssh_settings: {{admin_username: u, ssh_private_key_file: ''}}\n"
    inner = rendered("compute", text, tmp_path)["body"]["properties"]["properties"]
    assert inner == {"sshPort": 22, "administratorAccount": {"username": "u"}}


def test_the_port_of_an_attached_machine_is_sent(tmp_path: Path) -> None:
    text = f"{MACHINE}ssh_settings: {{admin_username: u, admin_password: p, ssh_port: 2222}}\n"
    inner = rendered("compute", text, tmp_path)["body"]["properties"]["properties"]
    assert inner == {"sshPort": 2222, "administratorAccount": {"username": "u", "password": "p"}}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere", '"nowhere": there is no file '),
        (".", '".": there is no file '),
        ("binary", "binary is not UTF-8 text."),
    ],
)
def test_a_key_that_cannot_be_read_is_named(path: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    text = f"{MACHINE}ssh_settings: {{admin_username: u, ssh_private_key_file: {path}}}\n"
    with pytest.raises(SpecError) as raised:
        rendered("compute", text, tmp_path)
    assert "ssh_settings.ssh_private_key_file: " in str(raised.value)
    assert said in str(raised.value)
