"""The core of the risk manager: each raw signal of a Broker gets exactly one verdict.

In: the Broker's `signals.raw` and order events, `market.ticks` (marks), `control.brokers`,
`control.strategies`, `control.trading`; live also what the switch in Redis says. Out: `signals.validated`
to the Broker's trading service, `signals.rejected` to people. The checks are in `domain.risk`, the size
in `domain.entry_size`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from alpha_panda.domain.calendar import HorizonError, SessionCalendar, trading_date
from alpha_panda.domain.charges import NoChargesError, charges_table
from alpha_panda.domain.day_taxes import closing_of
from alpha_panda.domain.entry_size import EntryTerms, cost_paise, refuse_size, size_entry
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.kill_switch import SwitchReading, note
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.domain.processor import AnyEvent, Processor
from alpha_panda.domain.risk import Inquiry, StrategyTerms, refuse
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured, TradingHalted, TradingResumed
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import verdict_id
from alpha_panda.events.market import Tick
from alpha_panda.events.orders import OrderCancelled, OrderFailed, OrderFilled
from alpha_panda.events.signals import Intent, SignalRaised, SignalRejected, SignalValidated
from alpha_panda.events.topics import TICKS, Topic
from alpha_panda.risk_manager.state import RiskState
from alpha_panda.risk_manager.terms import BrokerTerms, read_broker, read_strategy, unknown_broker


class RiskManagerProcessor(Processor):
    """The risk manager of one Broker, over all its strategies and instruments."""

    def __init__(self, broker_name: str, instruments: InstrumentTable, calendar: SessionCalendar) -> None:
        """Start with nothing: no resource seen, no position held."""
        self._name = broker_name
        self._instruments = instruments
        self._calendar = calendar
        self._duplicates = 0
        self._take_over(RiskState())

    @property
    def state(self) -> RiskState:
        """What is remembered, for diagnostics and tests."""
        return self._state

    def needs_every(self, topic: Topic) -> bool:
        """Ticks only mark; signals come after all ticks that were read with them."""
        return topic is not TICKS

    def on_event(self, event: AnyEvent, topic: Topic) -> Iterable[AnyEvent]:
        """Mark, book or decide."""
        _ = topic
        data = event.data
        if isinstance(data, Tick):
            self._exposure.marks[data.instrument_token] = data.price_paise
            return ()
        if isinstance(data, SignalRaised):
            return self._on_signal(event)
        if isinstance(data, OrderFilled):
            closes_at = closing_of(self._calendar, event.event_time)
            if self._exposure.filled(event.id, event.event_time, data):
                self._exposure.account.taxes.take(event.id, closes_at, data)
        elif isinstance(data, OrderCancelled | OrderFailed):
            self._exposure.ended(data)
        else:
            self._on_control(data)
        return ()

    def on_watermark(self, watermark: datetime) -> Iterable[AnyEvent]:
        """Let time pass: signals expire by it, and what cannot come again is forgotten.

        While the switch is unreadable, entries wait uncommitted, and a restart would bring back with them
        whatever was decided since: so nothing decided is forgotten in the meantime.
        """
        state = self._state
        if state.watermark is None or watermark > state.watermark:
            state.watermark = watermark
            if state.switch.unreadable is None:
                state.decided.forget(watermark)
            self._exposure.fills.forget(watermark)
            self._exposure.account.round_taxes(watermark)
        return ()

    def heed(self, fact: msgspec.Struct) -> None:
        """Take in what the switch in Redis says now."""
        if isinstance(fact, SwitchReading):
            self._state.switch = fact

    def recall(self, event: AnyEvent, topic: Topic) -> None:
        """A verdict of one's own stands: it reserves what it reserves, and its signal is decided."""
        _ = topic
        data = event.data
        if not isinstance(data, SignalValidated | SignalRejected) or data.signal_id in self._state.decided:
            return
        self._state.decided.add(data.signal_id, data.signal.expires_at)
        if isinstance(data, SignalValidated):
            self._state.recalled.append((event.event_time, data))
            self._commit_recalled()

    def diagnostics(self) -> dict[str, int]:
        """Signals that were decided before, and what is at stake now."""
        exposure = self._exposure
        return {
            "duplicate_signals": self._duplicates,
            "halts": len(self._state.halts),
            "switch_halts": len(self._state.switch.halts),
            "pending_entries": len(exposure.reservations),
            "pending_exits": len(exposure.exits),
            "open_positions": len(exposure.account.holdings),
            "imbalance_paise": exposure.account.imbalance_paise,
        }

    def snapshot(self) -> bytes:
        """The state as JSON."""
        return msgspec.json.encode(self._state)

    def restore(self, state: bytes) -> None:
        """Continue from a snapshot."""
        self._take_over(msgspec.json.decode(state, type=RiskState))

    def _take_over(self, state: RiskState) -> None:
        self._state = state
        self._exposure = state.exposure
        self._broker: BrokerTerms | Refusal = unknown_broker(self._name)
        if state.configured:
            self._broker = read_broker(self._name, state.spec)
        self._strategies: dict[str, StrategyTerms] = {}

    def _on_control(self, data: msgspec.Struct) -> None:
        state = self._state
        match data:
            case BrokerConfigured(name=name) if name == self._name:
                state.spec, state.configured = data.spec, True
                self._broker = read_broker(self._name, data.spec)
                self._strategies.clear()
                if isinstance(self._broker, BrokerTerms):
                    self._exposure.account.set_starting_cash(self._broker.starting_cash_paise)
                self._commit_recalled()
            case StrategyConfigured(name=name, spec=None):
                state.strategies.pop(name, None)
                self._strategies.pop(name, None)
            case StrategyConfigured(name=name, spec=dict() as spec):
                state.strategies[name] = spec
                self._strategies.pop(name, None)
            case TradingHalted() | TradingResumed():
                note(state.halts, data)
            case _:
                pass

    def _on_signal(self, event: Event[SignalRaised]) -> Iterable[AnyEvent]:
        state = self._state
        if event.id in state.decided:
            self._duplicates += 1
            return ()
        state.decided.add(event.id, event.data.expires_at)
        verdict = self._decide(event)
        if isinstance(verdict, Refusal):
            data: SignalRejected | SignalValidated = SignalRejected(
                signal_id=event.id,
                signal=event.data,
                code=verdict.code,
                value=verdict.value,
                limit=verdict.limit,
                message=verdict.message,
            )
        else:
            data = verdict
            self._exposure.commit(verdict, event.event_time, self._cost_paise(verdict, event.event_time))
        token = event.data.instrument_token
        return (
            Event(
                id=verdict_id(event.event_time, event.id),
                event_time=event.event_time,
                data=data,
                key=f"{event.data.strategy}:{token}",
                key_instrument=token,
                correlation_id=event.correlation_id,
                causation_id=event.id,
                broker=self._name,
            ),
        )

    def _decide(self, event: Event[SignalRaised]) -> SignalValidated | Refusal:
        signal, broker = event.data, self._broker
        instrument = self._instruments.get(signal.instrument_token)
        strategy = self._strategy(signal.strategy)
        inquiry = Inquiry(
            broker=self._name,
            signal=signal,
            event_time=event.event_time,
            watermark=self._state.watermark,
            instrument=instrument,
            strategy=strategy,
            account=broker if isinstance(broker, Refusal) else broker.account,
            closed=self._closed(event.event_time),
            halts=self._state.halts,
            switch=self._state.switch,
            exposure=self._exposure,
        )
        refusal = refuse(inquiry)
        if refusal is not None:
            return refusal
        if signal.intent is Intent.EXIT:
            return _exit(event.id, signal, abs(inquiry.held), instrument)
        terms = self._entry_terms(signal, event.event_time)
        if isinstance(terms, Refusal):
            return terms
        return self._entry(event.id, signal, terms)

    def _entry(self, signal_id: str, signal: SignalRaised, terms: EntryTerms) -> SignalValidated | Refusal:
        if signal.stop_loss_paise is None:
            raise ValueError("the checks let an entry without a stop loss pass")
        sized = size_entry(signal, signal.stop_loss_paise, terms, self._exposure)
        if sized.quantity == 0:
            return refuse_size(sized, terms.instrument)
        return SignalValidated(
            signal_id=signal_id, signal=signal, quantity=sized.quantity, binding_constraint=sized.binding.code
        )

    def _entry_terms(self, signal: SignalRaised, event_time: datetime) -> EntryTerms | Refusal:
        broker, strategy = self._broker, self._strategy(signal.strategy)
        instrument = self._instruments.get(signal.instrument_token)
        if isinstance(broker, Refusal):
            return broker
        if strategy is None or instrument is None:
            raise ValueError("the checks let an entry of nobody or in nothing pass")
        traded_on = trading_date(event_time)
        try:
            day = charges_table().day(traded_on, broker.charges_as_of)
            charges_table().rates(day, instrument, signal.product, signal.side)
        except NoChargesError as error:
            message = f"rejected: no_charges: {error}; {error.remedy}"
            return Refusal(code="no_charges", value=str(traded_on), limit="the charges table", message=message)
        return EntryTerms(
            instrument=instrument,
            risk=strategy.risk,
            slippage=broker.slippage,
            charges_day=day,
            limits=(strategy.limits, broker.account.limits),
        )

    def _cost_paise(self, validated: SignalValidated, event_time: datetime) -> int:
        if validated.signal.intent is Intent.EXIT:
            return 0
        terms = self._entry_terms(validated.signal, event_time)
        return 0 if isinstance(terms, Refusal) else cost_paise(validated.quantity, validated.signal, terms)

    def _commit_recalled(self) -> None:
        if not isinstance(self._broker, BrokerTerms):
            return
        for event_time, validated in self._state.recalled:
            self._exposure.commit(validated, event_time, self._cost_paise(validated, event_time))
        self._state.recalled.clear()

    def _strategy(self, name: str) -> StrategyTerms | None:
        spec = self._state.strategies.get(name)
        if spec is None:
            return None
        if name not in self._strategies:
            live = isinstance(self._broker, BrokerTerms) and self._broker.live
            self._strategies[name] = read_strategy(spec, self._name, live=live)
        return self._strategies[name]

    def _closed(self, moment: datetime) -> str | None:
        try:
            session = self._calendar.session_at(moment)
        except HorizonError as error:
            return f"{error}; {error.remedy}"
        return None if session is not None else f"the market is not open at {moment.isoformat()}"


def _exit(signal_id: str, signal: SignalRaised, held: int, instrument: Instrument | None) -> SignalValidated:
    freeze = None if instrument is None else instrument.freeze_quantity
    quantity = held if freeze is None else min(held, freeze)
    binding = "position" if quantity == held else "freeze_quantity"
    return SignalValidated(signal_id=signal_id, signal=signal, quantity=quantity, binding_constraint=binding)
