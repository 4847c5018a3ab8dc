"""The market feed's composition root."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import AsyncExitStack

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.errors import InputError
from alpha_panda.events.envelope import Origin
from alpha_panda.events.topics import CONTROL_AND_FINDINGS, TICKS, dead_letter_topic, parse_name
from alpha_panda.market_feed.feed import Feed, MarkerWatch
from alpha_panda.market_feed.sources.port import EpochSource, LiveSource, PacedSource, Source
from alpha_panda.market_feed.sources.select import select_source
from alpha_panda.runtime.control_reader import ControlReader
from alpha_panda.runtime.kafka import make_consumer, make_producer, recovery_reader, retried, start_client
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.publisher import Publisher

_TICKS_AT_ONCE_SECONDS = 0.01


async def run(process: Process) -> None:
    """Assemble and run until the replay has ended and the process is told to stop."""
    settings = process.settings
    calendar = default_calendar()
    table = load_instruments(settings.data.instruments)
    edges = AsyncExitStack()
    source: Source
    if settings.feed.source == "kite":  # house: broker: where data comes from; what trades on it is elsewhere
        from alpha_panda.market_feed.sources.kite.edges import kite_source  # noqa: PLC0415 # house: broker: likewise

        source = await edges.enter_async_context(kite_source(settings, table))  # house: broker: likewise
    elif settings.feed.source == "yahoo":
        from alpha_panda.market_feed.sources.yahoo.source import YahooSource  # noqa: PLC0415 - few feeds load pandas
        from alpha_panda.yahoo.client import YahooClient  # noqa: PLC0415 - likewise

        source = YahooSource(settings.yahoo, YahooClient(settings.yahoo), table, calendar)
    else:
        source = select_source(settings.feed, table, calendar)
    producer = make_producer(settings.kafka)
    watcher = make_consumer(settings.kafka)
    control = ControlReader(settings, CONTROL_AND_FINDINGS)
    for client in (producer, watcher):
        await retried(lambda client=client: start_client(client, settings.kafka))  # type: ignore[misc]
    try:
        publisher = Publisher(
            producer,
            process.metrics,
            Origin(source=settings.service.name),
            settings.service.group,
            settings.platform.prefix,
            settings.platform.partitions,
            fail_points=process.fail_points,
        )
        task = settings.service.tasks[0]
        feed = Feed(process, publisher, control, task.name)
        prefix = settings.platform.prefix
        own = {
            name: ((0,) if parse_name(name, prefix)[0].single else task.partitions) for name in settings.service.writes
        }
        own[dead_letter_topic(TICKS.full_name(prefix=prefix))] = (0,)
        async with recovery_reader(settings.kafka) as reader:
            last = await feed.recover(reader, own)
        process.health.ready = True
        if isinstance(source, EpochSource):
            process.watch.watch_market(None)
            speed = None if settings.feed.speed == "max" else float(settings.feed.speed)
            await feed.replay(source, last, speed, MarkerWatch(watcher, prefix))
            await feed.rest()
        elif isinstance(source, PacedSource):
            process.watch.watch_market(calendar, names={each.token: each.name for each in source.instruments})
            await feed.stream(_bundles(source, settings.feed.rate), settings.feed.rate)
        elif isinstance(source, LiveSource):
            process.watch.watch_market(calendar, live=True, silence=source.silence_seconds)
            await feed.live(source)
        else:
            raise InputError(f"feed source {settings.feed.source!r} offers neither epochs nor ticks")
    finally:
        await control.stop()
        await edges.aclose()
        for client in (watcher, producer):
            await client.stop()


def _bundles(source: PacedSource, rate: int) -> Iterator[tuple[AnyEvent, ...]]:
    """Ticks that go out together: those of ten milliseconds, one at least."""
    size = max(1, int(rate * _TICKS_AT_ONCE_SECONDS))
    ticks = source.ticks()
    while bundle := tuple(itertools.islice(ticks, size)):
        yield bundle
