"""Money and positions, reckoned again from the fills alone: first in, first out, in whole paise.

The tax of each day whose session was over is in whole rupees, for shares, futures and options apart.
"""

from __future__ import annotations

from collections import Counter, deque
from contextlib import suppress
from datetime import UTC, date, datetime

import msgspec
from pydantic import ValidationError

from alpha_panda.checker.model import Examination, Finding
from alpha_panda.checker.reading import Facts
from alpha_panda.domain.calendar import HorizonError, SessionCalendar, default_calendar, trading_date
from alpha_panda.domain.money import paise_of_rupees
from alpha_panda.events.control import BrokerConfigured
from alpha_panda.events.orders import Charges, OrderFilled
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.events.signals import Side
from alpha_panda.resources.broker import BrokerSpec

Holding = tuple[str, int, str]
"""Strategy, instrument token, product."""


class Books:
    """What a Broker's fills come to. Lots are [units, paise]; units are negative when sold short."""

    def __init__(self) -> None:
        """Nothing traded."""
        self.fills = 0
        self.spent_paise = 0
        self.realised_paise = 0
        self.charges_paise = 0
        self.rounding_paise = 0
        self.taxes: Counter[tuple[date, str]] = Counter()
        self.lots: dict[Holding, deque[list[int]]] = {}

    def take(self, fill: OrderFilled, moment: datetime) -> None:
        """Add a fill: against the oldest lots first, what is left opens a new one."""
        order = fill.order
        self.taxes[trading_date(moment), _taxed_as(fill)] += fill.charges.stt_paise
        units = fill.quantity if order.side is Side.BUY else -fill.quantity
        self.fills += 1
        self.spent_paise += units * fill.price_paise
        self.charges_paise += charged_paise(fill.charges)
        lots = self.lots.setdefault((order.strategy, order.instrument_token, order.product.value), deque())
        while units and lots and (lots[0][0] < 0) != (units < 0):
            closed = min(abs(units), abs(lots[0][0]))
            signed = closed if lots[0][0] > 0 else -closed
            self.realised_paise += signed * (fill.price_paise - lots[0][1])
            lots[0][0] -= signed
            units += signed
            if not lots[0][0]:
                lots.popleft()
        if units:
            lots.append([units, fill.price_paise])

    def close(self, calendar: SessionCalendar, until: datetime) -> None:
        """Charge whole rupees for the days whose session was over by then, half a rupee and more going up."""
        for (day, _), paise in self.taxes.items():
            if _is_over(calendar, day, until):
                self.rounding_paise += (paise + 50) // 100 * 100 - paise
        self.charges_paise += self.rounding_paise

    @property
    def cost_paise(self) -> int:
        """Signed cost of all open lots."""
        return sum(units * paise for lots in self.lots.values() for units, paise in lots)

    @property
    def positions(self) -> dict[Holding, tuple[int, int]]:
        """Units and cost of every open position."""
        return {
            key: (sum(lot[0] for lot in lots), sum(lot[0] * lot[1] for lot in lots))
            for key, lots in sorted(self.lots.items())
            if lots
        }


def charged_paise(charges: Charges) -> int:
    """All parts of a fill's charges, field by field."""
    return sum(getattr(charges, name) for name in charges.__struct_fields__)


def books_of(facts: Facts, broker: str, until: datetime | None = None) -> Books:
    """The books of a Broker's fills up to an event time, in the order in which they happened."""
    books = Books()
    fills = [
        (fact, data) for fact, data in facts.of(OrderFilled, broker) if until is None or fact.event.event_time <= until
    ]
    for fact, fill in sorted(
        fills, key=lambda pair: (pair[0].event.event_time, pair[0].event.epoch or 0, pair[0].record.place)
    ):
        books.take(fill, fact.event.event_time)
    if until is not None:
        books.close(default_calendar(), until)
    return books


def accounting(facts: Facts) -> Finding:
    """Cash + open lots at cost == starting cash + realised - charges, and the last snapshot says the same."""
    look = Examination("accounting", "cash + positions at cost == starting cash + realised - charges, to the paisa")
    for broker in facts.brokers:
        snapshots = [(fact, data) for fact, data in facts.of(PnlSnapshot, broker)]
        if not snapshots:
            look.note("Brokers without a snapshot of their account")
            continue
        fact, said = max(snapshots, key=lambda pair: pair[0].record.offset)
        look.look()
        books = books_of(facts, broker, fact.event.event_time)
        if books.fills != said.fills and books_of(facts, broker).fills != books.fills:
            look.note("snapshots that are not up to date")
        cash = said.starting_cash_paise - books.spent_paise - books.charges_paise
        found = {
            "fills": (said.fills, books.fills),
            "cash": (said.cash_paise, cash),
            "cost": (said.cost_paise, books.cost_paise),
            "realised": (said.realised_paise, books.realised_paise),
            "charges": (said.charges_paise, books.charges_paise),
            "rounding": (said.stt_rounding_paise, books.rounding_paise),
            "equity": (said.equity_paise, cash + books.cost_paise + said.unrealised_paise),
            "identity": (
                said.cash_paise + said.cost_paise,
                said.starting_cash_paise + said.realised_paise - said.charges_paise,
            ),
        }
        wrong = {name: pair for name, pair in found.items() if pair[0] != pair[1]}
        if wrong:
            told = "; ".join(f"{name} {ours}, the log gives {theirs}" for name, (ours, theirs) in wrong.items())
            look.fail(fact.at, f"{broker}: {told} (paise)")
        elif said.starting_cash_paise not in _starting_cash(facts, broker):
            look.fail(fact.at, f"{broker}: starting cash {said.starting_cash_paise} paise, which no resource says")
    return look.finding()


def positions(facts: Facts) -> Finding:
    """Positions of the last snapshot are the sums of fills, per strategy, instrument and product."""
    look = Examination("positions", "positions equal the sum of fills")
    for broker in facts.brokers:
        snapshots = [(fact, data) for fact, data in facts.of(PnlSnapshot, broker)]
        if not snapshots:
            continue
        fact, said = max(snapshots, key=lambda pair: pair[0].record.offset)
        shown = {
            (each.strategy, each.instrument_token, each.product.value): (each.quantity, each.cost_paise)
            for each in said.positions
        }
        books = books_of(facts, broker, fact.event.event_time)
        look.look(max(len(shown), len(books.lots)))
        for key in sorted({*shown, *books.positions}):
            if shown.get(key) != books.positions.get(key):
                look.fail(fact.at, f"{broker} {key}: shown {shown.get(key)}, fills give {books.positions.get(key)}")
    return look.finding()


def ledger(facts: Facts) -> Finding:
    """The books in the database: they sum to zero, and cash and charges are those of the log."""
    look = Examination("ledger", "the ledger sums to zero and agrees with the fills")
    for broker, sums in sorted(facts.log.ledger.items()):
        if not sums:
            continue
        look.look(len(sums))
        books = books_of(facts, broker)
        books.close(default_calendar(), _shown_until(facts, broker))
        expected = {
            "cash": -sums.get("capital", 0) - books.spent_paise - books.charges_paise,
            "realised": -books.realised_paise,
            "charge": books.charges_paise,
            "position": books.cost_paise,
        }
        found = {kind: sum(paise for name, paise in sums.items() if name.split(":")[0] == kind) for kind in expected}
        if sum(sums.values()):
            look.fail(broker, f"the ledger of {broker} sums to {sum(sums.values())} paise, not to 0")
        elif found != expected:
            look.fail(broker, f"the ledger of {broker} says {found}, the fills give {expected} (paise)")
        elif -sums.get("capital", 0) not in _starting_cash(facts, broker):
            look.fail(
                broker, f"the ledger of {broker} has a capital of {-sums.get('capital', 0)} paise, as no resource says"
            )
    return look.finding()


def _taxed_as(fill: OrderFilled) -> str:
    """With what else of the day the tax of a fill is rounded: all shares together."""
    segment = fill.charges_segment
    return segment.value if segment is not None and segment.value in ("futures", "options") else "shares"


def _is_over(calendar: SessionCalendar, day: date, moment: datetime) -> bool:
    try:
        session = calendar.session_of(day)
    except HorizonError:
        session = None
    return moment >= session.close if session is not None else trading_date(moment) > day


def _shown_until(facts: Facts, broker: str) -> datetime:
    """The event time that the portfolio had come to: of its last snapshot, which each rounding changes."""
    times = [fact.event.event_time for fact, _ in facts.of(PnlSnapshot, broker)]
    return max(times, default=datetime.min.replace(tzinfo=UTC))


def _starting_cash(facts: Facts, broker: str) -> set[int]:
    """Every starting cash that the Broker's resource has had, in paise; 0 before there was one."""
    found = {0}
    for _, data in facts.of(BrokerConfigured):
        if data.name == broker and data.spec is not None:
            with suppress(ValidationError):  # nothing begins with a spec that nobody can read
                spec = BrokerSpec.model_validate_json(msgspec.json.encode(data.spec), strict=True)
                found.add(paise_of_rupees(str(spec.funds.cash)))
    return found
