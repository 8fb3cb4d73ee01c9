"""What is news to a watcher, and what a look at a workspace asks: driven by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_azureml.lifecycle.watching.survey import Found, Survey
from airflow_azureml.lifecycle.watching.told import OVERLAP, Sighting, Told, Watch
from airflow_azureml.rest.errors import AzureMLError, RecordError
from airflow_azureml.rest.flow import Call
from tests.rest.driving import WS, Drive, reply

NOON = datetime(2025, 1, 31, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)


def seen(number: int, minutes: float | None = None) -> Sighting:
    """A thing made so many minutes after noon."""
    return Sighting(str(number), None if minutes is None else NOON + minutes * MINUTE)


def test_what_is_there_at_the_beginning_is_no_news() -> None:
    told = Told.all_of([seen(1, 0), seen(2, 5)])
    assert told.news([seen(1, 0), seen(2, 5)]) == []
    assert told.news([seen(4, 7), seen(2, 5), seen(3, 6)]) == [seen(3, 6), seen(4, 7)]


def test_a_watch_of_nothing_takes_all_that_comes() -> None:
    assert Told.all_of([]).news([seen(1, -90000)]) == [seen(1, -90000)]


def test_what_becomes_visible_late_is_told_within_the_overlap() -> None:
    told = Told.all_of([seen(2, 0)])
    edge = -OVERLAP / MINUTE
    assert told.news([seen(1, edge), seen(0, edge - 1)]) == [seen(1, edge)]


def test_what_was_told_is_kept_for_as_long_as_it_could_be_news() -> None:
    told = Told()
    for number in range(200):
        told = told.and_told(seen(number, number))
    assert len(told.keys) == 61
    assert told.news([seen(number, number) for number in range(200)]) == []


def test_what_has_no_time_is_told_once() -> None:
    told = Told.all_of([seen(1)]).and_told(seen(2))
    assert told.news([seen(1), seen(2), seen(3)]) == [seen(3)]
    assert len(Told.all_of([seen(number) for number in range(3000)]).keys) == 2000


def test_what_two_have_told_is_joined() -> None:
    one, other = Told.all_of([seen(1, 0)]), Told.all_of([seen(2, 90)])
    assert one.joined(other) == other.joined(one) == Told(NOON + 90 * MINUTE, {"2": NOON + 90 * MINUTE})


def test_the_record_survives_its_way() -> None:
    told = Told.all_of([seen(1, 0.25), seen(2)])
    assert Told.from_dict(told.to_dict()) == told
    assert Told.from_dict(Told().to_dict()) == Told()


@pytest.mark.parametrize("value", [None, {}, {"newest": None}, {"newest": "yesterday", "keys": {}}, {"keys": []}])
def test_a_record_of_something_else_is_refused(value: Any) -> None:
    with pytest.raises(RecordError, match="a watcher has told"):
        Told.from_dict(value)


def version(number: int, minutes: float = 0, stage: str | None = None) -> dict[str, Any]:
    """A version as the service lists it."""
    return {
        "id": f"{WS.path}/models/m/versions/{number}",
        "name": str(number),
        "properties": {"stage": stage, "modelUri": "azureml://datastores/d/paths/p"},
        "systemData": {"createdAt": (NOON + minutes * MINUTE).isoformat()},
    }


@dataclass
class Lists:
    """A service with assets of both kinds: their versions, the newest first, by kind and name."""

    assets: dict[str, list[dict[str, Any]]]
    failing: dict[str, int] = field(default_factory=dict)
    page: int = 1000
    says_latest: bool = True
    asked: list[str] = field(default_factory=list)

    def __call__(self, effect: Call[Any]) -> Any:
        """Answer a list of names or of versions."""
        path = effect.path.partition(f"{WS.path}/")[2]
        self.asked.append(path)
        if path in self.failing:
            return reply(self.failing[path], {"error": {"code": "Refused", "message": "no"}})
        kind, _, rest = path.partition("/")
        names = [key.partition("/")[2] for key in self.assets if key.startswith(f"{kind}/")]
        rows: Any = [self._container(kind, name) for name in names]
        if rest:
            rows = self.assets.get(f"{kind}/{rest.removesuffix('/versions')}")
        if rows is None:
            return reply(404, {"error": {"code": "NotFound", "message": "?"}})
        return self._page(rows, int(effect.query.get("skip", 0)), f"{WS.path}/{path}")

    def _container(self, kind: str, name: str) -> dict[str, Any]:
        latest = self.assets[f"{kind}/{name}"][0]["name"] if self.says_latest else None
        return {"name": name, "properties": {"latestVersion": latest}}

    def _page(self, rows: list[Any], first: int, path: str) -> Any:
        body: dict[str, Any] = {"value": rows[first : first + self.page]}
        if first + self.page < len(rows):
            body["nextLink"] = f"https://management.azure.com{path}?skip={first + self.page}"
        return reply(200, body)


class Looking:
    """Rounds of one survey."""

    def __init__(self, lists: Lists, *watches: Watch) -> None:
        self.lists, self.watches, self.fresh = lists, watches, set(watches)
        self.complaints: list[str] = []
        self.survey = Survey(lambda what, error: self.complaints.append(what))

    def round(self) -> Found:
        """One look; who was answered is no longer fresh."""
        found: Found = {}
        self.lists.asked.clear()
        wanted: dict[Watch, datetime | None] = dict.fromkeys(self.watches)
        Drive(self.lists).run(self.survey.round(WS, wanted, set(self.fresh), NOON, found))
        self.fresh -= set(found)
        return found


def test_fifty_watches_cost_one_request() -> None:
    lists = Lists({f"models/m{number}": [version(1)] for number in range(60)})
    looking = Looking(lists, *(Watch("models", f"m{number}") for number in range(50)))
    assert len(looking.round()) == 50
    for _ in range(3):
        assert looking.round() == {}
        assert lists.asked == ["models"]
    lists.assets["models/m7"].insert(0, version(2, 1))
    found = looking.round()
    assert lists.asked == ["models", "models/m7/versions"]
    ((watch, sightings),) = found.items()
    assert watch == Watch("models", "m7")
    assert [(one.facts["version"], one.at) for one in sightings] == [("2", NOON + MINUTE), ("1", NOON)]


def test_one_watch_alone_asks_for_its_versions() -> None:
    looking = Looking(Lists({"data/d": [version(1)]}), Watch("data", "d"))
    for _ in range(2):
        assert len(looking.round()) == 1
        assert looking.lists.asked == ["data/d/versions"]


def test_a_name_that_is_not_there_yet_is_found_when_it_comes() -> None:
    lists = Lists({"models/a": [version(1)]})
    looking = Looking(lists, Watch("models", "a"), Watch("models", "later"))
    assert looking.round()[Watch("models", "later")] == ()
    lists.assets["models/later"] = [version(1)]
    assert len(looking.round()[Watch("models", "later")]) == 1


def test_a_model_is_told_when_it_has_come_into_its_stage() -> None:
    lists = Lists({"models/m": [version(2, 1), version(1, 0, "Development")]})
    stage, plain = Watch("models", "m", "production"), Watch("models", "m")
    looking = Looking(lists, stage, plain)
    assert looking.round()[stage] == ()
    lists.assets["models/m"][1] = version(1, 0, "Production")
    (one,) = looking.round()[stage]
    assert (one.facts["version"], one.at) == ("1", None), "however long ago it was made"
    lists.assets["models/m"][0] = version(2, 1, "Production")
    assert [found.facts["version"] for found in looking.round()[stage]] == ["2", "1"]


def test_what_the_service_refuses_is_complained_of_and_the_others_go_on() -> None:
    lists = Lists({"models/a": [version(1)], "models/b": [version(1)]}, {"models/a/versions": 403})
    looking = Looking(lists, Watch("models", "a"), Watch("models", "b"))
    assert list(looking.round()) == [Watch("models", "b")]
    assert looking.complaints == ["models/a"]
    lists.failing.clear()
    assert list(looking.round()) == [Watch("models", "a")]


@pytest.mark.parametrize("failing", ["models", "models/b/versions"])
def test_nothing_is_lost_by_an_outage(failing: str) -> None:
    lists = Lists({"models/a": [version(1)], "models/b": [version(1)]})
    looking = Looking(lists, Watch("models", "a"), Watch("models", "b"))
    looking.round()
    for rows in lists.assets.values():
        rows.insert(0, version(2, 1))
    lists.failing[failing] = 503
    told: dict[Watch, Any] = {}
    with pytest.raises(AzureMLError):
        Drive(lists).run(looking.survey.round(WS, dict.fromkeys(looking.watches), set(), NOON, told))
    lists.failing.clear()
    told |= looking.round()
    assert {watch.name: len(sightings) for watch, sightings in told.items()} == {"a": 2, "b": 2}


@pytest.mark.parametrize("lists", [{"page": 1}, {"says_latest": False}])
def test_each_is_asked_for_where_one_list_would_cost_more_or_says_nothing(lists: dict[str, Any]) -> None:
    assets = {f"models/m{number}": [version(1)] for number in range(20)}
    looking = Looking(Lists(assets, **lists), Watch("models", "m18"), Watch("models", "m19"))
    looking.round()
    assets["models/m19"].insert(0, version(2, 1))
    assert len(looking.round()[Watch("models", "m19")]) == 2
    assert len(looking.lists.asked) <= 6


def test_a_version_that_is_made_anew_is_another_one() -> None:
    lists = Lists({"data/d": [version(1)]})
    looking, watch = Looking(lists, Watch("data", "d")), Watch("data", "d")
    told = Told.all_of(looking.round()[watch])
    lists.assets["data/d"][0] = version(1, 5)
    assert len(told.news(looking.round()[watch])) == 1
