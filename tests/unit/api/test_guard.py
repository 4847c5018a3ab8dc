"""What stands before every route: who may, from where, how much, how deep, and what is told besides."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import APIRouter
from httpx import ASGITransport, AsyncClient
from pydantic import ValidationError
from starlette.requests import Request
from tests.unit.api.fakes import NOW, TOKEN, World, doors

from alpha_panda.api.security.addresses import address_of
from alpha_panda.api.security.bodies import is_deeper
from alpha_panda.api.security.doorkeeper import Doorkeeper, check_token, refuse_foreign_page
from alpha_panda.api.security.errors import NotAllowedError
from alpha_panda.api.security.policies import require_policies
from alpha_panda.api.security.principal import Principal, Role
from alpha_panda.api.security.second_factor import matching_step, new_secret
from alpha_panda.errors import InputError
from alpha_panda.runtime.api_settings import ApiSettings

BEARER = {"Authorization": f"Bearer {TOKEN}"}
HALT = {"scope": "all", "reason": "test"}


@pytest.fixture
def world() -> World:
    return World()


async def send(world: World, method: str, path: str, headers: Any = BEARER, **what: Any) -> Any:  # noqa: ANN401 - as httpx takes them
    transport = ASGITransport(world.app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://api") as client:
        return await client.request(method, path, headers=headers, **what)


def request(peer: str = "10.0.0.9", method: str = "POST", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "path": "/", "headers": raw, "client": (peer, 1)})


def test_a_route_without_a_policy_keeps_the_application_from_starting():
    router = APIRouter()

    @router.get("/forgotten")
    async def forgotten() -> None: ...

    with pytest.raises(RuntimeError, match="/forgotten"):
        require_policies(router.routes)


def test_roles_include_those_before_them():
    assert Principal(name="a", role=Role.TRADER).roles == (Role.VIEWER, Role.TRADER)
    assert not Principal(name="a", role=Role.VIEWER).may(Role.TRADER)


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        (0, "1.1.1.1", "10.0.0.9"),
        (1, "6.6.6.6, 2.2.2.2", "2.2.2.2"),
        (2, "6.6.6.6, 2.2.2.2, 3.3.3.3", "2.2.2.2"),
        (2, "3.3.3.3", "10.0.0.9"),
        (1, "<script>", "10.0.0.9"),
    ],
)
def test_only_what_our_proxies_saw_counts_as_an_address(trusted: int, forwarded: str, expected: str):
    assert address_of(request(x_forwarded_for=forwarded), trusted) == expected


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site", "origin": "http://evil.example", "host": "panda"},
        {"sec_fetch_site": "same-site", "host": "panda"},
        {"origin": "http://evil.example", "host": "panda"},
        {"origin": "null", "host": "panda"},
        {},
    ],
)
def test_a_page_of_another_site_changes_nothing_with_somebodys_cookie(headers: dict[str, str]):
    with pytest.raises(NotAllowedError):
        refuse_foreign_page(request(**headers))
    refuse_foreign_page(request(method="GET", **headers))


def test_a_page_of_ours_may_change_things():
    refuse_foreign_page(request(sec_fetch_site="same-origin", origin="http://panda", host="panda"))
    refuse_foreign_page(request(origin="http://panda", host="panda"))


@pytest.mark.parametrize("token", ["short", "aaaaaaaaaaaaaaaaaaaaaaaa", "changeme-12345678901"])
def test_a_token_that_can_be_guessed_is_refused_at_the_start(token: str):
    with pytest.raises(InputError, match="token"):
        check_token(token)


def test_any_origin_is_refused_in_production():
    with pytest.raises(ValidationError, match="name the origins"):
        ApiSettings(production=True, origins=("*",))


async def test_a_request_keeps_its_ids_and_gets_them_where_it_has_none(world: World):
    given = await send(world, "GET", "/health", {"X-Request-ID": "abc-1", "X-Correlation-ID": "day-7"})
    assert (given.headers["x-request-id"], given.headers["x-correlation-id"]) == ("abc-1", "day-7")
    made = await send(world, "GET", "/health", {"X-Request-ID": "with\x1bescape"})
    assert len(made.headers["x-request-id"]) == 36
    assert made.headers["x-content-type-options"] == "nosniff"


async def test_what_is_too_large_or_too_deep_is_not_given_to_a_parser(world: World):
    large = await send(world, "POST", "/api/v1/ops/halts", content=b"x" * 300_000)
    assert large.status_code == 413
    deep = await send(world, "POST", "/api/v1/ops/halts", content=b"[" * 5_000 + b"]" * 5_000)
    assert (deep.status_code, "deeper than 20" in deep.json()["detail"]) == (422, True)
    quoted = json.dumps({"a": "[" * 100, "b": '\\"[['}).encode()
    assert not is_deeper(quoted, 1)
    assert is_deeper(b'[{"a": [1]}]', 2)
    assert not is_deeper(b'[{"a": [1]}]', 3)
    assert is_deeper(b'"' + b"[" * 30, 20)


async def test_a_client_that_does_not_finish_its_request_is_answered_in_time(world: World):
    world.settings(request_seconds=1.0)

    async def endless() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    answer = await send(world, "POST", "/api/v1/ops/halts", content=endless())
    assert answer.status_code == 408


async def test_changes_that_cannot_be_counted_are_refused_and_a_halt_is_never_counted(world: World):
    world.windows.down = True
    refused = await send(world, "POST", "/api/v1/ops/resumptions", json=HALT)
    assert (refused.status_code, "cannot count" in refused.json()["detail"]) == (503, True)
    login = await send(world, "POST", "/api/v1/auth/login", {}, json={"name": "ana", "password": "x"})
    assert login.status_code == 503
    halt = await send(world, "POST", "/api/v1/ops/halts", json=HALT)
    assert "NOT halted: no store took it" in halt.json()["detail"]
    assert world.windows.counted == []


async def test_who_asks_too_often_is_told_how_long_to_wait(world: World):
    world.windows.wait = 17
    answer = await send(world, "POST", "/api/v1/auth/login", {}, json={"name": "ana", "password": "x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "17")


async def test_nobody_learns_from_an_answer_whether_a_user_exists(world: World):
    answer = await send(world, "POST", "/api/v1/auth/login", {}, json={"name": "nobody", "password": "x"})
    assert (answer.status_code, answer.json()["detail"]) == (401, "the name, the password or the code is wrong")


async def test_a_browser_that_is_not_signed_in_is_sent_to_the_page_for_it(world: World):
    page = await send(world, "GET", "/risk", {"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/risk")
    assert (await send(world, "GET", "/api/v1/orders", {"Accept": "text/html"})).status_code == 401


async def test_a_machine_of_lesser_role_may_not_do_what_a_trader_does(world: World):
    made = doors(world.pool, world.redis, world.windows)
    made["doorkeeper"] = Doorkeeper(made["sessions"], TOKEN, Role.VIEWER, "c")
    world.serve(**made)
    assert (await send(world, "POST", "/api/v1/ops/halts", json=HALT)).status_code == 403
    assert (await send(world, "GET", "/api/v1/strategies")).status_code == 200


async def test_a_name_with_markup_comes_back_as_data(world: World):
    answer = await send(world, "GET", "/api/v1/strategies/<script>alert(1)</script>")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_code_of_the_second_factor_is_good_for_its_half_minutes():
    import pyotp  # noqa: PLC0415 - the telephone

    secret = new_secret()
    code = pyotp.TOTP(secret).at(NOW)
    step = matching_step(secret, code, NOW)
    assert step == int(NOW.timestamp()) // 30
    assert matching_step(secret, code, NOW + timedelta(seconds=30)) == step
    assert matching_step(secret, code, NOW + timedelta(minutes=2)) is None
    assert matching_step(secret, "", NOW) is None


def test_every_route_says_what_it_asks_of_whoever_calls(world: World):
    roles = {
        f"{method.upper()} {path}": operation.get("x-role")
        for path, operations in world.app.openapi()["paths"].items()
        for method, operation in operations.items()
    }
    assert {name for name, role in roles.items() if role is None} == {
        "GET /health",
        "GET /metrics",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/refresh",
        "POST /api/v1/hooks/alertmanager",
    }
    assert roles["POST /api/v1/ops/halts"] == "trader"
    assert roles["GET /api/v1/users"] == "admin"
