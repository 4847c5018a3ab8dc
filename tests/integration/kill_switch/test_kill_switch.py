"""The kill switch on a market that trades all the time: pressed by the real command, with each store up or stopped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.kill_switch.patient import patient
from tests.integration.panda_command import Panda

from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.control import TradingResumed
from alpha_panda.events.envelope import decode, decode_header
from alpha_panda.events.signals import SignalValidated
from alpha_panda.events.topics import AUDIT_EVENTS, CONTROL_TRADING, SIGNALS_REJECTED, SIGNALS_VALIDATED
from alpha_panda.local.halt_doors import find_doors
from alpha_panda.local.layout import Layout
from alpha_panda.local.log_reader import read_topic
from alpha_panda.local.ports import HOST
from alpha_panda.local.status_file import load_status
from alpha_panda.operations.halting import Standings, read_halts, release

pytestmark = [pytest.mark.operations, pytest.mark.timeout(600)]

LOG = CONTROL_TRADING.name
INSTRUMENTS = 10
TAKES_EFFECT = timedelta(milliseconds=250)
"""From the command's return to the last entry that may still be validated."""
_PATIENCE_SECONDS = 150.0
_POLL_SECONDS = 0.3
_MANY = 100_000


@dataclass(frozen=True)
class Verdict:
    """What the risk manager wrote, and when by the wall clock; `codes` are those of all reasons."""

    written: datetime
    intent: str
    code: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Desk:
    """A platform with a synthetic market and a strategy that enters and exits every few seconds."""

    panda: Panda

    @property
    def layout(self) -> Layout:
        return Layout(self.panda.data_dir)

    def verdicts(self, since: datetime) -> list[Verdict]:
        found = []
        for topic in (SIGNALS_VALIDATED, SIGNALS_REJECTED):
            records = asyncio.run(read_topic(self.layout, topic.full_name("paper"), _MANY, newest=False))
            for record in records:
                header = decode_header(record.value)
                data = decode(header).data
                passed = isinstance(data, SignalValidated)
                found.append(
                    Verdict(
                        written=header.timestamp,
                        intent=str(data.signal.intent),
                        code="validated" if passed else data.code,
                        codes=() if passed else tuple(each.code for each in data.reasons),
                    )
                )
        return [each for each in found if each.written > since]

    def wait_for(self, since: datetime, intent: str, code: str, count: int = 5) -> list[Verdict]:
        """All verdicts since then, once there are so many of this intent and code."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = self.verdicts(since)
            if sum((each.intent, each.code) == (intent, code) for each in found) >= count:
                return found
            time.sleep(_POLL_SECONDS)
        raise AssertionError(f"not {count} of {intent} {code} within {_PATIENCE_SECONDS:g} s, but {found}")

    def trades(self) -> None:
        self.wait_for(datetime.now(UTC), "Enter", "validated")

    def press(self, *words: str) -> tuple[dict[str, bool], datetime]:
        """Press by the command; the stores that took it, and when the command came back."""
        said = json.loads(self.panda.run("halt", *words, "--reason", "a test", "-o", "json").stdout)
        assert said["halted"] is True
        return {each["door"]: each["done"] for each in said["doors"]}, datetime.now(UTC)

    def stays_halted(self, since: datetime) -> list[Verdict]:
        """Entries are refused for a while after `since`, and none passes."""
        found = self.wait_for(since, "Enter", "trading_halted", 2 * INSTRUMENTS)
        late = [
            each
            for each in found
            if (each.intent, each.code) == ("Enter", "validated") and each.written > since + TAKES_EFFECT
        ]
        assert not late
        return found

    @contextmanager
    def stopped(self, store: str) -> Iterator[None]:
        """The store's process is stopped meanwhile: it neither answers nor refuses."""
        pid = json.loads((self.layout.run / f"{store}.json").read_text())["pid"]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    @property
    def standings(self) -> Standings:
        return asyncio.run(read_halts(find_doors(self.layout)))

    def halts(self) -> set[tuple[str, str, str]]:
        return {(str(each.scope), each.subject, each.door) for each in self.standings.halts}

    def resume(self) -> None:
        """End every halt."""
        for scope, subject in {(each.scope, each.subject) for each in self.standings.halts}:
            resumed = TradingResumed(scope=scope, subject=subject, actor="tests", reason="the next test")
            assert all(each.done for each in asyncio.run(release(find_doors(self.layout), resumed, self.standings)))
        assert self.halts() == set()


def resources() -> str:
    names = [each.name.partition(":") for each in islice(load_instruments(), INSTRUMENTS)]
    listed = "\n".join(f"    - {{exchange: {exchange}, symbol: {symbol}}}" for exchange, _, symbol in names)
    return f"""\
apiVersion: alphapanda.io/v1alpha1
kind: Broker
metadata: {{name: paper}}
spec:
  type: Paper
  account: {{maxOpenPositions: {INSTRUMENTS}, maxIntradayPositions: {INSTRUMENTS}}}
  paper: {{startingCash: "100000000", charges: {{asOf: 2026-04-01}}}}
---
apiVersion: alphapanda.io/v1alpha1
kind: Strategy
metadata: {{name: eager}}
spec:
  strategy: eager:Eager
  instruments:
{listed}
  timeframes: [1m]
  sizing: {{method: FixedRisk, riskPercent: "0.01"}}
  levels: {{stopLossPercent: "5"}}
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("kill-switch")
    (folder / "desk.yaml").write_text(resources())
    panda = Panda(folder / "data", (Path(__file__).parent,))
    try:
        panda.run(
            "up", "-f", str(folder / "desk.yaml"), "--synthetic", str(INSTRUMENTS), "--rate", str(10 * INSTRUMENTS)
        )
        yield Desk(panda)
    finally:
        panda.down()
        panda.run("reset", "-y", check=False)


@pytest.fixture
def trading(desk: Desk) -> Iterator[Desk]:
    """The desk while entries are validated; every halt of a test ends with it."""
    desk.trades()
    yield desk
    desk.resume()


def test_a_halt_stops_every_entry_lets_exits_pass_and_outlives_the_platform(trading: Desk) -> None:
    begun = datetime.now(UTC)
    doors, pressed = trading.press()
    assert doors == {LOG: True, "redis": True, "resource": True}
    found = trading.stays_halted(pressed)
    first = min(each.written for each in trading.verdicts(begun) if each.code == "trading_halted")
    exits = [each for each in trading.verdicts(first) if (each.intent, each.code) == ("Exit", "validated")]
    assert exits, "positions that were open when it was pressed are exited"
    assert {each.code for each in found if each.intent == "Exit"} <= {"validated", "no_position", "exit_pending"}
    _shown_everywhere(trading)
    trading.panda.run("down")
    assert "HALTED all by" in trading.panda.run("up").stdout
    trading.stays_halted(pressed)
    trading.stays_halted(datetime.now(UTC))


def _shown_everywhere(desk: Desk) -> None:
    line = next(line for line in desk.panda.run("status").stdout.splitlines() if line.startswith("HALTED"))
    assert line.endswith(f": a test ({LOG}, redis, resource)")
    status = load_status(desk.layout)
    assert status is not None
    token = desk.layout.secret("api-token")
    url = f"http://{HOST}:{status.api_port}/api/v1/portfolios/paper"
    shown: Any = httpx.get(url, headers={"Authorization": f"Bearer {token}"}).json()["halts"]
    assert {each["source"] for each in shown} == {"all", "resource"}


def test_with_redis_stopped_the_log_holds_the_halt_and_exits_go_on(trading: Desk) -> None:
    with trading.stopped("redis"):
        stopped = datetime.now(UTC)
        doors, pressed = trading.press("--strategy", "eager")
        assert doors == {LOG: True, "redis": False}
        trading.wait_for(stopped, "Exit", "validated", 1)
        refused = trading.panda.run("resume", "--strategy", "eager", check=False)
        assert refused.returncode == 1
        assert "redis did not let go" in refused.stderr
        assert trading.halts() == set()
        trading.wait_for(datetime.now(UTC), "Exit", "no_position", INSTRUMENTS)
        late = [each for each in trading.verdicts(pressed) if (each.intent, each.code) == ("Enter", "validated")]
        assert not late, "nobody knows what Redis would say"
    trading.trades()


def test_an_entry_that_can_wait_for_redis_no_longer_is_refused_for_that_and_as_expired(trading: Desk) -> None:
    """This one is followed by no exit for longer than it lives, and opens nothing, as it has no stop."""
    trading.panda.run("apply", "-f", "-", stdin=patient())
    trading.wait_for(datetime.now(UTC), "Enter", "no_stop", 1)
    with trading.stopped("redis"):
        found = trading.wait_for(datetime.now(UTC), "Enter", "halts_unreadable", 2 * INSTRUMENTS)
        while not any({"signal_expired", "no_stop"} <= set(each.codes) for each in found):
            found = trading.wait_for(found[-1].written, "Enter", "halts_unreadable", 1)
    trading.panda.run("delete", "strategy", "patient")
    trading.trades()


def test_with_kafka_stopped_redis_and_the_resource_hold_the_halt(trading: Desk) -> None:
    with trading.stopped("kafka"):
        doors, pressed = trading.press()
        assert doors == {LOG: False, "redis": True, "resource": True}
    trading.stays_halted(pressed)
    assert trading.halts() == {("all", "", "redis"), ("all", "", "resource")}


def test_every_press_is_in_the_audit_log_also_one_while_kafka_was_stopped(trading: Desk) -> None:
    begun = datetime.now(UTC)
    with trading.stopped("kafka"):
        said = trading.panda.run("halt", "--reason", "kafka hangs", "-o", "json")
        assert f"{AUDIT_EVENTS.name} did not take what was done" in said.stderr
    trading.panda.run("resume", "--reason", "it answers again")
    entries = [each for each in trading.panda.json("audit", "--limit", "1000") if each["at"] >= begun.isoformat()]
    assert [(each["action"], each["reason"]) for each in entries] == [
        ("halt", "kafka hangs"),
        ("resume", "it answers again"),
    ]
    assert entries[1]["previous"] == entries[0]["digest"]


def test_with_postgresql_stopped_both_others_hold_the_halt_and_trading_goes_on_until_then(trading: Desk) -> None:
    with trading.stopped("postgres"):
        stopped = datetime.now(UTC)
        trading.wait_for(stopped + timedelta(seconds=2), "Exit", "validated")
        doors, pressed = trading.press()
        assert doors == {LOG: True, "redis": True, "resource": False}
        trading.stays_halted(pressed)
    trading.stays_halted(datetime.now(UTC))


def test_with_every_store_stopped_the_command_says_that_nothing_is_halted(trading: Desk) -> None:
    with trading.stopped("redis"), trading.stopped("postgres"), trading.stopped("kafka"):
        said = trading.panda.run("halt", check=False)
    assert said.returncode == 1
    assert "trading is NOT halted for all" in said.stderr
    assert trading.halts() == set()


def test_a_paused_strategy_enters_no_more_until_it_is_unpaused(trading: Desk) -> None:
    assert trading.panda.run("pause", "eager").stdout == "strategy.alphapanda.io/eager paused\n"
    trading.wait_for(datetime.now(UTC), "Exit", "no_position", 2 * INSTRUMENTS)
    found = trading.wait_for(datetime.now(UTC), "Exit", "no_position", INSTRUMENTS)
    assert not [each for each in found if (each.intent, each.code) == ("Enter", "validated")]
    assert trading.panda.run("unpause", "eager").stdout == "strategy.alphapanda.io/eager unpaused\n"
    trading.trades()


def test_a_mistyped_name_is_refused_and_nothing_is_pressed(trading: Desk) -> None:
    said = trading.panda.run("halt", "--strategy", "eagre", check=False)
    assert said.returncode == 2
    assert 'there is no Strategy eagre; did you mean "eager"?' in said.stderr
    assert trading.halts() == set()
