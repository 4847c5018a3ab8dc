"""Epochs: each task marks every one in turn, and what it marks is what it wrote."""

from __future__ import annotations

from collections import defaultdict

from alpha_panda.checker.model import Examination, Finding
from alpha_panda.checker.reading import Fact, Facts
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.topics import Scope


def _tasks(facts: Facts) -> dict[tuple[str, str], list[tuple[Fact, EpochClosed]]]:
    """By epoch topic and task: its markers in the order of the log."""
    tasks: dict[tuple[str, str], list[tuple[Fact, EpochClosed]]] = defaultdict(list)
    for fact, marker in facts.of(EpochClosed):
        tasks[fact.record.topic, marker.task].append((fact, marker))
    return dict(sorted(tasks.items()))


def markers(facts: Facts) -> Finding:
    """A task's markers are contiguous, its watermarks and offsets never go back, nothing follows the final one."""
    look = Examination("markers", "each task marks every epoch once and in turn")
    for found in _tasks(facts).values():
        before: EpochClosed | None = None
        watermark = found[0][0].event.event_time
        for fact, marker in found:
            look.look()
            if before is not None:
                problem = _step(before, marker)
                if problem is not None:
                    look.fail(fact.at, f"{marker.task}: {problem}")
            if fact.event.event_time < watermark:
                look.fail(fact.at, f"{marker.task}: the watermark of epoch {marker.epoch} is before the last one")
            if fact.envelope.epoch != marker.epoch:
                look.fail(fact.at, f"{marker.task}: a marker of epoch {marker.epoch} written in {fact.envelope.epoch}")
            before, watermark = marker, fact.event.event_time
    return look.finding()


def same_watermarks(facts: Facts) -> Finding:
    """All tasks give an epoch the watermark that the feed gave it, and end with the same one."""
    look = Examination("same_watermarks", "all tasks agree on the time and the end of each epoch")
    first: dict[int, tuple[Fact, EpochClosed]] = {}
    for fact, marker in facts.of(EpochClosed):
        look.look()
        known, known_marker = first.setdefault(marker.epoch, (fact, marker))
        if (known.event.event_time, known_marker.final) != (fact.event.event_time, marker.final):
            look.fail(
                fact.at, f"{marker.task} closes epoch {marker.epoch} at {fact.event.event_time}, not as {known.at}"
            )
    return look.finding()


def epochs_in_order(facts: Facts) -> Finding:
    """On a partition the epochs of a writer's events never go back."""
    look = Examination("epochs_in_order", "the epochs of events never go back on a partition")
    last: dict[tuple[str, int, str], Fact] = {}
    for fact in facts.all:
        if fact.envelope.epoch is None or isinstance(fact.event.data, EpochClosed) or fact.topic.scope is Scope.CONTROL:
            continue
        look.look()
        where = (fact.record.topic, fact.record.partition, fact.envelope.source)
        before = last.get(where)
        if before is not None and (before.envelope.epoch or 0) > fact.envelope.epoch:
            look.fail(fact.at, f"epoch {fact.envelope.epoch} after epoch {before.envelope.epoch} at {before.at}")
        last[where] = fact
    return look.finding()


def marked_offsets(facts: Facts) -> Finding:
    """An event of epoch k lies below the end that k's marker names for its partition, and not below that of k - 1."""
    look = Examination("marked_offsets", "each event lies between the offsets that its epoch's markers name")
    ends = _ends(facts)
    closed = {key: max(by_epoch) for key, by_epoch in ends.items()}
    for fact in facts.all:
        epoch = fact.envelope.epoch
        if epoch is None or fact.topic.scope is Scope.CONTROL or isinstance(fact.event.data, EpochClosed):
            continue
        where = (fact.record.topic, fact.record.partition)
        if where not in ends:
            look.note("events in epochs that are not marked yet")
            continue
        if epoch > closed[where]:
            look.note("events in epochs that are not marked yet")
            continue
        look.look()
        by_epoch, offset = ends[where], fact.record.offset
        if epoch in by_epoch and offset >= by_epoch[epoch]:
            look.fail(fact.at, f"epoch {epoch} is marked as ending before offset {by_epoch[epoch]}")
        elif epoch - 1 in by_epoch and offset < by_epoch[epoch - 1]:
            look.fail(
                fact.at, f"epoch {epoch}, but offsets below {by_epoch[epoch - 1]} are marked as of epoch {epoch - 1}"
            )
    return look.finding()


def _ends(facts: Facts) -> dict[tuple[str, int], dict[int, int]]:
    """By topic and partition, then by epoch: the end that the markers name."""
    ends: dict[tuple[str, int], dict[int, int]] = defaultdict(dict)
    for _, marker in facts.of(EpochClosed):
        for topic, by_partition in marker.outputs.items():
            for partition, end in by_partition.items():
                known = ends[topic, int(partition)]
                known[marker.epoch] = max(known.get(marker.epoch, 0), end)
    return ends


def _step(before: EpochClosed, marker: EpochClosed) -> str | None:
    """What is wrong between two markers of a task."""
    if marker.epoch != before.epoch + 1:
        return f"epoch {marker.epoch} after epoch {before.epoch}"
    if before.final:
        return f"epoch {marker.epoch} after the final one"
    for topic, by_partition in before.outputs.items():
        for partition, end in by_partition.items():
            now = marker.outputs.get(topic, {}).get(partition, -1)
            if now < end:
                return f"{topic}/{partition} ended at {end} in epoch {before.epoch} and at {now} in {marker.epoch}"
    return None
