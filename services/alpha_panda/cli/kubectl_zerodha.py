"""`kubectl panda zerodha`: the login of the day, through the pod that trades; the browser is the user's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import typer

from alpha_panda.cli.options import TextOutput
from alpha_panda.cli.output import print_json, print_text
from alpha_panda.cli.zerodha_login import PORT, Broker, Format, Port, Token, token_from_browser
from alpha_panda.cluster.account import Account, find_account
from alpha_panda.cluster.kubectl import Kubectl


def register(app: typer.Typer, reach: Callable[[], Kubectl]) -> None:
    """Add the commands; `reach` is asked once the options before them are read."""
    zerodha = typer.Typer(help="The account at Zerodha.", no_args_is_help=True, rich_markup_mode=None)

    @zerodha.command()
    def login(*, broker: Broker = None, request_token: Token = None, port: Port = PORT) -> None:
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
    token = request_token or await token_from_browser((await account.ask("page"))["page"], port)
    said = await account.ask("login", token)
    return f"{account.broker}: {_told(said['verdict'])}"


async def _session(kubectl: Kubectl, broker: str | None) -> tuple[Account, dict[str, str]]:
    account = await find_account(kubectl, broker)
    verdict = (await account.ask("session"))["verdict"]
    return account, {**verdict, "message": _told(verdict)}


def _told(verdict: dict[str, str]) -> str:
    """In the words that help here: the pod names the command of one machine."""
    return verdict["message"].replace("`panda ", "`kubectl panda ")
