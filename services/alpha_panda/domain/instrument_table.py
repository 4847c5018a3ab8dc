"""The instrument table: every instrument that may be fed or traded, by token and by name.

It is CSV text with the columns token, exchange, symbol, segment, tick_size_paise, lot_size and, where
known, freeze_quantity, sector, derivatives (yes or no) and band_percent; lines that begin with # are
notes. The package ships a small one; a setting names another file.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable, Iterator
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import NoReturn, TypeVar

from alpha_panda.domain.instrument import Exchange, Instrument, Segment
from alpha_panda.errors import InputError

REQUIRED = ("token", "exchange", "symbol", "segment", "tick_size_paise", "lot_size")
OPTIONAL = ("freeze_quantity", "sector", "derivatives", "band_percent")
COLUMNS = (*REQUIRED, *OPTIONAL)
CURRENCY_SEGMENTS = frozenset({"CDS", "BCD", "CURRENCY"})
_ANSWERS = {"": None, "yes": True, "no": False}
_SHOWN = {None: "", True: "yes", False: "no"}
SHIPPED = "alpha_panda/domain/data/instruments.csv"
_LARGEST_TOKEN = 2**63 - 1
_SEGMENTS = ", ".join(Segment)

Member = TypeVar("Member", bound=StrEnum)


class InstrumentTable:
    """Instruments that are unique by token and by name; iteration is by token."""

    def __init__(self, instruments: Iterable[Instrument], source: str) -> None:
        """Take instruments whose uniqueness the caller has established; `source` is for messages."""
        self.source = source
        self._by_token = {each.token: each for each in sorted(instruments, key=lambda each: each.token)}
        self._by_name = {(str(each.exchange), each.symbol): each for each in self._by_token.values()}

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._by_token.values())

    def __len__(self) -> int:
        return len(self._by_token)

    def get(self, token: int) -> Instrument | None:
        """The instrument with this token, None where the table has none."""
        return self._by_token.get(token)

    def find(self, exchange: str, symbol: str) -> Instrument | None:
        """The instrument with this exchange and symbol, None where the table has none."""
        return self._by_name.get((exchange, symbol))

    def require(self, token: int) -> Instrument:
        """The instrument with this token.

        Raises:
            InputError: the table has none.
        """
        return self._required(self.get(token), f"token {token}")

    def require_name(self, exchange: str, symbol: str) -> Instrument:
        """The instrument with this exchange and symbol.

        Raises:
            InputError: the table has none.
        """
        return self._required(self.find(exchange, symbol), f"{exchange}:{symbol}")

    def _required(self, found: Instrument | None, what: str) -> Instrument:
        if found is not None:
            return found
        message = f"{what} is not one of the {len(self)} instruments of {self.source}"
        raise InputError(message, remedy="add its row to the instrument table, or name the table that has it")


def parse_instruments(text: str, source: str) -> InstrumentTable:
    """The table in CSV text; `source` names it in messages.

    Raises:
        InputError: the first mistake, as file:line: column, value, what is allowed.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if _is_row(line)]
    if not lines:
        raise InputError(f"{source}: holds no instruments", remedy=f"give it a header: {','.join(COLUMNS)}")
    header = _header(source, *lines[0])
    instruments: dict[int, Instrument] = {}
    names: dict[str, int] = {}
    for number, line in lines[1:]:
        row = _Row(f"{source}:{number}", header, next(csv.reader([line])))
        instrument = row.instrument()
        if instrument.token in instruments:
            row.refuse("token", instrument.token, f"taken by {instruments[instrument.token].name}; allowed: each once")
        if instrument.name in names:
            row.refuse("symbol", instrument.symbol, f"{instrument.name} is on line {names[instrument.name]} already")
        instruments[instrument.token] = instrument
        names[instrument.name] = number
    if not instruments:
        raise InputError(f"{source}: has a header and no instruments", remedy="add a row for each instrument")
    return InstrumentTable(instruments.values(), source)


def load_instruments(path: Path | None = None) -> InstrumentTable:
    """The table in the file at `path`, or the one that the package ships.

    Raises:
        InputError: the file cannot be read as UTF-8 text, or is no instrument table.
    """
    if path is None:
        return _shipped()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        remedy = "set the path of a readable CSV file in UTF-8, or leave the setting out for the shipped table"
        raise InputError(f"instrument table {path}: {error}", remedy=remedy) from error
    return parse_instruments(text, str(path))


def format_instruments(table: InstrumentTable) -> str:
    """The table as CSV text that `parse_instruments` reads back."""
    rows = ([_shown(getattr(each, name)) for name in COLUMNS] for each in table)
    return "".join(f"{','.join(row)}\n" for row in (COLUMNS, *rows))


def _shown(value: object) -> str:
    return _SHOWN[value] if value is None or isinstance(value, bool) else str(value)


@functools.cache
def _shipped() -> InstrumentTable:
    text = resources.files("alpha_panda.domain").joinpath("data/instruments.csv").read_text(encoding="utf-8")
    return parse_instruments(text, SHIPPED)


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _header(source: str, number: int, line: str) -> list[str]:
    found = [name.strip().lower() for name in next(csv.reader([line.removeprefix("\ufeff")]))]
    wanted = ", ".join(COLUMNS)
    missing = [name for name in REQUIRED if name not in found]
    unknown = [name for name in found if name not in COLUMNS]
    twice = [name for name in COLUMNS if found.count(name) > 1]
    if missing or unknown or twice:
        fault = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(unknown) or f'{twice[0]} twice'}"
        message = f"{source}:{number}: the header {fault}; found: {', '.join(found)}"
        raise InputError(message, remedy=f"allowed columns: {wanted} ({', '.join(OPTIONAL)} may be left out)")
    return found


class _Row:
    """One line of the table, and where it is."""

    def __init__(self, place: str, header: list[str], cells: list[str]) -> None:
        self.place = place
        if len(cells) != len(header):
            message = f"{place}: {len(cells)} cells where the header has {len(header)}"
            raise InputError(message, remedy="give each column of the header exactly one cell")
        self.cells = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}

    def instrument(self) -> Instrument:
        if {self.cells["segment"].upper(), self.cells["exchange"].upper()} & CURRENCY_SEGMENTS:
            says = f"currency derivatives are not supported: their prices are no whole paise; allowed: {_SEGMENTS}"
            self.refuse("segment", self.cells["segment"], says)
        symbol = self.cells["symbol"]
        if not symbol or symbol != symbol.upper() or any(letter.isspace() or letter == ":" for letter in symbol):
            self.refuse("symbol", symbol, "allowed: the exchange's symbol in capitals, without spaces and colons")
        exchange, segment = self._member("exchange", Exchange), self._member("segment", Segment)
        if exchange not in segment.exchanges:
            allowed = ", ".join(segment.exchanges)
            self.refuse("exchange", str(exchange), f"{segment} is listed elsewhere; allowed: {allowed}")
        return Instrument(
            token=self._count("token", largest=_LARGEST_TOKEN),
            exchange=exchange,
            symbol=symbol,
            segment=segment,
            tick_size_paise=self._count("tick_size_paise"),
            lot_size=self._count("lot_size"),
            freeze_quantity=self._count("freeze_quantity") if self.cells.get("freeze_quantity") else None,
            sector=self.cells.get("sector") or None,
            derivatives=self._answer("derivatives"),
            band_percent=self._count("band_percent", largest=100) if self.cells.get("band_percent") else None,
        )

    def refuse(self, column: str, value: object, allowed: str) -> NoReturn:
        """Raise the one line that says what is wrong where."""
        raise InputError(f"{self.place}: {column}: {value!r}: {allowed}", remedy=f"correct {column} on that line")

    def _count(self, column: str, largest: int = 10**12) -> int:
        text = self.cells[column]
        value = int(text) if text.isascii() and text.isdigit() else 0
        if not 1 <= value <= largest:
            self.refuse(column, text, f"allowed: a whole number from 1 to {largest}")
        return value

    def _answer(self, column: str) -> bool | None:
        text = self.cells.get(column, "").lower()
        if text not in _ANSWERS:
            self.refuse(column, text, "allowed: yes, no, or nothing where it is not known")
        return _ANSWERS[text]

    def _member(self, column: str, kind: type[Member]) -> Member:
        text = self.cells[column]
        try:
            return kind(text)
        except ValueError:
            self.refuse(column, text, f"allowed: {', '.join(kind)}")
