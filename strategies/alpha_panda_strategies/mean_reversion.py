"""Mean reversion: a price that went too far comes back, so enter against it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from alpha_panda.domain.voting import Reading, Tally
from alpha_panda.events.market import Bar
from alpha_panda.events.signals import Side
from alpha_panda.strategy.bracketed import RewardRisk, StopPercent
from alpha_panda.strategy.voting import Confidence, Voting, VotingConfig, Weights

Percent = Annotated[float, Field(gt=0, lt=100)]


class MeanReversionConfig(VotingConfig):
    """Parameters of `mean_reversion`.

    MACD and ADX have no vote unless they are given one: at an extreme they speak for the trend that led to it.
    """

    min_confidence: Confidence = 50
    weights: Weights = Field(default={"rsi": 25, "bollinger": 20, "stochastic": 10, "atr": 5})
    stop_percent: StopPercent = 1.5
    reward_risk: RewardRisk = 1.5
    oversold: Percent = Field(default=30.0, description="RSI below which it buys.")
    overbought: Percent = Field(default=70.0, description="RSI above which it sells.")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.oversold >= self.overbought:
            raise ValueError(f"oversold {self.oversold} must be less than overbought {self.overbought}")
        return self


class MeanReversion(Voting[MeanReversionConfig]):
    """Buys where the RSI is oversold and the close at or below the lower band; sells at the opposite."""

    Config: ClassVar[type[MeanReversionConfig]] = MeanReversionConfig
    reading = Reading.REVERSION

    def asks(self, bar: Bar) -> bool:
        """Only where the RSI is at an extreme."""
        _ = bar
        rsi = self.panel.rsi.value
        return rsi is not None and (rsi < self.config.oversold or rsi > self.config.overbought)

    def agrees(self, tally: Tally, bar: Bar) -> str | None:
        """The RSI and the band that speak for the side."""
        rsi, bands = self.panel.rsi.value, self.panel.bollinger.value
        if rsi is None or bands is None or bands.upper <= bands.lower:
            return None
        close = bar.close_paise
        if tally.side is Side.BUY and rsi < self.config.oversold and close <= bands.lower:
            return f"RSI {rsi:.1f} is oversold, close {close / 100:.2f} at the lower band {bands.lower / 100:.2f}"
        if tally.side is Side.SELL and rsi > self.config.overbought and close >= bands.upper:
            return f"RSI {rsi:.1f} is overbought, close {close / 100:.2f} at the upper band {bands.upper / 100:.2f}"
        return None

    @property
    def warm_up_bars(self) -> int:
        """The RSI and the bands are looked at whether they vote or not."""
        return max(super().warm_up_bars, self.panel.rsi.warm_up, self.panel.bollinger.warm_up)
