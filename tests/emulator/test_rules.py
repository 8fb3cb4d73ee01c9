"""The emulator's rules that need no server: bindings, addresses, filters, requirements, statuses, versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from azureml_emulator.assets.references import Page, Place, Resolver, UnresolvedError
from azureml_emulator.assets.versions import Versions
from azureml_emulator.core.settings import Settings, load_settings
from azureml_emulator.core.store import Store
from azureml_emulator.execution.command_type import complete
from azureml_emulator.execution.process_environment import bound_command, program_folder
from azureml_emulator.execution.requirements import unsatisfied
from azureml_emulator.jobs.artifacts import job_output
from azureml_emulator.jobs.bindings import unknown_bindings
from azureml_emulator.jobs.definitions import changed_properties, with_defaults
from azureml_emulator.jobs.models import (
    ACTIVE,
    NEXT,
    STATUSES,
    TERMINAL,
    Jobs,
    moment,
    span,
)
from azureml_emulator.workspace.datastores import Datastores

COMMAND = {"jobType": "Command", "command": "x", "environmentId": "e"}


def completed(given: dict[str, Any]) -> dict[str, Any]:
    """The definition of a command job."""
    return complete(with_defaults(given))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a new state directory."""
    return load_settings(tmp_path, "127.0.0.1", 8443, {})


@pytest.fixture
def resolver(settings: Settings, tmp_path: Path) -> Resolver:
    """A workspace with one data asset and one job."""
    store = Store(tmp_path / "state.sqlite")
    Datastores(store).create_defaults(settings)
    uri = "azureml://datastores/workspaceblobstore/paths/a/b/"
    Versions(store).put("data", "d", "1", {"dataUri": uri})
    jobs = Jobs(store)
    jobs.add("j", completed(COMMAND), "me")
    jobs.change("j", outputs={"o": {"assetId": "x", "type": "UriFolder", "uri": uri}})
    return Resolver(settings, Datastores(store), Versions(store), job_output(jobs, settings.artifact_container))


class TestBindings:
    """Commands."""

    @pytest.mark.parametrize(
        ("command", "bound"),
        [
            ("a ${{inputs.x}} ${{ outputs.o }}", "a 1 /o"),
            ("$[[--x ${{inputs.x}}]] $[[--y ${{inputs.y}}]] end", "--x 1  end"),
            ("$[[--x ${{inputs.x}} --y ${{inputs.y}}]]", ""),
            ("$[[a\nb ${{inputs.x}}]]", "a\nb 1"),
            ("${{inputs.text}} $HOME ${X} $[1]", "${{inputs.x}} $HOME ${X} $[1]"),
        ],
    )
    def test_values_are_put_in_once(self, command: str, bound: str) -> None:
        assert bound_command(command, {"x": "1", "text": "${{inputs.x}}"}, {"o": "/o"}) == bound

    def test_only_required_bindings_must_be_known(self) -> None:
        command = "${{inputs.a}} ${{inputs.b}} ${{outputs.a}} $[[${{inputs.c}}]]"
        assert unknown_bindings(command, {"a"}, {}) == ["inputs.b", "outputs.a"]


class TestAddresses:
    """Every form of address."""

    @pytest.mark.parametrize(
        ("address", "path"),
        [
            ("azureml://datastores/workspaceblobstore/paths/x/y.csv", "x/y.csv"),
            ("azureml://datastores/workspaceblobstore/x/dcid.y", "x/dcid.y"),
            ("azureml://datastores/WorkspaceBlobStore/paths/x", "x"),
            (
                "azureml://subscriptions/{sub}/resourcegroups/{rg}/workspaces/{ws}/datastores/workspaceblobstore/paths/x/",
                "x/",
            ),
            (
                "azureml://subscriptions/{sub}/resourceGroups/{rg}/workspaces/{ws}/datastores/workspaceblobstore/paths/x",
                "x",
            ),
            ("{arm}/datastores/workspaceblobstore/paths/x", "x"),
            ("azureml:{arm}/datastores/workspaceblobstore/paths/x", "x"),
            ("{arm}/data/d/versions/1", "a/b/"),
            ("azureml:{arm}/data/d/versions/1", "a/b/"),
            ("azureml:d:1", "a/b/"),
            ("azureml:d@latest", "a/b/"),
            ("azureml://data/d/versions/1", "a/b/"),
            ("azureml://subscriptions/{sub}/resourcegroups/{rg}/workspaces/{ws}/data/d/versions/1", "a/b/"),
            ("azureml://locations/eastus/workspaces/{guid}/data/d/versions/1", "a/b/"),
            ("azureml://locations/eastus/workspaces/{ws}/data/d/versions/labels/latest", "a/b/"),
            ("azureml://jobs/j/outputs/o/paths/c/d", "a/b/c/d"),
            ("azureml://jobs/j/outputs/o", "a/b/"),
            ("https://127.0.0.1:8443/emuacct.blob.local/{container}/x%20y/z", "x y/z"),
            ("https://127.0.0.1:9999/emuacct.blob.core.windows.net/{container}/x", "x"),
            ("https://localhost:8443/emuacct/{container}/x", "x"),
        ],
    )
    def test_places_in_the_default_store(self, resolver: Resolver, settings: Settings, address: str, path: str) -> None:
        text = address.format(
            sub=settings.subscription_id.upper(),
            rg=settings.resource_group,
            ws=settings.workspace_name,
            arm=settings.workspace_arm_id,
            guid=settings.workspace_id,
            container=settings.default_container,
        )
        assert resolver.place(text, "data") == Place(settings.default_container, path)

    @pytest.mark.parametrize("address", ["azureml://jobs/j/outputs/artifacts/paths/m/x", "runs:/j/m/x"])
    def test_artifacts(self, resolver: Resolver, address: str) -> None:
        assert resolver.place(address) == Place("azureml", "ExperimentRun/dcid.j/m/x")

    def test_pages_of_the_web(self, resolver: Resolver) -> None:
        assert resolver.place("https://example.org/a.csv?sig=1") == Page("https://example.org/a.csv?sig=1")

    @pytest.mark.parametrize(
        ("address", "said"),
        [
            ("azureml://subscriptions/x/resourcegroups/y/workspaces/z/datastores/d/paths/a", "another workspace"),
            ("azureml://locations/eastus/workspaces/other/data/d/versions/1", "another workspace"),
            ("azureml://datastores/none/paths/a", "datastore 'none'"),
            ("azureml://jobs/none/outputs/o", "job 'none'"),
            ("azureml://jobs/j/outputs/none", "no output 'none'"),
            ("azureml:d:2", "data/d:2"),
            ("azureml://registries/azureml/data/d/versions/1", "data/d:1"),
            ("abfss://c@acct.dfs.core.windows.net/a", "outside of the workspace's storage account"),
            ("./local", "not an address"),
        ],
    )
    def test_what_leads_nowhere_says_so(self, resolver: Resolver, address: str, said: str) -> None:
        with pytest.raises(UnresolvedError, match=said):
            resolver.place(address, "data")


class TestRequirements:
    """Conda files against an interpreter."""

    @pytest.mark.parametrize(
        ("text", "met"),
        [
            ("numpy", True),
            ("NumPy>=1.20", True),
            ("numpy==1.26.4", True),
            ("numpy=1.26", True),
            ("numpy=1.26.*", True),
            ("conda-forge::numpy", True),
            ("numpy=1.25", False),
            ("numpy<1", False),
            ("scikit_learn", True),
            ("python=3.11", True),
            ("python=3.9", False),
            ("pip", True),
            ("absent", False),
            ("absent; python_version < '3'", True),
            ("-r requirements.txt", True),
            ("mlflow", True),
            ("mlflow>=3,<4", True),
            ("mlflow>=4", False),
        ],
    )
    @pytest.mark.parametrize("by_pip", [False, True])
    def test_what_is_not_satisfied(self, text: str, met: bool, by_pip: bool) -> None:
        rows = [{"pip": [text]}] if by_pip else [text]
        found = unsatisfied(
            {"dependencies": rows}, "3.11.7", {"numpy": "1.26.4", "scikit-learn": "1.5", "mlflow-skinny": "3.1"}
        )
        assert (found == []) is met


class TestStatuses:
    """The walk."""

    def test_the_table_knows_every_status(self) -> None:
        assert set(NEXT) == set(ACTIVE)
        assert {status for following in NEXT.values() for status in following} < set(STATUSES)
        assert not TERMINAL & set(NEXT)

    def test_a_status_cannot_be_skipped(self, tmp_path: Path) -> None:
        jobs = Jobs(Store(tmp_path / "s.sqlite"))
        jobs.add("j", completed(COMMAND), "me")
        with pytest.raises(AssertionError):
            jobs.change("j", status="Running")
        with pytest.raises(AssertionError):
            jobs.change("j", status="Completed")

    def test_a_definition_completed_twice_is_the_same(self) -> None:
        given = {
            **COMMAND,
            "inputs": {"a": {"jobInputType": "uri_file", "uri": "u"}},
            "outputs": {"o": {"jobOutputType": "uri_file"}},
        }
        once = completed(given)
        assert changed_properties(once, completed(once)) == []
        assert changed_properties(once, completed(given)) == []

    def test_times(self) -> None:
        start, end = "2023-04-19T21:23:47.2767952+00:00", "2023-04-20T22:24:48.7767952Z"
        assert moment(start) < moment(end)  # type: ignore[operator]
        assert span(start, end) == "1.01:01:01.5000000"
        assert moment("yesterday") is None


def test_a_command_finds_python_whatever_the_interpreter_is_called(tmp_path: Path) -> None:
    odd = tmp_path / "bin" / "pypy"
    odd.parent.mkdir()
    odd.write_text("#!/bin/sh\necho $0 $1")
    odd.chmod(0o755)
    folder = program_folder(odd, tmp_path / "shims")
    assert (folder / "python").read_text() == f'#!/bin/sh\nexec "{odd}" "$@"\n'
