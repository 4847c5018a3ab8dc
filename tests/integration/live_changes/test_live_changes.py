"""Applying, changing or deleting a resource changes running services soon, and restarts no process for it."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from tests.integration.live_changes.conftest import YESBANK, Desk, broker, strategy, wait_for
from tests.integration.panda_command import ROOT
from tests.support.receivers import posts, silence

from alpha_panda.events.signals import Intent
from alpha_panda.events.topics import ORDERS_FILLED

pytestmark = pytest.mark.operations
_log = logging.getLogger(__name__)
NOT_FOUND = 404
NEVER = 1_000_000
"""Ticks that no test lives to see."""
TRIES = 5
SOON = timedelta(seconds=2)
"""What a change may take on a machine that is not overloaded; `--log-cli-level INFO` shows what each took."""
FILLS = 20
STARVED = 10
"""A machine that runs other suites too is given so many times as long: what happens is tested here, not speed."""


def took(what: str, changed: datetime, seen: datetime) -> None:
    """Tell how long a change took, and fail where it took longer than any load explains."""
    _log.info("%s: %.2f s", what, (seen - changed).total_seconds())
    assert seen - changed <= STARVED * SOON, what


def test_a_strategy_is_started_changed_paused_stopped_and_deleted_while_the_market_runs(desk: Desk) -> None:
    """Each change is seen in its entries soon after, the API tells it, and no process is restarted for it."""
    pids = desk.pids()
    applied = desk.apply(strategy("busy"))
    took("new strategy, first entry", applied, desk.first_entry("busy", applied))
    silences = (
        ("parameters changed, last entry", strategy("busy", every=NEVER)),
        ("Paused, last entry", strategy("busy", state="Paused")),
        ("Stopped, last entry", strategy("busy", state="Stopped")),
    )
    for what, silent in silences:
        changed = desk.apply(silent)
        took(what, changed, desk.last_entry("busy", changed))
        resumed = desk.apply(strategy("busy"))
        took("Running again, first entry", resumed, desk.first_entry("busy", resumed))

    found = desk.api("/api/v1/strategies/busy").json()
    assert (found["state"], found["generation"]) == ("Running", 7)
    deleted = desk.delete("strategy", "busy")
    took("deleted, last entry", deleted, desk.last_entry("busy", deleted))
    wait_for(lambda: desk.api("/api/v1/strategies/busy").status_code == NOT_FOUND, "the API no longer knows it")
    assert desk.pids() == pids


@pytest.mark.long
def test_channels_that_hang_delay_no_fill_and_no_other_channel(desk: Desk) -> None:
    """A mail server and a webhook that take the connection and never answer, beside a webhook that does."""
    with silence() as mail, silence() as hook, posts() as heard:
        channels = {
            "mail": f"mailto://127.0.0.1:{mail.port}/?smtp=127.0.0.1&mode=insecure&from=a@example.org&to=b@example.org",
            "hook": f"json://127.0.0.1:{hook.port}/",
            "heard": f"{heard.url.replace('http', 'json')}/",
        }
        for name, address in channels.items():
            desk.panda.run("notify", "add", name, "--url-from", "-", stdin=address)
        desk.apply(strategy("told", every=8))
        wait_for(lambda: bool(mail.taken and hook.taken), "both that hang are being told of a fill")
        hung = datetime.now(UTC)
        fills = ORDERS_FILLED.full_name("paper")
        wait_for(lambda: len(desk.events(fills, hung)) >= FILLS, f"{FILLS} fills while both hang")
        wait_for(lambda: bool(heard.taken), "the third is told of fills meanwhile")
        told = {each["name"]: each["sent"] for each in desk.panda.json("notify", "list")}
        assert (told["mail"], told["hook"], told["heard"] > 0) == (0, 0, True)
        desk.delete("strategy", "told")
        for name in channels:
            desk.panda.run("notify", "remove", name)


def test_a_halted_broker_refuses_entries_and_lets_exits_pass(desk: Desk) -> None:
    """`halted: true` on the Broker while positions are open: entries are refused for it, exits pass."""
    hold_positions(desk)
    halted = desk.apply(broker("paper", halted=True))
    desk.apply(strategy("trader"))  # it leaves what it holds perhaps before the command has come back
    wait_for(lambda: bool(desk.refused(halted, "trading_halted")), "an entry refused by the halt")
    wait_for(lambda: Intent.EXIT in desk.validated(halted), "an exit that passes")
    assert {event.data.signal.intent for _, event in desk.refused(halted, "trading_halted")} == {Intent.ENTER}
    assert Intent.ENTER not in desk.validated(halted)
    released = desk.apply(broker("paper"))
    wait_for(lambda: Intent.ENTER in desk.validated(released), "an entry after the release")
    desk.delete("strategy", "trader")


def hold_positions(desk: Desk) -> None:
    """Fall silent with positions open: a strategy that enters and leaves all the time may just have left them all."""
    for _ in range(TRIES):
        applied = desk.apply(strategy("trader"))
        wait_for(lambda: bool(desk.holds(applied)), "an open position")  # noqa: B023 - asked before the next turn
        silenced = desk.apply(strategy("trader", every=NEVER))
        desk.last_entry("trader", silenced)
        if desk.holds(applied):
            return
    raise AssertionError(f"{TRIES} times no position was left to exit")


@pytest.mark.long
def test_a_broker_joins_a_replay_in_its_middle_and_another_leaves_it(replaying: Desk) -> None:
    """The new one starts in its first epoch, the other stops; the replay drains and its books balance."""
    desk = replaying
    wait_for(lambda: desk.epoch("market-feed") > 20, "twenty epochs")
    told = ("history", "notifier")
    shared = {name: pid for name, pid in desk.pids().items() if not name.startswith("paper.") and name not in told}
    desk.apply(broker("second"), strategy("late", every=8, listed=(YESBANK,), brokers=["second"]))
    wait_for(lambda: desk.epoch("second.portfolio") > 20, "the new Broker is in step")
    assert desk.api("/api/v1/portfolios/second").status_code == 200
    desk.delete("broker", "paper")
    wait_for(lambda: not any(name.startswith("paper.") for name in desk.pids()), "the deleted Broker's services stop")
    gone_at = desk.epoch("market-feed")
    assert {name: pid for name, pid in desk.pids().items() if name in shared} == shared

    report = desk.panda.json("up", "--replay", str(ROOT / "examples" / "market"), "--speed", "200", "--wait")
    assert 20 < gone_at < 376, "the Broker was deleted in the middle of the replay"
    second = next(each for each in report["brokers"] if each["broker"] == "second")
    assert second["fills"]
    assert {each["name"]: (each["restarts"], each["epoch"]) for each in report["services"] if each["epoch"]} == {
        each["name"]: (0, 376) for each in report["services"] if each["epoch"]
    }
    findings = {each["invariant"]: each for each in desk.panda.json("verify", check=False)}
    assert {name: each for name, each in findings.items() if each["verdict"] == "FAIL"} == {}
