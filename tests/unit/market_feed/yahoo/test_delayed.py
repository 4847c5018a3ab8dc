"""From rounds of Yahoo's minutes to delayed ticks."""

from __future__ import annotations

from datetime import datetime, timedelta

from alpha_panda.domain.calendar import IST, default_calendar
from alpha_panda.domain.raw_bars import RawBar
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Tick
from alpha_panda.market_feed.sources.yahoo.delayed import DelayedMarket

OPEN = datetime(2026, 11, 20, 9, 15, tzinfo=IST)
DELAY = timedelta(minutes=15)
INFY, TCS = 1, 2


def rows(*minutes: int, paise: int = 1500_00) -> list[RawBar]:
    price = paise / 100
    return [RawBar(OPEN + timedelta(minutes=each), price, price + 1, price - 1, price, 100) for each in minutes]


def at(minute: int) -> datetime:
    """When Yahoo tells of a minute of the session."""
    return OPEN + timedelta(minutes=minute) + DELAY


def minutes(ticks: list[Event[Tick]]) -> list[tuple[int, int]]:
    """By instrument and minute of the session what was published, each once."""
    found = [(each.data.instrument_token, (each.event_time - OPEN) // timedelta(minutes=1)) for each in ticks]
    return list(dict.fromkeys(found))


def market() -> DelayedMarket:
    return DelayedMarket(default_calendar(), timedelta(minutes=30))


def test_the_first_round_publishes_nothing_and_the_next_ones_what_was_over_before_them() -> None:
    feed = market()
    assert feed.ticks({INFY: rows(0, 1, 2)}, at(3)) == []
    assert feed.ticks({INFY: rows(0, 1, 2, 3)}, at(4)) == []
    assert minutes(feed.ticks({INFY: rows(0, 1, 2, 3, 4)}, at(5))) == [(INFY, 2)]
    assert minutes(feed.ticks({INFY: rows(*range(8))}, at(8))) == [(INFY, 3)]
    assert minutes(feed.ticks({INFY: rows(*range(9))}, at(9))) == [(INFY, 4), (INFY, 5), (INFY, 6)]


def test_ticks_say_that_they_are_delayed_rebuild_their_minute_and_are_the_same_for_every_life() -> None:
    def third_round() -> list[Event[Tick]]:
        feed = market()
        feed.ticks({INFY: rows(0, 1)}, at(2))
        feed.ticks({INFY: rows(0, 1, 2)}, at(3))
        return feed.ticks({INFY: rows(0, 1, 2, 3)}, at(4))

    ticks = third_round()
    assert [each.data.price_paise for each in ticks] == [1500_00, 1499_00, 1501_00, 1500_00]
    assert sum(each.data.volume or 0 for each in ticks) == 100
    assert all(each.data.delayed is True and each.data.filled_in is not True for each in ticks)
    assert [each.id for each in ticks] == [each.id for each in third_round()]


def test_instruments_go_out_in_the_order_of_their_times_and_nobody_overtakes() -> None:
    feed = market()
    feed.ticks({INFY: rows(0, 1), TCS: rows(0, 1, 2)}, at(3))
    feed.ticks({INFY: rows(0, 1, 2), TCS: rows(0, 1, 2, 3)}, at(4))
    ticks = feed.ticks({INFY: rows(*range(5)), TCS: rows(*range(6))}, at(6))
    assert minutes(ticks) == [(INFY, 2), (TCS, 2)]
    times = [each.event_time for each in ticks]
    assert times == sorted(times)


def test_a_minute_that_comes_after_others_of_its_time_is_late_and_is_not_published() -> None:
    feed = market()
    feed.ticks({INFY: rows(0, 1), TCS: rows(0, 1)}, at(2))
    feed.ticks({INFY: rows(0, 1, 2), TCS: rows(0, 1, 2)}, at(3))
    feed.ticks({INFY: rows(*range(5))}, at(5))
    feed.ticks({INFY: rows(*range(6))}, at(6))
    ticks = feed.ticks({INFY: rows(*range(7)), TCS: rows(*range(7))}, at(7))
    assert minutes(ticks) == [(INFY, 4), (TCS, 4)]
    assert feed.counts.late == 3


def test_minutes_that_are_too_old_when_they_come_are_in_bars_and_nothing_is_traded_on_them() -> None:
    feed = market()
    feed.ticks({INFY: rows(0, 1)}, at(2))
    feed.ticks({INFY: rows(0, 1, 2, 3)}, at(4))
    ticks = feed.ticks({INFY: rows(*range(40))}, at(40))
    assert {each.data.filled_in for each in ticks} == {True}
    assert feed.counts.too_old == feed.counts.minutes == 2


def test_the_last_minute_of_a_session_comes_although_none_follows_it() -> None:
    feed = market()
    last = [*range(370, 375)]
    feed.ticks({INFY: rows(*last)}, at(375))
    feed.ticks({INFY: rows(*last)}, at(392))
    assert minutes(feed.ticks({INFY: rows(*last)}, at(393))) == [(INFY, 374)]


def test_rows_that_no_market_has_made_are_counted_and_left_out() -> None:
    feed = market()
    broken = RawBar(OPEN + timedelta(minutes=1), float("nan"), 1.0, 1.0, 1.0, 1)
    feed.ticks({INFY: [*rows(0), broken, *rows(2, 3)]}, at(4))
    assert feed.counts.refused == 1
    assert "is not a number" in str(feed.refusal)
