"""Dead letters read from their headers, summed up, and which of them a replay writes back."""

import hashlib
from datetime import UTC, datetime, timedelta

from aiokafka import ConsumerRecord
from tests.unit.runtime.counting import tick

from alpha_panda.checker.model import Record
from alpha_panda.events.envelope import Origin, encode
from alpha_panda.events.topics import TICKS, dead_letter_topic
from alpha_panda.local.letters import (
    MOST_REPLAYS,
    Decision,
    Kind,
    Letter,
    Marks,
    described,
    event_id_of,
    marks_among,
    plan_replay,
    read_letter,
    summaries,
)
from alpha_panda.runtime.dead_letters import GROUP, KEPT_BYTES, Header, dead_letter_headers, row_headers, shortened
from alpha_panda.runtime.replays import Replay, replay_headers, replay_of

NAME = TICKS.full_name()
DLQ = dead_letter_topic(NAME)
THEN = datetime(2026, 6, 2, 4, 0, tzinfo=UTC)
UNTOUCHED = Marks(of=frozenset(), origins=frozenset(), ids=frozenset())


def record(offset: int, value: bytes | None, headers: tuple[Header, ...] = ()) -> ConsumerRecord:
    return ConsumerRecord(
        topic=NAME,
        partition=1,
        offset=offset,
        timestamp=5,
        timestamp_type=0,
        key=b"257",
        value=value,
        checksum=None,
        serialized_key_size=3,
        serialized_value_size=len(value or b""),
        headers=headers,
    )


def letter(source: ConsumerRecord, at: int = 0, group: str = "builder", reason: str = "not JSON") -> Letter:
    lying = Record(
        topic=DLQ,
        partition=0,
        offset=at,
        key=source.key,
        value=source.value,
        headers=tuple(dead_letter_headers(source, group, reason)),
    )
    return read_letter(lying, THEN + timedelta(seconds=at))


def written_back(given: Letter, offset: int) -> ConsumerRecord:
    """The record that a replay writes, as it lies on the source topic."""
    (step,) = plan_replay([given], UNTOUCHED, returned=True)
    return record(offset, given.value, (*given.headers, *replay_headers(step.mark)))


def on_log(each: ConsumerRecord) -> tuple[tuple[Header, ...], bytes | None]:
    return each.headers, each.value


def decisions(letters: list[Letter], marks: Marks = UNTOUCHED, *, returned: bool = False) -> list[Decision]:
    return [step.decision for step in plan_replay(letters, marks, returned=returned)]


def test_a_letter_says_where_its_record_came_from_and_gives_its_headers_back() -> None:
    found = letter(record(9, b"{", (("trace", b"\xff"), ("panda-topic", b"spoofed"))), at=3)
    assert found.place == (DLQ, 0, 3)
    assert (found.source, found.topic, found.kind) == ((NAME, 1, 9), NAME, Kind.RECORD)
    assert (found.group, found.reason, found.replays) == ("builder", "not JSON", 0)
    assert found.headers == (("trace", b"\xff"), ("panda-topic", b"spoofed"))


def test_a_row_of_a_file_and_a_foreign_record_are_shown_and_never_written_back() -> None:
    headers = tuple(row_headers(NAME, "day.csv", 17, "feed", "a price is missing"))
    row = read_letter(Record(topic=DLQ, partition=0, offset=0, key=b"f", value=b"x", headers=headers), THEN)
    foreign = read_letter(Record(topic=DLQ, partition=0, offset=1, key=None, value=b"x"), THEN)
    assert (row.kind, row.source) == (Kind.ROW, ("day.csv", -1, 17))
    assert (foreign.kind, foreign.source) == (Kind.FOREIGN, (DLQ, 0, 1))
    assert set(decisions([row, foreign], returned=True)) == {Decision.ROW, Decision.FOREIGN}


def test_a_summary_counts_groups_and_reasons_and_spans_the_time() -> None:
    letters = [letter(record(1, b"{"), 0), letter(record(1, b"{"), 1, "risk"), letter(record(2, b"["), 2)]
    (summary,) = summaries(letters)
    assert (summary.topic, summary.count) == (DLQ, 3)
    assert (summary.oldest, summary.newest) == (THEN, THEN + timedelta(seconds=2))
    assert summary.groups == {"builder": 2, "risk": 1}
    assert summary.reasons == {"not JSON": 3}


def test_a_record_that_several_groups_set_aside_is_written_back_once_in_the_order_of_the_log() -> None:
    letters = [letter(record(7, b"{"), 0), letter(record(2, b"{"), 1), letter(record(7, b"{"), 2, "risk")]
    steps = plan_replay(letters, UNTOUCHED, returned=False)
    assert [step.letter.source[2] for step in steps] == [2, 7]
    assert {step.decision for step in steps} == {Decision.REPLAY}


def test_what_was_written_back_is_not_written_back_again() -> None:
    first = letter(record(7, b"{"))
    marks = marks_among([on_log(record(3, b"{")), on_log(written_back(first, 20))])
    assert decisions([first], marks) == [Decision.DONE]
    assert decisions([first], marks, returned=True) == [Decision.DONE]


def test_a_second_run_leaves_alone_what_came_back_unless_it_is_asked_for() -> None:
    first = letter(record(7, b"{", (("trace", b"1"),)))
    back = written_back(first, 20)
    returned = letter(back, at=1)
    marks = marks_among([on_log(back)])
    assert returned.origin == (NAME, 1, 7)
    assert returned.replays == 1
    assert returned.headers == (("trace", b"1"),)
    assert decisions([first, returned], marks) == [Decision.DONE, Decision.RETURNED]
    assert decisions([first, returned], marks, returned=True) == [Decision.DONE, Decision.REPLAY]


def test_a_record_is_written_back_at_most_so_often() -> None:
    given, records = letter(record(0, b"{")), []
    for offset in range(1, MOST_REPLAYS + 1):
        back = written_back(given, offset)
        mark = replay_of(back.headers)
        assert mark is not None
        assert (mark.count, mark.origin) == (offset, (NAME, 1, 0))
        records.append(on_log(back))
        given = letter(back, at=offset)
    (step,) = plan_replay([given], marks_among(records), returned=True)
    assert step.decision is Decision.WORN_OUT
    assert described(step)[1] == "came back too often (3 of 3 replays)"


def test_two_copies_of_an_event_are_written_back_as_one() -> None:
    value = encode(tick(10), Origin(source="feed"))
    assert event_id_of(value) == tick(10).id
    copies = [letter(record(1, value), 0), letter(record(2, value), 1)]
    assert decisions(copies) == [Decision.REPLAY, Decision.SAME_EVENT]
    assert decisions(copies[1:], marks_among([on_log(written_back(copies[0], 9))])) == [Decision.SAME_EVENT]


def test_the_mark_names_the_letter_the_record_and_its_origin() -> None:
    (step,) = plan_replay([letter(record(7, b"{"), at=4)], UNTOUCHED, returned=False)
    assert step.mark == Replay(letter=(DLQ, 0, 4), of=(NAME, 1, 7), origin=(NAME, 1, 7), count=1)


def shortened_letter(source: ConsumerRecord) -> Letter:
    value, key, headers = shortened(source.value, source.key, dead_letter_headers(source, "builder", "not JSON"))
    lying = Record(topic=DLQ, partition=0, offset=0, key=key, value=value, headers=tuple(headers))
    return read_letter(lying, THEN)


def test_of_a_record_too_large_for_its_letters_the_beginning_size_and_digest_are_kept_and_nothing_is_replayed():
    source = record(3, b"x" * 10_000_000, headers=((GROUP, b"a stranger's"), ("trace", b"y" * 10_000_000)))
    found = shortened_letter(source)
    assert found.source == (NAME, 1, 3)
    assert (found.group, found.reason, found.headers) == ("builder", "not JSON", ())
    assert found.value == b"x" * KEPT_BYTES
    assert found.whole == f"10000000 bytes, sha256 {hashlib.sha256(source.value or b'').hexdigest()}"
    (step,) = plan_replay([found], UNTOUCHED, returned=True)
    assert step.decision is Decision.SHORTENED


def test_a_letter_that_is_whole_does_not_say_how_large_it_is():
    assert letter(record(3, b"{")).whole == ""
