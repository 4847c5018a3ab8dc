"""Who may do what in Redis and PostgreSQL, by the plan."""

from tests.unit.topology.stored_resources import MASTER_SECRET, paper

from alpha_panda.resources.stored import StoredResource
from alpha_panda.topology.model import Plan
from alpha_panda.topology.names import OPERATIONS, halts_key, trading_switch
from alpha_panda.topology.planner import plan
from alpha_panda.topology.settings import PlatformSettings


def made(*resources: StoredResource) -> Plan:
    return plan(resources, PlatformSettings(), MASTER_SECRET)


def test_redis_is_for_the_portfolio_to_write_and_for_who_tells_people_to_read() -> None:
    users = {each.name: each.rules for each in made(paper("a"), paper("b")).redis_users}
    of_broker = ("paper-trading", "portfolio", "risk-manager")
    assert sorted(users) == sorted(
        [*(f"{b}.{each}" for b in "ab" for each in of_broker), "api", "notifier", OPERATIONS]
    )
    switch = [trading_switch(""), halts_key("")]
    for asks in ("a.risk-manager", "a.paper-trading"):
        assert [rule for rule in users[asks] if rule.startswith("~")] == [f"~{key}" for key in switch]
    assert [rule for rule in users["a.portfolio"] if rule.startswith("~")] == ["~a:*"]
    for tells in ("api", "notifier"):
        assert [rule for rule in users[tells] if rule.startswith("~")] == ["~a:*", "~b:*"]
        assert "+@write" not in users[tells]
    assert "+@write" in users["a.portfolio"]
    for rules in users.values():
        assert {"resetkeys", "resetchannels", "-@all", "-@admin", "-@dangerous", "-scan"} <= set(rules)
        assert not {"allkeys", "~*", "+@all"} & set(rules)


def test_the_ledger_can_be_added_to_and_never_changed() -> None:
    grants = [grant for role in made(paper()).postgres_roles for grant in role.grants if grant.table == "ledger"]
    assert {grant.privileges for grant in grants} == {("SELECT",), ("SELECT", "INSERT")}


def test_roles_are_names_that_sql_reads_as_one_word() -> None:
    names = [role.name for role in made(paper("my-desk")).postgres_roles]
    assert "my_desk_risk_manager" in names
    assert all(name.replace("_", "a").isalpha() for name in names)
