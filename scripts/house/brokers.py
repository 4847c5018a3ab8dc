"""A service knows at most one kind of broker: paper money and Zerodha have independent code paths."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from house.tree import Finding, Source

RULE = "broker"
PACKAGE = re.compile(r"services/alpha_panda/(market_feed/sources/\w+(?=/)|\w+)/")
"""A source of market data that is a folder speaks of its own exchange; what trades on the data is elsewhere."""
WORDS = {"paper": re.compile(r"paper", re.IGNORECASE), "zerodha": re.compile(r"zerodha|kite", re.IGNORECASE)}
SHARED = frozenset(
    {"cli", "local", "runtime", "topology", "crds", "resources", "strategy", "domain", "events", "backtest"}
)
"""Packages that are not services; what they know of brokers is the models' and the plan's business."""

Mention = tuple[Source, int]


def mentions(source: Source) -> Iterator[tuple[int, str]]:
    """Each (line, kind of broker) that a name, an import or a string of the code speaks of."""
    for node in ast.walk(source.tree):
        for text in _names(node):
            yield from ((getattr(node, "lineno", 1), kind) for kind, word in WORDS.items() if word.search(text))
    for string in source.strings():
        yield from ((string.lineno, kind) for kind, word in WORDS.items() if word.search(str(string.value)))


def _names(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.ImportFrom(module=str(module), names=aliases):
            return [module, *(alias.name for alias in aliases)]
        case ast.Import(names=aliases):
            return [alias.name for alias in aliases]
        case _:
            return []


def check(sources: Iterable[Source]) -> Iterator[Finding]:
    """Each mention of a second kind of broker; a service named after one kind has that as its first."""
    spoken: defaultdict[str, defaultdict[str, list[Mention]]] = defaultdict(lambda: defaultdict(list))
    for source in sources:
        package = PACKAGE.match(source.path)
        if package is None or not source.is_python or package[1] in SHARED:
            continue
        for line, kind in mentions(source):
            spoken[package[1]][kind].append((source, line))
    for package_name, kinds in spoken.items():
        own = next((kind for kind in WORDS if package_name.startswith(kind)), next(iter(sorted(kinds))))
        for other in kinds.keys() - {own}:
            for source, line in kinds[other]:
                yield source.finding(RULE, line, f"{package_name} is about {own}, but speaks of {other}")
