"""Triggers for Airflow's ``AssetWatcher``: an event for each new version, or for each job that has ended."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import AsyncIterator, Hashable, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.triggers.base import TriggerEvent

from airflow_azureml.connection_id import refuse_written_out
from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.task.fields.rendered_texts import make_plain
from airflow_azureml.task.resource_fields import is_name
from airflow_azureml.version_compat import AIRFLOW_V_3_0_PLUS, AIRFLOW_V_3_3_PLUS, AIRFLOW_VERSION, event_trigger_class

if TYPE_CHECKING:
    from airflow.triggers.base import BaseEventTrigger

    from airflow_azureml.lifecycle.watching.told import Told, Watch
    from airflow_azureml.triggers.watch_memory import WatchMemory
    from airflow_azureml.triggers.watch_poll import Snapshot
else:
    BaseEventTrigger = event_trigger_class()

WORKSPACE = ("azureml_conn_id", "subscription_id", "resource_group", "workspace_name")
"""The arguments that watchers which share a poll have in common."""


@dataclass(eq=False, repr=False)
class AzureMLWatcherTrigger(BaseEventTrigger):
    """Watch one workspace, and fire an event for each thing that is new there, once.

    What is there when a watch begins is no news. From then on each thing is told once, also when the triggerer or the
    workspace was away meanwhile; where Airflow keeps what was told, ``triggers.watch_memory`` says. The watchers of a
    workspace in a triggerer share one poll, within ``[azureml] max_requests_per_second``.

    :param azureml_conn_id: the connection; read in the triggerer, so no secret travels here.
    :param subscription_id: overrides the connection's, as do ``resource_group`` and ``workspace_name``.
    :param poll_interval: seconds between two looks; of several watchers the shortest counts. Default:
        ``[azureml] poll_interval`` (30).
    :raises AzureMLSpecError: on Airflow 2.11, which has no watchers; or an argument would be waited for in vain.
    """

    named: ClassVar[tuple[str, ...]] = ()
    """The arguments of a subclass that name what is watched."""

    azureml_conn_id: str = field(default="azureml_default", kw_only=True)
    subscription_id: str | None = field(default=None, kw_only=True)
    resource_group: str | None = field(default=None, kw_only=True)
    workspace_name: str | None = field(default=None, kw_only=True)
    poll_interval: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not AIRFLOW_V_3_0_PLUS:
            raise AzureMLSpecError(
                f"{type(self).__name__} is for AssetWatcher, which Airflow has since 3.0; this is {AIRFLOW_VERSION}. "
                "There a DAG on a schedule looks for new versions, and starts others by its outlets."
            )
        super().__init__()  # type: ignore[no-untyped-call]
        make_plain(self, (item.name for item in fields(self)))
        refuse_written_out(self.azureml_conn_id)
        for name in ("azureml_conn_id", *self.named):
            self._check(name)
        for name in WORKSPACE[1:]:
            if str(getattr(self, name) or "").strip():  # else the connection's
                self._check(name, "a name, or None")
        if self.poll_interval is not None:
            from airflow_azureml.configuration import poll_interval
            from airflow_azureml.exceptions import translated

            with translated():
                poll_interval(self.poll_interval)

    def _check(self, name: str, accepted: str = "a name") -> None:
        from airflow_azureml.rest.errors import half_at
        from airflow_azureml.rest.json_values import place_of_half

        given = getattr(self, name)
        if isinstance(given, str) and "{{" in given:
            raise self._refusal(name, given, "the name itself: templates of watchers are not rendered")
        if not is_name(given):
            raise self._refusal(name, given, accepted)
        if (place := place_of_half(given)) is not None:
            raise AzureMLSpecError(str(half_at(place, name)))

    def _refusal(self, name: str, given: object, accepted: str) -> AzureMLSpecError:
        return AzureMLSpecError(f"{name}: {given!r} is not accepted. Accepted: {accepted}.")

    @abstractmethod
    def watch(self) -> Watch:
        """What is watched."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Say how to make this trigger again in another process."""
        cls = type(self)
        return f"{cls.__module__}.{cls.__qualname__}", {item.name: getattr(self, item.name) for item in fields(self)}

    def memory_key(self) -> str:
        """The name of the record of what was told: the same after each restart.

        Each asset has its own (Airflow 3.3), also after another poll interval. A variable is all that a trigger has,
        and one with another poll interval may be for other assets.
        """
        from airflow_azureml.lifecycle.watching.told import MEMORY

        left_out = "poll_interval" if AIRFLOW_V_3_3_PLUS else None
        said = {name: value for name, value in self.serialize()[1].items() if name != left_out}
        text = json.dumps([type(self).__name__, said], sort_keys=True)
        return f"{MEMORY}{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def shared_stream_key(self) -> Hashable | None:
        """What the watchers of a workspace share on Airflow 3.3."""
        return ("azureml", *(getattr(self, name) for name in WORKSPACE))

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[Any]:
        """Look at the workspace, for all who watch it."""
        from airflow_azureml.triggers.watch_poll import poll_of

        async for snapshot in poll_of({name: kwargs[name] for name in WORKSPACE}).rounds():
            yield snapshot

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """The same on Airflow 3.0 to 3.2, where the watchers share by themselves."""
        from airflow_azureml.triggers.watch_poll import poll_of

        poll = poll_of({name: getattr(self, name) for name in WORKSPACE})
        async for event in self.filter_shared_stream(poll.subscribe()):
            yield event

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Snapshot]) -> AsyncIterator[TriggerEvent]:
        """Fire an event for each thing that is new to this watcher."""
        from airflow_azureml.configuration import poll_interval
        from airflow_azureml.lifecycle.watching.told import Told
        from airflow_azureml.triggers.watch_poll import Interest, poll_of

        watch, memory = self.watch(), self._memory()
        told = await memory.read()
        poll = poll_of({name: getattr(self, name) for name in WORKSPACE})
        interest = Interest(watch, poll_interval(self.poll_interval), None if told is None else told.horizon)
        poll.join(interest)
        try:
            async for snapshot in shared_stream:
                seen = snapshot.get(watch)
                if seen is None:
                    continue
                if told is None:
                    told = Told.all_of(seen)
                    await memory.write(told)
                    self.log.info("Watching %s from now on; %d are known.", watch, len(told.keys))
                elif told.news(seen):
                    # Somebody else may have told it: another triggerer that was taken for dead.
                    told = told.joined(await memory.read() or told)
                    for one in told.news(seen):
                        yield self._event(one.key, one.facts, told.and_told(one))
                        told = told.and_told(one)
                    await memory.settle(told)
                interest.horizon = told.horizon
        finally:
            poll.leave(interest)

    def _memory(self) -> WatchMemory:
        from airflow_azureml.triggers.watch_memory import AssetStates, Variables, WatchMemory

        stores = getattr(self, "asset_state_store", None)
        return WatchMemory(Variables() if stores is None else AssetStates(stores), self.memory_key(), self.log)

    def _event(self, key: str, facts: Any, told: Told) -> TriggerEvent:
        """What Airflow puts into ``extra["payload"]`` of the asset event."""
        at = told.to_dict()["keys"].get(key)
        watcher = {"memory": self.memory_key(), "key": key, "at": at}
        return TriggerEvent({**facts, "watcher": watcher})  # type: ignore[no-untyped-call]


@dataclass(eq=False, repr=False)
class AzureMLDataAssetTrigger(AzureMLWatcherTrigger):
    """Fire an event for each new version of a data asset.

    The event has ``asset_id``, ``name``, ``version``, ``path``, ``created_at``.

    :param name: of the data asset; it need not be there yet.
    """

    name: str
    named: ClassVar[tuple[str, ...]] = ("name",)

    def watch(self) -> Watch:
        """Versions of the data asset."""
        from airflow_azureml.lifecycle.watching.told import Watch

        return Watch("data", self.name)


@dataclass(eq=False, repr=False)
class AzureMLModelTrigger(AzureMLWatcherTrigger):
    """Fire an event for each new version of a model, or for each that has come into a stage.

    The event has ``asset_id``, ``name``, ``version``, ``path``, ``created_at`` and ``stage``.

    :param name: of the model; it need not be there yet.
    :param stage: such as ``Production``, in small or capital letters: a version is told when it is first seen in this
        stage, whenever it was made. Costs a request of its own in each round.
    """

    name: str
    stage: str | None = None
    named: ClassVar[tuple[str, ...]] = ("name",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stage is not None:
            self._check("stage", "a name, or None")

    def watch(self) -> Watch:
        """Versions of the model."""
        from airflow_azureml.lifecycle.watching.told import Watch

        return Watch("models", self.name, self.stage)


@dataclass(eq=False, repr=False)
class AzureMLExperimentJobTrigger(AzureMLWatcherTrigger):
    """Fire an event for each job of an experiment that has ended.

    The event has ``job_name``, ``experiment_name``, ``status``, ``ended_at``. Steps of pipelines and trials of sweeps
    are not told. A job that was made more than 30 days before the watch began, or before the triggerer was started, is
    not noticed.

    :param experiment_name: the experiment; it need not be there yet.
    :param statuses: ends that are told, such as ``Completed``, ``Failed``, ``Canceled``.
    """

    experiment_name: str
    statuses: Sequence[str] = ("Completed",)
    named: ClassVar[tuple[str, ...]] = ("experiment_name",)

    def __post_init__(self) -> None:
        from airflow_azureml.rest.status import PHASES

        super().__post_init__()
        ends = {word.lower(): word for word, phase in PHASES.items() if phase.is_terminal}
        given: object = [self.statuses] if isinstance(self.statuses, str) else self.statuses
        words = sorted(given, key=repr) if isinstance(given, (set, frozenset)) else given
        words = list(words) if isinstance(words, (list, tuple)) else []
        if not words or not all(isinstance(word, str) and word.lower() in ends for word in words):
            raise self._refusal("statuses", self.statuses, f"one or more of {', '.join(ends.values())}")
        self.statuses = [ends[word.lower()] for word in words]

    def watch(self) -> Watch:
        """Jobs of the experiment."""
        from airflow_azureml.lifecycle.watching.told import Watch

        return Watch("jobs", self.experiment_name, statuses=tuple(self.statuses))
