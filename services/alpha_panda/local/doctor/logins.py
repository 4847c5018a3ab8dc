"""Tries every user's password in every store, with the files that the services themselves read."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import asyncpg
import msgspec
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from alpha_panda.local.doctor.ask_stores import Addresses
from alpha_panda.local.layout import Layout
from alpha_panda.local.postgres import DATABASE
from alpha_panda.provision.kafka import can_login
from alpha_panda.runtime.errors import AuthenticationError as RefusedLoginError
from alpha_panda.runtime.store_errors import postgres_errors
from alpha_panda.topology.model import Plan
from alpha_panda.topology.names import role

_SECONDS = 5.0
_AT_ONCE = 8


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """A user of a store with the password that its service has."""

    store: str
    user: str
    password: str


def logins(plan: Plan, layout: Layout) -> list[Login]:
    """Every planned user; with the planned password where no service of that name was started yet."""
    folders = {service.principal: layout.secrets / "services" / service.name for service in plan.services}
    folders |= {role(principal): folder for principal, folder in folders.items()}
    planned = [
        *(Login(store="kafka", user=user.name, password=user.password) for user in plan.kafka_users),
        *(Login(store="redis", user=user.name, password=user.password) for user in plan.redis_users),
        *(Login(store="postgres", user=user.name, password=user.password) for user in plan.postgres_roles),
    ]
    found = []
    for login in planned:
        folder = folders.get(login.user)
        path = folder / f"{login.store}__password" if folder is not None else None
        known = path.read_text().strip() if path is not None and path.is_file() else login.password
        found.append(msgspec.structs.replace(login, password=known))
    return found


async def refused(wanted: list[Login], addresses: Addresses) -> tuple[str, ...]:
    """A line for each login that is not accepted."""
    kafka = [login for login in wanted if login.store == "kafka"]
    accepted = await asyncio.to_thread(_try_kafka, kafka, addresses)
    others = [login for login in wanted if login.store != "kafka"]
    tries = [
        _try_redis(each, addresses) if each.store == "redis" else _try_postgres(each, addresses) for each in others
    ]
    accepted += await asyncio.gather(*tries)
    return tuple(
        f"{login.store} refuses {login.user}" for login, fine in zip(kafka + others, accepted, strict=True) if not fine
    )


def _try_kafka(wanted: list[Login], addresses: Addresses) -> list[bool]:
    settings = addresses.kafka_settings
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda login: can_login(settings, login.user, login.password), wanted))


async def _try_redis(login: Login, addresses: Addresses) -> bool:
    url = f"redis://{login.user}:{quote(login.password, safe='')}@{addresses.redis}/0"
    client = Redis.from_url(url, socket_timeout=_SECONDS, retry=None)
    try:
        await client.ping()
    except AuthenticationError:
        return False
    except NoPermissionError:
        return True  # it is logged in, and may not ping
    finally:
        await client.aclose()
    return True


async def _try_postgres(login: Login, addresses: Addresses) -> bool:
    host, _, port = addresses.postgres.rpartition(":")
    try:
        with postgres_errors():
            connection = await asyncpg.connect(
                host=host,
                port=int(port),
                user=login.user,
                password=login.password,
                database=DATABASE,
                ssl=False,
                timeout=_SECONDS,
            )
    except RefusedLoginError:
        return False
    await connection.close(timeout=_SECONDS)
    return True
