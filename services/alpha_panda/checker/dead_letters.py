"""Nothing silent: what cannot be read has a dead letter of each group that passed it, and no letter is invented."""

from __future__ import annotations

import hashlib
from collections import defaultdict

from alpha_panda.checker.model import Examination, Finding, Place, Record, place_text
from alpha_panda.checker.reading import Facts
from alpha_panda.events.topics import TOPICS, Scope, dead_letter_topic

GROUP, TOPIC, PARTITION, OFFSET, FILE, DIGEST = (
    f"panda-{name}" for name in ("group", "topic", "partition", "offset", "file", "sha256")
)
"""The headers of a dead letter; part of the log's format."""


def letters_for_malformed(facts: Facts) -> Finding:
    """Each malformed record has one dead letter of each group that has committed past it."""
    look = Examination(
        "letters_for_malformed", "each record that cannot be read has a dead letter of each group that passed it"
    )
    letters = _letters(facts)
    for malformed in facts.malformed:
        record = malformed.record
        for group, offsets in sorted(facts.log.committed.items()):
            if offsets.get((record.topic, record.partition), 0) <= record.offset:
                continue
            look.look()
            if not letters[group, record.place]:
                message = f"group {group} passed it without a dead letter ({malformed.reason})"
                look.fail(place_text(record.place), message)
    return look.finding()


def true_letters(facts: Facts) -> Finding:
    """Each dead letter has a source with its very bytes, lies on the right topic and is its group's only one."""
    look = Examination("true_letters", "each dead letter has its source with the same bytes, once per group")
    records = {record.place: record for record in facts.log.records}
    for (group, place), letters in sorted(_letters(facts).items()):
        for letter in letters:
            look.look()
            problem = _problem(letter, group, place, records, facts)
            if problem is not None:
                look.fail(place_text(letter.place), problem)
        if len(letters) > 1:
            look.fail(
                place_text(letters[1].place), f"group {group} has set {place_text(place)} aside {len(letters)} times"
            )
    for letter in facts.dead_letters:
        if _source(letter) is None:
            look.look()
            look.fail(place_text(letter.place), "a dead letter that does not say whose it is and where it came from")
    return look.finding()


def _problem(letter: Record, group: str, place: Place, records: dict[Place, Record], facts: Facts) -> str | None:
    topic, partition, offset = place
    if FILE in dict(letter.headers):
        return None  # a row of a file: its source is not on the log
    first = facts.log.beginnings.get((topic, partition), 0)
    source = records.get(place)
    if source is None:
        return None if offset < first else f"group {group} names {place_text(place)}, where there is no record"
    if not _holds(letter, source):
        return f"its bytes are not those of {place_text(place)}"
    allowed = {dead_letter_topic(topic, None, facts.log.prefix)}
    broker = group.rpartition(".")[2]
    if any(topic == each.full_name(prefix=facts.log.prefix) for each in TOPICS if each.scope is not Scope.BROKER):
        allowed.add(dead_letter_topic(topic, broker, facts.log.prefix))
    return None if letter.topic in allowed else f"a letter for {topic} by {group} does not belong on {letter.topic}"


def _holds(letter: Record, source: Record) -> bool:
    """Whether these are the source's bytes, or their beginning with the digest of all where they were too many."""
    digest = dict(letter.headers).get(DIGEST)
    if digest is None:
        return (source.value, source.key) == (letter.value, letter.key)
    whole = source.value or b""
    return whole.startswith(letter.value or b"") and hashlib.sha256(whole).hexdigest() == digest.decode(
        errors="replace"
    )


def _letters(facts: Facts) -> dict[tuple[str, Place], list[Record]]:
    """By group and source: the letters; a row's source is its file, partition -1 and line."""
    found: dict[tuple[str, Place], list[Record]] = defaultdict(list)
    for letter in facts.dead_letters:
        source = _source(letter)
        if source is not None:
            found[source].append(letter)
    return found


def _source(letter: Record) -> tuple[str, Place] | None:
    headers = {name: value.decode(errors="replace") for name, value in letter.headers}
    try:
        place = (headers.get(FILE) or headers[TOPIC], int(headers[PARTITION]), int(headers[OFFSET]))
        return headers[GROUP], place
    except (KeyError, ValueError):
        return None
