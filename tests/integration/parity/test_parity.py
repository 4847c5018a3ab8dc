"""`panda parity` finds a backtest equal to the services, where stops and targets are reached inside bars and by gaps.

Of strategies by ticks and by bars, of several instruments, on a real day and on days that are made up.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.integration.panda_command import ROOT, Panda

from alpha_panda.domain.calendar import IST, default_calendar
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.envelope import decode, decode_header
from alpha_panda.events.orders import Leg, OrderFilled
from alpha_panda.events.topics import ORDERS_CANCELLED, ORDERS_FILLED
from alpha_panda.local.layout import Layout
from alpha_panda.local.log_reader import read_topic

pytestmark = [pytest.mark.operations, pytest.mark.timeout(600)]
_HERE = Path(__file__).parent
_MANY = 100_000
_PATIENCE_SECONDS = 400
YESBANK = next(each for each in load_instruments() if each.symbol == "YESBANK")
MADE_UP = tuple(islice((each for each in load_instruments() if each is not YESBANK), 3))
DAYS = (date(2026, 6, 2), date(2026, 6, 3))


def resources(listed: tuple[Instrument, ...]) -> list[dict[str, Any]]:
    """A strategy by ticks on one Broker, and one by bars on another, each in all instruments."""
    named = [{"exchange": each.exchange, "symbol": each.symbol} for each in listed]
    strategies = {
        "ticks": {"strategy": "bracketing:Bracketing"},
        "bars": {
            "strategy": "momentum",
            "params": {"lookback": 3, "entryPercent": 0.3, "exitPercent": 0.0, "allowShort": True},
            "levels": {"stopLossPercent": "0.4", "targetPercent": "0.8"},
        },
    }
    account = {"maxOpenPositions": 9, "maxIntradayPositions": 9, "maxDailyLossPercent": "100", "drawdownPercent": "100"}
    paper = {"startingCash": "1000000", "charges": {"asOf": "2026-04-01"}}
    spec = {"type": "Paper", "account": account, "paper": paper}
    made = [_resource("Broker", name, spec) for name in strategies]
    for name, fields in strategies.items():
        made.append(_resource("Strategy", name, {**fields, "instruments": named, "brokers": [name]}))
    return made


def write_days(path: Path) -> None:
    """Minutes that swing by a percent, with now and then a gap of two, and one that goes both ways by far."""
    rng = Random(7)  # noqa: S311 - a market, not a secret
    lines = ["timestamp,exchange,symbol,open,high,low,close,volume"]
    for each in MADE_UP:
        last = 100_000
        for day in DAYS:
            session = default_calendar().session_of(day)
            assert session is not None
            for minute in range(375):
                start = session.open.astimezone(IST) + timedelta(minutes=minute)
                first = last + (rng.choice((-2_000, 2_000)) if minute % 29 == 11 else 0)
                last = max(first + rng.randint(-600, 600), 50_000)
                reach = 1_500 if minute % 37 == 5 else 200
                prices = (
                    first,
                    max(first, last) + rng.randint(0, reach),
                    min(first, last) - rng.randint(0, reach),
                    last,
                )
                cells = ",".join(f"{5 * (paise // 5) / 100:.2f}" for paise in prices)
                lines.append(f"{start:%Y-%m-%dT%H:%M:%S+05:30},{each.exchange},{each.symbol},{cells},500000")
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(params=["a real day", pytest.param("made-up days", marks=pytest.mark.long)])
def replayed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Panda, Path, tuple[Instrument, ...]]]:
    """A replay at its end, the resources that it began with, and what it traded."""
    panda = Panda(tmp_path / "data", (_HERE,))
    listed, market = (YESBANK,), ROOT / "examples" / "market"
    if request.param == "made-up days":
        listed, market = MADE_UP, tmp_path / "market.csv"
        write_days(market)
    desk = tmp_path / "desk.yaml"
    desk.write_text("\n---\n".join(map(json.dumps, resources(listed))))
    try:
        panda.json("up", "-f", str(desk), "--replay", str(market), "--wait", timeout=_PATIENCE_SECONDS)
        yield panda, desk, listed
    finally:
        panda.run("reset", "-y", check=False)


def test_a_backtest_says_what_the_services_said(replayed: tuple[Panda, Path, tuple[Instrument, ...]]) -> None:
    panda, desk, listed = replayed
    said = panda.json("parity", "-f", str(desk), check=False)
    assert said["differences"][:3] == []
    assert said["agrees"]
    for broker in ("ticks", "bars"):
        fills = [data for data in _data(panda, ORDERS_FILLED.full_name(broker)) if isinstance(data, OrderFilled)]
        assert {each.order.instrument_token for each in fills} == {each.token for each in listed}
        assert {each.order.leg for each in fills} >= {Leg.ENTRY, Leg.STOP, Leg.TARGET, Leg.EXIT}
        ended = {(data.order.leg, data.code) for data in _data(panda, ORDERS_CANCELLED.full_name(broker))}
        assert ended >= {(Leg.STOP, "twin_filled"), (Leg.TARGET, "twin_filled")}


def _data(panda: Panda, topic: str) -> list[Any]:
    records = asyncio.run(read_topic(Layout(panda.data_dir), topic, _MANY, newest=False))
    return [decode(decode_header(record.value)).data for record in records]


def _resource(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "alphapanda.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
