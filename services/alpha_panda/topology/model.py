"""What a plan is made of: plain frozen values that say what should exist.

`plan()` makes them; the operator and the local supervisor are two executors of them. Nothing here
knows how a thing is made to exist.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class TopicPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A Kafka topic; `config` holds Kafka's own topic settings as strings."""

    name: str
    partitions: int
    replication: int
    config: dict[str, str]


class Acl(msgspec.Struct, frozen=True, kw_only=True):
    """One permission of a Kafka principal; `name` is exact (`literal`) or a beginning (`prefixed`)."""

    resource: Literal["topic", "group", "cluster", "transactional_id"]
    name: str
    pattern: Literal["literal", "prefixed"] = "literal"
    operations: tuple[str, ...]
    """Kafka's operation names in capitals: READ, WRITE, DESCRIBE, IDEMPOTENT_WRITE."""


class KafkaUser(msgspec.Struct, frozen=True, kw_only=True):
    """A SCRAM user and all it may do."""

    name: str
    password: str
    acls: tuple[Acl, ...]


class RedisUser(msgspec.Struct, frozen=True, kw_only=True):
    """A Redis ACL user; `rules` are ACL SETUSER rules without the password."""

    name: str
    password: str
    rules: tuple[str, ...]


class PostgresSchema(msgspec.Struct, frozen=True, kw_only=True):
    """A schema and the folder of migrations (`platform`, `market`, `broker`) that fills it."""

    name: str
    migrations: Literal["platform", "market", "broker"]


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """Privileges on one table."""

    schema: str
    table: str
    privileges: tuple[str, ...]


class PostgresRole(msgspec.Struct, frozen=True, kw_only=True):
    """A login role; it may use exactly the schemas that its grants name."""

    name: str
    password: str
    grants: tuple[Grant, ...]


class TaskPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A unit of ordered work: a service on the partitions that it owns, whoever runs it.

    A service that joins across partitions has one task with all of them.
    """

    name: str
    """`market-feed`, `paper.risk-manager`, or with its partition `bar-builder/3`."""
    partitions: tuple[int, ...]
    upstream: tuple[str, ...] = ()
    """Tasks whose marker of epoch k must be read before this task closes k."""
    upstream_previous: tuple[str, ...] = ()
    """Tasks whose marker of epoch k - 1 must be read before this task begins k: the loop's delay."""


class ServicePlan(msgspec.Struct, frozen=True, kw_only=True):
    """One process (locally) or Deployment (on Kubernetes)."""

    name: str
    """Unique in the installation: `bar-builder`, `paper.risk-manager`."""
    service: str
    """What `panda run` is given: `bar-builder`, `risk-manager`."""
    broker: str | None
    tasks: tuple[TaskPlan, ...]
    one_writer: bool
    """True where two running copies would be wrong (a Deployment of type Recreate)."""
    group: str
    """The consumer group that its offsets are committed under."""
    principal: str
    """Its user name in Kafka, Redis and PostgreSQL (there with `-` and `.` as `_`)."""
    settings: dict[str, str]
    """Settings of this service beyond the platform's, as `PANDA_…` environment variables."""
    image: str | None = None
    reads: tuple[str, ...] = ()
    """Full names of the topics that it consumes; each has a dead-letter topic that it may write."""
    writes: tuple[str, ...] = ()
    """Full names of the topics that it produces, without dead letters; it may read them back."""
    sessions: tuple[str, ...] = ()
    """Brokers whose login at the exchange it may use, and so reaches the exchange."""


class BrokerPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A Broker that holds its name."""

    name: str
    uid: str
    type: str
    live: bool
    credentials: str | None = None
    """The Secret with the account's keys at its exchange."""


class StrategyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A Strategy that holds its name, and where it really runs."""

    name: str
    uid: str
    brokers: tuple[str, ...]
    """Those of its Brokers that exist and that its mode may reach."""
    runner: str | None
    """The service that runs it; None while it is Stopped."""


ConflictReason = Literal["Invalid", "NameTaken", "UnknownBroker", "LiveBroker", "NoBroker"]


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a resource asks for and cannot have."""

    kind: str
    namespace: str | None
    name: str
    uid: str
    reason: ConflictReason
    message: str
    """One sentence for the trader."""

    def __str__(self) -> str:
        return self.message


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that should exist, each list sorted by name."""

    services: tuple[ServicePlan, ...]
    topics: tuple[TopicPlan, ...]
    kafka_users: tuple[KafkaUser, ...]
    redis_users: tuple[RedisUser, ...]
    postgres_schemas: tuple[PostgresSchema, ...]
    postgres_roles: tuple[PostgresRole, ...]
    brokers: tuple[BrokerPlan, ...]
    strategies: tuple[StrategyPlan, ...]
    conflicts: tuple[Conflict, ...] = ()
    """What resources ask for and cannot have, and why."""
    session_keys: dict[str, str] = {}
    """What the login of each Broker at an exchange is sealed with, by the Broker's name."""
