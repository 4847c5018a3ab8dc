from datetime import date, timedelta

import pytest
from tests.support.market import at, session, tick

from alpha_panda.domain.epochs import EpochBatch, MarketDay, bar_watermarks, epochs, tick_watermarks


def test_bar_data_has_an_epoch_where_any_bar_ends_and_at_the_close():
    found = bar_watermarks(session(), [at("09:16"), at("09:18"), at("09:16")])
    assert found == (at("09:16"), at("09:18"), at("15:30"))


def test_a_bar_that_ends_with_the_session_shares_its_epoch():
    assert bar_watermarks(session(), [at("15:30")]) == (at("15:30"),)


def test_tick_data_has_an_epoch_for_each_second_with_ticks_and_each_minute():
    found = tick_watermarks(session(), [at("09:15:00.2"), at("09:15:00.7"), at("09:15:59.9"), at("15:29:59.9")])
    minutes = [session().open + timedelta(minutes=minute) for minute in range(1, 376)]
    assert found == tuple(sorted({at("09:15:01"), *minutes}))
    assert found[-1] == session().close


def test_epochs_are_numbered_over_days_and_end_with_the_final_one():
    days = [date(2019, 7, 9), date(2019, 7, 10)]
    made = [
        MarketDay(
            session=session(day),
            ticks=(tick(at("09:15:01", day), sequence=index),),
            watermarks=(at("09:16", day), session(day).close),
        )
        for index, day in enumerate(days, start=1)
    ]
    found = list(epochs(made))
    assert [(each.number, each.watermark, len(each.ticks), each.final) for each in found] == [
        (1, at("09:16", days[0]), 1, False),
        (2, session(days[0]).close, 0, False),
        (3, at("09:16", days[1]), 1, False),
        (4, session(days[1]).close, 0, False),
        (5, session(days[1]).close, 0, True),
    ]


def test_a_tick_at_a_watermark_belongs_to_the_next_epoch():
    ticks = (tick("09:15:59.999999", sequence=1), tick("09:16:00", sequence=2))
    day = MarketDay(session=session(), ticks=ticks, watermarks=(at("09:16"), at("09:17"), session().close))
    first, second, *_ = epochs([day])
    assert (first.ticks, second.ticks) == (ticks[:1], ticks[1:])


def test_no_days_are_no_epochs():
    found: list[EpochBatch] = list(epochs([]))
    assert found == []


@pytest.mark.parametrize(
    ("ticks", "watermarks", "message"),
    [
        ((), ("09:16",), "do not end with its close"),
        ((), (), "do not end with its close"),
        (("09:16:30", "09:15:30"), ("09:16", "09:17", "15:30"), "out of order"),
        (("09:14:00",), ("15:30",), "out of order"),
        (("15:30:00",), ("15:30",), "after the close"),
    ],
)
def test_a_day_that_is_not_what_it_says_is_a_fault(ticks: tuple[str, ...], watermarks: tuple[str, ...], message: str):
    day = MarketDay(
        session=session(),
        ticks=tuple(tick(clock, sequence=index) for index, clock in enumerate(ticks, start=1)),
        watermarks=tuple(at(clock) for clock in watermarks),
    )
    with pytest.raises(ValueError, match=message):
        list(epochs([day]))


def test_days_in_the_wrong_order_are_a_fault():
    days = [
        MarketDay(session=session(day), ticks=(), watermarks=(session(day).close,))
        for day in (date(2019, 7, 10), date(2019, 7, 9))
    ]
    with pytest.raises(ValueError, match="begins before"):
        list(epochs(days))
