"""A login at the real Kite Connect, for questions alone: whatever could be an order is refused before it leaves."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from kiteconnect import KiteConnect

from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.zerodha.client import log_in, make_client
from alpha_panda.zerodha.session import Session, expiry

KEY, SECRET, REQUEST, ACCESS = "KITE_API_KEY", "KITE_API_SECRET", "KITE_REQUEST_TOKEN", "KITE_ACCESS_TOKEN"
ROOT, TICKER_ROOT = "KITE_ROOT", "KITE_TICKER_ROOT"
"""Where Kite Connect is, where it is not at its own addresses: a simulator, to see that the suite is well."""
QUESTIONS = ("/margins/orders", "/charges/orders", "/margins/basket")
"""What is asked by POST and changes nothing."""


class OrderAttemptedError(AssertionError):
    """Something here would have changed something there."""


def missing(environment: Mapping[str, str]) -> str | None:
    """What is to be set, and how to come by it; None where all is there."""
    lacking = [] if environment.get(KEY) else [KEY]
    if not environment.get(ACCESS):
        both = [name for name in (SECRET, REQUEST) if not environment.get(name)]
        lacking += [f"{ACCESS}, or else {' and '.join(both)}"] if both else []
    if not lacking:
        return None
    return (
        f"make test-kite asks the real Kite Connect, and these are not set: {'; '.join(lacking)}. {KEY} and {SECRET} "
        f"are the app's at https://developers.kite.trade; {REQUEST} stands in the address at which its login page "
        f"ends, is good once and for minutes; {ACCESS} is what it was exchanged for, until 06:00 in India"
    )


@pytest.fixture(scope="session")
def settings() -> ZerodhaSettings:
    roots = {"root": os.environ.get(ROOT), "ticker_root": os.environ.get(TICKER_ROOT)}
    return ZerodhaSettings.model_validate({name: value for name, value in roots.items() if value})


@pytest.fixture(scope="session")
def session(settings: ZerodhaSettings) -> Session:
    """Fails at once where something is missing."""
    why = missing(os.environ)
    if why is not None:
        pytest.exit(why, returncode=1)
    now = datetime.now(UTC)
    if not os.environ.get(ACCESS):
        return log_in(settings, os.environ[KEY], os.environ[SECRET], os.environ[REQUEST], now)
    token = os.environ[ACCESS]
    return Session(
        user_id="from the environment",
        api_key=os.environ[KEY],
        access_token=token,
        logged_in_at=now,
        expires_at=expiry(now),
    )


@pytest.fixture(scope="session")
def kite(settings: ZerodhaSettings, session: Session) -> Iterator[KiteConnect]:
    """The client as the services have it, behind a wall."""
    client, _ = make_client(settings, session)
    wall_in(client)
    yield client
    client.reqsession.close()


def wall_in(client: KiteConnect) -> None:
    """Let questions pass and nothing else."""
    ask = client.reqsession.request

    def questions_only(method: str, url: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - the client's
        if method.upper() != "GET" and not url.endswith(QUESTIONS):
            raise OrderAttemptedError(f"{method.upper()} {url} is no question")
        return ask(method, url, *arguments, **options)

    client.reqsession.request = questions_only
