"""Deterministic ids: a replay gives every event the id that it had the first time.

The layout is UUID version 7 (RFC 9562): 48 bits of event time in milliseconds, then 74 bits of a hash
of the subject in place of randomness. The subject names what the event is about and never an ordinal
of the run, so ids do not depend on speed, partitions or restarts.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from hashlib import blake2b

from alpha_panda.events.control import CloseWanted, StrategyQuarantined

_SEPARATOR = "|"
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""A digit with the two bits of the variant in place of its upper ones."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970-01-01 UTC; `moment` must be aware."""
    elapsed = moment - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 1000 + elapsed.microseconds // 1000


def event_id(event_time: datetime, *subject: object) -> str:
    """The id of the event about `subject` at `event_time`, as a canonical UUID string.

    The parts of the subject are joined as text, so each part must have one spelling: a name, an
    integer, an ISO time.
    """
    text = _SEPARATOR.join(map(str, subject))
    digest = blake2b(text.encode(), digest_size=10).hexdigest()
    return f"{_time_digits(event_time)}-7{digest[:3]}-{_VARIANT[digest[4]]}{digest[5:8]}-{digest[8:]}"


@functools.lru_cache(maxsize=1_024)
def _time_digits(event_time: datetime) -> str:
    """The beginning of all ids of a moment, at which mostly several things happen."""
    digits = f"{milliseconds(event_time):012x}"
    return f"{digits[:8]}-{digits[8:]}"


def tick_id(instrument_token: int, event_time: datetime, sequence: int) -> str:
    """A tick is its instrument, exchange time and sequence."""
    return event_id(event_time, "tick", instrument_token, event_time.isoformat(), sequence)


def bar_id(instrument_token: int, timeframe: str, start: datetime, end: datetime) -> str:
    """A bar is its instrument, timeframe and start; it happens when it ends."""
    return event_id(end, "bar", instrument_token, timeframe, start.isoformat())


def signal_id(  # noqa: PLR0913, PLR0917 - the parts of the subject, in their order
    event_time: datetime, broker: str, strategy: str, instrument_token: int, cause: str, n: int
) -> str:
    """A signal is its Broker, strategy, instrument and cause, and n counts within that strategy and cause."""
    return event_id(event_time, "signal", broker, strategy, instrument_token, cause, n)


def close_id(event_time: datetime, fact: CloseWanted, cause: str) -> str:
    """The signal that a person's wish to close a position is decided on as; `cause` is that wish."""
    return signal_id(event_time, fact.broker, fact.strategy, fact.instrument_token, cause, 0)


def quarantine_id(event_time: datetime, fact: StrategyQuarantined, cause: str | None) -> str:
    """A quarantine is a call into a generation of a strategy and the event that the call was about."""
    subject = (fact.strategy, fact.uid, fact.generation, fact.instrument_token, fact.call, cause)
    return event_id(event_time, "quarantine", *subject)


def verdict_id(event_time: datetime, signal: str) -> str:
    """The verdict on a signal: validated and rejected share the id, since only one of them may exist."""
    return event_id(event_time, "verdict", signal)


def order_id(event_time: datetime, signal: str, leg: str, generation: int = 0) -> str:
    """An order is a leg of a signal (entry, exit, stop, target) and a generation of that leg."""
    return event_id(event_time, "order", signal, leg, generation)


def external_order_id(event_time: datetime, broker: str, broker_order_id: str) -> str:
    """An order that somebody else placed on a Broker's account is what the exchange calls it."""
    return event_id(event_time, "external", broker, broker_order_id)


def order_event_id(event_time: datetime, order: str, kind: str, cause: str) -> str:
    """What happens to an order once per cause: a fill by a tick, a cancellation by its twin."""
    return event_id(event_time, "order-event", order, kind, cause)


@functools.lru_cache(maxsize=65_536)
def partition_of(instrument_token: int, partitions: int) -> int:
    """The partition of everything about an instrument, the same on every pipeline topic.

    Kite's tokens end in the exchange's code, so a plain remainder would put a whole exchange on one
    partition; hashing spreads them. The answers are kept: each is asked for again
    with every record.
    """
    digest = blake2b(instrument_token.to_bytes(8, "big"), digest_size=4).digest()
    return int.from_bytes(digest, "big") % partitions


def pnl_id(watermark: datetime, broker: str, fill_id: str | None) -> str:
    """The id of a Broker's account as it is at a watermark; live, a late fill changes it at a time that is told."""
    told_by = () if fill_id is None else (fill_id,)
    return event_id(watermark, "pnl", broker, watermark.isoformat(), *told_by)
