"""`panda zerodha`: the login that everything at Zerodha needs, once a day."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import typer

from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, TextOutput
from alpha_panda.cli.output import print_json, print_text
from alpha_panda.cli.zerodha_export import export
from alpha_panda.cli.zerodha_login import PORT, Broker, Format, Port, Token, token_from_browser
from alpha_panda.errors import InputError, PandaError
from alpha_panda.local.exchange_standing import exchange_standing
from alpha_panda.local.layout import Layout
from alpha_panda.local.zerodha_session import (
    AppKeys,
    chosen,
    keep_keys,
    kept_keys,
    session_store,
    settings_of,
    zerodha_brokers,
)

API_KEY: Final = "KITE_API_KEY"
API_SECRET: Final = "KITE_API_SECRET"  # noqa: S105 - a variable's name
_SILENT_SECONDS: Final = 10.0


def register(app: typer.Typer) -> None:
    """Add the commands."""
    zerodha = typer.Typer(help="The account at Zerodha.", no_args_is_help=True, rich_markup_mode=None)
    zerodha.command("login")(login)
    zerodha.command("session")(session)
    zerodha.command("reconcile")(reconcile)
    zerodha.command("export")(export)
    app.add_typer(zerodha, name="zerodha")


def login(
    *,
    broker: Broker = None,
    request_token: Token = None,
    port: Port = PORT,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Log in at Zerodha: open the page that is printed; what waits for the login goes on by itself.

    The app's key and secret are taken from KITE_API_KEY and KITE_API_SECRET, else asked for once and kept in the
    data directory. At the app's settings at Zerodha the redirect URL must be http://127.0.0.1:PORT/.
    """
    layout = Layout(data_dir)
    name = chosen(asyncio.run(zerodha_brokers(layout)), broker)
    keys = _keys(layout, name)
    said = asyncio.run(_log_in(layout, name, keys, request_token, port))
    print_text(said)


def session(*, broker: Broker = None, output: Format = TextOutput.TEXT, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Say how the login stands, until when it is good, and what to do."""
    from alpha_panda.zerodha.session import judge  # noqa: PLC0415 - as below

    layout = Layout(data_dir)
    name = chosen(asyncio.run(zerodha_brokers(layout)), broker)

    async def load() -> object:
        async with session_store(layout, name) as store:
            return judge(await store.load(), datetime.now(UTC))

    verdict = asyncio.run(load())
    if output is TextOutput.JSON:
        print_json(verdict)
    else:
        print_text(f"{name}: {getattr(verdict, 'state', '')}: {getattr(verdict, 'message', '')}")


def reconcile(*, broker: Broker = None, output: Format = TextOutput.TEXT, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Say whether entries may go and why not, and each line where our books and Zerodha's differ.

    The service compares them at its start, at every login and each minute. Exit code 1 where entries may not go.
    """
    layout = Layout(data_dir)
    name = chosen(asyncio.run(zerodha_brokers(layout)), broker)
    standing = asyncio.run(exchange_standing(layout, name))
    if standing is None or standing["age_seconds"] > _SILENT_SECONDS:
        raise PandaError(f"{name}: its trading service says nothing", remedy="panda status shows why it does not run")
    if output is TextOutput.JSON:
        print_json(standing)
    else:
        for line in _told(name, standing):
            print_text(line)
    if not standing["trading"]:
        raise typer.Exit(1)


def _told(name: str, standing: dict[str, Any]) -> Iterator[str]:
    kind = "live" if standing["live"] else "dry run: every order ends before it is sent"
    yield f"{name}: {'entries may go' if standing['trading'] else standing['why_not']} ({kind})"
    yield f"reconciled at {standing['reconciled_at'] or 'no time yet'}; {standing['external']} orders are not ours"
    for each in standing["differences"]:
        yield f"{each['kind']} {each['subject']}: ours {each['ours']}, Zerodha's {each['theirs']}"
    for tag in standing["unknown"]:
        yield f"order {tag}: nobody knows yet whether the exchange has it; it is looked for and never sent again"
    for said in standing["findings"]:
        yield f"finding: {said}"


async def _log_in(layout: Layout, broker: str, keys: AppKeys, request_token: str | None, port: int) -> str:
    """Let the person log in where no token is given."""
    login_url = _client("login_url")
    token = request_token or await token_from_browser(login_url(settings_of(layout), keys.api_key), port)
    return await log_in_with(layout, broker, keys, token)


async def log_in_with(layout: Layout, broker: str, keys: AppKeys, token: str) -> str:
    """Exchange the request token, keep the session, and only then the keys that were good for it; says how it stands.

    Raises:
        PandaError: the exchange refuses the login, or does not answer.
    """
    log_in, settings = _client("log_in"), settings_of(layout)
    from alpha_panda.zerodha.session import judge  # noqa: PLC0415 - most commands need no login

    found = await asyncio.to_thread(log_in, settings, keys.api_key, keys.api_secret, token, datetime.now(UTC))
    async with session_store(layout, broker) as store:
        await store.save(found)
    keep_keys(layout, broker, keys)
    return f"{broker}: {judge(found, datetime.now(UTC)).message}"


def _client(name: str) -> Any:  # noqa: ANN401 - one of the client's functions
    """Of an extra that not everybody has."""
    try:
        from alpha_panda.zerodha import client  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        raise PandaError(f"{error.name} is not installed", remedy="pip install 'alpha-panda[zerodha]'") from error
    return getattr(client, name)


def _keys(layout: Layout, broker: str) -> AppKeys:
    key, secret = os.environ.get(API_KEY), os.environ.get(API_SECRET)
    if key and secret:
        return AppKeys(api_key=key, api_secret=secret)
    if (kept := kept_keys(layout, broker)) is not None:
        return kept
    asked = key or typer.prompt("API key of your Kite Connect app")
    hidden = secret or typer.prompt("its API secret (not shown)", hide_input=True)
    if not asked.strip() or not hidden.strip():
        raise InputError("the app's key or secret is empty", remedy=f"set {API_KEY} and {API_SECRET}, or type both")
    return AppKeys(api_key=asked.strip(), api_secret=hidden.strip())
