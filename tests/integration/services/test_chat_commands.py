"""Commands from Telegram over a real socket: chats on the list are answered, others are counted and told of."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from tests.integration.services.test_channels import TELEGRAM, eventually
from tests.support.receivers import Posts, posts
from tests.unit.cli.fake_doors import FakeDoor

from alpha_panda.domain.audit import Deed
from alpha_panda.domain.channels import Channel
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.control import HaltScope
from alpha_panda.notifier.addresses import Address
from alpha_panda.notifier.channel_table import ChannelTable
from alpha_panda.notifier.chat_desk import ChatDesk
from alpha_panda.notifier.telegram import Telegram
from alpha_panda.notifier.vault import Vault
from alpha_panda.runtime.alert_pages import Wanted, list_alerts
from alpha_panda.runtime.alert_store import AlertStore

pytestmark = pytest.mark.integration
ANA, STRANGER = 4242, 666


class Deeds:
    """An audit log in memory."""

    def __init__(self) -> None:
        self.done: list[Deed] = []

    def keep(self, *deeds: Deed) -> None:
        self.done += deeds

    def record(self, *deeds: Deed) -> str | None:
        self.done += deeds
        return None


@pytest.fixture
def chats() -> Iterator[Posts]:
    with posts() as kept:
        yield kept


@asynccontextmanager
async def listening(  # noqa: PLR0913, PLR0917 - what a chat meets
    pool: asyncpg.Pool, redis: Redis, chats: Posts, deeds: Deeds, doors: Sequence[FakeDoor], live: Sequence[str] = ()
) -> AsyncIterator[CollectorRegistry]:
    table, alerts, registry = ChannelTable(pool, Vault("of the tests")), AlertStore(pool), CollectorRegistry()
    channel = Channel(name="phone", service="telegram", commands=True)
    await table.keep(channel, Address(url=TELEGRAM, server=chats.url), "ana")

    async def live_brokers() -> Sequence[str]:
        return live

    desk = ChatDesk(
        doors=doors,
        audit=deeds,
        alerts=alerts,
        pool=pool,
        redis=redis,
        brokers=("paper",),
        live=live_brokers,
        instruments=load_instruments(),
    )
    stopping = asyncio.Event()
    running = asyncio.create_task(Telegram(table, desk, alerts, pool, registry).run(stopping))
    try:
        yield registry
    finally:
        stopping.set()
        await running


def answers(chats: Posts) -> list[str]:
    return [body["text"] for body in chats.at("/sendMessage")]


async def test_a_halt_is_pressed_at_once_and_a_resume_asks_first(pool: asyncpg.Pool, redis: Redis, chats: Posts):
    door, deeds, now = FakeDoor("log"), Deeds(), int(time.time())
    async with listening(pool, redis, chats, deeds, [door]):
        chats.write(1, ANA, "/halt", now - 9_999)  # what is old is halted for, too
        await eventually(lambda: len(answers(chats)) == 1, "the halt is answered")
        assert answers(chats)[0].startswith("HALTED all")
        [standing] = await door.read()
        assert (standing.scope, standing.actor) == (HaltScope.ALL, f"telegram:{ANA}/trader")
        chats.write(2, ANA, "/resume", now)
        await eventually(lambda: len(answers(chats)) == 2, "the resume asks")
        assert await door.read()
        chats.write(3, ANA, answers(chats)[1].rpartition(": ")[2], now)
        await eventually(lambda: len(answers(chats)) == 3, "the confirmation is answered")
        assert answers(chats)[2].startswith("resumed: all")
        assert not await door.read()
    assert [deed.action.value for deed in deeds.done] == ["halt", "halt", "resume", "resume"]


async def test_a_stranger_is_not_answered_and_told_of_and_nothing_is_done_twice(
    pool: asyncpg.Pool, redis: Redis, chats: Posts
):
    door, deeds, now = FakeDoor("log"), Deeds(), int(time.time())
    chats.write(1, STRANGER, "/halt", now)
    chats.write(2, ANA, "/status", now)
    async with listening(pool, redis, chats, deeds, [door]) as registry:
        await eventually(lambda: len(answers(chats)) == 1, "the status is answered")
        labels = {"channel": "phone", "outcome": "foreign"}
        assert registry.get_sample_value("panda_chat_commands_total", labels) == 1
    async with listening(pool, redis, chats, deeds, [door]):
        chats.write(3, ANA, "/locks", now)
        await eventually(lambda: len(answers(chats)) == 2, "the locks are answered")
    assert not await door.read()
    assert not deeds.done
    assert {body["chat_id"] for body in chats.at("/sendMessage")} == {ANA}
    [listed], _ = await list_alerts(pool, Wanted(kind="command"), 5)
    assert "not on the list" in listed.alert.title


async def test_what_holds_back_real_money_is_not_resumed_by_chat(pool: asyncpg.Pool, redis: Redis, chats: Posts):
    door, now = FakeDoor("log"), int(time.time())
    async with listening(pool, redis, chats, Deeds(), [door], live=["zerodha"]):
        chats.write(1, ANA, "/halt", now)
        chats.write(2, ANA, "/resume", now)
        chats.write(3, ANA, "/resume broker paper", now - 9_999)
        await eventually(lambda: len(answers(chats)) == 3, "all are answered")
    assert "two people" in answers(chats)[1]
    assert "too long ago" in answers(chats)[2]
    assert await door.read()
