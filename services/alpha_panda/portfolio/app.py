"""The portfolio's composition root: one per Broker."""

from __future__ import annotations

from typing import cast

from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.processor import Processor
from alpha_panda.events.topics import BROKER_EPOCHS, CONTROL_BROKERS, ORDERS_FILLED, TICKS
from alpha_panda.portfolio.display import Display
from alpha_panda.portfolio.ledger import LedgerWriter
from alpha_panda.portfolio.processor import PortfolioProcessor
from alpha_panda.portfolio.read_model import ReadModelWriter
from alpha_panda.runtime.loops import run_together
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.runtime.postgres import make_pool
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.redis import make_redis, require_login
from alpha_panda.runtime.snapshots import PostgresSnapshots
from alpha_panda.runtime.stream import StreamService


async def run(process: Process) -> None:
    """Assemble and run: the books are written before the snapshot that no longer holds their entries."""
    settings = process.settings
    broker = settings.service.require_broker()
    instruments = load_instruments(settings.data.instruments)
    async with await make_pool(settings.postgres) as pool, make_redis(settings.redis) as redis:
        await require_login(redis, settings.redis)
        ledger = LedgerWriter(pool, broker)
        display = Display(ReadModelWriter(redis, broker), process.metrics)

        async def keep(processor: Processor, tenure: Tenure) -> None:
            portfolio = cast("PortfolioProcessor", processor)
            await ledger.write(portfolio.pending_ledger(), tenure)
            portfolio.forget_ledger()
            model = portfolio.read_model()
            if model is not None:
                await display.show(model, tenure)

        service = (
            StreamService(process, lambda token: instruments.get(token) is not None)
            .reads(CONTROL_BROKERS)
            .reads(ORDERS_FILLED)
            .reads(TICKS)
            .marks(BROKER_EPOCHS)
            .keeps(PostgresSnapshots(pool, broker))
            .effects(keep)
            .processes(lambda _: PortfolioProcessor(broker))
        )
        await run_together(service.run(), display.keep())
