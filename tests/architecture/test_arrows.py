"""Who may import whom: rooms of the provider, third-party libraries of each room, nothing shared with the emulator."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests import REPOSITORY
from tests.architecture.sources import PROVIDER, python_files

LIBRARIES = {
    "airflow_azureml/rest": set(),
    "airflow_azureml/jobspec": set(),
    "airflow_azureml/jobspec/document/load.py": {"yaml"},
    "airflow_azureml/jobspec/document/yamloutline.py": {"yaml"},
    "airflow_azureml/jobspec/document/yaml_survey.py": {"yaml"},
    "airflow_azureml/jobspec/document/yamltext.py": {"yaml"},
    "airflow_azureml/lifecycle": set(),
    "airflow_azureml/local": {"pathspec"},
    # requests and urllib3 are azure-core's own: its synchronous transport is set up here.
    "airflow_azureml/client": {"aiohttp", "azure", "requests", "tenacity", "urllib3"},
    "airflow_azureml/decorators": set(),
    # fsspec and universal-pathlib are Airflow's own: its object storage paths are made of them.
    "airflow_azureml/filesystems": {"fsspec", "upath"},
    # The form's own libraries, on Airflow 2.11 only.
    "airflow_azureml/hooks": {"airflow", "flask_appbuilder", "flask_babel", "wtforms"},
    "airflow_azureml/operators": {"airflow"},
    # sqlalchemy is Airflow's own: the API server reads Airflow's database with it.
    "airflow_azureml/plugin": {"airflow", "sqlalchemy"},
    # fastapi is Airflow's own: the API server mounts what is made of it.
    "airflow_azureml/plugin/page/app.py": {"airflow", "fastapi"},
    "airflow_azureml/sensors": {"airflow"},
    "airflow_azureml/task": {"airflow"},
    "airflow_azureml/task_groups": {"airflow"},
    # jinja2 is Airflow's own: templates are read to know whether the triggerer can render them.
    "airflow_azureml/task/templates_elsewhere.py": {"airflow", "jinja2"},
    "airflow_azureml/triggers": {"airflow"},
    "airflow_azureml/asset_uris.py": set(),
    "airflow_azureml/configuration.py": set(),
    "airflow_azureml/connection_id.py": set(),
    "airflow_azureml/exceptions.py": {"airflow"},
    "airflow_azureml/links.py": {"airflow"},
    # opentelemetry is Airflow's own.
    "airflow_azureml/observability.py": {"opentelemetry"},
    "airflow_azureml/retry.py": {"airflow"},
    "airflow_azureml/task_states.py": {"airflow"},
    # asgiref is Airflow's own: the triggerer's supervisor is asked through it.
    "airflow_azureml/blocking.py": {"asgiref"},
    "airflow_azureml/timeouts.py": {"async_timeout"},
    "airflow_azureml/version_compat.py": {"airflow"},
    "airflow_azureml/provider_info.py": set(),
    "airflow_azureml/cli": set(),
    "airflow_azureml/__init__.py": set(),
    "airflow_provider_azureml": set(),
    # Scripts for the interpreter of a job: they import each other by name, from their own folder.
    "azureml_emulator/core/timeouts.py": {"async_timeout"},
    "azureml_emulator/execution/minibatches": {"batch_files", "batch_tables", "table_steps"},
    "azureml_emulator/online/injob": {"scoring_script"},
    "azureml_emulator/storage/batches.py": {"aiohttp", "yarl"},  # aiohttp's own kind of address
    "azureml_emulator/studio/pages.py": {"aiohttp", "jinja2"},
    "azureml_emulator/sweeps/bayesian.py": {"optuna"},
    "azureml_emulator/testing/plugin.py": {"pytest"},
    "azureml_emulator": {"aiohttp", "certifi", "cryptography", "jwt", "packaging", "trustme", "yaml"},
}
"""The third-party libraries that each room may import, in functions too; the longest matching place decides."""

OURS = {"airflow_azureml", "azureml_emulator"}


Import = tuple[int, str, int]
"""An import: its line, the top-level package, and the dots before that."""


@functools.cache
def imports() -> Mapping[str, Sequence[Import]]:
    """The imports in each file of the provider, wherever they stand."""
    return {place: list(imports_in((PROVIDER / place).read_text())) for place in python_files(PROVIDER)}


def imports_in(source: str) -> Iterator[Import]:
    """Those of one file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0], 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, (node.module or "").split(".")[0], node.level


def room_of(place: str) -> str:
    """The row of ``LIBRARIES`` that a file, given by its place below ``provider``, belongs to."""
    rows = [row for row in LIBRARIES if place == row or place.startswith(f"{row}/")]
    assert rows, f"{place}: no row of LIBRARIES says what this file may import."
    return max(rows, key=len)


def test_each_room_uses_only_its_own_libraries() -> None:
    strangers = [
        f"{place}:{line}: {root} is not among the libraries of {room_of(place)}"
        for place, found in imports().items()
        for line, root, dots in found
        if not dots and root not in LIBRARIES[room_of(place)] | OURS | sys.stdlib_module_names
    ]
    assert not strangers, "\n".join(strangers)


def test_imports_are_absolute() -> None:
    relative = [f"{place}:{line}" for place, found in imports().items() for line, _, dots in found if dots]
    assert not relative, "Relative imports:\n" + "\n".join(relative)


def test_the_arrows_between_rooms_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
