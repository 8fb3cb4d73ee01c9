"""What the command line accepts as a port, a number of seconds, and an interpreter for an environment."""

from __future__ import annotations

import argparse
import math
import os
import shutil
from collections.abc import Sequence

from azureml_emulator.console.presence import UsageError


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


def environments(pairs: Sequence[str]) -> dict[str, str]:
    """``NAME=PYTHON`` pairs as a mapping to absolute paths; a virtual environment's link is not followed."""
    mapping = {}
    for pair in pairs:
        name, equals, python = pair.partition("=")
        if not (name and equals and python):
            raise UsageError(f"--environment: {pair!r} is not NAME=PYTHON, such as '*=/usr/bin/python3'.")
        found = shutil.which(os.path.expanduser(python))
        if not found:
            raise UsageError(f"--environment {name}: {python!r} is not a program that can be run.")
        mapping[name] = os.path.abspath(found)
    return mapping
