"""The notifier's composition root: the log to alerts, the look-out to alerts, alerts to channels; each by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import asyncpg
import httpx

from alpha_panda.domain.alert_rules import AlertRules
from alpha_panda.domain.alerts import Change
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.errors import PandaError
from alpha_panda.events.topics import parse_name
from alpha_panda.notifier.channel_table import ChannelTable
from alpha_panda.notifier.chat_desk import ChatDesk
from alpha_panda.notifier.declared import declare
from alpha_panda.notifier.dispatcher import Counters, Dispatcher
from alpha_panda.notifier.lookout import Lookout, breakers, findings, letters, processes
from alpha_panda.notifier.outbox import Outbox
from alpha_panda.notifier.people import audit_log, find_doors, live_brokers
from alpha_panda.notifier.telegram import Telegram
from alpha_panda.notifier.vault import Vault
from alpha_panda.runtime.alert_store import AlertStore
from alpha_panda.runtime.claims import PostgresClaims
from alpha_panda.runtime.kafka import make_consumer, retried, start_client
from alpha_panda.runtime.loops import run_together
from alpha_panda.runtime.postgres import make_pool
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.redis import make_redis
from alpha_panda.runtime.settings import ServiceSettings
from alpha_panda.runtime.sink import SinkService
from alpha_panda.topology.graph import MARKET_SCHEMA

_POOL: Final = 6
_NOTE_SECONDS: Final = 1.0
_PRUNE_SECONDS: Final = 3600.0


async def run(process: Process) -> None:
    """Assemble and run."""
    settings = process.settings
    async with await make_pool(settings.postgres, size=_POOL) as pool, AsyncExitStack() as opened:
        alerts, table = AlertStore(pool), ChannelTable(pool, _vault(settings))
        await retried(lambda: declare(table, _declared(settings)))
        counters = Counters(process.metrics.registry)
        dispatcher = Dispatcher(table, Outbox(pool), alerts, counters, settings.notifier.queue)
        lookout = await _lookout(settings, pool, alerts, opened)
        redis = await opened.enter_async_context(make_redis(settings.redis))
        desk = ChatDesk(
            doors=find_doors(settings, pool),
            audit=audit_log(settings),
            alerts=alerts,
            pool=pool,
            redis=redis,
            brokers=_brokers(settings),
            live=lambda: live_brokers(settings),
            instruments=load_instruments(settings.data.instruments),
        )
        telegram = Telegram(table, desk, alerts, pool, process.metrics.registry)
        await run_together(
            _sink(process, pool, alerts).run(),
            dispatcher.run(process.stopping),
            lookout.run(process.stopping),
            _tend(process, dispatcher, alerts),
            telegram.run(process.stopping),
        )


def _sink(process: Process, pool: asyncpg.Pool[Any], alerts: AlertStore) -> SinkService[Change]:
    rules = AlertRules(load_instruments(process.settings.data.instruments))

    def changes(event: AnyEvent, broker: str | None) -> Sequence[Change]:
        return rules.changes(event, broker)

    async def keep(found: Sequence[Change]) -> None:
        await alerts.apply(found)

    return SinkService(process, changes, keep, PostgresClaims(pool, MARKET_SCHEMA))


async def _lookout(
    settings: ServiceSettings, pool: asyncpg.Pool[Any], alerts: AlertStore, opened: AsyncExitStack
) -> Lookout:
    brokers = _brokers(settings)
    client = await opened.enter_async_context(httpx.AsyncClient(trust_env=False))
    consumer = make_consumer(settings.kafka)
    await retried(lambda: start_client(consumer, settings.kafka))
    opened.push_async_callback(consumer.stop)
    status = settings.operations.status
    looks = {
        "breaker:": breakers(pool, lambda: brokers),
        "process:": processes(status),
        "finding:": findings(status, client),
    }
    return Lookout(alerts, looks, letters(consumer), settings.notifier.look_seconds)


def _brokers(settings: ServiceSettings) -> list[str]:
    found = {parse_name(name, settings.platform.prefix)[1] for name in settings.service.reads}
    return sorted(broker for broker in found if broker is not None)


def _vault(settings: ServiceSettings) -> Vault:
    password = settings.postgres.password
    if password is None:
        raise PandaError(
            "the notifier keeps addresses of channels with a key made from its own password, and has none",
            remedy="set postgres.password",
        )
    return Vault(password.get_secret_value())


def _declared(settings: ServiceSettings) -> str | None:
    channels = settings.notifier.channels
    return None if channels is None else channels.get_secret_value()


async def _tend(process: Process, dispatcher: Dispatcher, alerts: AlertStore) -> None:
    """Show failing channels in the status, and forget old alerts."""
    loop = asyncio.get_running_loop()
    pruned, told = loop.time(), list[str]()
    while not process.stopping.is_set():
        others = [note for note in process.health.notes if note not in told]
        told = dispatcher.told
        process.health.notes = [*others, *told]
        if loop.time() - pruned >= _PRUNE_SECONDS:
            pruned = loop.time()
            await retried(lambda: alerts.prune(process.settings.notifier.keep_days))
        await asyncio.sleep(_NOTE_SECONDS)
