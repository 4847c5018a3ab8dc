"""`panda alerts list | ack`: what a person should hear of, and that somebody deals with it."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from alpha_panda.cli.actor import actor_name
from alpha_panda.cli.auditing import deed, record
from alpha_panda.cli.messages import print_notice
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.domain.alerts import AlertState, Kind, Priority
from alpha_panda.domain.calendar import IST
from alpha_panda.errors import InputError, PandaError
from alpha_panda.events.audit import Action
from alpha_panda.local.administrator import database
from alpha_panda.local.layout import Layout
from alpha_panda.local.platform import Platform
from alpha_panda.runtime.alert_pages import ListedAlert, Wanted, list_alerts
from alpha_panda.runtime.alert_store import acknowledge

Json = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="alerts", help="What a person should hear of.", no_args_is_help=True)
    group.command("list")(list_command)
    group.command("ack")(ack)
    app.add_typer(group)


def list_command(  # noqa: PLR0913 - each is one option of the command
    *,
    state: Annotated[AlertState | None, typer.Option(help="Only alerts of this state.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only alerts of this kind.")] = None,
    broker: Annotated[str | None, typer.Option(help="Only alerts of this Broker.")] = None,
    priority: Annotated[Priority, typer.Option(help="The least urgent to show.")] = Priority.LOW,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the last.")] = 20,
    output: Json = TextOutput.TEXT,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Show alerts, the latest first."""
    layout = Layout(data_dir)
    Platform(layout).require_running()
    wanted = Wanted(state=state, kind=kind, broker=broker, priority=priority)
    found = asyncio.run(_read(layout, wanted, limit))
    if output is TextOutput.JSON:
        print_json(found)
    elif found:
        columns = ("ID", "TIME (IST)", "PRIORITY", "STATE", "COUNT", "TITLE", "TEXT")
        print_table(columns, [_row(each) for each in found])
    else:
        print_notice("No alerts")


def ack(
    alert: Annotated[str, typer.Argument(metavar="ID", help="As `panda alerts list` shows it.")],
    *,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Note that you deal with an open alert; what goes on stays until it is over."""
    layout, actor = Layout(data_dir), actor_name()
    Platform(layout).require_running()
    try:
        identity = UUID(alert)
    except ValueError as error:
        raise InputError(f"{alert!r} is no id of an alert", remedy="panda alerts list") from error
    if not asyncio.run(_acknowledge(layout, identity, actor)):
        raise PandaError(f"alert {alert} is not open", remedy="panda alerts list --state open")
    record(layout, [deed(Action.ACKNOWLEDGE, actor, f"alert {alert}")])
    print_text(f"alert {alert} acknowledged by {actor}")


async def _read(layout: Layout, wanted: Wanted, limit: int) -> list[ListedAlert]:
    async with database(layout) as connection:
        page, _ = await list_alerts(connection, wanted, limit)
    return page


async def _acknowledge(layout: Layout, identity: UUID, actor: str) -> bool:
    async with database(layout) as connection:
        return await acknowledge(connection, identity, actor)


def _row(listed: ListedAlert) -> tuple[object, ...]:
    alert = listed.alert
    by = f" by {listed.acknowledged_by}" if listed.acknowledged_by else ""
    return (
        alert.id,
        f"{alert.last_at.astimezone(IST):%Y-%m-%d %H:%M:%S}",
        alert.priority.value,
        f"{alert.state}{by}",
        alert.count,
        alert.title,
        alert.text,
    )
