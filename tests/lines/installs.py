"""``python -m tests.lines.installs [LINE ...]``: the wheel in an empty environment of each Airflow line.

Airflow's constraint files lie on GitHub; what stands in for them here is the newest of everything on a day shortly
after the line came out (``uv --exclude-newer``). The workflow *CI* installs with the files themselves, and has that
looked at (``--environment``). No scheduler is started: pip, imports and Airflow's commands are asked. Prints a table in
Markdown; a minute for each line, once the packages are there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.lines import wheels
from tests.lines.versions import LINES, Line

SHOWN = ("apache-airflow-providers-common-compat", "azure-identity", "azure-storage-blob", "aiohttp")
IMPORTS = """
import importlib, pkgutil, sys
import airflow_azureml
names = 0
for module in pkgutil.walk_packages(airflow_azureml.__path__, "airflow_azureml."):
    if not module.name.endswith("__main__") and not module.name.startswith(tuple(sys.argv[1:])):
        found = importlib.import_module(module.name)
        # Its names are Airflow's, some of them of later lines.
        if module.name != "airflow_azureml.version_compat":
            names += len([getattr(found, name) for name in getattr(found, "__all__", ())])
print(names)
"""
"""Imports each module but those that are named, and asks it for each of its public names."""

NOT_LOADED = {"2.11": ("airflow_azureml.plugin.page",), "3.0": ("airflow_azureml.plugin.page",)}
"""What is for later lines, and loaded there alone."""

WHERE = {
    "package_name": ("providers", "list"),
    "connection_type": ("providers", "hooks"),
    "extra_link_class_name": ("providers", "links"),
    "name": ("plugins",),
}
"""The command whose rows have a key."""


class WrongError(Exception):
    """An environment that is not as it should be; the text says how."""


@dataclass(frozen=True)
class Environment:
    """An environment, and a folder to work in where nothing of the repository is in reach."""

    place: Path

    @property
    def line(self) -> str:
        """The line of its Airflow, such as ``3.3``."""
        return ".".join(wheels.versions(self.place, ("apache-airflow",))["apache-airflow"].split(".")[:2])

    def run(self, program: str, *words: str) -> str:
        """Run one of its programs; what it prints.

        :raises WrongError: it fails.
        """
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        kept |= {"AIRFLOW_HOME": str(self.place / "home"), "PYTHONWARNINGS": "ignore"}
        command = [str(self.place / "bin" / program), *words]
        done = subprocess.run(command, env=kept, cwd=self.place, capture_output=True, text=True, check=False)
        if done.returncode:
            raise WrongError(f"{program} {words[0]}: {(done.stdout + done.stderr).strip()[-300:]}")
        return done.stdout

    def rows(self, *words: str) -> list[dict[str, str]]:
        """The rows that an Airflow command prints as JSON, below whatever else it says."""
        rows: list[dict[str, str]] = json.loads(self.run("airflow", *words, "--output", "json").splitlines()[-1])
        return rows


def fits(environment: Environment) -> str:
    """Pip finds nothing that does not fit together."""
    pip = [sys.executable, "-m", "pip", "--python", str(environment.place / "bin" / "python"), "check"]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WrongError(f"pip check: {done.stdout.strip()}")
    return "fits"


def imports(environment: Environment) -> str:
    """Every module is imported, and every public name can be had."""
    return environment.run("python", "-c", IMPORTS, *NOT_LOADED.get(environment.line, ())).splitlines()[-1]


def listed(environment: Environment) -> str:
    """``airflow providers`` and ``airflow plugins`` have what the provider brings."""
    for row in (
        {"package_name": "airflow-provider-azureml"},
        {"connection_type": "azureml"},
        {"extra_link_class_name": "airflow_azureml.links.AzureMLStudioLink"},
        {"name": "azureml"},
    ):
        ((key, value),) = row.items()
        if not any(found.get(key) == value for found in environment.rows(*WHERE[key])):
            raise WrongError(f"airflow {' '.join(WHERE[key])}: no {value}")
    return "listed"


def configured(environment: Environment) -> str:
    """``airflow config get-value`` knows the defaults of section ``[azureml]``."""
    said = environment.run("airflow", "config", "get-value", "azureml", "patience").strip().splitlines()[-1]
    if float(said) != 900:
        raise WrongError(f"airflow config get-value azureml patience: {said}")
    return "known"


def parsed(environment: Environment) -> str:
    """``airflow-azureml validate --dags`` has nothing against the examples."""
    (folder,) = environment.place.glob("lib/python3*/site-packages/airflow_provider_azureml/example_dags")
    environment.run("airflow-azureml", "validate", "--dags", str(folder))
    return "valid"


CHECKS: dict[str, Callable[[Environment], str]] = {
    "`pip check`": fits,
    "public names imported": imports,
    "`airflow providers`, `plugins`": listed,
    "`airflow config`": configured,
    "`airflow-azureml validate --dags`": parsed,
}


def main() -> int:
    """Try what is asked for; 0 when nothing was wrong."""
    names = ", ".join(one.name for one in LINES)
    parser = argparse.ArgumentParser(
        "tests.lines.installs", description="The wheel in an empty environment of each Airflow line."
    )
    parser.add_argument("lines", nargs="*", metavar="LINE", help=f"of {names}; default: all")
    parser.add_argument(
        "--python", metavar="X.Y", default=f"{sys.version_info[0]}.{sys.version_info[1]}", help="default: this one"
    )
    parser.add_argument("--environment", type=Path, metavar="DIR", help="look at this one alone, made by somebody else")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the environments there, for the next time")
    arguments = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="airflow-installs-"))
    found: list[tuple[str, bool]] = []
    try:
        if arguments.environment:
            found = [looked_at(Environment(arguments.environment.absolute()))]
        else:
            wheel = wheels.build(home)
            for line in LINES:
                if not arguments.lines or line.name in arguments.lines:
                    found.append(tried(line, arguments.python, wheel, arguments.keep or home))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    heads = ("Airflow", "Python", *(f"`{name.removeprefix('apache-airflow-providers-')}`" for name in SHOWN), *CHECKS)
    print("\n".join([f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|", *(row for row, _ in found)]))
    return 0 if found and not any(is_wrong for _, is_wrong in found) else 1


def tried(line: Line, python: str, wheel: Path, home: Path) -> tuple[str, bool]:
    """Make one environment and ask it; its row, and whether something is wrong."""
    environment = Environment(home / f"{line.name}-{python}")
    try:
        if (environment.place / "bin" / "airflow").exists():
            wheels.uv(*wheels.pip(environment.place), "--no-deps", "--reinstall", str(wheel))
        else:
            wheels.install(line, python, str(wheel), environment.place)
    except subprocess.CalledProcessError as error:
        return f"| {line.airflow} | {python} | {one_line(error.stderr)} |", True
    wheels.say(f"{environment.place.name}: installed")
    return looked_at(environment)


def looked_at(environment: Environment) -> tuple[str, bool]:
    """Ask an environment; its row, and whether something is wrong."""
    version = environment.run("python", "-c", "import sys; print(*sys.version_info[:2], sep='.')").strip()
    found = wheels.versions(environment.place, ("apache-airflow", *SHOWN))
    cells = [found.pop("apache-airflow"), version, *found.values()]
    is_wrong = False
    for name, check in CHECKS.items():
        try:
            cells.append(check(environment))
        except WrongError as error:
            wheels.say(f"{environment.place.name}: {name}: {error}")
            cells.append(one_line(str(error)))
            is_wrong = True
    return f"| {' | '.join(cells)} |", is_wrong


def one_line(text: str) -> str:
    """A text that fits into a cell of a table."""
    return " ".join(text.split())[-300:].replace("|", "/")


if __name__ == "__main__":
    sys.exit(main())
