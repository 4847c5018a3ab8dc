"""`panda events TOPIC`: what is on the log."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from alpha_panda.checker.model import Record
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir, TextOutput
from alpha_panda.cli.output import print_json, print_table
from alpha_panda.events.envelope import MalformedEventError, decode_header
from alpha_panda.events.topics import BARS, ORDERS_FILLED
from alpha_panda.local.layout import Layout
from alpha_panda.local.log_reader import read_topic
from alpha_panda.local.platform import Platform

_SHOWN = 160
"""Characters of an event's data in the table; JSON has all."""


class Beginning(StrEnum):
    """Which end of the topic is shown."""

    BEGINNING = "beginning"
    END = "end"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("events")(events)


def events(  # noqa: PLR0913 - the options of a command
    topic: Annotated[
        str, typer.Argument(help=f"A topic: {BARS.name}, or a Broker's such as paper.{ORDERS_FILLED.name}.")
    ],
    *,
    limit: Annotated[int, typer.Option(min=1, help="Records to show.")] = 20,
    everything: Annotated[bool, typer.Option("--all", help="Also the claims of the services' owners.")] = False,
    start: Annotated[Beginning, typer.Option("--from", help="Show the oldest or the newest records.")] = Beginning.END,
    output: Annotated[TextOutput, typer.Option("--output", "-o", help="text, or json for programs.")] = TextOutput.TEXT,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Show records of a topic as they were written, oldest first."""
    layout = Layout(data_dir)
    Platform(layout).require_running()
    records = asyncio.run(read_topic(layout, topic, limit, newest=start is Beginning.END, claims=everything))
    if output is TextOutput.JSON:
        print_json([_as_json(record) for record in records])
        return
    print_table(("PARTITION", "OFFSET", "TIME", "TYPE", "KEY", "DATA"), [_as_row(record) for record in records])


def _as_json(record: Record) -> dict[str, object]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": _text(record.key),
        "value": _text(record.value),
        "headers": {name: _text(value) for name, value in record.headers},
    }


def _as_row(record: Record) -> tuple[object, ...]:
    """What a person wants to see; of a record that is no event, its bytes."""
    try:
        envelope = decode_header(record.value)
    except MalformedEventError:
        reason = dict(record.headers).get("panda-reason")
        kind = "not an event" if reason is None else f"dead letter: {_text(reason)}"
        return record.partition, record.offset, None, kind, _text(record.key), _short(_text(record.value))
    data = _short(bytes(envelope.data).decode())
    return record.partition, record.offset, envelope.event_time, envelope.type, _text(record.key), data


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="replace")


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
