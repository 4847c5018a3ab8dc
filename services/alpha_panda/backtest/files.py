"""A report as files for other programs: one JSON document, or a folder of CSV tables."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from alpha_panda.backtest.report import AccountReport, OpenRow, RejectionRow, TradeRow
from alpha_panda.domain.calendar import IST
from alpha_panda.errors import InputError


def write_text(path: Path, text: str) -> None:
    """Write a report.

    Raises:
        InputError: it cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written: {error.strerror}", remedy="name a place that can be written"
        ) from error


def as_json(value: object) -> str:
    """Indented JSON; durations as ISO 8601."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def write_csv(folder: Path, accounts: Iterable[AccountReport]) -> list[Path]:
    """Write each account's tables as `BROKER-TABLE.csv`; returns what was written. Raises as `write_text`."""
    written = []
    for account in accounts:
        for name, (header, rows) in _tables(account).items():
            path = folder / f"{account.summary.broker}-{name}.csv"
            write_text(path, _csv(header, rows))
            written.append(path)
    return written


def _tables(account: AccountReport) -> dict[str, tuple[Sequence[str], list[Sequence[object]]]]:
    summary = msgspec.to_builtins(account.summary)
    flat = dict(_flat("", summary))
    return {
        "summary": (("name", "value"), list(flat.items())),
        "trades": _structs(TradeRow, account.trades),
        "rejections": _structs(RejectionRow, account.rejections),
        "open": _structs(OpenRow, account.open),
        "monthly": (("month", "return"), list(account.monthly_returns.items())),
        "closes": (("date", "equity_paise"), list(account.closes)),
        "equity": (
            ("time", "equity_paise"),
            [(moment.astimezone(IST).isoformat(), worth) for moment, worth in account.equity],
        ),
    }


def _structs(shape: type[msgspec.Struct], rows: Sequence[Any]) -> tuple[Sequence[str], list[Sequence[object]]]:
    names = shape.__struct_fields__
    return names, [[_cell(getattr(row, name)) for name in names] for row in rows]


def _cell(value: object) -> object:
    return value.astimezone(IST).isoformat() if hasattr(value, "astimezone") else value


def _flat(path: str, value: object) -> Iterable[tuple[str, object]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _flat(f"{path}.{name}" if path else str(name), part)
    else:
        yield path, value


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines: list[str] = []
    writer = csv.writer(_Lines(lines), lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return "".join(lines)


class _Lines:
    """What a CSV writer writes to."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def write(self, text: str) -> None:
        self._lines.append(text)
