"""What a trader reads when a signal may not trade: the exact sentence of each check that is about the signal itself."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.support.trading import BOLT, LOTS, feed, moment, signal, strategy, strategy_spec
from tests.unit.risk_manager.positions import account, fill, refused, sized

from alpha_panda.events.signals import Intent, OrderType, Product, Side

EXIT: dict[str, Any] = {"intent": Intent.EXIT, "side": Side.SELL}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"instrument_token": 9}, "unknown_instrument: instrument 9 is unknown"),
        (
            {"strategy": "nobody"},
            "strategy_not_running: strategy nobody is absent on paper (state, mode, brokers)",
        ),
        (
            {"limit_price_paise": 10_000},
            "bad_prices: a MARKET order takes none as its limit price; the signal has ₹100.00",
        ),
        (
            {"order_type": OrderType.SL_M},
            "bad_prices: a SL-M order takes one as its trigger price; the signal has none",
        ),
        (
            {"stop_loss_paise": 9_501},
            "off_tick_grid: stop loss ₹95.01 of ACME is not a multiple of its tick of ₹0.05",
        ),
        ({"stop_loss_paise": None}, "no_stop: an entry needs a stop loss to be sized (levels.stopLossPercent)"),
        (
            {"stop_loss_paise": 10_000},
            "bad_levels: the stop loss ₹100.00 is not below the reference price ₹100.00 (levels)",
        ),
        ({"target_paise": 9_995}, "bad_levels: the target ₹99.95 is not above the reference price ₹100.00 (levels)"),
        (
            {"order_type": OrderType.LIMIT, "limit_price_paise": 9_500},
            "bad_levels: the stop loss ₹95.00 is not below the entry price ₹95.00 (levels)",
        ),
        (
            {"side": Side.SELL, "stop_loss_paise": 10_500, "product": Product.CNC},
            "short_needs_mis: a short sale must be MIS (product)",
        ),
        (EXIT, "no_position: mo has no MIS position to exit"),
    ],
)
def test_a_signal_that_is_wrong_in_itself_is_told_how(fields: dict[str, Any], message: str) -> None:
    assert refused(account(), signal("10:00:00", **fields)).message == f"rejected: {message}"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (strategy_spec(state="Paused"), "strategy_not_running: strategy mo is Paused on paper (state, mode, brokers)"),
        (
            strategy_spec(brokers=["other"]),
            "strategy_not_running: strategy mo is not on Broker paper on paper (state, mode, brokers)",
        ),
        (
            strategy_spec(instruments=[{"exchange": "NSE", "symbol": "BOLT"}]),
            "not_its_instrument: NSE:ACME is not among the instruments of mo (instruments)",
        ),
    ],
)
def test_a_strategy_that_may_not_enter_is_told_why(spec: dict[str, Any], message: str) -> None:
    desk = account()
    feed(desk, strategy("mo", spec))
    assert refused(desk, signal("10:00:00")).message == f"rejected: {message}"


@pytest.mark.parametrize(
    ("when", "message"),
    [
        (moment("15:30:00"), "market_closed: the market is not open at 2026-06-02T10:00:00+00:00"),
        (
            moment("10:00:00", date(2040, 1, 2)),
            (
                "market_closed: 2040-01-02 is outside the session table, which covers 2015-01-01 to 2026-12-31; "
                "install a release with a later table, or make it anew: python scripts/generate_sessions.py"
            ),
        ),
    ],
)
def test_a_market_that_is_closed_or_unknown_is_named(when: Any, message: str) -> None:  # noqa: ANN401 — a moment
    assert refused(account(), signal(when)).message == f"rejected: {message}"


def test_a_signal_that_came_too_late_tells_both_times() -> None:
    desk = account()
    list(desk.on_watermark(moment("10:01:01")))
    assert refused(desk, signal("10:00:00")).message == (
        "rejected: signal_expired: the signal expired at 2026-06-02T04:31:00+00:00, it is 2026-06-02T04:31:01+00:00 "
        "(signalTimeToLiveSeconds)"
    )


def test_whoever_has_the_instrument_is_named() -> None:
    desk = account()
    feed(desk, fill("10:00:00", Side.BUY, 10, 10_000, who="re"))
    assert refused(desk, signal("10:00:01")).message == (
        "rejected: duplicate_position: re has a position or a pending entry in this instrument on paper"
    )


def test_an_exit_that_cannot_reduce_is_told_why() -> None:
    desk = account()
    feed(desk, fill("10:00:00", Side.BUY, 10, 10_000))
    assert refused(desk, signal("10:00:01", **{**EXIT, "side": Side.BUY})).message == (
        "rejected: wrong_side: an exit by BUY would add to the position of 10"
    )
    assert sized(desk, signal("10:00:02", n=1, **EXIT)) == (10, "position")
    assert refused(desk, signal("10:00:03", n=2, **EXIT)).message == (
        "rejected: exit_pending: an exit of mo from this position is under way"
    )


def test_a_rate_of_orders_names_whose_limit_it_is() -> None:
    spec = strategy_spec(risk={"maxOrdersPerMinute": 1})
    desk = account({"maxOrdersPerMinute": 2}, {"mo": spec})
    feed(desk, signal("10:00:00"))
    assert refused(desk, signal("10:00:01", instrument_token=BOLT)).message == (
        "rejected: max_orders_per_minute 2 > limit 1 (risk.maxOrdersPerMinute)"
    )
    feed(desk, signal("10:00:02", strategy="re", instrument_token=BOLT))
    assert refused(desk, signal("10:00:03", strategy="re", instrument_token=LOTS)).message == (
        "rejected: max_orders_per_minute 3 > limit 2 (account.maxOrdersPerMinute)"
    )


@pytest.mark.parametrize(
    ("spec", "fields", "message"),
    [
        (
            {"sizing": {"riskPercent": "0.0001"}},
            {},
            "risk_per_trade allows 0 < lot 1, limit 0.0001 % of ₹50,000.00 at ₹5.00 a unit (sizing.riskPercent)",
        ),
        ({"risk": {"maxOrderValue": "99"}}, {}, "max_order_value allows 0 < lot 1, limit ₹99.00 (risk.maxOrderValue)"),
        (
            {"risk": {"maxPositionQuantity": 49}},
            {"instrument_token": LOTS},
            "max_position allows 49 < lot 50, limit 49 (risk.maxPositionQuantity)",
        ),
        (
            {},
            {"bar_volume": 5},
            "liquidity allows 0 < lot 1, limit 10 % of 5 that trade in a bar (sizing.maxVolumePercent)",
        ),
    ],
)
def test_a_capital_or_limit_too_small_for_one_lot_is_told_which(
    spec: dict[str, Any], fields: dict[str, Any], message: str
) -> None:
    assert refused(account({}, {"mo": strategy_spec(**spec)}), signal("10:00:00", **fields)).message == (
        f"rejected: {message}"
    )
