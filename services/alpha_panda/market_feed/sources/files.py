"""Market data files as rows of cells: CSV line by line, Parquet batch by batch, never a whole file at once."""

from __future__ import annotations

import codecs
import csv
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from alpha_panda.errors import InputError

SUFFIXES = (".csv", ".parquet")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


class Record(NamedTuple):
    """A row: its number in the file from 1, its cells, and its text where the file is text."""

    line: int
    cells: Sequence[object]
    text: str | None

    @property
    def raw(self) -> str:
        """The row as text."""
        return self.text if self.text is not None else ",".join(str(cell) for cell in self.cells)


class TableFile(ABC):
    """A file of rows under one header."""

    def __init__(self, path: Path, name: str | None = None) -> None:
        """Name the file, for people as `name` where that is not its path; nothing is opened yet."""
        self.path = path
        self.name = name or str(path)

    @abstractmethod
    def header(self) -> list[str]:
        """The names of the columns.

        Raises:
            InputError: the file cannot be read as what its name says.
        """

    @abstractmethod
    def records(self) -> Iterator[Record]:
        """The rows in the order of the file, blank lines left out."""


class CsvFile(TableFile):
    """Comma-separated text in UTF-8, with or without a byte order mark, with any line ends."""

    def header(self) -> list[str]:
        """The cells of the first line that is not blank."""
        for record in self._lines():
            text = record.text or ""
            other = next((each for each in _SEPARATORS if each in text), None)
            if other is not None and "," not in text:
                message = f"{self.name}: its columns are separated by {_SEPARATORS[other]}"
                raise InputError(message, remedy="save it with commas between the columns")
            return [str(cell) for cell in record.cells]
        raise InputError(f"{self.name}: is empty", remedy="give a file with a header and rows, or take it away")

    def records(self) -> Iterator[Record]:
        """The lines below the header."""
        lines = self._lines()
        next(lines, None)
        return lines

    def _lines(self) -> Iterator[Record]:
        with _opened(self.path) as binary:
            if binary.read(2) in _UTF16:
                raise InputError(f"{self.name}: is UTF-16", remedy="save it as UTF-8")
        # A byte that is no UTF-8 spoils its own row only, and shows in the dead letter as what it is.
        with self.path.open(encoding="utf-8-sig", errors="backslashreplace") as lines:
            for number, line in enumerate(lines, start=1):
                text = line.rstrip("\n")
                if text.strip():
                    yield Record(number, _cells(text), text)


class ParquetFile(TableFile):
    """An Apache Parquet file; needs pyarrow, which only a replay of such files installs."""

    def header(self) -> list[str]:
        """The names in the schema."""
        return [str(name) for name in self._open().schema_arrow.names]

    def records(self) -> Iterator[Record]:
        """The rows of all row groups."""
        number = 0
        batches = self._open().iter_batches(batch_size=10_000)
        while (batch := self._guarded(next, batches, None)) is not None:
            for cells in zip(*(_values(column) for column in batch.columns), strict=True):
                number += 1
                yield Record(number, cells, None)

    def _open(self) -> Any:  # noqa: ANN401 — pyarrow has no types
        try:
            import pyarrow.parquet as pq  # noqa: PLC0415 — most replays are CSV and do without its memory
        except ImportError as error:
            message = f"{self.name}: reading Parquet needs pyarrow, which is not installed"
            raise InputError(message, remedy="pip install 'alpha-panda[replay]', or give the file as CSV") from error
        _opened(self.path).close()
        return self._guarded(pq.ParquetFile, self.path)

    def _guarded(self, read: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 — as above
        import pyarrow as pa  # noqa: PLC0415 — as above

        try:
            return read(*arguments)
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{self.name}: is no sound Parquet file: {error}", remedy="write it anew") from error


def table_file(path: Path, name: str | None = None) -> TableFile:
    """The reader for a file, by its suffix; `name` is what people are told.

    Raises:
        InputError: a suffix that is not known.
    """
    match path.suffix.lower():
        case ".csv":
            return CsvFile(path, name)
        case ".parquet":
            return ParquetFile(path, name)
        case suffix:
            raise InputError(f"{path}: {suffix or 'no suffix'} is no market data; allowed: {', '.join(SUFFIXES)}")


def table_files(path: Path, called: str | None = None) -> list[TableFile]:
    """The file at `path`, or all market data files under that directory, by path; hidden ones are left alone.

    People are told names under `called` instead of `path`.

    Raises:
        InputError: nothing is there, or nothing that can be replayed.
    """
    if path.is_file():
        return [table_file(path, called)]
    if not path.is_dir():
        raise InputError(f"{path}: there is no such file or directory", remedy="give the path of market data to replay")
    found = sorted(
        each
        for each in path.rglob("*")
        if each.suffix.lower() in SUFFIXES
        and each.is_file()
        and not any(part.startswith(".") for part in each.relative_to(path).parts)
    )
    if not found:
        raise InputError(f"{path}: holds no market data", remedy=f"put files there that end in {' or '.join(SUFFIXES)}")
    return [table_file(each, None if called is None else f"{called}/{each.relative_to(path)}") for each in found]


def _opened(path: Path) -> Any:  # noqa: ANN401 — a binary file
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}", remedy="make it readable") from error


def _cells(line: str) -> list[str]:
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line]))
    except csv.Error:
        return [line]


def _values(column: Any) -> list[object]:  # noqa: ANN401 — pyarrow has no types
    import pyarrow as pa  # noqa: PLC0415 — see ParquetFile

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    values: list[object] = column.to_pylist()
    return values
