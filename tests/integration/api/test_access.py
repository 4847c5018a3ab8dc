"""Signing in, roles, sessions that end, two people, and attackers, against the API as it is served."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pyotp
import pytest
from tests.integration.api.served import SIGNAL_ID, TOKEN, Served

from alpha_panda.events.topics import TICKS

pytestmark = pytest.mark.integration
PASSWORD = "seven horses of the sun"
ROLES = ("viewer", "trader", "admin")
HALT = {"scope": "broker", "subject": "real", "reason": "drill"}


@pytest.fixture(scope="module")
def people(served: Served) -> dict[str, str]:
    """A token of each role, and of nobody."""
    with served.client() as machine:
        for role in ROLES:
            made = machine.post("/api/v1/users", json={"name": f"a-{role}", "role": role, "password": PASSWORD})
            assert made.status_code == 201, made.text
    return {role: sign_in(served, f"a-{role}")["access_token"] for role in ROLES}


def sign_in(served: Served, name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - what a login may hold
    with served.client(None) as client:
        answer = client.post("/api/v1/auth/login", json={"name": name, "password": PASSWORD, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def operations(served: Served) -> Iterator[tuple[str, str, str]]:
    assert served.app is not None
    for path, found in served.app.openapi()["paths"].items():
        for method, operation in found.items():
            if "x-role" in operation:
                yield method.upper(), path, operation["x-role"]


def test_each_role_may_do_what_the_description_says_and_nothing_else(served: Served, people: dict[str, str]):
    asked = 0
    names = {
        "broker": "paper",
        "name": "s",
        "signal_id": SIGNAL_ID,
        "alert_id": SIGNAL_ID,
        "instrument": "NSE:YESBANK",
        "topic": "x",
    }
    with served.client(None) as client:
        for method, path, needed in operations(served):
            if path in {"/api/v1/events", "/api/v1/auth/logout"}:
                continue
            body = None if method == "GET" else {}
            for role, token in (("nobody", None), *people.items()):
                headers = {} if token is None else {"Authorization": f"Bearer {token}"}
                status = client.request(method, path.format(**names), headers=headers, json=body).status_code
                if token is None:
                    assert status == 401, (method, path)
                else:
                    allowed = ROLES.index(role) >= ROLES.index(needed)
                    assert (status != 403) == allowed, (method, path, role, status)
                    assert status < 500, (method, path, role, status)
                asked += 1
    assert asked > 120


def test_what_belongs_to_no_known_broker_is_not_found_whoever_asks(served: Served, people: dict[str, str]):
    foreign = {
        "broker": "someone-elses",
        "name": "someone-elses",
        "signal_id": SIGNAL_ID,
        "alert_id": SIGNAL_ID,
        "instrument": "NSE:NONE",
    }
    with served.client(people["admin"]) as client:
        for method, path, _ in operations(served):
            if method == "GET" and "{" in path:
                assert client.get(path.format(**foreign)).status_code == 404, path


def test_a_session_ends_with_its_logout_and_a_refresh_token_is_good_once(served: Served, people: dict[str, str]):
    assert people
    first = sign_in(served, "a-viewer")
    with served.client(None) as client:
        second = client.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]}).json()
        bearer = {"Authorization": f"Bearer {second['access_token']}"}
        assert client.get("/api/v1/auth/me", headers=bearer).json()["name"] == "a-viewer"
        assert client.post("/api/v1/auth/logout", headers=bearer).status_code == 204
        assert client.get("/api/v1/auth/me", headers=bearer).status_code == 401
        again = client.post("/api/v1/auth/refresh", json={"refresh_token": second["refresh_token"]})
        assert again.status_code == 401


def test_a_refresh_token_that_is_shown_twice_ends_its_session(served: Served, people: dict[str, str]):
    assert people
    first = sign_in(served, "a-viewer")
    with served.client(None) as client:
        second = client.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]}).json()
        assert client.post("/api/v1/auth/refresh", json={"refresh_token": first["refresh_token"]}).status_code == 401
        bearer = {"Authorization": f"Bearer {second['access_token']}"}
        assert client.get("/api/v1/auth/me", headers=bearer).status_code == 401


def test_a_refresh_token_is_no_access_token(served: Served, people: dict[str, str]):
    assert people
    with served.client(sign_in(served, "a-viewer")["refresh_token"]) as client:
        assert client.get("/api/v1/auth/me").status_code == 401


def test_a_user_who_is_kept_out_is_out_at_once_also_with_a_good_token(served: Served):
    with served.client() as machine:
        machine.post("/api/v1/users", json={"name": "gone", "role": "admin", "password": PASSWORD})
        token = sign_in(served, "gone")["access_token"]
        with served.client(token) as client:
            assert client.get("/api/v1/users").status_code == 200
            assert machine.patch("/api/v1/users/gone", json={"disabled": True}).json()["disabled"] is True
            assert client.get("/api/v1/users").status_code == 401
        with served.client(None) as nobody:
            refused = nobody.post("/api/v1/auth/login", json={"name": "gone", "password": PASSWORD})
            assert refused.status_code == 401


def test_a_browser_gets_a_cookie_that_only_a_page_of_ours_changes_things_with(served: Served, people: dict[str, str]):
    assert people
    with served.client(None) as browser:
        page = {"Origin": served.url, "Sec-Fetch-Site": "same-origin"}
        body = {"name": "a-trader", "password": PASSWORD, "browser": True}
        assert (
            browser.post("/api/v1/auth/login", json=body, headers={"Origin": "http://evil.example"}).status_code == 403
        )
        answer = browser.post("/api/v1/auth/login", json=body, headers=page)
        assert answer.json()["access_token"] is None
        told = answer.headers["set-cookie"].lower()
        assert "httponly" in told
        assert "samesite=strict" in told
        assert browser.get("/api/v1/auth/me").json()["name"] == "a-trader"
        assert (
            browser.post("/api/v1/ops/halts", json=HALT, headers={"Origin": "http://evil.example"}).status_code == 403
        )
        assert browser.post("/api/v1/auth/logout", headers=page).status_code == 204
        assert browser.get("/api/v1/auth/me").status_code == 401


def with_second_factor(served: Served, name: str) -> tuple[str, str]:
    with served.client() as machine:
        made = machine.post("/api/v1/users", json={"name": name, "role": "trader", "password": PASSWORD})
        assert made.status_code == 201, made.text
    token = sign_in(served, name)["access_token"]
    with served.client(token) as client:
        secret = client.post("/api/v1/auth/second-factor", json={"password": PASSWORD}).json()["secret"]
        return token, str(secret)


def test_live_money_is_released_by_two_people_with_second_factors_and_halted_by_one(served: Served):
    (ana, ana_secret), (bob, bob_secret) = (with_second_factor(served, name) for name in ("ana", "bob"))
    with served.client(ana) as first, served.client(bob) as second, served.client() as machine:
        assert first.post("/api/v1/ops/halts", json=HALT).json()["halted"] is True
        assert machine.post("/api/v1/ops/resumptions", json=HALT).status_code == 403
        assert "second factor" in first.post("/api/v1/ops/resumptions", json=HALT).json()["detail"]
        assert first.post("/api/v1/auth/step-up", json={"code": "000000"}).status_code == 403
        code = pyotp.TOTP(ana_secret).now()
        assert first.post("/api/v1/auth/step-up", json={"code": code}).status_code == 204
        assert first.post("/api/v1/auth/step-up", json={"code": code}).status_code == 403
        for _ in range(2):
            alone = first.post("/api/v1/ops/resumptions", json=HALT)
            assert (alone.status_code, alone.json()["halted"]) == (202, True)
        [waiting] = first.get("/api/v1/ops/approvals").json()
        assert (waiting["subject"], waiting["asked_by"]) == ("broker real", "ana")
        assert second.post("/api/v1/ops/resumptions", json=HALT).status_code == 403
        assert second.post("/api/v1/auth/step-up", json={"code": pyotp.TOTP(bob_secret).now()}).status_code == 204
        done = second.post("/api/v1/ops/resumptions", json=HALT)
        assert (done.status_code, done.json()["halted"]) == (200, False)
        assert first.get("/api/v1/ops/halts").json()["halts"] == []
    told = served.audit()
    assert told.index('"action":"halt"') < told.index('"action":"ask"') < told.index('"action":"resume"')


def test_a_position_is_closed_by_one_person_who_for_live_money_shows_the_second_factor(served: Served):
    token, secret = with_second_factor(served, "cleo")
    with served.client(token) as person, served.client() as machine:
        [held] = person.get("/api/v1/portfolios/real").json()["positions"]
        wanted = {name: held[name] for name in ("strategy", "instrument", "product")} | {"reason": "a drill"}
        live, made_up = (f"/api/v1/ops/brokers/{broker}/closings" for broker in ("real", "paper"))
        assert machine.post(live, json=wanted).status_code == 403
        assert "second factor" in person.post(live, json=wanted).json()["detail"]
        assert person.post("/api/v1/auth/step-up", json={"code": pyotp.TOTP(secret).now()}).status_code == 204
        for path in (live, made_up):
            assert "there is no log" in person.post(path, json=wanted).json()["detail"]
        resting = person.post(made_up, json=wanted | {"price": "96.05"})
        assert resting.status_code == 422
        assert resting.json()["detail"].endswith("allowed is at most the last price, ₹96.00")
        assert person.post(made_up, json=wanted | {"price": "-1"}).status_code == 422
        assert (
            person.post(made_up, json=wanted | {"product": "CNC" if held["product"] == "MIS" else "MIS"}).status_code
            == 404
        )
    assert served.audit().count('"action":"close"') == 2


def test_where_there_is_no_supervisor_dead_letters_are_replayed_by_nobody(served: Served):
    with served.client() as machine:
        answer = machine.post(f"/api/v1/ops/dead-letters/{TICKS.name}/replays", json={"reason": "mended"})
    assert answer.status_code == 404
    assert "panda dlq replay" in answer.json()["detail"]


def test_guessing_is_slowed_and_made_up_addresses_do_not_help(strict: Served):
    with strict.client(None) as client:
        statuses = [
            client.post(
                "/api/v1/auth/login",
                json={"name": f"victim-{n}", "password": "wrong"},
                headers={"X-Forwarded-For": f"10.1.1.{n}"},
            ).status_code
            for n in range(8)
        ]
    assert statuses == [401] * 5 + [429] * 3


def test_a_slow_client_is_let_go_and_others_are_served_meanwhile(strict: Served):
    address = httpx.URL(strict.url)
    with socket.create_connection((address.host, address.port)) as slow:
        head = f"POST /api/v1/ops/halts HTTP/1.1\r\nHost: panda\r\nAuthorization: Bearer {TOKEN}\r\n"
        slow.sendall(head.encode() + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        with strict.client() as client:
            assert client.get("/api/v1/strategies").status_code == 200
        slow.settimeout(60)
        assert slow.recv(100).startswith(b"HTTP/1.1 408")


def test_events_come_as_they_happen_and_again_after_a_break(served: Served):
    assert served.loop is not None
    with served.client() as client, client.stream("GET", "/api/v1/events?kind=fill") as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": listening"
        served.loop.call_soon_threadsafe(served.hub.publish, "fill", {"n": 1}, "paper")
        served.loop.call_soon_threadsafe(served.hub.publish, "fill", {"n": 2}, "paper")
        found = [line for line in _until(lines, 'data: {"n":2}') if line.startswith("data:")]
        assert found == ['data: {"n":1}', 'data: {"n":2}']
        last = next(line for line in lines if line.startswith("id:")).removeprefix("id: ")
    before = f"{last.rpartition('-')[0]}-{int(last.rpartition('-')[2]) - 1}"
    with served.client() as client, client.stream("GET", "/api/v1/events", headers={"Last-Event-ID": before}) as stream:
        assert 'data: {"n":2}' in _until(stream.iter_lines(), 'data: {"n":2}')


def _until(lines: Iterator[str], wanted: str) -> list[str]:
    found, deadline = [], time.monotonic() + 60
    for line in lines:
        found.append(line)
        if line == wanted or time.monotonic() > deadline:
            break
    return found
