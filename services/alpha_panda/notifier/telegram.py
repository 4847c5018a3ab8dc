"""Commands from Telegram: asks each bot for what was written to it, and answers chats that are on its list alone.

The list is the chats of the channel's address. What another chat writes is neither answered nor read further; it is
counted, and told as an alert once a day. A command is done once: how far a bot was read is in PostgreSQL.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import httpx
import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter

from alpha_panda.domain.alerts import Kind, Priority, Raised
from alpha_panda.errors import InputError, PandaError
from alpha_panda.notifier.addresses import Address, hidden, open_address
from alpha_panda.notifier.channel_table import ChannelTable, Kept
from alpha_panda.notifier.chat_desk import ChatDesk
from alpha_panda.notifier.commands import Confirmations, Request, read_command
from alpha_panda.runtime.alert_store import AlertStore
from alpha_panda.runtime.errors import TransientError
from alpha_panda.runtime.store_errors import postgres_errors

_WAIT_SECONDS: Final = 25
_PAUSE_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 1.0
_STALE_SECONDS: Final = 300
"""An older message is not done, but for a halt: whoever wrote it may have thought otherwise since."""
_LONGEST: Final = 3500
_OFFSET: Final = "SELECT next_update FROM platform.command_offsets WHERE channel = $1"
_KEEP_OFFSET: Final = """
INSERT INTO platform.command_offsets (channel, next_update) VALUES ($1, $2)
ON CONFLICT (channel) DO UPDATE SET next_update = GREATEST(command_offsets.next_update, EXCLUDED.next_update)
"""


class _Chat(msgspec.Struct, frozen=True):
    id: int


class _From(msgspec.Struct, frozen=True):
    id: int = 0
    username: str = ""


class _Message(msgspec.Struct, frozen=True):
    chat: _Chat
    date: int = 0
    text: str = ""
    sender: _From = msgspec.field(default=_From(), name="from")


class _Update(msgspec.Struct, frozen=True):
    update_id: int
    message: _Message | None = None


class _Answer(msgspec.Struct, frozen=True):
    ok: bool
    result: tuple[_Update, ...] = ()
    description: str = ""


class Telegram:
    """All bots that take commands."""

    def __init__(
        self,
        table: ChannelTable,
        desk: ChatDesk,
        alerts: AlertStore,
        pool: asyncpg.Pool[Any],
        registry: CollectorRegistry,
    ) -> None:
        """Counts what comes in `registry`."""
        self._table = table
        self._desk = desk
        self._alerts = alerts
        self._pool = pool
        self._counter = Counter(
            "panda_chat_commands", "Commands by channel and outcome", ["channel", "outcome"], registry=registry
        )
        self._bots: dict[str, tuple[Kept, asyncio.Task[None]]] = {}
        self._log = structlog.get_logger()

    async def run(self, stopping: asyncio.Event) -> None:
        """Follow the table of channels and keep a bot for each that takes commands."""
        try:
            while not stopping.is_set():
                try:
                    await self._follow()
                except TransientError as error:
                    self._log.warning("channels cannot be read", reason=str(error))
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            tasks = [task for _, task in self._bots.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self) -> None:
        wanted = {each.channel.name: each for each in await self._table.load() if _takes_commands(each)}
        for name, (kept, task) in list(self._bots.items()):
            if wanted.get(name) != kept or task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                del self._bots[name]
        for name, kept in wanted.items():
            if name not in self._bots:
                self._bots[name] = (kept, asyncio.create_task(self._serve(kept)))

    async def _serve(self, kept: Kept) -> None:
        name = kept.channel.name
        address = self._table.address_of(kept)
        bot = _Bot(address)
        confirmations = Confirmations(time.monotonic)
        async with httpx.AsyncClient(timeout=_WAIT_SECONDS + 10) as client:
            while True:
                try:
                    for update in await bot.updates(client, await self._offset(name)):
                        await self._take(name, bot, client, update, confirmations)
                except (httpx.HTTPError, PandaError, msgspec.MsgspecError) as error:
                    reason = hidden(f"{type(error).__name__}: {error}", address.url)
                    self._log.warning("commands cannot be read", channel=name, reason=reason)
                    await asyncio.sleep(_PAUSE_SECONDS)

    async def _take(
        self, name: str, bot: _Bot, client: httpx.AsyncClient, update: _Update, confirmations: Confirmations
    ) -> None:
        """Do one; whatever it is, it is not read again. A halt is done before that is noted, everything else after."""
        message = update.message
        if message is None or message.chat.id not in bot.chats:
            await self._keep_offset(name, update)
            if message is not None:
                await self._foreign(name)
            return
        halting = message.text.strip().lower().startswith("/halt")
        if not halting:
            await self._keep_offset(name, update)
        said = await self._said(name, message, confirmations)
        if halting:
            await self._keep_offset(name, update)
        await bot.say(client, message.chat.id, said)

    async def _said(self, name: str, message: _Message, confirmations: Confirmations) -> str:
        chat = str(message.chat.id)
        actor = f"telegram:{chat}" + (f"/{message.sender.username}" if message.sender.username else "")
        try:
            request = read_command(message.text)
            if request.verb != "halt" and datetime.now(UTC).timestamp() - message.date > _STALE_SECONDS:
                raise InputError("that was written too long ago; send it again")
            if request.verb == "resume":
                return await self._ask(chat, request, confirmations)
            if request.verb == "confirm":
                request = confirmations.take(chat, request.subject)
            said = await self._desk.answer(request, actor)
        except PandaError as error:
            self._counter.labels(channel=name, outcome="refused").inc()
            return str(error)
        self._counter.labels(channel=name, outcome="done").inc()
        return said

    async def _ask(self, chat: str, request: Request, confirmations: Confirmations) -> str:
        await self._desk.check_resume(request)
        return f"Resume {request.where}? Within a minute: /confirm {confirmations.ask(chat, request)}"

    async def _foreign(self, name: str) -> None:
        self._counter.labels(channel=name, outcome="foreign").inc()
        now = datetime.now(UTC)
        await self._alerts.apply(
            [
                Raised(
                    key=f"command:{name}:{now:%Y-%m-%d}",
                    kind=Kind.COMMAND,
                    priority=Priority.HIGH,
                    title=f"A chat that is not on the list of {name} wrote to its bot",
                    text="it was not answered; panda_chat_commands_total counts such messages",
                    at=now,
                    notice=True,
                )
            ]
        )

    async def _offset(self, name: str) -> int:
        with postgres_errors():
            return int(await self._pool.fetchval(_OFFSET, name) or 0)

    async def _keep_offset(self, name: str, update: _Update) -> None:
        with postgres_errors():
            await self._pool.execute(_KEEP_OFFSET, name, update.update_id + 1)


class _Bot:
    """One bot's address and the chats that it listens to."""

    def __init__(self, address: Address) -> None:
        plugin: Any = open_address(address)
        self._base = f"{plugin.notify_url}{plugin.bot_token}"
        self.chats = frozenset(chat for chat, _ in plugin.targets if isinstance(chat, int))

    async def updates(self, client: httpx.AsyncClient, offset: int) -> tuple[_Update, ...]:
        """What was written since, or nothing after a while."""
        asked: dict[str, str | int] = {"timeout": _WAIT_SECONDS, "offset": offset, "allowed_updates": '["message"]'}
        answer = msgspec.json.decode((await client.get(f"{self._base}/getUpdates", params=asked)).content, type=_Answer)
        if not answer.ok:
            raise PandaError(f"Telegram refuses: {answer.description[:200]}")
        return answer.result

    async def say(self, client: httpx.AsyncClient, chat: int, text: str) -> None:
        """Answer, as plain text."""
        await client.post(f"{self._base}/sendMessage", json={"chat_id": chat, "text": text[:_LONGEST]})


def _takes_commands(kept: Kept) -> bool:
    channel = kept.channel
    return channel.enabled and channel.commands and channel.service == "telegram"
