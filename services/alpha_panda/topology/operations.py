"""The principal of people who halt and resume trading: it may press the kill switch and do nothing else.

It writes what it decides (`control.trading`), what it did (`audit.events`) and the switch in Redis, and it
reads `control.*` to know what is halted. In Redis it also counts who tries to come in how often. The API is given
its password beside its own, because people come in there; no other service is.
"""

from __future__ import annotations

from typing import Final

from alpha_panda.events.topics import AUDIT_EVENTS, CONTROL, CONTROL_TRADING
from alpha_panda.topology.credentials import derive
from alpha_panda.topology.kafka import CLUSTER
from alpha_panda.topology.model import Acl, KafkaUser, RedisUser
from alpha_panda.topology.names import OPERATIONS, access_keys, halts_key, principal, trading_switch
from alpha_panda.topology.settings import PlatformSettings
from alpha_panda.topology.stores import key_rules

WRITES: Final = (CONTROL_TRADING, AUDIT_EVENTS)
_COMMANDS: Final = (
    *("+get", "+set", "+del", "+hgetall", "+hset", "+hdel", "+@connection"),
    *("+exists", "+incrby", "+expire", "+ttl", "+mget", "+lindex", "+lrange", "+lpush", "+ltrim", "+evalsha", "+eval"),
    "+script|load",
)


def operations_password(master_secret: bytes, settings: PlatformSettings) -> str:
    """The principal's password in every store."""
    return derive(master_secret, principal(settings.prefix, OPERATIONS), settings.secret_generation)


def kafka_operations(settings: PlatformSettings, master_secret: bytes) -> KafkaUser:
    """Its Kafka user."""
    prefix = settings.prefix
    written = {topic.full_name(prefix=prefix) for topic in WRITES}
    read = {topic.full_name(prefix=prefix) for topic in CONTROL}
    acls = [
        Acl(
            resource="topic",
            name=name,
            operations=("DESCRIBE", "READ", "WRITE") if name in written else ("DESCRIBE", "READ"),
        )
        for name in sorted(written | read)
    ]
    return KafkaUser(
        name=principal(prefix, OPERATIONS),
        password=operations_password(master_secret, settings),
        acls=(Acl(resource="cluster", name=CLUSTER, operations=("IDEMPOTENT_WRITE",)), *acls),
    )


def redis_operations(settings: PlatformSettings, master_secret: bytes) -> RedisUser:
    """Its Redis user."""
    prefix = settings.prefix
    return RedisUser(
        name=principal(prefix, OPERATIONS),
        password=operations_password(master_secret, settings),
        rules=key_rules((trading_switch(prefix), halts_key(prefix), f"{access_keys(prefix)}*"), _COMMANDS),
    )
