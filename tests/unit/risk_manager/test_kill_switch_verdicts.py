"""The kill switch stops entries by whichever source says so, and never an exit."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from tests.support.trading import (
    BROKER,
    broker,
    broker_spec,
    entry,
    feed,
    fills,
    halt,
    moment,
    only,
    paper,
    price,
    resume,
    risk,
    signal,
    verdicts,
)

from alpha_panda.domain.kill_switch import SwitchReading, halt_key
from alpha_panda.events.control import HaltScope, TradingHalted
from alpha_panda.events.signals import Intent, Side
from alpha_panda.events.topics import SIGNALS_VALIDATED
from alpha_panda.risk_manager.processor import RiskManagerProcessor

SCOPES = [
    (HaltScope.ALL, ""),
    (HaltScope.BROKER, BROKER),
    (HaltScope.STRATEGY, "mo"),
    (HaltScope.INSTRUMENT, "NSE:ACME"),
]
Press = Callable[[RiskManagerProcessor, HaltScope, str], None]


def reading(scope: HaltScope, subject: str = "") -> SwitchReading:
    halted = TradingHalted(scope=scope, subject=subject, actor="bo", reason="smoke")
    return SwitchReading(halts={halt_key(scope, subject): halted})


def press_log(desk: RiskManagerProcessor, scope: HaltScope, subject: str) -> None:
    feed(desk, halt(scope, subject))


def press_redis(desk: RiskManagerProcessor, scope: HaltScope, subject: str) -> None:
    desk.heed(reading(scope, subject))


PRESSES = pytest.mark.parametrize("press", [press_log, press_redis])


def holding() -> RiskManagerProcessor:
    """A desk that is long ACME."""
    desk, market = risk(), paper()
    verdict = only(feed(desk, signal("10:00:00")))
    feed(desk, *feed(market, verdict))
    filled = feed(market, price("10:00:01", 10_000))
    feed(desk, *filled)
    assert fills(filled)
    return desk


@PRESSES
@pytest.mark.parametrize(("scope", "subject"), SCOPES)
def test_a_halt_of_any_scope_by_any_source_refuses_entries_and_says_who_and_why(
    press: Press, scope: HaltScope, subject: str
) -> None:
    desk = risk()
    press(desk, scope, subject)
    refused = only(feed(desk, signal("10:00:00"))).data
    where = f"{scope} {subject}".strip()
    assert (refused.code, refused.value) == ("trading_halted", where)
    said = "by ana: news" if press is press_log else "by bo: smoke"
    assert refused.message == f"rejected: trading_halted: trading is halted for {where} {said}"


@PRESSES
@pytest.mark.parametrize(("scope", "subject"), SCOPES)
def test_an_exit_passes_every_halt(press: Press, scope: HaltScope, subject: str) -> None:
    desk = holding()
    press(desk, scope, subject)
    assert isinstance(verdicts(feed(desk, signal("10:00:02", intent=Intent.EXIT, side=Side.SELL)))[0], int)


@PRESSES
def test_a_halt_of_something_else_blocks_nothing(press: Press) -> None:
    desk = risk()
    for scope, subject in ((HaltScope.BROKER, "other"), (HaltScope.STRATEGY, "x"), (HaltScope.INSTRUMENT, "BSE:ACME")):
        press(desk, scope, subject)
    assert isinstance(verdicts(feed(desk, signal("10:00:00")))[0], int)


def test_a_resumption_on_the_log_releases_nothing_that_redis_holds() -> None:
    desk = risk()
    feed(desk, halt(HaltScope.ALL))
    desk.heed(reading(HaltScope.ALL))
    feed(desk, resume(HaltScope.ALL))
    assert verdicts(feed(desk, signal("10:00:00"))) == ["trading_halted"]
    desk.heed(SwitchReading())
    assert isinstance(verdicts(feed(desk, signal("10:00:01")))[0], int)


def test_an_empty_switch_releases_nothing_that_the_log_or_the_resource_holds() -> None:
    for desk in (risk(), risk(broker_spec(halted=True))):
        feed(desk, halt(HaltScope.STRATEGY, "mo"))
        desk.heed(SwitchReading())
        assert verdicts(feed(desk, signal("10:00:00"))) == ["trading_halted"]


def test_a_wider_resumption_leaves_a_narrower_halt_in_force() -> None:
    desk = risk()
    feed(desk, halt(HaltScope.ALL), halt(HaltScope.INSTRUMENT, "NSE:ACME"), resume(HaltScope.ALL))
    assert verdicts(feed(desk, signal("10:00:00"))) == ["trading_halted"]


def test_an_entry_is_refused_where_nobody_knows_whether_trading_is_halted_and_an_exit_is_not() -> None:
    desk = holding()
    desk.heed(SwitchReading(unreadable="Redis does not answer: refused"))
    refused = only(feed(desk, signal("10:00:02", n=1))).data
    assert refused.code == "halts_unreadable"
    assert refused.message.endswith("while the signal could wait: Redis does not answer: refused")
    assert isinstance(verdicts(feed(desk, signal("10:00:03", intent=Intent.EXIT, side=Side.SELL)))[0], int)


def test_halts_outlive_a_restart() -> None:
    desk = risk()
    feed(desk, halt(HaltScope.BROKER, BROKER))
    desk.heed(reading(HaltScope.ALL))
    again = risk()
    again.restore(desk.snapshot())
    assert again.state == desk.state
    again.heed(SwitchReading())
    assert verdicts(feed(again, signal("10:00:00"))) == ["trading_halted"]


def test_nothing_decided_is_forgotten_while_entries_may_wait() -> None:
    desk = risk()
    desk.heed(SwitchReading(unreadable="Redis does not answer"))
    many = [signal("10:00:00", n=n) for n in range(1100)]
    feed(desk, *many)
    list(desk.on_watermark(moment("15:00:00")))
    assert len(desk.state.decided.until) == len(many)
    desk.heed(SwitchReading())
    list(desk.on_watermark(moment("15:00:01")))
    assert not desk.state.decided.until


def test_an_entry_that_was_validated_before_the_halt_stands() -> None:
    desk = risk()
    desk.recall(entry("10:00:00", 5), SIGNALS_VALIDATED)
    feed(desk, halt(HaltScope.ALL))
    assert not feed(desk, signal("10:00:00"))


def test_a_snapshot_of_an_older_release_has_no_reading() -> None:
    desk = risk()
    older = msgspec.json.decode(desk.snapshot())
    del older["switch"]
    desk.restore(msgspec.json.encode(older))
    assert desk.state.switch == SwitchReading()
    feed(desk, broker(broker_spec()))
    assert isinstance(verdicts(feed(desk, signal("10:00:00")))[0], int)
