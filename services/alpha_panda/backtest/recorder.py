"""What a run leaves behind: events in, the records that a report is made of out."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime

import msgspec

from alpha_panda.domain.analytics.journal import Journal
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.events.signals import SignalRaised, SignalRejected, SignalValidated


class Rejection(msgspec.Struct, kw_only=True):
    """Signals of one strategy in one instrument that were refused for one reason."""

    strategy: str
    instrument_token: int
    code: str
    count: int = 0
    first_at: datetime
    example: str
    """The message of the first one."""


class AccountRecord:
    """One Broker's day, or years."""

    def __init__(self) -> None:
        """Nothing happened yet."""
        self.journal = Journal()
        self.raised: Counter[str] = Counter()
        self.validated: Counter[str] = Counter()
        self.rejections: dict[tuple[str, int, str], Rejection] = {}
        self.equity: list[tuple[datetime, int]] = []
        self.last: PnlSnapshot | None = None

    def take(self, event: AnyEvent) -> None:
        """Take in an event of the Broker."""
        data = event.data
        if isinstance(data, PnlSnapshot):
            self.equity.append((event.event_time, data.equity_paise))
            self.last = data
        elif isinstance(data, SignalRaised):
            self.raised[data.strategy] += 1
        elif isinstance(data, SignalRejected):
            self._reject(event.event_time, data)
        else:
            if isinstance(data, SignalValidated):
                self.validated[data.signal.strategy] += 1
            self.journal.take(event)

    def _reject(self, at: datetime, data: SignalRejected) -> None:
        key = data.signal.strategy, data.signal.instrument_token, data.code
        known = self.rejections.get(key)
        if known is None:
            known = self.rejections[key] = Rejection(
                strategy=key[0], instrument_token=key[1], code=data.code, first_at=at, example=data.message
            )
        known.count += 1


class Recorder:
    """All Brokers' records, and the bars of one timeframe for charts."""

    def __init__(self, timeframe: Timeframe) -> None:
        """Keep the bars of this timeframe only."""
        self.timeframe = timeframe
        self.accounts: dict[str, AccountRecord] = defaultdict(AccountRecord)
        self.bars: dict[int, list[Bar]] = defaultdict(list)

    def record(self, event: AnyEvent) -> None:
        """Take in whatever a core said."""
        data = event.data
        if isinstance(data, Bar):
            if data.timeframe is self.timeframe:
                self.bars[data.instrument_token].append(data)
        elif event.broker is not None:
            self.accounts[event.broker].take(event)

    def mark(self, broker: str, at: datetime, equity_paise: int) -> None:
        """Take in that only prices moved, and with them the worth of what an account holds."""
        self.accounts[broker].equity.append((at, equity_paise))

    def settle(self, broker: str, last: PnlSnapshot | None) -> None:
        """Take in what an account has come to."""
        if last is not None:
            self.accounts[broker].last = last

    def chart(self, bar: Bar) -> None:
        """Take in a bar of the timeframe that charts show."""
        self.bars[bar.instrument_token].append(bar)
