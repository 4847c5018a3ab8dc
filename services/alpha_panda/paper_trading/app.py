"""Paper trading's composition root: one per Paper Broker."""

from __future__ import annotations

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.topics import BROKER_EPOCHS, CONTROL_BROKERS, CONTROL_TRADING, SIGNALS_VALIDATED, TICKS
from alpha_panda.paper_trading.processor import PaperTradingProcessor
from alpha_panda.runtime.kill_switch import ANSWER_SECONDS, KillSwitch, KillSwitchGate
from alpha_panda.runtime.postgres import make_pool
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.redis import make_redis, require_login
from alpha_panda.runtime.snapshots import PostgresSnapshots
from alpha_panda.runtime.stream import StreamService


async def run(process: Process) -> None:
    """Assemble and run: signals of the epoch before are accepted, then this epoch's ticks are matched."""
    settings = process.settings
    broker = settings.service.require_broker()
    instruments = load_instruments(settings.data.instruments)
    calendar = default_calendar()
    redis = make_redis(settings.redis, seconds=ANSWER_SECONDS, retries=0)
    async with await make_pool(settings.postgres) as pool, redis:
        await require_login(redis, settings.redis)
        await (
            StreamService(process, lambda token: instruments.get(token) is not None)
            .reads(CONTROL_BROKERS)
            .reads(CONTROL_TRADING)
            .reads(SIGNALS_VALIDATED, lag=1)
            .reads(TICKS, phase=1)
            .marks(BROKER_EPOCHS)
            .asks(KillSwitchGate(KillSwitch(redis, settings.platform.prefix)))
            .retraces()
            .keeps(PostgresSnapshots(pool, broker))
            .processes(lambda _: PaperTradingProcessor(broker, instruments, calendar))
            .run()
        )
