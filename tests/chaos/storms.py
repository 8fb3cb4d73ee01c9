"""What falls on all runs at once while they are in flight: parts that die or restart, services that are away."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.chaos.service import ChaosService
from tests.distributed.bed import Bed

BETWEEN = (4.0, 14.0)
"""Seconds from the end of a storm to the next."""

TOKENS = "POST .*/oauth2/v2.0/token"
WIRE = (429, 500, 503, 408)


class Storms(threading.Thread):
    """One storm after the other, drawn from a seed, until it is told to stop.

    :param bed: the bed that they fall on.
    :param running_tasks: the processes of the tasks that run at the moment.
    """

    def __init__(self, bed: Bed, service: ChaosService, seed: int, running_tasks: Callable[[], list[int]]) -> None:
        super().__init__(daemon=True)
        self.bed, self.service, self.running_tasks = bed, service, running_tasks
        self.chance = random.Random(f"{seed}/storms")
        self.ends = threading.Event()
        self.seen: list[dict[str, Any]] = []
        """What has come so far: kind, when (seconds since the epoch), for how long, and what went wrong with it."""

    def run(self) -> None:
        """Let storms come."""
        kinds = self.kinds()
        while not self.ends.wait(self.chance.uniform(*BETWEEN)):
            name = self.chance.choices(list(kinds), [weight for weight, _ in kinds.values()])[0]
            row: dict[str, Any] = {"kind": name, "at": time.time()}
            self.seen.append(row)
            try:
                kinds[name][1]()
            except Exception as error:  # noqa: BLE001 - a storm that fails is told, and the next one comes
                row["error"] = repr(error)
            row["seconds"] = time.time() - row["at"]

    def kinds(self) -> dict[str, tuple[float, Callable[[], None]]]:
        """The storms that this bed can have, with their weights."""
        airflow = self.bed.airflow
        found: dict[str, tuple[float, Callable[[], None]]] = {
            "tasks killed": (3, self.kill_tasks),
            "triggerer killed": (2, lambda: airflow.crash(self.triggerer())),
            "triggerer restarted in order": (1.5, lambda: airflow.roll(self.triggerer())),
            "triggerer frozen": (1, self.freeze_triggerer),
            "scheduler killed": (1.5, lambda: airflow.crash("scheduler")),
            "login service away": (2, self.refuse_tokens),
            "login service throttles": (1.5, self.throttle_tokens),
            "errors on the wire": (3, self.errors),
            "connections dropped": (2, self.drops),
            "answers beyond time-outs": (1, self.delays),
            "emulator frozen": (1, self.freeze_emulator),
            "emulator restarted": (0.3, self.restart_emulator),
            "emulator killed": (0.3, self.kill_emulator),
        }
        if "api-server" in airflow.parts:
            found["API server killed"] = (1.5, lambda: airflow.crash("api-server"))
            found["API server away"] = (2, self.leave_without_api)
        if self.bed.postgres is not None:
            found["database killed"] = (2, self.restart_database)
        if self.bed.redis is not None:
            found["broker killed"] = (0.7, self.restart_redis)
        workers = [name for name in airflow.parts if name.startswith("worker")]
        if workers:
            found["worker killed"] = (1.5, lambda: airflow.crash(self.chance.choice(workers)))
            found["worker restarted in order"] = (1.5, lambda: airflow.roll(self.chance.choice(workers)))
        return found

    def triggerer(self) -> str:
        """One of the triggerers."""
        return self.chance.choice(self.bed.airflow.triggerer_parts)

    def kill_tasks(self) -> None:
        """Kill a third of the processes of tasks."""
        for pid in self.running_tasks():
            if self.chance.random() < 0.34:
                self.service.signal(pid, self.chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))

    def freeze_triggerer(self) -> None:
        """Have a triggerer stand still for longer than it takes to be counted as dead."""
        with self.bed.airflow.frozen(self.triggerer()):
            time.sleep(self.chance.uniform(20, 40))

    def leave_without_api(self) -> None:
        """Have no API server for longer than three heartbeats."""
        with self.bed.airflow.away("api-server"):
            time.sleep(self.chance.uniform(20, 45))

    def restart_database(self) -> None:
        """Pull the database's plug."""
        assert self.bed.postgres is not None
        self.bed.postgres.stop()
        time.sleep(self.chance.choice([0.5, 5, 15, 40]))
        self.bed.postgres.start()

    def restart_redis(self) -> None:
        """Pull the broker's plug: what was queued is lost."""
        assert self.bed.redis is not None
        self.bed.redis.stop()
        time.sleep(self.chance.choice([0.5, 5]))
        self.bed.redis.start()

    def refuse_tokens(self) -> None:
        """Have the login service be out of order for a while."""
        self._tokens(self.chance.choice([500, 503, 408]), None)

    def throttle_tokens(self) -> None:
        """Have the login service throttle."""
        self._tokens(429, self.chance.choice([2, 10]))

    def _tokens(self, status: int, delay: float | None) -> None:
        application = self.service.endpoint["client_id"]
        options = {} if delay is None else {"delay": delay}
        self.service.fault("status", route=TOKENS, status=status, scope=application, **options)
        time.sleep(self.chance.uniform(10, 40))
        self.service.clear(application)

    def errors(self) -> None:
        """Answer some of the next requests with errors, before or after the service has acted."""
        for status in WIRE:
            self.service.fault(
                "status", status=status, times=self.chance.randint(1, 6), when=self.chance.choice(["before", "after"])
            )

    def drops(self) -> None:
        """Cut some of the next connections, before or after the service has acted."""
        self.service.fault("drop", times=self.chance.randint(2, 12), when=self.chance.choice(["before", "after"]))

    def delays(self) -> None:
        """Leave some of the next requests without an answer."""
        self.service.fault("timeout", times=self.chance.randint(1, 4), when=self.chance.choice(["before", "after"]))

    def freeze_emulator(self) -> None:
        """Have the whole service stand still."""
        self.service.freeze(self.chance.uniform(5, 30))

    def restart_emulator(self) -> None:
        """Restart the service in order; it fails the jobs that run."""
        self.service.restart()

    def kill_emulator(self) -> None:
        """Kill the service."""
        self.service.restart(kill=True)
