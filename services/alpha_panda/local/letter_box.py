"""The dead letters of a running platform: read from its log, and written back to where they came from.

The administrator's credentials are used, because no service may write to another's topics.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from aiokafka import TopicPartition
from aiokafka import errors as kafka_errors
from pydantic import SecretStr

from alpha_panda.errors import InputError, UnavailableError
from alpha_panda.events.topics import DLQ_SUFFIX, parse_name
from alpha_panda.local.kafka import ADMIN
from alpha_panda.local.layout import Layout
from alpha_panda.local.letters import Decision, Kind, Letter, Marks, Step, marks_among, read_letter
from alpha_panda.local.locks import exclusive
from alpha_panda.local.log_reader import log_consumer, partitions_of, timed_records
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.progress import Progress
from alpha_panda.local.run_file import load_run
from alpha_panda.runtime.kafka import make_producer, start_client, translate
from alpha_panda.runtime.read_back import read_to_end
from alpha_panda.runtime.replays import coordinates_text, replay_headers
from alpha_panda.runtime.settings import KafkaSettings
from alpha_panda.runtime.snapshots import Offsets


async def read_letters(layout: Layout, topic: str | None = None) -> list[Letter]:
    """The letters of one dead-letter topic (named with or without its `.dlq`), or of all, oldest first.

    Raises:
        InputError: there is no such topic.
        UnavailableError: Kafka does not answer.
    """
    there = [each for each in await asyncio.to_thread(partitions_of, layout) if each.topic.endswith(DLQ_SUFFIX)]
    wanted = there if topic is None else [each for each in there if each.topic == dead_letter_name(topic)]
    if topic is not None and not wanted:
        known = ", ".join(sorted({each.topic for each in there}))
        raise InputError(f"there is no dead-letter topic of {topic!r}", remedy=f"there are: {known}")
    found: list[Letter] = []
    if not wanted:
        return found
    async with log_consumer(layout) as consumer:
        async for milliseconds, record in timed_records(consumer, wanted, None):
            found.append(read_letter(record, datetime.fromtimestamp(milliseconds / 1000, UTC)))
    return sorted(found, key=lambda each: (each.written_at, each.place))


async def read_marks(layout: Layout, letters: list[Letter]) -> Marks:
    """What was written back to where these letters come from; a copy stands behind the record that it is of."""
    since: Offsets = {}
    for letter in letters:
        if letter.kind is Kind.RECORD:
            topic, partition, offset = letter.source
            starts = since.setdefault(topic, {})
            starts[partition] = min(starts.get(partition, offset), offset)
    there = await asyncio.to_thread(partitions_of, layout)
    wanted = [each for each in there if each.partition in since.get(each.topic, {})]
    if not wanted:
        return marks_among(())  # a consumer that was assigned nothing cannot be stopped in order
    async with log_consumer(layout) as consumer:
        found = [(each.headers, each.value) async for each in read_to_end(consumer, wanted, since) if each.headers]
    return marks_among(found)


async def write_back(layout: Layout, steps: tuple[Step, ...]) -> int:
    """Write the records of these steps that are to be replayed to their topic and partition; how many.

    Raises:
        UnavailableError: Kafka does not take one; those before it are written, and known to the next run.
    """
    due = [step for step in steps if step.decision is Decision.REPLAY]
    if not due:
        return 0
    settings = KafkaSettings(
        bootstrap=f"{HOST}:{Ports(layout).known('kafka')}",
        username=ADMIN,
        password=SecretStr(layout.secret("kafka-admin")),
    )
    producer = make_producer(settings)
    await start_client(producer, settings)
    try:
        for step in due:
            letter = step.letter
            where = TopicPartition(letter.source[0], letter.source[1])
            headers = [*letter.headers, *replay_headers(step.mark)]
            try:
                await producer.send_and_wait(
                    where.topic, letter.value, key=letter.key, partition=where.partition, headers=headers
                )
            except kafka_errors.KafkaError as error:
                msg = f"{coordinates_text(letter.place)} was not written back: {translate(error)}"
                raise UnavailableError(
                    msg, remedy="mend that and run the replay again: it goes on from here"
                ) from error
    finally:
        await producer.stop()
    return len(due)


def one_at_a_time(layout: Layout, progress: Progress) -> AbstractContextManager[None]:
    """A context in which nobody else replays: two at once would not see each other's marks in time."""
    return exclusive(layout.run / "replay.lock", progress, "replaying dead letters")


def dead_letter_name(topic: str) -> str:
    """The topic itself, or its dead-letter topic."""
    return topic if topic.endswith(DLQ_SUFFIX) else f"{topic}{DLQ_SUFFIX}"


def require_replayable(layout: Layout, letters: list[Letter]) -> None:
    """Only partitioned topics hold facts that can be told late; raises InputError for control, markers and states.

    A letter is believed only where it lies on a dead-letter topic of the topic that it names.
    """
    run = load_run(layout)
    prefix = run.platform_settings.prefix if run is not None else ""
    for letter in letters:
        if letter.kind is not Kind.RECORD:
            continue
        bare = f"{letter.topic.removeprefix(prefix)}{DLQ_SUFFIX}"
        name = letter.place[0].removeprefix(prefix)
        if bare not in (name, name.partition(".")[2]):
            msg = f"{coordinates_text(letter.place)} names {letter.topic}, whose dead letters do not belong there"
            raise InputError(msg, remedy="no service wrote it: choose the others with --reason")
        if parse_name(letter.topic, prefix)[0].single:
            msg = f"{letter.topic} holds a state or a protocol: an old record written back would overrule newer ones"
            raise InputError(msg, remedy="apply the resource again, or send the command again")
