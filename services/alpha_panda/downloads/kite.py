"""History of Kite Connect, through the official client, at the three questions a second that a login has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any, Final

from kiteconnect import exceptions as kite_errors
from requests.exceptions import RequestException

from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.raw_bars import RawBar
from alpha_panda.downloads.port import AskAgainError, NotThereError, Reach
from alpha_panda.events.market import Timeframe
from alpha_panda.runtime.pace import Pace
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.zerodha.client import make_client
from alpha_panda.zerodha.errors import ReplyError, SessionMissingError
from alpha_panda.zerodha.session import LOG_IN, Session

PER_SECOND: Final = 2.8
"""A login may ask three times a second, and a live feed that fills a gap asks, too."""
_INTERVALS: Final = {
    Timeframe.M1: ("minute", 60),
    Timeframe.M5: ("5minute", 100),
    Timeframe.M15: ("15minute", 200),
    Timeframe.H1: ("60minute", 400),
    Timeframe.D1: ("day", 2000),
}
"""The API's names, and the most days of one question."""
_MOMENT: Final = "%Y-%m-%d %H:%M:%S"
_TOO_MANY: Final = 429


class KiteHistory:
    """The history that a login may read."""

    name = "Kite Connect"
    threads = 1

    def __init__(self, settings: ZerodhaSettings, session: Session, pace: Pace | None = None) -> None:
        """Ask nothing yet."""
        self._kite, _ = make_client(settings, session)
        self._pace = pace or Pace(PER_SECOND)

    def reach(self, timeframe: Timeframe) -> Reach:
        """As Kite Connect documents it."""
        return Reach(most_days=_INTERVALS[timeframe][1])

    def close(self) -> None:
        """See the port."""
        self._kite.reqsession.close()
        self._pace.close()

    def ask(self, instrument: Instrument, timeframe: Timeframe, first: date, last: date) -> Sequence[RawBar]:
        """See the port."""
        span = (datetime.combine(first, time()), datetime.combine(last, time(23, 59, 59)))
        texts = [each.strftime(_MOMENT) for each in span]
        self._pace.take_turn()
        try:
            rows = self._kite.historical_data(instrument.token, *texts, _INTERVALS[timeframe][0])
        except kite_errors.TokenException as error:
            raise SessionMissingError(f"Zerodha refuses the login: {error}", remedy=f"run `{LOG_IN}`") from error
        except kite_errors.PermissionException as error:
            raise SessionMissingError(
                f"this app may not read history: {error}", remedy="add historical data to the app at Kite Connect"
            ) from error
        except kite_errors.InputException as error:
            raise NotThereError(f"Kite Connect does not have {instrument.name}: {error}") from error
        except (RequestException, kite_errors.KiteException, ReplyError) as error:
            raise self._again(instrument, error) from error
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            self._pace.refused()
            raise AskAgainError(f"what Kite Connect says of {instrument.name} cannot be read: {error}") from error
        self._pace.answered()
        return [_row(each) for each in rows]

    def _again(self, instrument: Instrument, error: Exception) -> AskAgainError:
        """Whatever it was, nobody asks again at once."""
        self._pace.refused()
        what = "was asked too much" if getattr(error, "code", None) == _TOO_MANY else "gave no answer"
        return AskAgainError(f"Kite Connect {what} ({instrument.name}): {type(error).__name__}: {str(error)[:200]}")


def _row(row: dict[str, Any]) -> RawBar:
    return RawBar(*(row.get(name) for name in ("date", "open", "high", "low", "close", "volume")))
