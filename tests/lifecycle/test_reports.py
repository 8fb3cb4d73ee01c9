"""What a job's script reports: what is taken, what is left out with its reason, and that nothing of it is an error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_azureml.lifecycle.news import Warned
from airflow_azureml.lifecycle.reports.reading import read
from airflow_azureml.lifecycle.reports.report import MOST_BYTES, MOST_KEYS, Report
from airflow_azureml.lifecycle.result import result_and_report
from airflow_azureml.rest.errors import ForbiddenError, UnreachableError
from airflow_azureml.rest.flow import Call, News, Plane
from airflow_azureml.rest.history import Run
from tests.rest.driving import WS, Drive, job, reply

ADDRESS = "https://acct.blob.core.windows.net/azureml/ExperimentRun/dcid.j/outputs/airflow.json?sig=secret"


class Service:
    """The artifacts of runs, by the names of their containers."""

    def __init__(self, file: Any = None, **answers: Any) -> None:
        self.file = json.dumps(file).encode() if not isinstance(file, bytes | None) else file
        self.answers = answers
        self.asked: list[str] = []
        self.warnings: list[str] = []

    def __call__(self, call: Any) -> Any:
        assert isinstance(call, Call)
        if call.plane is Plane.SIGNED:
            first, last = map(int, call.headers["Range"].removeprefix("bytes=").split("-"))
            if "content" in self.answers:
                return self.answers["content"]
            assert self.file is not None
            size = {"Content-Range": f"bytes {first}-{last}/{len(self.file)}"}
            return reply(206, body=self.file[first : last + 1], headers=size) if self.file else reply(416, headers=size)
        path = call.path.removeprefix(f"/artifact/v2.0{WS.path}/artifacts/ExperimentRun/")
        self.asked.append(path)
        if "address" in self.answers:
            return self.answers["address"]
        assert call.query["path"] == "outputs/airflow.json"
        return reply(200, {"contentUri": ADDRESS}) if self.file is not None else reply(404, {"error": {}})

    def report(self, tags: dict[str, str] | None = None, *, taken: tuple[str, ...] = (), files: bool = True) -> Report:
        """What run j reports."""
        drive = Drive(self)
        found = drive.run(read(WS, Run("j", tags=tags or {}), frozenset(taken), has_files=files))
        news = [effect.record for effect in drive.effects if isinstance(effect, News)]
        self.warnings = [record.message for record in news if isinstance(record, Warned)]
        return found


def test_a_file_is_values_a_note_and_extras() -> None:
    service = Service({"xcom": {"rows": 3, "parts": ["a", None]}, "note": " three rows ", "asset_extra": {"rows": 3}})
    assert service.report() == Report({"rows": 3, "parts": ["a", None]}, "three rows", {"rows": 3})
    assert service.warnings == []
    assert service.asked == ["dcid.j/contentinfo"]


def test_no_file_is_nothing_and_nobody_is_warned() -> None:
    service = Service()
    assert service.report() == Report()
    assert service.warnings == []
    service = Service(b"{}", content=reply(404))
    assert service.report() == Report()
    assert service.warnings == []


def test_tags_are_a_report_of_texts_and_the_file_goes_before_them() -> None:
    tags = {
        "airflow.xcom.rows": "3",
        "airflow.xcom.a.b": "x",
        "airflow.note": "by tag",
        "airflow.asset_extra.day": "1",
        "airflow_dag_id": "d",
        "mlflow.note.content": "theirs",
    }
    service = Service()
    assert service.report(tags, files=False) == Report({"rows": "3", "a.b": "x"}, "by tag", {"day": "1"})
    assert service.asked == []
    service = Service({"xcom": {"rows": 4}, "note": "by file"})
    assert service.report(tags) == Report({"rows": 4, "a.b": "x"}, "by file", {"day": "1"})
    assert service.warnings == []


def test_a_tag_that_is_not_known_is_named() -> None:
    service = Service()
    assert service.report({"airflow.xcomm.a": "1", "airflow.xcom.b": "2"}) == Report({"b": "2"})
    assert service.warnings == [
        "The tags airflow.… of job j: 'airflow.xcomm.a' is not known. "
        "Accepted: airflow.xcom.KEY, airflow.note, airflow.asset_extra.KEY."
    ]


DEEP = "[" * 30 + "]" * 30


@pytest.mark.usefixtures("no_garbage_collection")
@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "it is no JSON: Expecting value"),
        (b"{", "it is no JSON: Expecting property name"),
        (b"\xff\xfe", "it is no JSON: 'utf-8' codec"),
        (b"[" * 50_000, "it is no JSON: "),
        (b'{"xcom": {"a": NaN}}', "it is no JSON: NaN is no number"),
        (b'{"xcom": {"a": ' + b"9" * 5000 + b"}}", "it is no JSON: "),
        (b"[]", "it holds no object with xcom, note, asset_extra"),
        (b'{"xcoms": {}}', "'xcoms' is not known. Accepted: xcom, note, asset_extra"),
        (b'{"xcom": [1]}', "xcom is no object"),
        (b'{"note": 5}', "note is no text"),
        (b'{"note": "a\\u0000b"}', "note is left out: a text in it has a letter that databases do not take"),
        (b'{"xcom": {"": 1}}', "xcom.'' is left out: a key has up to 200 letters"),
        (b'{"xcom": {"a/b": 1}}', "xcom.'a/b' is left out: a key has"),
        (b'{"xcom": {"a": 1e999}}', "xcom.a is left out: inf is no number in JSON"),
        (b'{"xcom": {"a": 9223372036854775808}}', "xcom.a is left out: a whole number has more than 64 bits"),
        (b'{"xcom": {"a": ["\\ud800"]}}', "xcom.a is left out: a text in it has a letter"),
        (b'{"xcom": {"a": {"__classname__": "x"}}}', "xcom.a is left out: a key in it begins with __"),
        (f'{{"xcom": {{"a": {DEEP}}}}}'.encode(), "xcom.a is left out: it is nested deeper than 20 levels"),
        (b'{"asset_extra": {"a": {"__type": 1}}}', "asset_extra.a is left out: a key in it begins with __"),
    ],
)
def test_what_cannot_be_taken_is_left_out_and_named(file: bytes, said: str) -> None:
    service = Service(file)
    assert service.report() == Report()
    (warning,) = service.warnings
    assert warning.startswith(f"outputs/airflow.json of job j: {said}")


def test_what_is_right_is_taken_beside_what_is_wrong() -> None:
    service = Service({"xcom": {"good": 1, "bad key": 2}, "note": "n", "more": 1})
    assert service.report() == Report({"good": 1}, "n")
    assert len(service.warnings) == 2


def test_a_byte_order_mark_does_no_harm() -> None:
    assert Service(b'\xef\xbb\xbf{"note": "n"}').report().note == "n"


def test_of_a_huge_file_no_more_is_read_than_shows_its_size() -> None:
    service = Service(b" " * (MOST_BYTES + 5))
    assert service.report({"airflow.note": "by tag"}).note == "by tag"
    assert service.warnings == ["outputs/airflow.json of job j: it has 65,541 bytes, and no more than 65,536 are read."]
    service = Service(b'{"note": "n"}'.ljust(MOST_BYTES))
    assert service.report().note == "n"


def test_huge_tags_are_left_out() -> None:
    service = Service()
    assert service.report({"airflow.note": "x" * MOST_BYTES, "airflow.xcom.a": "y"}) == Report()
    assert service.warnings == ["The tags airflow.… of job j: they hold more than 65,536 letters."]


def test_a_long_note_is_cut_and_too_many_keys_are_left_out() -> None:
    service = Service({"note": "x" * 1001, "xcom": {f"k{number}": number for number in range(MOST_KEYS + 5)}})
    report = service.report()
    assert report.note == "x" * 999 + "…"
    assert len(report.xcoms) == MOST_KEYS
    assert service.warnings == [
        "outputs/airflow.json of job j: xcom has more than 50 keys, the others are left out.",
        "outputs/airflow.json of job j: note has 1,001 letters and is cut to 1,000.",
    ]


def test_a_key_that_is_anothers_is_left_out() -> None:
    service = Service({"xcom": {"model": 1, "return_value": 2, "rows": 3}})
    assert service.report(taken=("model", "return_value")) == Report({"rows": 3})
    assert service.warnings == [
        "What job j reports: xcom.model is left out: the task has another XCom of that name.",
        "What job j reports: xcom.return_value is left out: the task has another XCom of that name.",
    ]


def test_secrets_are_taken_out() -> None:
    url = "https://a.blob.core.windows.net/c?sv=1&sig=abcdefghijklmnopqrstuvwxyz0123456789"
    report = Service({"xcom": {"a": [url]}, "note": url, "asset_extra": {"b": {url: url}}}).report()
    assert "abcdefghijklmnop" not in repr(report)


@pytest.mark.parametrize("trouble", [ForbiddenError("no permission", reply(403)), UnreachableError("gone")])
@pytest.mark.parametrize("where", ["address", "content"])
def test_a_file_that_cannot_be_looked_for_is_told_and_no_error(trouble: Exception, where: str) -> None:
    service = Service(b"{}", **{where: trouble})
    assert service.report({"airflow.note": "by tag"}).note == "by tag"
    (warning,) = service.warnings
    assert warning.startswith("outputs/airflow.json of job j: it could not be looked for: ")
    assert "sig=" not in warning


class History(Service):
    """A run history, too."""

    def __init__(self, file: Any = None, *, children: tuple[str, ...] = ()) -> None:
        super().__init__(file)
        self.children = children

    def __call__(self, call: Any) -> Any:
        if call.path.endswith("/rundata"):
            return reply(200, {"runMetadata": {"runId": call.body["runId"], "tags": {"airflow.note": "by tag"}}})
        if call.path.endswith("/children"):
            return reply(200, {"value": [{"runId": name} for name in self.children]})
        if call.path.endswith("/mlflow/runs/get"):
            return reply(200, {"run": {"data": {"metrics": []}}})
        return super().__call__(call) if call.plane is Plane.SIGNED or "/artifact/" in call.path else reply(404)


@pytest.mark.parametrize(
    ("kind", "children", "asked"),
    [
        ("Command", (), "dcid.j"),
        ("Spark", (), "dcid.j"),
        ("Sweep", ("j_1", "j_2"), "dcid.j_2"),
        ("Pipeline", ("step",), "dcid.step"),
        ("Pipeline", ("one", "two"), None),
        ("AutoML", ("one",), None),
    ],
)
def test_who_reports(kind: str, children: tuple[str, ...], asked: str | None) -> None:
    service = History({"xcom": {"rows": 1}}, children=children)
    steps = {name: {"type": "command"} for name in children} if kind == "Pipeline" else None
    ended = job("j", "Completed", jobType=kind, jobs=steps, properties={"best_child_run_id": "j_2"})
    _, report = Drive(service).run(result_and_report(WS, ended, frozenset()))
    assert service.asked == ([f"{asked}/contentinfo"] if asked else [])
    assert report.xcoms == ({"rows": 1} if asked else {})
    assert report.note == (None if kind == "Pipeline" and asked else "by tag")
