"""The pytest plugin: the fixture ``azureml_emulator``, and what keeps one test's faults from the next.

pytest loads this module in every run in whose environment it is installed, so it imports pytest alone: the emulator is
loaded when a test first asks for the fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from azureml_emulator.testing.session import AzureMLEmulator

OPTIONS = "azureml_emulator_options"
"""The setting with the options of ``azureml-emulator start``."""

KEPT: pytest.StashKey[AzureMLEmulator] = pytest.StashKey()
FOLDER = "azureml-emulator"
"""The state directory's name in the session's temporary folder."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's one setting."""
    text = "options of `azureml-emulator start` for the fixture azureml_emulator (default: --pace 0)"
    parser.addini(OPTIONS, text, type="args", default=["--pace", "0"])


@pytest.fixture(scope="session")
def azureml_emulator(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AzureMLEmulator]:
    """A local Azure ML for the session, one for all workers of xdist; the connection azureml_default leads to it."""
    from azureml_emulator.testing import session

    config = request.config
    worker = hasattr(config, "workerinput")
    folder = tmp_path_factory.getbasetemp()
    state = (folder.parent if worker else folder) / FOLDER
    try:
        emulator = session.join(state, config.getini(OPTIONS))
    except session.UnavailableError as error:
        pytest.fail(f"{OPTIONS}: {error}" if error.is_about_options else str(error), pytrace=False)
    config.stash[KEPT] = emulator
    try:
        with emulator.as_default():
            yield emulator
    finally:
        del config.stash[KEPT]
        if not worker:
            session.end(state)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """What is asked from now on is asked by this test."""
    if KEPT in item.config.stash:
        item.config.stash[KEPT].begin_test()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """The test's faults are gone."""
    if KEPT in item.config.stash:
        item.config.stash[KEPT].end_test()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the emulator that the workers of xdist shared, which none of them could: another might still use it."""
    factory = getattr(session.config, "_tmp_path_factory", None)
    if factory is None or not session.config.pluginmanager.has_plugin("dsession"):
        return
    state = Path(factory.getbasetemp()) / FOLDER
    if state.exists():
        from azureml_emulator.testing.session import end

        end(state)
