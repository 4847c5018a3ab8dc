"""Kafka, Redis and PostgreSQL made what a plan says, and the services told of resources; what goes wrong, by name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import asyncpg
from redis import exceptions as redis_errors

from alpha_panda.errors import InputError, PandaError, UnavailableError
from alpha_panda.provision import Changes, delete_broker_data, provision_kafka, provision_postgres, provision_redis
from alpha_panda.provision.exchange import read_standing
from alpha_panda.provision.kafka import can_login
from alpha_panda.resources.reasons import Reason
from alpha_panda.resources.standing import ExchangeStanding
from alpha_panda.runtime.errors import AuthenticationError
from alpha_panda.runtime.settings import KafkaSettings, PlatformSection, ServiceSettings
from alpha_panda.topology.model import Plan
from alpha_panda_operator.decisions.names import owns_principal, owns_role
from alpha_panda_operator.decisions.observed import Trouble
from alpha_panda_operator.installation import Installation, Secrets

KAFKA: Final = "Kafka"
REDIS: Final = "Redis"
POSTGRES: Final = "PostgreSQL"
_UNAVAILABLE: Final = {
    KAFKA: Reason.KAFKA_UNAVAILABLE,
    REDIS: Reason.REDIS_UNAVAILABLE,
    POSTGRES: Reason.POSTGRES_UNAVAILABLE,
}
_DENIED: Final = {KAFKA: Reason.KAFKA_DENIED, REDIS: Reason.REDIS_DENIED, POSTGRES: Reason.POSTGRES_DENIED}
_REFUSALS: Final = (
    AuthenticationError,
    redis_errors.AuthenticationError,
    redis_errors.NoPermissionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidPasswordError,
    asyncpg.InsufficientPrivilegeError,
)


class StoreError(PandaError):
    """A store is not what the plan says."""

    def __init__(self, trouble: Trouble) -> None:
        """Keep the reason beside the message."""
        super().__init__(trouble.message)
        self.trouble = trouble


@dataclass(frozen=True)
class Stores:
    """The stores of an installation; `authority` is the file with the certificate that they are verified with."""

    installation: Installation
    secrets: Secrets
    authority: Path | None = None

    async def provision(self, wanted: Plan) -> Changes:
        """Make all three what the plan says; what was changed.

        Raises:
            StoreError: the first that could not be; what could be done in the others is done.
        """
        prefix = self.installation.platform.prefix
        owns = owns_principal(prefix)
        results = await asyncio.gather(
            _named(KAFKA, self._kafka(wanted)),
            _named(REDIS, provision_redis(wanted, self.redis_url, owns=owns, save=self.installation.redis.save_users)),
            _named(
                POSTGRES,
                provision_postgres(wanted, self.postgres_dsn, owns=owns_role(prefix), owner=self._owner),
            ),
            return_exceptions=True,
        )
        made: list[str] = []
        for result in results:
            if isinstance(result, BaseException):
                raise result
            made += result
        return tuple(made)

    async def standing(self, broker: str) -> ExchangeStanding:
        """How a Broker at an exchange stands; raises UnavailableError where PostgreSQL does not tell."""
        return await read_standing(self.postgres_dsn, broker)

    async def delete_broker(self, broker: str) -> Changes:
        """Delete what a Broker has recorded, for good."""
        return await delete_broker_data(
            broker,
            prefix=self.installation.platform.prefix,
            kafka_settings=self._kafka_settings,
            redis_url=self.redis_url,
            postgres_dsn=self.postgres_dsn,
        )

    async def _kafka(self, wanted: Plan) -> Changes:
        administrator = self.secrets.kafka
        password = administrator.password.get_secret_value()
        if not await asyncio.to_thread(can_login, self._kafka_settings, administrator.username, password):
            raise AuthenticationError(
                f"Kafka at {self.installation.kafka.bootstrap} does not accept user {administrator.username!r}"
            )
        owns = owns_principal(self.installation.platform.prefix)
        return await provision_kafka(wanted, self._kafka_settings, owns=owns)

    @property
    def service_settings(self) -> ServiceSettings:
        """Those of a Kafka client with the administrator's rights."""
        kafka, platform = self.installation.kafka, self.installation.platform
        return ServiceSettings(
            kafka=KafkaSettings(
                bootstrap=kafka.bootstrap,
                username=self.secrets.kafka.username,
                password=self.secrets.kafka.password,
                tls=kafka.tls,
                authority=self.authority if kafka.tls else None,
            ),
            platform=PlatformSection(partitions=platform.pipeline_partitions, prefix=platform.prefix),
        )

    @property
    def _owner(self) -> str:
        """Who owns the database; the administrator may act as that role."""
        return self.installation.postgres.owner or self.secrets.postgres.username

    @property
    def _kafka_settings(self) -> dict[str, str]:
        kafka = self.installation.kafka
        found = {
            "bootstrap.servers": kafka.bootstrap,
            "security.protocol": "SASL_SSL" if kafka.tls else "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-256",
            "sasl.username": self.secrets.kafka.username,
            "sasl.password": self.secrets.kafka.password.get_secret_value(),
            "log_level": "0",
        }
        if kafka.tls and self.authority is not None:
            found["ssl.ca.location"] = str(self.authority)
        return found

    @property
    def redis_url(self) -> str:
        """The administrator's, with the password in it."""
        redis = self.installation.redis
        query = {"ssl_ca_certs": str(self.authority)} if redis.tls and self.authority is not None else {}
        if redis.tls:
            query |= {"ssl_cert_reqs": "required", "ssl_check_hostname": "true"}
        who = _login(self.secrets.redis.username, self.secrets.redis.password.get_secret_value())
        return f"{'rediss' if redis.tls else 'redis'}://{who}@{redis.host}:{redis.port}/0{_query(query)}"

    @property
    def postgres_dsn(self) -> str:
        """The administrator's, with the password in it."""
        postgres = self.installation.postgres
        query = {"sslmode": "verify-full"} if postgres.tls else {"sslmode": "disable"}
        if postgres.tls:
            query["sslrootcert"] = str(self.authority) if self.authority is not None else "system"
        who = _login(self.secrets.postgres.username, self.secrets.postgres.password.get_secret_value())
        return f"postgresql://{who}@{postgres.host}:{postgres.port}/{quote(postgres.database)}{_query(query)}"


def _login(username: str, password: str) -> str:
    return f"{quote(username, safe='')}:{quote(password, safe='')}"


def _query(values: dict[str, Any]) -> str:
    return f"?{urlencode(values)}" if values else ""


async def _named(store: str, work: Awaitable[Changes]) -> Changes:
    try:
        return await work
    except InputError as error:
        raise StoreError(_told(Reason.TOPIC_WOULD_SHRINK, store, error)) from error
    except PandaError as error:
        reason = (_DENIED if _is_refusal(error) else _UNAVAILABLE)[store]
        raise StoreError(_told(reason, store, error)) from error
    except (OSError, TimeoutError, redis_errors.RedisError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = (_DENIED if isinstance(error, _REFUSALS) else _UNAVAILABLE)[store]
        raise StoreError(_told(reason, store, UnavailableError(str(error) or type(error).__name__))) from error


def _is_refusal(error: BaseException) -> bool:
    return isinstance(error, _REFUSALS) or (error.__cause__ is not None and _is_refusal(error.__cause__))


def _told(reason: Reason, store: str, error: PandaError) -> Trouble:
    remedy = f"; {error.remedy}" if error.remedy else ""
    return Trouble(reason=reason, message=f"{store}: {error}{remedy}; what runs is left alone")
