"""Which files of ours a value passes: a profiler that looks at what functions are given, and what they give.

A function has the value as an argument, as a local variable or as its result: the value itself (a text that contains
it), a container that holds it, or an object of ours, or a request of azure-core's, with it somewhere in its attributes.
It has it directly where no more than one object stands around it. A gap of a body, and a request of azure-core's, are
the value in another shape, and no object around it. Objects that were there before the walk began are furniture: they
are not looked into.

A file passes the value on once one of its functions has it directly and hands it to another file of ours: by its
result (what it yields, or makes of itself, counts as well, and so does what it wraps the value into), or by calling
a function with it. The object that a method belongs to is nothing that it is called with. A file that has the value
directly and does neither, a check or a comparison, looks at it.

``python benchmarks/tracing.py REPORT VALUE MODULE ARGUMENTS…`` runs a module as a program and writes, when that ends,
what its process saw; a file of ours that the process starts as a program of its own counts as well.
"""

from __future__ import annotations

import gc
import inspect
import json
import runpy
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

PACKAGES = ("airflow_azureml", "azureml_emulator")
REQUESTS = ("azure.core.pipeline", "azure.core.rest")
DIRECTLY, ANYWHERE = 1, 12
"""How many objects may stand around the value."""

GAPS = frozenset({"Placeholder", "Gap"})
"""Classes of what stands in a body for a value that is made of ours later on."""


GENERATES = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Trace:
    """What a value passes between ``begin`` and ``end``.

    :ivar passed: The files that it passes, in the order in which they had it, and the function that had it first.
    :ivar direct: Those that have it directly.
    :ivar passes: Those of them that hand it on, and the function that did so first.
    :ivar functions: The code of the functions that have it directly.
    :ivar ran: All files of ours that ran meanwhile.
    """

    def __init__(self, *values: object) -> None:
        self.texts = [value for value in values if isinstance(value, str)]
        self.others = [value for value in values if not isinstance(value, str)]
        self.whole = False
        self.passed: dict[str, str] = {}
        self.direct: set[str] = set()
        self.passes: dict[str, str] = {}
        self.functions: set[CodeType] = set()
        self.ran: set[str] = set()
        self.until: str | None = None
        self._places: dict[Any, str | None] = {}
        self._furniture: set[int] = set()
        self._active = False

    def begin(self) -> None:
        """Look at what returns from now on, in this thread and those to come; nothing where that goes on already."""
        if self._active:
            return
        self._furniture = {id(one) for one in gc.get_objects() if str(type(one).__module__).startswith(PACKAGES)}
        self._active = True
        threading.setprofile(self._event)
        sys.setprofile(self._event)

    def end(self) -> None:
        """Look at the functions that are still under way, and at nothing more."""
        if self._active:
            self._active = False
            sys.setprofile(None)
            threading.setprofile(None)
            frame: FrameType | None = sys._getframe(1)
            while frame:
                self._look(frame, None)
                frame = frame.f_back

    def _event(self, frame: FrameType, event: str, result: object) -> None:
        if not self._active or event not in ("call", "return"):
            return
        place = self._place(frame)
        if place is None:
            return
        self.ran.add(place)
        if event == "call":
            self._look_at_caller(frame, place)
        else:
            if place == self.until and self._holds((frame.f_locals, result), ANYWHERE, set()):
                self.end()
            else:
                self._look(frame, result)

    def _look(self, frame: FrameType, result: object) -> None:
        place = self._place(frame)
        if place is None or place == self.until:
            return
        self._look_at_result(frame, place, result)
        if frame.f_code in self.functions:
            return
        had = (frame.f_locals, result)
        if place not in self.passed and self._holds(had, ANYWHERE, set()):
            self.passed[place] = frame.f_code.co_name
        if place in self.passed and self._holds(had, DIRECTLY, set()):
            self.direct.add(place)
            self.functions.add(frame.f_code)

    def _look_at_result(self, frame: FrameType, place: str, result: object) -> None:
        code = frame.f_code
        if place in self.passes or self._caller(frame)[1] == place:
            return
        made = frame.f_locals.get("self") if code.co_name == "__init__" else None
        given = (result, made)
        wrapped = self._holds(given, ANYWHERE, set()) and self._holds(frame.f_locals, DIRECTLY, set())
        if wrapped or self._holds(given, DIRECTLY, set()):
            self.passes[place] = code.co_name

    def _look_at_caller(self, frame: FrameType, place: str) -> None:
        """Let the file pass that has begun a function of another file with the value."""
        code = frame.f_code
        generates = code.co_flags & GENERATES
        if generates and frame.f_lineno != code.co_firstlineno:
            return  # it goes on
        caller, where = self._caller(frame)
        if caller is None or where is None or where in (place, self.until) or where in self.passes:
            return
        given = [value for name, value in frame.f_locals.items() if name != "self"]
        if not self._holds(given, DIRECTLY, set()):
            return
        # A generator is begun by whoever asks it for its first value, which need not be who has made it.
        if not generates or self._holds(caller.f_locals, DIRECTLY, set()):
            self.passes[where] = caller.f_code.co_name

    def _caller(self, frame: FrameType) -> tuple[FrameType | None, str | None]:
        """The function of ours that a frame was called by, through others' or not, and its file."""
        caller = frame.f_back
        while caller is not None and self._place(caller) is None:
            caller = caller.f_back
        return caller, self._place(caller) if caller is not None else None

    def _place(self, frame: FrameType) -> str | None:
        """The file of a frame below the folder of our packages; None for another's."""
        code = frame.f_code
        if code not in self._places:
            parts = Path(code.co_filename).parts
            begin = next((index for index, part in enumerate(parts) if part in PACKAGES), None)
            named = begin is not None and code.co_name != "<module>"
            self._places[code] = "/".join(parts[begin:]) if named else None
        return self._places[code]

    def _holds(self, value: object, depth: int, seen: set[tuple[int, int]]) -> bool:
        if isinstance(value, (str, bytes)):
            text = value if isinstance(value, str) else value.decode(errors="replace")
            return text in self.texts if self.whole else any(one in text for one in self.texts)
        if any(value is one for one in self.others):
            return True
        if (id(value), depth) in seen:
            return False
        seen.add((id(value), depth))
        if isinstance(value, Mapping) and not str(type(value).__module__).startswith("airflow."):
            return any(self._holds(part, depth, seen) for part in (*value, *value.values()))
        if isinstance(value, (list, tuple, set, frozenset)) and not hasattr(value, "_fields"):
            return any(self._holds(part, depth, seen) for part in value)
        if type(value).__name__ in GAPS or str(type(value).__module__).startswith(REQUESTS):
            depth += 1
        return depth > 0 and any(self._holds(part, depth - 1, seen) for part in self._attributes(value))

    def _attributes(self, value: object) -> Iterable[object]:
        ours = str(type(value).__module__).startswith((*PACKAGES, *REQUESTS))
        if not ours or isinstance(value, type) or id(value) in self._furniture:
            return ()
        if isinstance(value, tuple):
            return value
        slots = [name for base in type(value).__mro__ for name in getattr(base, "__slots__", ())]
        return [*getattr(value, "__dict__", {}).values(), *(getattr(value, name, None) for name in slots)]

    def report(self) -> dict[str, Any]:
        """What was seen, as plain values."""
        return {
            "passed": self.passed,
            "direct": sorted(self.direct),
            "passes": self.passes,
            "functions": len(self.functions),
            "lines": sum(len({line for *_, line in code.co_lines() if line}) for code in self.functions),
            "ran": sorted(self.ran),
        }

    def watch_programs(self) -> None:
        """Count files of ours that are started as programs."""

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event == "subprocess.Popen" and self._active:
                for word in arguments[1]:
                    parts = Path(str(word)).parts
                    if str(word).endswith(".py") and PACKAGES[1] in parts:
                        place = "/".join(parts[parts.index(PACKAGES[1]) :])
                        self.ran.add(place)
                        self.direct.add(place)
                        self.passes.setdefault(place, "a program of its own")
                        self.passed.setdefault(place, "a program of its own")

        sys.addaudithook(hook)


def main() -> None:
    """Run a module and write what was seen."""
    report, value, module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    trace = Trace(value)
    trace.watch_programs()
    trace.begin()
    try:
        runpy.run_module(module, run_name="__main__")
    finally:
        trace.end()
        Path(report).write_text(json.dumps(trace.report()))


if __name__ == "__main__":
    main()
