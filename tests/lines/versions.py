"""Which Airflows are tried, and what each of them needs beside it to run at all."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests import REPOSITORY


class InstallError(Exception):
    """An Airflow could not be installed; the text is uv's."""


@dataclass(frozen=True)
class Line:
    """One Airflow line.

    :param airflow: the version that stands for it.
    :param pins: what must be older than a resolver would take; without them the API server of this version fails.
    :param left_out: DAGs that cannot end here, through no fault of ours.
    :param compat: the ``apache-airflow-providers-common-compat`` of the constraints that came with this version.
    :param date: some days after the version came out: what is newer, its users did not have then.
    :param pythons: the oldest and the newest Python that it runs on and is tried with.
    """

    name: str
    airflow: str
    compat: str
    date: str
    pythons: tuple[str, str]
    pins: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def major(self) -> int:
        """Airflow's major version."""
        return int(self.airflow.split(".")[0])

    @property
    def is_prerelease(self) -> bool:
        """Whether uv must be told that pre-releases are welcome."""
        return any(letter.isalpha() for letter in self.airflow)

    @property
    def has_known_internals(self) -> bool:
        """Whether tests of one process, which take the place of Airflow's own, fit this line."""
        return self.name in ("3.3", "3.4")

    @property
    def is_3_4(self) -> bool:
        """Whether it has Task Loops, and puts tasks off without using a retry."""
        return self.name == "3.4"

    def install(self, place: Path, *, oldest: bool = False) -> Path:
        """Make an environment with this Airflow and this provider, unless it is there; returns its ``bin``.

        :param oldest: take the ``common-compat`` of this version's own constraints.
        :raises InstallError: uv refuses.
        """
        if (place / "bin" / "airflow").exists():
            return place / "bin"
        compat = [f"apache-airflow-providers-common-compat=={self.compat}"] if oldest else []
        wanted = [f"apache-airflow=={self.airflow}", *self.pins, *compat, "--editable", str(REPOSITORY)]
        flags = ["--prerelease=allow"] if self.is_prerelease else []
        _uv("venv", "--quiet", "--clear", "--python", ">=3.11,<3.13", str(place))
        _uv(
            "pip",
            "install",
            "--quiet",
            "--compile-bytecode",
            "--python",
            str(place / "bin" / "python"),
            *flags,
            *wanted,
        )
        return place / "bin"


ON_A_DEAD_WORKER = "is_cleared_on_a_dead_worker_worker"
MARKED = tuple(f"{name}_{how}" for name in ("is_marked", "is_marked_as_a_run") for how in ("worker", "deferred"))

LINES = (
    # Its tasks are marked on pages of the webserver, which does not run here.
    Line("2.11", "2.11.2", "1.23.0", "2026-03-22", ("3.10", "3.12"), left_out=(*MARKED, ON_A_DEAD_WORKER)),
    # PyJWT 2.11 refuses the issuer that this version puts into its tokens; with universal-pathlib 0.3 its object
    # storage paths refuse every scheme. It leaves a running task that is cleared in state ``restarting``, whatever its
    # operator.
    Line(
        "3.0",
        "3.0.6",
        "1.7.3",
        "2025-09-05",
        ("3.10", "3.12"),
        ("pyjwt<2.11", "fastapi<0.118", "universal-pathlib<0.3"),
        ("is_cleared_worker", ON_A_DEAD_WORKER),
    ),
    # Nothing tells the next try that the one before was cleared.
    Line("3.1", "3.1.8", "1.14.1", "2026-03-22", ("3.10", "3.13"), left_out=(ON_A_DEAD_WORKER,)),
    Line("3.2", "3.2.2", "1.15.0", "2026-06-07", ("3.10", "3.13"), ("fastapi==0.136.*",)),
    Line("3.3", "3.3.2", "1.23.0", "2026-10-07", ("3.10", "3.13")),
    Line("3.4", "3.4.0b2", "1.23.0", "", ("3.11", "3.13")),
)


def _uv(*words: str) -> None:
    """Run the uv of this environment."""
    command = [str(Path(sys.executable).with_name("uv")), *words]
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallError(done.stderr.strip()[-2000:])
