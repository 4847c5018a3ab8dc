"""Settings of whoever asks Yahoo; see `settings`, which holds them as its section `yahoo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from alpha_panda.runtime.sections import Section


class YahooSettings(Section):
    """How Yahoo is reached, and how fast it is asked: it states no limits, and locks out who asks too much."""

    proxy: Annotated[str, Field(pattern=r"^(http|https|socks5h?)://\S+$")] | None = None
    """Through which all of it goes."""
    authority: Path | None = None
    """The certificate of whoever signs what comes through that proxy; the system's authorities unless set."""
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 15.0
    per_second: Annotated[float, Field(gt=0, le=20)] = 2.0
    """Questions, of all threads together."""
    threads: Annotated[int, Field(ge=1, le=16)] = 4
    """So many questions at once."""
    first_pause_seconds: Annotated[float, Field(gt=0, le=600)] = 5.0
    """After Yahoo said that it was too much; twice as long each time it says so again."""
    poll_seconds: Annotated[float, Field(ge=1, le=3600)] = 60.0
    """How often a feed asks for each instrument."""
    oldest_seconds: Annotated[float, Field(ge=60, le=86_400)] = 1800.0
    """A minute that is older when it comes is part of bars, and nothing is traded or decided on it."""
