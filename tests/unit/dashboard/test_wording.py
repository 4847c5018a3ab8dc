"""Figures are written as a trader in India reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alpha_panda.dashboard import wording


@pytest.mark.parametrize(
    ("paise", "written"),
    [
        (0, "₹0.00"),
        (5, "₹0.05"),
        (99_999, "₹999.99"),
        (100_000, "₹1,000.00"),
        (1_23_456_00, "₹1,23,456.00"),
        (12_34_56_789_01, "₹12,34,56,789.01"),
        (-56_247, "\u2212₹562.47"),
        (None, "\u2013"),
    ],
)
def test_rupees_are_grouped_in_lakhs_and_crores(paise: int | None, written: str) -> None:
    assert wording.rupees(paise) == written


def test_a_profit_says_its_sign_and_a_nought_has_none() -> None:
    assert [wording.profit(each) for each in (150, -150, 0)] == ["+₹1.50", "\u2212₹1.50", "₹0.00"]


def test_times_are_of_india() -> None:
    moment = datetime(2019, 7, 9, 9, 9, 40, tzinfo=UTC)
    assert wording.clock(moment) == "14:39:40"
    assert wording.date_time(moment.isoformat()) == "09 Jul 2019, 14:39:40 IST"


def test_a_span_is_told_in_its_two_largest_units() -> None:
    spans = [timedelta(seconds=8), timedelta(minutes=3, seconds=2), timedelta(hours=5), timedelta(days=2, hours=3)]
    assert [wording.lasted(each) for each in spans] == ["8 s", "3 min 2 s", "5 h 0 min", "2 d 3 h"]


def test_a_refusal_is_told_without_the_code_that_stands_beside_it() -> None:
    assert wording.sentence("rejected: no_position: s has no MIS position to exit") == "s has no MIS position to exit"
    assert wording.sentence("rejected: the feed: is stale") == "the feed: is stale"
    assert wording.sentence("waits: for a price") == "waits: for a price"


def test_what_is_neither_won_nor_lost_has_no_colour() -> None:
    assert [wording.tone(each) for each in (1, -1, 0, None)] == ["good", "bad", "even", "even"]
