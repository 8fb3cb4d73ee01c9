"""Data assets: making the same again is no work, and a version never changes what it stands for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.operators import AzureMLCreateDataAssetOperator
from airflow_azureml.rest import assets
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")
DATASTORE = "azureml://datastores/workspaceblobstore/paths"


@pytest.fixture
def name() -> str:
    """A name that no other test has."""
    return f"cards-{uuid4().hex[:8]}"


def create(**given: Any) -> dict[str, Any]:
    """Run the operator."""
    return AzureMLCreateDataAssetOperator(task_id="t", **given).execute({})


def puts(emulator: RunningEmulator) -> int:
    """How many PUTs were received, of assets and of blobs."""
    return sum(one["method"] == "PUT" for one in emulator.journal())


def test_versions_count_up_only_when_the_place_changes(name: str) -> None:
    first = create(name=name, path=f"{DATASTORE}/a/")
    assert (first["name"], first["version"]) == (name, "1")
    assert first["path"].startswith("azureml://subscriptions/")
    assert first["path"].endswith("/datastores/workspaceblobstore/paths/a/")
    assert first["id"].endswith(f"/data/{name}/versions/1")
    assert create(name=name, path=f"{DATASTORE}/a/") == first
    second = create(name=name, path=f"{DATASTORE}/b/")
    assert second["version"] == "2"
    assert create(name=name, path=f"{DATASTORE}/a/")["version"] == "3", "only the latest counts"


def test_the_log_shows_no_signature_of_a_place(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def say(text: str, *given: object) -> None:
        said.append(text % given)

    log = SimpleNamespace(info=say, warning=say)
    monkeypatch.setattr(AzureMLCreateDataAssetOperator, "log", log)
    create(name=name, path="https://acct.blob.core.windows.net/c/f.csv?sv=1&sig=abcdefabcdef%3D", type="uri_file")
    assert any(f"{name}:1 points to https://acct" in line for line in said)
    assert "abcdef" not in " ".join(said)


def test_a_place_is_the_same_in_every_spelling(name: str) -> None:
    first = create(name=name, path=f"{DATASTORE}/a/b")
    for spelling in (first["path"], first["path"].rstrip("/"), "azureml://datastores/workspaceblobstore/paths/a/b/"):
        assert create(name=name, path=spelling) == first


def test_a_registered_version_is_told_more(name: str) -> None:
    first = create(name=name, path=f"{DATASTORE}/a.csv", type="uri_file")
    assert create(path=first, tags={"checked": "yes"}) == first
    with pytest.raises(AzureMLSpecError, match=f"{name}:1 already exists"):
        create(path=first, type="uri_folder")


def test_another_type_is_another_place(name: str) -> None:
    assert create(name=name, path=f"{DATASTORE}/a", type="uri_folder")["version"] == "1"
    assert create(name=name, path=f"{DATASTORE}/a", type="uri_file")["version"] == "2"


def test_a_given_version_is_made_once_and_never_moved(name: str) -> None:
    first = create(name=name, path=f"{DATASTORE}/a/", version="initial")
    assert first["version"] == "initial"
    assert create(name=name, path=f"{DATASTORE}/a/", version="initial") == first
    with pytest.raises(AzureMLSpecError, match="version") as caught:
        create(name=name, path=f"{DATASTORE}/b/", version="initial")
    assert f"{name}:initial" in str(caught.value)
    assert "paths/a/" in str(caught.value)
    assert "paths/b/" in str(caught.value)


def test_local_data_is_uploaded_by_its_content_and_never_twice(
    name: str, tmp_path: Path, emulator: RunningEmulator
) -> None:
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "a.csv"
    file.write_text(f"{name}\n")
    first = create(name=name, path=str(tmp_path / "data"))
    before = puts(emulator)
    assert create(name=name, path=str(tmp_path / "data")) == first
    assert puts(emulator) == before
    file.write_text("other\n")
    assert create(name=name, path=str(tmp_path / "data"))["version"] == "2"


def test_an_upstream_output_brings_its_own_type(name: str, hook: Any) -> None:
    output = {"type": "uri_file", "path": f"{DATASTORE}/x.csv", "https_url": "https://x", "abfss_url": None}
    made = create(name=name, path=output)
    assert made["path"].endswith("/x.csv")
    assert create(name=name, path=output["path"], type="uri_file") == made


def test_a_spec_is_the_clis_yaml_and_keywords_win(name: str, tmp_path: Path) -> None:
    text = f"name: other\npath: {DATASTORE}/a/\ndescription: d\ntags: {{a: b}}\ntype: uri_folder\n"
    assert create(spec=text, name=name)["name"] == name
    file = tmp_path / "asset.yml"
    file.write_text(text)
    assert create(spec=str(file), name=name, version="7")["version"] == "7"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "a b", "path": f"{DATASTORE}/a"}, ["name", '"a b"', "letters"]),
        ({"name": "a", "path": "./no-such-folder"}, ["path", "./no-such-folder"]),
        ({"name": "a", "path": 3}, ["path", "3"]),
        ({"name": "a", "path": __file__}, ["path", "uri_folder"]),
        ({"spec": "name: a\npath: b\nflavour: x\n"}, ["flavour"]),
        ({"name": "a", "path": f"{DATASTORE}/a", "type": "table"}, ["type", "mltable", "uri_file"]),
        ({"name": "a", "path": str(Path(__file__).with_name("dags")), "type": "mltable"}, ["path", "MLTable"]),
    ],
)
def test_mistakes_name_the_field(given: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(AzureMLSpecError) as caught:
        create(**given)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_what_is_said_about_a_version_changes_and_the_rest_stays(
    name: str, hook: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    first = create(name=name, path=f"{DATASTORE}/a/", description="d", tags={"team": "risk"})
    capsys.readouterr()
    assert create(name=name, path=f"{DATASTORE}/a/", tags={"day": "1"}) == first
    assert create(name=name, path=f"{DATASTORE}/a/", version="1", tags={"day": "2"}) == first
    with hook.client() as client:
        found = client.run(assets.get(client.workspace, "data", name, "1")).properties
    assert (found["description"], found["tags"]) == ("d", {"team": "risk", "day": "2"})
    assert 'tags.day: nothing becomes "1"' in capsys.readouterr().out


def test_a_table_brings_along_what_it_refers_to(name: str, tmp_path: Path, hook: Any) -> None:
    (tmp_path / "table").mkdir()
    (tmp_path / "table" / "a.csv").write_text("a\n1\n")
    (tmp_path / "table" / "MLTable").write_text("paths:\n- file: ./a.csv\n- folder: abfss://c@a/p/\n")
    (tmp_path / "t.yml").write_text(f"name: {name}\ntype: mltable\npath: ./table\n")
    made = create(spec=str(tmp_path / "t.yml"))
    assert create(name=name, type="mltable", path=str(tmp_path / "table")) == made
    assert create(name=name, type="mltable", path=made["path"]) == made, "the same place, wherever it is read"
    remote = create(name=name, type="mltable", path=f"{DATASTORE}/t/")
    with hook.client() as client:
        ws = client.workspace
        local, other = (client.run(assets.get(ws, "data", name, one["version"])) for one in (made, remote))
    assert local.properties["dataType"] == other.properties["dataType"] == "mltable"
    assert local.properties["referencedUris"] == ["./a.csv", "abfss://c@a/p/"]
    assert not other.properties.get("referencedUris")
