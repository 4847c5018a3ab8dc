"""Stop, target and exit protect a position and never trade more than it."""

from typing import Any

from tests.support.trading import (
    BROKER,
    INSTRUMENTS,
    NEXT_DAY,
    broker,
    broker_spec,
    ends,
    entry,
    exit_of,
    feed,
    fills,
    legs,
    moment,
    order_of,
    paper,
    price,
)

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.events.orders import Leg, OrderCancelled, OrderSubmitted
from alpha_panda.events.signals import OrderType, Product, Side
from alpha_panda.paper_trading.processor import PaperTradingProcessor

LEVELS = {"stop_loss_paise": 9_500, "target_paise": 11_000}


def opened(quantity: int = 100, market: PaperTradingProcessor | None = None, **fields: Any) -> PaperTradingProcessor:  # noqa: ANN401 — any field
    """A market with an open position whose legs work."""
    desk = market or paper()
    feed(desk, entry("10:00:00", quantity, **{**LEVELS, **fields}))
    feed(desk, price("10:00:01", 10_000))
    return desk


def test_the_first_partial_fill_places_both_legs_and_later_ones_raise_them() -> None:
    market = paper()
    feed(market, entry("10:00:00", 100, **LEVELS))
    first = feed(market, price("10:00:01", 10_000, volume=300))
    assert legs(first) == [
        ("Filled", Leg.ENTRY, 30),
        ("Submitted", Leg.STOP, 30),
        ("Acknowledged", Leg.STOP, 30),
        ("Submitted", Leg.TARGET, 30),
        ("Acknowledged", Leg.TARGET, 30),
    ]
    second = feed(market, price("10:00:02", 10_000, volume=200))
    assert legs(second) == [("Filled", Leg.ENTRY, 20), ("Modified", Leg.STOP, 50), ("Modified", Leg.TARGET, 50)]
    assert {order_of(event).generation for event in (*first, *second)} == {0}
    stop, target = order_of(first[1]), order_of(first[3])
    assert (stop.order_type, stop.trigger_price_paise, stop.side) == (OrderType.SL_M, 9_500, Side.SELL)
    assert (target.order_type, target.limit_price_paise, target.reduce_only) == (OrderType.LIMIT, 11_000, True)


def test_legs_are_not_met_by_the_tick_that_filled_the_entry_but_by_the_next_of_the_same_second() -> None:
    market = paper()
    feed(market, entry("10:00:00", 10, order_type=OrderType.LIMIT, limit_price_paise=9_600, **LEVELS))
    assert fills(feed(market, price("10:00:01", 9_400))) == [(Leg.ENTRY, 10, 9_400)]
    assert fills(feed(market, price("10:00:01", 9_400, sequence=2))) == [(Leg.STOP, 10, 9_400)]


def test_a_filled_target_cancels_its_twin() -> None:
    out = feed(opened(), price("10:00:02", 11_200))
    assert fills(out) == [(Leg.TARGET, 100, 11_200)]
    assert ends(out) == [(Leg.STOP, "twin_filled")]
    assert out[-1].causation_id == out[0].id


def test_a_partly_filled_stop_makes_its_twin_smaller() -> None:
    market = opened()
    out = feed(market, price("10:00:02", 9_400, volume=400))
    assert legs(out) == [("Filled", Leg.STOP, 40), ("Modified", Leg.TARGET, 60)]
    rest = feed(market, price("10:00:03", 11_500))
    assert fills(rest) == [(Leg.STOP, 60, 11_500)], "a stop that was set off is a market order"
    assert ends(rest) == [(Leg.TARGET, "twin_filled")]


def test_where_one_tick_meets_both_legs_the_stop_is_served_first() -> None:
    market = opened()
    feed(market, price("10:00:02", 9_400, volume=0))
    out = feed(market, price("10:00:03", 11_500, volume=700))
    assert fills(out) == [(Leg.STOP, 70, 11_500)]


def test_a_short_has_its_legs_the_other_way_round() -> None:
    market = paper()
    feed(market, entry("10:00:00", 10, side=Side.SELL, stop_loss_paise=10_500, target_paise=9_000))
    feed(market, price("10:00:01", 10_000))
    assert fills(feed(market, price("10:00:02", 10_600))) == [(Leg.STOP, 10, 10_600)]


def test_an_exit_closes_the_position_and_cancels_all_that_is_left_of_it() -> None:
    market = opened()
    feed(market, exit_of("10:00:02", 100))
    out = feed(market, price("10:00:03", 10_100))
    assert fills(out) == [(Leg.EXIT, 100, 10_100)]
    assert ends(out) == [(Leg.STOP, "position_closed"), (Leg.TARGET, "position_closed")]
    assert market.diagnostics() == {
        "duplicate_signals": 0,
        "halts": 0,
        "switch_halts": 0,
        "stale_ticks": 0,
        "working_orders": 0,
        "open_trades": 0,
    }


def test_the_legs_live_on_while_an_exit_works_and_the_exit_never_fills_more_than_is_open() -> None:
    market = opened()
    feed(market, exit_of("10:00:02", 100, order_type=OrderType.LIMIT, limit_price_paise=10_500))
    assert fills(feed(market, price("10:00:03", 9_400, volume=600))) == [(Leg.STOP, 60, 9_400)]
    out = feed(market, price("10:00:04", 10_600))
    assert sum(quantity for _, quantity, _ in fills(out)) == 40
    assert set(ends(out)) <= {(Leg.EXIT, "position_closed"), (Leg.TARGET, "twin_filled"), (Leg.STOP, "position_closed")}
    assert market.diagnostics()["working_orders"] == 0


def test_an_exit_that_wants_more_than_its_target_left_open_takes_what_is_left() -> None:
    market = opened()
    feed(market, exit_of("10:00:02", 100, order_type=OrderType.LIMIT, limit_price_paise=10_500))
    assert fills(feed(market, price("10:00:03", 11_000, volume=600))) == [(Leg.TARGET, 60, 11_000)]
    out = feed(market, price("10:00:04", 10_600))
    assert fills(out) == [(Leg.EXIT, 40, 10_600)]
    assert (Leg.EXIT, "position_closed") in ends(out)


def test_a_partial_exit_makes_the_legs_smaller() -> None:
    market = opened()
    feed(market, exit_of("10:00:02", 100))
    out = feed(market, price("10:00:03", 10_000, volume=300))
    assert legs(out) == [("Filled", Leg.EXIT, 30), ("Modified", Leg.STOP, 70), ("Modified", Leg.TARGET, 70)]


def test_an_exit_gives_up_what_is_left_of_the_entry() -> None:
    market = paper()
    feed(market, entry("10:00:00", 100, **LEVELS))
    feed(market, price("10:00:01", 10_000, volume=300))
    out = feed(market, exit_of("10:00:02", 30))
    assert legs(out)[0] == ("Cancelled", Leg.ENTRY, 100)
    assert ends(out) == [(Leg.ENTRY, "exit_requested")]
    assert fills(feed(market, price("10:00:03", 10_000))) == [(Leg.EXIT, 30, 10_000)]


def test_a_stop_that_closes_the_position_gives_up_what_is_left_of_the_entry() -> None:
    market = paper()
    feed(market, entry("10:00:00", 100, order_type=OrderType.LIMIT, limit_price_paise=10_000, **LEVELS))
    feed(market, price("10:00:01", 10_000, volume=300))
    feed(market, price("10:00:02", 9_400, volume=0))
    out = feed(market, price("10:00:03", 10_100, volume=1_000))
    assert fills(out) == [(Leg.STOP, 30, 10_100)]
    assert ends(out) == [(Leg.ENTRY, "position_closed"), (Leg.TARGET, "twin_filled")]


def test_an_exit_without_a_position_or_on_its_side_fails() -> None:
    assert ends(feed(paper(), exit_of("10:00:00", 10))) == [(Leg.EXIT, "no_position")]
    assert ends(feed(opened(), exit_of("10:00:02", 10, side=Side.BUY))) == [(Leg.EXIT, "wrong_side")]


def test_a_second_entry_of_a_strategy_in_an_instrument_fails() -> None:
    assert ends(feed(opened(), entry("10:00:02", 10, n=1))) == [(Leg.ENTRY, "duplicate_position")]


def test_the_close_cancels_what_is_not_filled() -> None:
    market = paper()
    terms: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_price_paise": 9_000, "product": Product.CNC}
    feed(market, entry("10:00:00", 10, **terms))
    assert not list(market.on_watermark(moment("15:29:59")))
    (cancelled,) = market.on_watermark(moment("15:30:00"))
    assert ends([cancelled]) == [(Leg.ENTRY, "session_closed")]
    assert cancelled.event_time == moment("15:30:00")
    assert not fills(feed(market, price("15:30:00", 8_000)))


def test_a_tick_at_the_close_or_later_meets_no_order_of_the_session() -> None:
    market = paper()
    feed(market, entry("15:29:59", 10, stop_loss_paise=None))
    out = feed(market, price("15:30:00", 10_000))
    assert ends(out) == [(Leg.ENTRY, "session_closed")]
    assert not fills(out)


def test_an_order_that_is_dated_at_the_next_open_waits_for_it() -> None:
    market = paper()
    feed(market, entry(moment("09:15:00", NEXT_DAY), 10))
    assert not list(market.on_watermark(moment("15:30:00")))
    assert fills(feed(market, price(moment("09:15:01", NEXT_DAY), 10_000))) == [(Leg.ENTRY, 10, 10_000)]


def overnight() -> PaperTradingProcessor:
    market = opened(product=Product.CNC)
    closing = list(market.on_watermark(moment("15:30:00")))
    assert ends(closing) == [(Leg.STOP, "session_closed"), (Leg.TARGET, "session_closed")]
    assert all(isinstance(event.data, OrderCancelled) for event in closing)
    return market


def test_the_legs_of_a_position_held_overnight_are_placed_again_at_the_next_open() -> None:
    by_time = list(overnight().on_watermark(moment("09:15:00", NEXT_DAY)))
    by_tick = feed(overnight(), price(moment("09:15:03", NEXT_DAY), 10_000))
    assert by_time == by_tick
    stop = by_time[0]
    assert isinstance(stop.data, OrderSubmitted)
    assert (order_of(stop).leg, order_of(stop).generation, order_of(stop).quantity) == (Leg.STOP, 1, 100)
    assert stop.event_time == moment("09:15:00", NEXT_DAY)


def test_the_legs_are_there_before_the_first_tick_of_the_session_is_matched() -> None:
    out = feed(overnight(), price(moment("09:15:00", NEXT_DAY), 9_000))
    assert fills(out) == [(Leg.STOP, 100, 9_000)]
    assert ends(out) == [(Leg.TARGET, "twin_filled")]


def test_sessions_without_a_tick_are_passed_one_after_the_other() -> None:
    slow, fast = overnight(), overnight()
    stepwise = [
        event for clock in ("09:15:00", "12:00:00", "15:30:00") for event in slow.on_watermark(moment(clock, NEXT_DAY))
    ]
    at_once = list(fast.on_watermark(moment("15:30:00", NEXT_DAY)))
    assert stepwise == at_once
    assert slow.state.books == fast.state.books


def test_nothing_trades_before_the_broker_is_known_or_after_it_is_deleted() -> None:
    market = PaperTradingProcessor(BROKER, INSTRUMENTS, default_calendar())
    assert ends(feed(market, entry("10:00:00", 10))) == [(Leg.ENTRY, "broker_unknown")]
    assert not feed(market, broker(broker_spec(), name="other"))
    assert ends(feed(market, entry("10:00:00", 10, n=1))) == [(Leg.ENTRY, "broker_unknown")]
    feed(market, broker(broker_spec()))
    opened(market=market, n=3)
    assert ends(feed(market, broker(None))) == [(Leg.STOP, "broker_deleted"), (Leg.TARGET, "broker_deleted")]
    assert ends(feed(market, entry("10:01:00", 10, n=2))) == [(Leg.ENTRY, "broker_deleted")]


def test_new_terms_apply_from_their_event_on() -> None:
    market = opened()
    feed(market, broker(broker_spec(paper={"slippageBps": "100"})))
    assert fills(feed(market, price("10:00:02", 9_500))) == [(Leg.STOP, 100, 9_405)]
