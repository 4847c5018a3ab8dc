"""The API answers with what the stores hold, to those who have the token, and every error is a problem document."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from prometheus_client import CollectorRegistry
from starlette.routing import Route
from tests.unit.api.fakes import TOKEN, World, doors
from tests.unit.history.test_history_rows import ORDER, RAISED, SIGNAL_ID
from tests.unit.portfolio.trades import START
from tests.unit.strategy_runner.scripted import YESBANK, broker, configured, spec

from alpha_panda.api.application import create_app
from alpha_panda.api.cache import PortfolioCache
from alpha_panda.api.cursors import Cursor, decode_cursor
from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.queries import Queries
from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.errors import InputError
from alpha_panda.events.control import (
    HaltScope,
    QuarantineKind,
    StrategyQuarantined,
    TradingHalted,
    TradingResumed,
)
from alpha_panda.events.envelope import Event
from alpha_panda.events.orders import OrderSubmitted
from alpha_panda.events.signals import SignalRejected

HOOK = "/api/v1/hooks/alertmanager"
"""Has a secret of its own."""
OPEN = {"/health", "/metrics", "/api/v1/auth/login", "/api/v1/auth/refresh", HOOK}
FULL = {"broker": "paper", "name": "s", "signal_id": "x", "instrument": "NSE:YESBANK", "alert_id": "x", "topic": "x"}


@pytest.fixture
def world() -> World:
    return World()


def paths(world: World) -> list[str]:
    return sorted(world.app.openapi()["paths"])


def order_row(**changes: object) -> dict[str, Any]:
    row = {
        "broker": "paper",
        "row_id": UUID(ORDER.order_id),
        "row_time": START,
        "order_id": UUID(ORDER.order_id),
        "signal_id": UUID(ORDER.signal_id),
        "strategy": "s",
        "instrument_token": 3050241,
        "leg": "entry",
        "side": "BUY",
        "quantity": 10,
        "order_type": "MARKET",
        "status": "filled",
        "filled_quantity": 10,
        "filled_value_paise": 95_050,
        "submitted_at": START,
        "changed_at": START,
        "data": _json(OrderSubmitted(order=ORDER, order_sequence=0)),
    }
    return {**row, **changes}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def test_no_path_but_the_named_ones_answers_without_the_token(world: World):
    assert set(paths(world)) > OPEN
    registered = [route.path for route in world.app.routes if isinstance(route, Route)]
    for path in [*registered, *paths(world), "/no/such/path"]:
        response = await world.get(path.format(**FULL), token=None)
        assert (response.status_code == 401) == (path not in OPEN), path
        if path not in OPEN:
            assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "Ünsinn"])
async def test_a_wrong_token_is_as_good_as_none(world: World, token: str):
    headers = [(b"authorization", f"Bearer {token}".encode())]
    async with AsyncClient(transport=ASGITransport(world.app), base_url="http://api") as client:
        assert (await client.get("/api/v1/portfolios", headers=headers)).status_code == 401


async def test_a_second_authorization_header_does_not_slip_in(world: World):
    headers = [(b"authorization", f"Bearer {TOKEN}".encode())] * 2
    async with AsyncClient(transport=ASGITransport(world.app), base_url="http://api") as client:
        assert (await client.get("/api/v1/portfolios", headers=headers)).status_code == 401


def test_a_token_that_can_be_guessed_is_refused(world: World):
    with pytest.raises(InputError, match="5 characters; at least 16"):
        create_app_with("short", world)


def create_app_with(token: str, world: World) -> FastAPI:
    return create_app(
        Dependencies(
            control=world.control,
            cache=PortfolioCache(world.redis),
            queries=Queries(world.pool),
            instruments=load_instruments(),
            registry=CollectorRegistry(),
            **doors(world.pool, world.redis, world.windows, token),
        )
    )


async def test_a_portfolio_shows_its_account_with_its_age(world: World):
    await world.write_account()
    body = (await world.get("/api/v1/portfolios/paper")).json()
    assert body["account"]["equity"] == {"paise": 5_009_750, "rupees": "50097.50"}
    assert body["account"]["charges"] == {"paise": 250, "rupees": "2.50"}
    assert body["freshness"]["age_seconds"] == 2
    assert body["freshness"]["as_of"] == "2026-01-05T03:45:03Z"
    [position] = body["positions"]
    assert (position["instrument"], position["quantity"]) == ("NSE:YESBANK", 100)
    assert position["price"]["paise"] == 9_600
    assert [each["strategy"] for each in body["strategies"]] == ["s"]
    assert len(body["equity_curve"]) == 1


async def test_the_list_of_portfolios_has_every_broker_also_without_an_account(world: World):
    await world.write_account()
    body = (await world.get("/api/v1/portfolios")).json()
    assert [(each["broker"], each["account"] is None) for each in body] == [("new", True), ("paper", False)]


async def test_a_halt_is_shown_until_it_ends(world: World):
    def change(data: TradingHalted | TradingResumed) -> None:
        world.control.apply(Event(id="x", event_time=START, data=data, key="k", correlation_id="x"))

    facts = {"scope": HaltScope.BROKER, "subject": "paper", "actor": "ada", "reason": "lunch"}
    change(TradingHalted(**facts))
    halts = (await world.get("/api/v1/portfolios/paper")).json()["halts"]
    assert halts == [{"source": "broker", "subject": "paper", "reason": "lunch", "actor": "ada"}]
    assert (await world.get("/api/v1/portfolios/new")).json()["halts"] == []
    change(TradingResumed(**facts))
    assert (await world.get("/api/v1/portfolios/paper")).json()["halts"] == []


async def test_a_strategy_shows_its_settings_and_its_result_on_each_broker(world: World):
    await world.write_account()
    [summary] = (await world.get("/api/v1/strategies")).json()
    assert (summary["name"], summary["instruments"], summary["state"]) == ("s", ["NSE:YESBANK"], "Running")
    detail = (await world.get("/api/v1/strategies/s")).json()
    assert detail["spec"]["signalTimeToLiveSeconds"] == 60
    [result] = detail["results"]
    assert (result["broker"], result["result"]["profit"]["paise"]) == ("paper", 9_750)


async def test_a_quarantined_strategy_says_why_until_it_changes(world: World):
    view = world.control.strategies[0]
    fact = StrategyQuarantined(
        strategy="s",
        uid=view.uid,
        generation=view.generation,
        kind=QuarantineKind.TIME,
        call="on_bar",
        instrument_token=1,
        reason="it was still at work after 300 ms",
        evidence="mine.py:3",
    )
    world.control.apply(Event(id="x", event_time=START, data=fact, key="s", correlation_id="x", causation_id="bar"))
    [summary] = (await world.get("/api/v1/strategies")).json()
    assert summary["state"] == "Quarantined"
    assert (summary["quarantine"]["kind"], summary["quarantine"]["cause"]) == ("time", "bar")
    assert summary["quarantine"]["reason"] == "it was still at work after 300 ms"
    world.control.apply(configured("s", spec(), uid="another"))
    [summary] = (await world.get("/api/v1/strategies")).json()
    assert (summary["state"], summary["quarantine"]) == ("Running", None)


async def test_a_deleted_resource_is_unknown(world: World):
    world.control.apply(configured("s", None))
    world.control.apply(broker("new", gone=True))
    assert (await world.get("/api/v1/strategies/s")).status_code == 404
    assert (await world.get("/api/v1/portfolios/new")).status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/api/v1/portfolios/live", 404, "no broker 'live'; known: new, paper"),
        ("/api/v1/strategies/x", 404, "no strategy 'x'; known: s"),
        ("/api/v1/orders?broker=live", 404, "no broker 'live'"),
        ("/api/v1/orders?status=lost", 422, "query.status: 'lost'"),
        ("/api/v1/orders?limit=0", 422, "query.limit: '0'"),
        ("/api/v1/orders?instrument=YESBANK", 422, "write EXCHANGE:SYMBOL"),
        ("/api/v1/orders?cursor=bm8", 422, "'bm8' is no cursor"),
        ("/api/v1/nothing", 404, "Not Found"),
    ],
)
async def test_a_mistake_is_a_problem_document(world: World, path: str, status: int, told: str):
    response = await world.get(path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status
    assert told in response.json()["detail"]


async def test_a_store_that_is_down_is_said_and_not_hidden(world: World):
    world.redis.down = world.pool.down = True
    for path in ("/api/v1/portfolios", "/api/v1/orders"):
        response = await world.get(path)
        assert response.status_code == 503
        assert "does not answer" in response.json()["detail"]
    health = await world.get("/health", token=None)
    assert health.status_code == 503
    assert health.json()["checks"] == {"control": "ok", "postgres": "does not answer", "redis": "does not answer"}


async def test_health_waits_for_the_control_topics(world: World):
    assert (await world.get("/health", token=None)).json()["status"] == "ok"
    world.control.complete = False
    assert (await world.get("/health", token=None)).status_code == 503


async def test_a_fault_of_ours_tells_nothing_of_the_inside(world: World):
    world.pool.rows = [order_row(filled_value_paise="not a number")]
    response = await world.get("/api/v1/orders")
    assert response.status_code == 500
    assert "not a number" not in response.text


async def test_an_order_is_shown_with_its_terms(world: World):
    world.pool.rows = [order_row()]
    [order] = (await world.get("/api/v1/orders")).json()["items"]
    assert order["filled_value"] == {"paise": 95_050, "rupees": "950.50"}
    assert (order["product"], order["instrument"], order["limit_price"]) == ("MIS", "NSE:YESBANK", None)


async def test_a_page_ends_with_where_the_next_begins(world: World):
    world.pool.rows = [order_row(), order_row()]
    page = (await world.get("/api/v1/orders", limit="1")).json()
    assert len(page["items"]) == 1
    assert decode_cursor(page["cursor"]) == Cursor(START, UUID(ORDER.order_id))
    await world.get("/api/v1/orders", cursor=page["cursor"], broker="paper", instrument="NSE:YESBANK", status="open")
    sql, values = world.pool.asked
    assert values == (101, "open", 3050241, START, UUID(ORDER.order_id), "paper")
    assert "o.status = $2 AND o.instrument_token = $3 AND (o.submitted_at, o.order_id) < ($4, $5)" in sql


async def test_a_signal_says_why_there_was_no_trade(world: World):
    rejected = SignalRejected(
        signal_id=SIGNAL_ID, signal=RAISED, code="cash", value="1", limit="2", message="not enough cash"
    )
    row = {
        "broker": "paper",
        "row_id": UUID(SIGNAL_ID),
        "row_time": START,
        "id": UUID(SIGNAL_ID),
        "strategy": "s",
        "instrument_token": 1,
        "event_time": START,
        "data": _json(RAISED),
    }
    world.pool.rows = [{**row, "verdict": "rejected", "verdict_data": _json(rejected)}]
    [signal] = (await world.get("/api/v1/signals", verdict="rejected")).json()["items"]
    assert (signal["verdict"]["code"], signal["verdict"]["message"]) == ("cash", "not enough cash")
    assert (signal["instrument"], signal["instrument_token"]) == (None, 1)
    world.pool.rows = [{**row, "verdict": None, "verdict_data": None}]
    assert (await world.get("/api/v1/signals")).json()["items"][0]["verdict"] is None


async def test_metrics_count_requests_by_route(world: World):
    await world.get("/api/v1/portfolios/live")
    text = (await world.get("/metrics", token=None)).text
    assert 'panda_api_requests_total{route="/api/v1/portfolios/{broker}",status="404"} 1.0' in text


async def test_openapi_describes_every_route_with_its_problems_and_the_token(world: World):
    described = (await world.get("/api/v1/openapi.json")).json()
    for path, operations in described["paths"].items():
        if path not in OPEN:
            for operation in operations.values():
                assert operation["security"] == [{"bearer": []}]
                assert operation["x-role"] in {"viewer", "trader", "admin"}
                assert operation["responses"]["401"]["content"].keys() == {"application/problem+json"}
    assert "Problem" in described["components"]["schemas"]
    assert described["components"]["schemas"]["Money"]["examples"]


def test_a_control_event_with_a_wrong_spec_leaves_the_view_as_it_was(world: World):
    before = world.control.strategies
    with pytest.raises(ValueError, match="instruments"):
        world.control.apply(configured("s", {"strategy": "momentum", "instruments": [{**YESBANK, "exchange": "?"}]}))
    assert world.control.strategies == before
