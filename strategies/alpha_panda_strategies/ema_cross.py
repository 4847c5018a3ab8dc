"""Trend following: long while a fast average of the closes runs above a slow one, from the bar of the crossing."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from alpha_panda.domain.indicators import Ema
from alpha_panda.events.market import Bar
from alpha_panda.strategy import Context, Direction, Directional, DirectionalConfig


class EmaCrossConfig(DirectionalConfig):
    """Parameters of `ema_cross`; periods count bars."""

    fast: Annotated[int, Field(ge=1, le=1000)] = Field(default=9, description="Period of the fast average.")
    slow: Annotated[int, Field(ge=2, le=2000)] = Field(default=21, description="Period of the slow average.")

    @model_validator(mode="after")
    def _fast_is_faster(self) -> Self:
        if self.fast >= self.slow:
            raise ValueError(f"fast {self.fast} must be less than slow {self.slow}")
        return self


class EmaCross(Directional[EmaCrossConfig]):
    """Long when the fast average crosses above the slow one, short or flat when it crosses below.

    Only a crossing that was seen counts: which of the two is higher when both are first defined does not.
    """

    Config: ClassVar[type[EmaCrossConfig]] = EmaCrossConfig

    def __init__(self, config: EmaCrossConfig, context: Context) -> None:
        super().__init__(config, context)
        self._fast = Ema(config.fast)
        self._slow = Ema(config.slow)
        self._above: bool | None = None

    @property
    def warm_up_bars(self) -> int:
        """The slow average, and one bar more to see a crossing."""
        return self._slow.warm_up + 1

    def update(self, bar: Bar) -> None:
        """Take the close."""
        self._fast.update(bar)
        self._slow.update(bar)

    def opinion(self) -> tuple[Direction, str] | None:
        """A direction on the bar of a crossing."""
        fast, slow = self._fast.value, self._slow.value
        if fast is None or slow is None or fast == slow:
            return None
        before, self._above = self._above, fast > slow
        if before is None or before == self._above:
            return None
        numbers = f"EMA{self.config.fast} {fast / 100:.2f}, EMA{self.config.slow} {slow / 100:.2f}"
        if self._above:
            return Direction.LONG, f"crossed above: {numbers}"
        return Direction.SHORT, f"crossed below: {numbers}"

    def indicators(self) -> dict[str, Any]:
        """Both averages and which was higher."""
        return {"fast": self._fast.snapshot(), "slow": self._slow.snapshot(), "above": self._above}

    def restore_indicators(self, state: dict[str, Any]) -> None:
        """Take over what `indicators` gave."""
        self._fast.restore(state["fast"])
        self._slow.restore(state["slow"])
        self._above = state["above"]
