"""The schemas of the events and the table of topics, as strangers read them."""

from __future__ import annotations

import msgspec

from alpha_panda.events.envelope import Envelope
from alpha_panda.events.registry import EVENTS
from alpha_panda.events.schemas import event_schemas, schema_text
from alpha_panda.events.topic_table import topics_page
from alpha_panda.events.topics import TOPICS


def test_every_event_and_the_envelope_have_a_schema():
    assert set(event_schemas()) == {*EVENTS, "Envelope"}


def test_a_schema_names_exactly_the_fields_of_its_struct_and_where_it_travels():
    for name, schema in event_schemas().items():
        shape = EVENTS.get(name, Envelope)
        assert list(schema["properties"]) == list(shape.__struct_fields__), name
        assert schema["additionalProperties"] is False, name
        assert ("x-topics" in schema) == (name != "Envelope"), name


def test_all_references_of_a_schema_lead_to_its_own_parts():
    def references(value: object) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if "$ref" in value else []
            return own + [found for part in value.values() for found in references(part)]
        if isinstance(value, list):
            return [found for part in value for found in references(part)]
        return []

    for name, schema in event_schemas().items():
        for reference in references(schema):
            assert reference.removeprefix("#/$defs/") in schema["$defs"], (name, reference)


def test_a_schemas_text_is_the_same_whatever_order_its_keys_are_in():
    schema = event_schemas()["Tick"]
    assert schema_text(dict(reversed(schema.items()))) == schema_text(schema)
    assert msgspec.json.decode(schema_text(schema)) == schema
    assert schema_text(schema).endswith("}\n")


def test_the_page_of_topics_has_a_row_for_each_row_of_the_table_and_links_each_event():
    page = topics_page()
    for topic in TOPICS:
        assert f"{topic.name}` |" in page
    for name in EVENTS:
        assert f"[{name}](../schemas/events/{name}.json)" in page
