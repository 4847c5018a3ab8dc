"""What people want, as the log says it: this Broker's terms, who has turned the key of a Strategy, what is halted."""

from __future__ import annotations

import msgspec

from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.kill_switch import Halts, SwitchReading, Target, note, refuse_entry
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.events.control import BrokerConfigured, StrategyConfigured, TradingHalted, TradingResumed
from alpha_panda.events.orders import Order
from alpha_panda.zerodha_trading.terms import (
    ZerodhaTerms,
    algo_id_of,
    is_acknowledged,
    missing_key,
    read_terms,
    unknown_broker,
)


class Control:
    """The wishes of one Broker's people; read from the log's beginning at each start."""

    def __init__(self, broker: str, instruments: InstrumentTable) -> None:
        """Nothing was said: nothing trades."""
        self.terms: ZerodhaTerms | Refusal = unknown_broker(broker)
        self._broker = broker
        self._instruments = instruments
        self._keys: dict[str, bool] = {}
        self._algo_ids: dict[str, str] = {}
        self._halts: Halts = {}

    def take(self, data: msgspec.Struct) -> None:
        """A fact of `control.*`."""
        match data:
            case BrokerConfigured(name=name, spec=spec) if name == self._broker:
                self.terms = read_terms(name, spec)
            case StrategyConfigured(name=name, spec=spec):
                self._keys[name] = is_acknowledged(name, spec)
                self._algo_ids[name] = algo_id_of(spec)
            case TradingHalted() | TradingResumed():
                note(self._halts, data)
            case _:
                pass

    def missing_key(self, strategy: str) -> str:
        """Which of the two keys keeps an order of the strategy from being sent; empty where both are turned."""
        if isinstance(self.terms, Refusal):
            return self.terms.message
        return missing_key(self.terms, strategy, acknowledged=self._keys.get(strategy, False))

    def algo_id(self, strategy: str) -> str:
        """What a strategy's orders are registered as: by itself, else by the Broker; empty where by neither."""
        ours = self.terms.algo_id if isinstance(self.terms, ZerodhaTerms) else ""
        return self._algo_ids.get(strategy) or ours

    def refuse_entry(self, order: Order, switch: SwitchReading) -> Refusal | None:
        """Why an entry may not go, by any source of the kill switch."""
        instrument = self._instruments.get(order.instrument_token)
        target = Target(
            broker=self._broker, strategy=order.strategy, instrument="" if instrument is None else instrument.name
        )
        halted = isinstance(self.terms, ZerodhaTerms) and self.terms.halted
        return refuse_entry(target, broker_halted=halted, halts=self._halts, switch=switch)
