"""How an emulator serves: the options of ``start`` and ``run``, and what they accept."""

from __future__ import annotations

import argparse
import math
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from azureml_emulator.console.presence import UsageError
from azureml_emulator.core.settings import BUILD, MLFLOW_AS_SERVICE, MLFLOW_DIRECT, OWN
from azureml_emulator.core.transitions import PACE
from azureml_emulator.execution.environments import uv


def start_options() -> argparse.ArgumentParser:
    """What ``start`` and ``run`` have in common."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    text = "TLS port (default: chosen once per state directory)"
    options.add_argument("--port", type=port_number, metavar="N", help=text)
    options.add_argument(
        "--environment",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=PYTHON",
        help="interpreter for jobs whose environment has this name; '*' for all others",
    )
    options.add_argument(
        "--environments",
        choices=(OWN, BUILD),
        default=OWN,
        help="build: an environment for each conda file or Dockerfile, made once with uv; own (default): none is made",
    )
    text = "register what the CLI's YAML files below this folder describe: data, models, environments, components ..."
    options.add_argument("--seed", type=Path, metavar="FOLDER", help=text)
    text = f"seconds that the states before a job's command last, and those after it (default {PACE})"
    options.add_argument("--pace", type=seconds, default=PACE, metavar="S", help=text)
    options.add_argument(
        "--mlflow",
        choices=(MLFLOW_AS_SERVICE, MLFLOW_DIRECT),
        default=MLFLOW_AS_SERVICE,
        help="azureml (default): as the service, scripts need azureml-mlflow; direct: plain MLflow is enough",
    )
    return options


def port_number(text: str) -> int:
    """A port from 1 to 65535."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port. Accepted: 1 to 65535.")
    return int(text)


def seconds(text: str) -> float:
    """A finite number from 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds. Accepted: 0 and above, such as 0.5.")
    return number


def check_environments(mode: str) -> None:
    """What ``--environments`` asks for can be done.

    :raises UsageError: there is no uv.
    """
    if mode == BUILD:
        try:
            uv.command()
        except uv.UvMissingError as error:
            raise UsageError(str(error)) from None


def environments(pairs: Sequence[str]) -> dict[str, str]:
    """``NAME=PYTHON`` pairs as a mapping to absolute paths; a virtual environment's link is not followed."""
    mapping = {}
    for pair in pairs:
        name, equals, python = pair.partition("=")
        if not (name and equals and python):
            raise UsageError(f"--environment: {pair!r} is not NAME=PYTHON, such as '*=/usr/bin/python3'.")
        program = shutil.which(os.path.expanduser(python))
        if not program:
            raise UsageError(f"--environment {name}: {python!r} is not a program that can be run.")
        mapping[name] = os.path.abspath(program)
    return mapping
