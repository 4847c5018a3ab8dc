"""The pure parts of the live source: frames, the ring, arrivals, the list of instruments, the connections."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from kiteconnect import KiteTicker

from alpha_panda.domain.bars import BarBuilder
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.errors import InputError
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.kite_simulator.frames import HEARTBEAT, frame, packet
from alpha_panda.kite_simulator.quotes import Quote
from alpha_panda.market_feed.sources.kite.arrivals import Arrivals
from alpha_panda.market_feed.sources.kite.master import Master
from alpha_panda.market_feed.sources.kite.packets import UNSTATED, FrameError, Packet, decode
from alpha_panda.market_feed.sources.kite.refill import whole_minutes
from alpha_panda.market_feed.sources.kite.ring import Ring
from alpha_panda.zerodha.errors import ReplyError
from alpha_panda.zerodha.lines import INSTRUMENTS, Lines

NOW = datetime(2026, 11, 20, 4, 30, tzinfo=UTC)
SECOND = int(NOW.timestamp())
TABLE = load_instruments()
INFY = TABLE.get(408065)
TODAY = date(2026, 11, 20)


def quote(paise: int = 1500_05) -> Quote:
    assert INFY is not None
    found = Quote(instrument=INFY)
    found.trade(paise, 100, NOW)
    return found


def at(volume: int, price: int = 1500_00, second: int = SECOND) -> Packet:
    return Packet(408065, price, volume, second, second)


def arrivals() -> Arrivals:
    found = Arrivals()
    found.wanted = frozenset({408065})
    return found


@pytest.mark.parametrize("mode", ["ltp", "quote", "full"])
def test_a_frame_is_read_as_the_official_client_reads_it(mode: str):
    whole = frame([packet(quote(), mode, SECOND)] * 2)
    theirs = KiteTicker("key", "token")._parse_binary(whole)  # noqa: SLF001 - the oracle
    ours = decode(whole)
    assert [each.token for each in ours] == [each["instrument_token"] for each in theirs]
    assert [each.price_paise for each in ours] == [round(each["last_price"] * 100) for each in theirs]
    if mode != "ltp":
        assert [each.volume for each in ours] == [each["volume_traded"] for each in theirs]
    if mode == "full":
        assert [datetime.fromtimestamp(each.told_at) for each in ours] == [  # noqa: DTZ006 - as the client does
            each["exchange_timestamp"] for each in theirs
        ]
        assert [each.traded_at for each in ours] == [SECOND, SECOND]


def test_a_heartbeat_is_no_packet_and_a_cut_frame_is_refused():
    assert decode(HEARTBEAT) == []
    whole = frame([packet(quote(), "full", SECOND)])
    for cut in (3, 10, len(whole) - 1):
        with pytest.raises(FrameError):
            decode(whole[:cut])
    with pytest.raises(FrameError, match="known: 8"):
        decode(frame([b"x" * 12]))


def test_a_tick_is_a_trade_in_the_exchanges_time_with_what_was_traded_since_the_last():
    found = arrivals()
    first, second = found.ticks([at(100), at(100), at(130, 1500_05, SECOND + 1)], NOW, 0.0)
    assert (first.event_time, first.data.price_paise, first.data.volume) == (NOW, 1500_00, None)
    assert second.data.volume == 30
    assert second.sequence - first.sequence == 30
    assert found.counts.unchanged == 1


def test_ticks_in_disorder_never_go_back():
    packets = [at(100 + 10 * n, 1500_00 + 5 * n, SECOND + n) for n in range(200)]
    shuffled = packets[:]
    Random(1).shuffle(shuffled)  # noqa: S311 - disorder
    found = arrivals()
    times = [tick.event_time for tick in found.ticks(shuffled, NOW, 0.0)]
    assert times == sorted(times)
    assert found.counts.late == 200 - len(times)


def test_sequences_grow_from_day_to_day_although_volumes_begin_again():
    found = arrivals()
    (evening,) = found.ticks([at(9_000_000)], NOW, 0.0)
    (morning,) = found.ticks([at(10, 1500_00, SECOND + 86_400)], NOW, 0.0)
    assert morning.sequence > evening.sequence
    assert morning.data.volume == 10


def test_two_feeds_give_one_trade_one_id():
    one, other = arrivals(), arrivals()
    (whole,) = one.ticks([at(130)], NOW, 0.0)
    _, late = other.ticks([at(100), at(130, 1500_05)], NOW, 0.0)
    assert whole.id == late.id


def test_what_was_traded_during_an_interruption_belongs_to_no_tick():
    found = arrivals()
    found.ticks([at(100)], NOW, 0.0)
    found.forget_volumes()
    (after,) = found.ticks([at(5000, 1510_00, SECOND + 300)], NOW, 0.0)
    assert after.data.volume is None


def test_a_price_without_times_has_the_time_at_which_it_came():
    found = arrivals()
    (tick,) = found.ticks([Packet(408065, 1500_00, UNSTATED, 0, 0)], NOW, 0.0)
    assert tick.event_time == NOW
    assert found.ticks([Packet(1, 1500_00, UNSTATED, 0, 0)], NOW, 0.0) == []


def test_a_full_ring_keeps_the_latest_of_each_instrument_and_counts_what_it_drops():
    ring = Ring(10)
    for index in range(100):
        ring.put(frame([packet(quote(1500_00 + 5 * index), "full", SECOND)]))
    taken = ring.take(1000)
    assert len(taken.frames) == 10
    assert [each.price_paise for each in taken.conflated] == [1500_00 + 5 * 89]
    assert taken.overtaken == 89
    assert ring.take(1000) == ([], [], 0)


def rows(**changes: object) -> list[dict[str, Any]]:
    row: dict[str, Any] = {
        "instrument_token": 408065,
        "tradingsymbol": "INFY",
        "exchange": "NSE",
        "tick_size": 0.05,
        "lot_size": 1,
        "expiry": "",
    }
    return [{**row, **changes}]


def test_an_instrument_is_followed_where_the_list_has_it_as_our_table_does():
    assert INFY is not None
    assert Master(rows(), TODAY).faults([INFY]) == {}
    assert "listed 2" in Master(rows(lot_size=2), TODAY).faults([INFY])[408065]
    assert "not listed" in Master(rows(tradingsymbol="OTHER"), TODAY).faults([INFY])[408065]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [([], "empty"), ([{"a": 1}], "lacks"), (rows(expiry=date(2026, 10, 1)), "stale")],
)
def test_a_list_that_is_not_todays_is_refused(wrong: list[dict[str, Any]], message: str):
    with pytest.raises(ReplyError, match=message):
        Master(wrong, TODAY)


class FakeLine:
    """A connection that a test ends."""

    def __init__(self) -> None:
        self.opened_at = self.heard_at = 0.0
        self.connected = False
        self.ended: str | None = None
        self.refused = False
        self.tokens: tuple[int, ...] = ()

    def open(self) -> None:
        self.connected = True

    def subscribe(self, tokens: tuple[int, ...]) -> None:
        self.tokens = tokens

    def close(self) -> None:
        self.ended = "closed"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def lines() -> tuple[Lines, list[FakeLine], Clock]:
    made: list[FakeLine] = []
    clock = Clock()

    def make() -> FakeLine:
        made.append(FakeLine())
        made[-1].heard_at = clock.now
        return made[-1]

    return Lines(make, 6.0, Random(1), clock), made, clock  # noqa: S311 - jitter


def test_each_connection_has_at_most_3000_instruments_and_there_are_at_most_three():
    found, made, _ = lines()
    found.follow(tuple(range(7000)))
    found.look()
    assert [len(line.tokens) for line in made] == [INSTRUMENTS, INSTRUMENTS, 1000]
    with pytest.raises(InputError, match="9001"):
        found.follow(tuple(range(9001)))


def test_a_connection_that_ends_is_made_anew_after_a_pause_that_grows_and_the_interruption_is_told():
    found, made, clock = lines()
    found.follow((1,))
    found.look()
    made[0].ended, clock.now = "gone", 2.0
    found.look()
    found.look()
    assert len(made) == 1
    clock.now = 4.0
    found.look()
    found.look()
    assert len(made) == 2
    assert found.interruptions == [((1,), 4.0)]
    assert found.reasons == ["gone"]


def test_a_connection_that_is_silent_is_ended():
    found, made, clock = lines()
    found.follow((1,))
    found.look()
    clock.now = 6.5
    found.look()
    assert made[0].ended == "closed"
    assert found.silence == 0.0


def test_a_refused_login_is_not_tried_again():
    found, made, clock = lines()
    found.follow((1,))
    found.look()
    made[0].ended, made[0].refused = "403", True
    for clock.now in (1.0, 10.0, 100.0):
        found.look()
    assert found.refused
    assert len(made) == 1
    assert found.reasons == ["403"]


def test_only_minutes_that_lie_wholly_in_an_interruption_are_asked_for():
    last = int(datetime(2026, 11, 20, 4, 30, 20, tzinfo=UTC).timestamp())
    assert whole_minutes(last, datetime(2026, 11, 20, 4, 31, 50, tzinfo=UTC)) is None
    span = whole_minutes(last, datetime(2026, 11, 20, 4, 34, 5, tzinfo=UTC))
    assert span == (datetime(2026, 11, 20, 4, 31, tzinfo=UTC), datetime(2026, 11, 20, 4, 34, tzinfo=UTC))


def test_what_is_filled_in_makes_marked_bars_and_nothing_is_filled_in_behind_a_tick():
    found = arrivals()
    found.ticks([at(100)], NOW, 0.0)
    minutes = [
        Bar(
            instrument_token=408065,
            timeframe=Timeframe.M1,
            start=NOW + timedelta(minutes=index),
            end=NOW + timedelta(minutes=index + 1),
            open_paise=1500_00,
            high_paise=1510_00,
            low_paise=1490_00,
            close_paise=1505_00,
            volume=40,
        )
        for index in (-5, 1, 2)
    ]
    filled = found.fill(minutes)
    (after,) = found.ticks([at(900, 1506_00, SECOND + 300)], NOW, 0.0)
    builder = BarBuilder(default_calendar())
    for tick in [*filled, after]:
        assert builder.take(tick) is None
    bars = [bar.data for bar in builder.advance(NOW + timedelta(minutes=6)) if bar.data.timeframe is Timeframe.M1]
    assert [(bar.filled_in is True, bar.high_paise, bar.volume) for bar in bars] == [
        (True, 1510_00, 40),
        (True, 1510_00, 40),
        (False, 1506_00, 0),
    ]
