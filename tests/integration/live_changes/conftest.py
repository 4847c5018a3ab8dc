"""Two platforms whose resources change while they trade: a made-up market without end, and a replay."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.panda_command import ROOT, Panda

from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.envelope import Event, decode, decode_header
from alpha_panda.events.signals import Intent
from alpha_panda.events.topics import SIGNALS_RAW, SIGNALS_REJECTED, SIGNALS_VALIDATED
from alpha_panda.local.layout import Layout
from alpha_panda.local.log_reader import read_topic
from alpha_panda.local.platform import Platform

EAGER = ROOT / "tests" / "integration" / "kill_switch"
"""Where the strategy is that enters and exits all the time."""
INSTRUMENTS = tuple(islice(load_instruments(), 10))
"""So many that at any moment some positions are open; a made-up market has the first of the table."""
YESBANK = next(each for each in load_instruments() if each.symbol == "YESBANK")
PATIENCE_SECONDS = 30.0
NEWEST = 400
SILENCE = timedelta(seconds=2)
"""Nothing for so long, where at the pace of the strategies a dozen entries would come, is the end."""


def broker(name: str, **changes: object) -> dict[str, Any]:
    """A Paper Broker with money enough, and room for a position in every instrument."""
    paper = {"startingCash": "100000000", "charges": {"asOf": "2026-04-01"}}
    account = {"maxOpenPositions": len(INSTRUMENTS), "maxIntradayPositions": len(INSTRUMENTS)}
    return _resource("Broker", name, {"type": "Paper", "paper": paper, "account": account, **changes})


def strategy(
    name: str, every: int = 15, listed: tuple[Instrument, ...] = INSTRUMENTS, **changes: object
) -> dict[str, Any]:
    """A Strategy that wants something every so many ticks of each instrument."""
    spec = {
        "strategy": "eager:Eager",
        "params": {"every": every},
        "instruments": [{"exchange": each.exchange, "symbol": each.symbol} for each in listed],
        "timeframes": ["1m"],
        "brokers": ["paper"],
        "sizing": {"method": "FixedRisk", "riskPercent": "0.01"},
        "levels": {"stopLossPercent": "5"},
        **changes,
    }
    return _resource("Strategy", name, spec)


def _resource(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "alphapanda.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


@dataclass(frozen=True)
class Desk:
    """A running platform."""

    panda: Panda

    @property
    def layout(self) -> Layout:
        """Its files."""
        return Layout(self.panda.data_dir)

    def apply(self, *resources: dict[str, Any]) -> datetime:
        """`panda apply -f -`; when it came back."""
        documents = "\n---\n".join(map(_json, resources))
        self.panda.run("apply", "-f", "-", stdin=documents)
        return datetime.now(UTC)

    def delete(self, kind: str, name: str) -> datetime:
        """`panda delete`; when it came back."""
        self.panda.run("delete", kind, name)
        return datetime.now(UTC)

    def events(self, topic: str, since: datetime) -> list[tuple[datetime, Event[Any]]]:
        """The newest events of a topic that were written after `since`, with the time of it, oldest first."""
        records = asyncio.run(read_topic(self.layout, topic, NEWEST, newest=True))
        headers = [(decode_header(each.value), each) for each in records]
        return [(header.timestamp, decode(header)) for header, _ in headers if header.timestamp > since]

    def entries(self, name: str, since: datetime) -> list[datetime]:
        """When the strategy wanted to enter after `since`."""
        return [
            at
            for at, event in self.events(SIGNALS_RAW.full_name("paper"), since)
            if event.data.strategy == name and event.data.intent is Intent.ENTER
        ]

    def first_entry(self, name: str, since: datetime) -> datetime:
        """When the strategy first wanted to enter after `since`, which is waited for."""
        wait_for(lambda: bool(self.entries(name, since)), f"an entry of {name}")
        return self.entries(name, since)[0]

    def last_entry(self, name: str, since: datetime) -> datetime:
        """When the strategy, which is to enter no more, last wanted to after `since`; `since` where it never did."""

        def last() -> datetime:
            return max(self.entries(name, since), default=since)

        wait_for(lambda: datetime.now(UTC) - last() > SILENCE, f"the silence of {name}")
        return last()

    def validated(self, since: datetime) -> set[Intent]:
        """The intents that passed after `since`."""
        return {event.data.signal.intent for _, event in self.events(SIGNALS_VALIDATED.full_name("paper"), since)}

    def holds(self, since: datetime) -> set[int]:
        """The instruments that were entered after `since` and not left again."""
        last = {
            event.data.signal.instrument_token: event.data.signal.intent
            for _, event in self.events(SIGNALS_VALIDATED.full_name("paper"), since)
        }
        return {token for token, intent in last.items() if intent is Intent.ENTER}

    def refused(self, since: datetime, code: str) -> list[tuple[datetime, Event[Any]]]:
        """The refusals with this code after `since`."""
        return [
            (at, event)
            for at, event in self.events(SIGNALS_REJECTED.full_name("paper"), since)
            if event.data.code == code
        ]

    def pids(self) -> dict[str, int | None]:
        """The process of each service."""
        return {each.name: each.pid for each in asyncio.run(Platform(self.layout).services())}

    def epoch(self, service: str) -> int:
        """The last epoch that a service has closed; 0 before its first."""
        services = asyncio.run(Platform(self.layout).services())
        return next((each.epoch or 0 for each in services if each.name == service), 0)

    def api(self, path: str) -> httpx.Response:
        """What the API answers."""
        port = Platform(self.layout).require_running().api_port
        token = self.layout.secret("api-token")
        return httpx.get(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=10)


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Look again until it is so; fails where it never is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:g} s: {what}"
        time.sleep(0.1)


def _json(resource: dict[str, Any]) -> str:
    return json.dumps(resource)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A made-up market with a Broker and no strategy."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "broker.yaml").write_text(_json(broker("paper")))
    panda = Panda(folder / "data", (EAGER,))
    try:
        panda.run(
            "up",
            "-f",
            str(folder / "broker.yaml"),
            "--synthetic",
            str(len(INSTRUMENTS)),
            "--rate",
            str(20 * len(INSTRUMENTS)),
        )
        yield Desk(panda)
    finally:
        panda.run("reset", "-y", check=False)


@pytest.fixture(scope="module")
def replaying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The example day with one Broker, slow enough to change things in its middle."""
    folder: Path = tmp_path_factory.mktemp("replaying")
    resources = folder / "resources"
    resources.mkdir()
    (resources / "broker.yaml").write_text(_json(broker("paper")))
    (resources / "strategy.yaml").write_text(_json(strategy("first", every=8, listed=(YESBANK,))))
    panda = Panda(folder / "data", (EAGER,))
    try:
        panda.run("up", "-f", str(resources), "--replay", str(ROOT / "examples" / "market"), "--speed", "200")
        yield Desk(panda)
    finally:
        panda.run("reset", "-y", check=False)
