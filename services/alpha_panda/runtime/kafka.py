"""The one factory of Kafka clients. aiokafka's defaults lose money: they commit by themselves and read what aborted.

Every consumer here commits only when told, reads committed records only and is assigned its partitions
by hand; every producer is idempotent and waits for all replicas. Errors of the library are told apart
into what may pass, what a person must mend, and what the process must not survive.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka import errors as kafka_errors
from aiokafka.conn import create_conn

from alpha_panda.events.topics import DLQ_ROOM
from alpha_panda.runtime.bounded_consumer import BoundedConsumer
from alpha_panda.runtime.errors import AGAIN, AuthenticationError, TransientError, UnknownOutcomeError
from alpha_panda.runtime.journal import Journal, JournaledConsumer, JournaledProducer
from alpha_panda.runtime.settings import KafkaSettings
from alpha_panda.runtime.tls import tls_context
from alpha_panda.topology.kafka import MESSAGE_LIMIT

ResultT = TypeVar("ResultT")

_DENIED = (
    kafka_errors.TopicAuthorizationFailedError,
    kafka_errors.GroupAuthorizationFailedError,
    kafka_errors.ClusterAuthorizationFailedError,
    kafka_errors.AuthenticationFailedError,
    kafka_errors.SaslAuthenticationFailed,
    kafka_errors.UnsupportedSaslMechanismError,
)
_FENCED = (kafka_errors.ProducerFenced, kafka_errors.OutOfOrderSequenceNumber, kafka_errors.InvalidProducerEpoch)


def _common(settings: KafkaSettings) -> dict[str, Any]:
    return {"bootstrap_servers": settings.bootstrap, "retry_backoff_ms": 50, **_way_in(settings)}


def _way_in(settings: KafkaSettings) -> dict[str, Any]:
    """How to speak to a broker, for a client or a single connection."""
    way: dict[str, Any] = {"request_timeout_ms": settings.profile.request_timeout_milliseconds}
    if settings.username is None or settings.password is None:
        return way
    way |= {
        "security_protocol": "SASL_SSL" if settings.tls else "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": settings.username,
        "sasl_plain_password": settings.password.get_secret_value(),
    }
    if settings.tls:
        way["ssl_context"] = tls_context(settings)
    return way


_SMALL_ANSWER = 65_536
"""Bytes; a larger answer is not held back to gather more."""


def make_consumer(settings: KafkaSettings, group: str | None = None, *, gathers: bool = False) -> AIOKafkaConsumer:
    """A consumer to be assigned by hand; `group` is where its offsets are committed, None commits nowhere.

    One with a group is never moved in silence: where its position is gone, reading fails (see `assignment`).
    One that `gathers` reads later and seldomer, as its profile says.
    """
    profile = settings.profile
    gather = profile.gather_milliseconds if gathers else 0
    make = partial(JournaledConsumer, _journal(settings)) if settings.journal else BoundedConsumer
    return make(
        commit_seconds=profile.request_timeout_milliseconds / 1000,
        **_common(settings),
        group_id=group,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest" if group is None else "none",
        max_poll_records=profile.poll_records,
        fetch_min_bytes=_SMALL_ANSWER if gather else 1,
        fetch_max_wait_ms=gather or profile.poll_milliseconds,
        max_partition_fetch_bytes=profile.fetch_bytes,
    )


def make_producer(settings: KafkaSettings) -> AIOKafkaProducer:
    """An idempotent producer that waits for all replicas."""
    profile = settings.profile
    make = partial(JournaledProducer, _journal(settings)) if settings.journal else AIOKafkaProducer
    return make(
        **_common(settings),
        enable_idempotence=True,
        acks="all",
        linger_ms=profile.linger_milliseconds,
        max_batch_size=profile.batch_bytes,
        max_request_size=MESSAGE_LIMIT + DLQ_ROOM,
        compression_type=None if profile.compression == "none" else profile.compression,
    )


def _journal(settings: KafkaSettings) -> Journal:
    return Journal(settings.journal or Path(), settings.username or "client")


async def start_client(client: AIOKafkaConsumer | AIOKafkaProducer, settings: KafkaSettings) -> None:
    """Connect, or say what is wrong.

    aiokafka reports a refused password or certificate as a failure to bootstrap and its true cause only to its log, so
    that cause is asked for here. A port that listens proves nothing: a broker listens before it serves.
    """
    try:
        await client.start()
    except kafka_errors.KafkaConnectionError as error:
        await client.stop()
        refusal = await _refusal(settings)
        if isinstance(refusal, _DENIED):
            raise AuthenticationError(
                f"Kafka at {settings.bootstrap} does not accept user {settings.username!r}: {refusal}",
                remedy=f"check kafka.username and kafka.password; {AGAIN}",
            ) from error
        raise TransientError(f"Kafka at {settings.bootstrap} does not answer: {refusal or error}") from error
    except kafka_errors.KafkaError as error:
        await client.stop()
        raise translate(error) from error


@asynccontextmanager
async def recovery_reader(settings: KafkaSettings) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of its own for reading back what was written: it belongs to no group.

    aiokafka's coordinator does not survive that a consumer with a group is assigned a second time.
    """
    reader = make_consumer(settings)
    await retried(lambda: start_client(reader, settings))
    try:
        yield reader
    finally:
        await reader.stop()


async def _refusal(settings: KafkaSettings) -> Exception | None:
    """What is wrong with these credentials or with a broker's certificate; None where none answers or all is well."""
    for server in settings.bootstrap.split(","):
        host, _, port = server.rpartition(":")
        try:
            connection = await create_conn(host, int(port), **_way_in(settings))
        except (*_DENIED, ssl.SSLCertVerificationError) as error:
            refusal: Exception = error
            return refusal
        except (OSError, TimeoutError, kafka_errors.KafkaError):
            continue
        connection.close()
    return None


def translate(error: Exception) -> Exception:
    """Our error for one of the library's; what is not Kafka's comes back as it is."""
    if isinstance(error, _DENIED):
        return AuthenticationError(f"Kafka refused: {error}", remedy="compare the ACLs with the plan")
    if isinstance(error, _FENCED):
        return UnknownOutcomeError(f"Kafka fenced this producer: {error}")
    if isinstance(error, kafka_errors.UnknownTopicOrPartitionError):
        return TransientError(f"Kafka has no such topic: {error}", remedy="`panda up` makes what is missing again")
    if isinstance(error, kafka_errors.KafkaError):
        return TransientError(f"Kafka: {type(error).__name__}: {error}")
    return error


async def retried(
    operation: Callable[[], Awaitable[ResultT]],
    *,
    tries: int = 6,
    first_wait: float = 0.1,
    longest_wait: float = 5.0,
) -> ResultT:
    """Try an operation again while its error is transient, with exponential waits and full jitter."""
    for attempt in range(1, tries + 1):
        try:
            return await operation()
        except (TransientError, kafka_errors.KafkaError) as error:
            known = translate(error)
            if attempt == tries or not isinstance(known, TransientError):
                raise known from error
            wait = min(longest_wait, first_wait * 2 ** (attempt - 1))
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 — jitter, not a secret
    raise AssertionError("unreachable: the last attempt returns or raises")
