"""A small plan with two Brokers whose names no other test has, written out by hand."""

from alpha_panda.topology.model import (
    Acl,
    Grant,
    KafkaUser,
    Plan,
    PostgresRole,
    PostgresSchema,
    RedisUser,
    TopicPlan,
)


def two_brokers(prefix: str, *, brokers: tuple[str, ...] = ("alder", "birch"), password: str = "pw") -> Plan:  # noqa: S107
    """Each Broker has two topics, its keys and its schema, and one user that may use exactly those."""
    names = [f"{prefix}{broker}" for broker in brokers]
    return Plan(
        services=(),
        topics=tuple(_topic(f"{name}.{topic}") for name in names for topic in ("orders", "signals")),
        kafka_users=tuple(_kafka_user(name, password) for name in names),
        redis_users=tuple(
            RedisUser(name=name, password=f"{password}-{name}", rules=(f"~{name}:*", "+@all", "-@admin", "-@dangerous"))
            for name in names
        ),
        postgres_schemas=(
            PostgresSchema(name="platform", migrations="platform"),
            PostgresSchema(name="market", migrations="market"),
            *(PostgresSchema(name=name, migrations="broker") for name in names),
        ),
        postgres_roles=tuple(_role(name, password) for name in names),
        brokers=(),
        strategies=(),
    )


def group_of(name: str) -> str:
    """The consumer group of a Broker's only service."""
    return f"alpha-panda.service.{name}"


def _topic(name: str) -> TopicPlan:
    return TopicPlan(name=name, partitions=2, replication=1, config={"retention.ms": "60000"})


def _kafka_user(name: str, password: str) -> KafkaUser:
    return KafkaUser(
        name=name,
        password=f"{password}-{name}",
        acls=(
            Acl(resource="topic", name=f"{name}.", pattern="prefixed", operations=("READ", "WRITE", "DESCRIBE")),
            Acl(resource="group", name=group_of(name), operations=("READ",)),
            Acl(resource="cluster", name="kafka-cluster", operations=("IDEMPOTENT_WRITE",)),
        ),
    )


def _role(name: str, password: str) -> PostgresRole:
    return PostgresRole(
        name=name,
        password=f"{password}-{name}",
        grants=(
            Grant(schema=name, table="ledger", privileges=("SELECT", "INSERT")),
            Grant(schema=name, table="fills", privileges=("SELECT", "INSERT", "UPDATE")),
            Grant(schema="market", table="bars", privileges=("SELECT",)),
        ),
    )
