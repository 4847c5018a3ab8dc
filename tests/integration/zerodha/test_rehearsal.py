"""The example day on paper and at a simulated Zerodha side by side: the same signals, two ledgers, and no leak."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from redis import Redis
from tests.integration.panda_command import ROOT, Panda

from alpha_panda.checker.model import Record
from alpha_panda.events.envelope import decode_header
from alpha_panda.events.signals import SignalRaised
from alpha_panda.events.topics import SIGNALS_RAW
from alpha_panda.local.administrator import database
from alpha_panda.local.layout import Layout
from alpha_panda.local.log_reader import read_log
from alpha_panda.local.ports import HOST, Ports, is_free
from alpha_panda.local.redis import ADMIN
from alpha_panda.local.simulator import PORT, account_of

pytestmark = [pytest.mark.exchange, pytest.mark.timeout(900)]
PAPER, ZERODHA = "papyrus", "kitehouse"
CASH = {PAPER: "51317.19", ZERODHA: "52721.43"}
SPEED = "300"
DAY_SECONDS = 600.0
Texts = dict[str, str]


@dataclass(frozen=True)
class Day:
    """The day once both have traded it; what `panda up` printed is `report`."""

    panda: Panda
    report: dict[str, Any]

    @property
    def layout(self) -> Layout:
        return Layout(self.panda.data_dir)

    def of(self, broker: str) -> dict[str, Any]:
        (found,) = [each for each in self.report["brokers"] if each["broker"] == broker]
        return dict(found)

    @cached_property
    def journal(self) -> list[dict[str, Any]]:
        """Of the simulated exchange."""
        lines = (self.layout.root / "kite-simulator.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    @cached_property
    def records(self) -> tuple[Record, ...]:
        return asyncio.run(read_log(self.layout)).records

    def everything_of(self, broker: str) -> Texts:
        """Whatever is kept in a Broker's name, by where it is kept."""
        return {**self._topics(broker), **self._keys(broker), **asyncio.run(self._tables(broker)), **self._logs(broker)}

    def _topics(self, broker: str) -> Texts:
        found: dict[str, list[str]] = {}
        for each in self.records:
            if each.topic.startswith(f"{broker}."):
                text = f"{each.key!r} {each.value.decode(errors='replace')}"
                found.setdefault(f"topic {each.topic}", []).append(text)
        return {where: "\n".join(texts) for where, texts in found.items()}

    def _keys(self, broker: str) -> Texts:
        password = self.layout.secret("redis-admin")
        with Redis(HOST, Ports(self.layout).known("redis"), username=ADMIN, password=password) as redis:
            return {f"key {key.decode()}": repr(redis.dump(key)) for key in redis.scan_iter(f"{broker}:*", count=1000)}

    async def _tables(self, broker: str) -> Texts:
        async with database(self.layout) as connection:
            names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", broker)
            return {f"table {row['tablename']}": await _rows(connection, broker, row["tablename"]) for row in names}

    def _logs(self, broker: str) -> Texts:
        return {f"log {path.name}": path.read_text() for path in self.layout.logs.glob(f"{broker}.*")}


async def _rows(connection: asyncpg.Connection, schema: str, table: str) -> str:
    rows = await connection.fetch(f'SELECT to_jsonb(t)::text AS row FROM "{schema}"."{table}" AS t')  # noqa: S608 - ours
    return "\n".join(row["row"] for row in rows)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    folder = tmp_path_factory.mktemp("rehearsal")
    panda = Panda(folder / "run")
    words = ("-f", str(_resources(folder)), "--rehearse", str(ROOT / "examples" / "market"), "--speed", SPEED)
    try:
        yield Day(panda, panda.json("up", *words, "--wait", timeout=DAY_SECONDS))
    finally:
        panda.reset()


def _resources(folder: Path) -> Path:
    """The examples, with names and cash that nothing else has."""
    examples, made = ROOT / "examples", folder / "resources"
    made.mkdir()
    paper = (examples / "broker.yaml").read_text()
    zerodha = (examples / "rehearsal" / "broker.yaml").read_text()
    strategies = (examples / "rehearsal" / "strategies.yaml").read_text()
    (made / "paper.yaml").write_text(_put(paper, {"name: paper": f"name: {PAPER}", '"50000"': f'"{CASH[PAPER]}"'}))
    kept = {"name: zerodha": f"name: {ZERODHA}", '"50000"': f'"{CASH[ZERODHA]}"'}
    (made / "zerodha.yaml").write_text(_put(zerodha, kept))
    (made / "strategies.yaml").write_text(_put(strategies, {"[paper, zerodha]": f"[{PAPER}, {ZERODHA}]"}))
    return made


def _put(text: str, changes: dict[str, str]) -> str:
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    return text


def _signals(day: Day, broker: str) -> set[tuple[object, ...]]:
    found = set()
    for each in day.records:
        if each.topic == SIGNALS_RAW.full_name(broker):
            event = decode_header(each.value)
            if event.type == SignalRaised.__name__:
                said = json.loads(each.value)["data"]
                found.add(
                    (event.event_time, *(said[name] for name in ("strategy", "instrument_token", "intent", "side")))
                )
    return found


def test_both_heard_the_same_signals_and_each_has_traded(day: Day) -> None:
    on_paper, at_zerodha = _signals(day, PAPER), _signals(day, ZERODHA)
    assert on_paper == at_zerodha
    assert len(on_paper) > 10
    for broker in (PAPER, ZERODHA):
        assert day.of(broker)["fills"], f"{broker} has not traded"
        assert day.of(broker)["account"]["starting_cash_paise"] == int(CASH[broker].replace(".", ""))
    print({name: (len(day.of(name)["fills"]), day.of(name)["account"]["equity_paise"]) for name in CASH})  # noqa: T201


def test_the_ledger_of_zerodha_is_what_was_traded_at_the_exchange(day: Day) -> None:
    traded = [each for each in day.journal if each["what"] == "traded"]
    fills = day.of(ZERODHA)["fills"]
    assert sum(each["quantity"] for each in traded) == sum(each["quantity"] for each in fills)
    assert len(traded) == len(fills)
    assert "entries may go" in day.panda.run("zerodha", "reconcile").stdout
    verified = day.panda.run("verify", check=False)
    assert verified.returncode == 0, verified.stdout


def test_the_trail_has_every_order_that_the_exchange_took(day: Day) -> None:
    *lines, end = map(json.loads, day.panda.run("zerodha", "export").stdout.splitlines())
    assert (end["kind"], end["lines"]) == ("end", len(lines))
    trail = {(each["tag"], name) for each in lines if each["kind"] == "order" for name in each["parts"]}
    assert trail == {(each["tag"], str(each["order_id"])) for each in day.journal if each["what"] == "accepted"}
    assert {each["kind"] for each in lines} == {"broker", "strategy", "order", "event", "book"}
    rows = day.panda.run("zerodha", "export", "--form", "csv").stdout.splitlines()
    assert len(rows) == 1 + sum(each["kind"] == "order" for each in lines)


def test_orders_were_heard_of_by_postback_too(day: Day) -> None:
    taken = [each for each in day.journal if each["what"] == "postback" and each["status"] == HTTPStatus.OK]
    assert taken


def test_nothing_that_one_account_alone_has_is_anywhere_in_the_other_s(day: Day) -> None:
    accepted = [each for each in day.journal if each["what"] == "accepted"]
    canaries = {
        ZERODHA: {
            ZERODHA,
            account_of(ZERODHA),
            CASH[ZERODHA],
            CASH[ZERODHA].replace(".", ""),
            *(each["tag"] for each in accepted),
            *(str(each["order_id"]) for each in accepted),
        },
        PAPER: {PAPER, CASH[PAPER], CASH[PAPER].replace(".", ""), *_order_ids(day, PAPER)},
    }
    texts = {broker: day.everything_of(broker) for broker in CASH}
    for broker, other in ((PAPER, ZERODHA), (ZERODHA, PAPER)):
        assert {where.partition(" ")[0] for where in texts[broker]} == {"topic", "key", "table", "log"}
        found = {canary: _places(canary, texts[broker]) for canary in canaries[broker]}
        unseen = {canary for canary, places in found.items() if not places} - {CASH[broker]}
        assert not unseen, f"canaries that are nowhere show nothing: {unseen}"
        leaks = {canary: places for canary in canaries[broker] if (places := _places(canary, texts[other]))}
        assert not leaks, f"of {broker}, in {other}'s: {leaks}"
    print({broker: (len(canaries[broker]), sum(map(len, texts[broker].values()))) for broker in CASH})  # noqa: T201


def _order_ids(day: Day, broker: str) -> set[str]:
    async def ids() -> set[str]:
        async with database(day.layout) as connection:
            rows = await connection.fetch(f'SELECT order_id FROM "{broker}".orders')  # noqa: S608 - ours
            return {str(row["order_id"]) for row in rows}

    return asyncio.run(ids())


def _places(canary: str, texts: Texts) -> list[str]:
    """Where it stands by itself: digits amid others are not it."""
    pattern = re.compile(rf"(?<![0-9A-Za-z]){re.escape(canary)}(?![0-9A-Za-z])")
    return [where for where, text in texts.items() if pattern.search(text) or pattern.search(where)]


def test_down_ends_the_simulator_too(day: Day) -> None:
    port = Ports(day.layout).known(PORT)
    assert not is_free(port)
    day.panda.run("down")
    assert is_free(port)
    assert not (day.layout.run / "kite-simulator.json").exists()
