"""What is rendered for a plan does not depend on where, when or in which order."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.test_topology_property import brokers, strategies
from tests.unit.operator.installations import NAMESPACE, around, objects

from alpha_panda.resources.stored import StoredResource


def in_a_cluster(stored: StoredResource) -> StoredResource:
    metadata = stored.resource.metadata
    placed = metadata.model_copy(update={"namespace": metadata.namespace or NAMESPACE})
    return StoredResource(
        resource=stored.resource.model_copy(update={"metadata": placed}),
        uid=stored.uid,
        generation=stored.generation,
        created_at=stored.created_at,
        changed_at=stored.changed_at,
        changed_by=stored.changed_by,
    )


resources = st.lists(st.one_of(brokers, strategies()).map(in_a_cluster), max_size=6, unique_by=lambda each: each.uid)


@settings(max_examples=60, deadline=None)
@given(resources, st.randoms(use_true_random=False))
def test_the_order_of_resources_changes_no_object(found: list[StoredResource], chance: random.Random):
    shuffled = [*found]
    chance.shuffle(shuffled)
    assert objects(found, around(found)) == objects(shuffled, around(shuffled))


@settings(max_examples=60, deadline=None)
@given(resources)
def test_no_two_objects_share_kind_namespace_and_name_and_every_label_is_one(found: list[StoredResource]):
    made = objects(found, around(found))
    places = [(each["kind"], each["metadata"]["namespace"], each["metadata"]["name"]) for each in made]
    assert len(places) == len(set(places))
    assert all(len(value) <= 63 for each in made for value in each["metadata"]["labels"].values())
