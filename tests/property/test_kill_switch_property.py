"""Whatever the sources say in whatever order: no entry passes while one says halted, and no exit is stopped."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.trading import (
    ACME,
    BOLT,
    BROKER,
    broker,
    broker_spec,
    ends,
    entry,
    feed,
    halt,
    legs,
    only,
    paper,
    resume,
    risk,
    signal,
)
from tests.support.trading import strategy_spec as spec_of

from alpha_panda.domain.kill_switch import SwitchReading, halt_key
from alpha_panda.events.control import HaltScope, TradingHalted
from alpha_panda.events.signals import Intent, Side
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.documents import read_object
from alpha_panda.resources.halting import halted_by, with_halt, without_halt

NAMES = {ACME: "NSE:ACME", BOLT: "NSE:BOLT"}
STRATEGIES = ("mo", "re")
Halt = tuple[HaltScope, str]
halts = st.sampled_from(
    [
        (HaltScope.ALL, ""),
        *((HaltScope.BROKER, name) for name in (BROKER, "other")),
        *((HaltScope.STRATEGY, name) for name in STRATEGIES),
        *((HaltScope.INSTRUMENT, name) for name in NAMES.values()),
    ]
)
steps = st.one_of(
    st.tuples(st.just("halt"), halts),
    st.tuples(st.just("resume"), halts),
    st.tuples(st.just("switch"), st.frozensets(halts, max_size=3)),
    st.tuples(st.just("unreadable"), st.none()),
    st.tuples(st.just("resource"), st.booleans()),
    st.tuples(st.just("signal"), st.tuples(st.sampled_from(STRATEGIES), st.sampled_from(sorted(NAMES)), st.booleans())),
    st.tuples(st.just("restart"), st.none()),
)


def reading(said: frozenset[Halt]) -> SwitchReading:
    return SwitchReading(
        halts={
            halt_key(scope, subject): TradingHalted(scope=scope, subject=subject, actor="bo", reason="smoke")
            for scope, subject in said
        }
    )


def covers(said: set[Halt] | frozenset[Halt], strategy: str, token: int) -> bool:
    """By a second hand: what a halt of each scope means."""
    wanted = {
        (HaltScope.ALL, ""),
        (HaltScope.BROKER, BROKER),
        (HaltScope.STRATEGY, strategy),
        (HaltScope.INSTRUMENT, NAMES[token]),
    }
    return not wanted.isdisjoint(said)


@settings(max_examples=200, deadline=None)
@given(st.lists(steps, max_size=40))
def test_no_entry_passes_while_any_source_says_halted_and_no_exit_is_stopped(
    sequence: list[tuple[str, object]],
) -> None:
    desk = risk(strategies={name: spec_of() for name in STRATEGIES})
    log: set[Halt] = set()
    switch: frozenset[Halt] | None = frozenset()
    resource = False
    for number, (what, said) in enumerate(sequence):
        match what, said:
            case "halt", (HaltScope() as scope, str(subject)):
                feed(desk, halt(scope, subject))
                log.add((scope, subject))
            case "resume", (HaltScope() as scope, str(subject)):
                feed(desk, resume(scope, subject))
                log.discard((scope, subject))
            case "switch", frozenset() as statement:
                desk.heed(reading(statement))
                switch = statement
            case "unreadable", None:
                desk.heed(SwitchReading(unreadable="gone"))
                switch = None
            case "resource", bool(resource):
                feed(desk, broker(broker_spec(halted=resource)))
            case "restart", None:
                state = desk.snapshot()
                desk = risk(strategies={name: spec_of() for name in STRATEGIES})
                desk.restore(state)
            case "signal", (str(strategy), int(token), bool(enters)):
                halted = resource or covers(log, strategy, token) or covers(switch or frozenset(), strategy, token)
                terms = {} if enters else {"intent": Intent.EXIT, "side": Side.SELL}
                raised = signal("10:00:00", n=number, strategy=strategy, instrument_token=token, **terms)
                verdict = only(feed(desk, raised)).data
                code = getattr(verdict, "code", "validated")
                if enters:
                    assert (code == "trading_halted") == halted
                    assert (code == "halts_unreadable") == (switch is None and not halted)
                else:
                    assert code not in {"trading_halted", "halts_unreadable"}


@settings(max_examples=200, deadline=None)
@given(st.frozensets(halts, max_size=3), st.frozensets(halts, max_size=3), st.booleans(), st.data())
def test_what_the_risk_manager_would_refuse_now_trading_does_not_submit(
    log: frozenset[Halt],
    switch: frozenset[Halt],
    resource: bool,  # noqa: FBT001 - drawn
    data: st.DataObject,
) -> None:
    """Both look at the same sources, so a halt between them stops what the first let pass."""
    strategy = data.draw(st.sampled_from(STRATEGIES))
    token = data.draw(st.sampled_from(sorted(NAMES)))
    market = paper(broker_spec(halted=resource))
    assert not feed(market, *(halt(scope, subject) for scope, subject in sorted(log)))
    market.heed(reading(switch))
    said = feed(market, entry("10:00:00", 1, strategy=strategy, instrument_token=token))
    if resource or covers(log, strategy, token) or covers(switch, strategy, token):
        assert [code for _, code in ends(said)] == ["trading_halted"]
    else:
        assert [what for what, _, _ in legs(said)] == ["Submitted", "Acknowledged"]


@given(st.booleans(), st.lists(st.tuples(st.booleans(), st.sampled_from(["all", "broker"])), max_size=12))
def test_a_broker_is_halted_while_anybody_asks_for_it_and_a_manifest_that_said_so_still_does(
    manifest: bool,  # noqa: FBT001 - drawn
    statements: list[tuple[bool, str]],
) -> None:
    value = {
        "apiVersion": "alphapanda.io/v1alpha1",
        "kind": "Broker",
        "metadata": {"name": "paper", "annotations": {"desk": "one"}},
        "spec": {"type": "Paper", "halted": manifest},
    }
    first = read_object(value, "a test")
    assert isinstance(first, Broker)
    now, asked = first, set[str]()
    for presses, name in statements:
        now = with_halt(now, name) if presses else without_halt(now, name)
        asked = asked | {name} if presses else asked - {name}
        assert now.spec.halted == (manifest or bool(asked))
        assert set(halted_by(now)) == asked | ({"manifest"} if manifest else set())
        assert now.metadata.annotations["desk"] == "one"
    for name in ("all", "broker"):
        now = without_halt(now, name)
    assert now == first
