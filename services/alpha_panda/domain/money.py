"""Whole paise: rounding, and how an amount is shown to a person. Prices' tick grid is in `instrument`.

Money is an integer of paise everywhere. A rate is an exact fraction and meets money only here, where
the result is rounded once.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

PAISE_PER_RUPEE = 100


def half_up(amount: Fraction) -> int:
    """The nearest integer of a non-negative amount; a half goes up."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)


def percent(text: str) -> Fraction:
    """The exact fraction of a percentage that is written in decimals: "0.03" is 3 in 10,000."""
    return Fraction(Decimal(text)) / 100


def paise_of_rupees(text: str) -> int:
    """Whole paise of rupees that are written in decimals.

    Raises:
        ValueError: a fraction of a paisa.
    """
    amount = Fraction(Decimal(text)) * PAISE_PER_RUPEE
    if amount.denominator != 1:
        msg = f"{text!r} rupees are not whole paise"
        raise ValueError(msg)
    return amount.numerator


def rupees(paise: int, sign: str = "₹") -> str:
    """An amount for a person: ₹1,234.50, -₹0.05; in a table of amounts without its `sign`."""
    whole, rest = divmod(abs(paise), PAISE_PER_RUPEE)
    return f"{'-' if paise < 0 else ''}{sign}{whole:,}.{rest:02d}"
