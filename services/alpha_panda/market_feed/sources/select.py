"""From the feed's settings to its source."""

from __future__ import annotations

from datetime import date

from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.errors import InputError
from alpha_panda.market_feed.sources.port import Source
from alpha_panda.market_feed.sources.replay import ReplayOptions, ReplaySource
from alpha_panda.market_feed.sources.synthetic import SyntheticOptions, SyntheticSource
from alpha_panda.runtime.settings import FeedSettings


def select_source(settings: FeedSettings, instruments: InstrumentTable, calendar: SessionCalendar) -> Source:
    """The source that the settings name, found usable.

    Raises:
        InputError: it is not usable, or there is none.
    """
    source: Source
    if settings.source == "replay" and settings.path is not None:
        options = ReplayOptions(
            path=settings.path, timezone=settings.timezone, interval_minutes=settings.interval_minutes
        )
        source = ReplaySource(options, instruments, calendar)
    elif settings.source == "synthetic":
        source = SyntheticSource(
            SyntheticOptions(
                instruments=settings.instruments,
                rate=settings.rate,
                seed=settings.seed,
                start=date.fromisoformat(settings.start),
            ),
            instruments,
            calendar,
        )
    else:
        raise InputError("the feed has no source", remedy="set feed.source to replay (with feed.path) or synthetic")
    source.check()
    return source
