"""`panda notify add | list | test | enable | disable | remove`: the channels on which people are told of alerts."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
import typer

from alpha_panda.cli.actor import actor_name
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.domain.alerts import Kind, Priority
from alpha_panda.domain.channels import Channel
from alpha_panda.errors import InputError, PandaError, UnavailableError
from alpha_panda.local.administrator import database
from alpha_panda.local.layout import Layout
from alpha_panda.local.platform import Platform
from alpha_panda.local.run_file import Run, load_run
from alpha_panda.notifier.addresses import Address, service_of
from alpha_panda.notifier.channel_table import ChannelTable, Kept
from alpha_panda.notifier.testing import test_of, wait_for_test
from alpha_panda.notifier.vault import Vault
from alpha_panda.topology.credentials import derive
from alpha_panda.topology.names import principal

Name = Annotated[str, typer.Argument(metavar="NAME")]
Json = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]
Result = TypeVar("Result")
_SERVICE: Final = "notifier"
_FROM: Final = "-"
_TEST_SECONDS: Final = 60.0


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="notify", help="Channels on which people are told of alerts.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_channels)
    group.command("test")(send_test)
    group.command("enable")(enable)
    group.command("disable")(disable)
    group.command("remove")(remove)
    app.add_typer(group)


def add(  # noqa: PLR0913 - each is one option of the command
    name: Name,
    *,
    url_from: Annotated[
        str | None,
        typer.Option(
            "--url-from",
            metavar="FILE|-",
            help="A file with the address, or - for standard input. Asked for, unseen, without it.",
        ),
    ] = None,
    server: Annotated[
        str | None, typer.Option(help="A server of your own in place of Discord's, Slack's or Telegram's.")
    ] = None,
    priority: Annotated[Priority, typer.Option(help="The least urgent that is told here.")] = Priority.NORMAL,
    kind: Annotated[list[Kind] | None, typer.Option(help="Only alerts of this kind; may be repeated.")] = None,
    broker: Annotated[list[str] | None, typer.Option(help="Only alerts of this Broker; may be repeated.")] = None,
    quiet: Annotated[
        str | None, typer.Option(metavar="HH:MM-HH:MM", help="India's time; only critical alerts are told then.")
    ] = None,
    per_minute: Annotated[int, typer.Option(help="Messages a minute; what is more comes in one.")] = 10,
    commands: Annotated[bool, typer.Option("--commands", help="Take commands from its chats (Telegram).")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Add a channel, or replace the one of this name; its address is kept encrypted and never shown.

    Addresses are apprise's: mailtos://USER:…@HOST?to=you@example.org, discord://ID/TOKEN,
    tgram://BOT_TOKEN/CHAT_ID, slack://A/B/C, jsons://host/path.
    """
    url = _read_address(url_from)
    channel = Channel(
        name=name,
        service=service_of(url),
        floor=priority,
        kinds=tuple(kind or ()),
        brokers=tuple(broker or ()),
        quiet=quiet,
        per_minute=per_minute,
        commands=commands,
    )
    if commands and channel.service != "telegram":
        raise InputError(f"--commands is for Telegram, and {name} is {channel.service}")

    async def keep(table: ChannelTable) -> None:
        await table.keep(channel, Address(url=url, server=server), actor_name())

    _with_table(data_dir, keep)
    print_text(f"channel {name} ({channel.service}) is kept; `panda notify test {name}` sends a message by it")


def list_channels(output: Json = TextOutput.TEXT, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Show the channels, what each wants to hear, and what became of the messages; addresses are never shown."""

    async def read(table: ChannelTable) -> tuple[tuple[Kept, ...], dict[str, dict[str, Any]]]:
        return await table.load(), await table.results()

    kept, results = _with_table(data_dir, read)
    if output is TextOutput.JSON:
        print_json(
            [{**msgspec.to_builtins(each.channel), "origin": each.origin, **_result(each, results)} for each in kept]
        )
        return
    rows = [_row(each, results) for each in kept]
    columns = ("NAME", "SERVICE", "ENABLED", "FROM", "QUIET", "ONLY", "SENT", "WAITING", "FAILED", "OTHER", "REASON")
    print_table(columns, rows)


def send_test(name: Name, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Let the notifier send a message by the channel now, and tell whether the other side took it."""
    Platform(Layout(data_dir)).require_running()

    async def send(table: ChannelTable, connection: Any) -> str:  # noqa: ANN401 - asyncpg has no usable type
        kept = await table.require(name)
        if not kept.channel.enabled:
            raise InputError(f"channel {name} is disabled", remedy=f"panda notify enable {name}")
        identity = await test_of(connection, name, actor_name())
        return await wait_for_test(connection, name, identity, _TEST_SECONDS)

    said = _with_both(data_dir, send)
    if said:
        raise PandaError(f"channel {name} does not work: {said}", remedy="mend that, or add the channel again")
    print_text(f"channel {name}: sent")


def enable(name: Name, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Tell people by this channel again, from now on."""
    _set_enabled(data_dir, name, enabled=True)


def disable(name: Name, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Tell nobody by this channel until it is enabled; what happens meanwhile is not told later."""
    _set_enabled(data_dir, name, enabled=False)


def remove(name: Name, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Forget a channel, with its address and what waits for it."""

    async def forget(table: ChannelTable) -> None:
        await table.require(name)
        await table.remove(name)

    _with_table(data_dir, forget)
    print_text(f"channel {name} is removed")


def _set_enabled(data_dir: Path, name: str, *, enabled: bool) -> None:
    async def change(table: ChannelTable) -> None:
        kept = await table.require(name)
        await table.change(msgspec.structs.replace(kept.channel, enabled=enabled), actor_name())

    _with_table(data_dir, change)
    print_text(f"channel {name} is {'enabled' if enabled else 'disabled'}")


def _read_address(source: str | None) -> str:
    """The address, never from the command line, which other programs and the shell's history can read."""
    if source is None:
        if not sys.stdin.isatty():
            raise InputError(
                "the address is asked for, and nobody is there to type it", remedy="give --url-from FILE|-"
            )
        text = getpass.getpass("Address (apprise URL, not shown): ")
    elif source == _FROM:
        text = sys.stdin.read()
    else:
        try:
            text = Path(source).read_text()
        except OSError as error:
            raise InputError(f"--url-from {source}: {error.strerror}") from error
    if "://" not in text:
        raise InputError("the address is no URL such as discord://ID/TOKEN", remedy="see docs/notifications.md")
    return os.path.expandvars(text.strip())


def _row(kept: Kept, results: dict[str, dict[str, Any]]) -> tuple[object, ...]:
    channel, result = kept.channel, _result(kept, results)
    only = [*map(str, channel.kinds), *channel.brokers, *(["commands"] if channel.commands else [])]
    counts = (result["sent"], result["waiting"], result["failed"], result["other"])
    return (
        *(channel.name, channel.service, channel.enabled, channel.floor.value, channel.quiet),
        *(" ".join(only) or None, *counts, result["reason"]),
    )


def _result(kept: Kept, results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    none = {"sent": 0, "waiting": 0, "failed": 0, "other": 0, "reason": None, "sent_at": None}
    found = results.get(kept.channel.name, {})
    return {name: found.get(name, value) for name, value in none.items()}


def _with_table(data_dir: Path, work: Callable[[ChannelTable], Awaitable[Result]]) -> Result:
    async def both(table: ChannelTable, _: Any) -> Result:  # noqa: ANN401 - asyncpg has no usable type
        return await work(table)

    return _with_both(data_dir, both)


def _with_both(data_dir: Path, work: Callable[[ChannelTable, Any], Awaitable[Result]]) -> Result:
    async def do() -> Result:
        async with _opened(Layout(data_dir)) as (table, connection):
            return await work(table, connection)

    return asyncio.run(do())


@asynccontextmanager
async def _opened(layout: Layout) -> AsyncIterator[tuple[ChannelTable, Any]]:
    if not layout.ports.is_file():
        raise UnavailableError(f"no platform is running in {layout.root}", remedy="start it with `panda up`")
    settings = (load_run(layout) or Run()).platform_settings
    who = principal(settings.prefix, _SERVICE)
    vault = Vault(derive(layout.secret("master").encode(), who, settings.secret_generation))
    async with database(layout) as connection:
        yield ChannelTable(connection, vault), connection
