"""Ages are written as kubectl writes them."""

from datetime import timedelta

import pytest

from alpha_panda.cli.age import short_age


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=-1), "0s"),
        (timedelta(0), "0s"),
        (timedelta(seconds=119, milliseconds=999), "119s"),
        (timedelta(minutes=2), "2m"),
        (timedelta(minutes=9, seconds=59), "9m59s"),
        (timedelta(minutes=10, seconds=59), "10m"),
        (timedelta(minutes=179), "179m"),
        (timedelta(hours=3), "3h"),
        (timedelta(hours=7, minutes=59, seconds=59), "7h59m"),
        (timedelta(hours=8, minutes=59), "8h"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=2), "2d"),
        (timedelta(days=7, hours=23), "7d23h"),
        (timedelta(days=8, hours=23), "8d"),
        (timedelta(days=729), "729d"),
        (timedelta(days=730), "2y"),
        (timedelta(days=2919), "7y364d"),
        (timedelta(days=2920 + 364), "8y"),
    ],
)
def test_an_age_has_at_most_two_units(age: timedelta, text: str):
    """Examples of apimachinery's HumanDuration, at and beside each of its limits."""
    assert short_age(age) == text
