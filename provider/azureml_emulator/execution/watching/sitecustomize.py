"""Notes which modules a job's own code imports, a name a line, in the file that ``AZUREML_EMULATOR_IMPORTS`` names,
and hides those that ``AZUREML_EMULATOR_HIDDEN`` names, with spaces between them.

Python imports it by its name when its folder is on ``PYTHONPATH``. It must not get in the way of anything: the standard
library only, and the machine's own ``sitecustomize`` runs after it.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from types import FrameType, ModuleType

ROOT = os.path.join(os.getcwd(), "")
GIVEN = ("<string>", "<stdin>")
"""Code on the command line, or piped in."""


class Watch:
    """A finder that finds nothing: it is asked first for each module that is not loaded yet.

    :param hidden: modules that are not to be found by others, either.
    """

    def __init__(self, file: str, hidden: list[str]) -> None:
        self.file = file
        self.hidden = hidden
        self.known: set[str] = set()

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> None:
        """Note a module of the top level that the job's own code asks for."""
        if fullname in self.hidden:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        if path is None and fullname not in self.known and is_the_jobs(importer(sys._getframe(1))):
            self.known.add(fullname)
            try:
                with open(self.file, "a", encoding="utf-8") as notes:
                    notes.write(f"{fullname}\n")
            except OSError:
                pass


def importer(frame: FrameType | None) -> FrameType | None:
    """The frame that imports, above those of the import system."""
    while frame is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame


def is_the_jobs(frame: FrameType | None) -> bool:
    """Whether code lies in the job's working directory, or on its command line."""
    if frame is None:
        return False
    file = frame.f_code.co_filename
    return file in GIVEN or (not file.startswith("<") and os.path.abspath(file).startswith(ROOT))


def run_the_machines_own() -> None:
    """Run the next ``sitecustomize`` on the path, which this one hides."""
    here = os.path.dirname(os.path.abspath(__file__))
    others = [place for place in sys.path if os.path.abspath(place) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if os.environ.get("AZUREML_EMULATOR_IMPORTS"):
    sys.meta_path.insert(
        0, Watch(os.environ["AZUREML_EMULATOR_IMPORTS"], os.environ.get("AZUREML_EMULATOR_HIDDEN", "").split())
    )
run_the_machines_own()
