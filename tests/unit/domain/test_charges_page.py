"""docs/charges.md says the rates of the table, each with its day and source."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "charges.md"
TABLE = ROOT / "services" / "alpha_panda" / "domain" / "data" / "charges.toml"


def rate(value: Any) -> str:  # noqa: ANN401, PLR0911 — a value of the file, a case for each shape
    """A rate as the page writes it."""
    match value:
        case None:
            return "not verified"
        case {"buy": buy, "sell": sell}:
            return f"{buy} both" if buy == sell else f"{sell} sell"
        case {"flat_rupees": flat}:
            return f"₹{flat}"
        case {"percent": "0"}:
            return "0"
        case {"percent": percent, "most_rupees": most}:
            return f"{percent}, at most ₹{most}"
        case list():
            return ", ".join(value)
        case _:
            return str(value)


def rows(kind: str, row: dict[str, Any]) -> list[str]:
    """The lines of the page for one row of the file."""
    if kind != "exchange":
        values = [value for name, value in row.items() if name not in ("valid_from", "source")]
        return [f"| {' | '.join([str(row['valid_from']), *map(rate, values), row['source']])} |"]
    return [
        f"| {row['valid_from']} | {exchange} | "
        f"{' | '.join(rate(rates.get(name)) for name in ('cash', 'futures', 'options'))} | {row['source']} |"
        for exchange in ("NSE", "BSE")
        for rates in (row["rates"].get(exchange, {}),)
    ]


LINES = [
    line
    for kind, series in tomllib.loads(TABLE.read_text("utf-8")).items()
    for row in series
    for line in rows(kind, row)
]


@pytest.mark.parametrize("line", LINES)
def test_the_page_has_each_row_of_the_table(line: str):
    assert line in PAGE.read_text("utf-8").splitlines()


def test_the_page_has_no_rate_of_its_own():
    dated = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| 20")]
    assert sorted(dated) == sorted(LINES)
