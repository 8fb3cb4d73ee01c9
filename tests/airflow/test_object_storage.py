"""``ObjectStoragePath`` in the datastores of Azure ML, on Airflow 3.3 and 2.11, as the tasks of a DAG use it."""

from __future__ import annotations

import pytest

from tests.airflow.installs import AirflowInstall

XCOMS = "azureml://azureml_default@datastores/workspaceblobstore/paths/xcom"


def test_paths_are_written_read_listed_copied_moved_and_handed_on(install: AirflowInstall) -> None:
    log = install.run("object_storage")

    assert set(install.states("object_storage").values()) == {"success"}, log
    assert install.xcom("object_storage", "read") == {
        "conn_id": "azureml://azureml_default",
        "names": ["a.txt", "deep"],
        "found": ["deep/b.bin"],
        "read": ["first\nsecond\n"],
        "fetched": "first\nsecond\n",
        "size": 5 << 20,
        "part": [3, 3],
        "kinds": [True, True, True, False],
    }
    assert install.xcom("object_storage", "name_the_workspace") == ["first\nsecond\n", ["a.txt", "deep"]]
    assert install.xcom("object_storage", "change") == {
        "names": ["a.txt", "d.txt", "deep"],
        "text": "first\nsecond\n",
        "is_left": False,
    }


def test_what_is_wrong_is_said(install: AirflowInstall) -> None:
    log = install.run("object_storage_refused")

    said = [install.xcom("object_storage_refused", "refused", map_index=at) for at in range(3)]
    assert said[0].startswith("AzureMLNotFoundError: ")
    assert "no-such-store" in said[0]
    assert said[1].startswith(
        "AzureMLSpecError: path: azureml://somewhere/else is no path of files. Expected azureml://"
    )
    assert said[2] == (
        "AzureMLConnectionError: azureml_conn_id: Airflow has no connection 'no_such_connection'. "
        "Define one of type `azureml`."
    ), log


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("compression", ["", "gzip"])
def test_airflow_keeps_large_xcoms_there(install: AirflowInstall, compression: str) -> None:
    home = install.beside(f"xcoms{compression}")
    log = home.run_anew(
        "xcoms_as_files",
        AIRFLOW__CORE__XCOM_BACKEND="airflow.providers.common.io.xcom.backend.XComObjectStorageBackend",
        AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH=XCOMS,
        AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_THRESHOLD="500",
        AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_COMPRESSION=compression,
    )

    assert set(home.states("xcoms_as_files").values()) == {"success"}, log
    kept = home.xcom("xcoms_as_files", "write").replace("@/", "@")  # on 2.11
    assert kept.startswith(f"{XCOMS}/xcoms_as_files/")
    assert kept.endswith(".gz") == bool(compression)
    read = home.xcom("xcoms_as_files", "told")
    assert read[1] == "uri_folder"
    assert {"job_name", "metrics", "outputs", "usage"} <= set(read[0])


@pytest.mark.long
@pytest.mark.timeout(600)
def test_airflows_own_operator_carries_files_there_and_back(install: AirflowInstall) -> None:
    home = install.beside("transfers")
    log = home.run("file_transfer")

    assert home.xcom("file_transfer", "read") == "from here", log
    assert home.states("file_transfer") == {
        **dict.fromkeys(("prepare", "up", "within", "down", "read", "overwritten"), "success"),
        "refused": "failed",
    }
    assert "there.txt already exists" in log
