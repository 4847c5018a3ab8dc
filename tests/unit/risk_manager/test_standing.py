"""What the risk manager says of an account's standing: its state, and the breakers and pauses in force."""

from tests.support.trading import (
    ACME,
    INSTRUMENTS,
    NEXT_DAY,
    broker,
    broker_spec,
    feed,
    halt,
    moment,
    price,
    risk,
    strategy_spec,
)
from tests.unit.risk_manager.positions import fill

from alpha_panda.domain.account_state import AccountState
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.locks import ACCOUNT, of_instrument, of_pair, of_strategy, subject_of
from alpha_panda.events.control import HaltScope
from alpha_panda.events.orders import Leg
from alpha_panda.events.signals import Side
from alpha_panda.risk_manager.processor import RiskManagerProcessor

LIMITS = {"maxDailyLossPercent": "1", "protections": {"cooldownMinutes": 30}}


def tripped() -> RiskManagerProcessor:
    """An account that lost more than a day may, by a position that was closed, and rests from its instrument."""
    desk = risk(broker_spec(account=LIMITS), {"mo": strategy_spec()})
    feed(desk, price("09:59:00", 10_000), fill("10:00:00", Side.BUY, 100, 10_000))
    feed(desk, price("10:00:01", 9_000), fill("10:00:02", Side.SELL, 100, 9_000, leg=Leg.EXIT))
    return desk


def at(desk: RiskManagerProcessor, clock: str) -> RiskManagerProcessor:
    desk.on_watermark(moment(clock))
    return desk


def test_nothing_is_said_before_the_market_was_heard_of() -> None:
    assert RiskManagerProcessor("paper", INSTRUMENTS, default_calendar()).standing is None


def test_an_account_that_lost_too_much_only_reduces_and_says_until_when() -> None:
    standing = at(tripped(), "10:01:00").standing
    assert standing is not None
    assert (standing.state, standing.as_of) == (AccountState.REDUCING, moment("10:01:00"))
    assert [(each.code, each.subject, each.until) for each in standing.locks] == [
        ("daily_loss", ACCOUNT, moment("09:15:00", NEXT_DAY)),
        ("cooldown", of_instrument(ACME), moment("10:30:02")),
    ]


def test_what_is_over_is_said_no_more() -> None:
    desk = tripped()
    standing = at(desk, "10:30:02").standing
    assert standing is not None
    assert [each.code for each in standing.locks] == ["daily_loss"]
    desk.on_watermark(moment("09:15:00", NEXT_DAY))
    assert desk.standing is not None
    assert (desk.standing.state, desk.standing.locks) == (AccountState.ACTIVE, ())


def test_an_account_that_people_halted_is_halted_whatever_else_holds() -> None:
    for halted in (broker(broker_spec(account=LIMITS, halted=True)), halt(HaltScope.ALL)):
        desk = tripped()
        feed(desk, halted)
        standing = at(desk, "10:01:00").standing
        assert standing is not None
        assert standing.state is AccountState.HALTED
        assert len(standing.locks) == 2


def test_a_subject_says_which_strategy_and_which_instrument_it_is() -> None:
    subjects = [ACCOUNT, of_strategy("mo"), of_instrument(ACME), of_pair("mo", ACME)]
    assert [subject_of(each) for each in subjects] == [(None, None), ("mo", None), (None, ACME), ("mo", ACME)]
