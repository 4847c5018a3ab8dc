"""A dead letter that holds only the beginning of its record is measured by the digest of the whole."""

import pytest
from aiokafka import ConsumerRecord

from alpha_panda.checker import dead_letters
from alpha_panda.checker.dead_letters import true_letters
from alpha_panda.checker.model import Log, Record, Verdict
from alpha_panda.checker.reading import Facts
from alpha_panda.events.topics import TICKS, dead_letter_topic
from alpha_panda.runtime.dead_letters import DIGEST, dead_letter_headers, shortened

NAME = TICKS.full_name()
LONG = b"x" * 100_000


def log_with(value: bytes) -> Log:
    """A long record, and a shortened letter that somebody wrote of `value`."""
    source = Record(topic=NAME, partition=0, offset=0, key=b"k", value=LONG)
    read = ConsumerRecord(NAME, 0, 0, 5, 0, b"k", value, None, 1, len(value), ())
    begun, key, headers = shortened(read.value, read.key, dead_letter_headers(read, "history", "too large"))
    letter = Record(topic=dead_letter_topic(NAME), partition=0, offset=0, key=key, value=begun, headers=tuple(headers))
    return Log(records=(source, letter))


def test_the_checker_and_the_runtime_know_the_digest_by_one_name() -> None:
    assert dead_letters.DIGEST == DIGEST


@pytest.mark.parametrize(
    ("value", "verdict"), [(LONG, Verdict.PASS), (LONG + b"y", Verdict.FAIL), (b"y" + LONG, Verdict.FAIL)]
)
def test_the_beginning_and_the_digest_must_be_those_of_the_source(value: bytes, verdict: Verdict) -> None:
    assert true_letters(Facts(log_with(value))).verdict is verdict
