"""The example that sends mails, by a notifier of another provider: what it says of a job that failed."""

from __future__ import annotations

import html
import json
import shutil

import pytest

from tests import REPOSITORY
from tests.airflow.installs import AirflowInstall
from tests.mail_sink import sinking

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

EXAMPLES, DAG = REPOSITORY / "dags_examples", "told_by_mail"
DATA = "credit_defaults/data/credit_card.csv"
ENOUGH, TOO_MANY = '"at_least": 1000', '"at_least": 1000000'


def test_a_notifier_names_the_job_its_page_why_it_failed_and_what_it_used(install: AirflowInstall) -> None:
    home = install.beside("mails")
    text = (EXAMPLES / f"{DAG}.py").read_text(encoding="utf-8")
    assert ENOUGH in text
    (home.dags / f"{DAG}.py").write_text(text.replace(ENOUGH, TOO_MANY), encoding="utf-8")
    (home.dags / DATA).parent.mkdir(parents=True)
    shutil.copy(EXAMPLES / DATA, home.dags / DATA)

    with sinking() as sink:
        log = home.run(DAG, AIRFLOW_CONN_SMTP_DEFAULT=json.dumps(sink.connection()))

    assert home.states(DAG) == {"count_clients": "failed"}
    (said,) = sink.about(f"{DAG}.count_clients: user")
    name, page, usage = (
        home.xcom(DAG, "count_clients", f"azureml_{key}") for key in ("job_name", "studio_url", "usage")
    )
    assert f'<a href="{page}">{name}</a> is Failed: user.' in said, log
    assert f"It ran for {usage['run_seconds']} s and used {usage['node_hours']} node hours." in said
    assert "only 2002 lines" in html.unescape(said)
