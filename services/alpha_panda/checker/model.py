"""What the checker is given and what it answers: a log, and a finding for each invariant."""

from __future__ import annotations

from enum import StrEnum

import msgspec

Place = tuple[str, int, int]
"""Topic, partition and offset of a record."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it lies on the log."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.topic, self.partition, self.offset


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of a run; partitions and offsets are Kafka's.

    `beginnings` are the first offsets that retention has left; `committed` is, by group and then by
    topic and partition, the next offset that a consumer will read. `ledger` has the sums of a Broker's
    books by account, where they were read. `instruments` are the tokens of the table; None where
    nobody says, and then no token is foreign.
    """

    records: tuple[Record, ...]
    beginnings: dict[tuple[str, int], int] = {}
    committed: dict[str, dict[tuple[str, int], int]] = {}
    ledger: dict[str, dict[str, int]] = {}
    instruments: frozenset[int] | None = None
    prefix: str = ""

    def is_whole(self, topic: str) -> bool:
        """Whether retention has left the topic from its first record on."""
        return all(first == 0 for (name, _), first in self.beginnings.items() if name == topic)


class Verdict(StrEnum):
    """What the log says of an invariant; VACUOUS: there was nothing to examine."""

    PASS = "PASS"  # noqa: S105 — not a password
    FAIL = "FAIL"
    VACUOUS = "VACUOUS"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one invariant."""

    invariant: str
    verdict: Verdict
    examined: int
    """How many records, orders or tasks were looked at."""
    failures: int
    witness: str | None
    """The first thing that contradicts the invariant; None where nothing does."""
    message: str


class Examination:
    """Counts what is looked at and keeps what contradicts, for one invariant."""

    def __init__(self, invariant: str, says: str) -> None:
        """`says` is the invariant as a sentence."""
        self._invariant = invariant
        self._says = says
        self._examined = 0
        self._failures: list[tuple[str, str]] = []
        self._notes: dict[str, int] = {}

    def look(self, times: int = 1) -> None:
        """One more thing (or several) was examined."""
        self._examined += times

    def fail(self, witness: str, message: str) -> None:
        """`witness` (a record, an order, a task) contradicts the invariant."""
        self._failures.append((witness, message))

    def note(self, what: str, times: int = 1) -> None:
        """Count something that a reader should know although nothing is wrong."""
        self._notes[what] = self._notes.get(what, 0) + times

    def finding(self) -> Finding:
        """The answer so far; of several failures the one with the smallest witness."""
        if not self._failures:
            notes = ", ".join(f"{count} {what}" for what, count in sorted(self._notes.items()) if count)
            return Finding(
                invariant=self._invariant,
                verdict=Verdict.PASS if self._examined else Verdict.VACUOUS,
                examined=self._examined,
                failures=0,
                witness=None,
                message=f"{self._says} ({notes})" if notes else self._says,
            )
        witness, message = min(self._failures)
        return Finding(
            invariant=self._invariant,
            verdict=Verdict.FAIL,
            examined=self._examined,
            failures=len(self._failures),
            witness=witness,
            message=message,
        )


def place_text(place: Place) -> str:
    """A place for people, as `topic/partition@offset`; sorts in the order of the log."""
    topic, partition, offset = place
    return f"{topic}/{partition}@{offset:08d}"
