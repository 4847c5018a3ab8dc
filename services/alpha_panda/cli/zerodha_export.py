"""`panda zerodha export`: the trail of an account's orders as JSON Lines or CSV, to be kept for years.

The last line of JSON Lines counts the others and has the digest of their bytes, so that a copy can be held against it.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TextIO

import msgspec
import typer

from alpha_panda.cli.messages import print_notice
from alpha_panda.cli.options import DEFAULT_DATA_DIR, DataDir
from alpha_panda.cli.zerodha_login import Broker
from alpha_panda.domain.calendar import IST
from alpha_panda.errors import InputError, UnavailableError
from alpha_panda.local.layout import Layout
from alpha_panda.local.order_trail import Line, Span, read_trail
from alpha_panda.local.zerodha_session import chosen, zerodha_brokers

COLUMNS: Final = (
    *("received_at", "order_id", "strategy", "algo_id", "tag", "state", "broker_order_ids", "instrument_token", "leg"),
    *("side", "quantity", "order_type", "product", "limit_price_paise", "trigger_price_paise", "filled"),
    *("turnover_paise", "claimed_at", "changed_at", "modifications", "code", "reason"),
)
"""Of the CSV, which has the orders alone."""
YEARS: Final = timedelta(days=5 * 366)
"""Unless told otherwise: as long as the rules ask for."""


class Form(StrEnum):
    """How it is written."""

    JSONL = "jsonl"
    CSV = "csv"


Since = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day in India on.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Up to and with this day in India.")]
FormOption = Annotated[Form, typer.Option("--form", help="jsonl: everything; csv: a row for each order.")]
To = Annotated[Path | None, typer.Option("--file", help="A file that is not there yet; standard output without it.")]


def export(  # noqa: PLR0913 - each is an option
    *,
    broker: Broker = None,
    since: Since = None,
    until: Until = None,
    form: FormOption = Form.JSONL,
    file: To = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Write the trail of an account's orders: of the last five years unless told otherwise.

    Each order with its strategy, algorithm id and tag, every event about it, the exchange's books of each day.
    """
    layout = Layout(data_dir)
    name = chosen(asyncio.run(zerodha_brokers(layout)), broker)
    span = _span(since, until)
    with _opened(file) as out:
        count = asyncio.run(_write(read_trail(layout, name, span), form, out))
    print_notice(f"{name}: {count} lines{'' if file is None else f' in {file}'}")


def _span(since: datetime | None, until: datetime | None) -> Span:
    end = datetime.now(UTC) if until is None else until.replace(tzinfo=IST) + timedelta(days=1)
    begin = end - YEARS if since is None else since.replace(tzinfo=IST)
    if begin >= end:
        raise InputError("--since is not before --until", remedy="give two days of India in their order")
    return Span(since=begin, until=end)


@contextmanager
def _opened(file: Path | None) -> Iterator[TextIO]:
    if file is None:
        yield sys.stdout
        return
    try:
        with file.open("x", encoding="utf-8", newline="") as out:
            yield out
    except FileExistsError as error:
        raise InputError(f"{file} is there already, and a trail overwrites nothing", remedy="name another") from error
    except OSError as error:
        raise UnavailableError(f"{file} cannot be written: {error.strerror}") from error


async def _write(trail: AsyncGenerator[Line, None], form: Form, out: TextIO) -> int:
    async with aclosing(trail) as lines:
        return await (write_csv(lines, out) if form is Form.CSV else write_lines(lines, out))


async def write_lines(lines: AsyncIterator[Line], out: TextIO) -> int:
    """A line of JSON each, and one that closes them; how many there were before it."""
    digest, count = hashlib.sha256(), 0
    async for line in lines:
        text = msgspec.json.encode(line, enc_hook=str).decode() + "\n"
        digest.update(text.encode())
        out.write(text)
        count += 1
    out.write(msgspec.json.encode({"kind": "end", "lines": count, "sha256": digest.hexdigest()}).decode() + "\n")
    return count


async def write_csv(lines: AsyncIterator[Line], out: TextIO) -> int:
    """A row for each order under the names of the columns; how many there were."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    count = 0
    async for line in lines:
        if line["kind"] == "order":
            writer.writerow(_row(line))
            count += 1
        out.write(text.getvalue())
        text.seek(0)
        text.truncate()
    out.write(text.getvalue())
    return count


def _row(line: Line) -> dict[str, Any]:
    found = {**line["asked"], **line, "broker_order_ids": " ".join(line["parts"])}
    return {name: _cell(found.get(name)) for name in COLUMNS}


def _cell(value: object) -> object:
    """Text that a spreadsheet would take for a formula is kept text."""
    if isinstance(value, datetime):
        return value.isoformat()
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "@") or (text[:1] == "-" and not text[1:].isdigit()) else text
