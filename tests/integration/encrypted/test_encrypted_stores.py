"""Stores that speak TLS: services and the operator reach them, and trust nobody but who was named to them.

Kafka speaks it itself, on a listener beside its own; before Redis and PostgreSQL stands who ends it, since the embedded
ones are built without.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from pydantic import SecretStr
from redis import exceptions as redis_errors
from tests.support.encryption import Authority, as_postgres_greets, tls_before
from tests.unit.operator.installations import installation
from tests.unit.topology.stored_resources import MASTER_SECRET, paper

from alpha_panda.local.kafka import ADMIN as KAFKA_ADMIN
from alpha_panda.local.kafka import Kafka
from alpha_panda.local.kafka_archive import with_class_archive
from alpha_panda.local.kafka_program import find_kafka
from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.postgres import ADMIN as POSTGRES_ADMIN
from alpha_panda.local.progress import silent
from alpha_panda.local.redis import ADMIN as REDIS_ADMIN
from alpha_panda.local.stores import READY_SECONDS
from alpha_panda.local.stores import Stores as EmbeddedStores
from alpha_panda.runtime.errors import TransientError
from alpha_panda.runtime.kafka import make_consumer, make_producer, start_client
from alpha_panda.runtime.postgres import make_pool
from alpha_panda.runtime.redis import make_redis
from alpha_panda.runtime.settings import Encryption, KafkaSettings, PostgresSettings, RedisSettings
from alpha_panda.topology.model import Plan
from alpha_panda.topology.planner import plan
from alpha_panda_operator.installation import Administrator, Installation, Secrets
from alpha_panda_operator.stores import StoreError, Stores

pytestmark = pytest.mark.integration

OTHER_NAME = "localhost"
"""Leads to the same place, but no certificate here is for it."""


@dataclass(frozen=True)
class Encrypted:
    """Ports where TLS is spoken, who signed for them, and how administrators log in."""

    kafka: int
    redis: int
    postgres: int
    authority: Authority
    passwords: dict[str, SecretStr]
    database: str

    def kafka_settings(self, host: str = HOST, **encryption: object) -> KafkaSettings:
        """An administrator's."""
        return KafkaSettings.model_validate(
            {"bootstrap": f"{host}:{self.kafka}", "username": KAFKA_ADMIN, "password": self.passwords["kafka"]}
            | (encryption or self._trusting)
        )

    def redis_settings(self, host: str = HOST, **encryption: object) -> RedisSettings:
        """An administrator's."""
        return RedisSettings.model_validate(
            {"host": host, "port": self.redis, "username": REDIS_ADMIN, "password": self.passwords["redis"]}
            | (encryption or self._trusting)
        )

    def postgres_settings(self, host: str = HOST, **encryption: object) -> PostgresSettings:
        """An administrator's."""
        who = {"username": POSTGRES_ADMIN, "password": self.passwords["postgres"], "database": self.database}
        where = {"host": host, "port": self.postgres}
        return PostgresSettings.model_validate(who | where | (encryption or self._trusting))

    @property
    def _trusting(self) -> dict[str, object]:
        return Encryption(tls=True, authority=self.authority.certificate).model_dump()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def encrypted(stores: EmbeddedStores, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Encrypted]:
    folder = tmp_path_factory.mktemp("encrypted")
    authority = Authority(folder)
    database = f"encrypted_{secrets.token_hex(4)}"
    await _execute(stores, f'CREATE DATABASE "{database}" OWNER alpha_panda')
    async with AsyncExitStack() as stack:
        kafka, kafka_port = await _encrypted_kafka(folder / "data", authority)
        stack.push_async_callback(kafka.stop)
        yield Encrypted(
            kafka=kafka_port,
            redis=await stack.enter_async_context(tls_before(_port(stores.redis.address), authority.server())),
            postgres=await stack.enter_async_context(
                tls_before(_port(stores.postgres.address), authority.server(), as_postgres_greets)
            ),
            authority=authority,
            passwords={
                "kafka": SecretStr(kafka.password),
                "redis": SecretStr(stores.redis.password),
                "postgres": SecretStr(stores.postgres.password),
            },
            database=database,
        )
    await _execute(stores, f'DROP DATABASE "{database}" WITH (FORCE)')


async def _encrypted_kafka(folder: Path, authority: Authority) -> tuple[Kafka, int]:
    """A Kafka of its own, with a listener that speaks TLS and tells its clients to come back there."""
    layout = Layout(folder)
    layout.create()
    ports = Ports(layout)
    kafka = Kafka(await with_class_archive(find_kafka(silent), silent), layout, ports)
    await kafka.prepare()
    port = ports.take("kafka-encrypted", "Kafka over TLS")
    configuration = layout.kafka / "server.properties"
    given = dict(line.split("=", 1) for line in configuration.read_text().splitlines() if "=" in line)
    place = f"SECURE://{HOST}:{port}"
    added = {
        "listeners": f"{given['listeners']},{place}",
        "advertised.listeners": f"{given['advertised.listeners']},{place}",
        "listener.security.protocol.map": f"{given['listener.security.protocol.map']},SECURE:SASL_SSL",
        "listener.name.secure.scram-sha-256.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        "listener.name.secure.ssl.keystore.type": "PEM",
        "listener.name.secure.ssl.keystore.location": str(authority.keystore(folder / "kafka.pem")),
    }
    with configuration.open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in added.items())
    await kafka.start()
    await kafka.wait_ready(READY_SECONDS)
    return kafka, port


async def _execute(stores: EmbeddedStores, statement: str) -> None:
    connection = await asyncpg.connect(stores.postgres.dsn(database="postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


async def test_the_operator_makes_and_services_use_what_is_in_stores_behind_tls(encrypted: Encrypted) -> None:
    wanted, operator = _operator(encrypted, encrypted.authority)
    assert await operator.provision(wanted)
    assert await operator.provision(wanted) == ()
    topic = next(iter(wanted.topics)).name
    settings = encrypted.kafka_settings()
    producer, consumer = make_producer(settings), make_consumer(settings)
    await start_client(producer, settings)
    await start_client(consumer, settings)
    try:
        sent = await producer.send_and_wait(topic, b"over TLS", partition=0)
        consumer.assign([sent.topic_partition])
        consumer.seek(sent.topic_partition, sent.offset)
        assert (await consumer.getone(sent.topic_partition)).value == b"over TLS"
    finally:
        await producer.stop()
        await consumer.stop()
    async with make_redis(encrypted.redis_settings()) as redis:
        assert await redis.ping()
    async with await make_pool(encrypted.postgres_settings(), size=1) as pool:
        assert await pool.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname = 'paper'") == 1


@pytest.mark.parametrize("host", [HOST, OTHER_NAME], ids=["whom nobody knows", "that has another name"])
async def test_a_service_sends_nothing_to_a_store(encrypted: Encrypted, tmp_path: Path, host: str) -> None:
    known = encrypted.authority if host == OTHER_NAME else Authority(tmp_path)
    encryption = {"tls": True, "authority": known.certificate}
    kafka = encrypted.kafka_settings(host, **encryption)
    with pytest.raises(
        TransientError, match=f"Kafka at {host}:{encrypted.kafka} does not answer.*certificate verify failed"
    ):
        await start_client(make_producer(kafka), kafka)
    async with make_redis(encrypted.redis_settings(host, **encryption)) as redis:
        with pytest.raises(redis_errors.ConnectionError, match="certificate verify failed"):
            await redis.ping()
    with pytest.raises(TransientError, match="certificate verify failed"):
        await make_pool(encrypted.postgres_settings(host, **encryption))


async def test_the_operator_says_which_store_it_does_not_trust(encrypted: Encrypted, tmp_path: Path) -> None:
    wanted, operator = _operator(encrypted, Authority(tmp_path))
    with pytest.raises(StoreError) as refused:
        await operator.provision(wanted)
    assert refused.value.trouble.message.startswith(("Kafka", "Redis", "PostgreSQL"))


def _operator(encrypted: Encrypted, authority: Authority) -> tuple[Plan, Stores]:
    prefix = "encrypted_"
    stores = {
        "kafka": {"bootstrap": f"{HOST}:{encrypted.kafka}", "tls": True},
        "redis": {"host": HOST, "port": encrypted.redis, "tls": True},
        "postgres": {"host": HOST, "port": encrypted.postgres, "tls": True, "database": encrypted.database},
    }
    facts: Installation = installation(
        platform={"prefix": prefix}, **{**stores, "postgres": {**stores["postgres"], "owner": "alpha_panda"}}
    )
    logins = {"kafka": KAFKA_ADMIN, "redis": REDIS_ADMIN, "postgres": POSTGRES_ADMIN}
    known = {name: Administrator(username=user, password=encrypted.passwords[name]) for name, user in logins.items()}
    return (
        plan([paper()], facts.platform, MASTER_SECRET),
        Stores(facts, Secrets(master=SecretStr(MASTER_SECRET.decode()), **known), authority.certificate),
    )
