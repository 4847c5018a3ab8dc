"""Is the market silent although it should not be? Pure: ticks and moments in, findings out.

Only an open session makes silence a fault: nights, weekends, holidays and, from the day on which it
exists, the closing auction are silent by right, and so is the time before the first tick is due. In a
replay no calendar is asked; there the feed says when it may not move (Paper trading has to close an
epoch, or its time has not come), and only silence while it may is its fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from alpha_panda.domain.calendar import HorizonError, SessionCalendar
from alpha_panda.domain.market_rules import Market
from alpha_panda.domain.phases import continuous
from alpha_panda.domain.pipeline_watch import Bounds, Code, Finding, Now

MARKET = "market"
_NAMED = 5


class FeedWatch:
    """Watches the market that one service publishes or reads."""

    def __init__(self, bounds: Bounds, calendar: SessionCalendar | None, begun: float, *, live: bool = False) -> None:
        """`calendar` is None in a replay. `live` markets have wall time; a made-up one has that of its ticks."""
        self._bounds = bounds
        self._calendar = calendar
        self._live = live
        self._begun = begun
        self._heard = begun
        self._told: datetime | None = None
        self._ended = False
        self._names: Mapping[int, str] = {}
        self._heard_of: dict[int, float] = {}

    def follow(self, names: Mapping[int, str]) -> None:
        """Watch these instruments one by one too, by token; what else is heard of counts for the market only."""
        self._names = names

    def heard(self, at: float, event_time: datetime, tokens: Iterable[int] = ()) -> None:
        """Ticks came, the last of them of this event time."""
        self._heard = at
        self._told = event_time
        for token in tokens:
            self._heard_of[token] = at

    def nothing_due(self, at: float) -> None:
        """In a replay: the feed may not move now, so its silence is not its fault."""
        self._heard = at

    def end(self) -> None:
        """The replay has ended: silence is all there will be."""
        self._ended = True

    def silence(self, now: float) -> float:
        """Seconds since the last tick, or since the beginning, whether the market is open or not."""
        return 0.0 if self._ended else max(0.0, now - self._heard)

    def findings(self, now: Now) -> tuple[Finding, ...]:
        """What is wrong at this moment: the whole market, or single instruments of it."""
        if self._ended:
            return ()
        due = self._due_seconds(now)
        silent = min(now.monotonic - self._heard, due)
        if silent > self._bounds.stale_feed_seconds:
            return (self._stale(silent, now),)
        return self._stale_instruments(due, now)

    def _due_seconds(self, now: Now) -> float:
        """For how long ticks have been due without a break; negative while none is."""
        if self._calendar is None:
            return now.monotonic - self._begun
        market = self._market_time(now)
        if market is None:
            return -1.0
        try:
            session = self._calendar.session_at(market)
        except HorizonError:
            return -1.0  # the doctor tells of the calendar's end; neither open nor closed can be assumed
        if session is None or market >= continuous(session, Market.UNDERLYINGS).end:
            return -1.0
        return (market - session.open).total_seconds()

    def _market_time(self, now: Now) -> datetime | None:
        if self._live:
            return now.wall
        return None if self._told is None else self._told + timedelta(seconds=now.monotonic - self._heard)

    def _stale(self, silent: float, now: Now) -> Finding:
        return Finding(
            code=Code.STALE_FEED,
            subject=MARKET,
            since=now.before(silent),
            seconds=round(silent, 1),
            message=f"no tick of any instrument for {silent:.0f} s although ticks are due",
            look="panda logs market-feed",
            numbers={"allowed_seconds": self._bounds.stale_feed_seconds},
        )

    def _stale_instruments(self, due: float, now: Now) -> tuple[Finding, ...]:
        bound = self._bounds.stale_instrument_seconds
        if self._calendar is None or due <= bound:
            return ()
        silent = {
            name: seconds
            for token, name in self._names.items()
            if (seconds := min(now.monotonic - self._heard_of.get(token, self._begun), due)) > bound
        }
        if not silent:
            return ()
        longest = max(silent.values())
        named = sorted(silent, key=lambda name: (-silent[name], name))[:_NAMED]
        more = f" and {len(silent) - _NAMED} more" if len(silent) > _NAMED else ""
        return (
            Finding(
                code=Code.STALE_INSTRUMENTS,
                subject=", ".join(named) + more,
                since=now.before(longest),
                seconds=round(longest, 1),
                message=f"{len(silent)} of {len(self._names)} instruments had no tick for more than {bound:g} s",
                look="panda logs market-feed",
                numbers={"instruments": len(silent), "allowed_seconds": bound},
            ),
        )
