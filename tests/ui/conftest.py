"""A platform that replays a real day, a user of its own, and Debian's chromium to look at it with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.integration.panda_command import ROOT, Panda
from tests.support.waiting import until

EXAMPLES = ROOT / "examples"
DAY = EXAMPLES / "market"
SPEED = "240"
"""The day in a minute and a half: long enough to watch it, and to log in meanwhile."""
NAME, PASSWORD = "ana", "correct horse battery staple"
PATIENCE_MILLISECONDS = 60_000


@dataclass(frozen=True)
class Site:
    """A platform and where its dashboard is."""

    panda: Panda
    address: str

    def ended(self) -> bool:
        """Whether the replay is over and every service is past it."""
        services = self.panda.json("status", check=False)
        tasks = [each for each in services if each["finished"] is not None and each["epoch"] is not None]
        return bool(tasks) and all(each["finished"] for each in tasks)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    panda = Panda(tmp_path_factory.mktemp("ui") / "data")
    try:
        yield open_site(panda, "up", "-f", str(EXAMPLES), "--replay", str(DAY), "--speed", SPEED)
    finally:
        panda.reset()


def open_site(panda: Panda, *up: str) -> Site:
    """Start a platform by these words and make the user."""
    panda.run(*up, timeout=600)
    port = json.loads((panda.data_dir / "ports.json").read_text())["api"]
    found = Site(panda, f"http://127.0.0.1:{port}")
    token = (panda.data_dir / "secrets" / "api-token").read_text().strip()
    until(lambda: answers(found.address), "the API answers")
    made = httpx.post(
        f"{found.address}/api/v1/users",
        headers={"Authorization": f"Bearer {token}"},
        json={"name": NAME, "password": PASSWORD, "role": "trader"},
        timeout=60,
    )
    assert made.status_code == 201, made.text
    return found


def answers(address: str) -> bool:
    """Whether somebody serves there."""
    try:
        return httpx.get(f"{address}/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program is not None, "no chromium on PATH: apt-get install -y chromium"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield found
        found.close()


class Window:
    """A page of a browser that notes what goes wrong in it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.wrong: list[str] = []
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        page.on("console", lambda message: message.type in {"error", "warning"} and self.wrong.append(message.text))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path, wait_until="load")
        return self.page


def log_in(window: Window, name: str = NAME, password: str = PASSWORD) -> None:
    page = window.open("/login")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


@pytest.fixture(scope="module")
def session(site: Site, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the cookie of somebody who logged in."""
    kept = tmp_path_factory.mktemp("session") / "state.json"
    context = browser.new_context()
    window = Window(context.new_page(), site.address)
    log_in(window)
    window.page.wait_for_url("**/brokers/paper")
    context.storage_state(path=kept)
    context.close()
    return kept


@pytest.fixture
def context(browser: Browser, session: Path) -> Iterator[BrowserContext]:
    found = browser.new_context(storage_state=session, viewport={"width": 1440, "height": 900})
    yield found
    found.close()


@pytest.fixture
def window(context: BrowserContext, site: Site) -> Window:
    return Window(context.new_page(), site.address)
