"""`panda risk` tells a person what each account may do, until when, and why signals were refused."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from tests.unit.history.test_history_rows import RAISED, SIGNAL_ID

from alpha_panda.cli import risk
from alpha_panda.cli.main import guarded, invoke
from alpha_panda.domain.account_state import AccountState
from alpha_panda.domain.locks import ACCOUNT, Lock, of_pair
from alpha_panda.domain.standing import Standing
from alpha_panda.events.signals import Reason, SignalRejected
from alpha_panda.local.layout import Layout
from alpha_panda.local.risk_reader import BrokerRisk, Refused

NOW = datetime(2026, 6, 2, 4, 30, tzinfo=UTC)
UNTIL = datetime(2026, 6, 3, 3, 45, tzinfo=UTC)
YESBANK = 3050241
Command = Callable[..., int]


def lock(code: str, subject: str) -> Lock:
    return Lock(code=code, subject=subject, value="1", limit="2", reason=f"for {code}", since=NOW, until=UNTIL)


def found() -> tuple[BrokerRisk, ...]:
    reasons = tuple(
        Reason(code=code, value="1", limit="2", message=f"rejected: {code}: it is so") for code in ("cash", "no_stop")
    )
    verdict = SignalRejected(
        signal_id=SIGNAL_ID, signal=RAISED, code="cash", value="1", limit="2", message="", reasons=reasons
    )
    locks = (lock("daily_loss", ACCOUNT), lock("cooldown", of_pair("s", YESBANK)))
    standing = Standing(state=AccountState.REDUCING, as_of=NOW, locks=locks)
    return (
        BrokerRisk(broker="new", standing=None, refused=()),
        BrokerRisk(broker="paper", standing=standing, refused=(Refused(at=NOW, verdict=verdict),)),
    )


@pytest.fixture
def command(tmp_path: Path) -> Command:
    async def read(_: Layout, refusals: int) -> tuple[BrokerRisk, ...]:
        assert refusals == 10
        return found()

    def run(*words: str) -> int:
        app = typer.Typer()
        app.callback()(lambda: None)
        risk.register(app, read)
        return guarded(lambda: invoke(app, ["risk", *words, "--data-dir", str(tmp_path)]))

    return run


def test_an_account_is_told_with_its_breakers_pauses_and_every_reason_of_a_refusal(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("paper") == 0
    said = capsys.readouterr().out
    assert "account paper: Reducing at 2026-06-02 10:00:00 IST" in said
    told = [" ".join(line.split()) for line in said.splitlines()]
    assert "daily_loss the account 2026-06-03 09:15:00 for daily_loss" in told
    assert "cooldown s in NSE:YESBANK 2026-06-03 09:15:00 for cooldown" in told
    first = next(index for index, line in enumerate(told) if line.endswith("cash: it is so"))
    assert told[first].startswith("2026-06-02 10:00:00")
    assert told[first + 1] == "no_stop: it is so"
    assert "account new" not in said


def test_an_account_that_has_heard_of_no_market_says_so(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command() == 0
    assert "account new: not heard of the market yet" in capsys.readouterr().out


def test_programs_get_the_same_as_json(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("paper", "-o", "json") == 0
    [paper] = json.loads(capsys.readouterr().out)
    assert (paper["broker"], paper["standing"]["state"]) == ("paper", "Reducing")
    assert [each["code"] for each in paper["refused"][0]["verdict"]["reasons"]] == ["cash", "no_stop"]


def test_a_broker_that_is_not_there_is_refused_with_those_that_are(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("papper") == 2
    said = capsys.readouterr().err
    assert "there is no Broker papper" in said
    assert "new, paper" in said


def test_a_status_tells_of_the_account_as_a_whole_and_not_of_single_instruments() -> None:
    assert risk.lines(found()) == [
        "account new: not heard of the market yet",
        "account paper: Reducing at 2026-06-02 10:00:00 IST",
        "account paper: daily_loss: for daily_loss; entries again from 2026-06-03 09:15 IST",
    ]


def test_a_status_without_postgresql_says_that_accounts_could_not_be_read(tmp_path: Path) -> None:
    [line] = risk.status_lines(Layout(tmp_path))
    assert line.startswith("accounts: could not be read: ")
