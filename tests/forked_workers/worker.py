"""What stands for Python where a worker of a test run is started: has what it is to run done by a fork.

Call: ``python -IS worker.py FOLDER -u -c TEXT``; in the folder lies the socket of the interpreter that forks.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), "forked_jobs"))
    import asking  # type: ignore[import-not-found]

    _, folder, *words = sys.argv
    # What a worker says it writes to files of its own, unbuffered.
    sys.argv[1:] = [word for word in words if word != "-u"]
    # All workers in one session: Linux gives each session the same share of a busy processor (`autogroup`), and what
    # leads its own, as Airflow's scheduler does, is to have as much as all tests together.
    asking.main(os.path.join(folder, "socket"), sys.executable, sys.executable, leads=False)
