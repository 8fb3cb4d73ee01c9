"""Files of a run as azureml-core 1.61 sends and fetches them: names in the path of the request."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests

from azureml_emulator.history.sdk1_artifact_routes import address_for_sdk
from tests.emulator.service import Answer, Service
from tests.emulator_fixture import RunningEmulator

NAMES = ["outputs/one.txt", "folder/a b/ü.txt", "folder/c.txt", "folder2/d.txt"]


def remade(address: str) -> str:
    """The address that ``upload_blob_from_stream`` of the SDK writes to, made of the one that it was given."""
    parts = urlsplit(address)
    account, _, suffix = parts.netloc.split(".", 2)
    container, name = parts.path[1:].split("/", 1)
    return f"https://{account}.blob.{suffix}/{container}/{quote(name, safe='~/')}?{parts.query}"


class Files:
    """The files of one run."""

    def __init__(self, service: Service, run: str) -> None:
        self._service = service
        self._store = f"/artifact/v2.0{service.ws}/artifacts"
        self.place = f"ExperimentRun/dcid.{run}"

    def get(self, operation: str, name: str) -> Answer:
        """Ask for what is known of a name or of a folder."""
        return self._service.get(f"{self._store}{operation}/{self.place}/{quote(name)}")

    def places(self, names: list[str]) -> Any:
        """Ask for places to write to."""
        paths = [{"path": name} for name in names]
        return self._service.post(f"{self._store}/batch/metadata/{self.place}", {"paths": paths}).body

    def below(self, operation: str, name: str) -> list[str]:
        """The names below a folder."""
        return [row["path"] for row in self.get(operation, name).body["value"]]


@pytest.fixture
def files(service: Service, emulator: RunningEmulator, name: str) -> Files:
    """Those of a job, to which four were sent as the SDK sends them, each with its name as its content."""
    service.run(name, "true")
    files = Files(service, name)
    contents = files.places(NAMES)["artifactContentInformation"]
    for path in NAMES:
        address, head = remade(contents[path]["contentUri"]), {"x-ms-blob-type": "BlockBlob"}
        sent = requests.put(address, path.encode(), headers=head, verify=emulator["ca_bundle"], timeout=10)
        assert sent.status_code == 201, sent.text
    return files


@pytest.mark.parametrize("path", NAMES)
def test_what_is_sent_is_fetched(emulator: RunningEmulator, files: Files, path: str) -> None:
    content = files.get("/contentinfo", path).body
    assert (content["origin"], content["path"]) == ("ExperimentRun", path)
    fetched = requests.get(content["contentUri"], verify=emulator["ca_bundle"], timeout=10)
    assert fetched.content.decode() == path


def test_folders_are_listed(files: Files) -> None:
    """The SDK writes two slashes behind the name of a folder, and one behind the container for all of it."""
    folder = ["folder/a b/ü.txt", "folder/c.txt"]
    assert files.below("/prefix/contentinfo", "folder//") == files.below("", "folder") == folder
    assert set(files.below("/prefix/contentinfo", "")) >= set(NAMES)
    assert files.below("", "none") == []


def test_a_name_is_taken_once(files: Files) -> None:
    answer = files.places(["outputs/one.txt", "new.txt"])
    assert list(answer["artifacts"]) == ["new.txt"]
    assert "already exists" in answer["errors"]["outputs/one.txt"]["error"]["message"]


def test_what_is_not_there(service: Service, files: Files) -> None:
    assert files.get("/contentinfo", "outputs/two.txt").status == 404
    assert Files(service, "nobody").get("/contentinfo", "outputs/one.txt").status == 404


def test_they_are_files_of_the_job(service: Service, files: Files, name: str) -> None:
    """The list that ``ml_client.jobs.download`` asks for, and MLflow's."""
    listed = service.history("GET", f"experiments/Default/runs/{name}/artifacts").body["value"]
    assert {row["path"] for row in listed} >= set(NAMES)
    tracking = f"/mlflow/v2.0{service.ws}/api/2.0/mlflow"
    of_mlflow = service.get(f"{tracking}/artifacts/list?run_id={name}&path=folder").body["files"]
    assert [row["path"] for row in of_mlflow] == ["folder/a b", "folder/c.txt"]


def test_files_of_no_run_have_places_of_their_own(service: Service) -> None:
    """``Model.register`` sends them so."""
    place = f"/artifact/v2.0{service.ws}/artifacts/batch/metadata/LocalUpload/261203T060000-abc"
    answer = service.post(place, {"paths": [{"path": "m.pkl"}]}).body
    assert answer["artifacts"]["m.pkl"]["artifactId"] == "LocalUpload/261203T060000-abc/m.pkl"


def test_what_would_end_a_name_stays_quoted() -> None:
    address = "https://127.0.0.1:1/acct.blob.local/c/a%20b%23c%3Fd?sig=x%2F"
    assert address_for_sdk(address) == "https://acct.blob.x@127.0.0.1:1/acct.blob.local/c/a b%23c%3Fd?sig=x%2F"
