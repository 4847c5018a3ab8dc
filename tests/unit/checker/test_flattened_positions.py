"""An intraday position that the clock has ended, today or at the next open, is what the rules of the log expect."""

import msgspec
from tests.support.logged_run import Writer
from tests.support.trading import BROKER, INSTRUMENTS, NEXT_DAY, feed, moment, paper, price, signal, validated

from alpha_panda.checker.causes import causes
from alpha_panda.checker.identity import deterministic_ids, order_ids
from alpha_panda.checker.model import Log, Verdict
from alpha_panda.checker.orders import fills, order_automaton, order_sequences, order_terms
from alpha_panda.checker.reading import Facts
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.ids import signal_id
from alpha_panda.events.orders import Leg, OrderFilled


def log_of(inputs: list[AnyEvent], said: list[AnyEvent]) -> Facts:
    writer = Writer()
    writer.write("test", inputs, None)
    writer.write(f"{BROKER}.paper-trading", said, None)
    return Facts(Log(records=tuple(writer.records), instruments=frozenset(each.token for each in INSTRUMENTS)))


def test_its_orders_have_the_ids_causes_and_order_that_the_rules_want() -> None:
    ticks = [
        price("10:00:00", 10_000),
        price("10:00:01", 10_000),
        price("15:10:01", 9_900, volume=300),
        price(moment("09:15:00", NEXT_DAY), 9_800),
    ]
    raw = signal("10:00:00", target_paise=11_000)
    cause = ticks[0].id
    name = signal_id(raw.event_time, BROKER, raw.data.strategy, raw.data.instrument_token, cause, 0)
    raw = msgspec.structs.replace(raw, id=name, causation_id=cause)
    wanted = validated(raw, 100)
    market = paper()
    said = feed(market, wanted, *ticks[1:3])
    said += market.on_watermark(moment("15:30:00"))
    said += feed(market, ticks[3])
    assert [event.data.quantity for event in said if isinstance(event.data, OrderFilled)] == [100, 30, 70]
    assert said[-1].data.order.leg is Leg.FLATTEN
    facts = log_of([*ticks, raw, wanted], said)
    for rule in (causes, deterministic_ids, order_ids, order_sequences, order_automaton, order_terms, fills):
        finding = rule(facts)
        assert finding.verdict is Verdict.PASS, finding
