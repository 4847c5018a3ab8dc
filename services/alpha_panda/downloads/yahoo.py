"""History of Yahoo: no account, recent days only for what is shorter than a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.raw_bars import RawBar
from alpha_panda.downloads.port import AskAgainError, NotThereError, Reach
from alpha_panda.events.market import Timeframe
from alpha_panda.runtime.yahoo_settings import YahooSettings
from alpha_panda.yahoo.client import YahooClient
from alpha_panda.yahoo.errors import LimitedError, SilenceError, UnknownSymbolError
from alpha_panda.yahoo.names import symbol_of

_REACHES: Final = {
    Timeframe.M1: Reach(most_days=7, back_days=29),
    Timeframe.M5: Reach(most_days=59, back_days=59),
    Timeframe.M15: Reach(most_days=59, back_days=59),
    Timeframe.H1: Reach(most_days=365, back_days=729),
    Timeframe.D1: Reach(most_days=2000),
}
"""What Yahoo gives, as yfinance documents it."""


class YahooHistory:
    """What anybody may read there."""

    name = "Yahoo"

    def __init__(self, settings: YahooSettings) -> None:
        """Ask nothing yet."""
        self._client = YahooClient(settings)
        self.threads = settings.threads

    def reach(self, timeframe: Timeframe) -> Reach:
        """As yfinance documents it."""
        return _REACHES[timeframe]

    def close(self) -> None:
        """See the port."""
        self._client.close()

    def ask(self, instrument: Instrument, timeframe: Timeframe, first: date, last: date) -> Sequence[RawBar]:
        """See the port."""
        try:
            return self._client.bars(symbol_of(instrument), timeframe, first, last + timedelta(days=1))
        except LimitedError as error:
            raise AskAgainError(str(error)) from error
        except SilenceError as error:
            self._client.pace.refused()
            raise AskAgainError(str(error)) from error
        except UnknownSymbolError as error:
            raise NotThereError(str(error)) from error
