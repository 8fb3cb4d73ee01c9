"""Updates: what is given is laid over what is there, and each value that changes is told."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.lifecycle.resource_diff import changes, holds, whole

MODEL = {"referenceType": "Id", "assetId": "/m/1"}
RUNS = {"deploymentConfigurationType": "PipelineComponent", "settings": {"default_compute": "c"}}


@pytest.mark.parametrize(
    ("there", "given", "expected"),
    [
        ({"description": "d", "compute": None}, {"miniBatchSize": 1}, {"description": "d", "miniBatchSize": 1}),
        ({"provisioningState": "Succeeded", "scoringUri": "u", "later": 1}, {}, {"later": 1}),
        (
            {"resources": {"instanceCount": 2}},
            {"resources": {"instanceType": "t"}},
            {"resources": {"instanceCount": 2, "instanceType": "t"}},
        ),
        ({"model": {"referenceType": "OutputPath", "path": "p"}}, {"model": MODEL}, {"model": MODEL}),
        (
            {"model": MODEL, "description": "d", "miniBatchSize": 3},
            {"deploymentConfiguration": RUNS},
            {"description": "d", "deploymentConfiguration": RUNS},
        ),
        ({"outputFileName": "x"}, {"outputAction": "SummaryOnly"}, {"outputAction": "SummaryOnly"}),
        ({"properties": {"a": "1"}}, {"properties": {"b": "2"}}, {"properties": {"a": "1", "b": "2"}}),
    ],
)
def test_an_update_is_the_merge(there: dict[str, Any], given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert whole({"properties": there}, {"properties": given}) == {"properties": expected}


def test_what_lies_beside_the_properties_is_kept() -> None:
    shown = {"id": "/x", "location": "east", "tags": {"a": "1"}, "identity": {"type": "None"}, "systemData": {}}
    found = whole(shown, {"properties": {}, "tags": {"b": "2"}})
    assert found == {"location": "east", "tags": {"a": "1", "b": "2"}, "identity": {"type": "None"}, "properties": {}}


def test_each_change_is_told_in_the_words_of_the_yaml() -> None:
    there = {"tags": None, "properties": {"miniBatchSize": 10, "retrySettings": {"maxRetries": 1}, "compute": "/C"}}
    given = {"retrySettings": {"maxRetries": 2, "timeout": "PT1S"}, "compute": "/c", "environmentVariables": {"K": "v"}}
    assert list(changes(there, {"tags": {"aB": "1"}, "properties": given})) == [
        'tags.aB: nothing becomes "1"',
        "retry_settings.max_retries: 1 becomes 2",
        'retry_settings.timeout: nothing becomes "PT1S"',
        "environment_variables.K changes",
    ]


@pytest.mark.parametrize(
    ("there", "given", "same"),
    [
        ({"compute": "/Subscriptions/S"}, {"compute": "/subscriptions/s"}, True),
        ({"outputAction": "AppendRow"}, {"outputAction": "appendRow"}, True),
        ({"environmentVariables": {"STAGE": "Prod"}}, {"environmentVariables": {"STAGE": "PROD"}}, False),
        ({"description": "Cards"}, {"description": "cards"}, False),
        ({"properties": {"team": "A"}}, {"properties": {"team": "a"}}, False),
        (
            {"codeConfiguration": {"scoringScript": "Score.py"}},
            {"codeConfiguration": {"scoringScript": "score.py"}},
            False,
        ),
        ({"environmentVariables": {"N": "1"}}, {"environmentVariables": {"N": 1}}, True),
    ],
)
def test_case_counts_in_the_words_of_the_user(there: dict[str, Any], given: dict[str, Any], same: bool) -> None:
    assert holds({"properties": there}, {"properties": given}) is same
    assert bool(list(changes({"properties": there}, {"properties": given}))) is not same


def test_case_counts_in_tags() -> None:
    assert not holds({"tags": {"a": "X"}, "properties": {}}, {"tags": {"a": "x"}, "properties": {}})


def test_a_change_shows_no_signature() -> None:
    signed = "https://acct.blob.core.windows.net/c/f.csv?sv=1&sig=abcdefabcdef%3D"
    (said,) = changes({"properties": {"description": "x"}}, {"properties": {"description": signed}})
    assert said == 'description: "x" becomes "https://acct.blob.core.windows.net/c/f.csv?sv=1&sig=***"'
