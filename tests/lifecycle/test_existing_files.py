"""Files that lie where a batch job is to write: told of, where that can be seen, and never a reason to fail."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.lifecycle.batch import existing_files
from airflow_azureml.rest.flow import Call, Peek
from tests.rest.driving import WS, Drive, reply

PLACE = "azureml://datastores/blobs/paths/out/nightly"
STORE = {"datastoreType": "AzureBlob", "accountName": "acct", "containerName": "c", "endpoint": "core.windows.net"}
SAS = {**STORE, "credentials": {"credentialsType": "Sas"}}


def told(outputs: Any, store: Any = None, secret: int = 200, found: str | None = "out/nightly/a.csv") -> Drive:
    """What is told of the outputs of an invocation."""

    def respond(effect: Any) -> Any:
        if isinstance(effect, Peek):
            return found
        assert isinstance(effect, Call)
        if effect.path.endswith("/listSecrets"):
            return reply(secret, {"secretsType": "Sas", "sasToken": "sig=1"})
        return reply(404 if store == 404 else 200, {"name": "blobs", "properties": store or SAS})

    drive = Drive(respond)
    drive.run(existing_files.report(WS, {"properties": {"outputData": outputs}}))
    return drive


def test_files_of_an_earlier_run_are_told_of() -> None:
    drive = told({"score": {"jobOutputType": "UriFolder", "uri": PLACE}})
    (news,) = drive.news
    assert news.message.startswith(f"outputs.score: {PLACE} already contains files, such as out/nightly/a.csv.")
    (peek,) = [effect for effect in drive.effects if isinstance(effect, Peek)]
    assert (peek.location.url, peek.location.sas) == ("https://acct.blob.core.windows.net/c/out/nightly/", "sig=1")


def test_a_file_of_an_earlier_run_is_told_of() -> None:
    file = f"{PLACE}/a.csv"
    (news,) = told({"score": {"jobOutputType": "UriFile", "uri": file}}).news
    assert news.message.startswith(f"outputs.score: {file} already exists. Azure ML does not overwrite files")


@pytest.mark.parametrize("found", ["out/nightly/a.csv.old", "out/nightly/a.csv/part", None])
def test_a_file_of_another_name_is_not_told_of(found: str | None) -> None:
    assert not told({"score": {"jobOutputType": "UriFile", "uri": f"{PLACE}/a.csv"}}, found=found).news


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"score": {"jobOutputType": "UriFolder"}},
        {"score": {"jobOutputType": "MLTable", "uri": PLACE}},
        {"score": {"jobOutputType": "UriFolder", "uri": "azureml://datastores/blobs/paths/${{name}}/"}},
    ],
)
def test_there_is_nothing_to_look_for(outputs: Any) -> None:
    assert not told(outputs).effects


@pytest.mark.parametrize(
    "given", [{"store": 404}, {"secret": 403}, {"store": {"datastoreType": "OneLake"}}, {"found": None}]
)
def test_what_cannot_be_seen_is_not_told(given: Any) -> None:
    assert not told({"score": {"jobOutputType": "UriFolder", "uri": PLACE}}, **given).news


def test_a_datastore_without_a_secret_is_entered_as_oneself() -> None:
    drive = told({"score": {"jobOutputType": "UriFolder", "uri": PLACE}}, store=STORE)
    (peek,) = [effect for effect in drive.effects if isinstance(effect, Peek)]
    assert (peek.location.sas, peek.location.key) == (None, None)
    assert len(drive.news) == 1
