from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from alpha_panda.domain.calendar import IST, default_calendar
from alpha_panda.domain.raw_bars import RawBar, check
from alpha_panda.events.market import Bar, Timeframe

TOKEN = 408065
OPEN = datetime(2026, 11, 20, 9, 15, tzinfo=IST)
LATER = datetime(2026, 11, 21, tzinfo=UTC)
GOOD = RawBar(OPEN, 1500.05, 1501.0, 1499.95, 1500.5, 120)


def checked(*rows: RawBar, timeframe: Timeframe = Timeframe.M1, now: datetime = LATER) -> tuple[list[Bar], list[str]]:
    found = check(rows, TOKEN, timeframe, default_calendar(), now)
    return list(found.bars), list(found.refused)


def test_a_row_becomes_a_bar_in_paise_and_utc() -> None:
    (bar,), refused = checked(GOOD)
    assert (bar.open_paise, bar.high_paise, bar.low_paise, bar.close_paise, bar.volume) == (
        150005,
        150100,
        149995,
        150050,
        120,
    )
    assert (bar.start, bar.end) == (OPEN, OPEN + timedelta(minutes=1))
    assert refused == []


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"open": float("nan")}, "open nan is not a number"),
        ({"high": float("inf")}, "high inf is not a number"),
        ({"close": None}, "close None is not a number"),
        ({"low": True}, "low True is not a number"),
        ({"low": -1499.95}, "low -1499.95 is not above 0"),
        ({"open": 0}, "open 0 is not above 0"),
        ({"volume": -1}, "volume -1 is no number of shares"),
        ({"volume": 1.5}, "volume 1.5 is no number of shares"),
        ({"volume": float("nan")}, "volume nan is not a number"),
        ({"high": 1500.1}, "open or close is outside low to high"),
        ({"start": OPEN.replace(tzinfo=None)}, "a time without a zone"),
        ({"start": 1_700_000_000}, "a time without a zone"),
        ({"start": OPEN.replace(hour=10, tzinfo=UTC)}, "outside the session"),
        ({"start": OPEN.replace(hour=15, minute=30)}, "outside the session"),
        ({"start": OPEN.replace(hour=9, minute=14)}, "outside the session"),
        ({"start": OPEN + timedelta(seconds=30)}, "not where a bar of 1m begins"),
        ({"start": OPEN + timedelta(days=1)}, "the exchange was closed that day"),
        ({"start": OPEN.replace(year=2090)}, "outside the session table"),
    ],
)
def test_what_no_market_can_have_made_is_refused_with_its_reason(wrong: dict[str, object], reason: str) -> None:
    bars, refused = checked(GOOD._replace(**wrong))
    assert bars == []
    assert len(refused) == 1
    assert reason in refused[0]


def test_times_of_another_zone_are_the_same_moments() -> None:
    (bar,), _ = checked(GOOD._replace(start=OPEN.astimezone(timezone(timedelta(hours=-5)))))
    assert bar.start == OPEN


def test_a_row_that_comes_twice_counts_once_and_one_that_says_otherwise_is_refused() -> None:
    bars, refused = checked(GOOD, GOOD, GOOD._replace(volume=121))
    assert [bar.volume for bar in bars] == [120]
    assert ["a second row says otherwise" in each for each in refused] == [True]


def test_a_bar_that_is_not_over_is_left_out_and_not_refused() -> None:
    found = check([GOOD], TOKEN, Timeframe.M1, default_calendar(), OPEN + timedelta(seconds=59))
    assert (found.bars, found.refused, found.unfinished) == ((), (), 1)


def test_a_day_is_its_session_and_one_of_another_zone_is_refused() -> None:
    midnight = OPEN.replace(hour=0, minute=0)
    (bar,), _ = checked(GOOD._replace(start=midnight), timeframe=Timeframe.D1)
    assert (bar.start, bar.end) == (OPEN, OPEN.replace(hour=15, minute=30))
    assert bar.last_of_session
    bars, refused = checked(GOOD._replace(start=midnight.replace(tzinfo=UTC)), timeframe=Timeframe.D1)
    assert bars == []
    assert "another zone?" in refused[0]


def test_binary_fractions_come_to_the_nearest_paisa() -> None:
    (bar,), _ = checked(GOOD._replace(close=1500.050048828125))
    assert bar.close_paise == 150005


def test_the_last_bar_of_a_session_ends_with_it() -> None:
    (bar,), _ = checked(GOOD._replace(start=OPEN.replace(hour=15, minute=15)), timeframe=Timeframe.H1)
    assert bar.end == OPEN.replace(hour=15, minute=30)
    assert bar.last_of_session
