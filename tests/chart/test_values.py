"""A value that is misspelt, of another kind or out of bounds is refused before anything is installed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from tests.support.helm import CHART, template
from tests.support.helm import EMBEDDED as WHOLE

EMBEDDED = {**WHOLE, "crds": {"install": False}}
"""Definitions are long and no value changes them."""
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
OPEN = {"settings", "platform.topics"}
"""What has keys of the user's: settings are judged by the operator, topics by the table."""


def paths(value: object, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every name in the values, from the top."""
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        yield (*prefix, key)
        yield from paths(inner, (*prefix, key))


def nested(path: tuple[str, ...], value: object) -> dict[str, Any]:
    return {path[0]: nested(path[1:], value) if len(path) > 1 else value}


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = {key: merged(one[key], other[key]) for key in one.keys() & other.keys() if isinstance(one[key], dict)}
    return {**one, **other, **both}


LABELS = ("networkPolicies", "monitoringNamespaceLabels")
"""Its names are the user's, too."""
SECTIONS = sorted({path[:-1] for path in paths(VALUES)} - {LABELS})


@pytest.mark.parametrize("section", SECTIONS, ids=".".join)
def test_a_misspelt_name_in_any_section_is_refused_by_name(section: tuple[str, ...]) -> None:
    done = template(merged(EMBEDDED, nested((*section, "misspelt"), {"x": 1})))
    assert done.returncode != 0
    assert "misspelt" in done.stderr


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("platform.partitions", 0),
        ("platform.partitions", "2"),
        ("platform.partitions", 257),
        ("platform.prefix", "Demo"),
        ("platform.topics", {"market": {"retentionDays": 0}}),
        ("images.operator.digest", "sha256:abc"),
        ("images.pullPolicy", "Sometimes"),
        ("operator.replicas", 0),
        ("operator.replicas", 2.5),
        ("operator.logLevel", "verbose"),
        ("operator.resources", {"limits": {"memory": "lots"}}),
        ("stores.redis.url", "redis://somebody@redis.example:6379"),
        ("stores.postgres.url", "postgresql://postgres.example/alpha_panda"),
        ("stores.postgres.url", "postgresql://postgres.example/alpha_panda?sslmode=require"),
        ("stores.kafka.bootstrap", "kafka.example"),
        ("embedded.enabled", "yes"),
        ("embedded.kafka.heap", "512"),
        ("api.service.port", 0),
        ("replay.speed", "fast"),
        ("replay.speed", 0),
        ("networkPolicies.storeCidrs", ["10.0.0.1"]),
        ("networkPolicies.apiServer.ports", []),
        ("monitoring.podMonitor.interval", "15"),
        ("fullnameOverride", "Alpha_Panda"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_with_its_place(path: str, value: object) -> None:
    done = template(merged(EMBEDDED, nested(tuple(path.split(".")), value)))
    assert done.returncode != 0
    assert path.rpartition(".")[2] in done.stderr


def objects_of(schema: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in the schema that lists its properties, and every one that does not."""
    if isinstance(schema, list):
        for inner in schema:
            yield from objects_of(inner, path)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object":
        yield path, schema
    for key, inner in schema.items():
        yield from objects_of(inner, path if key in {"properties", "definitions"} else f"{path}.{key}".strip("."))


def test_every_section_of_the_schema_is_closed() -> None:
    for path, schema in objects_of(SCHEMA):
        if "properties" in schema:
            assert schema["additionalProperties"] is False, path


def test_every_name_in_the_schema_has_a_default_that_can_be_read_in_the_values() -> None:
    known = {".".join(path) for path in paths(VALUES)}
    for path, schema in objects_of({key: value for key, value in SCHEMA.items() if key != "definitions"}):
        if path in OPEN or "items" in path or "additionalProperties" in path:
            continue
        for name in schema.get("properties", ()):
            full = f"{path}.{name}".strip(".")
            assert full in known or full == "global", f"{full} is in the schema and not in values.yaml"
