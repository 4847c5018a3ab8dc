"""A position that a person wants closed is decided on as an exit of its strategy, whoever runs or is halted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from tests.support.trading import (
    ACME,
    BROKER,
    INSTRUMENTS,
    broker,
    broker_spec,
    feed,
    fills,
    halt,
    moment,
    only,
    paper,
    price,
    recall,
    risk,
    signal,
    verdicts,
)

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.events.control import CloseWanted, HaltScope
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import close_id, event_id
from alpha_panda.events.orders import Leg
from alpha_panda.events.signals import OrderType, Product, Side, SignalValidated
from alpha_panda.paper_trading.processor import PaperTradingProcessor
from alpha_panda.risk_manager.processor import RiskManagerProcessor


def wish(asked: str | datetime = "10:05:00", **fields: Any) -> Event[CloseWanted]:  # noqa: ANN401 — any field
    when = moment(asked) if isinstance(asked, str) else asked
    values: dict[str, Any] = {
        "broker": BROKER,
        "strategy": "mo",
        "instrument_token": ACME,
        "product": Product.MIS,
        "side": Side.SELL,
        "reference_price_paise": 10_000,
        "limit_price_paise": None,
        "actor": "ana",
        "reason": "news",
        **fields,
    }
    identity = event_id(when, repr(values))
    data = CloseWanted(**values)
    return Event(id=identity, event_time=when, data=data, key=f"close:{identity}", correlation_id=identity)


def holding(desk: RiskManagerProcessor, market: PaperTradingProcessor) -> int:
    """Let `mo` buy at 100; how many."""
    orders = feed(market, only(feed(desk, signal("10:00:00"))))
    ticks = [price("10:00:01", 10_000), price("10:00:02", 10_000, sequence=2)]
    orders += feed(market, *ticks)
    feed(desk, *ticks, *orders)
    list(desk.on_watermark(moment("10:00:02")))
    [(_, quantity, _)] = fills(orders)
    return quantity


def test_all_of_it_is_sold_at_the_next_price_and_the_exit_says_who_wanted_it() -> None:
    desk, market = risk(), paper()
    quantity = holding(desk, market)
    asked = wish()
    verdict = only(feed(desk, asked))
    assert isinstance(verdict.data, SignalValidated)
    assert (verdict.data.quantity, verdict.data.binding_constraint) == (quantity, "position")
    assert verdict.data.signal.reason == "closed by ana: news"
    assert verdict.causation_id == asked.id
    assert verdict.data.signal_id == close_id(asked.event_time, asked.data, asked.id)
    feed(market, verdict)
    assert fills(feed(market, price("10:00:03", 9_990))) == [(Leg.EXIT, quantity, 9_990)]


def test_its_time_is_the_markets_and_not_the_clocks_of_a_replay() -> None:
    desk = risk()
    holding(desk, paper())
    assert only(feed(desk, wish(moment("10:00:00") + timedelta(days=900)))).event_time == moment("10:00:02")


def test_with_a_price_it_is_a_limit_that_a_worse_market_does_not_fill() -> None:
    desk, market = risk(), paper()
    quantity = holding(desk, market)
    verdict = only(feed(desk, wish(limit_price_paise=9_950)))
    assert verdict.data.signal.order_type is OrderType.LIMIT
    feed(market, verdict)
    assert fills(feed(market, price("10:00:03", 9_940))) == []
    assert fills(feed(market, price("10:00:04", 9_955))) == [(Leg.EXIT, quantity, 9_955)]


def test_a_halt_and_a_deleted_strategy_let_it_pass() -> None:
    desk = risk()
    quantity = holding(desk, paper())
    feed(desk, halt(HaltScope.ALL))
    assert verdicts(feed(desk, wish())) == [quantity]
    alone = risk(strategies={})
    assert verdicts(feed(alone, wish())) == ["no_position"]


def test_it_never_opens_or_adds_and_happens_once() -> None:
    desk = risk()
    quantity = holding(desk, paper())
    assert verdicts(feed(desk, wish(side=Side.BUY))) == ["wrong_side"]
    assert verdicts(feed(desk, wish(product=Product.CNC))) == ["no_position"]
    assert verdicts(feed(desk, wish())) == [quantity]
    assert verdicts(feed(desk, wish("10:06:00"))) == ["exit_pending"]


def test_a_wish_that_is_read_again_after_a_restart_is_decided_already() -> None:
    desk = risk()
    holding(desk, paper())
    asked = wish()
    verdict = only(feed(desk, asked))
    assert feed(desk, asked) == []
    later = RiskManagerProcessor(BROKER, INSTRUMENTS, default_calendar())
    recall(later, [verdict])
    assert feed(later, broker(broker_spec()), asked) == []


def test_another_brokers_wish_is_none_of_its_business() -> None:
    desk = risk()
    holding(desk, paper())
    assert feed(desk, wish(broker="second-paper")) == []


def test_live_a_wish_that_was_not_heard_in_time_is_refused() -> None:
    desk = RiskManagerProcessor(BROKER, INSTRUMENTS, default_calendar(), live=True)
    feed(desk, broker(broker_spec()), price("10:30:00", 10_000))
    list(desk.on_watermark(moment("10:30:00")))
    told = only(feed(desk, wish("10:05:00")))
    assert told.data.code == "signal_expired"
    assert msgspec.json.encode(told.data.reasons)
