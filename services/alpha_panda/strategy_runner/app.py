"""The strategy runner's composition root."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import structlog

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import InstrumentTable, load_instruments
from alpha_panda.domain.processor import Processor
from alpha_panda.events.topics import (
    BARS,
    BROKER_EPOCHS,
    CONTROL_BROKERS,
    CONTROL_QUARANTINE,
    CONTROL_STRATEGIES,
    TICKS,
)
from alpha_panda.runtime.ownership import Tenure
from alpha_panda.runtime.postgres import make_pool
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.settings import TaskSettings
from alpha_panda.runtime.snapshots import PostgresSnapshots
from alpha_panda.runtime.stream import StreamService
from alpha_panda.runtime.wiring import Effects
from alpha_panda.strategy_runner.looking_back import LookingBack
from alpha_panda.strategy_runner.processor import StrategyRunnerProcessor
from alpha_panda.strategy_runner.roster import Share
from alpha_panda.strategy_runner.warden import Warden
from alpha_panda.strategy_runner.watching import watched


async def run(process: Process) -> None:
    """Assemble and run."""
    settings = process.settings
    instruments = load_instruments(settings.data.instruments)
    calendar = default_calendar()

    log = structlog.get_logger()
    wardens: dict[str, Warden] = {}

    def make(task: TaskSettings) -> Processor:
        share = Share(partitions=frozenset(task.partitions), count=settings.platform.partitions)
        return StrategyRunnerProcessor(instruments, calendar, share, settings.service.strategy, wardens[task.name])

    async def tell(processor: Processor, _: Tenure) -> None:
        for notice in cast("StrategyRunnerProcessor", processor).drain_notices():
            log.warning(
                notice.kind,
                strategy=notice.strategy,
                instrument_token=notice.instrument_token,
                reason=notice.message,
                evidence=notice.evidence,
            )

    with watched(settings.budget, settings.service.name) as new_warden:
        wardens |= {task.name: new_warden() for task in settings.service.tasks}
        await _serve(process, make, tell, instruments)


async def _serve(
    process: Process, make: Callable[[TaskSettings], Processor], tell: Effects, instruments: InstrumentTable
) -> None:
    async with await make_pool(process.settings.postgres) as pool:
        await (
            StreamService(process, lambda token: instruments.get(token) is not None)
            .reads(CONTROL_BROKERS)
            .reads(CONTROL_STRATEGIES)
            .reads(CONTROL_QUARANTINE)
            .reads(TICKS)
            .reads(BARS)
            .marks(BROKER_EPOCHS, brokers=lambda processor: cast("StrategyRunnerProcessor", processor).brokers)
            .retraces(LookingBack(pool, default_calendar()).prepare)
            .keeps(PostgresSnapshots(pool, "market"))
            .shows(tell)
            .processes(make)
            .run()
        )
