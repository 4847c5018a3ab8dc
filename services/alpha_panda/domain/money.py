"""Whole paise: rounding, the tick grid, and how an amount is shown to a person.

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


def on_grid(price_paise: int, tick_size_paise: int) -> bool:
    """Whether the exchange can quote the price."""
    return price_paise % tick_size_paise == 0


def grid_up(price_paise: int, tick_size_paise: int) -> int:
    """The nearest price of the grid that is not below."""
    return -(-price_paise // tick_size_paise) * tick_size_paise


def grid_down(price_paise: int, tick_size_paise: int) -> int:
    """The nearest price of the grid that is not above, and at least one tick."""
    return max(price_paise // tick_size_paise, 1) * tick_size_paise


def rupees(paise: int) -> str:
    """An amount for a person: ₹1,234.50, -₹0.05."""
    sign = "-" if paise < 0 else ""
    whole, rest = divmod(abs(paise), PAISE_PER_RUPEE)
    return f"{sign}₹{whole:,}.{rest:02d}"
