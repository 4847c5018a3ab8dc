"""The verdict on a raw signal: the chain of checks, the size, and every reason against it.

Pure: it reads the state and changes nothing. The checks are in `domain.risk`, the sizes in `domain.entry_size`.
"""

from __future__ import annotations

from datetime import date, datetime

from alpha_panda.domain.calendar import HorizonError, Session, SessionCalendar, trading_date
from alpha_panda.domain.charges import NoChargesError, charges_table
from alpha_panda.domain.edge import PlannedTrade, refuse_below_cost
from alpha_panda.domain.entry_size import EntryTerms, cost_paise, refuse_size, size_entry
from alpha_panda.domain.inquiry import Inquiry, refusal, rejected
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.intraday import EntryHours
from alpha_panda.domain.order_terms import Refusal, entry_price_paise
from alpha_panda.domain.risk import refusals
from alpha_panda.domain.sectors import Sectors
from alpha_panda.domain.sizing import Sized
from alpha_panda.events.envelope import Event
from alpha_panda.events.signals import (
    Intent,
    OrderType,
    Product,
    Reason,
    Side,
    SignalRaised,
    SignalRejected,
    SignalValidated,
)
from alpha_panda.risk_manager.book import Book
from alpha_panda.risk_manager.state import RiskState

_UNSIZED = frozenset({"bad_prices", "off_tick_grid", "no_stop", "bad_levels"})
"""What leaves no price or no distance to size by."""


class Judge:
    """Decides the signals of one Broker by its state and its book."""

    def __init__(
        self, broker: str, state: RiskState, book: Book, instruments: InstrumentTable, calendar: SessionCalendar
    ) -> None:
        """`state` and `book` change between signals."""
        self._broker = broker
        self._state = state
        self._book = book
        self._instruments = instruments
        self._sectors = Sectors(instruments)
        self._calendar = calendar
        self._hours = EntryHours(calendar)
        self._session: Session | None = None
        """The last one that was asked for: signals come in order of time."""
        self._terms: dict[tuple[str, int, Product, Side], EntryTerms | Refusal | None] = {}
        self._terms_of = (book.changes, date.min)
        """The resources and the day that they are of."""

    def decide(self, event: Event[SignalRaised]) -> SignalValidated | SignalRejected:
        """Validated with its size, or rejected with every reason."""
        signal = event.data
        inquiry = self._inquiry(event)
        reasons = refusals(inquiry)
        if signal.intent is Intent.EXIT:
            return _rejected(event, reasons) if reasons else _exit(event.id, signal, inquiry.held, inquiry.instrument)
        sized = self._size(inquiry, reasons)
        if isinstance(sized, Refusal):
            reasons.append(sized)
        if reasons or not isinstance(sized, Sized):
            return _rejected(event, reasons)
        return SignalValidated(
            signal_id=event.id, signal=signal, quantity=sized.quantity, binding_constraint=sized.binding.code
        )

    def cost_paise(self, validated: SignalValidated, event_time: datetime) -> int:
        """Cash that a validated signal reserves."""
        if validated.signal.intent is Intent.EXIT:
            return 0
        terms = self._entry_terms(validated.signal, trading_date(event_time))
        return cost_paise(validated.quantity, validated.signal, terms) if isinstance(terms, EntryTerms) else 0

    def _inquiry(self, event: Event[SignalRaised]) -> Inquiry:
        signal, state, broker = event.data, self._state, self._book.broker
        session, closed = self._find_session(event.event_time)
        return Inquiry(
            broker=self._broker,
            signal=signal,
            event_time=event.event_time,
            watermark=state.now if signal.intent is Intent.ENTER else state.watermark,
            instrument=self._instruments.get(signal.instrument_token),
            strategy=self._book.strategy(signal.strategy),
            terms=None if isinstance(broker, Refusal) else broker.account,
            missing=broker if isinstance(broker, Refusal) else None,
            session=session,
            closed=closed,
            hours=self._hours,
            halts=state.halts,
            switch=state.switch,
            exposure=state.exposure,
            locks=state.locks,
            freshness=state.freshness,
            delayed=state.delayed and self._book.trades_money,
        )

    def _size(self, inquiry: Inquiry, reasons: list[Refusal]) -> Sized | Refusal | None:
        """The size, why there is none, or None where the signal leaves nothing to size by."""
        signal = inquiry.signal
        if signal.stop_loss_paise is None or (reasons and any(each.code in _UNSIZED for each in reasons)):
            return None
        session = inquiry.session
        terms = self._entry_terms(signal, trading_date(inquiry.event_time) if session is None else session.date)
        if terms is None or isinstance(terms, Refusal):
            return terms
        exposure, sector = self._state.exposure, self._sectors.of(signal.instrument_token)
        taken_paise = self._sectors.value_paise(sector, exposure)
        sized = size_entry(signal, signal.stop_loss_paise, terms, exposure, (sector, taken_paise))
        if isinstance(sized, Refusal):
            return sized
        if sized.quantity == 0:
            return refuse_size(sized, terms.instrument)
        return rejected(self._edge(signal, sized.quantity, terms)) or sized

    def _edge(self, signal: SignalRaised, quantity: int, terms: EntryTerms) -> Refusal | None:
        if terms.account.edge is None or self._book.terms is None:
            return None
        at_limit = signal.order_type in (OrderType.LIMIT, OrderType.SL)
        trade = PlannedTrade(
            instrument=terms.instrument,
            product=signal.product,
            side=signal.side,
            quantity=quantity,
            entry_paise=entry_price_paise(signal),
            target_paise=signal.target_paise,
            slippage=self._book.terms.slippage * (not at_limit),
            charges_day=terms.charges_day,
        )
        return refuse_below_cost(trade, terms.account.edge)

    def _entry_terms(self, signal: SignalRaised, traded_on: date) -> EntryTerms | Refusal | None:
        """What sizes an entry, why it has no charges, or None where somebody unknown is in it."""
        if self._terms_of != (self._book.changes, traded_on):
            self._terms_of = (self._book.changes, traded_on)
            self._terms.clear()
        key = (signal.strategy, signal.instrument_token, signal.product, signal.side)
        if key not in self._terms:
            self._terms[key] = self._make_terms(signal, traded_on)
        return self._terms[key]

    def _make_terms(self, signal: SignalRaised, traded_on: date) -> EntryTerms | Refusal | None:
        broker, strategy = self._book.terms, self._book.strategy(signal.strategy)
        instrument = self._instruments.get(signal.instrument_token)
        if broker is None or strategy is None or not strategy.sizing.risk or instrument is None:
            return None
        try:
            day = charges_table().day(traded_on, broker.charges_as_of)
            rates = charges_table().rates(day, instrument, signal.product, signal.side)
        except NoChargesError as error:
            return refusal("no_charges", traded_on, "the charges table", f"{error}; {error.remedy}")
        return EntryTerms(
            instrument=instrument,
            sizing=strategy.sizing,
            account=broker.account,
            limits=(strategy.limits, broker.account.limits),
            worst=broker.worst,
            rates=rates,
            charges_day=day,
        )

    def _find_session(self, moment: datetime) -> tuple[Session | None, str | None]:
        if self._session is not None and moment in self._session:
            return self._session, None
        try:
            session = self._session = self._calendar.session_at(moment)
        except HorizonError as error:
            return None, f"{error}; {error.remedy}"
        return session, None if session is not None else f"the market is not open at {moment.isoformat()}"


def _exit(signal_id: str, signal: SignalRaised, held: int, instrument: Instrument | None) -> SignalValidated:
    """All of the position, or as much of it as one order may have."""
    freeze = None if instrument is None else instrument.freeze_quantity
    quantity = abs(held) if freeze is None else min(abs(held), freeze)
    binding = "position" if quantity == abs(held) else "freeze_quantity"
    return SignalValidated(signal_id=signal_id, signal=signal, quantity=quantity, binding_constraint=binding)


def _rejected(event: Event[SignalRaised], reasons: list[Refusal]) -> SignalRejected:
    first = reasons[0]
    return SignalRejected(
        signal_id=event.id,
        signal=event.data,
        code=first.code,
        value=first.value,
        limit=first.limit,
        message=first.message,
        reasons=tuple(
            Reason(code=each.code, value=each.value, limit=each.limit, message=each.message) for each in reasons
        ),
    )
