"""A dead letter that was written back to its topic: taken again by those who had set it aside, and only once."""

from tests.unit.runtime.counting import REFUSED, tick
from tests.unit.runtime.replay_desk import (
    GROUP,
    LETTERS,
    ORIGIN,
    TICKS_NAME,
    Desk,
    MemoryReader,
    mended_desk,
    record_of,
)

from alpha_panda.events.envelope import encode
from alpha_panda.runtime.dead_letters import dead_letter_headers
from alpha_panda.runtime.replays import Replay, TakenReplays, coordinates_text, replay_headers, replay_of


def test_a_mark_is_read_as_it_was_written() -> None:
    replay = Replay(letter=("letters", 0, 7), of=("a", 2, 5), origin=("a", 2, 1), count=2)
    assert replay_of([("x", b"other"), *replay_headers(replay)]) == replay
    assert coordinates_text(replay.letter) == "letters/0/7"


def test_a_mark_that_this_program_did_not_write_is_none() -> None:
    headers = replay_headers(Replay(letter=("letters", 0, 7), of=("a", 2, 5), origin=("a", 2, 1), count=2))
    assert replay_of(None) is None
    assert replay_of(headers[1:]) is None
    for damaged in (b"a/b", b"a/1/x", b"/", b""):
        assert replay_of([(headers[0][0], damaged), *headers[1:]]) is None


def test_the_memory_of_replayed_ids_is_bounded() -> None:
    taken = TakenReplays()
    assert taken.is_first("first")
    assert not taken.is_first("first")
    for number in range(10_000):
        assert taken.is_first(str(number))
    assert taken.is_first("first")


async def test_a_record_of_a_closed_epoch_goes_into_the_next_one_that_stands_after_it() -> None:
    desk = Desk(epochs=True)
    letter = desk.tick(REFUSED, epoch=1)
    desk.tick(10, epoch=1)
    await desk.close(1)
    assert (desk.prices, len(desk.letters)) == ([10], 1)

    mended = mended_desk(desk)
    desk.again(letter)
    desk.tick(20, epoch=2)
    await desk.close(2)
    mended()

    assert desk.prices == [10, 20, REFUSED]
    assert len(desk.letters) == 1


async def test_a_record_that_no_marker_covers_waits_for_the_epoch_that_does() -> None:
    desk = Desk(epochs=True)
    letter = desk.tick(REFUSED, epoch=1)
    await desk.close(1)
    mended = mended_desk(desk)
    desk.tick(20, epoch=2)
    covered = desk.offsets[TICKS_NAME]
    desk.again(letter)
    await desk.close(2, end=covered)
    assert desk.prices == [20]
    desk.tick(30, epoch=3)
    await desk.close(3)
    mended()
    assert desk.prices == [20, 30, REFUSED]


async def test_a_record_without_a_mark_stays_a_duplicate_of_its_closed_epoch() -> None:
    desk = Desk(epochs=True)
    desk.tick(10, epoch=1)
    await desk.close(1)
    desk.tick(11, epoch=1)
    await desk.close(2)
    assert desk.prices == [10]
    assert desk.duplicates == 1


async def test_who_had_processed_the_record_drops_its_replay() -> None:
    for epochs in (True, False):
        desk = Desk(epochs=epochs)
        fine = desk.tick(10, epoch=1 if epochs else None)
        await (desk.close(1) if epochs else desk.turn())
        desk.again(fine)
        await (desk.close(2) if epochs else desk.turn())
        assert desk.prices == [10]
        assert desk.duplicates == 1
        assert not desk.letters


async def test_one_record_written_back_twice_is_taken_once() -> None:
    for epochs in (True, False):
        desk = Desk(epochs=epochs)
        letter = desk.tick(REFUSED, epoch=1 if epochs else None)
        await (desk.close(1) if epochs else desk.turn())
        mended = mended_desk(desk)
        desk.again(letter)
        desk.again(letter)
        await (desk.close(2) if epochs else desk.turn())
        mended()
        assert desk.prices == [REFUSED]
        assert desk.duplicates == 1


async def test_a_record_that_is_still_poison_comes_back_once_with_its_marks() -> None:
    for epochs in (True, False):
        desk = Desk(epochs=epochs)
        letter = desk.tick(REFUSED, epoch=1 if epochs else None)
        await (desk.close(1) if epochs else desk.turn())
        back = desk.again(letter)
        await (desk.close(2) if epochs else desk.turn())
        assert len(desk.letters) == 2
        mark = replay_of(desk.letters[1].headers)
        assert mark is not None
        assert mark.origin == (TICKS_NAME, 0, letter.offset)

        mended = mended_desk(desk)
        desk.again(back, count=2)
        await (desk.close(3) if epochs else desk.turn())
        mended()
        assert desk.prices == [REFUSED]
        assert len(desk.letters) == 2


async def test_bytes_that_cannot_be_read_come_back_once() -> None:
    desk = Desk(epochs=True)
    rubbish = desk.read(TICKS_NAME, b"{")
    await desk.close(1)
    desk.again(rubbish)
    await desk.close(2)
    assert [each.value for each in desk.letters] == [b"{", b"{"]


async def test_after_the_last_epoch_a_replay_comes_back_saying_so() -> None:
    desk = Desk(epochs=True)
    letter = desk.tick(REFUSED, epoch=1)
    fine = desk.tick(10, epoch=1)
    await desk.close(1, final=True)
    desk.again(letter)
    desk.again(fine)
    await desk.turn()
    assert len(desk.letters) == 2
    assert dict(desk.letters[1].headers)["panda-reason"] == b"no epoch of this run is left to take it"
    assert desk.duplicates == 1


async def test_a_price_of_a_past_epoch_is_no_news_to_who_takes_ticks_in_sequence() -> None:
    desk = Desk(epochs=True, in_sequence=True)
    letter = desk.tick(REFUSED, epoch=1)
    await desk.close(1)
    mended = mended_desk(desk)
    desk.again(letter)
    await desk.close(2)
    mended()
    assert desk.prices == []
    assert desk.duplicates == 1


async def test_without_epochs_a_price_older_than_the_last_is_no_news_either() -> None:
    desk = Desk(epochs=False, in_sequence=True)
    letter = desk.tick(REFUSED)
    await desk.turn()
    mended = mended_desk(desk)
    desk.again(letter)
    await desk.turn()
    assert desk.prices == [REFUSED]
    mended()

    desk = Desk(epochs=False, in_sequence=True)
    letter = desk.tick(REFUSED)
    desk.tick(REFUSED + 1)
    await desk.turn()
    mended = mended_desk(desk)
    desk.again(letter)
    await desk.turn()
    mended()
    assert desk.prices == [REFUSED + 1]


async def test_what_a_former_life_has_set_aside_stays_so_until_it_is_written_back() -> None:
    desk = Desk(epochs=False)
    value = encode(tick(10), ORIGIN)
    headers = dead_letter_headers(record_of(TICKS_NAME, 0, value, (), b"key"), GROUP, "it was broken then")
    reader = MemoryReader([record_of(LETTERS, 0, value, tuple(headers), b"key")])
    await desk.publisher.recover(reader, {LETTERS: (0,)}, {})  # type: ignore[arg-type] # a fake

    record = desk.read(TICKS_NAME, value)
    await desk.turn()
    assert (desk.prices, desk.letters) == ([], [])

    desk.again(record)
    await desk.turn()
    assert desk.prices == [10]
