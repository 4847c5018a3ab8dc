"""The dispatcher ends when it is told to, whatever the libraries beneath it make of a cancellation."""

import asyncio
from typing import Any, cast

from prometheus_client import CollectorRegistry

from alpha_panda.domain.channels import Channel, Due
from alpha_panda.notifier.addresses import Address
from alpha_panda.notifier.channel_table import ChannelTable, Kept
from alpha_panda.notifier.dispatcher import Counters, Dispatcher
from alpha_panda.notifier.outbox import Outbox
from alpha_panda.runtime.alert_store import AlertStore


class OneChannel(ChannelTable):
    """A table of one channel that nothing waits for."""

    def __init__(self) -> None:
        """No store is behind it."""

    async def load(self) -> list[Kept]:
        return [Kept(channel=Channel(name="phone", service="webhook"), origin="kept", changed_by="ana", address=b"")]

    def address_of(self, kept: Kept) -> Address:
        raise AssertionError(f"nothing is sent, also not to {kept.channel.name}")


class Deaf(Outbox):
    """Loses a cancellation, as a client does whose answer comes in the same moment."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.lost = 0

    async def due(self, channel: str, limit: int) -> list[Due]:
        _ = (channel, limit)
        self.asked.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            self.lost += 1
        return []

    async def settle(self, *_: object) -> None:
        """Nothing was claimed."""

    async def waiting(self) -> dict[str, int]:
        return {}


async def test_a_lane_ends_with_the_dispatcher_although_its_cancellation_was_lost():
    outbox, stopping = Deaf(), asyncio.Event()
    counters = Counters(CollectorRegistry())
    dispatcher = Dispatcher(OneChannel(), outbox, cast("AlertStore", cast("Any", None)), counters, 10)
    running = asyncio.create_task(dispatcher.run(stopping))
    await asyncio.wait_for(outbox.asked.wait(), 30)
    stopping.set()
    await asyncio.wait_for(running, 30)
    assert outbox.lost == 1
