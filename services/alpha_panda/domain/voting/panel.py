"""The indicators that vote: a panel for each timeframe, moved on by its closed bars.

A panel has all six, whoever has a weight, since strategies look at them beside the vote. Its state is theirs
and is restored exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from alpha_panda.domain.indicators import Adx, Atr, Bollinger, Macd, Rsi, Stochastic
from alpha_panda.domain.indicators.averages import Exponential, smoothed
from alpha_panda.domain.voting import voices
from alpha_panda.domain.voting.tally import Ballot, Tally, tally
from alpha_panda.domain.voting.voices import Reading, Voice
from alpha_panda.events.market import Bar, Timeframe

_ATR = "atr"


class Periods(msgspec.Struct, frozen=True, kw_only=True):
    """What the indicators are made with: the same on every timeframe."""

    rsi: int = 14
    macd: tuple[int, int, int] = (12, 26, 9)
    bollinger: int = 20
    deviations: float = 2.0
    adx: int = 14
    stochastic: tuple[int, int, int] = (14, 3, 3)
    atr: int = 14


class Panel:
    """The indicators of one timeframe, and the usual size of its ATR: the average of that over its own period."""

    def __init__(self, timeframe: Timeframe, periods: Periods) -> None:
        """Without a bar yet; raises IndicatorError where a period is not allowed."""
        self.timeframe = timeframe
        self.rsi = Rsi(periods.rsi)
        self.macd = Macd(*periods.macd)
        self.bollinger = Bollinger(periods.bollinger, periods.deviations)
        self.adx = Adx(periods.adx)
        self.stochastic = Stochastic(*periods.stochastic)
        self.atr = Atr(periods.atr)
        self._usual = smoothed(periods.atr)
        self._close = 0
        self._indicators = (self.rsi, self.macd, self.bollinger, self.adx, self.stochastic, self.atr)

    @property
    def warm_up(self) -> Mapping[str, int]:
        """Bars until each can vote."""
        own = {each.about.name: each.warm_up for each in self._indicators}
        return {**own, _ATR: self.atr.warm_up + self._usual.size - 1}

    def update(self, bar: Bar) -> None:
        """Take a closed bar of the timeframe."""
        for indicator in self._indicators:
            indicator.update(bar)
        if self.atr.value is not None:
            self._usual.push(self.atr.value)
        self._close = bar.close_paise

    def voices(self, reading: Reading, weights: Mapping[str, int]) -> dict[str, Voice | None]:
        """What each indicator says, None where it is not defined yet; by the weights the ATR knows the others' side."""
        adx = self.adx.value
        reading = voices.reading_of(reading, adx)
        rsi, bands, lines, slow = self.rsi.value, self.bollinger.value, self.macd.value, self.stochastic.value
        said = {
            "rsi": None if rsi is None else voices.rsi(rsi, reading),
            "macd": None if lines is None else voices.macd(lines),
            "bollinger": None if bands is None else voices.bollinger(bands, self._close, reading),
            "adx": None if adx is None else voices.adx(adx),
            "stochastic": None if slow is None else voices.stochastic(slow, reading),
        }
        others = 0
        for name, voice in said.items():
            if voice is not None:
                others += weights.get(name, 0) * voice.lean
        atr, usual = self.atr.value, self._usual.value
        said[_ATR] = None if atr is None or usual is None else voices.atr(atr, usual, others)
        return said

    def snapshot(self) -> dict[str, Any]:
        """The whole state in JSON's values."""
        own = {each.about.name: each.snapshot() for each in self._indicators}
        return {"indicators": own, "usual": msgspec.to_builtins(self._usual), "close": self._close}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `snapshot` gave."""
        for each in self._indicators:
            each.restore(state["indicators"][each.about.name])
        self._usual = msgspec.convert(state["usual"], type=Exponential)
        self._close = state["close"]


class Panels:
    """A panel for each timeframe of a strategy; a longer one speaks as of its last closed bar."""

    def __init__(
        self,
        timeframes: Sequence[Timeframe],
        periods: Periods,
        weights: Mapping[str, int],
        timeframe_weights: Mapping[Timeframe, int],
    ) -> None:
        """Without a bar yet; weights are from `weights.indicator_weights` and `weights.timeframe_weights`."""
        self._panels = {each: Panel(each, periods) for each in timeframes}
        self._weights = {name: weight for name, weight in weights.items() if weight}
        self._timeframe_weights = timeframe_weights

    def __getitem__(self, timeframe: Timeframe) -> Panel:
        return self._panels[timeframe]

    def update(self, bar: Bar) -> None:
        """Give a closed bar to the panel of its timeframe."""
        self._panels[bar.timeframe].update(bar)

    def tally(self, reading: Reading) -> Tally:
        """The votes of all panels as they stand, counted."""
        return tally(self._ballots(reading))

    def snapshot(self) -> dict[str, Any]:
        """The state of each panel."""
        return {str(timeframe): panel.snapshot() for timeframe, panel in self._panels.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `snapshot` gave."""
        for timeframe, panel in self._panels.items():
            panel.restore(state[str(timeframe)])

    def _ballots(self, reading: Reading) -> Iterator[Ballot]:
        for timeframe, panel in self._panels.items():
            share = self._timeframe_weights[timeframe]
            said = panel.voices(reading, self._weights)
            for name, weight in self._weights.items():
                yield Ballot(indicator=name, timeframe=timeframe, weight=share * weight, voice=said[name])
