"""What a cell of a market data file says: a price, a volume, a time. Text from CSV, typed values from Parquet."""

from __future__ import annotations

import functools
import math
import re
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation

LARGEST_PRICE = 10**12
"""In paise: the limit of an event."""
LARGEST_VOLUME = 10**15
_SURELY_SMALL = 15
"""Digits; a number of fewer is below the largest."""
FLOAT_ROOM = 1e-6
"""Rupees that a float may be away from a whole paisa: what binary fractions cost, and no more."""

_PLAIN_PRICE = re.compile(r"([0-9]{1,9})(?:\.([0-9]{0,2})0*)?")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")
_EXAMPLE = "2019-07-09T09:15:00+05:30"


class UnusableCellError(ValueError):
    """A cell that makes its row unusable; the message is the reason, for a person."""


def price_paise(column: str, cell: object) -> int:
    """Rupees with at most two decimals, as paise.

    Raises:
        UnusableCellError: not a positive number of whole paise.
    """
    if isinstance(cell, str) and (plain := _plain_paise(cell)):
        return plain
    if isinstance(cell, float) and math.isfinite(cell):
        paise = round(cell * 100)
        if abs(cell - paise / 100) > FLOAT_ROOM:
            raise UnusableCellError(f"{column} {cell!r} has more than two decimals")
    else:
        hundredfold = _decimal(column, cell) * 100
        paise = int(hundredfold)
        if paise != hundredfold:
            raise UnusableCellError(f"{column} {_shown(cell)} has more than two decimals")
    if paise <= 0:
        raise UnusableCellError(f"{column} {_shown(cell)} is not above 0")
    if paise > LARGEST_PRICE:
        raise UnusableCellError(f"{column} {_shown(cell)} is above {LARGEST_PRICE // 100}")
    return paise


def volume(column: str, cell: object) -> int:
    """A whole number of shares, 0 or more.

    Raises:
        UnusableCellError: it is not.
    """
    if isinstance(cell, str) and len(cell) < _SURELY_SMALL and cell.isascii() and cell.isdecimal():
        return int(cell)
    number = _decimal(column, cell)
    if number != number.to_integral_value():
        raise UnusableCellError(f"{column} {_shown(cell)} is not a whole number")
    if number < 0:
        raise UnusableCellError(f"{column} {_shown(cell)} is below 0")
    if number > LARGEST_VOLUME:
        raise UnusableCellError(f"{column} {_shown(cell)} is above {LARGEST_VOLUME}")
    return int(number)


def is_empty(cell: object) -> bool:
    """Whether the cell says nothing at all."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def moment(column: str, cell: object, zone: tzinfo) -> tuple[datetime, bool]:
    """The time in UTC, and whether it came without an offset and was taken as of `zone`.

    A number is refused: whether it counts seconds, milliseconds or days since 1970, and in which zone,
    is a fact that the file does not state.

    Raises:
        UnusableCellError: not a time in ISO 8601.
    """
    found = _parsed_time(column, cell)
    naive = found.tzinfo is None
    try:
        return (found.replace(tzinfo=zone) if naive else found).astimezone(UTC), naive
    except OverflowError:
        raise UnusableCellError(f"{column} {_shown(cell)} is not a time that can be converted to UTC") from None


@functools.lru_cache(maxsize=65_536)
def _plain_paise(cell: str) -> int | None:
    """A price above 0 in plain digits; few prices are written once."""
    plain = _PLAIN_PRICE.fullmatch(cell.strip())
    if plain is None:
        return None
    return int(plain[1]) * 100 + int((plain[2] or "").ljust(2, "0")) or None


def _parsed_time(column: str, cell: object) -> datetime:
    match cell:
        case datetime():
            return cell
        case date():
            return datetime.combine(cell, time())
        case str():
            text = cell.strip()
            if ":" not in text and _NUMBER.fullmatch(text):
                raise UnusableCellError(f"{column} {_shown(cell)} is a number; allowed: a time such as {_EXAMPLE}")
            try:
                return datetime.fromisoformat(text)
            except ValueError:
                raise UnusableCellError(f"{column} {_shown(cell)} is not a time such as {_EXAMPLE}") from None
        case None:
            raise UnusableCellError(f"{column} is empty")
        case _:
            raise UnusableCellError(f"{column} {_shown(cell)} is a number; allowed: a time such as {_EXAMPLE}")


def _decimal(column: str, cell: object) -> Decimal:
    if is_empty(cell):
        raise UnusableCellError(f"{column} is empty")
    text = str(cell).strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise UnusableCellError(f"{column} {_shown(cell)} is not a number") from None
    if not number.is_finite() or "_" in text or not text.isascii() or isinstance(cell, bool):
        raise UnusableCellError(f"{column} {_shown(cell)} is not a number")
    return number


def _shown(cell: object) -> str:
    return cell.strip() or "''" if isinstance(cell, str) else str(cell)
