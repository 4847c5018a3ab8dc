"""Bars from Yahoo through yfinance, at a bounded pace, with every failure as one of three errors.

yfinance keeps one session for the whole process and swallows failures unless told otherwise; both are set here.
Rows are given as they came, those without prices too, so that whoever checks them can say what was refused.
"""

from __future__ import annotations

import threading
import warnings
from datetime import date
from typing import Any, Final

import yfinance
from curl_cffi.requests import Session
from curl_cffi.requests.exceptions import RequestException
from yfinance.data import YfData
from yfinance.exceptions import YFPricesMissingError, YFRateLimitError, YFTickerMissingError

from alpha_panda.domain.raw_bars import RawBar
from alpha_panda.events.market import Timeframe
from alpha_panda.runtime.pace import Pace
from alpha_panda.runtime.yahoo_settings import YahooSettings
from alpha_panda.yahoo.errors import LimitedError, SilenceError, UnknownSymbolError

INTERVALS: Final = {
    Timeframe.M1: "1m",
    Timeframe.M5: "5m",
    Timeframe.M15: "15m",
    Timeframe.H1: "1h",
    Timeframe.D1: "1d",
}
ZONE: Final = "Asia/Kolkata"
_COLUMNS: Final = ("Open", "High", "Low", "Close", "Volume")
_NOTHING: Final = ("no price data found", "data doesn't exist for startdate")
"""What Yahoo or yfinance says of a known symbol that was not traded in the time that was asked for."""


class YahooClient:
    """Asks Yahoo; may be used by several threads at once."""

    def __init__(self, settings: YahooSettings) -> None:
        """Ask nothing yet."""
        self._settings = settings
        self._session = _session(settings)
        self._lock = threading.Lock()
        self.pace = Pace(settings.per_second, first_pause=settings.first_pause_seconds, longest_pause=300.0)
        self._closed = False
        yfinance.config.debug.hide_exceptions = False
        # It asks to be shown its own use of what pandas will do away with, which nobody here can mend.
        warnings.filterwarnings("ignore", message="The inplace keyword", category=DeprecationWarning)

    def close(self) -> None:
        """Ask nothing more; whoever waits for a turn is told so."""
        self._closed = True
        self.pace.close()

    def bars(self, symbol: str, timeframe: Timeframe, first: date, end: date) -> list[RawBar]:
        """The rows of the days from `first` to before `end`.

        Raises:
            LimitedError: it was too much; the pace is slower from now on.
            SilenceError: there was no answer that can be read.
            UnknownSymbolError: Yahoo does not know the symbol, or not as one of India.
        """
        self.pace.take_turn()
        if self._closed:
            raise SilenceError("nothing is asked any more")
        try:
            frame = self._frame(symbol, timeframe, first, end)
        except YFRateLimitError as error:
            pause = self.pace.refused()
            raise LimitedError(f"Yahoo says that it is asked too much; asked again after {pause:.0f} s") from error
        except YFTickerMissingError as error:
            self.pace.answered()
            if isinstance(error, YFPricesMissingError) and any(each in str(error).lower() for each in _NOTHING):
                return []
            raise UnknownSymbolError(f"Yahoo does not have {symbol}: {str(error)[:200]}") from error
        except (RequestException, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            # yfinance reads what it gets without looking; what it stumbles over is no answer, and it would keep it.
            YfData.cache_get.cache_clear()
            raise SilenceError(
                f"Yahoo gave no answer on {symbol}: {type(error).__name__}: {str(error)[:200]}"
            ) from error
        self.pace.answered()
        return _rows(symbol, frame)

    def _frame(self, symbol: str, timeframe: Timeframe, first: date, end: date) -> Any:  # noqa: ANN401 - pandas' frame
        with self._lock:  # it gives the process' one session away while it is made
            ticker = yfinance.Ticker(symbol, session=self._session)
        return ticker.history(
            start=first.isoformat(),
            end=end.isoformat(),
            interval=INTERVALS[timeframe],
            auto_adjust=False,
            actions=False,
            keepna=True,
            timeout=self._settings.timeout_seconds,
        )


def _session(settings: YahooSettings) -> Any:  # noqa: ANN401 - curl_cffi's type is parameterised by the reply's
    verify: Any = True if settings.authority is None else str(settings.authority)
    return Session(impersonate="chrome", proxy=settings.proxy, verify=verify)


def _rows(symbol: str, frame: Any) -> list[RawBar]:  # noqa: ANN401 - pandas' frame
    if frame.empty:
        return []
    if str(frame.index.tz) != ZONE:
        raise UnknownSymbolError(f"Yahoo has {symbol} in the time of {frame.index.tz}, not of {ZONE}")
    columns = [frame[name].tolist() for name in _COLUMNS]
    return [RawBar(at.to_pydatetime(), *cells) for at, *cells in zip(frame.index, *columns, strict=True)]
