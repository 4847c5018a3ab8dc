"""History of the simulator, through the official client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.outside.shelves import MemoryShelf
from tests.support.kite import API_KEY, API_SECRET, RunningSimulator, running_simulator

from alpha_panda.domain.calendar import IST, default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.downloads.fetch import TRIES, Download, Downloader
from alpha_panda.downloads.kite import KiteHistory
from alpha_panda.downloads.report import Fetched
from alpha_panda.downloads.spans import sessions_of
from alpha_panda.events.market import Timeframe
from alpha_panda.kite_simulator.faults import Fault, Kind
from alpha_panda.runtime.pace import Pace
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.zerodha.client import log_in
from alpha_panda.zerodha.errors import SessionMissingError

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 8, 3), date(2026, 11, 20)
INFY = load_instruments().require_name("NSE", "INFY")
CALENDAR = default_calendar()
SESSIONS = sessions_of(CALENDAR, FIRST, LAST, NOW)[::25]
"""A few days of three months: more than one question's."""


class Exchange:
    """A simulator and a login there."""

    def __init__(self, simulator: RunningSimulator) -> None:
        self.simulator = simulator
        self.settings = ZerodhaSettings(root=simulator.root, timeout_seconds=60)
        self.session = log_in(self.settings, API_KEY, API_SECRET, simulator.request_token(), datetime.now(UTC))
        self.shelf = MemoryShelf()

    def traded(self, start: datetime, minutes: int, paise: int = 1500_00) -> None:
        """So many minutes were traded."""
        for index in range(minutes):
            self.simulator.exchange.candles.trade(INFY.token, paise + index, 10, start + timedelta(minutes=index))

    async def fetch(self, timeframe: Timeframe = Timeframe.M1, pace: Pace | None = None) -> Fetched:
        asked = KiteHistory(self.settings, self.session, pace or Pace(1000, first_pause=0.01))
        wanted = Download(instruments=(INFY,), timeframe=timeframe, sessions=SESSIONS)
        (found,) = await Downloader(asked, self.shelf, CALENDAR, lambda: NOW).fetch(wanted)
        return found

    @property
    def questions(self) -> list[str]:
        calls = [line["path"] for line in self.simulator.lines("request")]
        return [path for path in calls if "historical" in path]


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with running_simulator() as simulator:
        yield Exchange(simulator)


async def test_minutes_come_in_pieces_of_at_most_sixty_days_and_what_is_lacking_is_told(exchange: Exchange) -> None:
    for session in SESSIONS[:-1]:
        exchange.traded(session.open, 375)
    exchange.traded(SESSIONS[-1].open, 3)
    exchange.traded(SESSIONS[0].close, 5)
    found = await exchange.fetch()
    assert (found.questions, found.failed) == (2, None)
    assert found.new == 375 * (len(SESSIONS) - 1) + 3 == len(exchange.shelf.bars)
    assert (found.gaps, found.missing) == (1, ())
    assert found.refused == 5
    assert "outside the session" in found.reasons[0]


async def test_a_second_time_only_what_is_lacking_is_asked_for_and_nothing_changes(exchange: Exchange) -> None:
    for session in SESSIONS[:-1]:
        exchange.traded(session.open, 375)
    await exchange.fetch()
    before, kept = len(exchange.questions), dict(exchange.shelf.bars)
    exchange.traded(SESSIONS[-1].open, 375)
    found = await exchange.fetch()
    assert (len(exchange.questions) - before, found.new, found.differing, found.gaps) == (1, 375, 0, 0)
    assert kept.items() <= exchange.shelf.bars.items()
    found = await exchange.fetch()
    assert (found.questions, found.new, found.before) == (0, 0, 375 * len(SESSIONS))


async def test_a_download_that_was_ended_goes_on_with_the_next_piece(exchange: Exchange) -> None:
    for session in SESSIONS:
        exchange.traded(session.open, 375)
    first = await exchange.fetch()
    pieces = exchange.shelf.pieces
    exchange.shelf = MemoryShelf()
    exchange.simulator.faults(Fault(kind=Kind.UNAVAILABLE_503, on="historical"))
    cut = await exchange.fetch()
    assert (cut.new, "gave no answer" in str(cut.failed)) == (0, True)
    assert len(cut.missing) == len(SESSIONS)
    exchange.simulator.faults()
    again = await exchange.fetch()
    assert (again.new, again.failed, exchange.shelf.pieces) == (first.new, None, pieces)


async def test_too_many_questions_are_asked_again_after_a_growing_pause(exchange: Exchange) -> None:
    exchange.traded(SESSIONS[0].open, 2)
    exchange.simulator.faults(Fault(kind=Kind.TOO_MANY_429, on="historical", count=3))
    slept: list[float] = []
    pace = Pace(1000, first_pause=1.0, sleep=slept.append, chance=lambda: 1.0)
    found = await exchange.fetch(pace=pace)
    assert (found.failed, found.new) == (None, 2)
    assert [round(each) for each in slept if each > 0.5][:3] == [1, 2, 4]


async def test_an_exchange_that_never_answers_is_asked_a_bounded_number_of_times(exchange: Exchange) -> None:
    exchange.simulator.faults(Fault(kind=Kind.HTML_502, on="historical"))
    found = await exchange.fetch()
    assert found.failed is not None
    assert len(exchange.questions) == TRIES


async def test_a_login_that_is_over_ends_everything_with_what_to_do(exchange: Exchange) -> None:
    exchange.simulator.call(exchange.simulator.exchange.sessions.end)
    with pytest.raises(SessionMissingError) as ended:
        await exchange.fetch()
    assert "panda zerodha login" in str(ended.value.remedy)


async def test_days_and_hours_are_bars_of_the_session(exchange: Exchange) -> None:
    exchange.traded(SESSIONS[0].open, 375)
    days, hours = await exchange.fetch(Timeframe.D1), await exchange.fetch(Timeframe.H1)
    assert (days.new, hours.new) == (1, 7)
    first = next(bar for bar in exchange.shelf.bars.values() if bar.timeframe is Timeframe.D1)
    assert (first.start, first.end) == (SESSIONS[0].open, SESSIONS[0].close)
    assert first.start.astimezone(IST).date() == FIRST
