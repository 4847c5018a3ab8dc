"""Settings of whoever speaks to Zerodha; see `settings`, which holds them as its section `zerodha`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, IPvAnyAddress, SecretStr

from alpha_panda.runtime.sections import Section


class ZerodhaSettings(Section):
    """Where Kite Connect is, and what opens the login that is kept in the Broker's schema."""

    root: Annotated[str, Field(pattern=r"^https?://\S+$")] = "https://api.kite.trade"
    ticker_root: Annotated[str, Field(pattern=r"^wss?://\S+$")] = "wss://ws.kite.trade"
    login_root: Annotated[str, Field(pattern=r"^https?://\S+$")] = "https://kite.zerodha.com/connect/login"
    static_ips: Annotated[tuple[IPvAnyAddress, ...], Field(max_length=2)] = ()
    """The addresses that are registered at Zerodha, which takes orders from no other; `panda doctor` compares."""
    address_page: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    """A page that answers with the address of who asks, for a machine behind a router."""
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 7.0
    broker: str | None = None
    """The Broker whose login the market feed uses."""
    session_key: SecretStr | None = None
    """Opens the login: 32 bytes in URL-safe base64."""
    keys: Path | None = None
    """A folder with the app's `api-key` and `api-secret`, where people log in through the service that trades."""
    postback_port: Annotated[int, Field(ge=0, le=65_535)] | None = None
    """Where the service that trades takes postbacks of orders; nowhere without one, on any free port for 0."""
    silent_seconds: Annotated[float, Field(ge=1, le=120)] = 6.0
    """The ticker sends something every second or two; a connection that is silent for longer is made anew."""
    gap_seconds: Annotated[float, Field(ge=1, le=3600)] = 60.0
    """An interruption that was longer is filled up from the exchange's history."""
    fill_seconds: Annotated[float, Field(ge=0, le=60)] = 10.0
    """How long live ticks wait for that at most; the history answers three questions a second."""
    ring: Annotated[int, Field(ge=100, le=1_000_000)] = 20_000
    """Instruments that may wait to be published; beyond it only the latest of each is kept, and counted."""
