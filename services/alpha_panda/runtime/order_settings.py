"""Settings of a service that sends orders to a real exchange: where, and how long each part of its protocol waits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from alpha_panda.runtime.sections import Section

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class ExchangeOrderSettings(Section):
    """The waits of the order protocol; tests divide them, nobody else should."""

    login: Path | None = None
    """A file with the login, where it is kept in one and not in the database."""
    entry_seconds: Seconds = 2.0
    """From a signal's validation: an entry that was not sent by then is not sent."""
    request_seconds: Seconds = 7.0
    """How long a reply is waited for."""
    poll_seconds: Seconds = 1.0
    """How often the exchange's book is asked for at least."""
    nudge_seconds: Seconds = 0.25
    """And how often at most."""
    absent_seconds: Seconds = 300.0
    """How long an order of unknown outcome is looked for: several times the longest delay that was ever seen."""
    reconcile_seconds: Seconds = 60.0
    retry_seconds: Seconds = 1.0
    """Between two requests for one cancellation or change."""
    backoff_seconds: Seconds = 2.0
    """Nothing is asked for so long after the exchange said that it was too much."""
