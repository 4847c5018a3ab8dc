"""A position as its open lots: first in, first out, in paise, long or short.

A fill against the position closes the oldest lots and realises their profit before charges; what is
left of it opens a lot on the other side (a flip).
"""

from __future__ import annotations

import msgspec

from alpha_panda.events.signals import Side


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """Units bought (`quantity` positive) or sold short (negative) at one price."""

    quantity: int
    price_paise: int


class Position(msgspec.Struct, kw_only=True):
    """The open lots, oldest first; all have the same sign."""

    lots: list[Lot] = msgspec.field(default_factory=list)

    @property
    def quantity(self) -> int:
        """Units held; negative when short."""
        lots = self.lots
        return lots[0].quantity if len(lots) == 1 else sum([lot.quantity for lot in lots])

    @property
    def cost_paise(self) -> int:
        """What the open lots cost: positive when long, negative (what the sale brought in) when short."""
        return sum([lot.quantity * lot.price_paise for lot in self.lots])

    def value_paise(self, price_paise: int) -> int:
        """The worth of the open lots at a price; negative when short."""
        return self.quantity * price_paise

    def unrealised_paise(self, price_paise: int) -> int:
        """Profit of the open lots if they were closed at a price, before charges."""
        return self.value_paise(price_paise) - self.cost_paise

    def apply(self, side: Side, quantity: int, price_paise: int) -> int:
        """Take in a fill; return the profit that it realised, before charges."""
        rest = side.sign * quantity
        realised_paise = 0
        while rest and self.lots and (self.lots[0].quantity > 0) != (rest > 0):
            oldest = self.lots[0]
            closed = min(abs(oldest.quantity), abs(rest))
            direction = 1 if oldest.quantity > 0 else -1
            realised_paise += direction * closed * (price_paise - oldest.price_paise)
            rest += direction * closed
            left = oldest.quantity - direction * closed
            self.lots[:1] = [Lot(quantity=left, price_paise=oldest.price_paise)] if left else []
        if rest:
            self.lots.append(Lot(quantity=rest, price_paise=price_paise))
        return realised_paise
