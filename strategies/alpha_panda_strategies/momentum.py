"""Momentum: go with a move that is large for its time, and leave when it has spent itself."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from alpha_panda.domain.indicators import RateOfChange
from alpha_panda.events.market import Bar
from alpha_panda.strategy import Context, Direction, Directional, DirectionalConfig


class MomentumConfig(DirectionalConfig):
    """Parameters of `momentum`; percentages are of the close `lookback` bars ago."""

    lookback: Annotated[int, Field(ge=1, le=1000)] = Field(default=10, description="Bars that the change spans.")
    entry_percent: Annotated[float, Field(gt=0, le=100)] = Field(
        default=0.5, description="Change at which it enters, in its direction."
    )
    exit_percent: Annotated[float, Field(ge=-100, lt=100)] = Field(
        default=0.0, description="Change in the position's favour below which it leaves."
    )

    @model_validator(mode="after")
    def _exit_below_entry(self) -> Self:
        if self.exit_percent >= self.entry_percent:
            raise ValueError(f"exitPercent {self.exit_percent} must be less than entryPercent {self.entry_percent}")
        return self


class Momentum(Directional[MomentumConfig]):
    """Long where the rate of change reaches `entryPercent`, short (or flat) at its negative.

    It leaves a long when the change falls below `exitPercent`, and a short likewise with the signs turned.
    """

    Config: ClassVar[type[MomentumConfig]] = MomentumConfig

    def __init__(self, config: MomentumConfig, context: Context) -> None:
        super().__init__(config, context)
        self._change = RateOfChange(config.lookback)

    @property
    def warm_up_bars(self) -> int:
        """The lookback and the bar that is compared with it."""
        return self._change.warm_up

    def update(self, bar: Bar) -> None:
        """Take the close."""
        self._change.update(bar)

    def opinion(self) -> tuple[Direction, str] | None:
        """A direction where a threshold is crossed, judged from where the strategy stands."""
        change = self._change.value
        if change is None:
            return None
        said = f"{change:+.2f} % in {self.config.lookback} bars"
        if change >= self.config.entry_percent:
            return Direction.LONG, f"momentum: {said}"
        if change <= -self.config.entry_percent:
            return Direction.SHORT, f"momentum: {said}"
        if self.wants * change < self.config.exit_percent and self.wants is not Direction.FLAT:
            return Direction.FLAT, f"momentum spent: {said}"
        return None

    def indicators(self) -> dict[str, Any]:
        """The window of closes."""
        return {"change": self._change.snapshot()}

    def restore_indicators(self, state: dict[str, Any]) -> None:
        """Take over what `indicators` gave."""
        self._change.restore(state["change"])
