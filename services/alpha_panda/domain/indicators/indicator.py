"""What every indicator has in common: closed bars in, a value or None out, and a snapshot that it goes on from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Generic, TypeVar

import msgspec

from alpha_panda.domain.indicators.about import About, IndicatorError
from alpha_panda.events.market import Bar

ValueT = TypeVar("ValueT")
_PACKABLE: Final = range(-(2**63), 2**64)
"""Whole numbers that every codec takes; a longer one goes into a snapshot as text."""


class State(msgspec.Struct, Generic[ValueT]):
    """All that an indicator remembers; each indicator adds its own."""

    value: ValueT | None = None


class Indicator(ABC, Generic[ValueT]):
    """An indicator of one series of closed bars, given in their order.

    A value is a float, or a struct of floats where there are several outputs: then it is None until all
    are defined. Each class takes its parameters in the order of `about.parameters`.
    """

    about: ClassVar[About]
    _state: State[ValueT]

    def __init__(self, *parameters: float) -> None:
        """Check the parameters; a deriving class sets `_state` afterwards.

        Raises:
            IndicatorError: one is outside its limits.
        """
        self.about.check(parameters)
        self.parameters = parameters

    @property
    @abstractmethod
    def warm_up(self) -> int:
        """Bars until it is defined."""

    @abstractmethod
    def update(self, bar: Bar) -> ValueT | None:
        """Take the next bar; return the value after it."""

    @property
    def value(self) -> ValueT | None:
        """The value after the last bar; None before it is defined."""
        return self._state.value

    @property
    def label(self) -> str:
        """Its name and parameters: `macd:12,26,9`."""
        return self.about.label(self.parameters)

    def snapshot(self) -> dict[str, Any]:
        """The whole state in JSON's values."""
        state = msgspec.to_builtins(self._state)
        return {"of": self.label, "state": {name: _packable(each) for name, each in state.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `snapshot` gave; what follows is the same to the last bit.

        Raises:
            IndicatorError: it is of another indicator, or of other parameters.
            msgspec.ValidationError: it is no snapshot.
        """
        if state.get("of") != self.label:
            message = f"{self.label}: the snapshot is of {state.get('of')}"
            raise IndicatorError(message, remedy="begin it anew from bars, or give it its own parameters")
        # Not strict: the one text for a number is an integer longer than codecs take.
        self._state = msgspec.convert(state.get("state"), type=type(self._state), strict=False)


def outputs(value: float | msgspec.Struct | None, count: int) -> tuple[float | None, ...]:
    """The outputs of a value in the order of `about.outputs`; `count` of None where it is not defined."""
    if value is None:
        return (None,) * count
    return msgspec.structs.astuple(value) if isinstance(value, msgspec.Struct) else (value,)


def _packable(state: object) -> object:
    return str(state) if isinstance(state, int) and state not in _PACKABLE else state
