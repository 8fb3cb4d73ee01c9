"""A StatsD server for tests, and for the picture in the documentation: it keeps our metrics as they came."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

PREFIX = "airflow.azureml."
ROOM = 1 << 23
"""Bytes, of which the system gives as many as it lets anybody have."""
KINDS = {"g": "gauge", "c": "counter", "ms": "timer"}


@dataclass(frozen=True)
class Metric:
    """One value of a metric.

    :param at: epoch seconds at which it came.
    :param value: of a timer, milliseconds.
    """

    at: float
    name: str
    kind: str
    value: float
    tags: Mapping[str, str]


@dataclass
class Listener:
    """What came, in its order."""

    port: int
    metrics: list[Metric] = field(default_factory=list)

    def settings(self) -> dict[str, str]:
        """Airflow's settings that send its metrics here, with tags in their names (InfluxDB's way)."""
        return {
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__STATSD_PORT": str(self.port),
            "AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "True",
        }

    def of(self, name: str, **tags: str) -> list[Metric]:
        """The values of a metric that carry these tags."""
        return [one for one in list(self.metrics) if one.name == name and tags.items() <= one.tags.items()]


def parse(packet: str, at: float) -> Metric | None:
    """Read a packet such as ``airflow.azureml.requests,plane=arm:1|c``; None for a metric of Airflow's own."""
    if not packet.startswith(PREFIX):
        return None
    head, _, tail = packet.rpartition(":")
    name, *tags = head.removeprefix("airflow.").split(",")
    value, kind = tail.split("|")[:2]
    return Metric(at, name, KINDS[kind], float(value), dict(tag.split("=", 1) for tag in tags))


@contextlib.contextmanager
def listening() -> Iterator[Listener]:
    """Listen on a free port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        # Room for what comes while this process does not get to read it: packets that find none are lost.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.5)
        listener, ended = Listener(server.getsockname()[1]), threading.Event()

        def receive() -> None:
            while True:
                try:
                    packet = server.recv(65535)
                except TimeoutError:
                    packet = b""
                # Whoever has ended may have sent more than was read by then.
                if not packet and ended.is_set():
                    return
                metric = parse(packet.decode(), time.time())
                if metric is not None:
                    listener.metrics.append(metric)

        thread = threading.Thread(target=receive, daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            ended.set()
            server.sendto(b"", server.getsockname())
            thread.join()
