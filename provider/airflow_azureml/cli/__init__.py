"""The command ``airflow-azureml``: shows what a file would ask of the service, and what is wrong with files.

Nothing here needs a network or a connection.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from airflow_azureml.cli.reporting import complain, problems_of
from airflow_azureml.cli.validation import Validation
from airflow_azureml.jobspec.check import to_translation
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.render import render
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

PLACEHOLDER = Workspace("{subscription_id}", "{resource_group}", "{workspace_name}")
"""What stands for the workspace where none is named."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    :return: 0; 1 for errors in a spec, each on a line of stderr; 2 for a command that cannot be understood.
    """
    try:
        _prepare()
        options = _parser().parse_args(arguments)
        done: int = options.run(options)
        sys.stdout.flush()
        return done
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 2
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        # Whoever read our output has gone, or the disk is full.
        return _unheard(error)


def _prepare() -> None:
    """Have somewhere to write to, whatever the shell has closed, and write every name, whatever the locale."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _unheard(error: OSError) -> int:
    """End where the output cannot be written; Python would complain once more on its way out."""
    with suppress(OSError):
        if not isinstance(error, BrokenPipeError):
            print(f"airflow-azureml: the output cannot be written: {error.strerror or error}.", file=sys.stderr)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    return 1


def _parser() -> argparse.ArgumentParser:
    ends = (
        "Exit code: 0; 1 for errors in a file, one per line on stderr as file:line: dotted.path: message; 2 for usage."
    )
    parser = argparse.ArgumentParser(
        prog="airflow-azureml", description="Check and show files of Azure ML, without a network.", epilog=ends
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    text = "show what a file sends, as JSON: name, body, requests, uploads"
    shown = commands.add_parser("render", help=text, description=_sentence(text), epilog=ends)
    shown.add_argument(
        "file",
        metavar="FILE",
        type=_existing,
        help="a job, or a component, an environment, data, a model, a compute, an endpoint or a deployment",
    )
    shown.add_argument(
        "--set",
        dest="values",
        metavar="k=v",
        nargs="+",
        action="extend",
        default=[],
        type=_assignment,
        help="set values by dotted path, such as inputs.rate=0.1; read as YAML",
    )
    shown.add_argument("--name", type=_name, help="the name; by default the one in the file")
    shown.add_argument(
        "--workspace",
        metavar="SUB/RG/WS",
        type=_workspace,
        default=PLACEHOLDER,
        help="the workspace in ids; by default placeholders in braces",
    )
    shown.set_defaults(run=_render)
    text = "check files for Azure ML's CLI, such as jobs, and whole folders of them"
    checked = commands.add_parser("validate", help=text, description=_sentence(text), epilog=ends)
    help_ = "a file, or a folder: all its Azure ML files (.yml, .yaml) are checked"
    checked.add_argument("paths", metavar="PATH", nargs="+", type=_existing, help=help_)
    help_ = "check our operators' keywords in DAG files (.py) and in folders of them, without running them"
    checked.add_argument("--dags", action="store_true", help=help_)
    checked.set_defaults(run=_validate)
    return parser


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _existing(text: str) -> str:
    if not text or not os.path.exists(text):
        raise argparse.ArgumentTypeError(f"there is no file or folder {text!r}")
    return text


def _assignment(text: str) -> str:
    if not text.partition("=")[0].strip() or "=" not in text:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form path.to.key=value; FILE comes first")
    return text


def _name(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty")
    return text


def _workspace(text: str) -> Workspace:
    parts = text.split("/")
    if len(parts) != 3 or not all(parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form SUBSCRIPTION/RESOURCE_GROUP/WORKSPACE")
    return Workspace(*parts)


def _render(options: argparse.Namespace) -> int:
    try:
        document = load(Path(options.file)).with_values(options.values)
        translation = to_translation(document.replaced(name=options.name), options.workspace)
        rendered = render(translation, options.workspace)
    except (SpecError, OSError) as error:
        return complain(problems_of(error), options.file)
    for warning in translation.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(json.dumps(rendered, indent=2))
    return 0


def _validate(options: argparse.Namespace) -> int:
    if not options.dags:
        return Validation(PLACEHOLDER).run(options.paths)
    from airflow_azureml.cli.dagfiles import DagValidation  # Airflow is loaded here

    return DagValidation(PLACEHOLDER).run(options.paths)
