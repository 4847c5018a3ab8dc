"""Logging in through the pod that trades: neither the app's secret nor the token ever leaves it.

`python -m alpha_panda.zerodha.entrance page|session|login` runs in that pod, started by `kubectl panda zerodha`. It
takes the request token on standard input and answers in one line of JSON; the login goes into the Broker's own
schema, where the services that use it find it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from alpha_panda.errors import InputError, PandaError
from alpha_panda.runtime.layers import load_settings
from alpha_panda.runtime.postgres import make_pool
from alpha_panda.runtime.settings import ServiceSettings
from alpha_panda.topology.graph import ACCOUNT_KEYS
from alpha_panda.zerodha.client import log_in, login_url
from alpha_panda.zerodha.session import SessionVerdict, judge
from alpha_panda.zerodha.session_store import Seal, SessionStore

PAGE: Final = "page"
SESSION: Final = "session"
LOGIN: Final = "login"
WORDS: Final = (PAGE, SESSION, LOGIN)


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer: the page to open, how the login stands, or what went wrong and what helps."""

    page: str | None = None
    verdict: SessionVerdict | None = None
    error: str | None = None
    remedy: str | None = None


def main(words: Sequence[str], token: str) -> Said:
    """Do what the one word says; `token` is the request token, for `login`."""
    try:
        if len(words) != 1 or words[0] not in WORDS:
            raise InputError(f"{' '.join(words) or 'nothing'} is not understood", remedy=f"one of: {', '.join(WORDS)}")
        return asyncio.run(answer(words[0], token, load_settings()))
    except PandaError as error:
        return Said(error=str(error), remedy=error.remedy)


async def answer(word: str, token: str, settings: ServiceSettings) -> Said:
    """What one word asks for.

    Raises:
        InputError: a key of the account or the request token is missing.
        PandaError: the exchange refuses the login, or a store does not answer.
    """
    if word == PAGE:
        return Said(page=login_url(settings.zerodha, _key(settings, ACCOUNT_KEYS[0])))
    pool = await make_pool(settings.postgres, size=1)
    try:
        store = SessionStore(pool, settings.service.require_broker(), _seal(settings))
        if word == LOGIN:
            await _log_in(settings, store, token)
        return Said(verdict=judge(await store.load(), datetime.now(UTC)))
    finally:
        await pool.close()


async def _log_in(settings: ServiceSettings, store: SessionStore, token: str) -> None:
    if not token.isalnum():
        raise InputError("there is no request token", remedy="it stands in the address that the login page ends at")
    key, secret = (_key(settings, name) for name in ACCOUNT_KEYS)
    session = await asyncio.to_thread(log_in, settings.zerodha, key, secret, token, datetime.now(UTC))
    await store.save(session)


def _key(settings: ServiceSettings, name: str) -> str:
    folder = settings.zerodha.keys or Path()
    try:
        found = (folder / name).read_text().strip() if settings.zerodha.keys is not None else ""
    except OSError:
        found = ""
    if not found:
        raise InputError(
            f"the account has no {name}", remedy="put it into the Secret that the Broker's credentialsSecretRef names"
        )
    return found


def _seal(settings: ServiceSettings) -> Seal:
    key = settings.zerodha.session_key
    if key is None:
        raise InputError("this service has no zerodha.session_key", remedy="only who trades at an exchange has one")
    return Seal(key.get_secret_value())


if __name__ == "__main__":
    found = main(sys.argv[1:], sys.stdin.read().strip() if LOGIN in sys.argv else "")
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
