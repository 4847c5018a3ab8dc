"""Each check of docs/risk.md refuses a signal on its way through a whole platform, says why, and lets it pass again.

A month of made-up days is replayed, ten market minutes in a second, while `panda apply` changes resources.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from tests.integration.panda_command import Panda
from tests.integration.risk_chain.cases import (
    BREAKERS,
    BY_ACCOUNT,
    BY_STRATEGY,
    BY_THE_CLOCK,
    FOREVER,
    ByAccount,
    Fields,
)
from tests.integration.risk_chain.desk import Desk, Log, Verdict
from tests.integration.risk_chain.market import write_bars, write_table
from tests.integration.risk_chain.resources import LOSER, SHARES, broker, of_case, standing

from alpha_panda.domain.calendar import IST
from alpha_panda.events.signals import Intent, Reason
from alpha_panda.local.layout import Layout

pytestmark = [pytest.mark.operations, pytest.mark.long, pytest.mark.timeout(600)]

SPEED = "600"
CLOCK = frozenset(BY_THE_CLOCK)
_HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A platform that trades: nothing is refused but what is refused for ever, and by the clock."""
    folder = tmp_path_factory.mktemp("risk-chain")
    write_table(folder / "instruments.csv", SHARES)
    write_bars(folder / "bars.csv", SHARES)
    panda = Panda(folder / "data", (_HERE,))
    desk = Desk(panda, folder, Log(Layout(panda.data_dir)))
    first = [broker(), broker("losing"), *standing(), *(of_case(each, refused=False) for each in BY_STRATEGY)]
    (folder / "resources.yaml").write_text("\n---\n".join(map(json.dumps, first)))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(_HERE)
        try:
            panda.run(
                "up",
                *("-f", str(folder / "resources.yaml"), "--replay", str(folder / "bars.csv")),
                *("--instruments", str(folder / "instruments.csv"), "--speed", SPEED),
            )
            yield desk
        finally:
            panda.run("reset", "-y", check=False)


class Tripped:
    """The breakers of an account that has lost a few rupees, since when its limits are wide again."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        tight = {setting.removeprefix("account."): "0.0001" for setting in BREAKERS.values()}
        since = desk.apply(broker("losing", account=tight))["losing"]
        verdict = self.first(since, lambda each: each.codes >= set(BREAKERS), "refused for all breakers")
        self.reasons = {code: verdict.reason(code) for code in BREAKERS}
        self.widened = desk.apply(broker("losing"))["losing"]

    def first(self, since: int, matches: object, what: str) -> Verdict:
        """The first entry of the account that matches."""
        assert callable(matches)
        return self.desk.first(LOSER, since, lambda each: _enters(each) and matches(each), what, "losing")


@pytest.fixture(scope="module")
def tripped(desk: Desk) -> Tripped:
    return Tripped(desk)


def test_a_breaker_that_tripped_stands_though_its_limit_is_widened(tripped: Tripped) -> None:
    for code, setting in BREAKERS.items():
        _explains(tripped.reasons[code], setting, "limit 0.0001 %", "entries again from")
    next_entry = tripped.first(tripped.widened, lambda _: True, "an entry")
    assert {"weekly_loss", "monthly_loss"} <= next_entry.codes


def test_the_command_the_status_and_the_api_tell_what_holds_until_when_and_what_was_refused(
    desk: Desk, tripped: Tripped
) -> None:
    end = _until(tripped.reasons["monthly_loss"])
    [losing] = desk.panda.json("risk", "losing", "--refusals", "3")
    ends = {each["code"]: datetime.fromisoformat(each["until"]) for each in losing["standing"]["locks"]}
    assert (losing["standing"]["state"], ends["monthly_loss"]) == ("Reducing", end)
    assert all(each["verdict"]["reasons"] for each in losing["refused"])
    said = desk.panda.run("status", check=False).stdout
    assert "account losing: Reducing at " in said
    assert f"entries again from {end:%Y-%m-%d %H:%M} IST" in said
    assert "account paper: Active at " in said
    found = desk.api("/api/v1/portfolios/losing/risk")
    assert found["state"] == "Reducing"
    assert {each["code"]: datetime.fromisoformat(each["until"]) for each in found["breakers"]}["monthly_loss"] == end
    assert "monthly_loss" in {reason["code"] for each in found["refusals"] for reason in each["reasons"]}
    assert desk.api("/api/v1/portfolios/paper/risk")["state"] == "Active"


def test_what_no_resource_can_allow_is_refused(desk: Desk, tripped: Tripped) -> None:
    _ = tripped  # which has days to go by meanwhile
    for code, (strategy, says) in FOREVER.items():
        verdict = desk.first(strategy, 0, _enters, "an entry")
        _explains(verdict.reason(code), *says)


def test_a_changed_strategy_is_refused_and_changed_back_it_passes(desk: Desk, tripped: Tripped) -> None:
    _ = tripped
    changed = desk.apply(*(of_case(each, refused=True) for each in BY_STRATEGY))
    for case in BY_STRATEGY:
        what = f"{case.code} of an {'exit' if case.exits else 'entry'}"
        verdict = desk.first(case.name, changed[case.name], partial(_has, case.code), what)
        assert (verdict.intent is Intent.EXIT) == case.exits
        _explains(verdict.reason(case.code), *case.says)
    changed = desk.apply(*(of_case(each, refused=False) for each in BY_STRATEGY))
    for case in BY_STRATEGY:
        intent = Intent.EXIT if case.exits else Intent.ENTER
        passed = lambda each, intent=intent: each.intent is intent and not each.reasons  # noqa: E731
        desk.first(case.name, changed[case.name], passed, "a signal that passes")
    desk.apply(*(_stopped(of_case(each, refused=False)) for each in BY_STRATEGY))


@pytest.mark.parametrize("case", BY_ACCOUNT, ids=lambda each: each.refuses[0][0])
def test_a_limit_of_the_account_holds_from_the_next_signal_on_and_no_longer(desk: Desk, case: ByAccount) -> None:
    changed = desk.apply(broker(**_copied(case.change)))["paper"]
    for code, strategy, says in case.refuses:
        verdict = desk.first(strategy, changed, partial(_entry_of_its_own, code), "an entry")
        assert code in verdict.codes, verdict
        _explains(verdict.reason(code), *says)
    released = desk.apply(broker())["paper"]
    for code, strategy, _ in case.refuses:
        verdict = desk.first(strategy, released, partial(_entry_of_its_own, code), "an entry")
        assert not verdict.reasons


def test_the_time_of_day_refuses_entries_and_the_next_morning_lets_them_pass(desk: Desk) -> None:
    refused = {code: desk.first(strategy, 0, partial(_has, code), code) for code, strategy in BY_THE_CLOCK.items()}
    cutoff, phase = refused["intraday_cutoff"], refused["market_phase"]
    _explains(cutoff.reason("intraday_cutoff"), "15:05", "15:15", "no new one at")
    _explains(phase.reason("market_phase"), "closing_auction", "15:15", "continuous market only")
    for code, verdict in refused.items():
        strategy, since = BY_THE_CLOCK[code], verdict.epoch
        desk.first(strategy, since, lambda each: _enters(each) and not each.reasons, "an entry that passes")


def test_each_breaker_ends_with_the_first_session_of_its_next_period(tripped: Tripped) -> None:
    ends = {code: _until(reason) for code, reason in tripped.reasons.items()}
    assert ends["max_drawdown"] == ends["daily_loss"] < ends["weekly_loss"] <= ends["monthly_loss"]
    for code, end in ends.items():
        free = tripped.first(tripped.widened, lambda each, end=end: each.at >= end, f"an entry from {end} on")
        assert code not in free.codes
        entries = tripped.desk.verdicts(LOSER, tripped.widened, "losing")
        assert all(code in each.codes for each in entries if _enters(each) and each.at < end)
    tripped.first(tripped.widened, lambda each: not each.reasons, "an entry that passes")


def _explains(reason: Reason, *says: str) -> None:
    """A reason that a trader can act on: what was found, what is allowed, and where that is set."""
    assert reason.value
    assert reason.limit
    for each in says:
        assert each in reason.message, reason


def _until(reason: Reason) -> datetime:
    found = re.search(r"entries again from (\d{4}-\d\d-\d\d \d\d:\d\d) IST", reason.message)
    assert found is not None, reason.message
    return datetime.strptime(found[1], "%Y-%m-%d %H:%M").replace(tzinfo=IST)


def _enters(verdict: Verdict) -> bool:
    return verdict.intent is Intent.ENTER


def _has(code: str, verdict: Verdict) -> bool:
    return code in verdict.codes


def _entry_of_its_own(code: str, each: Verdict) -> bool:
    """In hours, and not refused by an open position alone: one from before the change may stay while it holds."""
    return _entry_in_hours(each) and ("duplicate_position" not in each.codes or code in each.codes)


def _entry_in_hours(verdict: Verdict) -> bool:
    """The clock is another test's."""
    return _enters(verdict) and not verdict.codes & CLOCK


def _stopped(resource: Fields) -> Fields:
    return {**resource, "spec": {**resource["spec"], "state": "Stopped"}}


def _copied(change: Fields) -> Fields:
    return {name: dict(value) if isinstance(value, dict) else value for name, value in change.items()}
