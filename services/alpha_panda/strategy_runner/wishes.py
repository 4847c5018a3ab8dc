"""What a strategy returned, if it is what a strategy may return. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import islice
from reprlib import Repr
from typing import Any, Final

import msgspec

from alpha_panda.events.signals import OrderType, Side, Vote
from alpha_panda.strategy import Enter, Wish
from alpha_panda.strategy.intents import Exit
from alpha_panda.strategy_runner.verdicts import NonsenseError

_MOST_PAISE: Final = 10**12
"""Ten thousand million rupees: no instrument has such a price."""
_MOST_REASON: Final = 500
"""Characters that fit a table and a log line."""
_MOST_VOTES: Final = 100
"""Of one entry: twenty indicators on five timeframes."""
_PRICES: Final = ("limit_price_paise", "trigger_price_paise", "stop_loss_paise", "target_paise", "atr_paise")
_SHORT: Final = Repr()
_SHORT.maxstring = _SHORT.maxother = 80


def checked(found: object, most: int) -> tuple[Wish, ...]:
    """The wishes that a strategy returned, at most `most`.

    Raises:
        NonsenseError: it is something else, or no broker could take it; the value and what is allowed.
    """
    if found == ():
        return ()
    if found is None or isinstance(found, str | bytes) or not isinstance(found, Iterable):
        raise NonsenseError(f"returned {_shown(found)}: allowed is an iterable of Enter and Exit, () for nothing")
    wishes = tuple(islice(found, most + 1))
    if len(wishes) > most:
        many = len(found) if isinstance(found, Sequence) else f"more than {most}"
        raise NonsenseError(f"wants {many} things at once; allowed: {most}")
    for wish in wishes:
        _check(wish)
    return wishes


def _check(wish: Any) -> None:  # noqa: ANN401 - whatever a strategy returned
    if type(wish) is not Enter and type(wish) is not Exit:
        raise NonsenseError(f"returned {_shown(wish)} of type {type(wish).__name__}: allowed are Enter and Exit")
    _check_type(wish, "side", Side)
    _check_type(wish, "reason", str)
    if len(wish.reason) > _MOST_REASON:
        raise NonsenseError(f"reason has {len(wish.reason)} characters; allowed: {_MOST_REASON}")
    if "\0" in wish.reason or not wish.reason.isprintable():
        raise NonsenseError(f"reason is {_shown(wish.reason)}: allowed is printable text")
    if type(wish) is Enter:
        _check_entry(wish)


def _check_entry(entry: Enter) -> None:
    _check_type(entry, "order_type", OrderType)
    _check_type(entry, "confidence", int)
    for name in _PRICES:
        price = getattr(entry, name)
        if price is None:
            continue
        _check_type(entry, name, int)
        if not 0 < price <= _MOST_PAISE:
            raise NonsenseError(f"{name} is {price}; allowed: 1 to {_MOST_PAISE} (paise)")
    if entry.bar_volume is not None:
        _check_type(entry, "bar_volume", int)
        if entry.bar_volume < 0:
            raise NonsenseError(f"bar_volume is {entry.bar_volume}; allowed: 0 or more")
    _check_votes(entry)


def _check_votes(entry: Enter) -> None:
    _check_type(entry, "votes", tuple)
    if len(entry.votes) > _MOST_VOTES:
        raise NonsenseError(f"votes are {len(entry.votes)}; allowed: {_MOST_VOTES}")
    for vote in entry.votes:
        if type(vote) is not Vote:
            raise NonsenseError(f"a vote is {_shown(vote)} of type {type(vote).__name__}; allowed: Vote")
        try:
            msgspec.convert(msgspec.to_builtins(vote), type=Vote)
        except (TypeError, ValueError) as error:  # a struct can be made of anything
            raise NonsenseError(f"a vote is {_shown(vote)}: {error}") from error
        if len(vote.indicator) + len(vote.value) > _MOST_REASON or not (vote.indicator + vote.value).isprintable():
            raise NonsenseError(f"a vote is {_shown(vote)}: allowed is printable text of {_MOST_REASON} characters")


def _check_type(wish: Wish, name: str, kind: type) -> None:
    value = getattr(wish, name)
    if type(value) is not kind:
        allowed = ", ".join(kind) if issubclass(kind, Enum) else kind.__name__
        raise NonsenseError(f"{name} is {_shown(value)} of type {type(value).__name__}; allowed: {allowed}")


def _shown(value: object) -> str:
    return _SHORT.repr(value)
