"""Metrics that azureml-core logs: the requests that its version 1.61 sends, and where the metrics arrive."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.conftest import Call
from tests.emulator.service import Answer, Service
from tests.emulator.studio.pages import get, put
from tests.emulator_fixture import RunningEmulator

MOMENT = "2026-12-03T05:58:55.123456Z"

Columns = dict[str, str]
Rows = list[dict[str, Any]]


def metric(name: str, kind: str, columns: Columns, rows: Rows, steps: list[int | None] | None = None) -> dict[str, Any]:
    """One metric of a batch, as ``create_v2_dto`` of the SDK makes it."""
    values = [
        {"metricId": f"id-{number}", "createdUtc": MOMENT, "step": step, "data": row}
        for number, (row, step) in enumerate(zip(rows, steps or [None] * len(rows), strict=True))
    ]
    properties = {"uxMetricType": f"azureml.{kind}"}
    return {"name": name, "columns": columns, "value": values, "properties": properties}


def scalar(name: str, kind: str, *values: Any, steps: list[int | None] | None = None) -> dict[str, Any]:
    """What ``run.log`` logs under a name."""
    return metric(name, "v1.scalar", {name: kind}, [{name: value} for value in values], steps)


LOGGED = [
    scalar("loss", "int", 1),
    scalar("loss", "double", 0.5),
    scalar("auc", "double", 0.7, 0.8, steps=[1, 2]),
    scalar("rows", "int", 12),
    scalar("done", "bool", True),
    scalar("word", "string", "hello"),
    metric("each", "v1.list", {"each": "double"}, [{"each": 1}, {"each": 2.5}]),
    metric("table", "v1.table", {"x": "int", "y": "string"}, [{"x": 1, "y": "a"}, {"x": 2, "y": "<b>"}]),
    metric("pic", "v2.image", {"pic": "Artifact"}, [{"pic": "aml://artifactId/ExperimentRun/dcid.r/pic.png"}]),
]


class Metrics:
    """The metric service, about one run."""

    def __init__(self, service: Service, run: str) -> None:
        self._service = service
        self._address = f"/metric/v2.0{service.ws}/runs/{run}"
        self._run = run

    def log(self, *metrics: Any) -> Answer:
        """What ``run.flush`` sends."""
        return self._service.post(f"{self._address}/batch", {"values": list(metrics), "reportErrors": True})

    def read(self, name: str) -> tuple[str, Columns, Rows]:
        """A metric's kind, its columns, and its rows."""
        body = self._service.post(f"{self._address}/full", {"metricName": name}).body
        return body["properties"]["uxMetricType"], body["columns"], [value["data"] for value in body["value"]]

    def names(self) -> list[str]:
        """The metrics that there are."""
        rows = self._service.post(f"{self._address}/list", {}).body["value"]
        return [row["metricKey"]["name"] for row in rows]

    def in_mlflow(self) -> dict[str, list[tuple[float, int]]]:
        """What MLflow's client reads: of each metric values and steps."""
        tracking = f"/mlflow/v2.0{self._service.ws}/api/2.0/mlflow"
        run = self._service.get(f"{tracking}/runs/get?run_id={self._run}").body["run"]
        found = {}
        for row in run["data"]["metrics"]:
            history = f"{tracking}/metrics/get-history?run_id={self._run}&metric_key={row['key']}"
            points = self._service.get(history).body["metrics"]
            assert points[-1] == row
            found[row["key"]] = [(point["value"], point["step"]) for point in points]
        return found


@pytest.fixture
def metrics(service: Service, name: str) -> Metrics:
    """Those of a job that does nothing by itself."""
    service.run(name, "true")
    return Metrics(service, name)


def test_what_is_logged_is_read_again(metrics: Metrics) -> None:
    assert (metrics.log(*LOGGED).status, sorted(metrics.names())) == (200, sorted({row["name"] for row in LOGGED}))
    assert metrics.read("loss") == ("azureml.v1.scalar", {"loss": "double"}, [{"loss": 1.0}, {"loss": 0.5}])
    assert metrics.read("rows") == ("azureml.v1.scalar", {"rows": "int"}, [{"rows": 12}])
    assert metrics.read("done")[2] == [{"done": True}]
    assert metrics.read("word")[2] == [{"word": "hello"}]
    assert metrics.read("each") == ("azureml.v1.list", {"each": "double"}, [{"each": 1.0}, {"each": 2.5}])
    table = [{"x": 1, "y": "a"}, {"x": 2, "y": "<b>"}]
    assert metrics.read("table") == ("azureml.v1.table", {"x": "int", "y": "string"}, table)
    assert metrics.read("pic")[:2] == ("azureml.v2.image", {"pic": "Artifact"})


def test_numbers_are_metrics_of_mlflow(metrics: Metrics) -> None:
    """Texts, tables and pictures are none there."""
    metrics.log(*LOGGED)
    assert metrics.in_mlflow() == {
        "loss": [(1.0, 0), (0.5, 0)],
        "auc": [(0.7, 1), (0.8, 2)],
        "rows": [(12.0, 0)],
        "done": [(1.0, 0)],
        "each": [(1.0, 0), (2.5, 0)],
    }


def test_they_are_on_the_page_of_the_job(emulator: RunningEmulator, service: Service, call: Call) -> None:
    name = put(call, "true")
    Metrics(service, name).log(*LOGGED)
    text = get(emulator, f"/runs/{name}/metrics").text
    assert 'aria-label="auc by step, 2 points, last 0.8"' in text
    assert "<td>2</td><td>&lt;b&gt;</td>" in text
    assert "<td>hello</td>" in text
    service.wait(name)


def test_what_is_not_finite_comes_as_a_word_of_python(metrics: Metrics) -> None:
    """The SDK sends ``NaN`` and reads a number from a text: a loss that diverges must not take the others with it."""
    row = {"a": float("-inf"), "b": "c"}
    sent = metric("t", "v1.table", {"a": "double", "b": "string"}, [row])
    assert metrics.log(scalar("loss", "double", float("nan"), 0.5), sent).status == 200
    assert metrics.read("loss")[2] == [{"loss": "nan"}, {"loss": 0.5}]
    assert metrics.read("t")[2] == [{"a": "-inf", "b": "c"}]
    assert metrics.in_mlflow()["loss"] == [("NaN", 0), (0.5, 0)]


@pytest.mark.parametrize(
    "other",
    [
        metric("loss", "v1.list", {"loss": "double"}, [{"loss": 1.0}]),
        metric("loss", "v1.table", {"x": "int"}, [{"x": 1}]),
        scalar("loss", "string", "much"),
    ],
    ids=["another kind", "other columns", "another type"],
)
def test_a_name_keeps_its_kind(metrics: Metrics, other: dict[str, Any]) -> None:
    metrics.log(scalar("loss", "double", 0.5))
    answer = metrics.log(other, scalar("good", "int", 1))
    assert answer.status == 207
    (error,) = answer.body["errors"]
    assert error["metric"] == other
    assert "was logged before as azureml.v1.scalar of loss: double" in error["errorResponse"]["error"]["message"]
    assert metrics.read("loss")[2] == [{"loss": 0.5}]
    assert metrics.read("good")[2] == [{"good": 1}]


def test_metrics_of_mlflow_and_of_the_sdk_are_one(service: Service, metrics: Metrics, name: str) -> None:
    point = {"run_id": name, "key": "loss", "value": 0.75, "timestamp": 1, "step": 3}
    assert service.post(f"/mlflow/v2.0{service.ws}/api/2.0/mlflow/runs/log-metric", point).status == 200
    assert metrics.read("loss") == ("azureml.v1.scalar", {"loss": "Double"}, [{"loss": 0.75}])
    metrics.log(scalar("loss", "double", 0.5))
    assert metrics.read("loss")[2] == [{"loss": 0.75}, {"loss": 0.5}]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"values": 1}, "values must be an array"),
        ({"values": [{"name": ""}]}, "values[0] must be an object with a name"),
        ({"values": [{**scalar("a", "int", 1), "columns": {"a": 1}}]}, "values[0].columns"),
        ({"values": [{**scalar("a", "int", 1), "properties": None}]}, "values[0].properties.uxMetricType"),
        ({"values": [{**scalar("a", "int", 1), "value": [1]}]}, "values[0].value"),
        ({"values": [scalar("a", "int", "b")]}, "values[0].value[0].data must have one number, a."),
        ({"values": [scalar("a", "int", 1, steps=[True])]}, "values[0].value[0].step"),
        ({"values": [metric("a", "v1.table", {"b": "int"}, [{"c": 1}])]}, "values[0].value[0].data must have"),
    ],
)
def test_what_is_no_metric_is_refused_and_nothing_is_logged(
    service: Service, metrics: Metrics, name: str, body: dict[str, Any], place: str
) -> None:
    if isinstance(body["values"], list):
        body = {"values": [scalar("fine", "int", 1), *body["values"]]}
        place = place.replace("values[0]", "values[1]", 1)
    answer = service.post(f"/metric/v2.0{service.ws}/runs/{name}/batch", body)
    assert answer.status == 400
    assert place in answer.body["error"]["message"]
    assert metrics.names() == []


def test_a_flush_waits_for_nothing(service: Service, name: str) -> None:
    service.submit(name, "true", experimentName="waits")
    assert service.history("GET", f"experiments/waits/runs/{name}/metricsingest/wait").status == 200
    assert service.history("GET", "experiments/waits/runs/nobody/metricsingest/wait").status == 404
    assert Metrics(service, "nobody").log(scalar("a", "int", 1)).status == 404


def test_a_refusal_of_the_data_plane_has_details(service: Service) -> None:
    """azureml-core cannot print an error without them (``TypeError``)."""
    answer = service.post(f"/history/v1.0{service.ws}/nothing", {})
    assert (answer.status, answer.body["error"]["code"], answer.body["error"]["details"]) == (501, "NotEmulated", [])
    assert "details" not in service.post("nothing", {}).body["error"]
