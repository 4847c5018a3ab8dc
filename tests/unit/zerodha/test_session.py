"""How a login stands at a moment."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest

from alpha_panda.domain.calendar import IST
from alpha_panda.resources.reasons import Reason
from alpha_panda.zerodha.errors import SealError
from alpha_panda.zerodha.session import Session, SessionState, expiry, judge
from alpha_panda.zerodha.session_store import Seal

MORNING = datetime(2026, 11, 20, 8, 30, tzinfo=IST)
SESSION = Session(
    user_id="AB1234", api_key="key", access_token="token", logged_in_at=MORNING, expires_at=expiry(MORNING)
)
KEY = "A" * 43


def test_a_login_ends_at_the_next_six_in_the_morning_in_india():
    assert expiry(MORNING) == datetime(2026, 11, 21, 6, 0, tzinfo=IST)
    assert expiry(MORNING.replace(hour=5)) == datetime(2026, 11, 20, 6, 0, tzinfo=IST)
    assert expiry(MORNING.replace(hour=6, minute=0)) == datetime(2026, 11, 21, 6, 0, tzinfo=IST)


def test_before_the_first_login_there_is_none_and_the_way_to_one_is_said():
    verdict = judge(None, MORNING)
    assert (verdict.state, verdict.reason) == (SessionState.ABSENT, Reason.SESSION_EXPIRED)
    assert "panda zerodha login" in verdict.message


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        (MORNING, SessionState.ACTIVE),
        (datetime(2026, 11, 21, 5, 30, tzinfo=IST), SessionState.EXPIRING),
        (datetime(2026, 11, 21, 6, 0, tzinfo=IST), SessionState.EXPIRED),
    ],
)
def test_a_login_is_active_then_expiring_then_expired(moment: datetime, state: SessionState):
    verdict = judge(SESSION, moment)
    assert (verdict.state, verdict.expires_at) == (state, SESSION.expires_at)
    assert verdict.state.is_valid is (moment < SESSION.expires_at)


def test_one_refusal_ends_a_login_however_long_it_had_to_live():
    refused = msgspec.structs.replace(SESSION, refused_at=MORNING + timedelta(minutes=1))
    verdict = judge(refused, MORNING + timedelta(minutes=2))
    assert verdict.state is SessionState.EXPIRED
    assert "refused" in verdict.message


def test_a_token_is_sealed_and_opens_with_its_own_key_only():
    seal = Seal(KEY)
    closed = seal.close("the token")
    assert b"the token" not in closed
    assert seal.open(closed) == "the token"
    with pytest.raises(SealError, match="does not open"):
        Seal("B" * 43).open(closed)
    with pytest.raises(SealError, match="32 bytes"):
        Seal("short")


def test_a_session_does_not_show_its_token():
    assert "token" not in repr(SESSION).replace("Session", "")
