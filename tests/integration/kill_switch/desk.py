"""A platform that trades all the time, as tests of the kill switch see and press it."""

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
from http import HTTPStatus
from itertools import islice
from pathlib import Path

import httpx
from tests.integration.panda_command import Panda

from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.control import TradingResumed
from alpha_panda.events.envelope import decode, decode_header
from alpha_panda.events.signals import SignalValidated
from alpha_panda.events.topics import CONTROL_TRADING, SIGNALS_REJECTED, SIGNALS_VALIDATED
from alpha_panda.local.halt_doors import find_doors
from alpha_panda.local.layout import Layout
from alpha_panda.local.log_reader import read_topic
from alpha_panda.local.ports import HOST
from alpha_panda.local.status_file import load_status
from alpha_panda.operations.halting import Standings, read_halts, release

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
    def stopped(self, store: str, *, connected: bool = False) -> Iterator[None]:
        """The store's process is stopped meanwhile: it neither answers nor refuses.

        PostgreSQL has one for each connection; with `connected` those that serve are stopped too.
        """
        pid = json.loads((self.layout.run / f"{store}.json").read_text())["pid"]
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if connected else []
        every = [pid, *map(int, children)]
        for each in every:
            os.kill(each, signal.SIGSTOP)
        try:
            yield
        finally:
            for each in every:
                os.kill(each, signal.SIGCONT)

    @contextmanager
    def people(self) -> Iterator[tuple[httpx.Client, httpx.Client]]:
        """Somebody who is signed in with a program, and with a browser whose page is open."""
        status = load_status(self.layout)
        assert status is not None
        url = f"http://{HOST}:{status.api_port}"
        user = {"name": "ana", "password": "correct horse battery staple"}
        machine = {"Authorization": f"Bearer {self.layout.secret('api-token')}"}
        with httpx.Client(base_url=url, timeout=60) as program, httpx.Client(base_url=url, timeout=60) as page:
            program.post("/api/v1/users", json={**user, "role": "trader"}, headers=machine).raise_for_status()
            granted = program.post("/api/v1/auth/login", json=user).raise_for_status().json()
            program.headers["Authorization"] = f"Bearer {granted['access_token']}"
            page.headers.update({"Origin": url, "Sec-Fetch-Site": "same-origin"})
            page.post("/api/v1/auth/login", json={**user, "browser": True}).raise_for_status()
            assert page.get("/api/v1/auth/me").status_code == HTTPStatus.OK
            yield program, page

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
