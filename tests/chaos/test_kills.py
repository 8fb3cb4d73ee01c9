"""A part that is killed leaves no process behind that could hold its connections."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.distributed.supervised import is_left, kill_all, kill_session

# Each number is written at once, so that the two do not mix.
FORKS = "import os, time; os.write(1, f'{os.fork() or os.getpid()}\\n'.encode()); time.sleep(60)"


def test_a_process_that_no_list_has_is_killed_with_its_session() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FORKS], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as leader:
        assert leader.stdout is not None
        (child,) = {int(leader.stdout.readline()), int(leader.stdout.readline())} - {leader.pid}
        kill_all([leader.pid])
        leader.wait()
        assert is_left(child, leader.pid)
        kill_session(leader.pid)
        assert not is_left(child, leader.pid)
    assert not is_left(os.getpid(), leader.pid)
