"""Studio pages: what a browser on this machine sees of jobs, while they run and afterwards."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
import requests
from markupsafe import escape

from tests.emulator.conftest import Call, wait_for_job
from tests.emulator.studio.pages import EVIL, cell, get, log, put
from tests.emulator_fixture import RunningEmulator


def test_a_jobs_own_link_leads_to_its_page(emulator: RunningEmulator, call: Call) -> None:
    name = put(
        call,
        "echo said by the job; exit 3",
        displayName=EVIL,
        tags={"tag <b>": EVIL},
        inputs={"ratio": {"jobInputType": "literal", "value": f"0.25 {EVIL}"}},
        outputs={"model_dir": {"jobOutputType": "uri_folder"}},
        environmentVariables={"PASSWORD": "never-shown"},
    )
    job = wait_for_job(call, name)
    link = job["properties"]["services"]["Studio"]["endpoint"]
    assert link.startswith(f"{emulator['studio_url']}/runs/{name}")
    answer = requests.get(link, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    for text in (name, "Failed", "pages", "ratio", "model_dir", "said by the job", "tag &lt;b&gt;", "Error", "exit 3"):
        assert text in answer.text
    assert EVIL not in answer.text
    assert str(escape(EVIL)) in answer.text
    assert "never-shown" not in answer.text
    assert cell(answer.text, "Compute") == "serverless"
    listed = get(emulator, "/").text
    assert f'href="/runs/{name}"' in listed
    assert EVIL not in listed


def test_metrics_and_parameters_are_on_the_page(emulator: RunningEmulator, call: Call) -> None:
    name = put(call, "sleep 0")
    log(call, name, {"loss<": [3, 2.5], "rows": [7]}, depth=EVIL)
    text = get(emulator, f"/runs/{name}").text
    assert cell(text, "loss&lt;").startswith("2.5 <a")
    assert "2 points" in cell(text, "loss&lt;")
    assert cell(text, "rows") == "7.0"
    assert cell(text, "depth") == str(escape(EVIL))
    curves = get(emulator, f"/runs/{name}/metrics").text
    assert curves.count("<polyline") == 1
    assert 'aria-label="loss&lt; by step, 2 points, last 2.5"' in curves
    assert "<title>step 0: 3</title>" in curves
    wait_for_job(call, name)


def test_addresses_are_shown_without_their_signatures(emulator: RunningEmulator, call: Call) -> None:
    place = "https://example.org/data/rows.csv"
    data = {"jobInputType": "uri_file", "uri": f"{place}?sig=never-shown", "mode": "Direct"}
    name = put(call, "true", inputs={"rows": data})
    text = get(emulator, f"/runs/{name}").text
    assert place in cell(text, "rows")
    assert "never-shown" not in text
    wait_for_job(call, name)


def test_the_log_is_followed_while_the_job_runs(emulator: RunningEmulator, call: Call, tmp_path: Path) -> None:
    go = tmp_path / "go"
    waits = f"until [ -e {go} ]; do sleep 0.05; done"
    name = put(call, f"echo first ä; {waits}; printf 'last \\303'; sleep 0.3; printf '\\244'")
    received, offset, early = "", "0", False
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        active = 'data-active="true"' in get(emulator, f"/runs/{name}").text
        answer = get(emulator, f"/runs/{name}/log?offset={offset}")
        received, offset = received + answer.text, answer.headers["X-Log-Offset"]
        early = early or (active and "first ä" in received and "last" not in received)
        if early:
            go.touch()
        if not active:
            break
        time.sleep(0.05)
    assert early
    assert received.count("first ä") == 1
    assert received.rstrip().endswith("last ä")
    assert "\ufffd" not in received
    logs = get(emulator, f"/runs/{name}/logs?file=user_logs%2Fstd_log.txt").text
    assert f'href="/runs/{name}/logs?file=user_logs%2Fstd_log.txt" aria-current="true"' in logs
    assert "last ä" in logs
    assert get(emulator, f"/runs/{name}/log?file=user_logs/std_log.txt&offset=0").text == received
    whole = get(emulator, f"/runs/{name}/logs/user_logs/std_log.txt")
    assert whole.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert whole.content.decode() == received


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/runs/nobody", 404),
        ("/runs/nobody/log", 404),
        ("/runs/nobody/logs", 404),
        ("/runs/nobody/metrics", 404),
        ("/runs/{name}/logs?file=none.txt", 404),
        ("/runs/{name}/log?file=../../identity.json", 404),
        ("/static/none.css", 404),
        ("/static/..%2Fpages.py", 404),
        ("/runs/{name}/log?offset=-1", 400),
        ("/runs/{name}/logs/none.txt", 404),
        ("/runs/{name}/logs/..%2F..%2F..%2F..%2Fidentity.json", 404),
        ("/runs/{name}/logs/%2E%2E/user_logs/std_log.txt", 404),
        ("/no/such/page", 501),
    ],
)
def test_what_there_is_not(emulator: RunningEmulator, call: Call, path: str, status: int) -> None:
    name = put(call, "true")
    wait_for_job(call, name)
    answer = get(emulator, path.replace("{name}", name))
    assert answer.status_code == status
    assert emulator["client_secret"] not in answer.text


def test_pages_are_for_this_machine_only(emulator: RunningEmulator) -> None:
    port = emulator["studio_url"].rsplit(":", 1)[1]
    assert get(emulator, "/", Host=f"attacker.example:{port}").status_code == 403
    assert get(emulator, "/", Host=f"localhost:{port}").status_code == 200


def test_pages_are_not_on_the_other_port_nor_in_the_journal(emulator: RunningEmulator) -> None:
    get(emulator, "/static/studio.css")
    answer = requests.get(f"{emulator['endpoint']}/static/studio.css", verify=emulator["ca_bundle"], timeout=10)
    assert answer.status_code == 501
    assert [row["status"] for row in emulator.journal() if row["path"] == "/static/studio.css"] == [501]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/static/studio.css", "text/css"),
        ("/static/studio.js", "text/javascript"),
        ("/static/studio.svg", "image/svg+xml"),
    ],
)
def test_what_pages_load(emulator: RunningEmulator, path: str, kind: str) -> None:
    answer = get(emulator, path)
    assert answer.headers["Content-Type"].startswith(kind)
    assert path in get(emulator, "/").text
    assert not re.search(r"https?:|url\(|@import|href=", answer.text.replace('xmlns="http://www.w3.org/2000/svg"', ""))


def test_pages_may_load_nothing_from_elsewhere_nor_be_framed(emulator: RunningEmulator) -> None:
    headers = get(emulator, "/").headers
    rules = dict(rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert {rule: value for rule, value in rules.items() if value != "'none'"} == dict.fromkeys(
        ("script-src", "style-src", "img-src", "connect-src", "form-action"), "'self'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
