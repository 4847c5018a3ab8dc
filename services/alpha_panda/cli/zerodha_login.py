"""What logging in at Zerodha takes from a person, on one machine (`zerodha`) and on a cluster (`kubectl_zerodha`)."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from alpha_panda.cli.options import TextOutput
from alpha_panda.cli.output import print_text

PORT: Final = 8766
_WAIT_SECONDS: Final = 300.0

Broker = Annotated[str | None, typer.Option("--broker", metavar="NAME", help="Where there are several at Zerodha.")]
Token = Annotated[
    str | None, typer.Option("--request-token", metavar="TEXT", help="From the address that the login page ends at.")
]
Port = Annotated[
    int, typer.Option(min=1, max=65_535, help="Where the browser comes back to: the app's redirect URL names it.")
]
Format = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]


async def token_from_browser(page: str, port: int) -> str:
    """Print the login's page and wait for the browser to come back with the request token."""
    from alpha_panda.zerodha.callback import listening  # noqa: PLC0415 - most commands need no server

    async with listening(port) as callback:
        print_text(f"log in here, within five minutes:\n  {page}&{callback.params}")
        return await callback.token(_WAIT_SECONDS)
