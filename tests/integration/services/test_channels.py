"""Each channel tells a real receiver over a socket, through the real library; PostgreSQL is real too.

Discord, Slack and Telegram have fixed hosts: `server` puts the receiver in their place, as it does for people who
run a server of their own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from prometheus_client import CollectorRegistry
from tests.support.receivers import Mailbox, Posts, mailbox, posts
from tests.unit.domain.test_alerts import RULES, halted, resumed
from tests.unit.portfolio.trades import fill

from alpha_panda.domain.alerts import Change, Priority
from alpha_panda.domain.calendar import IST
from alpha_panda.domain.channels import Channel
from alpha_panda.events.signals import Side
from alpha_panda.notifier.addresses import Address, service_of
from alpha_panda.notifier.channel_table import ChannelTable
from alpha_panda.notifier.dispatcher import Counters, Dispatcher
from alpha_panda.notifier.outbox import Outbox
from alpha_panda.notifier.testing import test_of as ask_for_test
from alpha_panda.notifier.testing import wait_for_test
from alpha_panda.notifier.vault import Vault
from alpha_panda.runtime.alert_store import AlertStore

pytestmark = pytest.mark.integration
Pool = asyncpg.Pool
PATIENCE = 120.0
DISCORD = "discord://417429632418316298/JHZ7lQml277CDHmQKMHI8qBe7bk2ZwO5UKjCiOAF7711o33MyqU344Qpgv7YTpadV"
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7"
TELEGRAM = (
    "tgram://123456789:abcdefghijklmnopqrstuvwxyz012345678/4242"  # pragma: allowlist secret - nobody has this bot
)


class Desk:
    """Channels over a pool, and the dispatcher that serves them."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.table = ChannelTable(pool, Vault("of the tests"))
        self.alerts = AlertStore(pool)
        self.counters = Counters(CollectorRegistry())

    async def add(self, name: str, url: str, server: str | None = None, **settings: Any) -> None:  # noqa: ANN401 - a channel's
        channel = Channel(name=name, service=service_of(url), **settings)
        await self.table.keep(channel, Address(url=url, server=server), "ana")

    async def tell(self, *changes: Change) -> None:
        await self.alerts.apply(changes)

    @asynccontextmanager
    async def dispatching(self, most: int = 1000) -> AsyncIterator[Dispatcher]:
        stopping = asyncio.Event()
        dispatcher = Dispatcher(self.table, Outbox(self.pool), self.alerts, self.counters, most)
        running = asyncio.create_task(dispatcher.run(stopping))
        try:
            yield dispatcher
        finally:
            stopping.set()
            await running

    async def states(self, channel: str) -> list[str]:
        sql = "SELECT state FROM platform.deliveries WHERE channel = $1 ORDER BY changed_at"
        return [row["state"] for row in await self.pool.fetch(sql, channel)]


async def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.05)


async def settled(desk: Desk, channel: str, states: set[str]) -> list[str]:
    deadline = time.monotonic() + PATIENCE
    while set(found := await desk.states(channel)) != states:
        assert time.monotonic() < deadline, f"{channel}: {found}"
        await asyncio.sleep(0.05)
    return found


@pytest.fixture
def sink() -> Iterator[Posts]:
    with posts() as kept:
        yield kept


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as kept:
        yield kept


async def test_every_kind_of_channel_tells_of_a_halt_and_of_its_end(pool: Pool, sink: Posts, box: Mailbox):
    desk = Desk(pool)
    await desk.add("mail", box.address())
    await desk.add("discord", DISCORD, sink.url)
    await desk.add("slack", SLACK, sink.url)
    await desk.add("telegram", TELEGRAM, sink.url)
    await desk.add("webhook", sink.url.replace("http", "json") + "/hook")
    names = ("mail", "discord", "slack", "telegram", "webhook")
    async with desk.dispatching():
        for change in (halted(), resumed(5)):
            await desk.tell(*RULES.changes(change, None))
            for name in names:
                await settled(desk, name, {"sent"})
    said = "[CRITICAL] Trading is halted: all"
    assert [said in mail.replace("=\r\n", "") for mail in box.mails] == [True, False]
    assert [body["content"].startswith(said) for body in sink.at("/417429632418316298/")] == [True, False]
    assert [said in str(body) for body in sink.at("/T1JJ3T3L2/")] == [True, False]
    assert [said in body["text"] for body in sink.at("/sendMessage")] == [True, False]
    assert [body["title"] for body in sink.at("/hook")] == [said, "[OVER] Trading is halted: all"]
    kept = await pool.fetch("SELECT address FROM platform.channels")
    assert not any(b"JHZ7" in row["address"] or b"only-for-tests" in row["address"] for row in kept)


async def test_a_restart_sends_nothing_twice(pool: Pool, sink: Posts):
    desk = Desk(pool)
    await desk.add("webhook", sink.url.replace("http", "json"))
    changes = [*RULES.changes(halted(), None), *RULES.changes(fill(Side.BUY, 1, 9_500), "paper")]
    async with desk.dispatching():
        await desk.tell(*changes)
        await settled(desk, "webhook", {"sent"})
    interrupted = RULES.changes(fill(Side.SELL, 1, 9_500, 9), "paper")
    await desk.tell(*interrupted)
    # The notifier ended between its claim and the answer: nobody knows whether this one arrived.
    await pool.execute("UPDATE platform.deliveries SET state = 'sending' WHERE state = 'pending'")
    await Outbox(pool).settle(timedelta())
    async with desk.dispatching():
        await desk.tell(*changes, *interrupted)
        await ask_for_test(pool_connection := await pool.acquire(), "webhook", "ana")
        await pool.release(pool_connection)
        await eventually(lambda: any("a test of channel" in each["title"] for each in sink.at("/")), "the test came")
    titles = [body["title"] for body in sink.at("/")]
    assert len(titles) == 3, titles
    assert sorted(await desk.states("webhook")) == ["sent", "sent", "sent", "unknown"]


async def test_wrong_smtp_credentials_are_told_by_the_other_channels_and_nothing_secret_with_them(
    pool: Pool, sink: Posts, box: Mailbox
):
    desk = Desk(pool)
    await desk.add("mail", box.address("a-wrong-password"))
    await desk.add("webhook", sink.url.replace("http", "json"), floor=Priority.HIGH)
    async with desk.dispatching() as dispatcher, pool.acquire() as connection:
        reason = await wait_for_test(connection, "mail", await ask_for_test(connection, "mail", "ana"), PATIENCE)
        assert reason
        await eventually(lambda: bool(sink.at("/")), "the other channel tells")
        assert dispatcher.told
    [told, *_] = sink.at("/")
    assert told["title"] == "[HIGH] Notifications by mail fail"
    assert box.refused
    assert not box.mails
    for said in (reason, told["message"], *dispatcher.told):
        assert "a-wrong-password" not in said


async def test_a_dead_channel_holds_up_neither_the_others_nor_what_is_kept(pool: Pool, sink: Posts):
    desk = Desk(pool)
    with posts() as dead:
        dead.hangs = True
        await desk.add("dead", dead.url.replace("http", "json"))
        await desk.add("alive", sink.url.replace("http", "json"))
        async with desk.dispatching():
            for second in range(5):
                await desk.tell(*RULES.changes(fill(Side.BUY, 1, 9_500, second), "paper"))
            await settled(desk, "alive", {"sent"})
            assert "sent" not in await desk.states("dead")
    assert len(sink.at("/")) == 5


async def test_in_quiet_hours_only_what_is_critical_is_told_and_the_rest_comes_in_one_message(pool: Pool, sink: Posts):
    desk = Desk(pool)
    now = datetime.now(UTC).astimezone(IST)
    quiet = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    await desk.add("webhook", sink.url.replace("http", "json"), quiet=quiet, per_minute=3)
    async with desk.dispatching():
        for second in range(12):
            await desk.tell(*RULES.changes(fill(Side.BUY, 1, 9_500, second), "paper"))
        await desk.tell(*RULES.changes(halted(), None))
        await eventually(lambda: bool(sink.at("/")), "the halt is told")
    assert [body["title"] for body in sink.at("/")] == ["[CRITICAL] Trading is halted: all"]
    await desk.add("webhook", sink.url.replace("http", "json"), per_minute=3)
    async with desk.dispatching():
        await settled(desk, "webhook", {"sent"})
    assert [body["title"] for body in sink.at("/")][1:] == ["12 alerts"]


async def test_a_disabled_channel_hears_nothing_and_an_enabled_one_hears_on(pool: Pool, sink: Posts):
    desk = Desk(pool)
    await desk.add("webhook", sink.url.replace("http", "json"), enabled=False)
    await desk.tell(*RULES.changes(fill(Side.BUY, 1, 9_500), "paper"))
    assert await desk.states("webhook") == []
    await desk.add("webhook", sink.url.replace("http", "json"))
    async with desk.dispatching():
        await desk.tell(*RULES.changes(fill(Side.SELL, 1, 9_500, 3), "paper"))
        await settled(desk, "webhook", {"sent"})
    assert len(sink.at("/")) == 1


async def test_more_than_may_wait_is_dropped_the_least_urgent_first(pool: Pool, sink: Posts):
    desk = Desk(pool)
    sink.failing = True
    await desk.add("webhook", sink.url.replace("http", "json"))
    for second in range(6):
        await desk.tell(*RULES.changes(fill(Side.BUY, 1, 9_500, second), "paper"))
    await desk.tell(*RULES.changes(halted(), None))
    await Outbox(pool).shed("webhook", 3)
    waiting = await pool.fetch(
        "SELECT a.priority FROM platform.deliveries d JOIN platform.alerts a ON a.id = d.alert_id "
        "WHERE d.state = 'pending'"
    )
    assert sorted(row["priority"] for row in waiting) == ["critical", "normal", "normal"]
