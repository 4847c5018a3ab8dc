"""History's composition root."""

from __future__ import annotations

from collections.abc import Sequence

from alpha_panda.domain.instrument_table import InstrumentTable, load_instruments
from alpha_panda.domain.processor import AnyEvent, RefusedEventError
from alpha_panda.history.rows import MARKET, Row, rows_of
from alpha_panda.history.writer import HistoryWriter
from alpha_panda.runtime.claims import PostgresClaims
from alpha_panda.runtime.placement import instrument_of
from alpha_panda.runtime.postgres import make_pool
from alpha_panda.runtime.process import Process
from alpha_panda.runtime.sink import SinkService


async def run(process: Process) -> None:
    """Assemble and run."""
    instruments = load_instruments(process.settings.data.instruments)
    async with await make_pool(process.settings.postgres) as pool:
        await SinkService(
            process,
            lambda event, broker: _rows(event, broker, instruments),
            HistoryWriter(pool).write,
            PostgresClaims(pool, MARKET),
        ).run()


def _rows(event: AnyEvent, broker: str | None, instruments: InstrumentTable) -> Sequence[Row]:
    """The rows of an event of a known instrument: history keeps what every other service takes for real."""
    token = instrument_of(event)
    if token is not None and instruments.get(token) is None:
        raise RefusedEventError(f"instrument token {token} is not in the instrument table")
    return rows_of(event, broker)
