"""Interpreters that many jobs ask about at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from azureml_emulator.execution.requirements import Interpreters


def test_jobs_that_begin_together_ask_an_interpreter_once(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(
        f"""#!/bin/sh
echo asked >> {tmp_path}/asked
echo '{{"python": "3.99", "packages": {{"a": "1"}}, "requires": {{}}, "modules": {{}}}}'
"""
    )
    python.chmod(0o755)

    async def ask() -> None:
        interpreters = Interpreters()
        found = await asyncio.gather(*(interpreters.contents(python) for _ in range(20)))
        assert {contents.python for contents in found} == {"3.99"}

    asyncio.run(ask())
    assert (tmp_path / "asked").read_text() == "asked\n"
