"""The client as we make it, against the simulator."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from kiteconnect import exceptions as errors
from tests.outside.kite_simulator.test_orders import ORDER
from tests.support.kite import API_KEY, API_SECRET, RunningSimulator

from alpha_panda.errors import UnavailableError
from alpha_panda.kite_simulator.faults import Fault, Kind
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.zerodha import client
from alpha_panda.zerodha.client import log_in, make_client
from alpha_panda.zerodha.errors import LoginRefusedError, ReplyError
from alpha_panda.zerodha.session import Session

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def settings_of(simulator: RunningSimulator) -> ZerodhaSettings:
    return ZerodhaSettings(root=simulator.root, timeout_seconds=30.0)


def session_at(simulator: RunningSimulator) -> Session:
    return log_in(settings_of(simulator), API_KEY, API_SECRET, simulator.request_token(), NOW)


def test_a_login_gives_a_session_that_the_exchange_takes(simulator: RunningSimulator):
    session = session_at(simulator)
    kite, answers = make_client(settings_of(simulator), session)
    assert kite.profile()["user_id"] == session.user_id == "AB1234"
    assert answers.last is not None
    assert answers.last.status == 200
    assert answers.last.date is not None


def test_a_wrong_secret_is_told_with_what_to_do(simulator: RunningSimulator):
    with pytest.raises(LoginRefusedError, match="checksum") as refused:
        log_in(settings_of(simulator), API_KEY, "wrong", simulator.request_token(), NOW)
    assert "API secret" in str(refused.value.remedy)


@pytest.mark.parametrize("kind", [Kind.HTML_502, Kind.TRUNCATED, Kind.NO_TYPE, Kind.WRONG_TYPE])
def test_a_login_that_is_not_answered_as_it_should_is_no_login(simulator: RunningSimulator, kind: Kind):
    simulator.faults(Fault(kind=kind, on="session"))
    with pytest.raises(UnavailableError, match="did not answer"):
        log_in(settings_of(simulator), API_KEY, API_SECRET, simulator.request_token(), NOW)


def test_the_true_type_of_an_error_is_kept_where_the_client_has_no_class_for_it(simulator: RunningSimulator):
    kite, answers = make_client(settings_of(simulator), session_at(simulator))
    with pytest.raises(errors.GeneralException):
        kite.place_order(**{**ORDER, "quantity": 99_000, "product": "CNC"})
    assert answers.last is not None
    assert (answers.last.status, answers.last.error_type) == (400, "MarginException")


def test_a_redirect_is_not_followed(simulator: RunningSimulator):
    kite, _ = make_client(settings_of(simulator), session_at(simulator))
    simulator.faults(Fault(kind=Kind.REDIRECT))
    with pytest.raises(Exception, match="redirects"):
        kite.place_order(**ORDER)
    assert len([line for line in simulator.lines("request") if line["call"] == "place"]) == 1


def test_a_reply_that_is_too_large_is_not_read_to_its_end(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client, "MOST_BYTES", 100_000)
    patient = ZerodhaSettings(root=simulator.root, timeout_seconds=60.0)
    kite, _ = make_client(patient, session_at(simulator))
    simulator.faults(Fault(kind=Kind.HUGE, on="orders"))
    with pytest.raises(ReplyError, match="more than 100000 bytes"):
        kite.orders()
