"""YAML text as plain values with the place of each, and without YAML's surprises.

YAML 1.1 (PyYAML, Kubernetes) and 1.2 read some unquoted words differently: `on`, `NO`, `1e5`, `012`,
`12:30`, `1_000`. What two readers would understand differently is refused with the remedy, quotes; so
are repeated keys, of which most readers silently keep the last. Dates stay text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import yaml
from yaml.error import MarkedYAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from alpha_panda.resources.problems import Path, Problem, dotted, shown

TAG: Final = "tag:yaml.org,2002:"
INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)")
FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
TRUTHS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
WORDS_OF_TRUTH: Final = frozenset({"y", "n", "yes", "no", "on", "off"})
MOST_NODES: Final = 50_000
"""Of one document with its aliases written out: a few nested aliases can stand for billions."""
LONGEST_NUMBER: Final = 18
"""Digits of an integer that surely fit into 64 bits."""

_RESOLVER: Final = yaml.resolver.Resolver()


@dataclass(frozen=True)
class Place:
    """A position in a text, both counted from 1."""

    line: int
    column: int


@dataclass
class YamlDocument:
    """One document of a text: its value, and where each value and each key stands."""

    source: str
    value: object = None
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: set[Path] = field(default_factory=set)
    """Paths that have a problem already, so that nobody complains about them twice."""
    nodes: int = 0

    def report(self, path: Path, message: str, place: Place | None = None) -> None:
        """Keep a problem of the value at `path`."""
        at = place if place is not None else self.place(path)
        self.problems.append(Problem(self.source, at.line, at.column, dotted(path), message))
        self.broken.add(path)

    def place(self, path: Path) -> Place:
        """Where the value at `path` stands, or the nearest value around it."""
        return self.values[nearest(self.values, path)]


def nearest(places: Mapping[Path, Place], path: Path) -> Path:
    """The path itself where it has a place, else the nearest one around it that has; the top where none does."""
    while path and path not in places:
        path = path[:-1]
    return path


class _TooManyNodesError(Exception):
    """A document stands for more nodes than a person writes."""


def parse_yaml(text: str, source: str) -> Iterator[YamlDocument]:
    """Each document of the text; one that cannot be parsed is the last and has no value, only a problem."""
    nodes = yaml.compose_all(text, Loader=yaml.SafeLoader)
    while True:
        try:
            node = next(nodes, None)
        except (yaml.YAMLError, RecursionError) as error:
            yield YamlDocument(source, problems=[_syntax_problem(error, source)])
            return
        if node is None:
            return
        yield _document(node, source)


def _syntax_problem(error: yaml.YAMLError | RecursionError, source: str) -> Problem:
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        what = ", ".join(part for part in (error.problem, error.context) if part)
        place = _place(mark) if mark else Place(1, 1)
        return Problem(source, place.line, place.column, "", f"not valid YAML: {what}")
    if isinstance(error, ReaderError):
        character = f"character U+{error.character:04X}" if isinstance(error.character, int) else "a character"
        return Problem(source, 0, 0, "", f"not valid YAML: {character} at position {error.position} is not allowed")
    return Problem(source, 0, 0, "", "not valid YAML: nested too deeply")


def _place(mark: yaml.Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _document(node: Node, source: str) -> YamlDocument:
    document = YamlDocument(source)
    document.values[()] = _place(node.start_mark)
    try:
        document.value = _value(node, (), document, ())
    except _TooManyNodesError:
        document.report((), f"stands for more than {MOST_NODES} values; write fewer, or without aliases")
    except RecursionError:
        document.report((), "is nested too deeply")
    return document


def _value(node: Node, path: Path, document: YamlDocument, around: tuple[Node, ...]) -> object:
    document.nodes += 1
    if document.nodes > MOST_NODES:
        raise _TooManyNodesError
    document.values.setdefault(path, _place(node.start_mark))
    if node in around:
        document.report(path, "an alias may not stand for what it is part of")
        return None
    if isinstance(node, ScalarNode):
        return _scalar(node, path, document)
    if node.tag not in (f"{TAG}map", f"{TAG}seq"):
        document.report(path, f"has the tag {node.tag.removeprefix(TAG)}; tags are not allowed: remove it")
        return None
    if isinstance(node, SequenceNode):
        return [_value(each, (*path, index), document, (*around, node)) for index, each in enumerate(node.value)]
    if isinstance(node, MappingNode):
        return _mapping(node, path, document, (*around, node))
    msg = f"PyYAML has no node {type(node).__name__}"
    raise TypeError(msg)


def _mapping(node: MappingNode, path: Path, document: YamlDocument, around: tuple[Node, ...]) -> dict[str, object]:
    result: dict[str, object] = {}
    for key_node, value_node in node.value:
        key = _key(key_node, path, document)
        if key is None:
            continue
        where = (*path, key)
        place = _place(key_node.start_mark)
        if key in result:
            first = document.keys[where]
            document.report(where, f"is given twice, first at line {first.line}: keep one", place)
            continue
        document.keys[where] = place
        result[key] = _value(value_node, where, document, around)
    return result


def _key(node: Node, path: Path, document: YamlDocument) -> str | None:
    place = _place(node.start_mark)
    if not isinstance(node, ScalarNode):
        document.report(path, "a field's name must be text, not a list or mapping", place)
        return None
    if node.tag == f"{TAG}merge":
        document.report(path, '"<<" (a merge) is not allowed: write the fields out', place)
        return None
    try:
        key = _resolve(node)
    except ValueError:
        message = f'the field name {node.value} is not text to every reader: write it in quotes, "{node.value}"'
        document.report(path, message, place)
        return None
    if not isinstance(key, str):
        document.report(path, f'the field name {shown(key)} is not text: write it in quotes, "{node.value}"', place)
        return None
    return key


def _scalar(node: ScalarNode, path: Path, document: YamlDocument) -> object:
    try:
        return _resolve(node)
    except ValueError as error:
        document.report(path, f"{node.value} {error}")
        return None


def _resolve(node: ScalarNode) -> str | int | float | bool | None:
    """The value on which all readers agree.

    Raises:
        ValueError: with the rest of the sentence, where they do not.
    """
    text: str = node.value
    if node.style is not None or node.tag != _plain_tag(text):
        if node.tag not in (f"{TAG}str", "!"):
            msg = f"has the tag {node.tag.removeprefix(TAG)}; tags are not allowed: remove it"
            raise ValueError(msg)
        return text
    if text.lower() in WORDS_OF_TRUTH:
        msg = f'means true or false to some readers: write true or false, or in quotes "{text}"'
        raise ValueError(msg)
    if text in NULLS:
        return None
    if text in TRUTHS:
        return TRUTHS[text]
    if INTEGER.fullmatch(text):
        return _integer(text)
    if node.tag == f"{TAG}float" and FLOAT.fullmatch(text):
        return _float(text)
    if node.tag in (f"{TAG}int", f"{TAG}float") or FLOAT.fullmatch(text):
        msg = f'means different things to different readers: write plain digits, or in quotes "{text}"'
        raise ValueError(msg)
    return text


def _plain_tag(text: str) -> str:
    """The tag PyYAML gives the text without quotes; any other tag has been written."""
    return str(_RESOLVER.resolve(ScalarNode, text, (True, False)))  # type: ignore[no-untyped-call]


def _integer(text: str) -> int:
    if len(text.lstrip("+-")) > LONGEST_NUMBER:
        msg = f"has more digits than a number here can have; allowed: at most {LONGEST_NUMBER}"
        raise ValueError(msg)
    return int(text)


def _float(text: str) -> float:
    value = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    if not math.isfinite(value):
        msg = "is not a finite number"
        raise ValueError(msg)
    return value


class _Dumper(yaml.SafeDumper):
    """Writes text in quotes wherever some reader would take it for something else."""

    def ignore_aliases(self, data: object) -> bool:
        """Never write an alias: each value is written out."""
        del data
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> ScalarNode:
    return dumper.represent_scalar(f"{TAG}str", text, style=_style(text))


def _style(text: str) -> str | None:
    """Double quotes for line ends, which all others fold; single ones for what is no text to every reader."""
    if not text.isprintable():
        return '"'
    try:
        return None if _resolve(ScalarNode(_plain_tag(text), text)) == text else "'"
    except ValueError:
        return "'"


_Dumper.add_representer(str, _write_text)


def write_yaml(value: object) -> str:
    """The value (of JSON's kinds) as YAML, in its own order; every reader, `parse_yaml` too, reads it back."""
    return yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
