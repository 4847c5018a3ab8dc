"""Strategies that decide by a weighted vote of indicators over their timeframes.

They decide after each bar of the shortest timeframe, once every indicator with a weight is defined there; the
longer ones join as they warm up, and speak as of their last closed bar.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Self, TypeVar

import msgspec
from pydantic import Field, field_validator, model_validator

from alpha_panda.domain.indicators.windows import Window, window
from alpha_panda.domain.voting import (
    DEFAULT_TIMEFRAME_WEIGHTS,
    DEFAULT_WEIGHTS,
    Panel,
    Panels,
    Periods,
    Reading,
    Tally,
    WeightError,
    indicator_weights,
    timeframe_weights,
)
from alpha_panda.events.market import Bar
from alpha_panda.strategy.base import Context
from alpha_panda.strategy.bracketed import BracketConfig, Bracketed, Opinion

Weights = Annotated[
    dict[str, float],
    Field(
        description="Weights of the indicators, in any unit: rsi, macd, bollinger, adx, stochastic, atr; "
        "one that is not named does not vote."
    ),
]
TimeframeWeights = Annotated[
    dict[str, float],
    Field(description="Weights of the timeframes: 1m, 5m, 15m, 1h, 1d; one that is not named keeps its default."),
]
Confidence = Annotated[
    int, Field(ge=1, le=100, description="Least confidence of the vote in percent, from which it enters.")
]
Coverage = Annotated[
    int,
    Field(ge=1, le=100, description="Least share of all weight, in percent, that must be defined for it to enter."),
]
Period = Annotated[int, Field(ge=2, le=500)]


class VotingConfig(BracketConfig):
    """Parameters that every voting strategy takes."""

    min_confidence: Confidence = 60
    min_coverage: Coverage = 50
    weights: Weights = Field(default=dict(DEFAULT_WEIGHTS))
    timeframe_weights: TimeframeWeights = Field(default=dict(DEFAULT_TIMEFRAME_WEIGHTS))
    rsi_period: Period = Field(default=14, description="Period of the RSI in bars, on every timeframe.")
    macd_fast: Period = Field(default=12, description="Period of MACD's fast average.")
    macd_slow: Period = Field(default=26, description="Period of MACD's slow average.")
    macd_signal: Period = Field(default=9, description="Period of MACD's signal line.")
    bollinger_period: Period = Field(default=20, description="Period of the Bollinger bands.")
    bollinger_deviations: Annotated[float, Field(gt=0, le=10)] = Field(
        default=2.0, description="Their width in standard deviations."
    )
    adx_period: Period = Field(default=14, description="Period of the ADX.")
    stochastic_period: Period = Field(default=14, description="Period of the stochastic; slowing and %D take 3.")
    atr_period: Period = Field(default=14, description="Period of the ATR, of stops as well.")
    volume_period: Period = Field(default=20, description="Bars whose mean is the usual volume.")

    @field_validator("weights", "timeframe_weights", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        wrong = [name for name, each in value.items() if isinstance(each, bool)] if isinstance(value, dict) else []
        if wrong:
            raise ValueError(f"{wrong[0]} is true or false where a number is meant")
        return value

    @field_validator("weights")
    @classmethod
    def _counts(cls, value: dict[str, float]) -> dict[str, float]:
        try:
            indicator_weights(value)
        except WeightError as error:
            raise ValueError(str(error)) from error
        return value

    @field_validator("timeframe_weights")
    @classmethod
    def _counts_timeframes(cls, value: dict[str, float]) -> dict[str, float]:
        try:
            timeframe_weights(value)
        except WeightError as error:
            raise ValueError(str(error)) from error
        return value

    @model_validator(mode="after")
    def _fast_is_faster(self) -> Self:
        if self.macd_fast >= self.macd_slow:
            raise ValueError(f"macdFast {self.macd_fast} must be less than macdSlow {self.macd_slow}")
        return self

    def periods(self) -> Periods:
        """What the indicators are made with."""
        return Periods(
            rsi=self.rsi_period,
            macd=(self.macd_fast, self.macd_slow, self.macd_signal),
            bollinger=self.bollinger_period,
            deviations=self.bollinger_deviations,
            adx=self.adx_period,
            stochastic=(self.stochastic_period, 3, 3),
            atr=self.atr_period,
        )


VotingConfigT = TypeVar("VotingConfigT", bound=VotingConfig)


class Voting(Bracketed[VotingConfigT]):
    """Follows the vote where it is sure enough; a deriving class may ask for more before it does."""

    reading = Reading.REGIME
    """How it reads oscillators."""

    def __init__(self, config: VotingConfigT, context: Context) -> None:
        super().__init__(config, context)
        self._weights = indicator_weights(config.weights)
        shares = timeframe_weights(config.timeframe_weights)
        self._panels = Panels(context.timeframes, config.periods(), self._weights, shares)
        self._volumes = window(config.volume_period)
        self._seen = 0

    @property
    def warm_up_bars(self) -> int:
        """What the slowest of the indicators takes that have a weight, and the ATR of the stops."""
        own = self.panel.warm_up
        return max(self.panel.atr.warm_up, *(own[name] for name, weight in self._weights.items() if weight))

    @cached_property
    def _needed(self) -> int:
        return self.warm_up_bars

    @property
    def panel(self) -> Panel:
        """The indicators of the shortest timeframe."""
        return self._panels[self.base]

    @property
    def atr(self) -> float | None:
        """That of the panel."""
        return self.panel.atr.value

    @property
    def usual_volume(self) -> int | None:
        """The mean of the last bars, in whole units."""
        return self._volumes.mean

    def asks(self, bar: Bar) -> bool:
        """Whether a vote could lead to anything; a cheap look, since it is taken after each bar."""
        _ = bar
        return True

    def agrees(self, tally: Tally, bar: Bar) -> str | None:
        """What else speaks for the side of the vote, "" for the votes alone; None where something does not."""
        _ = (tally, bar)
        return ""

    def update(self, bar: Bar) -> None:
        """Give the bar to its panel."""
        self._panels.update(bar)
        if bar.timeframe is self.base:
            self._seen += 1
            self._volumes.push(bar.volume)

    def opinion(self, bar: Bar) -> Opinion | None:
        """The side of the vote, where it is sure enough and everything else agrees."""
        if self._seen < self._needed or not self.asks(bar):
            return None
        tally = self._panels.tally(self.reading)
        side = tally.side
        if side is None or tally.confidence < self.config.min_confidence or tally.coverage < self.config.min_coverage:
            return None
        why = self.agrees(tally, bar)
        if why is None:
            return None
        return Opinion(side=side, confidence=tally.confidence, why=why, tally=tally)

    def indicators(self) -> dict[str, Any]:
        """All panels, and the volumes."""
        volumes = msgspec.to_builtins(self._volumes)
        return {"panels": self._panels.snapshot(), "volumes": volumes, "seen": self._seen}

    def restore_indicators(self, state: dict[str, Any]) -> None:
        """Take over what `indicators` gave."""
        self._panels.restore(state["panels"])
        self._volumes = msgspec.convert(state["volumes"], type=Window)
        self._seen = state["seen"]
