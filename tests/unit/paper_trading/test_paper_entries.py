"""An entry meets the first tick after its latency and fills as its type and the volume allow."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.support.trading import (
    ACME,
    BOLT,
    LOTS,
    broker_spec,
    ends,
    entry,
    feed,
    fills,
    legs,
    moment,
    order_of,
    paper,
    price,
)

from alpha_panda.events.orders import Leg, OrderAcknowledged
from alpha_panda.events.signals import OrderType, Product, Side


def test_an_entry_is_submitted_and_acknowledged_at_the_time_of_its_signal() -> None:
    signal = entry("10:00:00", 10)
    submitted, taken = feed(paper(), signal)
    assert legs([submitted, taken]) == [("Submitted", Leg.ENTRY, 10), ("Acknowledged", Leg.ENTRY, 10)]
    assert submitted.event_time == taken.event_time == signal.event_time
    assert (submitted.causation_id, taken.causation_id) == (signal.id, submitted.id)
    assert (submitted.correlation_id, submitted.key, submitted.key_instrument) == (
        signal.correlation_id,
        str(ACME),
        ACME,
    )
    assert [submitted.sequence, taken.sequence] == [0, 1]
    assert isinstance(taken.data, OrderAcknowledged)
    assert taken.data.broker_order_id.startswith("paper-")


def test_an_entry_meets_the_first_tick_strictly_later_than_signal_and_latency() -> None:
    market = paper(broker_spec(paper={"latencyMilliseconds": 2000}))
    feed(market, entry("10:00:00", 10, stop_loss_paise=None))
    assert not feed(market, price("10:00:01", 10_000), price("10:00:02", 10_000))
    assert fills(feed(market, price("10:00:03", 10_100))) == [(Leg.ENTRY, 10, 10_100)]


def test_a_market_order_pays_the_slippage() -> None:
    market = paper(broker_spec(paper={"slippageBps": "2"}))
    feed(market, entry("10:00:00", 10))
    assert fills(feed(market, price("10:00:01", 10_000))) == [(Leg.ENTRY, 10, 10_005)]


@pytest.mark.parametrize(
    ("terms", "ticks", "expected"),
    [
        ({"order_type": OrderType.LIMIT, "limit_price_paise": 9_900}, [9_905, 9_800], [(Leg.ENTRY, 10, 9_800)]),
        ({"order_type": OrderType.SL_M, "trigger_price_paise": 10_100}, [10_095, 10_200], [(Leg.ENTRY, 10, 10_200)]),
        (
            {"order_type": OrderType.SL, "trigger_price_paise": 10_100, "limit_price_paise": 10_150},
            [10_095, 10_200, 10_150],
            [(Leg.ENTRY, 10, 10_150)],
        ),
        (
            {"order_type": OrderType.SL, "trigger_price_paise": 10_100, "limit_price_paise": 10_150},
            [10_100],
            [(Leg.ENTRY, 10, 10_100)],
        ),
    ],
)
def test_each_order_type_fills_where_it_should(terms: dict[str, Any], ticks: list[int], expected: Any) -> None:  # noqa: ANN401 — rows of a table
    market = paper()
    feed(market, entry("10:00:00", 10, stop_loss_paise=None, **terms))
    after = [price(moment("10:00:01") + timedelta(seconds=i), paise) for i, paise in enumerate(ticks)]
    assert fills(feed(market, *after)) == expected


def test_a_fill_takes_its_share_of_the_volume_and_the_rest_waits() -> None:
    market = paper()
    feed(market, entry("10:00:00", 25, stop_loss_paise=None))
    ticks = [("10:00:01", 100), ("10:00:02", 0), ("10:00:03", 3), ("10:00:04", None)]
    out = feed(market, *(price(clock, 10_000, volume=volume) for clock, volume in ticks))
    assert [quantity for _, quantity, _ in fills(out)] == [10, 1, 14]
    assert [event.data.filled_quantity for event in out] == [10, 11, 25]


def test_orders_of_one_instrument_share_a_tick_in_order_of_acceptance() -> None:
    market = paper()
    feed(market, entry("10:00:00", 8, strategy="one", stop_loss_paise=None))
    feed(market, entry("10:00:00", 8, strategy="two", stop_loss_paise=None))
    out = feed(market, price("10:00:01", 10_000, volume=100))
    assert [(order_of(event).strategy, event.data.quantity) for event in out] == [("one", 8), ("two", 2)]


def test_lots_are_never_broken() -> None:
    market = paper()
    feed(market, entry("10:00:00", 100, instrument_token=LOTS, stop_loss_paise=None))
    ticks = (price(f"10:00:0{i}", 10_000, volume=v, token=LOTS) for i, v in enumerate((49, 90, 999), start=1))
    assert [quantity for _, quantity, _ in fills(feed(market, *ticks))] == [50, 50]


def test_the_charges_of_partial_fills_add_up_to_those_of_the_order() -> None:
    whole, parts = paper(), paper()
    for market in (whole, parts):
        feed(market, entry("10:00:00", 401, stop_loss_paise=None))
    one = feed(whole, price("10:00:01", 10_005))
    many = feed(parts, *(price(moment("10:00:01") + timedelta(seconds=i), 10_005, volume=370) for i in range(12)))
    assert len(many) > 5
    assert sum(event.data.charges.total_paise for event in many) == one[0].data.charges.total_paise
    assert {event.data.charges_as_of for event in many} == {"2026-04-01"}


@pytest.mark.parametrize(
    ("code", "fields", "quantity"),
    [
        ("unknown_instrument", {"instrument_token": 9}, 1),
        ("market_closed", {"clock": "08:00:00"}, 1),
        ("market_closed", {"clock": "15:30:00"}, 1),
        ("off_tick_grid", {"order_type": OrderType.LIMIT, "limit_price_paise": 9_903}, 1),
        ("off_tick_grid", {"stop_loss_paise": 9_501}, 1),
        ("bad_prices", {"order_type": OrderType.LIMIT}, 1),
        ("lot_size", {"instrument_token": LOTS}, 51),
        ("freeze_quantity", {"instrument_token": BOLT}, 1_001),
        ("short_needs_mis", {"side": Side.SELL, "product": Product.CNC}, 1),
    ],
)
def test_an_order_that_cannot_be_fails_with_the_reason(code: str, fields: dict[str, Any], quantity: int) -> None:
    clock = fields.pop("clock", "10:00:00")
    out = feed(paper(), entry(clock, quantity, **fields))
    assert ends(out) == [(Leg.ENTRY, code)]
    assert out[0].data.message


def test_a_signal_that_comes_after_its_time_to_live_fails() -> None:
    market = paper()
    list(market.on_watermark(moment("10:01:01")))
    assert ends(feed(market, entry("10:00:00", 10))) == [(Leg.ENTRY, "signal_expired")]


def test_a_day_without_charges_is_refused_unless_the_broker_names_a_day() -> None:
    early = entry(moment("10:00:00", date(2019, 7, 9)), 10)
    out = feed(paper(), early)
    assert ends(out) == [(Leg.ENTRY, "no_charges")]
    assert "paper.charges.asOf" in out[0].data.message
    allowed = paper(broker_spec(paper={"charges": {"asOf": "2026-05-05"}}))
    assert legs(feed(allowed, early))[0] == ("Submitted", Leg.ENTRY, 10)


def test_a_signal_is_accepted_once() -> None:
    market = paper()
    signal = entry("10:00:00", 10)
    assert feed(market, signal)
    assert not feed(market, signal)
    assert market.diagnostics()["duplicate_signals"] == 1


def test_a_tick_that_is_not_later_than_the_last_is_dropped() -> None:
    market = paper()
    feed(market, entry("10:00:00", 10, stop_loss_paise=None))
    feed(market, price("10:00:01", 10_000, volume=50))
    assert not feed(market, price("10:00:01", 10_000, volume=50), price("10:00:00", 10_000, volume=50))
    assert market.diagnostics()["stale_ticks"] == 2
