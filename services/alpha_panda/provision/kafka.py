"""Kafka as the plan says: topics, their settings, SCRAM users and permissions.

Permissions come before users, and a new user is tried until it can log in: whoever can log in finds
its permissions in place, since Kafka applies its metadata in one order.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined] # they are exported, only not by __all__
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from alpha_panda.errors import UnavailableError
from alpha_panda.provision.acls import reconcile_acls
from alpha_panda.provision.changes import Changes, Owns
from alpha_panda.provision.topics import reconcile_topics
from alpha_panda.topology.model import KafkaUser, Plan

AUTHENTICATION_FAILED: int = KafkaError._AUTHENTICATION  # noqa: SLF001 - public, its underscore means "local"
_ITERATIONS = 4096
"""Kafka's default (and RFC 7677's least) for SCRAM-SHA-256; the passwords are 256 random bits."""
_LOGINS = 8
_LOGIN_SECONDS = 5.0
_SETTLE_SECONDS = 10.0
_POLL_SECONDS = 0.02


async def provision_kafka(
    plan: Plan, settings: Mapping[str, str], *, owns: Owns, grow_partitions: bool = False
) -> Changes:
    """Make topics, users and permissions what `plan` says; what was changed, empty when nothing was.

    `settings` are those of a confluent-kafka client with the rights of an administrator. Topics that
    the plan lacks stay. Raises InputError where a topic has more partitions than planned, or fewer
    without `grow_partitions` (which is for a drained run: more partitions move instruments);
    UnavailableError where Kafka does not do what it was asked.
    """
    return await asyncio.to_thread(_reconcile, plan, {**settings}, owns, grow_partitions=grow_partitions)


def _reconcile(plan: Plan, settings: dict[str, Any], owns: Owns, *, grow_partitions: bool) -> Changes:
    client = AdminClient(settings)
    try:
        return (
            *reconcile_topics(client, plan.topics, grow_partitions=grow_partitions),
            *reconcile_acls(client, plan.kafka_users, owns),
            *_reconcile_users(client, plan.kafka_users, settings, owns),
        )
    except KafkaException as error:
        msg = f"Kafka at {settings['bootstrap.servers']} could not be made what the plan says: {error.args[0]}"
        raise UnavailableError(msg, remedy="see Kafka's log; the next attempt goes on where this one ended") from error


def _reconcile_users(
    client: AdminClient, planned: tuple[KafkaUser, ...], settings: dict[str, Any], owns: Owns
) -> Changes:
    present = set(_result(client.describe_user_scram_credentials()))
    wanted = {user.name: user for user in planned}
    known = [user for user in planned if user.name in present]
    with ThreadPoolExecutor(_LOGINS) as pool:
        fits = dict(
            zip(
                (user.name for user in known),
                pool.map(lambda user: can_login(settings, user.name, user.password), known),
                strict=True,
            )
        )
    missing = [user for user in planned if not fits.get(user.name, False)]
    surplus = sorted(name for name in present if name not in wanted and owns(name))
    alterations = [
        *(
            UserScramCredentialUpsertion(
                user.name,
                ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, _ITERATIONS),
                user.password.encode(),
            )
            for user in missing
        ),
        *(UserScramCredentialDeletion(name, ScramMechanism.SCRAM_SHA_256) for name in surplus),
    ]
    if alterations:
        for future in client.alter_user_scram_credentials(alterations).values():
            _result(future)
    for user in missing:
        _await_login(settings, user)
    return (
        *(f"Kafka user {user.name}: {'password changed' if user.name in present else 'created'}" for user in missing),
        *(f"Kafka user {name}: deleted" for name in surplus),
    )


def _await_login(settings: dict[str, Any], user: KafkaUser) -> None:
    deadline = time.monotonic() + _SETTLE_SECONDS
    while not can_login(settings, user.name, user.password):
        if time.monotonic() > deadline:
            msg = f"Kafka user {user.name} was written, but cannot log in after {_SETTLE_SECONDS:g} s"
            raise UnavailableError(msg, remedy="see Kafka's log")
        time.sleep(_POLL_SECONDS)


def can_login(settings: Mapping[str, Any], user: str, password: str) -> bool:
    """Whether this is the user's password; Kafka shows no digest of it, so it is tried.

    Raises UnavailableError where Kafka answers neither yes nor no.
    """
    refused: list[KafkaError] = []
    note: Callable[[KafkaError], None] = refused.append
    mine: dict[str, Any] = {
        **settings,
        "sasl.username": user,
        "sasl.password": password,
        "error_cb": note,
    }
    client = AdminClient(mine)
    deadline = time.monotonic() + _LOGIN_SECONDS
    while time.monotonic() < deadline:
        try:
            client.list_topics(topic="", timeout=0.2)
        except KafkaException:
            client.poll(0)
            if any(error.code() == AUTHENTICATION_FAILED for error in refused):
                return False
        else:
            return True
    msg = f"Kafka at {settings['bootstrap.servers']} answered neither yes nor no to the login of {user}"
    raise UnavailableError(msg, remedy="see Kafka's log")


def _result(future: Any) -> Any:  # noqa: ANN401 - whatever the call answers
    return future.result(timeout=_SETTLE_SECONDS)
