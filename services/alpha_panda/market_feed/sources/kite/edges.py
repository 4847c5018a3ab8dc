"""The real edges of the source: the Broker's login in PostgreSQL, the official client and its ticker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from kiteconnect.exceptions import KiteException
from requests.exceptions import RequestException

from alpha_panda.domain.calendar import IST
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.errors import InputError
from alpha_panda.events.market import Bar, Timeframe
from alpha_panda.market_feed.sources.kite.login import KeptLogin
from alpha_panda.market_feed.sources.kite.source import KiteSource
from alpha_panda.runtime.postgres import make_pool
from alpha_panda.runtime.settings import ServiceSettings
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.zerodha.client import make_client
from alpha_panda.zerodha.errors import ReplyError
from alpha_panda.zerodha.session import Session
from alpha_panda.zerodha.session_store import Seal, SessionStore
from alpha_panda.zerodha.ticker import TickerLine

_MOMENT = "%Y-%m-%d %H:%M:%S"


@asynccontextmanager
async def kite_source(settings: ServiceSettings, table: InstrumentTable) -> AsyncIterator[KiteSource]:
    """The source as the settings name it; its connections end with the block.

    Raises:
        InputError: a setting is missing.
    """
    ours = settings.zerodha
    if ours.broker is None or ours.session_key is None:
        raise InputError(
            "the feed takes data from Kite Connect, which needs zerodha.broker and zerodha.session_key",
            remedy="name the Broker whose login it uses; `panda up --kite` sets both",
        )
    seal = Seal(ours.session_key.get_secret_value())
    pool = await make_pool(settings.postgres)
    try:
        yield source_of(ours, SessionStore(pool, ours.broker, seal), table)
    finally:
        await pool.close()


def source_of(settings: ZerodhaSettings, store: KeptLogin, table: InstrumentTable) -> KiteSource:
    """A source on real connections, whoever keeps the login."""

    def make_line(session: Session, frame: Callable[[bytes], None]) -> TickerLine:
        return TickerLine(settings, session, frame)

    def read_master(session: Session) -> list[dict[str, Any]]:
        return read_instruments(settings, session)

    def read_minutes(session: Session, token: int, begin: datetime, end: datetime) -> list[Bar]:
        return read_history(settings, session, token, begin, end)

    return KiteSource(settings, store, table, make_line=make_line, read_master=read_master, read_minutes=read_minutes)


def read_instruments(settings: ZerodhaSettings, session: Session) -> list[dict[str, Any]]:
    """The exchange's list of instruments as rows.

    Raises:
        ReplyError: it cannot be had, or is no list.
    """
    kite, _ = make_client(settings, session)
    try:
        rows: list[dict[str, Any]] = kite.instruments()
    except (RequestException, KiteException) as error:
        raise ReplyError(
            f"the list of instruments cannot be had: {type(error).__name__}: {str(error)[:200]}"
        ) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReplyError(f"the exchange's list of instruments is malformed: {str(error)[:200]}") from error
    return rows


def read_history(settings: ZerodhaSettings, session: Session, token: int, begin: datetime, end: datetime) -> list[Bar]:
    """Minute bars of the exchange's history that start in [begin, end].

    Raises:
        ReplyError: they cannot be had, or are no bars.
    """
    kite, _ = make_client(settings, session)
    span = (begin.astimezone(IST).strftime(_MOMENT), end.astimezone(IST).strftime(_MOMENT))
    try:
        rows = kite.historical_data(token, *span, "minute")
        return [_bar(token, row) for row in rows]
    except (RequestException, KiteException) as error:
        raise ReplyError(f"history cannot be had: {type(error).__name__}: {str(error)[:200]}") from error
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ReplyError(f"the exchange's history is malformed: {str(error)[:200]}") from error


def _bar(token: int, row: Mapping[str, Any]) -> Bar:
    start = row["date"].astimezone(UTC)
    return Bar(
        instrument_token=token,
        timeframe=Timeframe.M1,
        start=start,
        end=start + Timeframe.M1.duration,
        open_paise=_paise(row["open"]),
        high_paise=_paise(row["high"]),
        low_paise=_paise(row["low"]),
        close_paise=_paise(row["close"]),
        volume=int(row["volume"]),
    )


def _paise(rupees: object) -> int:
    return round(Decimal(str(rupees)) * 100)
