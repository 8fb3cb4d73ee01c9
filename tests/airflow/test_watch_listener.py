"""What an event of a watcher has told is written with the event: in Airflow's own database."""

from __future__ import annotations

import json
from pathlib import Path

from tests.airflow.installs import AirflowInstall

SCRIPT = Path(__file__).with_name("scripts") / "watcher_event.py"


def test_an_event_and_its_record_are_stored_together_or_not_at_all(airflow3: AirflowInstall) -> None:
    install = airflow3.beside("watcher-events")
    stored = json.loads(install.runs_script(SCRIPT))
    assert stored["events"] == [[name, version] for version in ("1", "3") for name in ("credit", "copy")]
    assert stored["missed"] == 0, "the run that is queued gets all events"
    keys = ["1 2025-01-31T12:01:00+00:00", "3 2025-01-31T12:03:00+00:00"]
    assert stored["records"] == {"credit": keys, "copy": keys}
