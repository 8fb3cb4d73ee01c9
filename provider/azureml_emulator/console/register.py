"""The register of running emulators: where each one of this user keeps its state, so that commands find it.

A folder of the user's own (``$XDG_STATE_HOME``, else ``~/.local/state``) holds one small file for each. An
entry is only a hint: the lock in a state directory says whether its emulator is alive. An emulator also runs where the
register cannot be written; commands then need ``--state`` to find it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from azureml_emulator.core.settings import write_private


def folder() -> Path:
    """Where the register lies. Source of the place: XDG Base Directory Specification.

    :raises RuntimeError: the user has no home directory.
    """
    folder = os.environ.get("XDG_STATE_HOME", "")
    base = Path(folder) if os.path.isabs(folder) else Path.home() / ".local" / "state"
    return base / "azureml-emulator" / "running"


def add(state: Path) -> None:
    """Note that an emulator runs in a state directory."""
    with contextlib.suppress(OSError, RuntimeError):
        write_private(_entry(state), f"{state}\n")


def remove(state: Path) -> None:
    """Forget a state directory."""
    with contextlib.suppress(OSError, RuntimeError):
        _entry(state).unlink(missing_ok=True)


def noted() -> Iterator[Path]:
    """The state directories in the register, sorted; a killed emulator's is among them until the next start there."""
    with contextlib.suppress(OSError, RuntimeError):
        for entry in sorted(folder().glob("*.txt")):
            with contextlib.suppress(OSError, ValueError):
                yield Path(entry.read_text(encoding="utf-8").rstrip("\n"))


def _entry(state: Path) -> Path:
    return folder() / f"{hashlib.sha256(os.fsencode(state)).hexdigest()[:16]}.txt"
