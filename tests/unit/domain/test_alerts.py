"""Alerts begin, come again, are over; what comes twice changes nothing."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.unit.portfolio.trades import at, fill

from alpha_panda.domain.alert_rules import AlertRules
from alpha_panda.domain.alert_text import message
from alpha_panda.domain.alert_watch import ConditionWatch, of_channel, of_letters
from alpha_panda.domain.alerts import Alert, AlertState, Kind, Priority, Raised, Resolved
from alpha_panda.domain.channels import Channel, Due, check_channel, messages, pause_after, quiet_hours
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.errors import InputError
from alpha_panda.events.control import HaltScope, StrategyConfigured, StrategyQuarantined, TradingHalted, TradingResumed
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import event_id
from alpha_panda.events.orders import OrderAcknowledged, OrderUnknown
from alpha_panda.events.signals import Side
from alpha_panda.runtime.alert_store import fold

RULES = AlertRules(load_instruments())


def event(data: object, seconds: int = 0) -> Event:
    identity = event_id(at(seconds), type(data).__name__, seconds)
    return Event(id=identity, event_time=at(seconds), data=data, key="k", correlation_id=identity)


def told(*events: Event, broker: str | None = None) -> dict[str, Alert]:
    book: dict[str, Alert] = {}
    for each in events:
        fold(book, RULES.changes(each, broker))
    return book


def halted(seconds: int = 0) -> Event:
    return event(TradingHalted(scope=HaltScope.ALL, subject="", actor="ana", reason="news"), seconds)


def resumed(seconds: int) -> Event:
    return event(TradingResumed(scope=HaltScope.ALL, subject="", actor="ana", reason="over"), seconds)


def alert(priority: Priority = Priority.NORMAL, kind: Kind = Kind.FILL, broker: str | None = "paper") -> Alert:
    book: dict[str, Alert] = {}
    raised = Raised(
        key=f"{kind}:{priority}", kind=kind, priority=priority, title="t", text="x", at=at(0), broker=broker
    )
    [step] = fold(book, [raised])
    return step.alert


def due(priority: Priority = Priority.NORMAL) -> Due:
    return Due(alert=alert(priority), occasion="raised", attempts=0)


def test_a_halt_is_open_until_it_is_resumed():
    [found] = told(halted()).values()
    assert (found.state, found.priority, found.kind) == (AlertState.OPEN, Priority.CRITICAL, Kind.HALT)
    assert "ana" in found.text
    [found] = told(halted(), resumed(5)).values()
    assert (found.state, found.resolved_at) == (AlertState.RESOLVED, at(5))


def test_a_halt_that_is_read_again_after_its_end_changes_nothing():
    book = told(halted(), resumed(5))
    before = dict(book)
    assert fold(book, RULES.changes(halted(), None)) == []
    assert fold(book, RULES.changes(resumed(5), None)) == []
    assert book == before


def test_a_second_halt_after_the_first_is_over_is_another_alert():
    book = told(halted(), resumed(5))
    first = book["halt:all:"].id
    [step] = fold(book, RULES.changes(halted(9), None))
    assert step.occasion == "raised"
    assert step.alert.id != first


def test_parts_of_one_order_are_one_notice_and_are_told_once():
    trade = fill(Side.BUY, 10, 9_500)
    book: dict[str, Alert] = {}
    occasions = [step.occasion for step in fold(book, [*RULES.changes(trade, "paper"), *RULES.changes(trade, "paper")])]
    assert occasions == ["raised"]
    [found] = book.values()
    assert found.state is AlertState.RESOLVED
    assert "₹95.00" in found.title


def lost_order() -> tuple[Event, Event, Event]:
    """An order that was not answered, was parked, and was found after all; all at the order's own time."""
    order = fill(Side.BUY, 10, 9_500).data.order
    parked = OrderUnknown(order=order, order_sequence=2, given_up=True, message="HTTP 504")
    return (
        event(OrderUnknown(order=order, order_sequence=1, message="HTTP 504")),
        msgspec.structs.replace(event(parked), id=event_id(at(0), "parked")),
        event(OrderAcknowledged(order=order, order_sequence=3, broker_order_id="4711")),
    )


def test_an_order_of_unknown_outcome_is_open_until_the_exchange_is_found_to_have_it():
    unknown, parked, found = lost_order()
    [alert] = told(unknown, broker="zerodha").values()
    assert (alert.state, alert.priority, alert.kind) == (AlertState.OPEN, Priority.CRITICAL, Kind.ORDER_UNKNOWN)
    assert (alert.broker, alert.strategy) == ("zerodha", "s")
    [alert] = told(unknown, parked, broker="zerodha").values()
    assert alert.state is AlertState.OPEN
    assert "parked" in alert.text
    for events in ((unknown, found), (unknown, parked, found)):
        [alert] = told(*events, broker="zerodha").values()
        assert alert.state is AlertState.RESOLVED


def test_an_order_of_unknown_outcome_that_is_read_again_after_its_end_changes_nothing():
    events = lost_order()
    book = told(*events, broker="zerodha")
    before = dict(book)
    for each in events:
        assert fold(book, RULES.changes(each, "zerodha")) == []
    assert book == before


def test_a_parked_order_is_told_to_whoever_acknowledged_that_it_was_looked_for():
    unknown, parked, _ = lost_order()
    book = told(unknown, broker="zerodha")
    [(key, alert)] = book.items()
    book[key] = msgspec.structs.replace(alert, state=AlertState.ACKNOWLEDGED)
    [step] = fold(book, RULES.changes(parked, "zerodha"))
    assert (step.occasion, step.alert.state) == ("raised-2", AlertState.OPEN)


def test_an_acknowledged_order_whose_outcome_was_never_in_doubt_is_no_alert():
    assert told(lost_order()[2], broker="paper") == {}


def test_a_quarantine_is_over_when_its_strategy_changes_and_not_when_it_is_told_again():
    quarantined = StrategyQuarantined(
        strategy="momentum",
        uid="u",
        generation=1,
        kind="raised",
        call="on_bar",
        instrument_token=None,
        reason="KeyError",
        evidence="",
    )
    same = StrategyConfigured(name="momentum", uid="u", generation=1, spec={})
    other = StrategyConfigured(name="momentum", uid="u", generation=2, spec={})
    [found] = told(event(quarantined), event(same, 1)).values()
    assert found.state is AlertState.OPEN
    [found] = told(event(quarantined), event(other, 2)).values()
    assert found.state is AlertState.RESOLVED


def test_more_dead_letters_are_told_again_once_the_first_were_acknowledged():
    book: dict[str, Alert] = {}
    [step] = fold(book, [of_letters("letters", 3, at(0))])
    assert step.occasion == "raised"
    assert fold(book, [of_letters("letters", 3, at(1))]) == []
    [step] = fold(book, [of_letters("letters", 4, at(2))])
    assert step.occasion is None
    key = step.alert.key
    book[key] = msgspec.structs.replace(step.alert, state=AlertState.ACKNOWLEDGED)
    [step] = fold(book, [of_letters("letters", 6, at(3))])
    assert (step.occasion, step.alert.state) == ("raised-6", AlertState.OPEN)


def test_a_condition_is_told_at_its_second_look_and_over_after_two_without_it():
    watch, condition = ConditionWatch("channel:"), of_channel("mail", "refused", at(0))
    assert watch.look([condition], at(0), []) == ()
    assert watch.look([condition], at(1), []) == (condition,)
    assert watch.look([condition], at(2), [condition.key]) == ()
    assert watch.look([], at(3), [condition.key]) == ()
    [over] = watch.look([], at(4), [condition.key])
    assert isinstance(over, Resolved)
    assert over.concerns(condition.key)


def test_a_condition_that_was_told_before_a_restart_is_not_told_again():
    watch, condition = ConditionWatch("channel:"), of_channel("mail", "refused", at(0))
    watch.look([condition], at(0), [condition.key])
    assert watch.look([condition], at(1), [condition.key]) == ()


@pytest.mark.parametrize(
    ("channel", "wanted"),
    [
        (Channel(name="a", service="email"), True),
        (Channel(name="a", service="email", enabled=False), False),
        (Channel(name="a", service="email", floor=Priority.HIGH), False),
        (Channel(name="a", service="email", kinds=(Kind.HALT,)), False),
        (Channel(name="a", service="email", kinds=(Kind.FILL,)), True),
        (Channel(name="a", service="email", brokers=("other",)), False),
        (Channel(name="a", service="email", brokers=("paper",)), True),
    ],
)
def test_a_channel_hears_what_it_wants(channel: Channel, wanted: bool):  # noqa: FBT001
    assert channel.wants(alert()) is wanted


@pytest.mark.parametrize(("clock", "quiet"), [("21:59", False), ("22:00", True), ("06:59", True), ("07:00", False)])
def test_quiet_hours_are_indias_and_may_pass_midnight(clock: str, quiet: bool):  # noqa: FBT001
    channel = Channel(name="a", service="email", quiet="22:00-07:00")
    moment = datetime.fromisoformat(f"2026-01-05T{clock}:00+05:30").astimezone(UTC)
    assert channel.is_quiet(moment) is quiet


@pytest.mark.parametrize("text", ["22-7", "24:00-07:00", "07:00-07:00", "", "22:00-07:00 "])
def test_other_quiet_hours_are_refused(text: str):
    with pytest.raises(InputError, match="HH:MM-HH:MM"):
        quiet_hours(text)


def test_wrong_names_and_rates_of_channels_are_refused():
    for wrong in (Channel(name="A b", service="email"), Channel(name="a", service="email", per_minute=0)):
        with pytest.raises(InputError, match="allowed"):
            check_channel(wrong)


def test_what_is_critical_is_sent_alone_and_the_rest_together_where_it_is_too_much():
    waiting = [due(), due(Priority.CRITICAL), due(), due(Priority.LOW)]
    assert [len(each) for each in messages(waiting, 10, quiet=False)] == [1, 1, 1, 1]
    assert [len(each) for each in messages(waiting, 3, quiet=False)] == [1, 3]
    assert [len(each) for each in messages(waiting, 1, quiet=False)] == [1]
    assert [each[0].alert.priority for each in messages(waiting, 10, quiet=True)] == [Priority.CRITICAL]


def test_pauses_grow_to_ten_minutes():
    pauses = [pause_after(attempts, 1.0) for attempts in range(1, 30)]
    assert pauses[0] == timedelta(seconds=2)
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(minutes=10)


def test_a_digest_names_its_worst_and_says_how_many_it_leaves_out():
    title, body = message([due(Priority.HIGH), *[due()] * 40])
    assert title == "[HIGH] 41 alerts"
    assert body.endswith("and 16 more: panda alerts list")


def test_a_message_holds_nothing_that_steers_a_terminal():
    raised = Raised(
        key="k", kind=Kind.FILL, priority=Priority.LOW, title="a\x1b[31m\nb", text="x" * 1000, at=at(0), notice=True
    )
    [step] = fold({}, [raised])
    title, body = message([Due(alert=step.alert, occasion="raised", attempts=0)])
    assert title == "a [31m b"
    assert len(body) < 400
