"""The API tells what an account may do, what keeps it from more until when, and every reason of the last refusals."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from tests.unit.api.fakes import World
from tests.unit.history.test_history_rows import RAISED, SIGNAL_ID
from tests.unit.portfolio.trades import START
from tests.unit.strategy_runner.scripted import broker

from alpha_panda.domain.account_state import AccountState
from alpha_panda.domain.locks import ACCOUNT, Lock, of_instrument, of_pair, of_strategy
from alpha_panda.domain.standing import Standing
from alpha_panda.events.signals import Reason, SignalRejected

PATH = "/api/v1/portfolios/paper/risk"
YESBANK = 3050241


def lock(code: str, subject: str, until: datetime) -> Lock:
    return Lock(code=code, subject=subject, value="1", limit="2", reason="a reason", since=START, until=until)


def refusal(verdict: SignalRejected) -> dict[str, Any]:
    return {
        "broker": "paper",
        "row_id": UUID(SIGNAL_ID),
        "row_time": START,
        "id": UUID(SIGNAL_ID),
        "strategy": "s",
        "instrument_token": YESBANK,
        "event_time": START,
        "data": msgspec.json.encode(RAISED).decode(),
        "verdict": "rejected",
        "verdict_data": msgspec.json.encode(verdict).decode(),
    }


def rejected(*codes: str) -> SignalRejected:
    reasons = tuple(Reason(code=code, value="1", limit="2", message=f"rejected: {code}") for code in codes)
    return SignalRejected(
        signal_id=SIGNAL_ID, signal=RAISED, code="cash", value="1", limit="2", message="rejected: cash", reasons=reasons
    )


async def test_an_account_that_only_reduces_says_which_breakers_and_pauses_hold_and_until_when() -> None:
    world = World()
    later = START + timedelta(hours=1)
    locks = (
        lock("daily_loss", ACCOUNT, later),
        lock("strategy_daily_loss", of_strategy("s"), later),
        lock("cooldown", of_instrument(YESBANK), later),
        lock("low_profit", of_pair("s", YESBANK), later),
    )
    standing = Standing(state=AccountState.REDUCING, as_of=START, locks=locks)
    text = msgspec.json.encode(standing).decode()
    world.pool.standing = [{"as_of": START, "written_at": later, "data": text}]
    found = (await world.get(PATH)).json()
    assert (found["broker"], found["state"], found["halts"]) == ("paper", "Reducing", [])
    assert datetime.fromisoformat(found["as_of"]) == START
    subjects = [(each["code"], each["strategy"], each["instrument"]) for each in found["breakers"] + found["pauses"]]
    assert subjects == [
        ("daily_loss", None, None),
        ("strategy_daily_loss", "s", None),
        ("cooldown", None, "NSE:YESBANK"),
        ("low_profit", "s", "NSE:YESBANK"),
    ]
    assert datetime.fromisoformat(found["breakers"][0]["until"]) == later
    assert found["breakers"][0]["message"].startswith("a reason; entries again from ")


async def test_the_last_refusals_have_every_reason_and_an_older_one_its_only() -> None:
    world = World()
    world.pool.rows = [refusal(rejected("cash", "no_stop")), refusal(rejected())]
    newer, older = (await world.get(PATH)).json()["refusals"]
    assert [each["code"] for each in newer["reasons"]] == ["cash", "no_stop"]
    assert [each["code"] for each in older["reasons"]] == ["cash"]
    assert (newer["strategy"], newer["instrument"], newer["signal_id"]) == ("s", "NSE:YESBANK", SIGNAL_ID)
    [signal] = (await world.get("/api/v1/signals")).json()["items"][:1]
    assert [each["message"] for each in signal["verdict"]["reasons"]] == ["rejected: cash", "rejected: no_stop"]


async def test_before_its_risk_manager_heard_of_the_market_an_account_has_no_state_but_its_halts() -> None:
    world = World()
    spec = {"type": "Paper", "halted": True}
    halted = msgspec.structs.replace(broker(), data=msgspec.structs.replace(broker().data, spec=spec))
    world.control.apply(halted)
    found = (await world.get(PATH)).json()
    assert (found["state"], found["as_of"], found["breakers"], found["pauses"]) == (None, None, [], [])
    assert [each["source"] for each in found["halts"]] == ["resource"]


async def test_the_risk_of_a_broker_that_is_not_there_is_not_found() -> None:
    assert (await World().get("/api/v1/portfolios/none/risk")).status_code == 404
