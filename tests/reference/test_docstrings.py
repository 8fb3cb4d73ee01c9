"""Docstrings and signatures as the printed pages show them."""

from __future__ import annotations

from airflow_azureml.hooks import AzureMLHook
from reference import operators
from reference.docstrings import read

TEXT = """Do a thing
    to ``x``.

    * one
      of these
    * two

    :param x: the
        thing.
    :param y: more.
    :return: ``{}``; ``docs/when-tasks-end.md`` says when.
    :raises ValueError: never.
    """


def test_a_docstring_is_read() -> None:
    said = read(TEXT)
    assert said.summary == "Do a thing to `x`."
    assert said.text == "Do a thing to `x`.\n\n* one of these\n* two"
    assert said.parameters == {"x": "the thing.", "y": "more."}
    assert said.returns == "`{}`; [When tasks end](../when-tasks-end.md) says when."
    assert said.raises == {"ValueError": "never."}
    assert read(None).text == ""


def test_every_operator_sensor_and_hook_method_is_printed() -> None:
    import airflow_azureml.operators
    import airflow_azureml.sensors

    page = operators.page()
    for name in (
        *airflow_azureml.operators.__all__,
        *airflow_azureml.sensors.__all__,
        "AzureMLPipelineTaskGroup",
        "AzureMLHook",
    ):
        assert f"\n### {name}\n" in page
    for name in ("get_job", "create_job", "get_result", "download_output", "test_connection"):
        assert f"\n#### {name}\n" in page
        assert hasattr(AzureMLHook, name)


def test_defaults_are_those_of_the_source_and_not_of_this_machine() -> None:
    page = operators.page()
    assert "| `deferrable` | `bool` | *configured* |" in page
    assert "| `azureml_conn_id` | `str` | `'azureml_default'` |" in page
    assert '| `on_canceled` | `"fail"` or `"skip"` or `"retry"` | `\'fail\'` |' in page


def test_every_keyword_has_a_meaning() -> None:
    rows = [line for line in operators.page().splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    assert [row for row in rows if row.endswith("|  |")] == []
