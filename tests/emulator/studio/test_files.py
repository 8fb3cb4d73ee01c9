"""Files of jobs in the browser: folders, previews, downloads, and what nobody may reach through them."""

from __future__ import annotations

import pytest
import requests

from tests.emulator.conftest import Call, wait_for_job
from tests.emulator.studio.pages import EVIL, get, put
from tests.emulator_fixture import RunningEmulator

WRITE = f"""mkdir -p 'outputs/a b' && printf 'a,b\\n1,2\\n' > 'outputs/a b/t%23.csv' && printf 'x\\0y' > outputs/raw.bin
printf '{EVIL.replace("'", "")}' > outputs/page.html && printf '\\211PNG' > outputs/plot.png
printf 'ä%.0s' $(seq 40000) > ${{{{outputs.model}}}}/long.txt
echo one > ${{{{outputs.one}}}}"""


@pytest.fixture(scope="module")
def name() -> list[str]:
    """Holds the job of this module as soon as there is one."""
    return []


@pytest.fixture
def place(emulator: RunningEmulator, name: list[str], call: Call) -> str:
    """The pages of a job that has written files; links, which somebody else put beside them, are none."""
    if not name:
        outputs = {"model": {"jobOutputType": "uri_folder"}, "one": {"jobOutputType": "uri_file"}}
        name.append(put(call, WRITE, outputs=outputs))
        assert wait_for_job(call, name[0])["properties"]["status"] == "Completed"
        (model,) = emulator.state.glob(f"storage/*/azureml/{name[0]}/model")
        (model / "linked").symlink_to("/etc/passwd")
        (model / "everything").symlink_to("/")
    return f"/runs/{name[0]}"


def test_outputs_and_folders_can_be_walked_through(emulator: RunningEmulator, place: str) -> None:
    outputs = get(emulator, f"{place}/files").text
    for output in ("default", "model", "one"):
        assert f'href="{place}/files/{output}"' in outputs
    assert f'href="{place}/files/model"' in get(emulator, place).text
    assert f'href="{place}/files/default/outputs"' in get(emulator, f"{place}/files/default").text
    folder = get(emulator, f"{place}/files/default/outputs").text
    assert f'href="{place}/files/default/outputs/a%20b"' in folder
    assert f'href="{place}/download/default/outputs/raw.bin"' in folder
    assert "3 B" in folder
    inner = get(emulator, f"{place}/files/default/outputs/a%20b").text
    assert f'href="{place}/files/default/outputs/a%20b/t%2523.csv"' in inner
    assert f'href="{place}/files/default/outputs">' in inner


def test_files_are_shown_and_downloaded(emulator: RunningEmulator, place: str) -> None:
    csv = "default/outputs/a%20b/t%2523.csv"
    assert "a,b\n1,2\n" in get(emulator, f"{place}/files/{csv}").text
    kept = get(emulator, f"{place}/download/{csv}")
    assert kept.content == b"a,b\n1,2\n"
    assert kept.headers["Content-Disposition"] == "attachment; filename*=UTF-8''t%2523.csv"
    assert "This file is no text." in get(emulator, f"{place}/files/default/outputs/raw.bin").text
    assert f'<img class="picture" src="{place}/download/default/outputs/plot.png"' in (
        get(emulator, f"{place}/files/default/outputs/plot.png").text
    )
    assert get(emulator, f"{place}/download/default/outputs/plot.png").headers["Content-Type"] == "image/png"
    assert get(emulator, f"{place}/download/one").content == b"one\n"
    long = get(emulator, f"{place}/files/model/long.txt").text
    assert "Only its beginning is here." in long
    assert "\ufffd" not in long


def test_a_page_that_a_job_wrote_is_none_of_studios(emulator: RunningEmulator, place: str) -> None:
    assert "<script>alert" not in get(emulator, f"{place}/files/default/outputs/page.html").text
    kept = get(emulator, f"{place}/download/default/outputs/page.html")
    assert kept.headers["Content-Type"] == "application/octet-stream"
    assert kept.headers["Content-Disposition"].startswith("attachment")
    assert "default-src 'none'" in kept.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "model/linked",
        "model/everything/etc/passwd",
        "default/..%2F..%2F..%2F..%2Fidentity.json",
        "default/%2E%2E/%2E%2E",
        "default/no-such-file",
        "nothing",
        "default/%00",
    ],
)
def test_nothing_else_can_be_reached(emulator: RunningEmulator, place: str, path: str) -> None:
    for way in ("files", "download"):
        request = requests.Request("GET", emulator["studio_url"]).prepare()
        request.url = f"{emulator['studio_url']}{place}/{way}/{path}"
        answer = requests.Session().send(request, timeout=10)
        assert answer.status_code == 404
        assert "root:" not in answer.text
    assert "linked" not in get(emulator, f"{place}/files/model").text
