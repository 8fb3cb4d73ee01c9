"""Random folders, given to Microsoft's client and to ours: the same files, names and hashes.

More of them: ``python -m tests.oracle.trees --count 1000``.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from demo.warm_python import WarmPython
from tests.oracle import trees
from tests.oracle.judge import Judge
from tests.oracle.known import known

COUNT = 40


def test_random_folders(microsofts_client: WarmPython, tmp_path: Path) -> None:
    with Judge(tmp_path, microsofts_client) as judge:
        found = [judge.judge(case) for case in trees.cases(1, COUNT)]
    assert not [str(verdict) for verdict in found if not verdict.good and not known(verdict)]
    kinds = Counter(verdict.kind for verdict in found)
    print(f"{len(found)} folders compared with azure-ai-ml: {dict(kinds)}")
    assert kinds["equal"] > COUNT / 3
