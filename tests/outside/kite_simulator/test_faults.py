"""Each way in which a reply goes wrong, as the official client sees it, and what the order book then holds."""

from __future__ import annotations

import pytest
import requests
from kiteconnect import exceptions as errors
from tests.outside.kite_simulator.test_orders import ORDER
from tests.support.kite import RunningSimulator
from tests.support.waiting import until

from alpha_panda.kite_simulator.faults import Fault, Kind

DONE = [
    (Kind.HANG, requests.exceptions.ReadTimeout),
    (Kind.RESET, requests.exceptions.ConnectionError),
    (Kind.HTML_502, errors.DataException),
    (Kind.TIMED_OUT_400, errors.OrderException),
    (Kind.GATEWAY_504, errors.DataException),
    (Kind.TRUNCATED, requests.exceptions.ChunkedEncodingError),
    (Kind.WRONG_TYPE, errors.DataException),
    (Kind.NO_TYPE, KeyError),
    (Kind.REDIRECT, requests.exceptions.TooManyRedirects),
]
NOT_DONE = [
    (Kind.LOST, requests.exceptions.ReadTimeout),
    (Kind.REFUSED_502, errors.DataException),
    (Kind.UNAVAILABLE_503, errors.NetworkException),
    (Kind.TOO_MANY_429, errors.NetworkException),
    (Kind.TOKEN_403, errors.TokenException),
    (Kind.ERROR_500, errors.GeneralException),
]


@pytest.mark.parametrize(("kind", "error"), DONE)
def test_an_order_whose_reply_goes_wrong_is_at_the_exchange_once(
    simulator: RunningSimulator, kind: Kind, error: type[Exception]
):
    kite = simulator.client(timeout=1.0)
    simulator.faults(Fault(kind=kind))
    with pytest.raises(error):
        kite.place_order(**ORDER)
    assert [order["tag"] for order in kite.orders()] == ["TAG1"]
    assert len([line for line in simulator.lines("request") if line["call"] == "place"]) == 1


@pytest.mark.parametrize(("kind", "error"), NOT_DONE)
def test_a_call_that_is_turned_away_places_nothing(simulator: RunningSimulator, kind: Kind, error: type[Exception]):
    kite = simulator.client(timeout=1.0)
    simulator.faults(Fault(kind=kind))
    with pytest.raises(error):
        kite.place_order(**ORDER)
    assert kite.orders() == []


def test_an_order_can_appear_long_after_its_call_timed_out(simulator: RunningSimulator):
    kite = simulator.client()
    simulator.faults(Fault(kind=Kind.LATE_400, seconds=0.5))
    with pytest.raises(errors.OrderException, match="timed out"):
        kite.place_order(**ORDER)
    assert kite.orders() == []
    until(kite.orders, "the order appears")
    assert [order["tag"] for order in kite.orders()] == ["TAG1"]


def test_an_order_can_stay_received_for_a_while(simulator: RunningSimulator):
    kite = simulator.client()
    simulator.faults(Fault(kind=Kind.STUCK, seconds=0.5))
    kite.place_order(**ORDER)
    assert kite.orders()[0]["status"] == "PUT ORDER REQ RECEIVED"
    until(lambda: kite.orders()[0]["status"] == "COMPLETE", "the order reaches the exchange")


def test_a_fault_happens_as_often_as_it_is_told_to(simulator: RunningSimulator):
    kite = simulator.client()
    simulator.faults(Fault(kind=Kind.ERROR_500, count=1))
    with pytest.raises(errors.GeneralException):
        kite.place_order(**ORDER)
    assert kite.place_order(**ORDER)


def test_a_share_of_calls_is_chosen_by_the_seed(simulator: RunningSimulator):
    kite = simulator.client()
    simulator.faults(Fault(kind=Kind.HTML_502, share=0.5))
    lost = 0
    for _ in range(20):
        try:
            kite.place_order(**ORDER)
        except errors.DataException:
            lost += 1
    assert 0 < lost < 20
    assert len(kite.orders()) == 20
