"""The account's orders and the engine that matches them: at the last price, whenever somebody trades.

Terms come in, orders change, and each change is told to `say` with the order as it is then. Synchronous; the time
is the clock's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from alpha_panda.domain.calendar import IST
from alpha_panda.kite_simulator.clock import SimulatedClock
from alpha_panda.kite_simulator.faults import Faults, Kind
from alpha_panda.kite_simulator.intake import changed_terms, check_freeze
from alpha_panda.kite_simulator.journal import Journal
from alpha_panda.kite_simulator.limits import Limits
from alpha_panda.kite_simulator.orders import Order, Status, Terms, Trade
from alpha_panda.kite_simulator.positions import Portfolio
from alpha_panda.kite_simulator.quotes import Quote
from alpha_panda.kite_simulator.refusals import KiteRefusal, bad_input

Say = Callable[[dict[str, Any]], None]
MOST_SLICES: Final = 10


class Book:
    """All orders of the day, in the order of their coming."""

    def __init__(  # noqa: PLR0913 - what an exchange has
        self,
        user_id: str,
        quotes: Mapping[int, Quote],
        portfolio: Portfolio,
        *,
        clock: SimulatedClock,
        faults: Faults,
        limits: Limits,
        journal: Journal,
    ) -> None:
        """Begin an empty day."""
        self._user_id = user_id
        self._quotes = quotes
        self._portfolio = portfolio
        self._clock = clock
        self._faults = faults
        self._limits = limits
        self._journal = journal
        self.orders: dict[str, Order] = {}
        self._stuck: set[str] = set()
        self._numbers = 0
        self.say: Say = lambda _: None

    @property
    def working(self) -> list[Order]:
        """Orders that may still trade."""
        return [order for order in self.orders.values() if not order.is_final]

    def place(self, terms: Terms, request: int, parent: str | None = None, *, stuck: bool = False) -> Order:
        """Take an order; it may trade at once. Raises KiteRefusal where the account does not reach for it."""
        check_freeze(terms.instrument, terms.quantity)
        self._portfolio.require(terms, self.working)
        now = self._clock.now()
        order = Order(
            order_id=self.new_id(),
            terms=terms,
            status=Status.RECEIVED,
            placed_at=now,
            changed_at=now,
            user_id=self._user_id,
            parent_id=parent,
        )
        self.orders[order.order_id] = order
        self._journal.note("accepted", request=request, order_id=order.order_id, tag=terms.tag, parent_id=parent)
        self._become(order, Status.RECEIVED)
        if terms.variety == "amo":
            self._become(order, Status.AMO_RECEIVED)
        elif stuck:
            self._stuck.add(order.order_id)
        else:
            self.release(order.order_id)
        return order

    def release(self, order_id: str) -> None:
        """A received order reaches the exchange."""
        order = self.orders[order_id]
        self._stuck.discard(order_id)
        if order.is_final:
            return
        if self._faults.on(Kind.REJECT):
            order.message = "RMS:Rule: Check circuit limit including square off order exceeds for entity account"
            self._become(order, Status.REJECTED)
            return
        self._become(order, Status.VALIDATION)
        self._become(order, Status.OPEN_PENDING)
        self._become(order, Status.TRIGGER_PENDING if order.terms.order_type in ("SL", "SL-M") else Status.OPEN)
        self._match(order)
        if order.terms.validity == "IOC" and not order.is_final:
            self._cancel(order)

    def slices(self, terms: Terms, request: int) -> dict[str, Any]:
        """Take an order above the freeze quantity as several, each of which may be refused; the reply's data."""
        most = terms.instrument.freeze_quantity or terms.quantity
        count = -(-terms.quantity // most)
        if count > MOST_SLICES:
            raise bad_input(f"The order makes {count} slices; at most {MOST_SLICES} are allowed.")
        parent = f"{self.new_id()}0001"
        children: list[dict[str, Any]] = []
        for index in range(count):
            quantity = min(most, terms.quantity - index * most)
            try:
                part = self.place(_resized(terms, quantity), request, parent)
                children.append({"order_id": part.order_id})
            except KiteRefusal as refusal:
                fault = {"code": refusal.status, "error_type": refusal.error_type, "message": refusal.message}
                children.append({"error": {**fault, "data": None}})
        return {"order_id": parent, "children": children}

    def modify(self, order_id: str, form: Mapping[str, str]) -> Order:
        """Change an order that rests."""
        order = self._resting(order_id)
        self._limits.count_modification(order.modifications + 1)
        order.terms = changed_terms(order.terms, form, self._quotes[order.terms.instrument.token], order.filled)
        order.modifications += 1
        for status in (Status.MODIFY_VALIDATION, Status.MODIFY_PENDING, Status.MODIFIED):
            self._become(order, status)
        rests = order.terms.order_type in ("SL", "SL-M") and not order.triggered
        self._become(order, Status.TRIGGER_PENDING if rests else Status.OPEN)
        self._match(order)
        return order

    def cancel(self, order_id: str) -> Order:
        """Take an order back."""
        order = self._resting(order_id)
        self._become(order, Status.CANCEL_PENDING)
        self._cancel(order)
        return order

    def traded(self, token: int) -> None:
        """Somebody traded the instrument: match what rests, oldest first."""
        for order in self.working:
            if order.terms.instrument.token == token:
                self._match(order)

    def open_after_market(self) -> None:
        """The market opens: orders that came while it was closed go in."""
        for order in self.working:
            if order.status is Status.AMO_RECEIVED:
                self.release(order.order_id)

    def end_of_day(self) -> None:
        """What still rests ends with the day, and the book is emptied."""
        for order in self.working:
            self._cancel(order)
        self.orders.clear()
        self._limits.new_day()

    def new_id(self) -> str:
        """Fifteen digits: the date and a number that the day has once."""
        self._numbers += 1
        return f"{self._clock.now().astimezone(IST):%y%m%d}{self._numbers:09}"

    def _resting(self, order_id: str) -> Order:
        order = self.orders.get(order_id)
        if order is None:
            raise bad_input("Couldn't find that `order_id`.")
        if order.is_final or order_id in self._stuck:
            raise KiteRefusal(
                bad_input("").error_type, f"Order cannot be changed: it is being processed or {order.status}."
            )
        return order

    def _match(self, order: Order) -> None:
        last_paise = self._quotes[order.terms.instrument.token].last_paise
        if not last_paise or order.is_final or order.status not in (Status.OPEN, Status.TRIGGER_PENDING):
            return
        terms = order.terms
        if order.status is Status.TRIGGER_PENDING:
            if (last_paise - terms.trigger_paise) * terms.sign < 0:
                return
            order.triggered = True
            self._become(order, Status.OPEN)
        if terms.order_type in ("LIMIT", "SL") and (terms.price_paise - last_paise) * terms.sign < 0:
            return
        part = order.pending > 1 and self._faults.on(Kind.PARTIAL) is not None
        self._fill(order, -(-order.pending // 2) if part else order.pending, last_paise)

    def _fill(self, order: Order, quantity: int, price_paise: int) -> None:
        trade = Trade(
            trade_id=f"{len(order.trades) + 1}{order.order_id[-9:]}",
            order_id=order.order_id,
            quantity=quantity,
            price_paise=price_paise,
            at=self._clock.now(),
        )
        order.trades.append(trade)
        self._portfolio.book(order, quantity, price_paise)
        self._journal.note(
            "traded",
            order_id=order.order_id,
            tag=order.terms.tag,
            trade_id=trade.trade_id,
            quantity=quantity,
            price_paise=price_paise,
        )
        self._become(order, Status.COMPLETE if not order.pending else Status.OPEN, said=Status.UPDATE)

    def _cancel(self, order: Order) -> None:
        order.cancelled = order.pending
        self._become(order, Status.CANCELLED)

    def _become(self, order: Order, status: Status, said: Status | None = None) -> None:
        """The order gets a status; of a partial fill updates say UPDATE, which is no status."""
        order.status = status
        order.changed_at = self._clock.now()
        shown = order.shown()
        order.history.append(shown)
        self._journal.note("order", order_id=order.order_id, tag=order.terms.tag, status=status, filled=order.filled)
        if status in _SAID or order.is_final:
            self.say({**shown, "status": said.value} if said and not order.is_final else shown)


_SAID = frozenset({Status.OPEN, Status.TRIGGER_PENDING, Status.MODIFIED})


def _resized(terms: Terms, quantity: int) -> Terms:
    fields = {name: getattr(terms, name) for name in terms.__struct_fields__}
    return Terms(**{**fields, "quantity": quantity})
