"""`panda psql | redis | topics`: a look into the stores with their own shells, and what is on the log."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, TextOutput
from alpha_panda.cli.output import print_json, print_table
from alpha_panda.local.layout import Layout
from alpha_panda.local.log_reader import log_consumer, partitions_of
from alpha_panda.local.platform import Platform
from alpha_panda.local.shells import psql, redis_cli

Arguments = Annotated[list[str] | None, typer.Argument(metavar="[-- ARGUMENTS]", help="For the shell itself.")]
Json = Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")]
_THROUGH: Final = {"allow_extra_args": True, "ignore_unknown_options": True}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("psql", context_settings=_THROUGH)(psql_command)
    app.command("redis", context_settings=_THROUGH)(redis_command)
    app.command("topics")(topics)


def psql_command(arguments: Arguments = None, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Open PostgreSQL's shell on the platform's database, as administrator; arguments are psql's (-c "SELECT …")."""
    psql(_running(data_dir), arguments or ()).become()


def redis_command(arguments: Arguments = None, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Open Redis' shell as its administrator; arguments are redis-cli's (GET paper:portfolio:summary)."""
    redis_cli(_running(data_dir), arguments or ()).become()


def topics(output: Json = TextOutput.TEXT, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """List the topics: partitions, and records that are kept now."""
    found = asyncio.run(_topics(_running(data_dir)))
    if output is TextOutput.JSON:
        print_json([{"topic": name, "partitions": count, "records": kept} for name, count, kept in found])
    else:
        print_table(("TOPIC", "PARTITIONS", "RECORDS"), found)


def _running(data_dir: Path) -> Layout:
    layout = Layout(data_dir)
    Platform(layout).require_running()
    return layout


async def _topics(layout: Layout) -> list[tuple[str, int, int]]:
    places = await asyncio.to_thread(partitions_of, layout)
    async with log_consumer(layout) as consumer:
        first = await consumer.beginning_offsets(places)
        ends = await consumer.end_offsets(places)
    told: dict[str, tuple[int, int]] = {}
    for place in places:
        count, kept = told.get(place.topic, (0, 0))
        told[place.topic] = (count + 1, kept + ends[place] - first[place])
    return [(name, count, kept) for name, (count, kept) in sorted(told.items())]
