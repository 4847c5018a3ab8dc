"""Orders at the simulator, through the official client."""

from __future__ import annotations

from typing import Any

import pytest
from kiteconnect import KiteConnect
from kiteconnect import exceptions as errors
from tests.support.kite import RunningSimulator

from alpha_panda.kite_simulator.faults import Fault, Kind

ORDER: dict[str, Any] = {
    "variety": "regular",
    "exchange": "NSE",
    "tradingsymbol": "INFY",
    "transaction_type": "BUY",
    "quantity": 10,
    "product": "MIS",
    "order_type": "MARKET",
    "market_protection": -1,
    "tag": "TAG1",
}


def only(kite: KiteConnect) -> dict[str, Any]:
    """The one order of the book."""
    (order,) = kite.orders()
    return dict(order)


def test_a_market_order_trades_at_the_last_price_and_keeps_its_tag(kite: KiteConnect):
    order_id = kite.place_order(**ORDER)
    order = only(kite)
    assert (order["order_id"], order["status"], order["average_price"]) == (order_id, "COMPLETE", 1500.0)
    assert (order["tag"], order["tags"], order["filled_quantity"]) == ("TAG1", ["TAG1"], 10)
    (trade,) = kite.trades()
    assert (trade["order_id"], trade["quantity"], trade["average_price"]) == (order_id, 10, 1500.0)


def test_a_limit_order_rests_until_the_price_comes_to_it(kite: KiteConnect, simulator: RunningSimulator):
    kite.place_order(**{**ORDER, "order_type": "LIMIT", "price": 1490})
    assert only(kite)["status"] == "OPEN"
    simulator.price("NSE:INFY", 1489_95)
    assert (only(kite)["status"], only(kite)["average_price"]) == ("COMPLETE", 1489.95)


def test_a_stop_rests_at_the_exchange_and_can_be_moved_before_it_is_triggered(
    kite: KiteConnect, simulator: RunningSimulator
):
    kite.place_order(**ORDER)
    stop = kite.place_order(**{**ORDER, "transaction_type": "SELL", "order_type": "SL-M", "trigger_price": 1480})
    kite.modify_order("regular", stop, trigger_price=1490)
    simulator.price("NSE:INFY", 1485_00)
    said = [each["status"] for each in kite.order_history(stop)]
    assert said[-2:] == ["OPEN", "COMPLETE"]
    assert "MODIFIED" in said
    assert kite.positions()["net"][0]["quantity"] == 0


def test_a_cancelled_order_does_not_trade(kite: KiteConnect, simulator: RunningSimulator):
    order_id = kite.place_order(**{**ORDER, "order_type": "LIMIT", "price": 1490})
    kite.cancel_order("regular", order_id)
    simulator.price("NSE:INFY", 1480_00)
    assert (only(kite)["status"], only(kite)["cancelled_quantity"], kite.trades()) == ("CANCELLED", 10, [])
    with pytest.raises(errors.InputException, match="CANCELLED"):
        kite.cancel_order("regular", order_id)


def test_an_order_can_fill_in_parts(kite: KiteConnect, simulator: RunningSimulator):
    simulator.faults(Fault(kind=Kind.PARTIAL, count=1))
    kite.place_order(**ORDER)
    assert (only(kite)["status"], only(kite)["filled_quantity"], only(kite)["pending_quantity"]) == ("OPEN", 5, 5)
    simulator.price("NSE:INFY", 1500_05)
    assert (only(kite)["status"], len(kite.trades())) == ("COMPLETE", 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"market_protection": None}, "market protection"),
        ({"tag": "x" * 21}, "tag"),
        ({"tradingsymbol": "NOTHING"}, "does not exist"),
        ({"quantity": 0}, "lot size"),
        ({"quantity": 100_001}, "more than the allowed"),
        ({"order_type": "LIMIT", "price": 1500.01}, "Tick size"),
        ({"order_type": "LIMIT", "price": 1900}, "circuit"),
        ({"order_type": "SL-M", "trigger_price": 1490}, "higher than the last traded price"),
        ({"product": "BO"}, "product"),
        ({"variety": "co"}, "variety"),
        ({"market_protection": 101}, "market_protection"),
    ],
)
def test_an_order_that_cannot_be_right_is_refused_and_is_in_no_book(
    kite: KiteConnect, changes: dict[str, Any], message: str
):
    with pytest.raises(errors.InputException, match=message):
        kite.place_order(**{**ORDER, **changes})
    assert kite.orders() == []


def test_an_order_that_the_cash_does_not_reach_for_is_refused_as_a_margin_error(kite: KiteConnect):
    with pytest.raises(errors.GeneralException, match="Insufficient funds") as refused:
        kite.place_order(**{**ORDER, "quantity": 99_000, "product": "CNC"})
    assert refused.value.code == 400


def test_shares_that_nobody_holds_cannot_be_sold_for_delivery(kite: KiteConnect):
    with pytest.raises(errors.GeneralException, match="holding"):
        kite.place_order(**{**ORDER, "transaction_type": "SELL", "product": "CNC"})


def test_positions_and_margins_follow_from_the_trades(kite: KiteConnect, simulator: RunningSimulator):
    before = kite.margins("equity")["net"]
    kite.place_order(**ORDER)
    assert before - kite.margins("equity")["net"] == pytest.approx(3000)
    simulator.price("NSE:INFY", 1510_00)
    kite.place_order(**{**ORDER, "transaction_type": "SELL", "tag": "TAG2"})
    (position,) = kite.positions()["net"]
    assert (position["quantity"], position["realised"], position["pnl"]) == (0, 100.0, 100.0)
    assert kite.margins("equity")["net"] == pytest.approx(before + 100)


def test_an_order_from_after_hours_waits_for_the_market_to_open(kite: KiteConnect, simulator: RunningSimulator):
    kite.place_order(**{**ORDER, "variety": "amo"})
    assert only(kite)["status"] == "AMO REQ RECEIVED"
    simulator.call(simulator.exchange.book.open_after_market)
    assert only(kite)["status"] == "COMPLETE"


def test_an_order_is_modified_25_times_and_not_once_more():
    from tests.support.kite import running_simulator  # noqa: PLC0415 - with limits

    with running_simulator(enforce_limits=True) as simulator:
        simulator.price("NSE:INFY", 1500_00)
        book = simulator.exchange.book
        kite = simulator.client()
        order_id = kite.place_order(**{**ORDER, "order_type": "LIMIT", "price": 1490})
        for _ in range(25):
            simulator.call(book.modify, order_id, {"price": "1489"})
        with pytest.raises(errors.NetworkException, match="modifications exceeded"):
            kite.modify_order("regular", order_id, price=1488)
