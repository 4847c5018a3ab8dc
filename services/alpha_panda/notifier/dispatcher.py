"""Tells each channel what waits for it: a task and a thread for each, so that a dead one holds up no other.

Nothing here stands between a price and an order: what is to be told is in PostgreSQL, and whoever trades neither
writes nor reads it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from alpha_panda.domain.alert_text import message
from alpha_panda.domain.alert_watch import of_channel
from alpha_panda.domain.alerts import Resolved
from alpha_panda.domain.channels import Channel, DeliveryState, Due, messages, pause_after
from alpha_panda.errors import PandaError
from alpha_panda.notifier.addresses import Address
from alpha_panda.notifier.channel_table import ChannelTable, Kept
from alpha_panda.notifier.outbox import Outbox
from alpha_panda.notifier.sender import NotSentError, Sender
from alpha_panda.runtime.alert_store import AlertStore
from alpha_panda.runtime.errors import TransientError

_LOOK_SECONDS: Final = 0.5
_MINUTE: Final = 60.0
_FAILURES_TO_TELL: Final = 3
_AT_ONCE: Final = 500


class Counters:
    """What the dispatcher shows of itself."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with `registry`."""
        names = ["channel", "outcome"]
        self.messages = Counter("panda_notifications", "Messages by channel and outcome", names, registry=registry)
        self.waiting = Gauge(
            "panda_notifications_waiting", "Alerts that wait to be told", ["channel"], registry=registry
        )


class Dispatcher:
    """All channels. `told` are the failing ones in words, for `panda status`."""

    def __init__(self, table: ChannelTable, outbox: Outbox, alerts: AlertStore, counters: Counters, most: int) -> None:
        """At most `most` alerts wait for a channel."""
        self._table = table
        self._outbox = outbox
        self._alerts = alerts
        self._counters = counters
        self._most = most
        self._running: dict[str, tuple[Kept, _Lane, asyncio.Task[None]]] = {}
        self._log = structlog.get_logger()

    @property
    def told(self) -> list[str]:
        """A line for each channel that fails."""
        return [f"channel {name} fails: {lane.reason}" for name, (_, lane, _) in self._running.items() if lane.reason]

    async def run(self, stopping: asyncio.Event) -> None:
        """Follow the table of channels and keep a lane for each, until told to stop."""
        try:
            while not stopping.is_set():
                try:
                    await self._follow()
                except TransientError as error:
                    self._log.warning("channels cannot be read", reason=str(error))
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            for name in list(self._running):
                await self._end(name)

    async def _follow(self) -> None:
        await self._outbox.settle()
        waiting = await self._outbox.waiting()
        kept = {each.channel.name: each for each in await self._table.load()}
        for name, (known, _, task) in list(self._running.items()):
            if kept.get(name) != known or task.done():
                await self._end(name)
        for name, each in kept.items():
            self._counters.waiting.labels(channel=name).set(waiting.get(name, 0))
            if waiting.get(name, 0) > self._most:
                dropped = await self._outbox.shed(name, self._most)
                self._counters.messages.labels(channel=name, outcome="dropped").inc(dropped)
                self._log.warning("notifications dropped", channel=name, count=dropped, most=self._most)
            if name not in self._running and each.channel.enabled:
                self._begin(each)

    def _begin(self, kept: Kept) -> None:
        lane = _Lane(kept.channel, lambda: self._table.address_of(kept), self._outbox, self._alerts, self._counters)
        self._running[kept.channel.name] = (kept, lane, asyncio.create_task(lane.run()))

    async def _end(self, name: str) -> None:
        _, lane, task = self._running.pop(name)
        lane.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _Lane:
    """One channel's way from the outbox to the other side."""

    def __init__(
        self,
        channel: Channel,
        address: Callable[[], Address],
        outbox: Outbox,
        alerts: AlertStore,
        counters: Counters,
    ) -> None:
        self.reason = ""
        self._channel = channel
        self._address = address
        self._outbox = outbox
        self._alerts = alerts
        self._counters = counters
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"channel-{channel.name}")
        self._sent: deque[float] = deque()
        self._failures = 0
        self._closed = False
        self._sender: Sender | None = None
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Until `close`."""
        while not self._closed:
            try:
                await self._round()
            except PandaError as error:
                self._log.warning("notifications wait", channel=self._channel.name, reason=str(error))
            await asyncio.sleep(_LOOK_SECONDS)

    def close(self) -> None:
        """Wait for nothing: what is being sent has its own time limit, and its outcome is unknown.

        A cancellation alone may be lost: PostgreSQL's client gives an answer that came in the same moment instead.
        """
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _round(self) -> None:
        name = self._channel.name
        due = await self._outbox.due(name, _AT_ONCE)
        for batch in messages(due, self._allowance(), quiet=self._channel.is_quiet(datetime.now(UTC))):
            if await self._outbox.claim(name, batch):
                await self._send(batch)

    def _allowance(self) -> int:
        now = time.monotonic()
        while self._sent and now - self._sent[0] >= _MINUTE:
            self._sent.popleft()
        return self._channel.per_minute - len(self._sent)

    async def _send(self, batch: tuple[Due, ...]) -> None:
        title, body = message(batch)
        worst = min((each.alert.priority for each in batch), key=lambda each: each.rank)
        self._sent.append(time.monotonic())
        try:
            sender = self._sender or Sender(self._address())
            self._sender = sender
            await asyncio.get_running_loop().run_in_executor(self._thread, sender.send, title, body, worst)
        except PandaError as error:
            await self._failed(batch, str(error), final=not isinstance(error, NotSentError))
            return
        await self._outbox.finish(self._channel.name, batch, DeliveryState.SENT)
        self._counters.messages.labels(channel=self._channel.name, outcome="sent").inc()
        await self._worked()

    async def _failed(self, batch: tuple[Due, ...], reason: str, *, final: bool) -> None:
        name = self._channel.name
        self._failures += 1
        self.reason = reason
        self._counters.messages.labels(channel=name, outcome="failed").inc()
        self._log.warning("notification not sent", channel=name, reason=reason, failures=self._failures)
        attempts = max(each.attempts for each in batch) + 1
        state = DeliveryState.FAILED if final or attempts >= _MOST_TRIES else DeliveryState.PENDING
        await self._outbox.finish(name, batch, state, reason, pause_after(attempts, random.random()))  # noqa: S311 - spreads
        if final or self._failures >= _FAILURES_TO_TELL:
            await self._alerts.apply([of_channel(name, reason, datetime.now(UTC))] if self._first_told() else [])

    def _first_told(self) -> bool:
        """Whether the other channels are told now: once for each time that it begins to fail."""
        if self._told_failing:
            return False
        self._told_failing = True
        return True

    async def _worked(self) -> None:
        self._failures, self.reason = 0, ""
        self._told_failing = False
        over = Resolved(prefix=f"channel:{self._channel.name}", at=datetime.now(UTC), exact=True)
        await self._alerts.apply([over])

    _told_failing = False


_MOST_TRIES: Final = 12
"""With growing pauses, about an hour and a half."""
