"""What an indicator says about itself: its name, parameters with their limits, outputs, formula and whose it is.

The registry, `panda indicators --list` and `docs/indicators.md` are made of this, and the constructors check
their parameters against it, so that there is one place for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from alpha_panda.errors import InputError

LONGEST: Final = 2000
"""Bars that a period may span: eight years of days, five sessions of minutes."""
REMEDY: Final = "`panda indicators --list` says what each takes"


class IndicatorError(InputError):
    """An indicator that there is not, or that cannot be with these parameters or this snapshot."""


class Unit(StrEnum):
    """What an output is measured in."""

    PRICE = "price"
    """Paise; `panda indicators` prints rupees."""
    PERCENT = "percent"
    SHARES = "shares"
    RATIO = "ratio"
    SIGN = "+1 or -1"


class Output(msgspec.Struct, frozen=True):
    """One of an indicator's values."""

    name: str
    unit: Unit


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A number that an indicator is made with; whole where its default is."""

    name: str
    default: float
    least: float
    most: float = LONGEST

    @property
    def allowed(self) -> str:
        """The limits in words."""
        kind = "a whole number" if self.is_whole else "a number"
        return f"{kind} from {said(self.least)} to {said(self.most)}"

    @property
    def is_whole(self) -> bool:
        """Whether it counts something."""
        return isinstance(self.default, int)

    def parsed(self, text: str, owner: str) -> float:
        """The number that the text says; within the limits or not is for `check`.

        Raises:
            IndicatorError: it says none.
        """
        try:
            return int(text) if self.is_whole else float(text)
        except ValueError:
            raise self._refused(text.strip() or "empty", owner) from None

    def check(self, number: float, owner: str) -> None:
        """Raise IndicatorError where the number is not allowed."""
        kinds = (int,) if self.is_whole else (int, float)
        if isinstance(number, bool) or not isinstance(number, kinds) or not self.least <= number <= self.most:
            raise self._refused(str(number), owner)

    def _refused(self, said: str, owner: str) -> IndicatorError:
        return IndicatorError(f"{owner}: {self.name} is {said}; allowed: {self.allowed}", remedy=REMEDY)


def said(number: float) -> str:
    """The number as a person writes it: 2 for 2.0."""
    return str(int(number)) if number == int(number) else repr(number)


def period(default: int, *, least: int = 1, name: str = "period") -> Parameter:
    """A number of bars."""
    return Parameter(name=name, default=default, least=least)


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one indicator. `warm_up` is a formula over its parameters, for people."""

    name: str
    title: str
    parameters: tuple[Parameter, ...] = ()
    outputs: tuple[Output, ...]
    warm_up: str
    formula: str
    source: str

    def check(self, numbers: Sequence[float]) -> None:
        """Raise IndicatorError where a parameter is outside its limits."""
        for parameter, number in zip(self.parameters, numbers, strict=True):
            parameter.check(number, self.name)

    def label(self, numbers: Sequence[float]) -> str:
        """The indicator with its parameters, as `panda indicators` takes it: `macd:12,26,9`."""
        return f"{self.name}:{','.join(map(said, numbers))}" if numbers else self.name

    def parsed(self, text: str) -> tuple[float, ...]:
        """The parameters in a text such as `12,26,9`; those that it leaves out at its end have their defaults.

        Raises:
            IndicatorError: there are too many, or one is no number.
        """
        cells = text.split(",") if text else []
        if len(cells) > len(self.parameters):
            names = ", ".join(each.name for each in self.parameters) or "none"
            given = "1 parameter is" if len(cells) == 1 else f"{len(cells)} parameters are"
            message = f"{self.name}: {given} given; it takes {names}"
            raise IndicatorError(message, remedy=REMEDY)
        numbers = [each.parsed(cell, self.name) for each, cell in zip(self.parameters, cells, strict=False)]
        return (*numbers, *(each.default for each in self.parameters[len(numbers) :]))
