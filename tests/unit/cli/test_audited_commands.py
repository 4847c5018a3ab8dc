"""Whatever a command changes is recorded: who, what, before and after; what changes nothing is not."""

from __future__ import annotations

from tests.unit.cli.desk import BROKER, STRATEGY, Deeds, Panda, applied, write

from alpha_panda.events.audit import Action


def told(deeds: Deeds) -> list[tuple[Action, str, bool, bool]]:
    return [(each.action, each.subject, each.before is not None, each.after is not None) for each in deeds.done]


def test_applying_records_each_resource_that_it_changes_with_before_and_after(panda: Panda, deeds: Deeds) -> None:
    applied(panda)
    assert told(deeds) == [
        (Action.APPLY, "Broker paper", False, True),
        (Action.APPLY, "Strategy momentum", False, True),
    ]
    assert {each.actor for each in deeds.done} == {"asha"}
    deeds.done.clear()
    changed = write("desk.yaml", f"{BROKER}---\n{STRATEGY}  state: Paused\n")
    assert panda("apply", "-f", changed).code == 0
    (paused,) = deeds.done
    assert paused.before is not None
    assert paused.after is not None
    assert (paused.subject, paused.before.get("state"), paused.after["state"]) == ("Strategy momentum", None, "Paused")


def test_what_changes_nothing_is_not_recorded(panda: Panda, deeds: Deeds) -> None:
    applied(panda)
    deeds.done.clear()
    applied(panda)
    assert panda("apply", "--dry-run", "-f", write("desk.yaml", BROKER)).code == 0
    assert panda("get", "all").code == 0
    assert deeds.done == []


def test_deleting_records_what_was_there_also_where_another_name_was_not(panda: Panda, deeds: Deeds) -> None:
    applied(panda)
    deeds.done.clear()
    assert panda("delete", "strategy", "momentum", "unknown").code == 1
    assert told(deeds) == [(Action.DELETE, "Strategy momentum", True, False)]
