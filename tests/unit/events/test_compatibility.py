"""What may change in an event's schema, and what would make records on a log unreadable."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest

from alpha_panda.events.compatibility import breaks
from alpha_panda.events.schemas import event_schemas

Schemas = dict[str, dict[str, Any]]
SIDE = {"enum": ["BUY", "SELL"]}


def schemas(**fields: Any) -> Schemas:  # noqa: ANN401 - JSON Schema
    """One event `Fill` with a quantity, and with other fields instead or besides."""
    properties = {"quantity": {"type": "integer", "minimum": 1, "maximum": 100}, **fields}
    required = [name for name, field in properties.items() if "default" not in field]
    properties = {name: field for name, field in properties.items() if field != {}}
    return {
        "Fill": {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
            "x-topics": ["fills"],
            "$defs": {"Side": SIDE, "Terms": {"type": "object", "properties": {"side": SIDE}, "required": ["side"]}},
        }
    }


def whole(quantity: dict[str, Any]) -> Schemas:
    return schemas(quantity=quantity)


def test_the_present_events_read_what_they_write():
    assert breaks(event_schemas(), event_schemas()) == []


def test_a_removed_event_is_a_break():
    assert breaks(schemas(), {}) == ["Fill: the event was removed, and records of it are on logs"]


def test_a_new_event_is_none():
    assert breaks({}, schemas()) == []


def test_a_removed_field_is_a_break():
    old = schemas(note={"type": "string", "default": ""})
    assert breaks(old, schemas()) == ["Fill: field note was removed, and records that carry it are on logs"]


def test_a_new_required_field_is_a_break():
    assert breaks(schemas(), schemas(price={"type": "integer"})) == [
        "Fill: field price is new and required, and records without it are on logs: give it a default"
    ]


def test_a_new_optional_field_is_none():
    assert breaks(schemas(), schemas(price={"type": "integer", "default": 0})) == []


def test_a_field_that_becomes_required_is_a_break():
    old, new = schemas(price={"type": "integer", "default": 0}), schemas(price={"type": "integer"})
    assert breaks(old, new) == [
        "Fill: field price became required, and records without it are on logs: give it a default"
    ]
    assert breaks(new, old) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"type": "integer", "minimum": 2, "maximum": 100}, "was narrowed: minimum was 1 and is 2"),
        ({"type": "integer", "minimum": 1, "maximum": 99}, "was narrowed: maximum was 100 and is 99"),
        (
            {"type": "integer", "minimum": 1, "maximum": 100, "multipleOf": 5},
            "was narrowed: multipleOf was none and is 5",
        ),
        ({"type": "string"}, "no longer allows integer, only string"),
        ({"enum": ["one", "two"]}, "no longer allows integer, only string"),
    ],
)
def test_a_narrower_field_is_a_break(changed: dict[str, Any], told: str):
    assert breaks(schemas(), whole(changed)) == [f"Fill: field quantity {told}"]


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "integer", "minimum": 0, "maximum": 101},
        {"type": "integer"},
        {"type": "number"},
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"description": "now with a word about it", "type": "integer", "minimum": 1, "maximum": 100},
    ],
)
def test_a_wider_field_is_none(changed: dict[str, Any]):
    assert breaks(schemas(), whole(changed)) == []


def test_a_field_that_may_no_longer_be_null_is_a_break():
    old = whole({"anyOf": [{"type": "integer"}, {"type": "null"}]})
    assert breaks(old, whole({"type": "integer"})) == ["Fill: field quantity no longer allows null, only integer"]


def test_a_removed_value_of_an_enumeration_is_a_break_and_a_new_one_is_none():
    old, new = schemas(side={"enum": ["BUY", "SELL"]}), schemas(side={"enum": ["BUY"]})
    assert breaks(old, new) == ["Fill: field side no longer allows the value 'SELL'"]
    assert breaks(new, old) == []


def test_free_text_that_becomes_an_enumeration_is_a_break():
    old, new = schemas(side={"type": "string"}), schemas(side={"enum": ["BUY"]})
    assert breaks(old, new) == ["Fill: field side was free and now allows only 'BUY'"]
    assert breaks(new, old) == []


def test_a_break_within_a_shape_that_is_referred_to_names_the_whole_path():
    old = schemas(terms={"$ref": "#/$defs/Terms"}, legs={"type": "array", "items": {"$ref": "#/$defs/Side"}})
    new = schemas(terms={"$ref": "#/$defs/Terms"}, legs={"type": "array", "items": {"enum": ["BUY"]}})
    new["Fill"]["$defs"] = {"Terms": {"type": "object", "properties": {}, "required": []}}
    assert breaks(old, new) == [
        "Fill: field legs[] no longer allows the value 'SELL'",
        "Fill: field terms.side was removed, and records that carry it are on logs",
    ]


def test_a_break_within_the_values_of_a_map_is_found():
    old = schemas(ends={"type": "object", "additionalProperties": {"type": "integer"}})
    new = schemas(ends={"type": "object", "additionalProperties": {"type": "string"}})
    assert breaks(old, new) == ["Fill: field ends{} no longer allows integer, only string"]


def test_a_map_that_becomes_closed_is_a_break():
    old = schemas(spec={"type": "object"})
    new = schemas(spec={"type": "object", "additionalProperties": False})
    assert breaks(old, new) == ["Fill: field spec no longer allows keys that the schema does not name"]


def test_an_event_that_moves_to_another_topic_is_a_break():
    new = schemas()
    new["Fill"]["x-topics"] = ["elsewhere"]
    assert breaks(schemas(), new) == ["Fill: it no longer travels on fills, where its readers look for it"]


def test_breaks_are_found_in_schemas_as_msgspec_writes_them():
    """The comparison knows the keywords that the generator uses, not only those of the examples above."""

    class Before(msgspec.Struct):
        price: Annotated[int, msgspec.Meta(ge=1)]
        name: Annotated[str, msgspec.Meta(max_length=20)]
        parts: tuple[int, ...] = ()

    class After(msgspec.Struct):
        price: Annotated[int, msgspec.Meta(gt=1)]
        name: Annotated[str, msgspec.Meta(max_length=10, pattern="^a")]
        parts: Annotated[tuple[int, ...], msgspec.Meta(max_length=2)] = ()

    def document(shape: type[msgspec.Struct]) -> Schemas:
        return {"Event": msgspec.json.schema_components([shape])[1][shape.__name__]}

    assert breaks(document(Before), document(After)) == [
        "Event: field name was narrowed: maxLength was 20 and is 10",
        "Event: field name was narrowed: pattern was none and is ^a",
        "Event: field parts was narrowed: maxItems was none and is 2",
        "Event: field price was narrowed: exclusiveMinimum was none and is 1",
    ]
