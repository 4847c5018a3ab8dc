"""What the doctor says of a login."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.zerodha.test_session import MORNING, SESSION

from alpha_panda.local.doctor.findings import Level
from alpha_panda.local.doctor.session import judge_session
from alpha_panda.zerodha.session import judge


def test_without_a_good_login_the_doctor_fails_and_says_what_to_do() -> None:
    for session, now in ((None, MORNING), (SESSION, SESSION.expires_at)):
        finding = judge_session("zerodha", judge(session, now))
        assert finding.level is Level.FAILED
        assert finding.remedy == "panda zerodha login"
        assert "nothing is read from or sent to Zerodha" in finding.message


def test_a_login_that_ends_soon_is_a_warning_and_a_good_one_is_none() -> None:
    soon = SESSION.expires_at - timedelta(minutes=30)
    assert judge_session("zerodha", judge(SESSION, soon)).level is Level.WARNING
    assert judge_session("zerodha", judge(SESSION, MORNING)).level is Level.OK
