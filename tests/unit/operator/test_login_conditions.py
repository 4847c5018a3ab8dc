"""What a Broker at Zerodha is told of its login, and the one line why no entry goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alpha_panda.resources.broker import BrokerType
from alpha_panda.resources.standing import ExchangeStanding
from alpha_panda.resources.status import BrokerStatus, Condition, ConditionType
from alpha_panda_operator.decisions.announcements import announcements
from alpha_panda_operator.decisions.observed import Seen
from alpha_panda_operator.decisions.statuses import broker_status, written

NOW = datetime(2026, 1, 5, 6, 30, tzinfo=UTC)
FLUSH = datetime(2026, 1, 6, 0, 30, tzinfo=UTC)
TRADING = ExchangeStanding(user_id="AB1234", expires_at=FLUSH, told_at=NOW, trading=True, live=True)


def told(
    exchange: ExchangeStanding | None, *, halted: bool = False, before: BrokerStatus | None = None
) -> BrokerStatus:
    seen = Seen(generation=2, now=NOW, provisioned=True, exchange=exchange)
    return broker_status(seen, BrokerType.ZERODHA, halted=halted, strategies=1, before=before or BrokerStatus())


def condition(status: BrokerStatus, kind: ConditionType) -> Condition:
    (found,) = [each for each in status.conditions if each.type is kind]
    return found


def changed(**fields: object) -> ExchangeStanding:
    return ExchangeStanding(**{**{name: getattr(TRADING, name) for name in TRADING.__struct_fields__}, **fields})


def test_a_good_login_and_when_it_ends_are_told() -> None:
    status = told(TRADING)
    session = condition(status, ConditionType.SESSION_ACTIVE)
    assert (session.status, session.reason) == ("True", "AsAsked")
    assert session.message == "logged in as AB1234 until 06 Jan 06:00 IST"
    assert written(status)["sessionExpiresAt"] == "2026-01-06T00:30:00Z"
    assert (condition(status, ConditionType.TRADING).status, condition(status, ConditionType.READY).status) == (
        "True",
        "True",
    )


@pytest.mark.parametrize(
    ("exchange", "says"),
    [
        (ExchangeStanding(), "nobody has logged in at Zerodha: kubectl panda zerodha login"),
        (changed(expires_at=NOW), "the login of AB1234 ended at 05 Jan 12:00 IST: kubectl panda zerodha login"),
        (
            changed(refused_at=NOW - timedelta(hours=1)),
            "Zerodha refused the login of AB1234 at 05 Jan 11:00 IST: kubectl panda zerodha login",
        ),
    ],
)
def test_a_login_that_is_over_says_so_and_what_to_type(exchange: ExchangeStanding, says: str) -> None:
    status = told(exchange)
    for kind in (ConditionType.SESSION_ACTIVE, ConditionType.TRADING):
        found = condition(status, kind)
        assert (found.status, found.reason, found.message) == ("False", "SessionExpired", says)
    assert written(status)["sessionExpiresAt"] is None
    assert condition(status, ConditionType.READY).status == "True", "a login a day is no part of what is made"


@pytest.mark.parametrize(
    ("exchange", "halted", "reason", "says"),
    [
        (changed(trading=False, why_not="2 unexplained differences"), False, "EntriesStopped", "2 unexplained"),
        (changed(told_at=NOW - timedelta(minutes=2)), False, "NotReady", "has said nothing since 05 Jan 11:58 IST"),
        (changed(told_at=None), False, "NotReady", "has said nothing yet"),
        (TRADING, True, "Halted", "spec.halted is true"),
    ],
)
def test_why_no_entry_goes_stands_in_one_line(
    *, exchange: ExchangeStanding, halted: bool, reason: str, says: str
) -> None:
    found = condition(told(exchange, halted=halted), ConditionType.TRADING)
    assert (found.status, found.reason) == ("False", reason)
    assert says in found.message
    assert "\n" not in found.message


def test_a_dry_run_is_told_as_one() -> None:
    found = condition(told(changed(live=False)), ConditionType.TRADING)
    assert (found.status, found.message) == (
        "True",
        "dry run: every order ends before it is sent (spec.live is false)",
    )


def test_while_the_database_is_away_nobody_knows() -> None:
    status = told(None)
    assert condition(status, ConditionType.SESSION_ACTIVE).status == "Unknown"
    assert condition(status, ConditionType.TRADING).status == "Unknown"


def test_a_login_that_ends_is_an_event_once() -> None:
    before = told(TRADING)
    after = told(changed(refused_at=NOW), before=before)
    found = [each for each in announcements(before.conditions, after.conditions) if each.warning]
    assert [each.reason for each in found] == ["SessionExpired"]
    assert not announcements(after.conditions, told(changed(refused_at=NOW), before=after).conditions)
