"""What the store costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WRITES = """
import sys
from pathlib import Path
from psutil import Process
from azureml_emulator.core.store import Store

store, sizes = Store(Path(sys.argv[1])), []
for wave in range(2):
    for number in range(600):
        store.put("job", f"{wave}-{number}", {"text": "x" * 1000})
    sizes.append(Process().memory_full_info().uss // 1024)
print(sizes[1] - sizes[0])
"""


def test_what_is_kept_on_disk_does_not_stay_in_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITES, str(tmp_path / "store.sqlite")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert int(done.stdout) < 300, "KB for 600 resources of 1 KB"
