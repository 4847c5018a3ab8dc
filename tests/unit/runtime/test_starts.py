"""Where reading begins: as it was left, or with a word on what is gone."""

from __future__ import annotations

from alpha_panda.runtime.starts import start_at


def test_reading_goes_on_where_it_was_left():
    assert start_at("a/0", 7, 3, 9).offset == 7
    assert start_at("a/0", 9, 3, 9).loss == ""


def test_what_was_never_read_begins_at_the_beginning_and_misses_nothing():
    start = start_at("a/0", None, 3, 9)
    assert (start.offset, start.loss) == (3, "")


def test_a_topic_that_ends_before_what_was_read_is_another_one_and_read_whole():
    start = start_at("a/0", 7, 0, 2)
    assert start.offset == 0
    assert start.loss.startswith("a/0 was read up to offset 7 and now ends at 2: the topic was deleted and made anew")


def test_records_that_retention_took_unread_are_counted():
    start = start_at("a/0", 7, 12, 20)
    assert start.offset == 12
    assert start.loss.endswith("5 records were deleted before they were read")
