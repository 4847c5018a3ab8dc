"""Reads of the API at a steady rate, beside a market that trades and then of a platform at rest.

Each request is due at its own moment, whether the one before it was answered or not, and its time counts from that
moment: a server that stalls is not asked less. The mix is what a dashboard and a program ask for; every list is full.
"""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from itertools import cycle
from typing import Final

import aiohttp
import httpx

from benchmarks.load import BROKER, broker, on_ticks
from benchmarks.result import Benchmark, Better, Options, Result, Row
from benchmarks.stage import staged
from benchmarks.worker import WorkerError

RATE: Final = 200
SECONDS: Final = 15
_REACH: Final = 20.0
_CONNECTIONS: Final = 64
_ROWS: Final = 50
_PATHS: Final = (
    f"/api/v1/portfolios/{BROKER}",
    f"/api/v1/portfolios/{BROKER}/positions",
    f"/api/v1/portfolios/{BROKER}/orders?limit={_ROWS}",
    f"/api/v1/portfolios/{BROKER}/signals?limit={_ROWS}",
    "/api/v1/portfolios",
    "/api/v1/strategies",
    f"/api/v1/fills?limit={_ROWS}",
)
_FEED: Final = ("--synthetic", "20", "--rate", "50")


async def ask(url: str, token: str) -> list[float]:
    """Milliseconds from when each request was due to when its answer was there, sorted."""
    headers = {"Authorization": f"Bearer {token}"}
    found: list[float] = []
    connections = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with aiohttp.ClientSession(url, headers=headers, connector=connections) as client:

        async def one(path: str, due: float) -> None:
            async with client.get(path) as answer:
                text = await answer.read()
            if answer.status != HTTPStatus.OK:
                raise WorkerError(f"{path} was answered with {answer.status}: {text[:200]!r}")
            found.append((time.perf_counter() - due) * 1000)

        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, path in zip(range(RATE * SECONDS), cycle(_PATHS), strict=False):
                due = begun + number / RATE
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(one(path, due))
    return sorted(found)


def percentile(found: list[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return found[min(len(found) - 1, round(share * len(found)))]


def measure(options: Options) -> Result:
    """Ask beside a market that trades, and once it is paused: not in turn, for a feed that goes on hurries after."""
    found: dict[str, list[list[float]]] = {"busy": [], "idle": []}
    with staged(options.folder, broker(), on_ticks(), feed=_FEED) as stage:
        url, token = stage.api, stage.layout.secret("api-token")
        for kind, paused in (("busy", ()), ("idle", ("market-feed",))):
            with stage.only(*(name for name in stage.pids() if name not in paused)):
                stage.wait(lambda: _answers(url, token), f"the API shows an account and {_ROWS} fills")
                asyncio.run(ask(url, token))  # Kafka's and PostgreSQL's first minute is not told
                for _ in range(options.repetitions):
                    found[kind].append(asyncio.run(ask(url, token)))
                    middle, most = (percentile(found[kind][-1], share) for share in (0.5, 0.99))
                    options.say(f"api {kind}: {middle:.1f} / {most:.1f} ms (median / 99th percentile)")
    return _result(found["busy"], found["idle"])


def _answers(url: str, token: str) -> bool:
    answers = [httpx.get(url + path, headers={"Authorization": f"Bearer {token}"}) for path in _PATHS]
    return all(each.status_code == httpx.codes.OK for each in answers) and len(answers[-1].json()["items"]) == _ROWS


def _result(busy: list[list[float]], idle: list[list[float]]) -> Result:
    return Result(
        rows=tuple(
            Row(
                what=f"reads at {RATE} a second beside a market that trades, {name}",
                unit="ms",
                samples=tuple(percentile(each, share) for each in busy),
                better=Better.LESS,
                floor=tuple(percentile(each, share) for each in idle),
                floor_is="the same while nothing trades",
                reach=reach,
            )
            for name, share, reach in (("p50", 0.5, None), ("p99", 0.99, _REACH))
        ),
        compared=(
            f"{RATE} requests a second for {SECONDS} s, a mix of accounts, positions, orders, signals, fills and "
            "strategies, each counted from when it was due; beside 50 ticks/s of 20 instruments, one of twenty a "
            "signal (the example's day at 600 times its speed has 40), and again with the feed paused. A round before "
            "each kind is thrown away. The client that asks runs on the same two cores."
        ),
    )


BENCHMARK = Benchmark(name="api", title="Reads of the API", run=measure, order=70)
