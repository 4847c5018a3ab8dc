"""Records that are too large: a letter is shortened, an event is told and left out."""

from __future__ import annotations

import pytest
from aiokafka import ConsumerRecord
from aiokafka import errors as kafka_errors
from structlog.testing import capture_logs

from alpha_panda.events.topics import TICKS, dead_letter_topic
from alpha_panda.runtime.dead_letters import BYTES, KEPT_BYTES, Header, dead_letter_headers
from alpha_panda.runtime.errors import TransientError
from alpha_panda.runtime.letter_writer import LARGEST_EVENT, fits, write_letter
from alpha_panda.runtime.metrics import Metrics

DLQ = dead_letter_topic(TICKS.full_name())
LONG = b"x" * 10_000_000


class Narrow:
    """A producer whose topic takes records up to a size."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.written: list[tuple[bytes | None, list[Header]]] = []

    async def send_and_wait(
        self, topic: str, value: bytes | None, *, key: bytes | None, partition: int, headers: list[Header]
    ) -> None:
        assert (topic, partition) == (DLQ, 0)
        size = len(value or b"") + len(key or b"") + sum(len(text) for _, text in headers)
        if size > self.most:
            raise kafka_errors.MessageSizeTooLargeError(f"{size} bytes")
        self.written.append((value, headers))


async def wrote(producer: Narrow, value: bytes | None) -> None:
    record = ConsumerRecord(TICKS.full_name(), 0, 7, 5, 0, b"k", value, None, 1, len(value or b""), ())
    await write_letter(producer, DLQ, value, b"k", dead_letter_headers(record, "history", "no event"))  # type: ignore[arg-type]


async def test_a_letter_that_fits_is_written_whole():
    producer = Narrow(1_000_000)
    await wrote(producer, b"{")
    ((value, headers),) = producer.written
    assert value == b"{"
    assert BYTES not in dict(headers)


async def test_a_letter_that_does_not_fit_leaves_its_beginning_and_its_size():
    producer = Narrow(1_000_000)
    await wrote(producer, LONG)
    ((value, headers),) = producer.written
    assert value == LONG[:KEPT_BYTES]
    assert dict(headers)[BYTES] == b"10000000"


async def test_where_not_even_the_beginning_is_taken_nothing_counts_as_set_aside():
    with pytest.raises(TransientError, match="MessageSizeTooLargeError"):
        await wrote(Narrow(100), LONG)


def test_an_event_that_no_topic_takes_is_told_counted_and_left_out():
    metrics = Metrics("strategy-runner", None)
    with capture_logs() as said:
        assert fits("t", b"k", b"x" * (LARGEST_EVENT - 1), metrics)
        assert not fits("t", b"k", LONG, metrics)
    (line,) = said
    assert (line["topic"], line["bytes"], line["most"]) == ("t", 10_000_001, LARGEST_EVENT)
    assert metrics.outcomes["too_large"] == 1
