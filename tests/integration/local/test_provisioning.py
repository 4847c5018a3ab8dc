# ruff: noqa: S608 - the names in the statements are this test's own
"""The three stores become what a plan says, in one go, again and again, and keep Brokers apart."""

import time
import uuid
from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest
import pytest_asyncio
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, NoPermissionError
from tests.integration.conftest import nobody
from tests.integration.local.plans import group_of, two_brokers

from alpha_panda.errors import InputError, UnavailableError
from alpha_panda.local.kafka import client_settings
from alpha_panda.local.stores import Stores
from alpha_panda.provision import (
    Changes,
    delete_broker_data,
    provision_kafka,
    provision_postgres,
    provision_redis,
)
from alpha_panda.provision.kafka import AUTHENTICATION_FAILED
from alpha_panda.topology.model import Grant, Plan

pytestmark = pytest.mark.integration
PREFIX = "pv-"
ALDER, BIRCH = "pv-alder", "pv-birch"


def ours(name: str) -> bool:
    return name.startswith(PREFIX)


async def provision(stores: Stores, plan: Plan) -> Changes:
    return (
        *await provision_kafka(plan, stores.kafka.admin_settings(), owns=ours),
        *await provision_redis(plan, stores.redis.url(), owns=ours),
        *await provision_postgres(plan, stores.postgres.dsn(), owns=ours),
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plan(stores: Stores) -> AsyncIterator[Plan]:
    made = two_brokers(PREFIX)
    assert await provision(stores, made)
    yield made
    await provision(stores, two_brokers(PREFIX, brokers=()))


def produce(stores: Stores, user: str, topic: str, password: str | None = None) -> KafkaError | None:
    """The error of one record, None where Kafka took it."""
    settings = client_settings(stores.kafka.bootstrap, user, password or f"pw-{user}")
    outcome: list[KafkaError | None] = []
    trouble: list[KafkaError] = []
    producer = Producer({**settings, "enable.idempotence": "true", "error_cb": trouble.append})
    producer.produce(topic, b"record", b"key", on_delivery=lambda error, _message: outcome.append(error))
    deadline = time.monotonic() + 10
    while not outcome and not any(error.code() == AUTHENTICATION_FAILED for error in trouble):
        assert time.monotonic() < deadline
        producer.poll(0.05)
    producer.purge()
    producer.flush(1)
    return next((error for error in trouble if error.code() == AUTHENTICATION_FAILED), outcome[0] if outcome else None)


def consume(stores: Stores, user: str, topic: str, group: str) -> bytes | KafkaError | None:
    settings = client_settings(stores.kafka.bootstrap, user, f"pw-{user}")
    consumer = Consumer({**settings, "group.id": group, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        message = consumer.poll(10)
        assert message is not None
        return message.error() or message.value()
    finally:
        consumer.close()


async def test_provisioning_a_second_time_changes_nothing_within_a_second(stores: Stores, plan: Plan):
    begun = time.monotonic()
    assert await provision(stores, plan) == ()
    assert time.monotonic() - begun < 5, "far beyond the goal of one second, on a machine that others share"


@pytest.mark.usefixtures("plan")
async def test_a_broker_uses_its_own_topics_and_is_refused_on_those_of_another(stores: Stores):
    assert produce(stores, ALDER, f"{ALDER}.signals") is None
    assert consume(stores, ALDER, f"{ALDER}.signals", group_of(ALDER)) == b"record"

    refused = produce(stores, ALDER, f"{BIRCH}.signals")
    assert refused is not None
    assert refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    unread = consume(stores, ALDER, f"{BIRCH}.signals", group_of(ALDER))
    assert isinstance(unread, KafkaError)
    assert unread.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    ungrouped = consume(stores, ALDER, f"{ALDER}.signals", group_of(BIRCH))
    assert isinstance(ungrouped, KafkaError)
    assert ungrouped.code() == KafkaError.GROUP_AUTHORIZATION_FAILED


@pytest.mark.usefixtures("plan")
async def test_kafka_refuses_a_wrong_password(stores: Stores):
    refused = produce(stores, ALDER, f"{ALDER}.signals", password="wrong")
    assert refused is not None
    assert refused.code() == AUTHENTICATION_FAILED


@pytest.mark.usefixtures("plan")
async def test_a_service_may_not_give_itself_permissions(stores: Stores):
    with pytest.raises(UnavailableError, match="could not be made what the plan says"):
        await provision_kafka(
            two_brokers(PREFIX, brokers=("alder", "cedar")),
            client_settings(stores.kafka.bootstrap, ALDER, f"pw-{ALDER}"),
            owns=nobody,
        )


@pytest.mark.usefixtures("plan")
async def test_a_broker_uses_its_own_keys_and_is_refused_on_those_of_another(stores: Stores):
    async with Redis.from_url(stores.redis.url(ALDER, f"pw-{ALDER}"), decode_responses=True) as client:
        await client.set(f"{ALDER}:cash", "1")
        assert await client.get(f"{ALDER}:cash") == "1"
        with pytest.raises(NoPermissionError):
            await client.get(f"{BIRCH}:cash")
        with pytest.raises(NoPermissionError):
            await client.acl_users()


@pytest.mark.usefixtures("plan")
async def test_redis_refuses_a_wrong_password_and_no_password(stores: Stores):
    for url in (stores.redis.url(ALDER, "wrong"), f"redis://{stores.redis.address}/0"):
        async with Redis.from_url(url) as client:
            with pytest.raises(AuthenticationError):
                await client.ping()


@pytest.mark.usefixtures("plan")
async def test_a_broker_uses_its_own_schema_and_is_refused_on_that_of_another(stores: Stores):
    connection = await asyncpg.connect(stores.postgres.dsn(ALDER, f"pw-{ALDER}"))
    try:
        await connection.execute(
            f'INSERT INTO "{ALDER}".ledger VALUES ($1, 0, $2, 1, now(), $1, $2)', uuid.uuid4(), "cash"
        )
        await connection.execute(f'CREATE TEMP TABLE staged (LIKE "{ALDER}".fills)')
        assert await connection.fetch("SELECT * FROM market.bars") == []
        for forbidden in (
            f'SELECT * FROM "{BIRCH}".ledger',
            f'DELETE FROM "{ALDER}".ledger',
            f'SELECT * FROM "{ALDER}".orders',
            "INSERT INTO market.bars SELECT * FROM market.bars",
            "CREATE TABLE public.mine (id int)",
            f'CREATE TABLE "{ALDER}".mine (id int)',
            "SET ROLE alpha_panda",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(forbidden)
    finally:
        await connection.close()


@pytest.mark.usefixtures("plan")
async def test_roles_that_another_database_brought_are_let_into_this_one(stores: Stores):
    administrator = await asyncpg.connect(stores.postgres.dsn())
    try:
        await administrator.execute("CREATE DATABASE pv_moved OWNER alpha_panda")
        await provision_postgres(two_brokers(PREFIX), stores.postgres.dsn(database="pv_moved"), owns=nobody)
        connection = await asyncpg.connect(stores.postgres.dsn(ALDER, f"pw-{ALDER}", database="pv_moved"))
        await connection.execute(f'CREATE TEMP TABLE staged (LIKE "{ALDER}".fills)')
        await connection.close()
    finally:
        await administrator.execute("DROP DATABASE pv_moved WITH (FORCE)")
        await administrator.close()


@pytest.mark.usefixtures("plan")
async def test_postgres_refuses_a_wrong_password(stores: Stores):
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(stores.postgres.dsn(ALDER, "wrong"))


@pytest.mark.usefixtures("plan")
async def test_not_even_the_owner_rewrites_the_ledger(stores: Stores):
    connection = await asyncpg.connect(stores.postgres.dsn())
    try:
        for statement in ("DELETE FROM {}", "UPDATE {} SET amount_paise = 0", "TRUNCATE {}"):
            with pytest.raises(asyncpg.RaiseError, match="append-only"):
                await connection.execute(statement.format(f'"{ALDER}".ledger'))
    finally:
        await connection.close()


async def test_a_new_password_a_new_setting_and_other_rights_are_taken_over(stores: Stores, plan: Plan):
    changed = msgspec.structs.replace(
        two_brokers(PREFIX, password="new"),
        topics=tuple(
            msgspec.structs.replace(topic, config={"cleanup.policy": "compact"}) if "orders" in topic.name else topic
            for topic in plan.topics
        ),
    )
    roles = tuple(
        msgspec.structs.replace(role, grants=(Grant(schema=role.name, table="orders", privileges=("SELECT",)),))
        for role in changed.postgres_roles
    )
    lines = "\n".join(await provision(stores, msgspec.structs.replace(changed, postgres_roles=roles)))

    assert f"Kafka user {ALDER}: password changed" in lines
    assert f"topic {ALDER}.orders: cleanup.policy changed from default to compact" in lines
    assert f"topic {ALDER}.orders: retention.ms changed from 60000 to default" in lines
    assert f"Redis user {ALDER}: changed" in lines
    assert f"PostgreSQL role {ALDER}: password changed" in lines
    assert f'GRANT SELECT ON "{ALDER}"."orders" TO "{ALDER}"' in lines
    assert f'REVOKE INSERT ON "{ALDER}"."ledger" FROM "{ALDER}"' in lines
    assert f'REVOKE USAGE ON SCHEMA "market" FROM "{ALDER}"' in lines
    assert produce(stores, ALDER, f"{ALDER}.orders", password="new-pv-alder") is None
    refused = produce(stores, ALDER, f"{ALDER}.orders", password="pw-pv-alder")
    assert refused is not None

    assert await provision(stores, plan)
    assert await provision(stores, plan) == ()


async def test_partitions_grow_only_when_allowed_and_never_shrink(stores: Stores, plan: Plan):
    def with_partitions(count: int) -> Plan:
        topics = tuple(msgspec.structs.replace(topic, partitions=count) for topic in plan.topics)
        return msgspec.structs.replace(plan, topics=topics)

    settings = stores.kafka.admin_settings()
    with pytest.raises(InputError, match="has 2 partitions, planned are 1"):
        await provision_kafka(with_partitions(1), settings, owns=ours)
    with pytest.raises(InputError, match="added to a drained run only"):
        await provision_kafka(with_partitions(3), settings, owns=ours)
    lines = await provision_kafka(with_partitions(3), settings, owns=ours, grow_partitions=True)
    assert f"topic {ALDER}.orders: grown from 2 to 3" in lines
    assert await provision_kafka(with_partitions(3), settings, owns=ours) == ()


async def test_a_broker_that_leaves_the_plan_loses_its_users_and_keeps_its_data_until_asked(stores: Stores):
    both = two_brokers("lv-")

    def of_this_test(name: str) -> bool:
        return name.startswith("lv-")

    async def all_stores(plan: Plan) -> Changes:
        return (
            *await provision_kafka(plan, stores.kafka.admin_settings(), owns=of_this_test),
            *await provision_redis(plan, stores.redis.url(), owns=of_this_test),
        )

    await all_stores(both)
    produce(stores, "lv-birch", "lv-birch.orders")
    consume(stores, "lv-birch", "lv-birch.orders", group_of("lv-birch"))
    async with Redis.from_url(stores.redis.url()) as client:
        await client.set("lv-birch:cash", "1")
        await client.set("lv-birches:cash", "1")

    lines = await all_stores(two_brokers("lv-", brokers=("alder",)))
    assert "Kafka user lv-birch: deleted" in lines
    assert "Kafka user lv-birch: IDEMPOTENT_WRITE on BROKER kafka-cluster: revoked" in lines
    assert "Redis user lv-birch: deleted" in lines
    topics = AdminClient({**stores.kafka.admin_settings()}).list_topics(timeout=5).topics
    assert "lv-birch.orders" in topics

    async def delete() -> Changes:
        return await delete_broker_data(
            "lv-birch",
            kafka_settings=stores.kafka.admin_settings(),
            redis_url=stores.redis.url(),
            postgres_dsn=stores.postgres.dsn(),
        )

    await provision_postgres(both, stores.postgres.dsn(), owns=of_this_test)
    assert set(await delete()) == {
        "consumer group alpha-panda.service.lv-birch: deleted",
        "topic lv-birch.orders: deleted",
        "topic lv-birch.signals: deleted",
        "Redis keys lv-birch:*: 1 deleted",
        "schema lv-birch: deleted",
    }
    assert await delete() == ()
    async with Redis.from_url(stores.redis.url()) as client:
        assert await client.get("lv-birches:cash") == b"1"
    assert "schema lv-birch: 0001_initial.sql run" in await provision_postgres(
        both, stores.postgres.dsn(), owns=of_this_test
    )
    with pytest.raises(KafkaException):
        AdminClient(client_settings(stores.kafka.bootstrap, "lv-birch", "pw-lv-birch")).list_topics(timeout=1)
