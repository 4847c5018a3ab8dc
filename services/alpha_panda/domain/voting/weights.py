"""How much each indicator and each timeframe counts in a vote.

Weights are given in any unit (25 and 20, or 0.25 and 0.2) and kept as the smallest whole numbers of the same
proportions: nothing is lost, and the same proportions in another unit are the same weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from fractions import Fraction
from math import gcd, lcm
from typing import Final

from alpha_panda.errors import InputError
from alpha_panda.events.market import Timeframe

DEFAULT_WEIGHTS: Final[Mapping[str, float]] = {
    "rsi": 25,
    "macd": 25,
    "bollinger": 20,
    "adx": 15,
    "stochastic": 10,
    "atr": 5,
}
"""Of the indicators that can vote, in the order in which their votes are shown."""
DEFAULT_TIMEFRAME_WEIGHTS: Final[Mapping[str, float]] = {"1m": 1, "5m": 2, "15m": 3, "1h": 4, "1d": 5}
"""A longer bar counts more: it is of more trades, and less of it is noise."""
MOST: Final = 1_000_000
_SHORT: Final = {"bb": "bollinger", "stoch": "stochastic"}


class WeightError(InputError):
    """Weights by which nothing can be counted; the message says which and what is allowed."""


def indicator_weights(given: Mapping[str, float]) -> dict[str, int]:
    """The weights of indicators as whole numbers of the same proportions; who is not named has no vote.

    Names are those of `DEFAULT_WEIGHTS` in any capitals; bb and stoch are known too.

    Raises:
        WeightError: an unknown name, a name twice, a weight below 0, or none above it.
    """
    named: dict[str, float] = {}
    for name, weight in given.items():
        full = _SHORT.get(name.strip().lower(), name.strip().lower())
        if full in named:
            raise WeightError(f"weight of {full} is given twice: name each indicator once")
        named[full] = weight
    return _whole(named, tuple(DEFAULT_WEIGHTS), "indicator", least=0)


def timeframe_weights(given: Mapping[str, float]) -> dict[Timeframe, int]:
    """The weights of timeframes likewise; one that is not named has its weight of `DEFAULT_TIMEFRAME_WEIGHTS`.

    Raises:
        WeightError: an unknown timeframe, or a weight that is not above 0.
    """
    _known(given, tuple(DEFAULT_TIMEFRAME_WEIGHTS), "timeframe")
    whole = _whole({**DEFAULT_TIMEFRAME_WEIGHTS, **given}, tuple(DEFAULT_TIMEFRAME_WEIGHTS), "timeframe", least=None)
    return {Timeframe(name): weight for name, weight in whole.items()}


def _whole(given: Mapping[str, float], known: tuple[str, ...], what: str, least: float | None) -> dict[str, int]:
    _known(given, known, what)
    exact = {name: _exact(name, given[name], what, least) for name in known if name in given}
    if not any(exact.values()):
        raise WeightError(
            f"no {what} has a weight: all of {', '.join(given) or 'them'} are 0",
            remedy=f"give at least one {what} a weight above 0",
        )
    unit = lcm(*(each.denominator for each in exact.values()))
    whole = {name: int(each * unit) for name, each in exact.items()}
    common = gcd(*whole.values())
    return {name: each // common for name, each in whole.items()}


def _known(given: Mapping[str, float], known: tuple[str, ...], what: str) -> None:
    for name in given:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"allowed: {', '.join(known)}"
            raise WeightError(f"weight of {name}: there is no such {what}; {hint}")


def _exact(name: str, weight: float, what: str, least: float | None) -> Fraction:
    """The decimal that was written: 0.1 is a tenth."""
    is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
    allowed = is_number and (weight > 0 if least is None else weight >= least) and weight <= MOST
    if not allowed:
        bound = "above 0" if least is None else f"from {least:g}"
        raise WeightError(f"weight of {what} {name} is {weight}; allowed: a number {bound} to {MOST}")
    return Fraction(str(weight))
