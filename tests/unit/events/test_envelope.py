from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from alpha_panda.domain.ticks import tick_event
from alpha_panda.events.envelope import MalformedEventError, Origin, decode, decode_header, encode

MOMENT = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
TICK = tick_event(341_249, MOMENT, 54_845, 14_581, 7)


def written(**changes: object) -> bytes:
    envelope = json.loads(encode(TICK, Origin(source="market-feed"), epoch=3, now=MOMENT))
    return json.dumps({**envelope, **changes}).encode()


def test_an_event_comes_back_as_it_was_written_with_its_instrument_and_its_epoch() -> None:
    header = decode_header(encode(TICK, Origin(source="market-feed"), epoch=3, now=MOMENT))

    assert decode(header, TICK.key) == msgspec.structs.replace(TICK, epoch=3)
    assert (header.source, header.timestamp) == ("market-feed", MOMENT)


def test_an_envelope_that_is_encoded_again_has_the_same_bytes() -> None:
    value = encode(TICK, Origin(source="market-feed", fence=2, code="c", config="d"), epoch=3, now=MOMENT)

    assert msgspec.json.encode(decode_header(value)) == value


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"event_time": "2026-01-05T04:00:00"}, "a time without an offset from UTC"),
        ({"timestamp": "2026-01-05T04:00:00"}, "a time without an offset from UTC"),
        ({"event_time": "9000-01-01T00:00:00Z"}, "is not of the years 1970 to 8999"),
        ({"event_time": "1969-12-31T23:59:59Z"}, "is not of the years 1970 to 8999"),
        ({"epoch": -1}, "epoch -1 is not between 0 and"),
        ({"sequence": 2**63}, f"sequence {2**63} is not between 0 and"),
        ({"type": "Tock"}, "unknown event type 'Tock'"),
        ({"version": 2}, "event version 2, this release reads 1"),
        ({"source": "a\x00b"}, "U+0000"),
        ({"colour": "green"}, "not an event envelope"),
        ({"id": None}, "not an event envelope"),
    ],
)
def test_what_is_wrong_with_an_envelope_is_said(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(MalformedEventError, match=says.replace("+", r"\+")):
        decode_header(written(**changes))


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_bytes_that_are_no_envelope_are_refused(value: bytes | None) -> None:
    with pytest.raises(MalformedEventError):
        decode_header(value)
