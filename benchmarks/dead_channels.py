"""What channels that hang cost a fill: ticks to fills without them, and beside a mail server and a hook that hang."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alpha_panda.events.envelope import Envelope, decode_header
from alpha_panda.events.topics import ORDERS_FILLED
from benchmarks.clients import Access, consumer
from benchmarks.feeder import FeedOrder
from benchmarks.flow import TICKS_TOPIC, drained, name_of, workers
from benchmarks.latency import RATE, point
from benchmarks.load import broker, on_ticks
from benchmarks.result import Benchmark, Better, Options, Result, Row
from benchmarks.stage import PAPER, Stage, run_panda, staged
from benchmarks.worker import Worker, WorkerError

SECONDS: Final = 20
_FILLS: Final = name_of(ORDERS_FILLED)
_BUNDLE: Final = 10
_MOST_MORE: Final = 1.1
_PERCENT: Final = {"median": 50, "99th percentile": 99}
_ADDRESSES: Final = {
    "mail": "mailto://127.0.0.1:{port}/?smtp=127.0.0.1&mode=insecure&from=a@example.org&to=b@example.org",
    "webhook": "json://127.0.0.1:{port}/",
}


class Silence:
    """A server that takes connections and never says a word."""

    def __init__(self) -> None:
        """On a free port."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.taken: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def close(self) -> None:
        """Hang up."""
        self._listening.close()
        for each in self.taken:
            each.close()

    def _take(self) -> None:
        while True:
            try:
                self.taken.append(self._listening.accept()[0])
            except OSError:
                return


def measure(options: Options) -> Result:
    """Feed at the same pace without and with them, in turn."""
    alone, beside = list[list[float]](), list[list[float]]()
    reached = 0
    with staged(options.folder, broker(), on_ticks()) as stage:
        for turn in range(options.repetitions):
            alone.append(_fill_times(stage, 2 * turn))
            with _dead(stage, options.folder) as silent:
                beside.append(_fill_times(stage, 2 * turn + 1))
                if not all(each.taken for each in silent):
                    raise WorkerError("a channel was never told of a fill, so it held up nothing")
                reached += sum(len(each.taken) for each in silent)
            told = f"{point(alone[-1], 99):.2f} ms without, {point(beside[-1], 99):.2f} beside"
            options.say(f"dead channels {turn + 1}: p99 {told}")
    facts = {"fills followed": str(sum(map(len, beside))), "tries to tell a channel that hung": str(reached)}
    return _result(alone, beside, facts)


@contextmanager
def _dead(stage: Stage, folder: Path) -> Iterator[list[Silence]]:
    """Channels that take a message and never say that they have, for the length of the block."""
    silent = {name: Silence() for name in _ADDRESSES}
    try:
        for name, server in silent.items():
            file = folder / f"{name}.url"
            file.write_text(_ADDRESSES[name].format(port=server.port))
            run_panda(stage.layout.root, "notify", "add", name, "--url-from", str(file))
        yield list(silent.values())
        for name in silent:
            run_panda(stage.layout.root, "notify", "remove", name)
    finally:
        for server in silent.values():
            server.close()


def _fill_times(stage: Stage, turn: int) -> list[float]:
    """Milliseconds from the writing of each tick that filled an order to the writing of the fill."""
    count = RATE * SECONDS
    starts = stage.ends((TICKS_TOPIC, _FILLS))
    order = FeedOrder(access=stage.access, count=count, skip=turn * count, rate=RATE, bundle=_BUNDLE)
    with workers(Worker("benchmarks.feeder", order)) as (feeder,):
        feeder.go()
        feeder.result()
    stage.wait(lambda: drained(stage, (PAPER,)), "paper trading has read everything")
    ends = stage.ends(starts)
    ticks, fills = (asyncio.run(_read(stage.access, topic, starts[topic], ends[topic])) for topic in starts)
    written = {each.id: each.timestamp.timestamp() for each in ticks}
    found = [
        (each.timestamp.timestamp() - written[each.causation_id]) * 1000
        for each in fills
        if each.causation_id in written
    ]
    if len(found) < SECONDS:
        raise WorkerError(f"{len(found)} of {len(fills)} fills were followed to their tick")
    return found


async def _read(access: Access, topic: str, start: int, end: int) -> list[Envelope]:
    reader = await consumer(access, {topic: start})
    found: list[Envelope] = []
    while len(found) < end - start:
        for records in (await reader.getmany(timeout_ms=1000)).values():
            found += [decode_header(each.value) for each in records]
    await reader.stop()
    return found


def _result(alone: list[list[float]], beside: list[list[float]], facts: dict[str, str]) -> Result:
    return Result(
        rows=tuple(
            Row(
                what=f"tick → fill at {RATE:,} ticks/s beside a mail server and a webhook that hang, {name}",
                unit="ms",
                samples=tuple(point(each, percent) for each in beside),
                floor=tuple(point(each, percent) for each in alone),
                floor_is="the same without channels",
                better=Better.LESS,
                reach_ratio=_MOST_MORE,
            )
            for name, percent in _PERCENT.items()
        ),
        compared=(
            f"{RATE:,} ticks a second for {SECONDS} s become orders and fills; each fill is an alert that the notifier "
            "is to tell on two channels, whose servers take the connection and never answer. The time is from the "
            "writing of the tick that filled the order to the writing of the fill."
        ),
        facts=facts,
    )


BENCHMARK = Benchmark(name="dead-channels", title="Channels that hang", run=measure, order=72)
