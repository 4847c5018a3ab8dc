"""The bar builder's composition root."""

from __future__ import annotations

from alpha_panda.bar_builder.processor import BarBuilderProcessor
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.topics import MARKET_EPOCHS, TICKS
from alpha_panda.runtime.postgres import make_pool
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.snapshots import PostgresSnapshots
from alpha_panda.runtime.stream import StreamService


async def run(process: Process) -> None:
    """Assemble and run."""
    settings = process.settings
    instruments = load_instruments(settings.data.instruments)
    calendar = default_calendar()
    if settings.run.pacing == "arrival":
        process.watch.watch_market(calendar)
    async with await make_pool(settings.postgres) as pool:
        await (
            StreamService(process, lambda token: instruments.get(token) is not None)
            .reads(TICKS, in_sequence=False)
            .marks(MARKET_EPOCHS)
            .keeps(PostgresSnapshots(pool, "market"))
            .processes(lambda _: BarBuilderProcessor(calendar))
            .run()
        )
