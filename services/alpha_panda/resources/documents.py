"""Resources from text: YAML with any number of documents in, typed resources or every mistake out.

The caller reads the file; this module knows its name only to say where a mistake is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from pydantic import ValidationError

from alpha_panda.resources.broker import Broker
from alpha_panda.resources.common import API_VERSION
from alpha_panda.resources.problems import Path, Problem, ResourceError, dotted, explain, shown, suggestion
from alpha_panda.resources.rules import validate
from alpha_panda.resources.strategy import Strategy
from alpha_panda.resources.yaml_text import Place, YamlDocument, nearest, parse_yaml

LARGEST_BYTES: Final = 256 * 1024
"""Of a resource: services are told of it in one record of the log, which holds four times as much."""
KINDS: Final[dict[str, type[Broker | Strategy]]] = {"Broker": Broker, "Strategy": Strategy}


@dataclass(frozen=True)
class Document:
    """A resource and where it was written; `line` counts from 1. `places` are those of its values and keys."""

    resource: Broker | Strategy
    source: str
    line: int
    places: Mapping[Path, Place] = field(default_factory=dict, compare=False)

    def problem(self, path: Path, message: str) -> Problem:
        """A mistake at `path`, which stands where the nearest value around it does."""
        place = self.places.get(nearest(self.places, path), Place(self.line, 1))
        return Problem(self.source, place.line, place.column, dotted(path), message)


def read_documents(text: str, source_name: str) -> list[Document]:
    """The resources in `text`, in its order; empty where it holds none.

    Raises:
        ResourceError: with every mistake of every document, each with its place.
    """
    documents: list[Document] = []
    problems: list[Problem] = []
    for parsed in parse_yaml(text, source_name):
        if parsed.value is None and not parsed.problems:
            continue
        resource = _resource(parsed)
        problems += parsed.problems
        if resource is not None:
            places = {**parsed.keys, **parsed.values}
            documents.append(Document(resource, source_name, parsed.place(()).line, places))
    problems += repeated_documents(documents)
    if problems:
        raise ResourceError(sorted(problems, key=lambda problem: (problem.line, problem.column)))
    return documents


def repeated_documents(documents: list[Document]) -> list[Problem]:
    """A problem for each resource whose kind and name an earlier document has, also in another file."""
    first: dict[tuple[str, str], Document] = {}
    problems = []
    for document in documents:
        kind, name = document.resource.kind, document.resource.metadata.name
        earlier = first.setdefault((kind, name), document)
        if earlier is not document:
            message = f"{kind} {name} is given twice, first at {earlier.source}:{earlier.line}: keep one"
            problems.append(Problem(document.source, document.line, 1, "metadata.name", message))
    return problems


def read_object(value: Mapping[str, object], source_name: str) -> Broker | Strategy:
    """The resource in an object of an API or a store, which has no lines.

    Raises:
        ResourceError: with every mistake.
    """
    document = YamlDocument(source_name, value=dict(value), values={(): Place(0, 0)})
    resource = _resource(document)
    if resource is None or document.problems:
        raise ResourceError(document.problems)
    return resource


def write_object(resource: Broker | Strategy) -> dict[str, object]:
    """The resource as JSON's values, with its defaults; `read_object` gives the same resource back."""
    return cast("dict[str, object]", resource.model_dump(mode="json", by_alias=True, exclude_none=True))


def _resource(document: YamlDocument) -> Broker | Strategy | None:
    """The resource in the document, or None with at least one problem reported."""
    value = document.value
    if not isinstance(value, dict):
        if not document.problems:
            document.report((), f"{shown(value)} is not a resource; allowed: apiVersion, kind, metadata, spec")
        return None
    model = _model(value, document)
    if model is None or _is_too_large(value, document):
        return None
    try:
        resource = model.model_validate_json(json.dumps(value), strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        details = error.errors(include_url=False)
        places = {detail["loc"] for detail in details} | document.broken
        for detail in details:
            if detail["type"] == "too_short" and any(_inside(place, detail["loc"]) for place in places):
                continue  # pydantic does not count the entries that are wrong themselves
            _report(document, detail["loc"], explain(detail, model), of_key=detail["type"] == "extra_forbidden")
        return None
    for violation in validate(resource):
        path = tuple(int(step) if step.isdigit() else step for step in violation.field.split("."))
        said = "" if violation.value is None else f"{shown(violation.value)}: "
        _report(document, path, f"{said}{violation.message}", of_key=False)
    return None if document.problems else resource


def _is_too_large(value: dict[str, object], document: YamlDocument) -> bool:
    size = len(json.dumps(value).encode())
    if size > LARGEST_BYTES:
        document.report((), f"the resource has {size:,} bytes; allowed: at most {LARGEST_BYTES:,}")
    return size > LARGEST_BYTES


def _inside(path: Path, around: Path) -> bool:
    return len(path) > len(around) and path[: len(around)] == around


def _report(document: YamlDocument, path: Path, message: str, *, of_key: bool) -> None:
    if any(path[: len(broken)] == broken for broken in document.broken if broken):
        return
    document.report(path, message, document.keys.get(path) if of_key else None)


def _model(value: dict[str, object], document: YamlDocument) -> type[Broker | Strategy] | None:
    if value.get("apiVersion") != API_VERSION:
        _report(document, ("apiVersion",), _unknown(value, "apiVersion", [API_VERSION]), of_key=False)
    kind = value.get("kind")
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        _report(document, ("kind",), _unknown(value, "kind", list(KINDS)), of_key=False)
    return model


def _unknown(value: dict[str, object], field: str, known: list[str]) -> str:
    allowed = f"allowed: {', '.join(known)}"
    if field not in value:
        return f"is required; {allowed}"
    return f"{shown(value[field])} is not known{suggestion(value[field], known)}; {allowed}"
