"""Who is let in, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from kiteconnect import KiteConnect
from kiteconnect import exceptions as errors
from tests.support.kite import API_KEY, API_SECRET, RunningSimulator, running_simulator

from alpha_panda.domain.calendar import IST
from alpha_panda.kite_simulator.clock import SimulatedClock
from alpha_panda.kite_simulator.faults import Fault, Kind


def stranger(simulator: RunningSimulator) -> KiteConnect:
    return KiteConnect(API_KEY, root=simulator.root)


def test_a_request_token_is_good_once(simulator: RunningSimulator):
    token = simulator.request_token()
    stranger(simulator).generate_session(token, API_SECRET)
    with pytest.raises(errors.TokenException, match="invalid or has expired"):
        stranger(simulator).generate_session(token, API_SECRET)


def test_a_request_token_is_good_for_minutes_only():
    clock = SimulatedClock()
    with running_simulator(clock=clock) as simulator:
        token = simulator.request_token()
        clock.set(clock.now() + timedelta(minutes=4))
        with pytest.raises(errors.TokenException, match="expired"):
            stranger(simulator).generate_session(token, API_SECRET)


def test_a_wrong_secret_makes_a_wrong_checksum(simulator: RunningSimulator):
    with pytest.raises(errors.TokenException, match="checksum"):
        stranger(simulator).generate_session(simulator.request_token(), "another secret")


def test_nobody_comes_in_without_a_token(simulator: RunningSimulator):
    with pytest.raises(errors.TokenException):
        stranger(simulator).orders()


def test_all_tokens_end_at_six_in_the_morning():
    clock = SimulatedClock(datetime(2026, 11, 20, 15, 0, tzinfo=IST))
    with running_simulator(clock=clock) as simulator:
        kite = simulator.client()
        clock.set(datetime(2026, 11, 21, 5, 59, tzinfo=IST))
        assert kite.orders() == []
        clock.set(datetime(2026, 11, 21, 6, 0, 1, tzinfo=IST))
        with pytest.raises(errors.TokenException):
            kite.orders()


def test_a_new_login_ends_the_one_before_it(simulator: RunningSimulator):
    first = simulator.client()
    simulator.client()
    with pytest.raises(errors.TokenException):
        first.orders()


def test_the_journal_names_no_secret(simulator: RunningSimulator):
    kite = simulator.client()
    kite.orders()
    text = repr(simulator.exchange.journal.lines)
    assert "/session/token" in text
    assert API_SECRET not in text
    assert kite.access_token not in text


def test_more_than_ten_orders_in_a_second_are_too_many():
    with running_simulator(enforce_limits=True) as simulator:
        for _ in range(10):
            simulator.call(simulator.exchange.limits.count, "order")
        kite = simulator.client()
        with pytest.raises(errors.NetworkException, match="Too many requests"):
            kite.cancel_order("regular", "1")


@pytest.mark.parametrize("kind", [Kind.INSTRUMENTS_EMPTY, Kind.INSTRUMENTS_STALE, Kind.INSTRUMENTS_MALFORMED])
def test_the_list_of_instruments_can_be_spoilt(simulator: RunningSimulator, kind: Kind):
    kite = simulator.client()
    good = kite.instruments("NSE")
    assert {each["tradingsymbol"] for each in good} >= {"INFY", "YESBANK"}
    simulator.faults(Fault(kind=kind))
    try:
        spoilt = kite.instruments("NSE")
    except (TypeError, ValueError, KeyError):
        return
    assert spoilt != good


def test_history_has_the_minutes_that_were_traded(simulator: RunningSimulator):
    kite = simulator.client()
    simulator.price("NSE:INFY", 1510_00)
    now = simulator.exchange.clock.now().astimezone(IST).replace(tzinfo=None)
    rows = kite.historical_data(408065, now - timedelta(minutes=5), now + timedelta(minutes=5), "minute")
    assert rows[0]["open"] == 1500.0
    assert max(row["high"] for row in rows) == 1510.0
    assert rows[0]["date"].utcoffset() == timedelta(hours=5, minutes=30)


def test_a_quote_has_the_day_and_its_circuit_limits(simulator: RunningSimulator):
    quote = simulator.client().quote("NSE:INFY")["NSE:INFY"]
    assert (quote["last_price"], quote["lower_circuit_limit"], quote["upper_circuit_limit"]) == (1500.0, 1200.0, 1800.0)
    assert len(quote["depth"]["buy"]) == 5
