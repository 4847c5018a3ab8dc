"""Who may halt and resume trading, and who may see it, by the plan."""

from tests.unit.topology.stored_resources import MASTER_SECRET, paper, strategy
from tests.unit.topology.test_topology_plan import made, rights

from alpha_panda.events.topics import AUDIT_EVENTS, CONTROL, CONTROL_TRADING
from alpha_panda.topology.operations import operations_password
from alpha_panda.topology.settings import PlatformSettings


def test_every_risk_manager_reads_the_kill_switch_and_only_operations_writes_it() -> None:
    users = {each.name: each.rules for each in made(paper("a"), paper("b")).redis_users}
    switch = ["~alpha_panda:ops:trading_enabled", "~alpha_panda:ops:halts"]
    for name in ("a.risk-manager", "b.risk-manager"):
        assert [rule for rule in users[name] if rule.startswith("~")] == switch
    counted = "~alpha_panda:access:*"
    assert [rule for rule in users["operations"] if rule.startswith("~")] == [*switch, counted]
    assert users["a.risk-manager"] == users["b.risk-manager"]
    allowed = {rule for rule in users["a.risk-manager"] if rule.startswith("+")}
    assert allowed == {"+get", "+hgetall", "+@connection"}
    assert {"+set", "+del", "+hset", "+hdel"} < set(users["operations"])


def test_only_operations_may_say_that_trading_is_halted_or_resumed() -> None:
    planned = made(paper(), strategy("mo"))
    users = {user.name: rights(planned, user.name) for user in planned.kafka_users}
    assert [name for name, may in users.items() if "WRITE" in may.get(CONTROL_TRADING.name, ())] == ["operations"]
    operations = users["operations"]
    assert {name for name, may in operations.items() if "WRITE" in may} == {CONTROL_TRADING.name, AUDIT_EVENTS.name}
    assert set(operations) == {*(topic.name for topic in CONTROL), AUDIT_EVENTS.name, "kafka-cluster"}


def test_the_password_of_operations_is_the_one_in_the_plan() -> None:
    for settings in (PlatformSettings(), PlatformSettings(prefix="second_", secret_generation=2)):
        planned = made(paper(), **settings.model_dump(exclude_unset=True))
        password = operations_password(MASTER_SECRET, settings)
        name = f"{settings.prefix}operations"
        users = (*planned.kafka_users, *planned.redis_users)
        assert [user.password for user in users if user.name == name] == [password, password]
