"""The risk manager knows what is at stake: positions, pending entries and exits, free cash."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.support.trading import (
    ACME,
    BOLT,
    broker_spec,
    feed,
    fills,
    moment,
    only,
    order_of,
    paper,
    price,
    risk,
    signal,
    strategy_spec,
    verdicts,
)

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.orders import Leg, OrderCancelled
from alpha_panda.events.signals import Intent, OrderType, Side
from alpha_panda.paper_trading.processor import PaperTradingProcessor
from alpha_panda.risk_manager.processor import RiskManagerProcessor

EXIT: dict[str, Any] = {"intent": Intent.EXIT, "side": Side.SELL}
TWO = {"mo": strategy_spec(), "re": strategy_spec()}


def traded(desk: RiskManagerProcessor, market: PaperTradingProcessor, *ticks: AnyEvent) -> list[AnyEvent]:
    """Let the market meet the ticks and the risk manager learn of what came of it."""
    orders = feed(market, *ticks)
    feed(desk, *ticks, *orders)
    return orders


def entered(desk: RiskManagerProcessor, market: PaperTradingProcessor, **fields: Any) -> list[AnyEvent]:  # noqa: ANN401 — any field
    """Validate an entry and let the market accept it."""
    verdict = only(feed(desk, signal("10:00:00", **fields)))
    accepted = feed(market, verdict)
    feed(desk, *accepted)
    return accepted


def test_a_pending_entry_or_a_position_of_any_strategy_blocks_the_instrument() -> None:
    desk, market = risk(strategies=TWO), paper()
    entered(desk, market)
    assert verdicts(feed(desk, signal("10:00:01", strategy="re"))) == ["duplicate_position"]
    traded(desk, market, price("10:00:02", 10_000))
    assert verdicts(feed(desk, signal("10:00:03", strategy="re"))) == ["duplicate_position"]
    assert isinstance(verdicts(feed(desk, signal("10:00:03", strategy="re", instrument_token=BOLT)))[0], int)


def test_a_pending_entry_reserves_its_cash_until_it_is_filled() -> None:
    desk, market = risk(), paper()
    free = desk.state.exposure.available_paise
    entered(desk, market)
    quantity = next(iter(desk.state.exposure.reservations.values())).quantity
    assert desk.state.exposure.available_paise < free - quantity * 10_000
    traded(desk, market, price("10:00:01", 10_000, volume=quantity * 5))
    assert 0 < next(iter(desk.state.exposure.reservations.values())).open_paise < quantity * 10_000
    traded(desk, market, price("10:00:02", 10_000))
    assert not desk.state.exposure.reservations
    assert desk.state.exposure.available_paise == desk.state.exposure.account.cash_paise


def test_an_entry_that_is_cancelled_frees_its_cash_and_the_instrument() -> None:
    desk, market = risk(), paper()
    free = desk.state.exposure.available_paise
    entered(desk, market, order_type=OrderType.LIMIT, limit_price_paise=9_900)
    feed(desk, *market.on_watermark(moment("15:30:00")))
    assert desk.state.exposure.available_paise == free
    assert not desk.state.exposure.positions


def test_a_cancellation_that_overtakes_a_fill_leaves_room_for_it() -> None:
    desk, market = risk(), paper()
    entered(desk, market)
    (fill, *_) = feed(market, price("10:00:01", 10_000, volume=500))
    (cancelled, *_) = market.on_watermark(moment("15:30:00"))
    assert isinstance(cancelled.data, OrderCancelled)
    feed(desk, cancelled)
    assert desk.state.exposure.positions == 1
    feed(desk, fill)
    assert not desk.state.exposure.reservations
    assert desk.state.exposure.account.quantity("mo", ACME, order_of(fill).product) == 50


def test_a_fill_counts_once() -> None:
    desk, market = risk(), paper()
    entered(desk, market)
    out = traded(desk, market, price("10:00:01", 10_000))
    once = msgspec.json.encode(desk.state.exposure)
    feed(desk, *out)
    assert msgspec.json.encode(desk.state.exposure) == once


def test_an_exit_takes_the_whole_position_once() -> None:
    desk, market = risk(), paper()
    entered(desk, market)
    ((_, quantity, _),) = fills(traded(desk, market, price("10:00:01", 10_000)))
    assert verdicts(feed(desk, signal("10:00:02", **{**EXIT, "side": Side.BUY}))) == ["wrong_side"]
    verdict = only(feed(desk, signal("10:00:02", n=1, **EXIT)))
    assert (verdict.data.quantity, verdict.data.binding_constraint) == (quantity, "position")
    assert verdicts(feed(desk, signal("10:00:03", **EXIT))) == ["exit_pending"]
    feed(desk, *feed(market, verdict))
    out = traded(desk, market, price("10:00:04", 10_000))
    assert (Leg.EXIT, quantity, 10_000) in fills(out)
    assert verdicts(feed(desk, signal("10:00:05", **EXIT))) == ["no_position"]
    assert isinstance(verdicts(feed(desk, signal("10:00:06")))[0], int)


def test_an_exit_passes_where_entries_are_blocked() -> None:
    desk, market = risk(), paper()
    entered(desk, market)
    traded(desk, market, price("10:00:01", 10_000))
    blocked = risk(broker_spec(halted=True), {"mo": strategy_spec(state="Paused")})
    blocked.state.exposure.account = desk.state.exposure.account
    assert isinstance(verdicts(feed(blocked, signal("10:00:02", **EXIT)))[0], int)


def test_another_strategys_position_is_not_ones_own_to_exit() -> None:
    desk, market = risk(strategies=TWO), paper()
    entered(desk, market)
    traded(desk, market, price("10:00:01", 10_000))
    assert verdicts(feed(desk, signal("10:00:02", strategy="re", **EXIT))) == ["no_position"]


def test_the_number_of_positions_is_limited_counting_those_that_are_coming() -> None:
    desk = risk(broker_spec(account={"maxOpenPositions": 1}))
    feed(desk, signal("10:00:00", stop_loss_paise=8_000))
    verdict = only(feed(desk, signal("10:00:01", instrument_token=BOLT)))
    assert verdict.data.message == "rejected: max_open_positions 2 > limit 1 (account.maxOpenPositions)"


def test_the_rate_of_orders_is_limited_in_a_sliding_minute() -> None:
    limits = {"mo": strategy_spec(risk={"maxOrdersPerMinute": 1})}
    desk = risk(strategies=limits)
    feed(desk, signal("10:00:00", stop_loss_paise=8_000))
    bolt = {"instrument_token": BOLT, "stop_loss_paise": 8_000}
    assert verdicts(feed(desk, signal("10:00:59.999", **bolt))) == ["max_orders_per_minute"]
    assert isinstance(verdicts(feed(desk, signal("10:01:00", **bolt)))[0], int)


def test_a_short_is_backed_in_full_and_its_proceeds_are_not_spent() -> None:
    desk, market = risk(), paper()
    start = desk.state.exposure.available_paise
    entered(desk, market, side=Side.SELL, stop_loss_paise=10_500)
    ((_, quantity, _),) = fills(traded(desk, market, price("10:00:01", 10_000)))
    exposure = desk.state.exposure
    assert exposure.account.cash_paise > start
    assert exposure.available_paise == start - quantity * 10_000 - exposure.account.charges_paise
    feed(desk, price("10:00:02", 10_100))
    assert exposure.available_paise == start - quantity * 10_100 - exposure.account.charges_paise
    assert exposure.equity_paise == start - quantity * 100 - exposure.account.charges_paise


def test_a_change_of_the_starting_cash_pays_the_difference_in() -> None:
    desk = risk(broker_spec(paper={"startingCash": "100"}))
    account = desk.state.exposure.account
    account.set_starting_cash(25_000)
    assert (account.cash_paise, account.imbalance_paise) == (25_000, 0)


def test_a_snapshot_has_the_same_future() -> None:
    desk, market = risk(strategies=TWO), paper()
    entered(desk, market)
    traded(desk, market, price("10:00:01", 10_000, volume=500))
    restored = risk()
    restored.restore(desk.snapshot())
    assert restored.state == desk.state
    assert restored.snapshot() == desk.snapshot()
    later = [signal("10:00:02", **EXIT), signal("10:00:03", strategy="re", instrument_token=BOLT)]
    assert feed(restored, *later) == feed(desk, *later)


def test_the_tax_of_a_closed_day_is_whole_rupees_here_too() -> None:
    desk, market = risk(), paper()
    entered(desk, market, side=Side.SELL, stop_loss_paise=10_200, target_paise=9_700)
    traded(desk, market, price("10:00:02", 10_000, volume=None))
    account = desk.state.exposure.account
    before, tax = account.cash_paise, sum(day.tax_paise for day in account.taxes.days.values())
    assert tax % 100 > 0
    desk.on_watermark(moment("15:29:59"))
    assert account.cash_paise == before
    desk.on_watermark(moment("15:30:00"))
    assert account.cash_paise == before - account.stt_rounding_paise
    assert (tax + account.stt_rounding_paise) % 100 == 0
    assert account.imbalance_paise == 0
