"""Breakout: a close beyond where the price was held, in a trend and on volume, is followed."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from alpha_panda.domain.indicators import Bands, Donchian
from alpha_panda.domain.voting import Reading, Tally
from alpha_panda.events.market import Bar
from alpha_panda.events.signals import Side
from alpha_panda.strategy import Context
from alpha_panda.strategy.bracketed import RewardRisk, StopAtr, StopPercent
from alpha_panda.strategy.voting import Confidence, Period, Voting, VotingConfig


class Channel(StrEnum):
    """What must be broken."""

    DONCHIAN = "donchian"
    BOLLINGER = "bollinger"
    EITHER = "either"
    BOTH = "both"


class BreakoutConfig(VotingConfig):
    """Parameters of `breakout`."""

    min_confidence: Confidence = 70
    stop_percent: StopPercent = 3.0
    stop_atr: StopAtr = 2.0
    reward_risk: RewardRisk = 4.0
    channel: Channel = Field(
        default=Channel.EITHER,
        description="What the close must break: donchian (extremes of the bars before), bollinger, either, both.",
    )
    donchian_period: Period = Field(default=20, description="Bars whose extremes count, those before the breaking one.")
    min_adx: Annotated[float, Field(ge=0, lt=100)] = Field(default=25.0, description="ADX above which it enters.")
    min_volume_ratio: Annotated[float, Field(ge=0, le=100)] = Field(
        default=1.5, description="Least volume of the breaking bar, in multiples of the usual; 0: any."
    )


class Breakout(Voting[BreakoutConfig]):
    """Enters with a close beyond the channel, where ADX and volume back it and the vote is sure of its side."""

    Config: ClassVar[type[BreakoutConfig]] = BreakoutConfig
    reading = Reading.TREND

    def __init__(self, config: BreakoutConfig, context: Context) -> None:
        super().__init__(config, context)
        self._donchian = Donchian(config.donchian_period)
        self._before: Bands | None = None
        """The channel before the last bar: set by each, and so no state to keep."""

    @property
    def warm_up_bars(self) -> int:
        """All that is looked at, whether it votes or not, and the bar that breaks the channel."""
        own = (self.panel.adx.warm_up, self.panel.bollinger.warm_up, self._donchian.warm_up + 1)
        return max(super().warm_up_bars, *own, self.config.volume_period)

    def update(self, bar: Bar) -> None:
        """Keep the channel as it was before the bar."""
        super().update(bar)
        if bar.timeframe is self.base:
            self._before = self._donchian.value
            self._donchian.update(bar)

    def asks(self, bar: Bar) -> bool:
        """Only where there is a trend, and volume in the bar."""
        adx = self.panel.adx.value
        return adx is not None and adx.adx > self.config.min_adx and self._ratio(bar) >= self.config.min_volume_ratio

    def agrees(self, tally: Tally, bar: Bar) -> str | None:
        """What was broken, the ADX and the volume."""
        adx, bands = self.panel.adx.value, self.panel.bollinger.value
        if adx is None or bands is None or self._before is None:
            return None
        broken = {
            Channel.DONCHIAN: _is_beyond(bar.close_paise, self._before, tally.side),
            Channel.BOLLINGER: _is_beyond(bar.close_paise, bands, tally.side),
        }
        if not self._is_enough(broken):
            return None
        names = " and ".join(name for name, is_broken in broken.items() if is_broken)
        volume = f"volume {self._ratio(bar):.2f} of the usual"
        return f"close {bar.close_paise / 100:.2f} broke {names}, ADX {adx.adx:.1f}, {volume}"

    def _ratio(self, bar: Bar) -> float:
        """The volume in multiples of the usual; 0 where nothing is traded."""
        volumes = self._volumes
        return bar.volume * volumes.size / volumes.total if volumes.total else 0.0

    def _is_enough(self, broken: dict[Channel, bool]) -> bool:
        match self.config.channel:
            case Channel.EITHER:
                return any(broken.values())
            case Channel.BOTH:
                return all(broken.values())
            case channel:
                return broken[channel]

    def indicators(self) -> dict[str, Any]:
        """The vote's, and the channel."""
        return {**super().indicators(), "donchian": self._donchian.snapshot()}

    def restore_indicators(self, state: dict[str, Any]) -> None:
        """Take over what `indicators` gave."""
        super().restore_indicators(state)
        self._donchian.restore(state["donchian"])


def _is_beyond(close: int, bands: Bands, side: Side | None) -> bool:
    return close > bands.upper if side is Side.BUY else close < bands.lower
