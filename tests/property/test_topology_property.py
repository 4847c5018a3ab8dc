"""What every plan keeps, whatever the resources."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.topology.stored_resources import MASTER_SECRET, paper, strategy, zerodha

from alpha_panda.events.topics import dead_letter_topic
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.strategy import StrategyState
from alpha_panda.topology.model import Plan
from alpha_panda.topology.names import halts_key, trading_switch
from alpha_panda.topology.planner import plan
from alpha_panda.topology.settings import PlatformSettings

NAMES = ["desk", "desk2", "des", "desk-2", "zerodha", "strategy-runner", "api", "market-feed", "a"]
names = st.sampled_from(NAMES)
ages = st.integers(0, 3)
namespaces = st.sampled_from([None, "one", "two"])
brokers = st.one_of(
    st.builds(paper, names, age=ages, namespace=namespaces),
    st.builds(zerodha, names, live=st.booleans(), age=ages),
)


@st.composite
def strategies(draw: st.DrawFn) -> StoredResource:
    wanted = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    return strategy(
        draw(st.sampled_from(["momentum", "portfolio", "desk", "x"])),
        *wanted,
        live=draw(st.booleans()),
        image=draw(st.sampled_from([None, "example.org/x:1"])),
        state=draw(st.sampled_from(StrategyState)),
        age=draw(ages),
        namespace=draw(namespaces),
    )


resources = st.lists(st.one_of(brokers, strategies()), max_size=8, unique_by=lambda each: each.uid)
settings = st.builds(
    PlatformSettings, prefix=st.sampled_from(["", "dev_"]), partitions=st.integers(1, 3), secret_generation=st.just(1)
)


def made(given_resources: list[StoredResource], platform: PlatformSettings) -> Plan:
    return plan(given_resources, platform, MASTER_SECRET)


def owner(name: str, planned: Plan, prefix: str) -> str | None:
    """The Broker whose name begins a topic's, if it is any Broker's."""
    first = name.removeprefix(prefix).split(".")[0]
    return first if first in {each.name for each in planned.brokers} else None


def topic_rights(planned: Plan) -> Iterator[tuple[str, str]]:
    for user in planned.kafka_users:
        yield from ((user.name, acl.name) for acl in user.acls if acl.resource == "topic")


@given(resources.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))), settings)
def test_the_order_of_resources_does_not_matter(
    orders: tuple[list[StoredResource], list[StoredResource]], platform: PlatformSettings
) -> None:
    assert made(orders[0], platform) == made(orders[1], platform)


@given(resources, settings)
def test_every_topic_that_is_named_exists_and_every_consumed_one_has_its_dead_letters(
    found: list[StoredResource], platform: PlatformSettings
) -> None:
    planned = made(found, platform)
    existing = {topic.name for topic in planned.topics}
    assert {name for _, name in topic_rights(planned)} <= existing
    writable = {(user.name, acl.name) for user in planned.kafka_users for acl in user.acls if "WRITE" in acl.operations}
    for service in planned.services:
        for topic in service.reads:
            letters = dead_letter_topic(topic, service.broker, platform.prefix)
            assert letters in existing
            assert (service.principal, letters) in writable


def the_switch(platform: PlatformSettings) -> set[str]:
    return {f"~{trading_switch(platform.prefix)}", f"~{halts_key(platform.prefix)}"}


@given(resources, settings)
def test_a_brokers_service_has_no_right_on_anything_of_another_broker(
    found: list[StoredResource], platform: PlatformSettings
) -> None:
    planned = made(found, platform)
    for service in planned.services:
        if service.broker is None:
            continue
        for user, topic in topic_rights(planned):
            if user == service.principal:
                assert owner(topic, planned, platform.prefix) in (None, service.broker)
        for redis in planned.redis_users:
            if redis.name == service.principal:
                keys = {rule for rule in redis.rules if rule[0] in "~%&"}
                assert keys in ({f"~{service.broker}:*"}, the_switch(platform))
                assert keys != the_switch(platform) or "+set" not in redis.rules
        for role in planned.postgres_roles:
            if role.name == service.principal.replace("-", "_").replace(".", "_"):
                assert {grant.schema for grant in role.grants} <= {service.broker}


@given(resources, settings)
def test_a_brokers_service_writes_no_shared_topic(found: list[StoredResource], platform: PlatformSettings) -> None:
    planned = made(found, platform)
    principals = {service.principal: service.broker for service in planned.services if service.broker is not None}
    for user in planned.kafka_users:
        for acl in user.acls:
            if user.name in principals and acl.resource == "topic" and "WRITE" in acl.operations:
                assert owner(acl.name, planned, platform.prefix) == principals[user.name]


@given(resources, settings)
def test_no_two_things_of_a_plan_have_one_name_and_lists_are_sorted(
    found: list[StoredResource], platform: PlatformSettings
) -> None:
    planned = made(found, platform)
    for part in ("services", "topics", "kafka_users", "redis_users", "postgres_schemas", "postgres_roles", "brokers"):
        called = [each.name for each in getattr(planned, part)]
        assert called == sorted(set(called)), part
    for called in (
        [each.group for each in planned.services],
        [each.principal for each in planned.services],
        [each.password for each in planned.kafka_users],
        [task.name for each in planned.services for task in each.tasks],
    ):
        assert len(called) == len(set(called))


@given(resources, settings)
def test_the_partitions_of_a_services_tasks_are_each_owned_once_and_wait_for_tasks_that_exist(
    found: list[StoredResource], platform: PlatformSettings
) -> None:
    planned = made(found, platform)
    existing = {task.name for service in planned.services for task in service.tasks}
    for service in planned.services:
        owned = [partition for task in service.tasks for partition in task.partitions]
        assert sorted(owned) == list(range(platform.pipeline_partitions))
        for task in service.tasks:
            assert {*task.upstream, *task.upstream_previous} <= existing - {task.name}


@given(resources, settings)
def test_a_paper_strategy_never_has_a_live_broker(found: list[StoredResource], platform: PlatformSettings) -> None:
    planned = made(found, platform)
    live = {each.name for each in planned.brokers if each.live}
    modes = {each.uid: each.spec.mode for each in found if each.kind == "Strategy"}  # type: ignore[union-attr]
    for each in planned.strategies:
        assert modes[each.uid] == "Live" or not live & set(each.brokers)


@given(resources, settings)
def test_every_resource_holds_its_name_or_a_conflict_says_why(
    found: list[StoredResource], platform: PlatformSettings
) -> None:
    planned = made(found, platform)
    held = {each.uid for each in (*planned.brokers, *planned.strategies)}
    refused = {each.uid for each in planned.conflicts if each.reason in ("Invalid", "NameTaken", "NoBroker")}
    assert held | refused == {each.uid for each in found}
    assert not held & refused


@pytest.mark.parametrize("partitions", [1, 4])
def test_services_of_a_paper_broker_never_name_a_zerodha_brokers_things(partitions: int) -> None:
    planned = made([paper("desk"), zerodha("zerodha")], PlatformSettings(partitions=partitions))
    for service in planned.services:
        if service.broker == "desk":
            named = {name for user, name in topic_rights(planned) if user == service.principal}
            named |= {*service.settings.values(), *service.reads, *service.writes}
            named |= {name for task in service.tasks for name in (*task.upstream, *task.upstream_previous)}
            assert not [name for name in named if "zerodha" in name]
