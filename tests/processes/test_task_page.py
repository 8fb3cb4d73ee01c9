"""The tab "Azure ML" of a task instance's page, in a real browser: what it shows to whom, and how it fits the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request
from uuid import uuid4

import pytest

from demo import processes
from demo.airflow import OPENER, free_port
from tests.real_airflow import RealAirflow

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing; `make install` installs it.")
expect = sync_api.expect

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PATIENCE = 120_000
"""Milliseconds that the page has to show something: the machine may be busy."""
expect.set_options(timeout=PATIENCE)

FOLLOW = "to => { history.pushState({}, '', to); dispatchEvent(new PopStateEvent('popstate')); }"
"""Goes to another place of the same application, without loading it anew."""

ENOUGH_CONTRAST = 4.5
"""Of text and what is behind it: https://www.w3.org/TR/WCAG21/#contrast-minimum"""

CONTRASTS = """() => {
  const channels = (colour) => {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const brightness = (colour) => {
    const [r, g, b] = colour.map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = channels(getComputedStyle(one).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return [255, 255, 255, 255];
  };
  const found = {};
  for (const one of document.querySelectorAll('.azml *')) {
    const text = [...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join('').trim();
    if (!text) continue;
    const [a, b] = [brightness(channels(getComputedStyle(one).color)), brightness(behind(one))];
    found[`${one.tagName} ${text.slice(0, 40)}`] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }
  return found;
}"""
"""The contrast of each text of the tab with the nearest background that lets nothing through."""

HAS_LIGHT_TEXT = """tab => {
  const context = document.createElement('canvas').getContext('2d');
  context.fillStyle = getComputedStyle(tab).color;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  return r + g + b > 380;
}"""

ACCESS = Path(__file__).with_name("access")
STRANGER, NO_LOGS = "stranger", "auditor"
"""Who may not read XComs, and who may not read logs: ``access/page_access.py``."""

PEOPLE = {"viewer": "pass-viewer", "stranger": "pass-stranger", "auditor": "pass-auditor"}
DAG = "task_page"
STUDIO = re.compile(r"^http://127\.0\.0\.1:\d+/runs/task_page-train-")

pytestmark = [pytest.mark.timeout(900), pytest.mark.long]


@dataclass
class Pages:
    """An API server that asks people who they are, and a run whose pages are looked at."""

    airflow: RealAirflow
    url: str
    run: str
    gate: Path

    def address(self, task: str, tab: str = "/plugin/azureml") -> str:
        """The address of a task instance's page."""
        return f"{self.url}/dags/{DAG}/runs/{self.run}/tasks/{task}{tab}"

    def ask(self, part: str, person: str | None, task: str = "train", dag: str = DAG) -> tuple[int, Any]:
        """Ask for a part of the page without a browser: the status and the body of the answer."""
        headers = {} if person is None else {"Authorization": f"Bearer {self.token(person)}"}
        query = urlencode({"run_id": self.run, "task_id": task})
        try:
            with OPENER.open(Request(f"{self.url}/azureml/dags/{quote(dag)}/{part}?{query}", headers=headers)) as reply:
                return reply.status, json.loads(reply.read())
        except HTTPError as error:
            return error.code, error.read().decode()

    def token(self, person: str) -> str:
        """Sign in as the REST API has it."""
        body = json.dumps({"username": person, "password": PEOPLE[person]}).encode()
        headers = {"Content-Type": "application/json"}
        with OPENER.open(Request(f"{self.url}/auth/token", body, headers)) as reply:
            return str(json.loads(reply.read())["access_token"])


@pytest.fixture(scope="module")
def pages(chromium: str, airflow: RealAirflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """A second API server beside that of the session, which lets everybody in."""
    place = tmp_path_factory.mktemp("page")
    pages = Pages(airflow, f"http://127.0.0.1:{free_port()}", f"run-{uuid4().hex[:8]}", place / "gate")
    (place / "passwords.json").write_text(json.dumps(PEOPLE))
    environment = airflow.environment | {
        "AIRFLOW__API__PORT": pages.url.rpartition(":")[2],
        "AIRFLOW__API__BASE_URL": pages.url,
        "AIRFLOW__CORE__AUTH_MANAGER": "page_access.PageAccess",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:viewer" for name in PEOPLE),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(place / "passwords.json"),
        "PYTHONPATH": f"{ACCESS}:{airflow.environment.get('PYTHONPATH', '')}",
    }
    words = [str(airflow.bin / "airflow"), "api-server"]
    server = processes.start(words, home=airflow.home, environment=environment, log=airflow.home / "pages.log")
    try:
        airflow.trigger(DAG, pages.run, conf={"gate": str(pages.gate)})
        airflow.until("API server for pages", lambda: _answers(pages), timeout=300)
        airflow.wait_state(DAG, pages.run, "train", "deferred")
        airflow.wait_state(DAG, pages.run, "fails", "failed")
        airflow.until("job that runs", lambda: _job(pages).get("status") == "Running" and _job(pages)["metrics"])
        yield pages
    finally:
        pages.gate.touch()
        processes.stop([server])


def _answers(pages: Pages) -> bool:
    try:
        return pages.ask("task", None)[0] == 401
    except OSError:
        return False


def _job(pages: Pages) -> Any:
    status, answer = pages.ask("job", "viewer")
    return (answer["value"] if status == 200 else None) or {}


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    """The system's browser, which begins without anything of an earlier one."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


def window_of(browser: Any, pages: Pages, person: str | None = None) -> Any:
    """A window, in which somebody has signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    context.set_default_timeout(PATIENCE)
    if person is not None:
        context.add_cookies([{"name": "_token", "value": pages.token(person), "url": pages.url}])
    return context.new_page()


@pytest.fixture(scope="module")
def page(browser: Any, pages: Pages) -> Iterator[Any]:
    """A window of somebody who may read everything, and who has come by the form."""
    page = window_of(browser, pages)
    page.goto(f"{pages.url}/auth/login")
    page.locator("input[name=username]").fill("viewer")
    page.locator("input[name=password]").fill(PEOPLE["viewer"])
    page.locator("button[type=submit]").click()
    page.wait_for_url(lambda url: "/auth/login" not in url)
    yield page
    page.context.close()


def tab_of(page: Any, pages: Pages, task: str) -> Any:
    """Open the tab of a task, by its address or, from another page of Airflow's, as a link leads there."""
    if page.get_by_test_id("nav-sidebar").count():
        page.evaluate(FOLLOW, pages.address(task))
    else:
        page.goto(pages.address(task))
    return page.get_by_test_id("azureml-tab")


def test_tasks_without_a_job_say_so(page: Any, pages: Pages) -> None:
    expect(tab_of(page, pages, "no_job")).to_have_text("This task has no Azure ML job.")
    expect(tab_of(page, pages, "only_after_failure")).to_have_text("This task has no Azure ML job yet.")


def test_a_running_job_is_shown_until_it_has_completed(page: Any, pages: Pages) -> None:
    # As a person comes there: by the page of the task, whose tabs have ours among them.
    page.goto(pages.address("train", ""))
    page.get_by_role("link", name="Azure ML", exact=True).click()
    tab = page.get_by_test_id("azureml-tab")
    expect(tab.get_by_role("heading", name="task_page.train")).to_be_visible()
    expect(tab.get_by_role("status").first).to_have_text("Running")
    expect(tab.get_by_role("link", name="Open in Azure ML Studio")).to_have_attribute("href", STUDIO)
    expect(tab.get_by_role("row", name="auc 0.9312")).to_be_visible()
    expect(tab.get_by_role("img", name="loss: 0.2 to 1, steps 1 to 5; from 1 to 0.2")).to_be_visible()
    expect(tab.get_by_role("img")).to_have_count(1)
    expect(tab.get_by_role("row", name="learning_rate literal 0.25")).to_be_visible()
    expect(tab.get_by_role("row", name="api_key literal ***")).to_be_visible()
    expect(tab.get_by_label("The last lines of the job's log")).to_contain_text("epoch 1 <b>of</b> 1")
    expect(tab).to_contain_text("Running for")

    pages.gate.touch()  # and without another word from the person:
    expect(tab.get_by_role("status").first).to_have_text("Completed")
    pages.airflow.wait_state(DAG, pages.run, "train", "success")
    expect(tab).to_contain_text("Ran for")
    expect(tab.get_by_role("row", name="model uri_folder azureml://subscriptions/")).to_be_visible()
    expect(tab.get_by_role("row", name="auc 0.9312")).to_be_visible()
    pages.airflow.wait_state(DAG, pages.run, "only_after_failure", "skipped")
    expect(tab_of(page, pages, "only_after_failure")).to_have_text("This task has ended without an Azure ML job.")


def test_a_failed_job_says_why_and_shows_the_tries(page: Any, pages: Pages) -> None:
    tab = tab_of(page, pages, "fails")
    expect(tab.get_by_role("status").first).to_have_text("Failed")
    expect(tab.get_by_role("alert")).to_contain_text("The script failed")
    expect(tab.get_by_role("alert")).to_contain_text("exit Code 3")
    expect(tab.get_by_label("The last lines of the job's log")).to_contain_text("nothing to be done")
    tries = tab.get_by_role("table", name="Tries of the task").locator("tbody tr")
    expect(tries).to_have_count(2)
    for row, job in ((0, 2), (1, 1)):
        expect(tries.nth(row)).to_have_text(re.compile(rf"^Try {job}failed.*task_page-fails-\w+-{job} Failed$"))
    expect(tries.get_by_role("link")).to_have_count(2)


def test_who_may_not_read_xcoms_sees_nothing_of_the_job(browser: Any, pages: Pages) -> None:
    page = window_of(browser, pages, STRANGER)
    answers: list[str] = []
    page.on("response", lambda reply: answers.append(reply.text()) if "/azureml/dags/" in reply.url else None)
    tab = tab_of(page, pages, "fails")
    expect(tab.get_by_role("alert")).to_contain_text("Your role may not see this")
    assert tab.get_by_role("heading").count() == 0
    assert len(answers) > 0
    assert not [text for text in answers if "task_page-fails" in text]
    page.context.close()


def test_who_may_not_read_logs_sees_all_but_the_log(browser: Any, pages: Pages) -> None:
    page = window_of(browser, pages, NO_LOGS)
    tab = tab_of(page, pages, "fails")
    expect(tab.get_by_role("status").first).to_have_text("Failed")
    expect(tab).to_contain_text("Your role may not read the logs of this task.")
    assert "nothing to be done" not in page.content()
    page.context.close()


@pytest.mark.parametrize("part", ["task", "job", "curves", "attempts", "log"])
def test_who_has_not_signed_in_is_refused(pages: Pages, part: str) -> None:
    assert pages.ask(part, None)[0] == 401
    assert pages.ask(part, "stranger")[0] == 403
    assert pages.ask(part, "viewer", task="no_such_task")[0] == 404


def test_no_credential_reaches_the_browser(page: Any, pages: Pages) -> None:
    told: list[str] = []
    page.on("response", lambda reply: told.append(reply.text()) if "/azureml/dags/" in reply.url else None)
    tab = tab_of(page, pages, "fails")
    with page.expect_response(lambda reply: "/log" in reply.url):
        tab.get_by_role("button", name="Refresh").click()
    expect(tab.get_by_label("The last lines of the job's log")).to_be_visible()
    connection = json.loads(pages.airflow.environment["AIRFLOW_CONN_AZUREML_DEFAULT"])
    text = "".join(told)
    assert "task_page-fails" in text
    assert connection["password"] not in text
    assert not re.search(r"sig=(?!\*)|eyJ", text)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_has_the_colours_of_the_page_in_light_and_dark(page: Any, pages: Pages, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    tab = tab_of(page, pages, "fails")
    expect(tab.get_by_role("heading", name="Tries of the task")).to_be_visible()
    expect(page.locator("html")).to_have_class(re.compile(theme))
    shown = page.evaluate(CONTRASTS)
    assert len(shown) > 10
    low = {text: ratio for text, ratio in shown.items() if ratio < ENOUGH_CONTRAST}
    assert not low
    assert tab.evaluate(HAS_LIGHT_TEXT) is (theme == "dark")


def test_it_fits_a_narrow_place(page: Any, pages: Pages) -> None:
    tab = tab_of(page, pages, "fails")
    expect(tab.get_by_role("heading", name="Tries of the task")).to_be_visible()
    tab.evaluate("tab => { tab.style.width = '320px' }")
    assert tab.evaluate("tab => tab.scrollWidth") <= 320
    widths = tab.locator("section, pre").evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")
    tab.evaluate("tab => { tab.style.width = '' }")
    assert max(widths) <= 320


def test_it_can_be_read_without_eyes_and_used_without_a_mouse(page: Any, pages: Pages) -> None:
    tab = tab_of(page, pages, "fails")
    expect(tab.get_by_role("heading", name="Tries of the task")).to_be_visible()
    sections = tab.locator("section").evaluate_all("all => all.map(one => one.getAttribute('aria-labelledby'))")
    assert all(sections)
    assert tab.get_by_role("columnheader").count() >= 4
    assert tab.get_by_role("rowheader").count() >= 2
    tab.get_by_role("link", name="Open in Azure ML Studio").focus()
    page.keyboard.press("Tab")
    expect(tab.get_by_role("button", name="Refresh")).to_be_focused()
    page.keyboard.press("Enter")
    expect(tab.get_by_role("status").first).to_have_text("Failed")
