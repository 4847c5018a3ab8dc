"""The envelope: what every record on the log carries around its data.

`Event` is what a service's core is given and what it returns; the runtime adds who wrote it, when, and
under which fence, and puts it on the wire as JSON. Reading is in two steps: the header with the data
left raw is enough for deduplication, routing and dead letters; the data is decoded by its type.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from alpha_panda.errors import PandaError
from alpha_panda.events.registry import EVENTS, instrument_of, type_name

DataT = TypeVar("DataT", bound=msgspec.Struct)
VERSION = 1
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Event times: none before the ids' own beginning, none so late that adding days to it overflows."""
_LARGEST = 2**63 - 1
"""Stores and snapshots hold 64 bits."""
_NUL = b"\\u0000"


class MalformedEventError(PandaError):
    """Bytes that are not an event of the expected type; they go to a dead-letter topic."""


class Event(msgspec.Struct, Generic[DataT], frozen=True, kw_only=True, gc=False):
    """A fact with what is needed to order it, name it and trace it.

    `key_instrument` chooses the partition; None for events that concern no instrument. No event refers to
    itself, so the collector of cycles is spared them: they are most of what a busy service holds.
    """

    id: str
    event_time: datetime
    data: DataT
    key: str
    key_instrument: int | None = None
    correlation_id: str
    causation_id: str | None = None
    sequence: int = 0
    epoch: int | None = None
    broker: str | None = None


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event on the wire. `timestamp` is wall time; `event_time` is the exchange's."""

    id: str
    type: str
    timestamp: datetime
    event_time: datetime
    correlation_id: str
    causation_id: str | None
    source: str
    version: int
    broker: str | None = None
    epoch: int | None = None
    sequence: int = 0
    fence: int | None = None
    code: str | None = None
    config: str | None = None
    data: msgspec.Raw


_Aware = Annotated[datetime, msgspec.Meta(tz=True)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]


class _Sound(Envelope, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """An envelope whose bounds are checked as it is decoded, which takes half the time."""

    timestamp: _Aware
    event_time: _Aware
    epoch: _Count | None = None
    sequence: _Count = 0
    fence: _Count | None = None


class _Written(msgspec.Struct, frozen=True, kw_only=True):
    """An envelope as it is written, with its data as it is: the fields of `Envelope`, in its order."""

    id: str
    type: str
    timestamp: datetime
    event_time: datetime
    correlation_id: str
    causation_id: str | None
    source: str
    version: int
    broker: str | None
    epoch: int | None
    sequence: int
    fence: int | None
    code: str | None
    config: str | None
    data: msgspec.Struct


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes: the service, and for one that moves money its fence and the digests of its code and settings."""

    source: str
    broker: str | None = None
    fence: int | None = None
    code: str | None = None
    config: str | None = None


_ENCODER = msgspec.json.Encoder()
_HEADER = msgspec.json.Decoder(Envelope)
_SOUND = msgspec.json.Decoder(_Sound)
_DATA: dict[str, msgspec.json.Decoder[Any]] = {name: msgspec.json.Decoder(shape) for name, shape in EVENTS.items()}


def encode(event: Event[Any], origin: Origin, epoch: int | None = None, now: datetime | None = None) -> bytes:
    """The record value of an event written by `origin` in `epoch`."""
    return _ENCODER.encode(
        _Written(
            id=event.id,
            type=type_name(type(event.data)),
            timestamp=now or datetime.now(UTC),
            event_time=event.event_time,
            correlation_id=event.correlation_id,
            causation_id=event.causation_id,
            source=origin.source,
            version=VERSION,
            broker=event.broker if event.broker is not None else origin.broker,
            epoch=epoch,
            sequence=event.sequence,
            fence=origin.fence,
            code=origin.code,
            config=origin.config,
            data=event.data,
        ),
    )


def decode_header(value: bytes | None) -> Envelope:
    """The envelope with its data still raw.

    Raises MalformedEventError where the value is missing, is not JSON, lacks a field, has one too many,
    has a naive time, an unknown type or version, or a value that no store can keep.
    """
    if not value:
        raise MalformedEventError("the record has no value")
    try:
        sound = _SOUND.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _examined(value)
    if (
        _EARLIEST <= sound.event_time < _LATEST
        and sound.type in _DATA
        and sound.version == VERSION
        and not _holds_nul(value)
    ):
        return sound
    return _examined(value)


def _examined(value: bytes) -> Envelope:
    """The envelope, or what is wrong with it."""
    if _holds_nul(value):
        raise MalformedEventError("a text holds the character U+0000, which no store can keep")
    try:
        envelope = _HEADER.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEventError(f"not an event envelope: {error}") from error
    if envelope.type not in _DATA:
        raise MalformedEventError(f"unknown event type {envelope.type!r}")
    if envelope.version != VERSION:
        raise MalformedEventError(f"event version {envelope.version}, this release reads {VERSION}")
    if envelope.event_time.tzinfo is None or envelope.timestamp.tzinfo is None:
        raise MalformedEventError("a time without an offset from UTC")
    if not _EARLIEST <= envelope.event_time < _LATEST:
        raise MalformedEventError(f"event time {envelope.event_time.isoformat()} is not of the years 1970 to 8999")
    for name, number in (("epoch", envelope.epoch), ("sequence", envelope.sequence), ("fence", envelope.fence)):
        if number is not None and not 0 <= number <= _LARGEST:
            raise MalformedEventError(f"{name} {number} is not between 0 and {_LARGEST}")
    return envelope


def _holds_nul(value: bytes) -> bool:
    """Whether a text in it holds U+0000; most values hold no escape at all, which is seen much sooner."""
    return b"\\" in value and _NUL in value


def decode(envelope: Envelope, key: str = "") -> Event[Any]:
    """The whole event with its instrument; raises MalformedEventError where the data has not its type's shape."""
    try:
        data = _DATA[envelope.type].decode(envelope.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEventError(f"not a {envelope.type}: {error}") from error
    return Event(
        id=envelope.id,
        event_time=envelope.event_time,
        data=data,
        key=key,
        key_instrument=instrument_of(data),
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        sequence=envelope.sequence,
        epoch=envelope.epoch,
        broker=envelope.broker,
    )
