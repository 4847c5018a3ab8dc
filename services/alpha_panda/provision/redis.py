"""Redis' users as planned, each limited by its rules to the keys of its Broker."""

from __future__ import annotations

import hashlib
import secrets

from redis.asyncio import Redis
from redis.exceptions import RedisError

from alpha_panda.errors import UnavailableError
from alpha_panda.provision.changes import Changes, Owns
from alpha_panda.topology.model import Plan, RedisUser

_BUILT_IN = "default"
_SCRATCH = "comparison"
_DELETED_AT_ONCE = 1000


async def provision_redis(plan: Plan, url: str, *, owns: Owns, save: bool = True) -> Changes:
    """Make the ACL users what `plan` says and delete others of ours; what was changed.

    `url` is an administrator's. `save` writes the users to Redis' aclfile, so that they outlive it.
    Raises UnavailableError where Redis does not do what it was asked.
    """
    client = Redis.from_url(url, decode_responses=True)
    try:
        return await _reconcile(client, plan.redis_users, owns, save=save)
    except RedisError as error:
        msg = f"Redis could not be made what the plan says: {error}"
        raise UnavailableError(msg, remedy="see Redis' log; the next attempt goes on where this one ended") from error
    finally:
        await client.aclose()


async def compare_redis(plan: Plan, url: str, *, owns: Owns) -> Changes:
    """How the users differ from the plan, one line each.

    Redis rewrites rules in its own words, so each user's planned ones are given to a user that cannot
    log in and exists for this comparison only. Raises RedisError.
    """
    client = Redis.from_url(url, decode_responses=True)
    scratch = f"{_SCRATCH}-{secrets.token_hex(8)}"
    try:
        lines = []
        for user in plan.redis_users:
            await _give(client, scratch, user, "off")
            planned, present = await _seen(client, scratch), await _seen(client, user.name)
            if present is None:
                lines.append(f"Redis user {user.name} is missing")
            elif _rights(present, "on") != _rights(planned or "", "off"):
                lines.append(f"Redis user {user.name} differs from the plan")
        known = {user.name for user in plan.redis_users} | {_BUILT_IN}
        present_names = {str(name) for name in await client.acl_users()}
        surplus = sorted(n for n in present_names - known if owns(n) and not n.startswith(_SCRATCH))
        return (*lines, *(f"Redis user {name} is not planned" for name in surplus))
    finally:
        await client.acl_deluser(scratch)
        await client.aclose()


async def delete_keys(url: str, beginning: str) -> Changes:
    """Delete all keys whose name begins so."""
    client = Redis.from_url(url)
    deleted = 0
    try:
        batch: list[bytes] = []
        async for key in client.scan_iter(match=f"{_literal(beginning)}*", count=_DELETED_AT_ONCE):
            batch.append(key)
            if len(batch) >= _DELETED_AT_ONCE:
                deleted += await client.unlink(*batch)
                batch.clear()
        if batch:
            deleted += await client.unlink(*batch)
    except RedisError as error:
        msg = f"the Redis keys {beginning}* could not be deleted: {error}"
        raise UnavailableError(msg, remedy="see Redis' log, then ask for the deletion again") from error
    finally:
        await client.aclose()
    return (f"Redis keys {beginning}*: {deleted} deleted",) if deleted else ()


async def _reconcile(client: Redis, planned: tuple[RedisUser, ...], owns: Owns, *, save: bool) -> Changes:
    present = {str(name) for name in await client.acl_users()}
    lines = [line for user in planned for line in await _set(client, user, present)]
    names = {user.name for user in planned}
    surplus = sorted(name for name in present - names if name != _BUILT_IN and owns(name))
    if surplus:
        await client.acl_deluser(*surplus)
        lines += [f"Redis user {name}: deleted" for name in surplus]
    if lines and save:
        await client.acl_save()
    return tuple(lines)


async def _set(client: Redis, user: RedisUser, present: set[str]) -> list[str]:
    """Set the user as a whole (Redis does that in one step) and compare Redis' own view before and after."""
    before = await _seen(client, user.name)
    await _give(client, user.name, user, "on")
    if await _seen(client, user.name) == before:
        return []
    return [f"Redis user {user.name}: {'changed' if user.name in present else 'created'}"]


async def _give(client: Redis, name: str, user: RedisUser, state: str) -> None:
    """Let the user `name` have the password and rights of `user`; `state` is on or off."""
    digest = hashlib.sha256(user.password.encode()).hexdigest()
    await client.execute_command(  # type: ignore[no-untyped-call]
        "ACL", "SETUSER", name, "reset", state, f"#{digest}", *user.rules
    )


def _rights(line: str, state: str) -> str | None:
    """What follows `user NAME STATE` in a line of Redis' list; None where it is in another state."""
    _, _, rest = line.partition(" ")[2].partition(" ")
    word, _, rights = rest.partition(" ")
    return rights if word == state else None


async def _seen(client: Redis, name: str) -> str | None:
    listed = [str(line) for line in await client.acl_list()]
    return next((line for line in listed if line.split(" ", 2)[1] == name), None)


def _literal(text: str) -> str:
    """`text` with the characters escaped that mean something in a Redis pattern."""
    return "".join(f"\\{character}" if character in r"*?[]^\\" else character for character in text)
