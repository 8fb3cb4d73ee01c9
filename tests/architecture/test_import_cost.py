"""A DAG file that names our classes loads no heavy library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from demo.warm_python import WarmPython

PROBE = Path(__file__).with_name("fresh.py")

HEAVY = {"aiohttp", "azure", "cryptography", "msal", "pathspec", "requests", "tenacity", "yaml"}
"""Libraries that only a running task may load."""

PUBLIC = ("decorators", "hooks", "operators", "sensors", "task_groups", "triggers")
ROOMS = {f"airflow_azureml.{room}" for room in PUBLIC}


def probe(airflow: WarmPython) -> set[str]:
    """The modules that our public names bring along, in an Airflow of their own."""
    done = airflow.run(PROBE)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return set(found["modules"])


def assert_light(came: set[str]) -> None:
    """Our rooms came, and no heavy library with them."""
    assert came >= ROOMS
    assert not {name for name in came if name.partition(".")[0] in HEAVY}
    assert not {name for name in came if name.startswith("airflow_azureml.client")}


def test_our_names_load_no_heavy_library(bare_airflow3: WarmPython) -> None:
    assert_light(probe(bare_airflow3))


def test_our_names_load_no_heavy_library_on_airflow_2(bare_airflow2: WarmPython) -> None:
    assert_light(probe(bare_airflow2))


def test_our_modules_warn_of_nothing_deprecated(bare_airflow3: WarmPython) -> None:
    """Airflow's own imports may warn; ours, made after them with warnings as errors, may not."""
    code = "import warnings, fresh; fresh.import_airflow(); warnings.simplefilter('error'); fresh.use_ours()"
    done = bare_airflow3.run("-c", code)
    assert done.returncode == 0, done.stderr


PATH = """
import json, sys
try:
    from airflow.sdk import ObjectStoragePath
except ImportError:
    from airflow.io.path import ObjectStoragePath
known = set(sys.modules)
path = ObjectStoragePath("azureml://azureml_default@datastores/workspaceblobstore/paths/a") / "b" / "c.csv"
assert path.name == "c.csv" and "azureml_default" in str(path)
print(json.dumps(sorted(set(sys.modules) - known)))
"""


@pytest.mark.parametrize("line", ["3.3", "2.11"])
def test_a_path_of_object_storage_loads_no_heavy_library(line: str, request: pytest.FixtureRequest) -> None:
    done = request.getfixturevalue("bare_airflow3" if line == "3.3" else "bare_airflow2").run("-c", PATH)
    assert done.returncode == 0, done.stderr
    came = set(json.loads(done.stdout.splitlines()[-1]))
    assert not {name for name in came if name.partition(".")[0] in HEAVY}
    assert not {name for name in came if name.startswith("airflow_azureml.client")}


PLUGIN = """
import json, sys, time
import airflow.plugins_manager
{before}
known, began = set(sys.modules), time.process_time()
from airflow_azureml.plugin import AzureMLPlugin
found = len(AzureMLPlugin().{what})
print(json.dumps([found, time.process_time() - began, sorted(set(sys.modules) - known)]))
"""


def plugin(airflow: WarmPython, before: str = "", what: str = "listeners") -> tuple[int, float, set[str]]:
    """The plugin as each of Airflow's processes loads it: how many listeners, seconds of CPU, the modules that came."""
    done = airflow.run("-c", PLUGIN.format(before=before, what=what))
    assert done.returncode == 0, done.stderr
    listeners, seconds, came = json.loads(done.stdout.splitlines()[-1])
    return listeners, seconds, set(came)


BASE_CLASS = ("airflow.providers.common.compat", "airflow.sdk.plugins_manager", "airflow.sdk._shared.plugins_manager")
"""Where the class of Airflow's plugins comes from; what 3.4 loads of its plugins has another one, of the same name."""


@pytest.mark.parametrize("line", ["3.3", "2.11"])
def test_the_plugin_brings_next_to_nothing_into_a_process(line: str, request: pytest.FixtureRequest) -> None:
    listeners, seconds, came = plugin(request.getfixturevalue("bare_airflow3" if line == "3.3" else "bare_airflow2"))
    assert listeners == 0
    assert "airflow_azureml.plugin" in came
    ours = {"airflow_azureml", "airflow_azureml.plugin", "airflow_azureml.version_compat"}
    assert not {name for name in came - ours if not name.startswith(BASE_CLASS)}
    assert seconds < 0.02


def test_the_plugins_listener_brings_no_library_into_the_api_server(bare_airflow3: WarmPython) -> None:
    before = "from airflow_azureml import plugin; sys.modules[plugin.REST_API] = sys; del sys.modules[plugin.__name__]"
    listeners, seconds, came = plugin(bare_airflow3, before)
    assert listeners == 1
    assert "airflow_azureml.plugin.listener" in came
    assert not {name for name in came if name.partition(".")[0] in HEAVY}
    assert not {name for name in came if name.startswith(("airflow_azureml.hooks", "airflow_azureml.client"))}
    assert seconds < 0.05


@pytest.mark.parametrize("what", ["react_apps", "fastapi_apps"])
def test_airflow_2_is_brought_nothing_of_the_tab(bare_airflow2: WarmPython, what: str) -> None:
    tabs, _, came = plugin(bare_airflow2, what=what)
    assert tabs == 0
    assert not {name for name in came if name.startswith(("airflow_azureml.plugin.page", "fastapi"))}


def test_the_tab_brings_no_library_into_the_api_server_before_somebody_looks(bare_airflow3: WarmPython) -> None:
    loaded = "import airflow.api_fastapi.core_api.security, fastapi.staticfiles, fastapi.concurrency"
    tabs, _, came = plugin(bare_airflow3, loaded, "fastapi_apps")
    assert tabs == 1
    assert "airflow_azureml.plugin.page.app" in came
    assert not {name for name in came if name.partition(".")[0] in HEAVY}
    assert not {name for name in came if name.startswith("airflow_azureml.client")}


@pytest.mark.parametrize("module", ["airflow_azureml.provider_info", "airflow_azureml"])
def test_what_airflow_reads_at_every_start_loads_nothing(module: str) -> None:
    code = f"import sys; before = set(sys.modules); import {module}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-S", "-c", code], env=_with_sources(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    came = set(done.stdout.split()) - {"__future__", "airflow_azureml", module}
    assert not {name for name in came if name.partition(".")[0] not in sys.stdlib_module_names}


def _with_sources() -> dict[str, str]:
    """This environment with our sources on the path, for an interpreter without site-packages."""
    return os.environ | {"PYTHONPATH": str(PROBE.parents[2] / "provider")}
