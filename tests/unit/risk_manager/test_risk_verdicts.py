"""Every raw signal gets one verdict, with its reason."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.support.trading import (
    ACME,
    BOLT,
    BROKER,
    INSTRUMENTS,
    LOTS,
    NEXT_DAY,
    broker,
    broker_spec,
    feed,
    halt,
    moment,
    only,
    price,
    recall,
    resume,
    risk,
    signal,
    strategy,
    strategy_spec,
    verdicts,
)
from tests.unit.risk_manager.positions import fill

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.events.control import HaltScope
from alpha_panda.events.ids import verdict_id
from alpha_panda.events.signals import Intent, OrderType, Product, Side
from alpha_panda.risk_manager.processor import RiskManagerProcessor

EXIT = {"intent": Intent.EXIT, "side": Side.SELL}


def test_a_validated_signal_carries_what_traces_it() -> None:
    raw = signal("10:00:00")
    verdict = only(feed(risk(), raw))
    assert verdict.id == verdict_id(raw.event_time, raw.id)
    assert (verdict.causation_id, verdict.correlation_id) == (raw.id, raw.correlation_id)
    assert (verdict.key, verdict.key_instrument, verdict.event_time) == (f"mo:{ACME}", ACME, raw.event_time)
    assert (verdict.data.signal_id, verdict.data.signal) == (raw.id, raw.data)


def test_a_rejection_tells_the_code_the_value_the_limit_and_the_setting() -> None:
    spec = strategy_spec(risk={"maxPositionValue": "50"})
    verdict = only(feed(risk(strategies={"mo": spec}), signal("10:00:00")))
    assert (verdict.data.code, verdict.data.value, verdict.data.limit) == ("max_position", "0", "₹50.00")
    assert verdict.data.message == ("rejected: max_position allows 0 < lot 1, limit ₹50.00 (risk.maxPositionValue)")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"instrument_token": 9}, "unknown_instrument"),
        ({"strategy": "nobody"}, "strategy_not_running"),
        ({"limit_price_paise": 10_000}, "bad_prices"),
        ({"order_type": OrderType.SL_M}, "bad_prices"),
        ({"stop_loss_paise": 9_501}, "off_tick_grid"),
        ({"stop_loss_paise": None}, "no_stop"),
        ({"stop_loss_paise": 10_000}, "bad_levels"),
        ({"target_paise": 9_995}, "bad_levels"),
        ({"side": Side.SELL}, "bad_levels"),
        ({"side": Side.SELL, "stop_loss_paise": 10_500, "target_paise": 10_000}, "bad_levels"),
        ({"order_type": OrderType.LIMIT, "limit_price_paise": 9_500}, "bad_levels"),
        ({"side": Side.SELL, "stop_loss_paise": 10_500, "product": Product.CNC}, "short_needs_mis"),
        (EXIT, "no_position"),
    ],
)
def test_an_impossible_signal_is_rejected(fields: dict[str, Any], expected: str) -> None:
    assert verdicts(feed(risk(), signal("10:00:00", **fields))) == [expected]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (strategy_spec(state="Paused"), "strategy_not_running"),
        (strategy_spec(state="Stopped"), "strategy_not_running"),
        (strategy_spec(brokers=["other"]), "strategy_not_running"),
        (strategy_spec(sizing={"riskPercent": "many"}), "strategy_not_running"),
        (strategy_spec(instruments=[{"exchange": "NSE", "symbol": "BOLT"}]), "not_its_instrument"),
    ],
)
def test_a_strategy_that_may_not_enter_is_rejected(spec: dict[str, Any], expected: str) -> None:
    assert verdicts(feed(risk(strategies={"mo": spec}), signal("10:00:00"))) == [expected]


def test_a_strategy_of_mode_live_goes_on_beside_real_money_on_paper() -> None:
    live = strategy_spec(mode="Live", acknowledgeLive="mo", risk={"maxDailyLoss": "100"})
    assert "strategy_not_running" not in verdicts(feed(risk(strategies={"mo": live}), signal("10:00:00")))


def test_a_strategy_of_mode_paper_never_enters_where_money_is_real() -> None:
    account = {**broker_spec(), "type": "Zerodha", "live": True, "credentialsSecretRef": {"name": "kite"}}
    del account["paper"]
    assert verdicts(feed(risk(account), signal("10:00:00"))) == ["strategy_not_running"]


def test_a_strategy_that_is_deleted_enters_no_more() -> None:
    desk = risk()
    feed(desk, strategy("mo", None))
    assert verdicts(feed(desk, signal("10:00:00"))) == ["strategy_not_running"]


@pytest.mark.parametrize(
    ("clock", "expected"),
    [("09:14:59", "market_closed"), ("09:15:00", 94), ("15:29:59", 94), ("15:30:00", "market_closed")],
)
def test_the_market_is_open_from_its_open_until_before_its_close(clock: str, expected: str | int) -> None:
    spec = strategy_spec(sizing={"riskPercent": "0.94"})
    assert verdicts(feed(risk(strategies={"mo": spec}), signal(clock, product=Product.CNC))) == [expected]


def test_a_signal_that_is_dated_at_the_next_open_passes() -> None:
    out = feed(risk(), signal(moment("09:15:00", NEXT_DAY)))
    assert isinstance(verdicts(out)[0], int)


def test_a_moment_that_no_session_table_covers_counts_as_closed_and_says_so() -> None:
    verdict = only(feed(risk(), signal(moment("10:00:00", date(2040, 1, 2)))))
    assert verdict.data.code == "market_closed"
    assert "outside the session table" in verdict.data.message


def test_a_signal_past_its_time_to_live_is_rejected() -> None:
    desk = risk()
    list(desk.on_watermark(moment("10:01:00")))
    assert isinstance(verdicts(feed(desk, signal("10:00:00")))[0], int)
    desk = risk()
    list(desk.on_watermark(moment("10:01:00") + timedelta(milliseconds=1)))
    assert verdicts(feed(desk, signal("10:00:00"))) == ["signal_expired"]


@pytest.mark.parametrize(
    ("scope", "subject"),
    [
        (HaltScope.ALL, ""),
        (HaltScope.BROKER, BROKER),
        (HaltScope.STRATEGY, "mo"),
        (HaltScope.INSTRUMENT, "NSE:ACME"),
    ],
)
def test_a_halt_blocks_entries_in_its_scope_until_it_ends(scope: HaltScope, subject: str) -> None:
    desk = risk()
    feed(desk, halt(scope, subject))
    assert verdicts(feed(desk, signal("10:00:00"))) == ["trading_halted"]
    feed(desk, resume(scope, subject))
    assert isinstance(verdicts(feed(desk, signal("10:00:01")))[0], int)


def test_a_halt_of_something_else_blocks_nothing() -> None:
    desk = risk()
    feed(desk, halt(HaltScope.BROKER, "other"), halt(HaltScope.STRATEGY, "x"), halt(HaltScope.INSTRUMENT, "BSE:ACME"))
    assert isinstance(verdicts(feed(desk, signal("10:00:00")))[0], int)


def test_a_halted_broker_enters_nothing() -> None:
    assert verdicts(feed(risk(broker_spec(halted=True)), signal("10:00:00"))) == ["trading_halted"]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (None, "broker_deleted"),
        ({"type": "Nonsense"}, "broker_invalid"),
    ],
)
def test_a_broker_without_known_cash_enters_nothing(spec: dict[str, Any] | None, expected: str) -> None:
    desk = RiskManagerProcessor(BROKER, INSTRUMENTS, default_calendar())
    feed(desk, strategy("mo", strategy_spec()))
    assert verdicts(feed(desk, signal("10:00:00"))) == ["broker_unknown"]
    feed(desk, broker(spec))
    assert verdicts(feed(desk, signal("10:00:01"))) == [expected]


def test_a_day_without_charges_is_rejected_unless_the_broker_names_one() -> None:
    early = signal(moment("10:00:00", date(2019, 7, 9)))
    rejected = only(feed(risk(), early))
    assert rejected.data.code == "no_charges"
    assert "paper.charges.asOf" in rejected.data.message
    named = risk(broker_spec(paper={"charges": {"asOf": "2026-05-05"}}))
    assert isinstance(verdicts(feed(named, early))[0], int)


def test_a_signal_is_decided_once() -> None:
    desk = risk()
    raw = signal("10:00:00")
    assert len(feed(desk, raw, raw)) == 1
    assert desk.diagnostics()["duplicate_signals"] == 1


def test_a_verdict_on_the_log_stands_and_reserves_what_it_reserved() -> None:
    desk, again = risk(), risk()
    raw = signal("10:00:00")
    recall(again, feed(desk, raw))
    assert not feed(again, raw)
    assert again.state.exposure == desk.state.exposure
    assert verdicts(feed(again, signal("10:00:01", n=1))) == ["duplicate_position"]


def test_a_verdict_that_is_met_before_its_broker_reserves_when_the_broker_is_known() -> None:
    desk = risk()
    early = RiskManagerProcessor(BROKER, INSTRUMENTS, default_calendar())
    recall(early, feed(desk, signal("10:00:00")))
    feed(early, strategy("mo", strategy_spec()), broker(broker_spec()))
    assert early.state.exposure == desk.state.exposure


@pytest.mark.parametrize(
    ("fields", "account", "limits", "quantity", "binding"),
    [
        ({"stop_loss_paise": 9_500}, {"paper": {"startingCash": "1000000"}}, {}, 2_000, "risk_per_trade"),
        ({}, {}, {}, 98, "cash"),
        ({}, {}, {"maxPositionQuantity": 40}, 40, "max_position"),
        ({}, {}, {"maxPositionValue": "3050"}, 30, "max_position"),
        ({}, {}, {"maxOrderValue": "2050.50"}, 20, "max_order_value"),
        ({}, {"account": {"maxOrderValue": "1000"}}, {"maxOrderValue": "2000"}, 10, "max_order_value"),
        ({"instrument_token": BOLT}, {"paper": {"startingCash": "1000000"}}, {}, 1_000, "freeze_quantity"),
        ({"instrument_token": LOTS}, {}, {}, 50, "cash"),
    ],
)
def test_the_size_is_held_down_by_the_constraint_that_it_names(
    fields: dict[str, Any], account: dict[str, Any], limits: dict[str, Any], quantity: int, binding: str
) -> None:
    paper = {"startingCash": "10000", **account.pop("paper", {})}
    desk = risk(broker_spec(paper=paper, **account), {"mo": strategy_spec(risk=limits)})
    verdict = only(feed(desk, signal("10:00:00", **{"stop_loss_paise": 9_900, **fields})))
    assert (verdict.data.quantity, verdict.data.binding_constraint) == (quantity, binding)


@pytest.mark.parametrize(("live", "expected"), [(True, "signal_expired"), (False, 100)])
def test_live_an_entry_that_is_read_with_later_ticks_has_expired_before_time_passes(
    *, live: bool, expected: str | int
) -> None:
    """After a pause all is read at once. A replay waits for its slowest, so there nothing is ever late."""
    desk = RiskManagerProcessor(BROKER, INSTRUMENTS, default_calendar(), live=live)
    feed(desk, broker(broker_spec()), strategy("mo", strategy_spec()))
    feed(desk, price("09:59:00", 10_000), price("10:01:01", 10_000))
    assert verdicts(feed(desk, signal("10:00:00"))) == [expected]


def test_an_exit_that_was_read_late_still_passes() -> None:
    desk = RiskManagerProcessor(BROKER, INSTRUMENTS, default_calendar(), live=True)
    feed(desk, broker(broker_spec()), strategy("mo", strategy_spec()))
    feed(desk, fill("09:58:00", Side.BUY, 5, 10_000), price("10:01:01", 10_000))
    assert verdicts(feed(desk, signal("10:00:00", **EXIT))) == [5]
