"""Whether a strategy decides by what it cannot know yet: its decisions on a day cut short, against the whole day.

A strategy is given closed bars one at a time, so its own state cannot hold the future. What it shares between
instances can (a table on its class, a model fitted while it runs), and it then trades better in a test than it
ever will. Pure; the bars (and ticks) come from whoever asks: a test, or `examination` before a Strategy is applied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from alpha_panda.events.envelope import Event
from alpha_panda.events.market import Bar, Tick
from alpha_panda.strategy.base import Strategy
from alpha_panda.strategy.intents import Wish

_CUTS: Final = 8
"""Places at which a series is cut unless others are given."""


Given = Bar | Event[Tick]
"""What a strategy may be given."""


class Decision(NamedTuple):
    """What was wanted after the bar (or tick) of that place in the series."""

    bar: int
    wish: Wish


class Difference(NamedTuple):
    """The first decision that depends on bars to come; None where there is one with or without them only."""

    cut: int
    with_the_future: Decision | None
    without: Decision | None


def decisions(strategy: Strategy[Any], bars: Iterable[Given]) -> list[Decision]:
    """All that the strategy wants of the bars and ticks, in order."""
    return [Decision(place, wish) for place, each in enumerate(bars) for wish in _wishes(strategy, each)]


def lookahead(
    make: Callable[[], Strategy[Any]], bars: Sequence[Given], cuts: Iterable[int] | None = None
) -> Difference | None:
    """The first decision on the bars before a cut that is another one when the rest follows; None where none is.

    `make` gives a fresh instance. The short series come first, so that what instances share holds no more than
    it would have held at the time.
    """
    places = sorted(set(cuts) if cuts is not None else {len(bars) * n // _CUTS for n in range(1, _CUTS)})
    short = {cut: decisions(make(), bars[:cut]) for cut in places}
    whole = decisions(make(), bars)
    for cut, found in short.items():
        known = [each for each in whole if each.bar < cut]
        for with_it, without in zip_longest(known, found):
            if not _is_same(with_it, without):
                return Difference(cut, with_it, without)
    return None


def _is_same(one: Decision | None, other: Decision | None) -> bool:
    """Whether both say the same; by how they are written, too, since what is not a number equals nothing."""
    return one == other or repr(one) == repr(other)


def _wishes(strategy: Strategy[Any], given: Given) -> Iterable[Wish]:
    return strategy.on_bar(given) if isinstance(given, Bar) else strategy.on_tick(given.data, given.event_time)
