"""Orders that were lost, found, changed and parked at an exchange are what the rules of the log expect."""

from __future__ import annotations

import msgspec
from tests.support.exchange_model import BROKER, ExchangeModel, Trader
from tests.support.logged_run import Writer
from tests.support.trading import INSTRUMENTS, broker, entry, moment, price

from alpha_panda.checker.causes import causes
from alpha_panda.checker.identity import deterministic_ids, order_ids, unique_ids
from alpha_panda.checker.model import Log, Verdict
from alpha_panda.checker.orders import fills, order_automaton, order_sequences, order_terms
from alpha_panda.checker.reading import Facts
from alpha_panda.checker.signals import one_order
from alpha_panda.domain import wanted_orders
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.ids import event_id
from alpha_panda.events.orders import EXTERNAL, OrderAcknowledged, OrderFilled, OrderSubmitted, OrderUnknown

RULES = (unique_ids, deterministic_ids, order_ids, order_sequences, order_automaton, order_terms, fills, one_order)
WALL = moment("10:00:00")


def test_whatever_happens_to_an_order_there_follows_from_the_signal_that_began_its_trade() -> None:
    trader, tick = Trader(ExchangeModel()), price("10:00:00", 10_000)
    event = entry(moment("10:00:01"), 10, strategy="s", target_paise=11_000)
    raw = msgspec.structs.replace(
        event, id=event_id(event.event_time, "raw"), data=event.data.signal, causation_id=tick.id, broker=BROKER
    )
    event = msgspec.structs.replace(event, causation_id=raw.id, broker=BROKER)
    trader.desk.signal(event, WALL, None, None)
    trader.write()
    trader.send_next("accepted")
    for name in list(trader.exchange.orders):
        trader.exchange.trade(name, 10)
    trader.hear_everything()
    assert {type(each.data) for each in trader.events} >= {OrderFilled}
    tokens = frozenset(each.token for each in INSTRUMENTS)
    configured = broker({"type": "Zerodha"})
    foreign = msgspec.structs.replace(trader.events[0], id=event_id(event.event_time, "foreign"), causation_id=None)
    orphan = [msgspec.structs.replace(trader.events[0], id=event_id(event.event_time, "orphan"), causation_id=tick.id)]
    for more, verdict in (([], Verdict.PASS), ([foreign], Verdict.FAIL), (orphan, Verdict.FAIL)):
        writer = Writer()
        writer.write("test", [tick, configured, raw], None)
        writer.write(f"{BROKER}.risk-manager", [event], None)
        writer.write(f"{BROKER}.zerodha-trading", [*trader.events, *more], None)
        found = causes(Facts(Log(records=tuple(writer.records), instruments=tokens)))
        assert found.verdict is verdict, found


def test_their_events_have_the_ids_and_the_order_that_the_rules_want() -> None:
    trader, signals = Trader(ExchangeModel()), []
    for number, fate in enumerate(("accepted", "accepted_unheard", "accepted_and_crash", "lost", "rejected")):
        event = entry(moment("10:00:01"), 10, n=number, strategy=f"s{number}", target_paise=11_000)
        signals.append(event)
        trader.desk.signal(event, WALL, None, None)
        trader.write()
        trader.send_next(fate)
    for name in list(trader.exchange.orders):
        trader.exchange.trade(name, 4)
        trader.exchange.trade(name, 6)
    trader.hear_everything()
    lost = [each for each in trader.desk.book.orders.values() if each.state == "UNKNOWN"]
    for each in lost:
        trader.desk.absent(each.order.order_id)
    trader.write()
    writer = Writer()
    writer.write(f"{BROKER}.risk-manager", signals, None)
    writer.write(f"{BROKER}.zerodha-trading", trader.events, None)
    facts = Facts(Log(records=tuple(writer.records), instruments=frozenset(each.token for each in INSTRUMENTS)))
    assert {type(each.data) for each in trader.events} >= {OrderFilled, OrderUnknown}
    for rule in RULES:
        assert rule(facts).verdict is Verdict.PASS, rule(facts)


def test_an_order_that_a_person_placed_there_follows_from_no_signal_and_breaks_no_rule() -> None:
    trader = Trader(ExchangeModel())
    by_hand = wanted_orders.order_of(entry(moment("10:00:01"), 10, strategy="nobody's"))
    trader.exchange.trade(trader.exchange.take(by_hand, ""), 10)
    trader.hear_everything()
    assert {each.data.order.strategy for each in trader.events} == {EXTERNAL}
    assert {type(each.data) for each in trader.events} >= {OrderSubmitted, OrderAcknowledged, OrderFilled}
    assert judged(trader.events) == {Verdict.PASS}

    def renamed(each: AnyEvent) -> AnyEvent:
        order = msgspec.structs.replace(each.data.order, order_id="0" * 8)
        return msgspec.structs.replace(each, data=msgspec.structs.replace(each.data, order=order))

    assert Verdict.FAIL in judged([renamed(each) for each in trader.events])


def judged(events: list[AnyEvent]) -> set[Verdict]:
    writer = Writer()
    writer.write(f"{BROKER}.zerodha-trading", events, None)
    facts = Facts(Log(records=tuple(writer.records), instruments=frozenset(each.token for each in INSTRUMENTS)))
    return {found.verdict for rule in RULES if (found := rule(facts)).examined}
