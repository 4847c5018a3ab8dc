"""The risk manager's composition root: one per Broker."""

from __future__ import annotations

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.topics import (
    BROKER_EPOCHS,
    CONTROL,
    ORDER_EVENTS,
    SIGNALS_RAW,
    TICKS,
)
from alpha_panda.risk_manager.processor import RiskManagerProcessor
from alpha_panda.risk_manager.standing import StandingWriter
from alpha_panda.runtime.kill_switch import ANSWER_SECONDS, KillSwitch, KillSwitchGate
from alpha_panda.runtime.postgres import make_pool
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.redis import make_redis, require_login
from alpha_panda.runtime.snapshots import PostgresSnapshots
from alpha_panda.runtime.stream import StreamService


async def run(process: Process) -> None:
    """Assemble and run: fills and marks of an epoch are known before its signals are decided."""
    settings = process.settings
    broker = settings.service.require_broker()
    instruments = load_instruments(settings.data.instruments)
    calendar = default_calendar()
    live = settings.run.pacing == "arrival"
    redis = make_redis(settings.redis, seconds=ANSWER_SECONDS, retries=0)
    async with await make_pool(settings.postgres) as pool, redis:
        await require_login(redis, settings.redis)
        service = StreamService(process, lambda token: instruments.get(token) is not None)
        for topic in (*CONTROL, *ORDER_EVENTS, TICKS):
            service.reads(topic)
        await (
            service.reads(SIGNALS_RAW, phase=1)
            .marks(BROKER_EPOCHS)
            .asks(KillSwitchGate(KillSwitch(redis, settings.platform.prefix)))
            .keeps(PostgresSnapshots(pool, broker))
            .shows(StandingWriter(pool, broker).show)
            .processes(lambda _: RiskManagerProcessor(broker, instruments, calendar, live=live))
            .run()
        )
