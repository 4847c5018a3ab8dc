"""Asking for a position to be closed: a fact on `control.trading`, which the Broker's risk manager decides on."""

from __future__ import annotations

from datetime import UTC, datetime

from alpha_panda.events.control import CloseWanted
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import close_id, event_id
from alpha_panda.operations.publisher import operations_publisher
from alpha_panda.operations.quiet import quiet_kafka
from alpha_panda.runtime.settings import ServiceSettings


async def ask_to_close(settings: ServiceSettings, wanted: CloseWanted) -> str:
    """Write the wish; the id of the signal that it is decided on as.

    Raises:
        TransientError: Kafka does not take it.
    """
    now = datetime.now(UTC)
    subject = (wanted.broker, wanted.strategy, wanted.instrument_token, wanted.product, wanted.actor, wanted.reason)
    identity = event_id(now, "close", *subject, now.isoformat())
    # Halts supersede one another under one key; a wish is superseded by no other one.
    event = Event(id=identity, event_time=now, data=wanted, key=f"close:{identity}", correlation_id=identity)
    with quiet_kafka():
        async with operations_publisher(settings) as publisher:
            await publisher.publish([event], None)
    return close_id(now, wanted, identity)
