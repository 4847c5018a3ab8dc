"""A backtest of what history has kept says what one of the files says that were replayed, id by id."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import asyncpg
import pytest
from tests.integration.services.conftest import DATABASE
from tests.unit.strategy_runner.scripted import bar_event

from alpha_panda.backtest.engine import Engine
from alpha_panda.backtest.parity import compare
from alpha_panda.backtest.run import Selection, source_of
from alpha_panda.backtest.setup import make_setup
from alpha_panda.cli.history_data import opened
from alpha_panda.cli.resource_files import read_resources
from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.domain.processor import AnyEvent
from alpha_panda.errors import InputError
from alpha_panda.history.rows import rows_of
from alpha_panda.history.writer import HistoryWriter
from alpha_panda.local.stores import Stores
from alpha_panda.runtime.errors import TransientError

pytestmark = pytest.mark.integration
Pool = asyncpg.Pool
EXAMPLES = Path(__file__).parents[3] / "examples"
TABLE, CALENDAR = load_instruments(None), default_calendar()


def said(selection: Selection) -> list[AnyEvent]:
    setup = make_setup([each.resource for each in read_resources([str(EXAMPLES)])])
    engine = Engine(setup.names, setup.configured(), TABLE, CALENDAR)
    events: list[AnyEvent] = []
    engine.run(source_of(selection, TABLE, CALENDAR).epochs(), events.append, events.append)
    return events


def said_of_history(data: str, last: date | None = None) -> list[AnyEvent]:
    with opened(data, last, TABLE, Path("nowhere")) as place:
        return said(Selection(path=place.path, called=place.called))


async def keep(pool: Pool, path: Path) -> None:
    days = source_of(Selection(path=path), TABLE, CALENDAR).bar_days()
    bars = [each.bar for day in days for each in day.bars]
    await HistoryWriter(pool).write([row for each in bars for row in rows_of(bar_event(each), None)])


async def test_the_same_day_from_history_and_from_files_is_the_same_id_by_id(pool: Pool, stores: Stores):
    await keep(pool, EXAMPLES / "market")
    url = stores.postgres.dsn(database=DATABASE)
    from_history = await asyncio.to_thread(said_of_history, url)
    comparison = compare(said(Selection(path=EXAMPLES / "market")), from_history)
    assert comparison.agrees
    assert comparison.equal["OrderFilled"] == 22


async def test_a_history_without_such_bars_is_told(pool: Pool, stores: Stores):
    await keep(pool, EXAMPLES / "market")
    url = stores.postgres.dsn(database=DATABASE)
    with pytest.raises(InputError, match="there are no 1m bars up to 2019-07-08"):
        await asyncio.to_thread(said_of_history, url, date(2019, 7, 8))


async def test_a_database_that_is_not_there_and_a_url_that_is_none_are_told(stores: Stores):
    with pytest.raises(InputError, match="cannot be reached"):
        await asyncio.to_thread(said_of_history, stores.postgres.dsn(database="no_such_database"))
    with pytest.raises(InputError, match="cannot be reached"):
        await asyncio.to_thread(said_of_history, "postgresql://127.0.0.1:port/x")
    with pytest.raises(TransientError, match="does not answer"):
        await asyncio.to_thread(said_of_history, "postgresql://someone@127.0.0.1:1/x")


async def test_a_timeframe_that_there_is_not_is_refused():
    with pytest.raises(InputError, match="'2m' is no timeframe"):
        await asyncio.to_thread(said_of_history, "history:2m")
