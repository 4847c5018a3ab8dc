"""Resources from what `-f` names: files, folders, standard input; every mistake in all of them at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from alpha_panda.cli.examining import Asked, examine_all
from alpha_panda.cli.messages import print_warning
from alpha_panda.errors import InputError
from alpha_panda.events.market import Timeframe
from alpha_panda.resources.documents import Document, read_documents, repeated_documents
from alpha_panda.resources.problems import Problem, ResourceError
from alpha_panda.resources.strategy import Strategy, StrategySpec
from alpha_panda.strategy.config import StrategyChoiceError
from alpha_panda.strategy.loading import is_built_in, load_strategy

SUFFIXES: Final = (".yaml", ".yml", ".json")
"""The files of a folder that are read, as kubectl does."""
LARGEST_FILE_BYTES: Final = 4 * 1024 * 1024
STANDARD_INPUT: Final = "-"
_STANDARD_INPUT_NAME: Final = "<stdin>"


def read_resources(names: Sequence[str], *, recursive: bool = False) -> list[Document]:
    """The resources in the named files and folders (`-` is standard input), in order, checked as far as files go.

    Raises:
        InputError: a file that cannot be read, or nothing to read.
        ResourceError: every mistake of every file, each with its place.
    """
    documents: list[Document] = []
    problems: list[Problem] = []
    for source, text in _texts(names, recursive=recursive):
        try:
            documents += read_documents(text, source)
        except ResourceError as error:
            problems += error.problems
    problems += repeated_documents(documents)
    problems += _wrong_strategies(documents)
    if not problems:
        problems += _looking_ahead(documents)
    if problems:
        raise ResourceError(problems)
    if not documents:
        msg = f"no resources in {', '.join(names)}"
        raise InputError(msg, remedy="name a file with a Broker or a Strategy, or a folder with such files")
    return documents


def _texts(names: Iterable[str], *, recursive: bool) -> Iterator[tuple[str, str]]:
    """Name and text of each file, once."""
    seen: set[str] = set()
    for name in names:
        for source in [name] if name == STANDARD_INPUT else _files(Path(name), recursive=recursive):
            if source not in seen:
                seen.add(source)
                yield _read(source)


def _files(path: Path, *, recursive: bool) -> list[str]:
    if not path.exists():
        msg = f'the path "{path}" does not exist'
        raise InputError(msg)
    if not path.is_dir():
        return [str(path)]
    found = path.rglob("*") if recursive else path.iterdir()
    return sorted(str(each) for each in found if each.suffix in SUFFIXES and each.is_file())


def _read(path: str) -> tuple[str, str]:
    source = _STANDARD_INPUT_NAME if path == STANDARD_INPUT else path
    try:
        data = _some_bytes(path, LARGEST_FILE_BYTES + 1)
        if len(data) > LARGEST_FILE_BYTES:
            msg = f"{source} is too large for a file of resources; allowed: at most {LARGEST_FILE_BYTES:,} bytes"
            raise InputError(msg, remedy="is it the right file? otherwise split it")
        return source, data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        msg = f"{source}:{line}: byte 0x{error.object[error.start]:02x} is not UTF-8"
        raise InputError(msg, remedy="save the file as UTF-8") from error
    except OSError as error:
        msg = f"{source} cannot be read: {error.strerror}"
        raise InputError(msg) from error


def _some_bytes(path: str, most: int) -> bytes:
    if path == STANDARD_INPUT:
        return sys.stdin.buffer.read(most)
    with Path(path).open("rb") as file:
        return file.read(most)


def _wrong_strategies(documents: Iterable[Document]) -> Iterator[Problem]:
    """What the strategies' own classes say against their parameters; a class in an image of its own is not here."""
    for document in documents:
        if not isinstance(document.resource, Strategy) or document.resource.spec.image is not None:
            continue
        spec = document.resource.spec
        try:
            load_strategy(spec.strategy, spec.params, [Timeframe(each.value) for each in spec.timeframes])
        except StrategyChoiceError as error:
            for path, text in error.mistakes:
                yield document.problem(("spec", *path), f"strategy {error.name}: {text}")


def _looking_ahead(documents: Iterable[Document]) -> Iterator[Problem]:
    """What strategies decide by the future. The shipped ones do not, which their tests prove."""
    named: dict[Asked, list[Document]] = {}
    for document in documents:
        resource = document.resource
        if isinstance(resource, Strategy) and resource.spec.image is None and not is_built_in(resource.spec.strategy):
            named.setdefault(_asked(resource.spec), []).append(document)
    for documented, examined in zip(named.values(), examine_all(list(named)), strict=True):
        for document in documented:
            name = document.resource.metadata.name
            if examined.finding is not None:
                yield document.problem(("spec", "strategy"), f"strategy {name}: {examined.finding}")
            elif examined.failure is not None:
                print_warning(f"strategy {name} was not examined for decisions by the future: {examined.failure}")


def _asked(spec: StrategySpec) -> Asked:
    timeframes = tuple(Timeframe(each.value) for each in spec.timeframes)
    return Asked(strategy=spec.strategy, params=json.dumps(spec.params, sort_keys=True), timeframes=timeframes)
