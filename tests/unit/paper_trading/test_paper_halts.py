"""The kill switch is looked at again before an order goes out: entries are refused, all else goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.support.trading import (
    BOLT,
    BROKER,
    broker,
    broker_spec,
    ends,
    entry,
    exit_of,
    feed,
    fills,
    halt,
    legs,
    only,
    paper,
    price,
    resume,
)

from alpha_panda.domain.kill_switch import SwitchReading, halt_key
from alpha_panda.events.control import HaltScope, TradingHalted
from alpha_panda.events.orders import Leg, OrderFailed
from alpha_panda.paper_trading.processor import PaperTradingProcessor

SCOPES = [
    (HaltScope.ALL, ""),
    (HaltScope.BROKER, BROKER),
    (HaltScope.STRATEGY, "mo"),
    (HaltScope.INSTRUMENT, "NSE:ACME"),
]
OTHERS = [(HaltScope.BROKER, "other"), (HaltScope.STRATEGY, "re"), (HaltScope.INSTRUMENT, "NSE:BOLT")]
Press = Callable[[PaperTradingProcessor, HaltScope, str], None]


def press_log(market: PaperTradingProcessor, scope: HaltScope, subject: str) -> None:
    assert not feed(market, halt(scope, subject))


def press_redis(market: PaperTradingProcessor, scope: HaltScope, subject: str) -> None:
    halted = TradingHalted(scope=scope, subject=subject, actor="ana", reason="news")
    market.heed(SwitchReading(halts={halt_key(scope, subject): halted}))


PRESSES = pytest.mark.parametrize("press", [press_log, press_redis])


@PRESSES
@pytest.mark.parametrize(("scope", "subject"), SCOPES)
def test_an_entry_that_was_validated_before_a_halt_is_not_submitted_after_it(
    press: Press, scope: HaltScope, subject: str
) -> None:
    market = paper()
    press(market, scope, subject)
    failed = only(feed(market, entry("10:00:00", 10)))
    assert isinstance(failed.data, OrderFailed)
    where = f"{scope} {subject}".strip()
    assert (failed.data.code, failed.data.message) == (
        "trading_halted",
        f"trading is halted for {where} by ana: news",
    )
    assert not fills(feed(market, price("10:00:01", 10_000)))


@PRESSES
@pytest.mark.parametrize(("scope", "subject"), OTHERS)
def test_a_halt_of_something_else_stops_nothing(press: Press, scope: HaltScope, subject: str) -> None:
    market = paper()
    press(market, scope, subject)
    assert legs(feed(market, entry("10:00:00", 10)))[0] == ("Submitted", Leg.ENTRY, 10)


def test_the_brokers_resource_halts_too_and_ends_by_itself() -> None:
    market = paper(broker_spec(halted=True))
    assert ends(feed(market, entry("10:00:00", 10))) == [(Leg.ENTRY, "trading_halted")]
    assert not feed(market, broker(broker_spec()))
    assert legs(feed(market, entry("10:00:01", 10, n=1)))[0] == ("Submitted", Leg.ENTRY, 10)


@PRESSES
def test_working_entries_exits_stops_and_cancellations_go_on_during_a_halt(press: Press) -> None:
    market = paper()
    feed(market, entry("10:00:00", 10, stop_loss_paise=9_500, target_paise=11_000))
    feed(market, entry("10:00:00", 4, n=1, instrument_token=BOLT, stop_loss_paise=9_500))
    press(market, HaltScope.ALL, "")
    filled = feed(market, price("10:00:01", 10_000), price("10:00:01", 10_000, token=BOLT))
    assert fills(filled) == [(Leg.ENTRY, 10, 10_000), (Leg.ENTRY, 4, 10_000)]
    assert fills(feed(market, price("10:00:02", 9_400, token=BOLT))) == [(Leg.STOP, 4, 9_400)]
    asked = feed(market, exit_of("10:00:03", 10))
    assert legs(asked)[0] == ("Submitted", Leg.EXIT, 10)
    closed = feed(market, price("10:00:04", 10_000))
    assert fills(closed) == [(Leg.EXIT, 10, 10_000)]
    assert ends(closed) == [(Leg.STOP, "position_closed"), (Leg.TARGET, "position_closed")]


def test_a_resumption_lets_the_next_entry_pass() -> None:
    market = paper()
    feed(market, halt(HaltScope.ALL))
    assert ends(feed(market, entry("10:00:00", 10))) == [(Leg.ENTRY, "trading_halted")]
    feed(market, resume(HaltScope.ALL))
    assert legs(feed(market, entry("10:00:01", 10, n=1)))[0] == ("Submitted", Leg.ENTRY, 10)


def test_an_entry_is_refused_while_nobody_knows_what_the_switch_says_and_an_exit_is_not() -> None:
    market = paper()
    feed(market, entry("10:00:00", 10), price("10:00:01", 10_000))
    market.heed(SwitchReading(unreadable="Redis does not answer"))
    failed = only(feed(market, entry("10:00:02", 5, n=1, instrument_token=BOLT)))
    assert failed.data.code == "halts_unreadable"
    assert "Redis does not answer" in failed.data.message
    assert legs(feed(market, exit_of("10:00:03", 10)))[0] == ("Submitted", Leg.EXIT, 10)


def test_a_halt_outlives_a_snapshot() -> None:
    market = paper()
    feed(market, halt(HaltScope.STRATEGY, "mo"))
    press_redis(market, HaltScope.INSTRUMENT, "NSE:BOLT")
    again = paper()
    again.restore(market.snapshot())
    assert ends(feed(again, entry("10:00:00", 10))) == [(Leg.ENTRY, "trading_halted")]
    assert ends(feed(again, entry("10:00:00", 10, strategy="re", instrument_token=BOLT))) == [
        (Leg.ENTRY, "trading_halted")
    ]


def test_no_signal_is_forgotten_while_entries_wait_for_the_switch() -> None:
    market = paper()
    signal = entry("10:00:00", 10)
    feed(market, signal)
    late = signal.data.signal.expires_at + timedelta(hours=1)
    market.state.seen.sweep_at = 0
    market.heed(SwitchReading(unreadable="gone"))
    list(market.on_watermark(late))
    assert signal.data.signal_id in market.state.seen
    market.heed(SwitchReading())
    list(market.on_watermark(late + timedelta(hours=1)))
    assert signal.data.signal_id not in market.state.seen
