"""The port that every source of ticks is behind, and what a source says of its data.

A replay offers epochs, which the feed publishes one after the other; a live or made-up market offers
ticks, which the feed publishes as their time comes. Rows that cannot be used stop nothing: the feed
takes them from the source, sends them to the dead letters and counts them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterator

import msgspec

from alpha_panda.domain.epochs import EpochBatch
from alpha_panda.domain.instrument import Instrument
from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Tick


class RejectedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is in no tick and why; `line` counts from 1 (a Parquet file's first row is 1)."""

    file: str
    line: int
    raw: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class SourceReport(msgspec.Struct, kw_only=True):
    """What a source has read so far; complete once its last epoch is taken."""

    files: int = 0
    rows: int = 0
    ticks: int = 0
    rejected: int = 0
    outside_session: int = 0
    """Good rows at times without a session."""
    duplicates: int = 0
    """Rows that say again what an earlier row said."""
    out_of_order: int = 0
    """Rows whose time is before that of an earlier row of the instrument in the file; they are sorted."""
    missing_bars: dict[str, int] = msgspec.field(default_factory=dict)
    """By instrument: intervals without a bar, in sessions of which it has any."""
    naive_times: int = 0
    """Times without an offset from UTC, taken as `naive_zone`."""
    naive_zone: str = "IST"

    def lines(self) -> list[str]:
        """The report in sentences, for logs and the summary; nothing that is zero."""
        missing = sum(self.missing_bars.values())
        found = (
            (self.rejected, "row", "rejected"),
            (self.outside_session, "row", "outside the session left out"),
            (self.duplicates, "repeated row", "left out"),
            (self.out_of_order, "row", "out of order, sorted"),
            (missing, "bar", f"missing ({', '.join(self.missing_bars)})"),
            (self.naive_times, "time", f"without an offset from UTC, taken as {self.naive_zone}"),
        )
        read = f"{counted(self.rows, 'row')} of {counted(self.files, 'file')} gave {counted(self.ticks, 'tick')}"
        return [read, *(f"{counted(count, noun)} {what}" for count, noun, what in found if count)]


def counted(number: int, noun: str) -> str:
    """The number and its noun, which takes an s but for one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Source(ABC):
    """Something that ticks come from."""

    report: SourceReport

    @property
    @abstractmethod
    def description(self) -> str:
        """One line for people: what is fed."""

    @property
    @abstractmethod
    def instruments(self) -> tuple[Instrument, ...]:
        """What there are ticks of, by token; raises as `check`."""

    @abstractmethod
    def check(self) -> None:
        """Find out whether the source can be used at all, before anything starts.

        Raises:
            InputError: it cannot; the message says why and what to do.
        """

    @abstractmethod
    def drain_rejected(self) -> tuple[RejectedRow, ...]:
        """Rows rejected since the last call; each row is given once per pass over the data."""


class EpochSource(Source):
    """A source of finished data, cut into epochs."""

    @abstractmethod
    def epochs(self) -> Iterator[EpochBatch]:
        """All epochs from the first, the same at every call; starts the report anew."""


class LiveBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What a live market said since the batch before; without ticks it only tells that the source lives."""

    ticks: tuple[Event[Tick], ...] = ()
    blocked: str | None = None
    """Why nothing can come, and what a person does about it; None where ticks may come."""
    detail: dict[str, object] = {}
    """Numbers for `panda status`."""


class LiveSource(Source):
    """A market that goes on by itself; which instruments it is followed for can change at any time."""

    silence_seconds: float = 0.0
    """For how long it says nothing by its nature; longer silence is a fault."""

    @abstractmethod
    def follow(self, names: frozenset[str]) -> None:
        """Follow these instruments, as EXCHANGE:SYMBOL, and no others."""

    @abstractmethod
    def batches(self) -> AsyncGenerator[LiveBatch, None]:
        """What comes, at least a batch a second, until the iterator is closed."""


class PacedSource(Source):
    """A source of ticks without epochs; when each is published is the caller's business."""

    @abstractmethod
    def ticks(self, count: int | None = None) -> Iterator[Event[Tick]]:
        """The first `count` ticks, or ticks without end, in order of event time; the same at every call."""
