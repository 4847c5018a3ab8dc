"""How figures are written for people: rupees in lakhs and crores, times of India, ages in words. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import yaml
from jinja2 import Environment

from alpha_panda.domain.calendar import IST
from alpha_panda.domain.money import PAISE_PER_RUPEE

NOTHING: Final = "\u2013"
"""Stands where there is no figure; never a nought that nobody counted."""
_MINUS: Final = "\u2212"
_GROUP: Final = 1000


def rupees(paise: int | None, *, sign: bool = False) -> str:
    """An amount in rupees, grouped as in India: ₹12,34,567.50; with `sign` a profit says so."""
    if paise is None:
        return NOTHING
    whole, rest = divmod(abs(paise), PAISE_PER_RUPEE)
    before = _MINUS if paise < 0 else "+" if sign and paise > 0 else ""
    return f"{before}₹{grouped(whole)}.{rest:02d}"


def grouped(number: int) -> str:
    """Thousands, then lakhs and crores: 12,34,567."""
    if number < 0:
        return _MINUS + grouped(-number)
    head, tail = divmod(number, _GROUP)
    if head == 0:
        return str(tail)
    parts = [f"{tail:03d}"]
    while head >= PAISE_PER_RUPEE:
        head, pair = divmod(head, 100)
        parts.append(f"{pair:02d}")
    return ",".join([str(head), *reversed(parts)])


def profit(paise: int | None) -> str:
    """An amount that was won or lost, with its sign."""
    return rupees(paise, sign=True)


def price(paise: int | None) -> str:
    """A price in a table of prices, without the currency's sign."""
    return NOTHING if paise is None else rupees(paise).replace("₹", "")


def tone(number: float | None) -> str:
    """The class of a figure that is good or bad news."""
    if not number:
        return "even"
    return "good" if number > 0 else "bad"


def percent(share: float | None, digits: int = 2) -> str:
    """A share as a percentage."""
    return NOTHING if share is None else f"{share * 100:.{digits}f} %".replace("-", _MINUS)


def moment(value: datetime | str | None) -> datetime | None:
    """A time that may be ISO text, in India."""
    if value is None:
        return None
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.astimezone(IST)


def clock(value: datetime | str | None) -> str:
    """The time of day in India."""
    found = moment(value)
    return NOTHING if found is None else f"{found:%H:%M:%S}"


def date_time(value: datetime | str | None) -> str:
    """Date and time in India."""
    found = moment(value)
    return NOTHING if found is None else f"{found:%d %b %Y, %H:%M:%S} IST"


def day(value: datetime | str | None) -> str:
    """The date in India."""
    found = moment(value)
    return NOTHING if found is None else f"{found:%d %b %Y}"


def iso(value: datetime | str | None) -> str:
    """For machines: what a `time` element carries."""
    found = moment(value)
    return "" if found is None else found.isoformat()


def lasted(span: timedelta | None) -> str:
    """A span of time in its two largest units."""
    if span is None:
        return NOTHING
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def words(code: str) -> str:
    """A stable code as words: max_open_positions becomes max open positions."""
    return code.replace("_", " ")


def sentence(message: str) -> str:
    """What a refusal says, without the words and the code that stand beside it already."""
    head, colon, rest = message.partition(": ")
    if not colon or head != "rejected":
        return message
    code, colon, words_ = rest.partition(": ")
    return words_ if colon and " " not in code else rest


def pretty(spec: object) -> str:
    """A resource's spec as its author would write it."""
    return yaml.safe_dump(spec, sort_keys=False, allow_unicode=True, default_flow_style=False)


FILTERS: Final[dict[str, Any]] = {
    "rupees": rupees,
    "profit": profit,
    "price": price,
    "tone": tone,
    "percent": percent,
    "clock": clock,
    "date_time": date_time,
    "day": day,
    "iso": iso,
    "lasted": lasted,
    "words": words,
    "grouped": grouped,
    "sentence": sentence,
    "pretty": pretty,
}


def teach(environment: Environment) -> None:
    """Let templates write figures so."""
    environment.filters.update(FILTERS)
