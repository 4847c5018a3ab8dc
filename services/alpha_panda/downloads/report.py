"""What became of a download, for people and programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import msgspec

_SHOWN: Final = 3
"""Reasons and days that are told one by one."""


class Fetched(msgspec.Struct, kw_only=True):
    """What became of one instrument."""

    instrument: str
    sessions: int
    """That were asked for."""
    before: int = 0
    """Bars that were there already."""
    new: int = 0
    differing: int = 0
    """Bars that are kept otherwise than they were told now; what was kept stands."""
    questions: int = 0
    refused: int = 0
    reasons: tuple[str, ...] = ()
    """Of the first rows that were refused."""
    missing: tuple[date, ...] = ()
    """Sessions without any bar."""
    gaps: int = 0
    """Sessions with fewer bars than they have minutes of continuous trading."""
    beyond: int = 0
    """Sessions that are longer ago than the source goes back."""
    failed: str | None = None
    """Why asking ended before all was asked."""

    def refuse(self, reasons: Sequence[str]) -> None:
        """Count rows that were refused."""
        self.refused += len(reasons)
        self.reasons = (*self.reasons, *reasons)[:_SHOWN]


def lines(fetched: Fetched) -> Iterator[str]:
    """The same in sentences."""
    yield f"{fetched.instrument}: {fetched.new} new, {fetched.before} kept before, of {fetched.sessions} sessions"
    if fetched.failed is not None:
        yield f"  not all was asked: {fetched.failed}"
    if fetched.refused:
        yield f"  {fetched.refused} rows refused: {'; '.join(fetched.reasons)}{_more(fetched.refused)}"
    if fetched.differing:
        yield f"  {fetched.differing} bars are kept otherwise than they are told now; what was kept stands"
    if fetched.missing:
        days = ", ".join(map(str, fetched.missing[:_SHOWN]))
        yield f"  {len(fetched.missing)} sessions have no bar: {days}{_more(len(fetched.missing))}"
    if fetched.gaps:
        yield f"  {fetched.gaps} sessions lack bars: nothing was traded then, or nobody has told"
    if fetched.beyond:
        yield f"  {fetched.beyond} sessions are longer ago than the source goes back"


def _more(count: int) -> str:
    return ", …" if count > _SHOWN else ""
