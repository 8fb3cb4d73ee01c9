"""Loops and conditions of pipelines as Microsoft's client sends them."""

from __future__ import annotations

from tests.conformance.conftest import RunScript


def test_loops_and_conditions_run(run_script: RunScript) -> None:
    seen = run_script("control_flow.py", early={"AZURE_ML_CLI_PRIVATE_FEATURES_ENABLED": "true"})
    assert seen["status"] == "Completed"
    assert {seen["nodes"][name] for name in ("dowhile", "conditionnode", "loop")} == {
        "do_while",
        "if_else",
        "parallel_for",
    }
    assert seen["steps"] == ["body_1", "body_2", "each_0", "each_1", "no"]
    assert seen["downloaded"] == {
        "all/0/n.txt": "5\n",
        "all/1/n.txt": "2\n",
        "all/MLTable": 'type: mltable\npaths:\n  - folder: "./0"\n  - folder: "./1"\n',
        "last/n.txt": "3\n",
    }
