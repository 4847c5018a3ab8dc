"""What a trader does with the dashboard, done in a real browser on a platform that replays a real day."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from tests.support.waiting import until
from tests.ui.conftest import PASSWORD, PATIENCE_MILLISECONDS, Site, Window, log_in

pytestmark = [pytest.mark.ui, pytest.mark.timeout(900)]
expect.set_options(timeout=PATIENCE_MILLISECONDS)
PAGES = (
    "/brokers/paper",
    "/brokers/paper/strategies",
    "/brokers/paper/strategies/momentum",
    "/brokers/paper/orders",
    "/brokers/paper/risk",
    "/brokers/paper/performance",
    "/brokers/paper/alerts",
    "/brokers/paper/services",
    "/brokers/paper/logs",
    "/brokers/paper/settings",
)
TAGS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


def test_who_is_not_logged_in_comes_to_the_door_and_a_wrong_password_stays_there(site: Site, browser: Browser) -> None:
    context = browser.new_context()
    window = Window(context.new_page(), site.address)
    page = window.open("/brokers/paper/risk")
    expect(page).to_have_url(f"{site.address}/login?next=/brokers/paper/risk")
    log_in(window, password="wrong" + PASSWORD)
    expect(page.get_by_text("the name, the password or the code is wrong")).to_be_visible()
    assert context.cookies() == []
    context.close()


def test_logging_in_leads_to_where_one_wanted_and_the_cookie_is_out_of_reach_of_scripts(
    site: Site, browser: Browser
) -> None:
    context = browser.new_context()
    window = Window(context.new_page(), site.address)
    page = window.open("/brokers/paper/performance")
    page.get_by_label("Name", exact=True).fill("ana")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Performance")).to_be_visible()
    (cookie,) = context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert context.cookies() == []
    context.close()


def test_the_figures_move_while_the_day_is_replayed_without_anybody_reloading(site: Site, window: Window) -> None:
    page = window.open("/brokers/paper")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    first = page.locator(".age time").first.get_attribute("datetime")
    assert not site.ended(), "the replay was over before anybody looked: choose a slower one"
    expect(page.locator(".age time").first).not_to_have_attribute("datetime", first or "")
    assert window.wrong == []


def test_paper_is_unmistakable(site: Site, window: Window) -> None:
    until(site.ended, "the replay is over", seconds=600)
    page = window.open("/brokers/paper")
    expect(page.locator(".money")).to_have_text("PAPERmade-up money")
    assert page.locator("html").get_attribute("data-money") == "paper"


def test_the_overview_tells_the_day(window: Window) -> None:
    page = window.open("/brokers/paper")
    expect(page.get_by_role("heading", name="Trades of 09 Jul 2019")).to_contain_text("11")
    expect(page.locator(".figure", has_text="Win rate")).to_contain_text("18 %")
    expect(page.locator(".age")).to_contain_text("market closed")


def test_a_refused_signal_explains_itself(window: Window) -> None:
    page = window.open("/brokers/paper/strategies/momentum")
    row = page.locator("table.signals tbody tr", has_text="duplicate position").first
    row.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="The risk manager said refused")).to_be_visible()
    expect(page.get_by_text("Nothing was ordered.")).to_be_visible()
    expect(page.locator("main")).to_contain_text("duplicate position")
    assert window.wrong == []


def test_a_signal_that_traded_shows_its_orders_and_fills(window: Window) -> None:
    page = window.open("/brokers/paper/strategies/momentum")
    page.locator("table.signals tbody tr", has_text="passed").first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="The risk manager said passed")).to_be_visible()
    fills = page.locator(".story > li", has=page.get_by_role("heading", name="What was filled"))
    expect(fills.locator("tbody tr").first).to_be_visible()


def test_the_chart_shows_candles_and_every_curve_is_drawn(window: Window) -> None:
    page = window.open("/brokers/paper/strategies/momentum")
    expect(page.locator(".candles canvas").first).to_be_visible()
    data = page.evaluate("fetch(document.querySelector('.candles').dataset.source).then((answer) => answer.json())")
    assert len(data["candles"]) == 375
    assert {mark["side"] for mark in data["marks"]} == {"BUY", "SELL"}
    assert any(trade["stop"] for trade in data["trades"])
    page = window.open("/brokers/paper/performance")
    expect(page.locator("#curve canvas")).to_have_count(2)
    assert window.wrong == []


def test_one_click_halts_and_a_reason_resumes(window: Window) -> None:
    page = window.open("/brokers/paper/risk")
    expect(page.locator(".safety .state")).to_have_text("Trading")
    page.get_by_role("button", name="Halt paper").click()
    expect(page.locator(".safety .state")).to_have_text("Halted")
    expect(page.locator(".safety")).to_contain_text("by ana: pressed on the dashboard")
    page.get_by_role("button", name="Resume…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("broker paper")
    dialog.get_by_label("Why it is safe again").fill("it was a drill")
    dialog.get_by_role("button", name="Resume").click()
    expect(page.locator(".safety .state")).not_to_have_text("Halted")
    expect(page.get_by_role("button", name="Resume…")).to_have_count(0)
    assert window.wrong == []


def test_a_halt_is_an_alert_that_somebody_acknowledges_and_that_is_over_with_its_end(window: Window) -> None:
    page = window.open("/brokers/paper/alerts")
    page.get_by_role("button", name="Halt paper").click()
    told = "Trading is halted: broker paper"
    waiting, taken, over = (page.get_by_role("region", name=name) for name in ("Open", "Acknowledged", "Over"))
    waiting.get_by_role("button", name=f"Acknowledge: {told}").click()
    expect(taken.locator("tbody tr", has_text=told)).to_contain_text("ana")
    expect(waiting.get_by_text(told)).to_have_count(0)
    page = window.open("/brokers/paper/risk")
    page.get_by_role("button", name="Resume…").click()
    page.get_by_label("Why it is safe again").fill("it was a drill")
    page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    expect(page.locator(".safety .state")).not_to_have_text("Halted")
    page = window.open("/brokers/paper/alerts")
    expect(over.locator("tbody tr", has_text=told).first).to_be_visible()
    expect(taken.get_by_text(told)).to_have_count(0)
    assert window.wrong == []


def test_the_theme_is_switched_and_kept(window: Window) -> None:
    page = window.open("/brokers/paper")
    before = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != before
    page.reload()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != before


def test_the_first_key_skips_to_the_content(window: Window) -> None:
    page = window.open("/brokers/paper")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_no_page_tells_a_secret(site: Site, window: Window) -> None:
    secrets = {path.read_text().strip() for path in (site.panda.data_dir / "secrets").rglob("*") if path.is_file()}
    assert secrets
    for path in PAGES:
        text = window.open(path).content()
        assert not [each for each in secrets if each in text]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/login", *PAGES])
def test_a_page_shuts_nobody_out_and_fits_phone_and_desk(
    site: Site, browser: Browser, session: Path, path: str, scheme: str
) -> None:
    state = None if path == "/login" else session
    context = browser.new_context(storage_state=state, color_scheme="dark" if scheme == "dark" else "light")
    window = Window(context.new_page(), site.address)
    for size in (DESK, PHONE):
        window.page.set_viewport_size({"width": size["width"], "height": size["height"]})
        page = window.open(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways at {size}"
        found = Axe().run(page, options=TAGS)
        assert found.violations_count == 0, found.generate_report()
    assert window.wrong == []
    context.close()
