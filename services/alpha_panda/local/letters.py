"""Dead letters as they lie on the log, their summary, and which of them a replay writes back. Pure.

Several groups may have set one record aside, each with a letter of its own; a replay writes that record
back once. What was written back is known from the marks on the source topics, so a second replay finds
nothing left to do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from alpha_panda.checker.model import Record
from alpha_panda.events.envelope import MalformedEventError, decode_header
from alpha_panda.runtime.dead_letters import (
    BYTES,
    DIGEST,
    FILE,
    GROUP,
    OFFSET,
    PARTITION,
    REASON,
    TIMESTAMP,
    TOPIC,
    Coordinates,
    Header,
)
from alpha_panda.runtime.replays import MARKS, Replay, coordinates_text, replay_of

MOST_REPLAYS = 3
"""How often a record is written back before a person has to mend it by other means."""
_FACTS = (GROUP, TOPIC, FILE, PARTITION, OFFSET, TIMESTAMP, REASON, BYTES, DIGEST)
_REASON_SHOWN = 60


class Kind(StrEnum):
    """What a dead letter is about."""

    RECORD = "record"
    ROW = "row"
    """A row of a file that became no record."""
    FOREIGN = "foreign"
    """Somebody else wrote it: it does not say where it came from."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter; `source` is what was set aside: a record, a row (file, -1, line), or a foreign one itself."""

    place: Coordinates
    written_at: datetime
    group: str
    topic: str
    source: Coordinates
    kind: Kind
    reason: str
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    """The source's own, without the marks of former replays."""
    replay: Replay | None
    """Set where the source was itself a replayed record."""
    whole: str = ""
    """Size and digest of the source's value where `value` is only its beginning."""

    @property
    def origin(self) -> Coordinates:
        """The record that was set aside first."""
        return self.replay.origin if self.replay is not None else self.source

    @property
    def replays(self) -> int:
        """How often the record had been written back before."""
        return self.replay.count if self.replay is not None else 0


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A dead-letter topic at a glance."""

    topic: str
    count: int
    oldest: datetime
    newest: datetime
    groups: dict[str, int]
    reasons: dict[str, int]


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """What has been written back: the records, where they began, and the ids of those that are events."""

    of: frozenset[Coordinates]
    origins: frozenset[Coordinates]
    ids: frozenset[str]


class Decision(StrEnum):
    """What a replay does with a record that was set aside."""

    REPLAY = "replay"
    DONE = "already replayed"
    RETURNED = "came back"
    WORN_OUT = "came back too often"
    SAME_EVENT = "same event as another"
    ROW = "a row of a file"
    SHORTENED = "too large: only its beginning is here"
    FOREIGN = "not a dead letter"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A record that was set aside, by one of its letters, and what becomes of it."""

    letter: Letter
    decision: Decision
    event_id: str | None

    @property
    def mark(self) -> Replay:
        """What marks the record that is written back."""
        letter = self.letter
        return Replay(letter=letter.place, of=letter.source, origin=letter.origin, count=letter.replays + 1)


def read_letter(record: Record, written_at: datetime) -> Letter:
    """What a record of a dead-letter topic says.

    The first header of a name is the letter's own: a source's headers follow, whatever they are called.
    """
    facts: dict[str, str] = {}
    own: list[Header] = []
    for name, value in record.headers:
        if name in _FACTS and name not in facts and not own:
            facts[name] = value.decode(errors="replace")
        else:
            own.append((name, value))
    try:
        source = (facts.get(FILE) or facts[TOPIC], int(facts[PARTITION]), int(facts[OFFSET]))
        group, topic, reason = facts[GROUP], facts[TOPIC], facts[REASON]
        kind = Kind.ROW if FILE in facts else Kind.RECORD
    except (KeyError, ValueError):
        source, kind, topic = record.place, Kind.FOREIGN, record.topic
        group, reason = "unknown", "it does not say where it came from: no service of Alpha Panda wrote it"
    return Letter(
        place=record.place,
        written_at=written_at,
        group=group,
        topic=topic,
        source=source,
        kind=kind,
        reason=reason,
        key=record.key,
        value=record.value,
        headers=tuple((name, value) for name, value in own if name not in MARKS),
        replay=replay_of(own),
        whole=f"{facts[BYTES]} bytes, sha256 {facts[DIGEST]}" if BYTES in facts and DIGEST in facts else "",
    )


def summaries(letters: Iterable[Letter]) -> tuple[Summary, ...]:
    """Each dead-letter topic that holds letters, by name; its most frequent groups and reasons first."""
    by_topic: dict[str, list[Letter]] = defaultdict(list)
    for letter in letters:
        by_topic[letter.place[0]].append(letter)
    return tuple(
        Summary(
            topic=topic,
            count=len(found),
            oldest=min(each.written_at for each in found),
            newest=max(each.written_at for each in found),
            groups=dict(Counter(each.group for each in found).most_common()),
            reasons=dict(Counter(each.reason for each in found).most_common()),
        )
        for topic, found in sorted(by_topic.items())
    )


def marks_among(records: Iterable[tuple[Sequence[Header], bytes | None]]) -> Marks:
    """The marks on records of the source topics, each given as its headers and value."""
    of, origins, ids = set(), set(), set()
    for headers, value in records:
        replay = replay_of(headers)
        if replay is None:
            continue
        of.add(replay.of)
        origins.add(replay.origin)
        identity = event_id_of(value)
        if identity is not None:
            ids.add(identity)
    return Marks(of=frozenset(of), origins=frozenset(origins), ids=frozenset(ids))


def plan_replay(letters: Sequence[Letter], marks: Marks, *, returned: bool) -> tuple[Step, ...]:
    """What to do with each record that these letters are about, in the order of its source.

    Without `returned`, a record whose origin was written back is left alone, also where it came back:
    so a replay that is run again changes nothing. With it, what came back is written back once more,
    `MOST_REPLAYS` times in all.
    """
    first: dict[Coordinates, Letter] = {}
    for letter in sorted(letters, key=lambda each: (each.source, each.place)):
        first.setdefault(letter.source, letter)
    steps, ids = [], set(marks.ids)
    for letter in first.values():
        identity = event_id_of(letter.value) if letter.kind is Kind.RECORD else None
        decision = _decide(letter, identity, ids, marks, returned=returned)
        if decision is Decision.REPLAY and identity is not None:
            ids.add(identity)
        steps.append(Step(letter=letter, decision=decision, event_id=identity))
    return tuple(steps)


def _decide(letter: Letter, identity: str | None, ids: set[str], marks: Marks, *, returned: bool) -> Decision:
    if letter.kind is not Kind.RECORD:
        return Decision.ROW if letter.kind is Kind.ROW else Decision.FOREIGN
    if letter.whole:
        return Decision.SHORTENED
    if letter.source in marks.of:
        return Decision.DONE
    if letter.replay is None:
        return Decision.SAME_EVENT if identity is not None and identity in ids else Decision.REPLAY
    if letter.replays >= MOST_REPLAYS:
        return Decision.WORN_OUT
    return Decision.REPLAY if returned else Decision.RETURNED


def event_id_of(value: bytes | None) -> str | None:
    """The id where the bytes are an event's envelope."""
    try:
        return decode_header(value).id
    except MalformedEventError:
        return None


def described(step: Step) -> tuple[str, str, str]:
    """Source, decision and reason of a step, for people."""
    reason = step.letter.reason
    short = reason if len(reason) <= _REASON_SHOWN else f"{reason[:_REASON_SHOWN]}…"
    decision = step.decision.value
    if step.decision in (Decision.RETURNED, Decision.WORN_OUT):
        decision = f"{decision} ({step.letter.replays} of {MOST_REPLAYS} replays)"
    return coordinates_text(step.letter.source), decision, short
