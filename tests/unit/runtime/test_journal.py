"""A client's journal holds what it saw at once, and a client without one writes nothing."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from alpha_panda.runtime.journal import Journal, JournaledConsumer, JournaledProducer, digest_of
from alpha_panda.runtime.kafka import make_consumer, make_producer
from alpha_panda.runtime.settings import KafkaSettings


def lines_by_file(folder: Path) -> list[list[dict[str, object]]]:
    return [[json.loads(line) for line in file.read_text().splitlines()] for file in sorted(folder.iterdir())]


def test_a_line_is_on_the_disk_before_the_note_returns(tmp_path: Path):
    journal = Journal(tmp_path, "paper.risk-manager")
    journal.note("written", "a-topic", 0, offset=7, digest=digest_of(b"some"))
    assert lines_by_file(tmp_path) == [
        [{"saw": "written", "topic": "a-topic", "partition": 0, "offset": 7, "digest": digest_of(b"some")}]
    ]


def test_two_clients_of_one_process_write_two_files(tmp_path: Path):
    for _ in range(2):
        Journal(tmp_path, "history")
    assert len(lines_by_file(tmp_path)) == 2


async def test_clients_keep_a_journal_only_where_a_folder_is_named(tmp_path: Path):
    for settings, kept in ((KafkaSettings(journal=tmp_path), True), (KafkaSettings(), False)):
        consumer, producer = make_consumer(settings), make_producer(settings)
        assert isinstance(consumer, JournaledConsumer) is kept
        assert isinstance(producer, JournaledProducer) is kept
        for _ in range(2):  # as where a start fails and is tried again
            await consumer.stop()
            await producer.stop()
    assert len(lines_by_file(tmp_path)) == 2


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (JournaledProducer.send, AIOKafkaProducer.send),
        (JournaledConsumer.getmany, AIOKafkaConsumer.getmany),
        (JournaledConsumer.assign, AIOKafkaConsumer.assign),
        (JournaledConsumer.seek, AIOKafkaConsumer.seek),
    ],
)
def test_a_journaled_client_is_called_like_one_without(ours: Callable[..., object], theirs: Callable[..., object]):
    parameters = [
        [(each.name, each.kind, each.default) for each in inspect.signature(one).parameters.values()]
        for one in (ours, theirs)
    ]
    assert parameters[0] == parameters[1]
