"""The whole plan of an example, checked in: a change of the plan is seen in review.

After a change that is meant, write it anew with
`PYTHONPATH=services:. .venv/bin/python tests/unit/topology/test_topology_golden.py`.
"""

from pathlib import Path

import msgspec
from tests.unit.topology.stored_resources import MASTER_SECRET, paper, strategy, zerodha

from alpha_panda.events.topics import SIGNALS_RAW
from alpha_panda.topology.planner import plan
from alpha_panda.topology.settings import PlatformSettings, TopicOverlay

GOLDEN = Path(__file__).with_name("golden_plan.json")
RESOURCES = (
    paper(),
    zerodha(live=True),
    strategy("momentum"),
    strategy("breakout", "paper", "zerodha", live=True, image="example.org/desk/breakout:3"),
    strategy("wishful", "paper", "zerodha", "elsewhere"),
    strategy("momentum", namespace="second-desk", age=60),
)
SETTINGS = PlatformSettings(partitions=2, topics={SIGNALS_RAW.name: TopicOverlay(retention_days=7)})


def rendered() -> str:
    """The plan as JSON, a right or a topic on a line; passwords are left to the tests of the credentials."""
    made = plan(RESOURCES, SETTINGS, MASTER_SECRET)
    values = msgspec.to_builtins(made)
    for user in (*values["kafka_users"], *values["redis_users"], *values["postgres_roles"]):
        user["password"] = "(derived)"
    values["session_keys"] = dict.fromkeys(values["session_keys"], "(derived)")
    for user in values["kafka_users"]:
        user["acls"] = [f"{acl['resource']} {acl['name']}: {' '.join(acl['operations'])}" for acl in user["acls"]]
        assert all(acl.pattern == "literal" for each in made.kafka_users for acl in each.acls)
    for role in values["postgres_roles"]:
        role["grants"] = [
            f"{each['schema']}.{each['table']}: {' '.join(each['privileges'])}" for each in role["grants"]
        ]
    values["topics"] = [
        f"{topic['name']} {topic['partitions']}x{topic['replication']} "
        + " ".join(f"{key}={value}" for key, value in topic["config"].items())
        for topic in values["topics"]
    ]
    return msgspec.json.format(msgspec.json.encode(values), indent=1).decode() + "\n"


def test_the_plan_of_the_example_is_the_one_in_review() -> None:
    assert rendered() == GOLDEN.read_text()


if __name__ == "__main__":
    GOLDEN.write_text(rendered())
