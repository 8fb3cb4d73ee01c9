"""A script in a fork has ended when its process has, whatever it leaves behind, and ends with whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from demo.warm_python import WarmPython, exists
from tests import REPOSITORY

LEAVES_A_CHILD = """
import os, sys, time
child = os.fork()
if not child:
    time.sleep(600)
print(child, flush=True)
time.sleep(600)
"""


def test_a_killed_script_has_ended_though_a_child_of_it_lives(tmp_path: Path) -> None:
    warm = WarmPython(Path(sys.executable), dict(os.environ), [])
    output = tmp_path / "output"
    script = warm.start("-c", LEAVES_A_CHILD, cwd=tmp_path, outputs=[output, output])
    try:
        deadline = time.monotonic() + 30
        while not (output.exists() and output.read_text().endswith("\n")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert script.poll() is None
        script.kill()
        assert script.wait(20) == -signal.SIGKILL
    finally:
        os.kill(int(output.read_text()), signal.SIGKILL)
        warm.close()


STARTS_A_SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from demo.warm_python import WarmPython
warm = WarmPython(Path(sys.executable), dict(os.environ), [])
script = warm.start("-c", "import time; time.sleep(600)", cwd=Path.cwd(), outputs=[Path(os.devnull)] * 2, leads=True)
print(script.pid, flush=True)
time.sleep(600)
"""


def test_a_script_ends_when_whoever_started_it_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", STARTS_A_SCRIPT], cwd=REPOSITORY, stdout=subprocess.PIPE) as starter:
        try:
            assert starter.stdout is not None
            script = int(starter.stdout.readline())
        finally:
            starter.kill()
    deadline = time.monotonic() + 60
    while exists(script):
        assert time.monotonic() < deadline
        time.sleep(0.05)
