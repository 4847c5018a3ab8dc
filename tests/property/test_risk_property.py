"""Whatever is asked for: sizes keep within every cap, limits hold under any interleaving, exits are never held back."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.trading import ACME, BOLT, INSTRUMENTS, LOTS, feed, price, signal
from tests.unit.risk_manager.positions import account, fill

from alpha_panda.domain.charges import charges_table
from alpha_panda.domain.entry_size import EntryTerms, cost_paise, size_entry
from alpha_panda.domain.exposure import Exposure
from alpha_panda.domain.limits import AccountTerms, Limits, Method, SizingTerms
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.domain.sizing import Sized
from alpha_panda.events.market import Tick
from alpha_panda.events.orders import Leg
from alpha_panda.events.signals import Intent, OrderType, Product, Side, SignalRaised, SignalRejected, SignalValidated

CASES = settings(max_examples=150, deadline=None)
DAY = date(2026, 4, 1)
SHARES = st.fractions(min_value=Fraction(1, 10_000), max_value=1, max_denominator=10_000)
LIMITS: dict[str, st.SearchStrategy[Any]] = {
    "maxOpenPositions": st.integers(1, 3),
    "maxIntradayPositions": st.integers(1, 3),
    "maxPositionPercent": st.integers(1, 100).map(str),
    "maxRiskPercent": st.integers(1, 20).map(str),
    "maxSectorPercent": st.integers(1, 100).map(str),
    "minCashReserve": st.integers(0, 50_000).map(str),
    "minRewardRisk": st.integers(0, 4).map(str),
    "maxDailyLossPercent": st.integers(1, 20).map(str),
    "drawdownPercent": st.integers(1, 20).map(str),
    "maxPriceDeviationPercent": st.integers(1, 20).map(str),
    "maxDataAgeSeconds": st.integers(1, 300),
    "maxOrdersPerMinute": st.integers(1, 3),
}
TIGHTER = dict.fromkeys(LIMITS, min) | {"minCashReserve": max, "minRewardRisk": max}
"""Which of two values of a limit allows less."""
WATCHED: dict[str, Any] = {
    "maxDailyLossPercent": "1",
    "drawdownPercent": "2",
    "protections": {
        "cooldownMinutes": 2,
        "stopLossGuard": {"stops": 1, "lookbackMinutes": 5, "pauseMinutes": 5},
        "lowProfit": {"trades": 2, "lookbackMinutes": 10, "pauseMinutes": 3},
        "consecutiveLosses": {"losses": 2, "pauseMinutes": 4},
    },
}
"""Breakers and pauses that a morning of a few trades sets off."""


@st.composite
def terms(draw: st.DrawFn) -> EntryTerms:
    """Any terms of an entry in any instrument."""
    limits = Limits(
        where="risk",
        max_position_quantity=draw(st.none() | st.integers(1, 5_000)),
        max_position_value_paise=draw(st.none() | st.integers(1, 10**8)),
        max_order_value_paise=draw(st.none() | st.integers(1, 10**8)),
    )
    terms = AccountTerms(
        halted=False,
        limits=Limits(where="account", max_order_value_paise=draw(st.none() | st.integers(1, 10**8))),
        position=draw(st.none() | SHARES),
        risk=draw(st.none() | SHARES),
        sector=draw(st.none() | SHARES),
        reserve_paise=draw(st.integers(0, 10**6)),
    )
    sizing = SizingTerms(
        method=draw(st.sampled_from((Method.FIXED_RISK, Method.VOLATILITY))),
        risk=draw(SHARES),
        atr_multiple=draw(st.fractions(Fraction(1, 10), 10, max_denominator=10)),
        volume=draw(st.none() | SHARES),
    )
    instrument = INSTRUMENTS.require(draw(st.sampled_from((ACME, BOLT, LOTS))))
    return EntryTerms(
        instrument=instrument,
        sizing=sizing,
        account=terms,
        limits=(limits, terms.limits),
        worst=Fraction(102, 100),
        rates=charges_table().rates(DAY, instrument, Product.MIS, Side.BUY),
        charges_day=DAY,
    )


@st.composite
def entries(draw: st.DrawFn) -> Any:  # noqa: ANN401 — a raw signal
    """Any possible entry at the market or at a limit."""
    side = draw(st.sampled_from(Side))
    reference = draw(st.integers(200, 40_000)) * 5
    distance = draw(st.integers(1, 30)) * 5
    fields: dict[str, Any] = {}
    if draw(st.booleans()):
        fields = {
            "order_type": OrderType.LIMIT,
            "limit_price_paise": reference + draw(st.integers(0, 10)) * 5 * side.sign,
        }
    return signal(
        "10:00:00",
        side=side,
        reference_price_paise=reference,
        stop_loss_paise=reference - side.sign * distance,
        atr_paise=draw(st.integers(1, 5_000)),
        bar_volume=draw(st.none() | st.integers(0, 10**6)),
        **fields,
    ).data


def of(cash_paise: int) -> Exposure:
    """An account with so much cash and nothing else."""
    exposure = Exposure()
    exposure.account.set_starting_cash(cash_paise)
    return exposure


@CASES
@given(given=terms(), raw=entries(), cash=st.integers(0, 10**9), taken=st.integers(0, 10**8))
def test_a_size_never_exceeds_a_cap(given: EntryTerms, raw: Any, cash: int, taken: int) -> None:  # noqa: ANN401 — a signal
    found = size_entry(raw, raw.stop_loss_paise, given, of(cash), ("sector", taken))
    assert isinstance(found, Sized)
    quantity, at = found.quantity, raw.limit_price_paise or raw.reference_price_paise
    assert quantity >= 0
    assert quantity % given.instrument.lot_size == 0
    assert quantity <= max(found.binding.quantity, 0)
    if quantity == 0:
        return
    assert cost_paise(quantity, raw, given) <= cash - given.account.reserve_paise
    if given.sizing.method is Method.FIXED_RISK:
        assert quantity * abs(raw.reference_price_paise - raw.stop_loss_paise) <= cash * given.sizing.risk
    else:
        assert quantity * raw.atr_paise * given.sizing.atr_multiple <= cash * given.sizing.risk
    if given.account.risk is not None:
        assert quantity * abs(at - raw.stop_loss_paise) <= cash * given.account.risk
    if given.account.position is not None:
        assert quantity * at <= cash * given.account.position
    if given.account.sector is not None:
        assert quantity * at + taken <= cash * given.account.sector
    if given.sizing.volume is not None and raw.bar_volume is not None:
        assert quantity <= raw.bar_volume * given.sizing.volume
    for limits in given.limits:
        assert limits.max_position_quantity is None or quantity <= limits.max_position_quantity
        for most in (limits.max_position_value_paise, limits.max_order_value_paise):
            assert most is None or quantity * at <= most
    freeze = given.instrument.freeze_quantity
    assert freeze is None or quantity <= freeze


@CASES
@given(given=terms(), raw=entries(), cash=st.integers(0, 10**9), more=st.integers(0, 10**9))
def test_more_equity_never_makes_a_size_smaller(given: EntryTerms, raw: Any, cash: int, more: int) -> None:  # noqa: ANN401 — a signal
    sizes = [size_entry(raw, raw.stop_loss_paise, given, of(each), ("sector", 0)) for each in (cash, cash + more)]
    poor, rich = (each for each in sizes if not isinstance(each, Refusal))
    assert poor.quantity <= rich.quantity


@st.composite
def days(draw: st.DrawFn) -> list[Any]:
    """Prices, fills and signals of a morning, in order of time."""
    events: list[Any] = []
    for n in range(draw(st.integers(1, 12))):
        clock = f"10:{n:02d}:{draw(st.integers(0, 59)):02d}"
        token = draw(st.sampled_from((ACME, BOLT, LOTS)))
        at = draw(st.integers(1_800, 2_200)) * 5
        kind = draw(st.sampled_from(("price", "bought", "sold", "enter", "enter", "enter", "exit")))
        if kind == "price":
            events.append(price(clock, at, token=token))
        elif kind in ("bought", "sold"):
            side = Side.BUY if kind == "bought" else Side.SELL
            leg = draw(st.sampled_from((Leg.ENTRY, Leg.STOP)))
            events.append(fill(clock, side, draw(st.integers(1, 4)) * 50, at, token=token, leg=leg))
        else:
            intent = Intent.ENTER if kind == "enter" else Intent.EXIT
            side = draw(st.sampled_from(Side))
            stop = at - side.sign * 500 if intent is Intent.ENTER else None
            target = draw(st.sampled_from((None, at + side.sign * 1_000))) if intent is Intent.ENTER else None
            fields = {"reference_price_paise": at, "stop_loss_paise": stop, "target_paise": target}
            who = draw(st.sampled_from(("mo", "re")))
            events.append(signal(clock, n=n, strategy=who, instrument_token=token, intent=intent, side=side, **fields))
    return events


def judged(limits: dict[str, Any], events: list[Any]) -> list[tuple[Intent, int]]:
    """Each signal's intent and quantity, 0 where it is rejected; no verdict has an effect on another."""
    desk, found = account(limits), []
    for event in events:
        if not isinstance(event.data, SignalRaised):
            feed(desk, event)
            continue
        verdict = desk.judge.decide(event)
        found.append((event.data.intent, verdict.quantity if isinstance(verdict, SignalValidated) else 0))
    return found


@CASES
@given(limits=st.fixed_dictionaries({}, optional=LIMITS), events=days())
def test_no_limit_of_entries_ever_holds_an_exit_back(limits: dict[str, Any], events: list[Any]) -> None:
    held, free = judged(limits, events), judged({}, events)
    assert [each for each in held if each[0] is Intent.EXIT] == [each for each in free if each[0] is Intent.EXIT]


@CASES
@given(data=st.data(), events=days())
def test_a_tighter_limit_never_lets_more_through(data: st.DataObject, events: list[Any]) -> None:
    name = data.draw(st.sampled_from(sorted(LIMITS)))
    one, other = data.draw(LIMITS[name]), data.draw(LIMITS[name])
    tight = TIGHTER[name]((one, other), key=int)
    loose = other if tight == one else one
    for (_, held), (_, free) in zip(judged({name: tight}, events), judged({name: loose}, events), strict=True):
        assert held <= free


@CASES
@given(events=days(), most=st.integers(1, 2), share=st.integers(10, 60))
def test_reservations_keep_limits_however_signals_and_fills_interleave(
    events: list[Any], most: int, share: int
) -> None:
    desk = account({"maxOpenPositions": most, "maxSectorPercent": str(share), "minCashReserve": "500"})
    for event in events:
        if not hasattr(event.data, "order"):
            exposure = desk.state.exposure
            before = (exposure.positions, exposure.equity_paise)
            for verdict in feed(desk, event):
                if event.data.intent is Intent.ENTER and isinstance(verdict.data, SignalValidated):
                    assert before[0] < most
                    assert exposure.positions <= most
                    worth = verdict.data.quantity * event.data.reference_price_paise
                    held = sum(exposure.notional_paise(each) for each in exposure.account.holdings.values())
                    assert (worth + held) * 100 <= before[1] * share
                    assert exposure.available_paise >= 50_000


@CASES
@given(events=days(), at=st.integers(0, 12))
def test_breakers_and_pauses_have_the_same_future_after_a_restart(events: list[Any], at: int) -> None:
    desk = account(WATCHED)
    for event in events[:at]:
        feed(desk, event)
    again = account({})
    again.restore(desk.snapshot())
    assert again.state == desk.state
    for event in events[at:]:
        assert feed(again, event) == feed(desk, event)
        assert list(again.on_watermark(event.event_time)) == list(desk.on_watermark(event.event_time))
    assert again.snapshot() == desk.snapshot()


@CASES
@given(events=days())
def test_fills_and_signals_that_are_delivered_twice_change_nothing(events: list[Any]) -> None:
    once, twice = account(WATCHED), account(WATCHED)
    for event in events:
        said = feed(once, event)
        assert feed(twice, event) == said
        if not isinstance(event.data, Tick):
            assert not feed(twice, event)
    assert twice.snapshot() == once.snapshot()


@given(events=days())
@settings(max_examples=60, deadline=None)
def test_every_rejection_names_all_its_reasons_and_leads_with_the_first(events: list[Any]) -> None:
    desk = account({"maxOpenPositions": 1, "maxPositionPercent": "20", "minRewardRisk": "1.5"})
    for event in events:
        for verdict in feed(desk, event):
            if isinstance(verdict.data, SignalRejected):
                first = verdict.data.reasons[0]
                said = (verdict.data.code, verdict.data.value, verdict.data.limit, verdict.data.message)
                assert said == (first.code, first.value, first.limit, first.message)
                assert all(each.message.startswith(f"rejected: {each.code}") for each in verdict.data.reasons)
                codes = [each.code for each in verdict.data.reasons]
                assert len(set(codes)) == len(codes)
