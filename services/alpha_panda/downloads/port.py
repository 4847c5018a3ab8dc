"""The ports of a download: whom history is asked of, and where it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

import msgspec

from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.raw_bars import RawBar
from alpha_panda.errors import PandaError
from alpha_panda.events.market import Bar, Timeframe


class AskAgainError(PandaError):
    """No answer this time; the same question may be asked again, at the source's own pace."""


class NotThereError(PandaError):
    """The source does not have this instrument; other instruments go on."""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How much a source gives."""

    most_days: int
    """Of one question, both ends included."""
    back_days: int | None = None
    """How long ago the oldest day may be; None: as long as anybody likes."""


class Asked(Protocol):
    """Somebody who has history."""

    @property
    def name(self) -> str:
        """What people are told."""

    @property
    def threads(self) -> int:
        """How many may ask at once."""

    def reach(self, timeframe: Timeframe) -> Reach:
        """How much of it is to be had."""

    def close(self) -> None:
        """Let nobody wait for a turn any more: the download has ended."""

    def ask(self, instrument: Instrument, timeframe: Timeframe, first: date, last: date) -> Sequence[RawBar]:
        """The rows of these days. Waits its turn, so it is called in a thread.

        Raises:
            AskAgainError: there was no answer.
            NotThereError: there is no such instrument.
            PandaError: nothing can be asked at all.
        """


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """What became of bars that were to be kept."""

    new: int
    differing: int
    """There was another bar of the same time, which stands."""


class Shelf(Protocol):
    """Where bars are kept."""

    async def counts(self, token: int, timeframe: Timeframe, first: date, last: date) -> Mapping[date, int]:
        """How many bars there are by day."""

    async def add(self, bars: Sequence[Bar]) -> Added:
        """Keep bars, all or none; what is there already stands."""
