"""`kubectl panda zerodha`: the login of the day, through the pod that trades; the browser is the user's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Final

import typer

from alpha_panda.cli.options import TextOutput
from alpha_panda.cli.output import print_json, print_text
from alpha_panda.cluster.account import Account, find_account
from alpha_panda.cluster.kubectl import Kubectl

_WAIT_SECONDS: Final = 300.0
_PORT: Final = 8766

Broker = Annotated[str | None, typer.Option("--broker", metavar="NAME", help="Where there are several at Zerodha.")]
Token = Annotated[
    str | None, typer.Option("--request-token", metavar="TEXT", help="From the address that the login page ends at.")
]
Port = Annotated[
    int, typer.Option(min=1, max=65_535, help="Where the browser comes back to: the app's redirect URL names it.")
]
Format = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]


def register(app: typer.Typer, reach: Callable[[], Kubectl]) -> None:
    """Add the commands; `reach` is asked once the options before them are read."""
    zerodha = typer.Typer(help="The account at Zerodha.", no_args_is_help=True, rich_markup_mode=None)

    @zerodha.command()
    def login(*, broker: Broker = None, request_token: Token = None, port: Port = _PORT) -> None:
        """Log in at Zerodha: open the page that is printed; what waits for the login goes on by itself.

        The app's key and secret are those of the Broker's Secret. At the app's settings at Zerodha the redirect URL
        must be http://127.0.0.1:PORT/.
        """
        print_text(asyncio.run(_log_in(reach(), broker, request_token, port)))

    @zerodha.command()
    def session(*, broker: Broker = None, output: Format = TextOutput.TEXT) -> None:
        """Say how the login stands, until when it is good, and what to do."""
        account, verdict = asyncio.run(_session(reach(), broker))
        if output is TextOutput.JSON:
            print_json(verdict)
        else:
            print_text(f"{account.broker}: {verdict['state']}: {verdict['message']}")

    app.add_typer(zerodha, name="zerodha")


async def _log_in(kubectl: Kubectl, broker: str | None, request_token: str | None, port: int) -> str:
    account = await find_account(kubectl, broker)
    token = request_token or await _from_browser(account, port)
    said = await account.ask("login", token)
    return f"{account.broker}: {_told(said['verdict'])}"


async def _from_browser(account: Account, port: int) -> str:
    from alpha_panda.zerodha.callback import listening  # noqa: PLC0415 - most commands need no server

    page = (await account.ask("page"))["page"]
    async with listening(port) as callback:
        print_text(f"log in here, within five minutes:\n  {page}&{callback.params}")
        return await callback.token(_WAIT_SECONDS)


async def _session(kubectl: Kubectl, broker: str | None) -> tuple[Account, dict[str, str]]:
    account = await find_account(kubectl, broker)
    verdict = (await account.ask("session"))["verdict"]
    return account, {**verdict, "message": _told(verdict)}


def _told(verdict: dict[str, str]) -> str:
    """In the words that help here: the pod names the command of one machine."""
    return verdict["message"].replace("`panda ", "`kubectl panda ")
