"""What a record must be to stand where it stands: an event of its topic and Broker, keyed, on its partition.

An event of another kind or Broker, or of another task's instrument, would be decided on by whoever happens
to read it; so it is set aside as if it could not be read at all.
"""

from __future__ import annotations

from aiokafka import ConsumerRecord

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Envelope, MalformedEventError, decode, decode_header
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.ids import partition_of
from alpha_panda.events.registry import EVENT_TOPICS, EVENTS
from alpha_panda.events.registry import instrument_of as of_data
from alpha_panda.events.topics import BROKER_EPOCHS, MARKET_EPOCHS, Scope, Topic


def instrument_of(event: AnyEvent) -> int | None:
    """The instrument that an event is about."""
    return of_data(event.data)


def read_event(record: ConsumerRecord, topic: Topic, partitions: int, header: Envelope | None = None) -> AnyEvent:
    """The event of a record of `topic`, which has `partitions` partitions where it is not a single one.

    `header` is the record's, where it was read already. Raises MalformedEventError where the record has no
    key, is no event, or does not belong where it is.
    """
    if record.key is None:
        raise MalformedEventError("the record has no key")
    try:
        key = record.key.decode()
    except UnicodeDecodeError as error:
        raise MalformedEventError(f"the key is not UTF-8: {error}") from error
    header = header or decode_header(record.value)
    event = decode(header, key)
    require_place(header, record.topic, topic)
    token = event.key_instrument
    if topic.single or token is None:
        return event
    if record.partition != (right := partition_of(token, partitions)):
        raise MalformedEventError(f"partition {record.partition}, but instrument {token} belongs on {right}")
    return event


def require_place(header: Envelope, name: str, topic: Topic) -> None:
    """Raise MalformedEventError where an event of that type or Broker does not belong on `topic` of that full name."""
    kind = EVENTS[header.type]
    belongs = topic in (MARKET_EPOCHS, BROKER_EPOCHS) if kind is EpochClosed else EVENT_TOPICS.get(kind) == topic
    if not belongs:
        raise MalformedEventError(f"{header.type} does not belong on {name}")
    if topic.scope is Scope.BROKER and header.broker != (owner := _owner(name, topic)):
        raise MalformedEventError(f"broker {header.broker!r}, but {name} is of {owner!r}")


def _owner(name: str, topic: Topic) -> str:
    """The Broker of a full name; a prefix ends in an underscore, which no Broker's name has."""
    return name.removesuffix(f".{topic.name}").rpartition("_")[2]
