"""Our metrics through Airflow's own, on both lines: what StatsD and an OpenTelemetry collector are sent."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from airflow_azureml import observability
from airflow_azureml.observability import THROTTLED, request_counter
from tests import REPOSITORY
from tests.statsd_listener import listening

PROVIDER = REPOSITORY / "provider"
PAGES = REPOSITORY / "docs"
SCRIPT = """
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from airflow_azureml import observability

made = datetime(2026, 1, 1, tzinfo=timezone.utc)
ti = SimpleNamespace(dag_id="d", task_id="t", task=object())
count = observability.request_counter("ws")
for status in (200, 429, 503, None):
    count("arm", status)
observability.job_times(made, made + timedelta(seconds=5), made + timedelta(seconds=65), ti, "ws")
observability.node_time({"node_hours": 0.1, "vm_size": "STANDARD_NC6"}, ti, "ws")
observability.node_time({"node_hours": None, "vm_size": None}, ti, "ws")
observability.event_delay(datetime.now(timezone.utc) + timedelta(hours=1), None, "ws")
observability.gauge(observability.JOBS_WAITING, 7, {"workspace": "ws"})
"""
FLUSH = "from opentelemetry import metrics; metrics.get_meter_provider().force_flush()"
"""Airflow 2.11 and 3.0 send once in an interval alone, also at the end of a process."""


@pytest.fixture(params=["3.3", "2.11"])
def python(request: pytest.FixtureRequest) -> Path:
    """The Python of an Airflow."""
    if request.param == "3.3":
        return Path(sys.executable)
    found: Path = request.getfixturevalue("airflow2_python")
    return found


def run(python: Path, home: Path, script: str = SCRIPT, **settings: str) -> None:
    """Run a script in a fresh process."""
    environment = {**os.environ, "AIRFLOW_HOME": str(home), "PYTHONPATH": str(PROVIDER), **settings}
    done = subprocess.run([python, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_statsd_is_sent_each_metric_with_its_tags(python: Path, tmp_path: Path) -> None:
    with listening() as listener:
        run(python, tmp_path, **listener.settings())

    arm = {"workspace": "ws", "plane": "arm"}
    job = {"dag_id": "d", "task_id": "t", "workspace": "ws", "operator": "object"}
    assert [(one.name, one.kind, one.value, one.tags) for one in listener.metrics] == [
        ("azureml.requests", "counter", 1, {**arm, "status": "200"}),
        ("azureml.requests", "counter", 1, {**arm, "status": "429"}),
        ("azureml.throttled", "counter", 1, {**arm, "status": "429"}),
        ("azureml.requests", "counter", 1, {**arm, "status": "503"}),
        ("azureml.throttled", "counter", 1, {**arm, "status": "503"}),
        ("azureml.requests", "counter", 1, {**arm, "status": "none"}),
        ("azureml.job.queued", "timer", 5_000, job),
        ("azureml.job.run", "timer", 60_000, job),
        ("azureml.job.node_seconds", "counter", 360, {**job, "vm_size": "STANDARD_NC6"}),
        ("azureml.event.delay", "timer", 0, {"workspace": "ws"}),
        ("azureml.jobs.waiting", "gauge", 7, {"workspace": "ws"}),
    ]


@contextmanager
def collecting() -> Iterator[tuple[int, list[Any]]]:
    """An OTLP collector over HTTP: its port, and the metrics that came."""
    metrics: list[Any] = []

    class Collector(BaseHTTPRequestHandler):
        """Answers as a collector does."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in resource.scope_metrics:
                    metrics.extend(scope.metrics)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port, metrics
        finally:
            server.shutdown()


def attributes(point: Any) -> dict[str, str]:
    """What distinguishes a point from others of its metric."""
    return {pair.key: pair.value.string_value for pair in point.attributes}


def test_a_collector_is_sent_each_metric_with_its_attributes(python: Path, tmp_path: Path) -> None:
    with collecting() as (port, metrics):
        run(
            python,
            tmp_path,
            SCRIPT + FLUSH,
            AIRFLOW__METRICS__OTEL_ON="True",
            AIRFLOW__METRICS__OTEL_HOST="127.0.0.1",
            AIRFLOW__METRICS__OTEL_PORT=str(port),
            OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        )

    by_name = {metric.name: metric for metric in metrics}
    assert {name for name in by_name if "azureml" in name} == {
        f"airflow.azureml.{name}"
        for name in (
            "requests",
            "throttled",
            "job.queued",
            "job.run",
            "job.node_seconds",
            "event.delay",
            "jobs.waiting",
        )
    }
    requests = {
        attributes(point)["status"]: point.as_double or point.as_int
        for point in by_name["airflow.azureml.requests"].sum.data_points
    }
    assert requests == {"200": 1, "429": 1, "503": 1, "none": 1}


def test_without_a_switch_nothing_is_counted_and_nothing_imported(python: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from airflow_azureml import observability as o; assert o.request_counter('ws') is None; "
        "o.gauge('azureml.jobs.waiting', 1, {}); o.event_delay(None, None, 'ws'); "
        "import json; print(json.dumps(sorted(n for n in sys.modules if 'statsd' in n or 'otel_logger' in n)))"
    )
    environment = {**os.environ, "AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(PROVIDER)}
    done = subprocess.run([python, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_what_is_wrong_with_metrics_is_not_the_tasks_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        """A client of StatsD that fails at everything."""

        def __getattr__(self, name: str) -> Any:
            raise OSError("no route to host")

    monkeypatch.setattr(observability, "metrics_on", lambda: True)
    monkeypatch.setattr(observability, "_stats", Broken)
    count = request_counter("ws")
    assert count is not None
    count("arm", 429)
    observability.gauge(THROTTLED, 1, {})
    observability.event_delay(None, None, "ws")
    observability.job_times(None, None, None, None, "ws")


@pytest.mark.parametrize("traced", [True, False])
def test_a_span_lies_below_the_one_that_is_current_where_airflow_traces(
    traced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    monkeypatch.setattr(observability, "traces_on", lambda: traced)

    above = provider.get_tracer("airflow").start_as_current_span("task_run.work")
    with above, observability.span("azureml.wait", job="d-t-1"):
        pass

    ours = [span for span in exporter.get_finished_spans() if span.name == "azureml.wait"]
    assert len(ours) == traced
    for span in ours:
        assert span.attributes == {"azureml.job": "d-t-1"}
        assert span.parent is not None


NAMES = {value for name, value in vars(observability).items() if name.isupper() and str(value).startswith("azureml.")}


def test_the_page_lists_each_metric() -> None:
    page = (PAGES / "metrics.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(azureml[._a-z]+)` \|", page, re.MULTILINE)) == NAMES


def test_the_dashboard_shows_each_metric_by_the_name_that_statsd_exporter_gives_it() -> None:
    dashboard = json.loads((PAGES / "metrics-dashboard.json").read_text(encoding="utf-8"))
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    found = {re.sub("_(sum|count)$", "", name) for text in shown for name in re.findall(r"airflow_azureml_\w+", text)}
    assert found == {f"airflow_{name.replace('.', '_')}" for name in NAMES}
