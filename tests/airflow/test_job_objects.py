"""Objects of azure-ai-ml given to operators: written down when the operator is made, so that Airflow can copy it."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLInvokeBatchEndpointOperator, AzureMLJobOperator
from airflow_azureml.task.fields.sdk_objects import plain
from tests.airflow.installs import AirflowInstall

SCRIPT = Path(__file__).with_name("scripts") / "copies.py"


class Thing:
    """An object as Microsoft's client makes them: it writes itself down and cannot be copied."""

    base_path = "/somewhere"

    def __init__(self, **values: Any) -> None:
        self.values = values

    def _to_dict(self) -> dict[str, Any]:
        return self.values

    def __getattr__(self, name: str) -> Any:
        raise KeyError(name) if name.startswith("__") else AttributeError(name)


def thing(**values: Any) -> Any:
    """The same where a keyword's type says nothing of such objects."""
    return Thing(**values)


def test_airflow_copies_operators_with_objects_of_microsofts_client(install: AirflowInstall, sdk_python: Path) -> None:
    where = "import sysconfig, sys; print(sys.version_info[:2], sysconfig.get_path('purelib'))"
    version, _, folder = subprocess.check_output([sdk_python, "-c", where], text=True).strip().rpartition(" ")
    if install.python_says("import sys; print(sys.version_info[:2])") != version:
        pytest.skip("Microsoft's client is installed for another Python.")
    found = json.loads(
        install.python_says(f"import runpy, sys; sys.path.append({folder!r}); runpy.run_path({str(SCRIPT)!r})")
    )
    assert found["subset"] == ["one"]
    assert found["kept"]["command"] == "echo {{ ds }} ${{inputs.x}} > ${{outputs.o}}/f"
    assert found["kept"]["inputs"]["d"] == {"type": "uri_file", "path": "./a.csv"}
    assert found["document"] == {key: value for key, value in found["kept"].items() if not key.startswith("$")}
    assert found["beside"], "relative paths belong to the DAG file's folder"
    assert found["built"]
    assert found["mapped"] == [1, 2]
    assert found["environment"] == {"tags": {}, "image": "docker.io/python"}
    assert found["input"] == {"type": "uri_file", "path": "azureml:a:1"}
    assert found["steady"] == [True, True], "or each parse could make a new version of the DAG"


def test_any_field_at_any_depth_and_any_road_is_plain() -> None:
    with DAG("d", schedule=None) as dag:
        single = AzureMLCommandJobOperator(
            task_id="a", command="x", environment=thing(image="i"), inputs={"d": Thing(path="p"), "n": [Thing(x=1)]}
        )
        endpoint = AzureMLInvokeBatchEndpointOperator(
            task_id="b", endpoint_name="e", inputs={"d": Thing(path="p")}, file=Thing(inputs={})
        )
        AzureMLJobOperator.partial(task_id="c", inputs={"d": Thing(path="p")}).expand(job=[Thing(type="command")])
        AzureMLJobOperator.partial(task_id="e").expand_kwargs([{"job": Thing(type="command"), "tags": {"t": "v"}}])
    assert single.environment == {"image": "i"}
    assert single.inputs == {"d": {"path": "p"}, "n": [{"x": 1}]}
    assert endpoint.inputs == {"d": {"path": "p"}}
    assert endpoint.file == {"inputs": {}, "$azure_ai_ml": "/somewhere"}
    copied: Any = copy.deepcopy(dag)
    assert copied.get_task("c").partial_kwargs["inputs"] == {"d": {"path": "p"}}
    job = {"type": "command", "$azure_ai_ml": "/somewhere"}
    assert copied.get_task("c").expand_input.value == {"job": [job]}
    assert copied.get_task("e").expand_input.value == [{"job": job, "tags": {"t": "v"}}]


def test_a_mapped_task_reads_its_object_as_if_it_were_given_one() -> None:
    with DAG("d", schedule=None) as dag:
        AzureMLJobOperator.partial(task_id="c").expand(job=[Thing(type="command", command="{{ day }}")])
    mapped: Any = dag.get_task("c")
    task = mapped.unmap({"job": mapped.expand_input.value["job"][0]})
    task.job = task.render_template(task.job, {"day": "monday"})
    document = task.load_field("job", {})
    assert dict(document.value) == {"type": "command", "command": "monday"}
    assert document.from_python
    assert document.places[()].folder == "/somewhere"


def test_an_incomplete_object_is_refused_when_the_operator_is_made() -> None:
    class Broken:
        def _to_dict(self) -> dict[str, Any]:
            raise AttributeError("'NoneType' object has no attribute 'x'")

    with pytest.raises(AzureMLSpecError, match=r"cannot convert this Broken to a job file: AttributeError: 'NoneType'"):
        AzureMLJobOperator(task_id="t", job=Broken())


def test_paths_stay_paths_and_all_else_stays_itself(tmp_path: Path) -> None:
    class Elsewhere:
        def __fspath__(self) -> str:
            return str(tmp_path)

    assert plain(tmp_path) is tmp_path
    assert plain({"p": Elsewhere()}) == {"p": tmp_path}
    given = {"a": [1, {"b": (2, "{{ ds }}")}], "c": None}
    assert plain(given) is given
    circle: dict[str, Any] = {}
    circle["self"] = circle
    assert plain(circle) is circle


def test_a_partial_that_is_never_expanded_is_warned_of_once() -> None:
    with pytest.warns(UserWarning, match="never mapped") as warned:
        AzureMLJobOperator.partial(task_id="t", job="job.yml")
    assert len(warned) == 1
    with pytest.raises(TypeError, match="partial can only be called on Operator classes"):
        AzureMLJobOperator(task_id="t", job="job.yml").partial(task_id="u")
