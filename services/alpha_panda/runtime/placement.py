"""What a record must be to stand where it stands: an event of its topic and Broker, keyed, on its partition.

An event of another kind or Broker, or of another task's instrument, would be decided on by whoever happens
to read it; so it is set aside as if it could not be read at all.
"""

from __future__ import annotations

from aiokafka import ConsumerRecord

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.envelope import Envelope, MalformedEventError, decode, decode_header
from alpha_panda.events.ids import partition_of
from alpha_panda.events.registry import EVENT_TOPICS
from alpha_panda.events.registry import instrument_of as of_data
from alpha_panda.events.topics import Scope, Topic


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
    event = decode(header or decode_header(record.value), key)
    if EVENT_TOPICS.get(type(event.data)) != topic:
        raise MalformedEventError(f"{type(event.data).__name__} does not belong on {record.topic}")
    if topic.scope is Scope.BROKER and event.broker != (owner := _owner(record.topic, topic)):
        raise MalformedEventError(f"broker {event.broker!r}, but {record.topic} is of {owner!r}")
    token = event.key_instrument
    if topic.single or token is None:
        return event
    if record.partition != (right := partition_of(token, partitions)):
        raise MalformedEventError(f"partition {record.partition}, but instrument {token} belongs on {right}")
    return event


def _owner(name: str, topic: Topic) -> str:
    """The Broker of a full name; a prefix ends in an underscore, which no Broker's name has."""
    return name.removesuffix(f".{topic.name}").rpartition("_")[2]
