"""The core of the risk manager: each raw signal of a Broker gets exactly one verdict.

In: the Broker's `signals.raw` and order events, `market.ticks` (marks), `control.brokers`,
`control.strategies`, `control.trading` (halts, and positions that people want closed); live also what the
switch in Redis says. Out: `signals.validated` to the Broker's trading service, `signals.rejected` to people.
What a signal is held to is in `verdicts`, what trips between signals in `guard`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from alpha_panda.domain.account_state import AccountState, account_state
from alpha_panda.domain.calendar import SessionCalendar
from alpha_panda.domain.day_taxes import closing_of
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.kill_switch import SwitchReading, note
from alpha_panda.domain.processor import AnyEvent, Processor
from alpha_panda.domain.standing import Standing, standing
from alpha_panda.events.control import BrokerConfigured, CloseWanted, StrategyConfigured, TradingHalted, TradingResumed
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import verdict_id
from alpha_panda.events.market import Tick
from alpha_panda.events.orders import OrderCancelled, OrderFailed, OrderFilled
from alpha_panda.events.signals import SignalRaised, SignalRejected, SignalValidated
from alpha_panda.events.topics import TICKS, Topic
from alpha_panda.risk_manager.book import Book
from alpha_panda.risk_manager.closing import exit_of
from alpha_panda.risk_manager.guard import Guard
from alpha_panda.risk_manager.stakes import Stakes
from alpha_panda.risk_manager.state import RiskState
from alpha_panda.risk_manager.verdicts import Judge


class RiskManagerProcessor(Processor):
    """The risk manager of one Broker, over all its strategies and instruments."""

    def __init__(
        self, broker_name: str, instruments: InstrumentTable, calendar: SessionCalendar, *, live: bool = False
    ) -> None:
        """Start with nothing: no resource seen, no position held.

        `live` is a run without epochs: what was read together with a signal may then be much later than it.
        """
        self._live = live
        self._name = broker_name
        self._instruments = instruments
        self._calendar = calendar
        self._duplicates = 0
        self._take_over(RiskState())

    @property
    def state(self) -> RiskState:
        """What is remembered, for diagnostics and tests."""
        return self._state

    @property
    def judge(self) -> Judge:
        """What decides signals, for measurements and tests."""
        return self._judge

    @property
    def account(self) -> AccountState:
        """Whether the account may enter, only reduce, or is halted."""
        state, terms = self._state, self._book.terms
        return account_state(
            self._name,
            halted=terms is not None and terms.account.halted,
            sources=(state.halts, state.switch.halts),
            locks=state.locks,
            now=state.watermark,
        )

    @property
    def standing(self) -> Standing | None:
        """The account as people see it; None before the market was heard of."""
        now = self._state.watermark
        return None if now is None else standing(self.account, self._state.locks, now)

    def needs_every(self, topic: Topic) -> bool:
        """Ticks only mark; signals come after all ticks that were read with them."""
        return topic is not TICKS

    def on_event(self, event: AnyEvent, topic: Topic) -> Iterable[AnyEvent]:
        """Mark, book or decide."""
        _ = topic
        data = event.data
        if isinstance(data, Tick):
            if data.filled_in is True:
                return ()  # the silence that it fills was one
            self._state.delayed = data.delayed is True
            if self._state.delayed and self._book.trades_money:
                return ()  # for real money it is no price
            self._guard.price(data, event.event_time)
            if self._live and (self._state.heard is None or event.event_time > self._state.heard):
                self._state.heard = event.event_time
            return ()
        if isinstance(data, SignalRaised):
            return self._on_signal(event, event.id)
        if isinstance(data, CloseWanted):
            wished = exit_of(event, self._state.now, live=self._live)
            return self._on_signal(wished, event.id) if data.broker == self._name else ()
        if isinstance(data, OrderFilled):
            self._on_fill(event)
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
            self._guard.day(watermark)
            self._guard.check(watermark)
            state.locks.release(watermark)
        return ()

    def mark(self, token: int, price_paise: int, moment: datetime) -> None:
        """Take in the last of prices of an instrument that `stakes` allowed, or that is not held."""
        self._exposure.marks[token] = price_paise
        self._state.freshness.seen[token] = moment

    def stakes(self) -> Stakes:
        """How far prices and time may go before anything but marks follows from them."""
        return Stakes(self._state, self._book)

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
        """Signals that were decided before, what is at stake now, and what keeps the account from entering."""
        exposure, account = self._exposure, self.account
        return {
            "duplicate_signals": self._duplicates,
            "halts": len(self._state.halts),
            "switch_halts": len(self._state.switch.halts),
            "locks": len(self._state.locks.held),
            "account_reducing": int(account is AccountState.REDUCING),
            "account_halted": int(account is AccountState.HALTED),
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
        self._book = Book(self._name, state)
        self._guard = Guard(state, self._book, self._calendar)
        self._judge = Judge(self._name, state, self._book, self._instruments, self._calendar)

    def _on_control(self, data: msgspec.Struct) -> None:
        match data:
            case BrokerConfigured(name=name) if name == self._name:
                self._book.configure(data)
                self._pay_in()
                self._commit_recalled()
            case StrategyConfigured():
                self._book.configure(data)
            case TradingHalted() | TradingResumed():
                note(self._state.halts, data)
            case _:
                pass

    def _pay_in(self) -> None:
        if self._book.terms is None:
            return
        account, wanted_paise = self._exposure.account, self._book.terms.starting_cash_paise
        self._guard.paid_in(wanted_paise - account.starting_cash_paise)
        account.set_starting_cash(wanted_paise)

    def _on_fill(self, event: Event[OrderFilled]) -> None:
        self._guard.day(event.event_time)
        closes_at = closing_of(self._calendar, event.event_time)
        booked = self._exposure.filled(event.id, event.event_time, event.data)
        if booked is not None:
            self._exposure.account.taxes.take(event.id, closes_at, event.data)
            self._guard.traded(booked.closed, event.event_time)

    def _on_signal(self, event: Event[SignalRaised], cause: str) -> Iterable[AnyEvent]:
        state = self._state
        self._guard.day(event.event_time)
        if event.id in state.decided:
            self._duplicates += 1
            return ()
        self._guard.check(event.event_time)
        state.decided.add(event.id, event.data.expires_at)
        data = self._judge.decide(event)
        if isinstance(data, SignalValidated):
            self._exposure.commit(data, event.event_time, self._judge.cost_paise(data, event.event_time))
        token = event.data.instrument_token
        return (
            Event(
                id=verdict_id(event.event_time, event.id),
                event_time=event.event_time,
                data=data,
                key=f"{event.data.strategy}:{token}",
                key_instrument=token,
                correlation_id=event.correlation_id,
                causation_id=cause,
                broker=self._name,
            ),
        )

    def _commit_recalled(self) -> None:
        if self._book.terms is None:
            return
        for event_time, validated in self._state.recalled:
            self._exposure.commit(validated, event_time, self._judge.cost_paise(validated, event_time))
        self._state.recalled.clear()
