"""What a plan holds: topics, rights, tasks, credentials, and what resources cannot have."""

import pytest
from pydantic import ValidationError
from tests.unit.topology.stored_resources import MASTER_SECRET, paper, strategy, zerodha

from alpha_panda.errors import InputError
from alpha_panda.events.topics import (
    BARS,
    BROKER_EPOCHS,
    CONTROL_TRADING,
    MARKET_EPOCHS,
    ORDERS_FILLED,
    PNL_SNAPSHOTS,
    SIGNALS_RAW,
    TICKS,
    dead_letter_topic,
)
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.strategy import StrategyState
from alpha_panda.topology.credentials import derive
from alpha_panda.topology.model import Plan, ServicePlan, TopicPlan
from alpha_panda.topology.planner import plan
from alpha_panda.topology.settings import PlatformSettings, TopicOverlay

POOL_AND_SHARED = ["api", "bar-builder", "history", "market-feed", "notifier", "strategy-runner"]


def made(*resources: StoredResource, **settings: object) -> Plan:
    return plan(resources, PlatformSettings.model_validate(settings), MASTER_SECRET)


def service(planned: Plan, name: str) -> ServicePlan:
    return next(each for each in planned.services if each.name == name)


def topic(planned: Plan, name: str) -> TopicPlan:
    return next(each for each in planned.topics if each.name == name)


def rights(planned: Plan, user: str) -> dict[str, tuple[str, ...]]:
    return {acl.name: acl.operations for each in planned.kafka_users if each.name == user for acl in each.acls}


def reasons(planned: Plan) -> list[tuple[str, str]]:
    return [(conflict.name, conflict.reason) for conflict in planned.conflicts]


def test_without_resources_the_shared_services_are_there() -> None:
    planned = made()
    assert [each.name for each in planned.services] == POOL_AND_SHARED
    assert [each.name for each in planned.postgres_schemas] == ["market", "platform"]
    assert planned.conflicts == ()


def test_a_paper_broker_gets_its_risk_manager_market_and_portfolio() -> None:
    planned = made(paper("desk"))
    own = [each for each in planned.services if each.broker == "desk"]
    assert [each.name for each in own] == ["desk.paper-trading", "desk.portfolio", "desk.risk-manager"]
    assert all(each.one_writer for each in own)
    assert own[0].group == "alpha-panda.paper-trading.desk"
    assert own[0].principal == "desk.paper-trading"
    assert own[0].settings == {"PANDA_SERVICE__BROKER": "desk", "PANDA_SERVICE__NAME": "desk.paper-trading"}


def test_a_zerodha_broker_gets_its_risk_manager_trading_and_portfolio_and_nobody_elses() -> None:
    planned = made(zerodha())
    own = ["zerodha.portfolio", "zerodha.risk-manager", "zerodha.zerodha-trading"]
    assert [each.name for each in planned.services if each.broker] == own


def test_only_what_trades_at_the_exchange_and_the_feed_may_read_its_login() -> None:
    planned = made(paper(), zerodha())
    readers = {
        role.name for role in planned.postgres_roles if any(grant.table == "kite_session" for grant in role.grants)
    }
    assert readers == {"market_feed", "zerodha_zerodha_trading"}


def test_a_strategy_runs_in_the_pool_unless_it_brings_an_image() -> None:
    planned = made(paper(), strategy("a"), strategy("b", image="example.org/b:1"))
    runners = {each.name: each.runner for each in planned.strategies}
    assert runners == {"a": "strategy-runner", "b": "strategy-runner-b"}
    own = service(planned, "strategy-runner-b")
    assert (own.image, own.group) == ("example.org/b:1", "alpha-panda.strategy-runner-b")
    assert own.settings["PANDA_SERVICE__STRATEGY"] == "b"


def test_a_stopped_strategy_has_no_runner() -> None:
    planned = made(paper(), strategy("b", image="example.org/b:1", state=StrategyState.STOPPED))
    assert [(each.name, each.runner) for each in planned.strategies] == [("b", None)]
    assert "strategy-runner-b" not in [each.name for each in planned.services]


def test_a_runner_of_its_own_reaches_only_its_strategys_brokers() -> None:
    planned = made(paper("one"), paper("two"), strategy("b", "one", image="example.org/b:1"))
    assert SIGNALS_RAW.full_name("one") in rights(planned, "strategy-runner-b")
    assert SIGNALS_RAW.full_name("two") not in rights(planned, "strategy-runner-b")
    assert SIGNALS_RAW.full_name("two") in rights(planned, "strategy-runner")


def test_tasks_wait_for_the_tasks_that_feed_their_partitions() -> None:
    planned = made(paper("one"), zerodha(), strategy("b", "one", image="example.org/b:1"), partitions=2)
    tasks = {task.name: task for each in planned.services for task in each.tasks}
    assert tasks["bar-builder/1"].partitions == (1,)
    assert tasks["bar-builder/1"].upstream == ("market-feed",)
    assert tasks["strategy-runner/1"].upstream == ("bar-builder/1", "market-feed")
    assert tasks["one.risk-manager"].partitions == (0, 1)
    assert tasks["one.risk-manager"].upstream == (
        "market-feed",
        "one.paper-trading",
        "strategy-runner/0",
        "strategy-runner/1",
        "strategy-runner-b/0",
        "strategy-runner-b/1",
    )
    assert tasks["zerodha.risk-manager"].upstream == ("market-feed", "strategy-runner/0", "strategy-runner/1")
    assert tasks["one.paper-trading"].upstream == ("market-feed",)
    assert tasks["one.paper-trading"].upstream_previous == ("one.risk-manager",)
    assert tasks["market-feed"].upstream_previous == ("one.paper-trading",)
    assert tasks["one.portfolio"].upstream == ("market-feed", "one.paper-trading")
    assert tasks["history"].upstream == ()


def test_every_pipeline_topic_has_the_same_partitions_and_single_ones_have_one() -> None:
    planned = made(paper(), partitions=4, partition_multiplier=2)
    assert topic(planned, TICKS.name).partitions == 8
    assert topic(planned, ORDERS_FILLED.full_name("paper")).partitions == 8
    assert topic(planned, MARKET_EPOCHS.name).partitions == 1
    assert topic(planned, dead_letter_topic(TICKS.name)).partitions == 1
    assert len(service(planned, "bar-builder").tasks) == 8


def test_a_topics_config_follows_the_table() -> None:
    planned = made(paper(), replication=3, min_insync_replicas=2)
    common = {"max.message.bytes": "1048576", "min.insync.replicas": "2"}
    assert topic(planned, BARS.name).config == common | {"cleanup.policy": "delete", "retention.ms": "2592000000"}
    assert topic(planned, ORDERS_FILLED.full_name("paper")).config == common | {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
    }
    assert topic(planned, PNL_SNAPSHOTS.full_name("paper")).config == common | {"cleanup.policy": "compact"}
    letters = topic(planned, dead_letter_topic(TICKS.name, "paper"))
    assert (letters.name, letters.replication) == (f"paper.{dead_letter_topic(TICKS.name)}", 3)
    assert letters.config["max.message.bytes"] == str(1024 * 1024 + 64 * 1024)
    assert letters.config["retention.ms"] == "-1"


def test_an_overlay_changes_one_topic_for_all_brokers() -> None:
    overlay = TopicOverlay(replication=2, retention_days=7)
    planned = made(paper("one"), paper("two"), topics={SIGNALS_RAW.name: overlay})
    for name in ("one", "two"):
        changed = topic(planned, SIGNALS_RAW.full_name(name))
        assert (changed.replication, changed.config["retention.ms"]) == (2, "604800000")
    assert topic(planned, BARS.name).replication == 1


def test_rights_are_exact_names_and_no_more_than_the_row_says() -> None:
    planned = made(paper("desk"), paper("desk2"))
    risk = rights(planned, "desk.risk-manager")
    assert risk[TICKS.name] == ("DESCRIBE", "READ")
    assert risk[BROKER_EPOCHS.full_name("desk")] == ("DESCRIBE", "READ", "WRITE")
    assert risk[dead_letter_topic(TICKS.name, "desk")] == ("DESCRIBE", "READ", "WRITE")
    assert dead_letter_topic(TICKS.name) not in risk
    assert risk["alpha-panda.risk-manager.desk"] == ("DESCRIBE", "READ")
    assert risk["kafka-cluster"] == ("IDEMPOTENT_WRITE",)
    assert all(acl.pattern == "literal" for user in planned.kafka_users for acl in user.acls)
    assert rights(planned, "market-feed")[TICKS.name] == ("DESCRIBE", "READ", "WRITE")
    assert rights(planned, "market-feed")[dead_letter_topic(TICKS.name)] == ("DESCRIBE", "READ", "WRITE")
    assert rights(planned, "history")[TICKS.name] == ("DESCRIBE", "READ")
    assert rights(planned, "api")[CONTROL_TRADING.name] == ("DESCRIBE", "READ")


def test_of_two_brokers_of_one_name_the_older_wins_and_the_other_says_so() -> None:
    planned = made(paper("desk", age=5, namespace="a-late"), paper("desk", age=2, namespace="early"))
    assert [(each.name, each.uid) for each in planned.brokers] == [("desk", "Broker-early-desk")]
    (conflict,) = planned.conflicts
    assert (conflict.kind, conflict.namespace, conflict.reason) == ("Broker", "a-late", "NameTaken")
    assert str(conflict) == (
        "Broker desk of namespace a-late cannot have the Broker name desk: Broker desk of namespace early "
        "has held it since 2026-01-05T03:45:02+00:00; rename or delete one of them"
    )


def test_of_two_resources_of_one_second_the_lower_uid_wins() -> None:
    planned = made(paper("desk", namespace="b"), paper("desk", namespace="a"))
    assert planned.brokers[0].uid == "Broker-a-desk"


def test_names_that_would_be_one_database_role_conflict() -> None:
    planned = made(paper("strategy-runner"), strategy("portfolio", "strategy-runner", image="example.org/x:1", age=1))
    assert reasons(planned) == [("portfolio", "NameTaken")]
    assert "role strategy_runner_portfolio" in planned.conflicts[0].message
    assert len({role.name for role in planned.postgres_roles}) == len(planned.postgres_roles)


def test_a_strategy_that_names_a_missing_broker_runs_on_the_others() -> None:
    planned = made(paper(), strategy("s", "paper", "nowhere"))
    assert planned.strategies[0].brokers == ("paper",)
    assert reasons(planned) == [("s", "UnknownBroker")]
    assert "Broker nowhere, which does not exist; there are: paper" in planned.conflicts[0].message


def test_a_paper_strategy_never_reaches_a_live_broker() -> None:
    planned = made(paper(), zerodha(live=True), strategy("s", "paper", "zerodha", image="example.org/s:1"))
    assert planned.strategies[0].brokers == ("paper",)
    assert reasons(planned) == [("s", "LiveBroker")]
    assert not [name for name in rights(planned, "strategy-runner-s") if name.startswith("zerodha.")]


def test_a_live_strategy_reaches_a_live_broker_and_a_paper_one_a_broker_that_is_not_live() -> None:
    planned = made(zerodha(live=True), strategy("s", "zerodha", live=True))
    assert planned.strategies[0].brokers == ("zerodha",)
    assert made(zerodha(), strategy("s", "zerodha")).strategies[0].brokers == ("zerodha",)


def test_a_strategy_without_any_broker_left_is_not_run() -> None:
    planned = made(strategy("s", "nowhere", image="example.org/s:1"))
    assert planned.strategies == ()
    assert reasons(planned) == [("s", "NoBroker"), ("s", "UnknownBroker")]
    assert [each.name for each in planned.services] == POOL_AND_SHARED


def test_a_resource_that_breaks_a_rule_comes_to_nothing_and_takes_no_name() -> None:
    planned = made(paper("market"), paper("pgdesk"))
    assert planned.brokers == ()
    assert reasons(planned) == [("market", "Invalid"), ("pgdesk", "Invalid")]
    assert "metadata.name: is reserved" in planned.conflicts[0].message


def test_an_installation_with_a_prefix_shares_no_name_with_one_without() -> None:
    plain, second = made(paper()), made(paper(), prefix="second_")
    for part in ("topics", "kafka_users", "redis_users", "postgres_roles"):
        assert not {each.name for each in getattr(plain, part)} & {each.name for each in getattr(second, part)}
    assert not {each.group for each in plain.services} & {each.group for each in second.services}
    assert [each.name for each in plain.services] == [each.name for each in second.services]
    assert dead_letter_topic(f"second_{TICKS.name}", "paper", "second_") in {each.name for each in second.topics}


def test_passwords_are_derived_so_that_a_plan_never_makes_up_another() -> None:
    first, again = made(paper()), made(paper())
    assert first == again
    newer = made(paper(), secret_generation=2)
    passwords = [user.password for each in (first, newer) for user in each.kafka_users]
    assert len(set(passwords)) == len(passwords)
    assert first.kafka_users[0].password == derive(MASTER_SECRET, first.kafka_users[0].name, 1)


def test_a_derived_password_is_a_stated_function_of_its_inputs() -> None:
    password = derive(b"0" * 32, "paper.portfolio", 1)
    assert password == "0CFRQ7CF67vJlBmearssHhDY55Psf-_hZS4gdxbOzHA"  # house: secret: openssl's HMAC under 32 zeros
    assert derive(b"1" * 32, "paper.portfolio", 1) != password
    assert derive(b"0" * 32, "paper.portfoli", 1) != password


def test_a_weak_master_secret_is_refused() -> None:
    with pytest.raises(InputError, match="31 bytes; allowed: 32 or more"):
        derive(b"x" * 31, "api", 1)
    with pytest.raises(InputError, match="generation 0"):
        derive(b"x" * 32, "api", 0)
    with pytest.raises(InputError, match="master secret"):
        plan((), PlatformSettings(), b"")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"partitions": 0}, "greater than or equal to 1"),
        ({"partitions": 257}, "less than or equal to 256"),
        ({"partitions": 128, "partition_multiplier": 3}, "= 384; allowed: at most 256"),
        ({"min_insync_replicas": 2}, "more than replication 1"),
        ({"prefix": "dev"}, "pattern"),
        ({"prefix": "dev."}, "pattern"),
        ({"topics": {"ticks": {}}}, "is not in the table; allowed: audit"),
        ({"topics": {ORDERS_FILLED.name: {"retention_days": 3}}}, r"never deleted by age \(keep\)"),
        (
            {"replication": 3, "min_insync_replicas": 2, "topics": {TICKS.name: {"replication": 1}}},
            "below min_insync_replicas",
        ),
    ],
)
def test_platform_settings_that_do_not_fit_together_are_refused(settings: dict[str, object], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        PlatformSettings.model_validate(settings)
