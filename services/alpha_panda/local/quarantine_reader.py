"""The quarantines on the log of a data directory's platform, for the commands that show strategies."""

from __future__ import annotations

import asyncio
from typing import Final

from aiokafka import TopicPartition

from alpha_panda.domain.quarantine import Quarantines, quarantines_among
from alpha_panda.errors import UnavailableError
from alpha_panda.events.envelope import MalformedEventError, decode, decode_header
from alpha_panda.events.topics import CONTROL_QUARANTINE
from alpha_panda.local.layout import Layout
from alpha_panda.local.log_reader import log_consumer, read_records
from alpha_panda.local.run_file import Run, load_run
from alpha_panda.operations.quiet import quiet_kafka

_SECONDS: Final = 3.0
"""Somebody waits for a table that is worth showing without this, too."""


async def read_quarantines(layout: Layout) -> Quarantines:
    """All of them; none where no platform was ever started.

    Raises:
        UnavailableError: the log does not answer.
    """
    if not layout.ports.is_file():
        return {}
    try:
        with quiet_kafka():
            return await asyncio.wait_for(_read(layout), _SECONDS)
    except TimeoutError as error:
        raise UnavailableError(f"the log did not answer within {_SECONDS:g} s", remedy="see `panda status`") from error


async def _read(layout: Layout) -> Quarantines:
    run = load_run(layout) or Run()
    partition = TopicPartition(CONTROL_QUARANTINE.full_name(prefix=run.platform_settings.prefix), 0)
    events = []
    async with log_consumer(layout) as consumer:
        async for record in read_records(consumer, [partition]):
            try:
                events.append(decode(decode_header(record.value)))
            except MalformedEventError:
                continue  # the runner sets it aside
    return quarantines_among(events)
