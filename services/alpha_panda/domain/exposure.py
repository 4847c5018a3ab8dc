"""What an account has at stake: positions, what validated signals may still make of them, last prices.

A validated entry reserves its cost until its order is filled or over; a validated exit is pending until its
order is over. Order events come on several topics, so each says how much of its order is filled and may
come before or after the others; none counts twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from alpha_panda.domain.account import Account, Holding, holding_key
from alpha_panda.domain.memory import Memory
from alpha_panda.domain.trades import ClosedTrade, Trades
from alpha_panda.events.orders import Leg, OrderCancelled, OrderFailed, OrderFilled
from alpha_panda.events.signals import Intent, Product, Side, SignalValidated

RATE_WINDOW = timedelta(seconds=60)


class Reservation(msgspec.Struct, kw_only=True):
    """An entry that may still trade. `quantity` is what will be filled at most: less once its order was cut short."""

    strategy: str
    instrument_token: int
    product: Product
    side: Side
    ordered: int
    quantity: int
    filled: int = 0
    cost_paise: int
    """Cash that the whole of the order may take."""

    @property
    def open_paise(self) -> int:
        """Cash that the rest of the order may take, rounded up."""
        return -(-self.cost_paise * max(self.quantity - self.filled, 0) // self.ordered)


class PendingExit(msgspec.Struct, frozen=True, kw_only=True):
    """An exit whose order is not over."""

    strategy: str
    instrument_token: int
    product: Product


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """What a fill came to: a trade where it closed a position."""

    closed: ClosedTrade | None


class Exposure(msgspec.Struct, kw_only=True):
    """The account, and by signal id what is under way on it."""

    account: Account = msgspec.field(default_factory=Account)
    marks: dict[int, int] = msgspec.field(default_factory=dict)
    """Last price of each instrument in paise."""
    reservations: dict[str, Reservation] = msgspec.field(default_factory=dict)
    exits: dict[str, PendingExit] = msgspec.field(default_factory=dict)
    sent: list[tuple[datetime, str]] = msgspec.field(default_factory=list)
    """Event time and strategy of the signals validated within the rate window."""
    fills: Memory = msgspec.field(default_factory=Memory)
    trades: Trades = msgspec.field(default_factory=Trades)
    flows: dict[str, int] = msgspec.field(default_factory=dict)
    """Cash that the fills of each strategy brought in (negative: took), charges taken off."""

    @property
    def equity_paise(self) -> int:
        """Cash and the worth of all positions at the last prices."""
        return self.account.equity_paise(self.marks)

    @property
    def available_paise(self) -> int:
        """Cash that a new entry may take."""
        reserved_paise = sum([reservation.open_paise for reservation in self.reservations.values()])
        return self.account.free_cash_paise(self.marks) - reserved_paise

    @property
    def positions(self) -> int:
        """Positions that are open or may become so, each once."""
        holdings = self.account.holdings
        if not self.reservations:
            return len(holdings)
        return len(holdings) + len(self._coming(self.reservations.values()) - holdings.keys())

    def positions_held_as(self, product: Product) -> int:
        """Likewise, of a product."""
        holdings = self.account.holdings
        found = sum([each.product is product for each in holdings.values()])
        if not self.reservations:
            return found
        coming = self._coming([each for each in self.reservations.values() if each.product is product])
        return found + len(coming - holdings.keys())

    def notional_paise(self, holding: Holding) -> int:
        """What a position is worth at the last price, without a sign; at cost where no price was seen."""
        position = holding.position
        price_paise = self.marks.get(holding.instrument_token)
        return abs(position.cost_paise if price_paise is None else position.value_paise(price_paise))

    def made_paise(self) -> dict[str, int]:
        """What each strategy has made net of charges since the beginning, open positions at the last prices."""
        made = dict(self.flows)
        for holding in self.account.holdings.values():
            sign = 1 if holding.position.quantity > 0 else -1
            made[holding.strategy] = made.get(holding.strategy, 0) + sign * self.notional_paise(holding)
        return made

    def owner(self, instrument_token: int) -> str | None:
        """The strategy that has a position or a pending entry in the instrument, whichever it is."""
        for holding in self.account.holdings.values():
            if holding.instrument_token == instrument_token:
                return holding.strategy
        for reservation in self.reservations.values():
            if reservation.instrument_token == instrument_token:
                return reservation.strategy
        return None

    def has_exit(self, strategy: str, instrument_token: int, product: Product) -> bool:
        """Whether an exit of this position is under way."""
        wanted = PendingExit(strategy=strategy, instrument_token=instrument_token, product=product)
        return wanted in self.exits.values()

    def sent_since(self, moment: datetime, strategy: str | None = None) -> int:
        """Signals validated in the window that ends at `moment`, of one strategy or of all."""
        begins = moment - RATE_WINDOW
        return sum(1 for at, who in self.sent if begins < at <= moment and strategy in (None, who))

    def commit(self, validated: SignalValidated, event_time: datetime, cost_paise: int) -> None:
        """Take a validated signal into account until its order is over."""
        signal = validated.signal
        begins = event_time - RATE_WINDOW
        self.sent = [each for each in self.sent if each[0] > begins]
        self.sent.append((event_time, signal.strategy))
        if signal.intent is Intent.EXIT:
            self.exits[validated.signal_id] = PendingExit(
                strategy=signal.strategy,
                instrument_token=signal.instrument_token,
                product=signal.product,
            )
            return
        self.reservations[validated.signal_id] = Reservation(
            strategy=signal.strategy,
            instrument_token=signal.instrument_token,
            product=signal.product,
            side=signal.side,
            ordered=validated.quantity,
            quantity=validated.quantity,
            cost_paise=cost_paise,
        )

    def filled(self, fill_id: str, event_time: datetime, fill: OrderFilled) -> Booked | None:
        """Book a fill; None where it was booked before."""
        if fill_id in self.fills:
            return None
        self.fills.add(fill_id, event_time)
        booked = Booked(closed=self._book(event_time, fill))
        order = fill.order
        if order.leg is Leg.EXIT and fill.complete:
            self.exits.pop(order.signal_id, None)
        reservation = self.reservations.get(order.signal_id)
        if order.leg is Leg.ENTRY and reservation is not None:
            reservation.filled = max(reservation.filled, fill.filled_quantity)
            self._release(order.signal_id, reservation)
        return booked

    def ended(self, end: OrderCancelled | OrderFailed) -> None:
        """An order is over; fills that it still counts may come later."""
        order = end.order
        if order.leg is Leg.EXIT:
            self.exits.pop(order.signal_id, None)
        reservation = self.reservations.get(order.signal_id)
        if order.leg is Leg.ENTRY and reservation is not None:
            reservation.quantity = end.filled_quantity if isinstance(end, OrderCancelled) else 0
            self._release(order.signal_id, reservation)

    def _book(self, event_time: datetime, fill: OrderFilled) -> ClosedTrade | None:
        order = fill.order
        realised_paise = self.account.apply(fill)
        flat = not self.account.quantity(order.strategy, order.instrument_token, order.product)
        paid_paise = order.side.sign * fill.quantity * fill.price_paise + fill.charges.total_paise
        self.flows[order.strategy] = self.flows.get(order.strategy, 0) - paid_paise
        return self.trades.take(event_time, fill, realised_paise, flat=flat)

    @staticmethod
    def _coming(reservations: Iterable[Reservation]) -> set[str]:
        return {holding_key(each.strategy, each.instrument_token, each.product) for each in reservations}

    def _release(self, signal_id: str, reservation: Reservation) -> None:
        if reservation.filled >= reservation.quantity:
            del self.reservations[signal_id]
