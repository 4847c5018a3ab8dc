"""When a session is over, its tax is charged in whole rupees: once, for each kind apart, and to no strategy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.portfolio.trades import START, account, feed, fill

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.day_taxes import DayTaxes, closing_of, tax_kind
from alpha_panda.events.envelope import Event
from alpha_panda.events.orders import Charges, ChargeSegment, OrderFilled
from alpha_panda.events.portfolio import PnlSnapshot
from alpha_panda.events.signals import Side
from alpha_panda.portfolio.processor import PortfolioProcessor

CLOSE = START + timedelta(hours=6, minutes=15)


def taxed(stt: int, seconds: int = 10, segment: ChargeSegment | None = None) -> Event[OrderFilled]:
    event = fill(Side.BUY, 1, 1_000, seconds, name=f"{stt} {seconds} {segment}")
    data = msgspec.structs.replace(event.data, charges=Charges(stt_paise=stt), charges_segment=segment)
    return msgspec.structs.replace(event, data=data)


def told(processor: PortfolioProcessor, moment: datetime) -> PnlSnapshot:
    (event,) = processor.on_watermark(moment)
    return event.data


def test_the_tax_of_an_open_session_is_charged_to_the_paisa():
    said = told(account(taxed(52)), CLOSE - timedelta(seconds=1))
    assert (said.charges_paise, said.stt_rounding_paise) == (52, 0)


def test_at_the_close_the_tax_of_the_day_becomes_whole_rupees():
    said = told(account(taxed(52)), CLOSE)
    assert (said.charges_paise, said.stt_rounding_paise) == (100, 48)
    assert said.cash_paise == 5_000_000 - 1_000 - 100
    assert said.cash_paise + said.cost_paise == said.starting_cash_paise + said.realised_paise - said.charges_paise


def test_a_day_is_rounded_once_and_not_each_fill():
    said = told(account(taxed(30, 1), taxed(30, 2), taxed(30, 3)), CLOSE)
    assert (said.charges_paise, said.stt_rounding_paise) == (100, 10)


def test_shares_futures_and_options_are_rounded_apart():
    fills = [taxed(40, n, segment) for n, segment in enumerate((*ChargeSegment, None))]
    said = told(account(*fills), CLOSE)
    assert said.stt_rounding_paise == -20 - 40 - 40
    assert said.charges_paise == 100


def test_the_books_have_a_line_for_it_with_the_last_fill_as_its_cause():
    last = taxed(30, 20)
    processor = account(taxed(30, 10), last)
    processor.on_watermark(CLOSE)
    cash, charge = processor.pending_ledger()[-2:]
    assert (cash.account, cash.amount_paise, charge.account, charge.amount_paise) == ("cash", -40, "charge:stt", 40)
    assert cash.id == charge.id
    assert (charge.cause, charge.event_time) == (last.id, CLOSE)
    assert charge.description == "STT of 2026-01-05 shares, 60 paise, in whole rupees"


def test_later_watermarks_and_a_restart_charge_nothing_more():
    processor = account(taxed(52))
    processor.on_watermark(CLOSE)
    restored = PortfolioProcessor("paper")
    restored.restore(processor.snapshot())
    for each in (processor, restored):
        before = len(each.pending_ledger())
        assert not list(each.on_watermark(CLOSE + timedelta(hours=1)))
        assert len(each.pending_ledger()) == before


def test_each_day_is_rounded_for_itself():
    processor = account(taxed(52))
    processor.on_watermark(CLOSE)
    feed(processor, taxed(52, 24 * 3600))
    said = told(processor, CLOSE + timedelta(days=1))
    assert (said.charges_paise, said.stt_rounding_paise) == (200, 96)


def test_a_fill_that_comes_late_makes_its_day_whole_again():
    processor = account(taxed(52, 1))
    processor.on_watermark(CLOSE)
    feed(processor, taxed(70, 2))
    said = told(processor, CLOSE + timedelta(minutes=1))
    assert (said.charges_paise, said.stt_rounding_paise) == (100, -22)


def test_the_rounding_is_charged_to_no_strategy():
    processor = account(taxed(52))
    processor.on_watermark(CLOSE)
    model = processor.read_model()
    assert model is not None
    assert [each.charges_paise for each in model.strategies] == [52]
    assert (model.summary.charges_paise, model.summary.stt_rounding_paise) == (100, 48)


@pytest.mark.parametrize(
    ("segment", "kind"),
    [
        (None, "shares"),
        (ChargeSegment.DELIVERY, "shares"),
        (ChargeSegment.INTRADAY, "shares"),
        (ChargeSegment.FUTURES, "futures"),
        (ChargeSegment.OPTIONS, "options"),
    ],
)
def test_all_shares_are_rounded_together(segment: ChargeSegment | None, kind: str):
    assert tax_kind(taxed(1, 1, segment).data) == kind


def test_a_fill_outside_the_session_table_counts_for_its_date():
    late = datetime(2027, 1, 4, 5, tzinfo=UTC)
    assert closing_of(default_calendar(), late) == datetime(2027, 1, 4, 18, 29, 59, tzinfo=UTC)
    assert closing_of(default_calendar(), START) == CLOSE


@given(st.lists(st.tuples(st.integers(0, 5_000), st.booleans()), max_size=20))
def test_whenever_it_is_asked_what_was_charged_is_whole_rupees_in_the_end(steps: list[tuple[int, bool]]):
    taxes, charged = DayTaxes(), 0
    for number, (stt, ask) in enumerate(steps):
        taxes.take(str(number), CLOSE, taxed(stt).data)
        charged += stt + (sum(each.paise for each in taxes.round(CLOSE)) if ask else 0)
    charged += sum(each.paise for each in taxes.round(CLOSE))
    exact = sum(stt for stt, _ in steps)
    assert charged % 100 == 0
    assert -50 < charged - exact <= 50
    assert not taxes.round(CLOSE)


def test_days_that_are_long_over_are_forgotten():
    taxes = DayTaxes()
    taxes.take("a", CLOSE, taxed(52).data)
    taxes.round(CLOSE)
    taxes.round(CLOSE + timedelta(days=8))
    assert not taxes.days
