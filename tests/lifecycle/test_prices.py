"""The user's table of prices: what is taken, and what is refused with its reason."""

from __future__ import annotations

import pytest

from airflow_azureml.lifecycle.costs.prices import DEDICATED, LOW_PRIORITY, Prices
from airflow_azureml.rest.errors import SettingsError


def test_a_price_holds_for_both_tiers_or_for_the_one_it_names() -> None:
    prices = Prices.from_text('{"Standard_DS3_v2": 0.29, "Standard_NC6s_v3": {"low_priority": 0.61}}')
    assert prices.of("STANDARD_DS3_V2", DEDICATED) == prices.of("standard_ds3_v2", LOW_PRIORITY) == 0.29
    assert prices.of("Standard_NC6s_v3", LOW_PRIORITY) == 0.61
    assert prices.of("Standard_NC6s_v3", DEDICATED) is None
    assert prices.of("Standard_D2", DEDICATED) is None
    assert prices.of(None, DEDICATED) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("[]", r"'\[\]' is not accepted"),
        ('{"A": "1"}', "A: '1' is not accepted"),
        ('{"A": true}', "A: True is not accepted"),
        ('{"A": -1}', "A: -1 is not accepted"),
        ('{"A": NaN}', "A: nan is not accepted"),
        ('{"A": null}', "A: None is not accepted"),
        ('{"A": {"spot": 1}}', "A: the tier 'spot' is not accepted"),
        ('{"A": {"dedicated": [1]}}', r"A: \[1\] is not accepted"),
        ('{"a": 1, "A": 2}', "A: it is given twice"),
    ],
)
def test_what_is_no_table_is_refused_with_what_is_accepted(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=rf"^\[azureml\] prices: {said}.* Accepted: a JSON object of prices"):
        Prices.from_text(text)
