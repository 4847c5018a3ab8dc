"""Zerodha trading's composition root: one per Zerodha Broker, and of one account there is one owner."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from datetime import time as clock
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from alpha_panda.domain.calendar import IST, default_calendar, trading_date
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.fences import Fences
from alpha_panda.events.topics import dead_letter_topic, parse_name
from alpha_panda.runtime.digests import origin_of
from alpha_panda.runtime.errors import FencedError
from alpha_panda.runtime.kafka import make_consumer, make_producer, recovery_reader, retried, start_client
from alpha_panda.runtime.kill_switch import ANSWER_SECONDS, KillSwitch
from alpha_panda.runtime.ownership import Ownership, Tenure
from alpha_panda.runtime.postgres import make_pool
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.publisher import Publisher
from alpha_panda.runtime.redis import make_redis, require_login
from alpha_panda.runtime.settings import ServiceSettings
from alpha_panda.runtime.snapshots import PostgresSnapshots
from alpha_panda.zerodha.session_store import Seal, SessionStore
from alpha_panda.zerodha_trading.account import Account, last_minute
from alpha_panda.zerodha_trading.control import Control
from alpha_panda.zerodha_trading.desk import Desk
from alpha_panda.zerodha_trading.intake import Intake
from alpha_panda.zerodha_trading.ledger import Ledger
from alpha_panda.zerodha_trading.logins import FileLogins, Logins, NoLogins, StoredLogins
from alpha_panda.zerodha_trading.meters import Meters
from alpha_panda.zerodha_trading.postback_door import PostbackDoor
from alpha_panda.zerodha_trading.rates import Caps, Rates
from alpha_panda.zerodha_trading.sender import Sender
from alpha_panda.zerodha_trading.standing import Locks
from alpha_panda.zerodha_trading.store import OrderStore
from alpha_panda.zerodha_trading.updates import Updates
from alpha_panda.zerodha_trading.watcher import Watcher

_CONNECTIONS = 4
_SWITCH_SECONDS = 0.0005
"""How long a thread that reads the exchange's books may hold up the one that sends; Python's own is ten times that."""


async def run(process: Process) -> None:
    """Own the account, recover what is written, then trade until told to stop."""
    settings = process.settings
    sys.setswitchinterval(_SWITCH_SECONDS)
    redis = make_redis(settings.redis, seconds=ANSWER_SECONDS, retries=0)
    async with await make_pool(settings.postgres, size=_CONNECTIONS) as pool, redis:
        await require_login(redis, settings.redis)
        snapshots = PostgresSnapshots(pool, settings.service.require_broker())
        ownership = Ownership(snapshots.owners, settings.service.name)

        def turn() -> bool:
            process.health.turn()
            return not process.stopping.is_set()

        try:
            tenure = await ownership.take(settings.service.tasks[0].name, turn)
            if tenure is not None:
                switch = KillSwitch(redis, settings.platform.prefix)
                await _trade(process, pool, switch, snapshots, tenure, ownership)
                await ownership.release()
        except FencedError:
            await ownership.leave_word()
            raise
        finally:
            await ownership.close()


async def _trade(  # noqa: PLR0913, PLR0917 - what the account is traded with
    process: Process,
    pool: asyncpg.Pool[Any],
    switch: KillSwitch,
    snapshots: PostgresSnapshots,
    tenure: Tenure,
    ownership: Ownership,
) -> None:
    settings, kafka = process.settings, process.settings.kafka
    consumer, producer = make_consumer(kafka, settings.service.group), make_producer(kafka)
    await retried(lambda: start_client(producer, kafka))
    await retried(lambda: start_client(consumer, kafka))
    try:
        account, intake = await _recover(process, pool, producer, switch, snapshots, tenure)
        snapshot = await snapshots.load(tenure.service, tenure.task)
        process.health.notes = await intake.begin(consumer, {} if snapshot is None else snapshot.positions)
        await account.run(consumer, ownership)
    finally:
        await consumer.stop()
        await producer.stop()


async def _recover(  # noqa: PLR0913, PLR0917 - likewise
    process: Process,
    pool: asyncpg.Pool[Any],
    producer: AIOKafkaProducer,
    switch: KillSwitch,
    snapshots: PostgresSnapshots,
    tenure: Tenure,
) -> tuple[Account, Intake]:
    """Claim what is written, load the orders, and put the account together: nothing trades yet."""
    settings, broker = process.settings, process.settings.service.require_broker()
    instruments, calendar = load_instruments(settings.data.instruments), default_calendar()
    publisher = await _publisher(process, producer, snapshots, tenure)
    store = OrderStore(pool, broker, tenure, origin_of(settings, tenure.task))
    now = datetime.now(UTC)
    morning = datetime.combine(trading_date(now), clock(), IST)
    ledger = Ledger(Desk(broker, broker, instruments, calendar, await store.load()), store)
    rates = Rates(Caps(), await store.asked(morning), await store.asked(last_minute(now)), time.monotonic())
    await ledger.step(lambda desk: desk.recover(now))
    control, locks = Control(broker, instruments), Locks()
    meters, points = Meters(process.metrics.registry), process.fail_points
    sender = Sender(ledger, control, locks, rates, switch, tenure, instruments, settings.orders, points, meters)
    watcher = Watcher(ledger, locks, instruments, settings.orders)
    updates = Updates(ledger, watcher, settings.zerodha, meters)
    door = PostbackDoor(settings.zerodha, settings.http.host, watcher.look, lambda: ledger.desk.now, meters)
    intake = Intake(process, publisher, instruments)
    logins = _logins(settings, pool, broker)
    account = Account(
        process,
        ledger,
        control,
        locks,
        rates,
        sender,
        watcher,
        updates,
        door,
        intake,
        publisher,
        snapshots,
        tenure,
        logins,
    )
    return account, intake


def _logins(settings: ServiceSettings, pool: asyncpg.Pool[Any], broker: str) -> Logins:
    """Where this account's login is kept: in a file where one is named, else sealed in the Broker's schema."""
    if settings.orders.login is not None:
        return FileLogins(settings.orders.login)
    key = settings.zerodha.session_key
    return NoLogins() if key is None else StoredLogins(SessionStore(pool, broker, Seal(key.get_secret_value())))


async def _publisher(
    process: Process, producer: AIOKafkaProducer, snapshots: PostgresSnapshots, tenure: Tenure
) -> Publisher:
    """What this task has written in former lives is claimed and read back, so that nothing is written twice."""
    settings = process.settings
    prefix, group = settings.platform.prefix, settings.service.group
    snapshot = await snapshots.load(tenure.service, tenure.task)
    publisher = Publisher(
        producer,
        process.metrics,
        origin_of(settings, tenure.task),
        group,
        prefix,
        settings.platform.partitions,
        fail_points=process.fail_points,
        tenure=tenure,
    )
    publisher.fences = Fences(snapshot.fences if snapshot is not None else None)
    topics = {
        name: ((0,) if parse_name(name, prefix)[0].single else tuple(range(settings.platform.partitions)))
        for name in settings.service.writes
    }
    letters = Intake(process, publisher, load_instruments(settings.data.instruments)).names
    for name in letters:
        topics[dead_letter_topic(name, settings.service.broker, prefix)] = (0,)
    async with recovery_reader(settings.kafka) as reader:
        await publisher.take_over(reader, topics, {} if snapshot is None else snapshot.outputs)
    return publisher
