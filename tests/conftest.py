"""What every test relies on: an environment without anything of the developer's, and where the golden requests are."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import REPOSITORY

OWN_SETTINGS = ("AZUREML_CORPUS", "AZUREML_SHARED")
"""Variables that tell the tests where something is; all else of Airflow's and Azure's would change what is tested."""

REQUIRABLE = ("corpus", "sdk", "airflow2", "jobs", "chromium")
"""What some tests need and a machine may lack: the golden requests, environments of ``.venvs``, and a browser."""

FOREIGN = ("AIRFLOW", "ARM_", "AZURE", "IDENTITY_", "IMDS_", "MLFLOW_", "MSI_")


def _isolate() -> None:
    """Take the developer's own Airflow, Azure and MLflow settings away before anything reads them."""
    for name in [name for name in os.environ if name.startswith(FOREIGN) and name not in OWN_SETTINGS]:
        del os.environ[name]
    # Without byte code each Airflow process that a test starts would need seconds more.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # What the tests start listens on loopback, which no proxy can reach.
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1", "localhost")))
    os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-home-")
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    # Emulators note there where they run: neither the developer's own nor another test run's are to be found.
    os.environ["XDG_STATE_HOME"] = os.path.join(os.environ["AIRFLOW_HOME"], "state")


# The same examples in every run, however slow the machine: `--hypothesis-profile=default` looks for new ones.
hypothesis.settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("steady")

pytest_plugins = [
    "tests.workers",
    "tests.shared_python",
    "tests.emulator_fixture",
    "tests.airflow_harness",
    "tests.forked_jobs.fixture",
    "tests.forked_workers.plugin",
    "tests.microsofts_client",
    "tests.corpus.score",
]

# Airflow reads its settings when it is imported, which happens as early as the collection of tests.
_isolate()


def pytest_unconfigure() -> None:
    """Leave no Airflow home behind."""
    shutil.rmtree(os.environ["AIRFLOW_HOME"], ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--require``: what must not be missing. Without it, tests that miss something are skipped and say so."""
    text = f"fail at once where one of these is missing, instead of skipping tests: {','.join(REQUIRABLE)}"
    parser.addoption("--require", default="", metavar="NAMES", help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to begin where something is missing that must be there."""
    required = [name for name in config.getoption("--require").split(",") if name]
    for name in required:
        if name not in REQUIRABLE:
            raise pytest.UsageError(f"--require: unknown name {name!r}. Accepted: {', '.join(REQUIRABLE)}.")
    for name in required:
        place = _place_of(name)
        if not place.exists():
            raise pytest.UsageError(f"--require: {name} is missing, {place} does not exist.")


@pytest.fixture(autouse=True)
def nothing_is_known_from_another_test() -> None:
    """Clients that a process keeps have forgotten what they found out about a service that may be another one now."""
    kept = sys.modules.get("airflow_azureml.client.kept_client")
    if kept is not None:
        kept.forget()


@pytest.fixture(autouse=True)
def nothing_is_hidden_for_another_test() -> None:
    """Airflow hides in all of a process what it was told to: a password of one test may be a word of another."""
    for name in ("airflow._shared.secrets_masker", "airflow.sdk._shared.secrets_masker"):
        masker = sys.modules.get(name)
        if masker is not None:
            masker.reset_secrets_masker()


def _explicit_place() -> tuple[str, Path] | None:
    """The variable that names the place of the golden requests, and that place; None when none is set."""
    if place := os.environ.get("AZUREML_CORPUS"):
        return "AZUREML_CORPUS", Path(place)
    if place := os.environ.get("AZUREML_SHARED"):
        return "AZUREML_SHARED", Path(place) / "corpus"
    return None


def _corpus_place() -> Path:
    explicit = _explicit_place()
    return explicit[1] if explicit else REPOSITORY.parent / "shared" / "corpus"


def _place_of(requirable: str) -> Path:
    """A file that is there where what may be required is."""
    if requirable == "corpus":
        return _corpus_place() / "index.json"
    if requirable == "chromium":
        return Path(shutil.which("chromium") or "chromium")
    return _python_of(requirable)


def _python_of(environment: str) -> Path:
    return REPOSITORY / ".venvs" / environment / "bin" / "python"


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    """Nothing is tidied up while the test runs: for what goes down to the last frame that the interpreter allows.

    A collection that begins there finds no frame left for the finalizers of what earlier tests left, and pytest none to
    report them with, which it counts as an error of the test.
    """
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of golden requests: ``AZUREML_CORPUS``, or ``corpus`` in ``AZUREML_SHARED``, or beside the repository.

    Absent, its tests are skipped; but they fail when a variable names a place where it is not.
    """
    explicit, place = _explicit_place(), _corpus_place()
    if (place / "index.json").is_file():
        return place
    if explicit:
        pytest.fail(f"{explicit[0]}: no golden requests in {place} (index.json is missing).")
    pytest.skip(f"No golden requests in {place}; AZUREML_CORPUS names another place.")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's browser."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is missing; Debian's package of that name brings it.")
    return found


@pytest.fixture(scope="session")
def sdk_python() -> Path:
    """The interpreter of ``.venvs/sdk``, where Microsoft's client azure-ai-ml is installed."""
    return _interpreter("sdk")


@pytest.fixture(scope="session")
def jobs_python() -> Path:
    """The interpreter of ``.venvs/jobs``, where emulated jobs find MLflow, pandas and scikit-learn."""
    return _interpreter("jobs")


@pytest.fixture(scope="session")
def airflow2_python() -> Path:
    """The interpreter of ``.venvs/airflow2``, where the provider is installed beside Airflow 2.11."""
    return _interpreter("airflow2")


def _interpreter(environment: str) -> Path:
    python = _python_of(environment)
    if not python.exists():
        pytest.skip(f".venvs/{environment} is missing; `make install` makes it where this machine's Python allows.")
    return python
