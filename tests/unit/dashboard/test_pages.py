"""The pages over stores in memory: who may see them, what they send, and what they survive."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs
from tests.unit.api.fakes import NOW, World
from tests.unit.strategy_runner.scripted import YESBANK, configured

from alpha_panda.dashboard.site import dashboard_routes, own_path
from alpha_panda.domain.alert_watch import of_letters
from alpha_panda.domain.alerts import raised

ACCOUNT_PAGES = ["", "/strategies", "/strategies/s", "/orders", "/risk", "/performance", "/alerts", "/settings"]


@pytest.fixture
async def world() -> World:
    found = World(dashboard_routes)
    await found.write_account()
    return found


@pytest.mark.parametrize("end", ACCOUNT_PAGES)
async def test_every_page_is_shown_with_an_account_and_without_one(world: World, end: str) -> None:
    for broker in ("paper", "new"):
        answer = await world.get(f"/brokers/{broker}{end}")
        assert answer.status_code == 200, answer.text
        assert '<html lang="en" data-money="paper"' in answer.text


@pytest.mark.parametrize("end", ACCOUNT_PAGES)
async def test_no_page_is_shown_to_whoever_is_not_logged_in(world: World, end: str) -> None:
    answer = await world.get(f"/brokers/paper{end}", token=None)
    assert answer.status_code == 401


async def test_pages_allow_no_script_and_no_style_but_our_files(world: World) -> None:
    answer = await world.get("/brokers/paper")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    assert " style=" not in answer.text
    assert "<script>" not in answer.text
    assert " onclick" not in answer.text


async def test_the_first_page_leads_to_the_first_broker(world: World) -> None:
    assert (await world.get("/")).headers["location"] == "/brokers/new"


async def test_everybody_may_see_the_door_and_the_files(world: World) -> None:
    door = await world.get("/login", token=None)
    assert "Log in" in door.text
    style = await world.get("/static/panda.css", token=None, v="1")
    assert "immutable" in style.headers["cache-control"]


async def test_an_unknown_broker_is_told_on_a_page(world: World) -> None:
    answer = await world.get("/brokers/nobody/risk")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "no broker &#39;nobody&#39;" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/brokers/paper/signals/01a1f71c-7600-72a1-abe0-e190e49f480f",
        "/brokers/paper/signals/x",
        "/brokers/paper/strategies/none",
    ],
)
async def test_what_is_not_there_is_told_on_a_page(world: World, path: str) -> None:
    answer = await world.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_strategy_with_markup_for_a_name_is_inert(world: World) -> None:
    world.control.apply(configured("<script>alert(1)</script>", {"strategy": "momentum", "instruments": [YESBANK]}))
    for page in ("strategies", "settings"):
        answer = await world.get(f"/brokers/paper/{page}")
        assert "&lt;script&gt;alert" in answer.text
        assert "<script>alert" not in answer.text


def an_alert(**changes: object) -> dict[str, Any]:
    change = of_letters("some topic", 2, NOW)
    step = raised(None, change)
    assert step is not None
    shown = {"written_at": NOW, "acknowledged_at": None, "acknowledged_by": None}
    return structs.asdict(step.alert) | shown | changes


async def test_an_open_alert_is_acknowledged_with_one_button(world: World) -> None:
    world.pool.rows = [an_alert(id="01a1f71c-7600-72a1-abe0-e190e49f480f", title="<b>bold</b>")]
    answer = await world.get("/brokers/paper/alerts", priority="high")
    assert 'data-api="/api/v1/alerts/01a1f71c-7600-72a1-abe0-e190e49f480f/acknowledgement"' in answer.text
    assert "&lt;b&gt;bold" in answer.text
    assert "<b>bold" not in answer.text


@pytest.mark.parametrize("query", [{"priority": "dreadful"}, {"before": "nonsense"}])
async def test_a_filter_that_makes_no_sense_is_told_on_a_page(world: World, query: dict[str, str]) -> None:
    answer = await world.get("/brokers/paper/alerts", **query)
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_store_that_is_away_is_told_on_a_page(world: World) -> None:
    world.redis.down = True
    answer = await world.get("/brokers/paper")
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("wanted", ["https://elsewhere", "//elsewhere", "/\\elsewhere", "x", None])
def test_logging_in_leads_to_no_other_site(wanted: str | None) -> None:
    assert own_path(wanted) == "/"
    assert own_path("/brokers/paper/risk") == "/brokers/paper/risk"
