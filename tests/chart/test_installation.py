"""What the chart tells the operator is what the operator understands, in every word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.chart.golden import CASES
from tests.support.helm import EMBEDDED, KEDA, one, render

from alpha_panda.events.topics import BARS
from alpha_panda_operator.installation import CONFIG, Installation, load_installation


def told(folder: Path, values: dict[str, Any], apis: tuple[str, ...] = ()) -> Installation:
    """The installation as the operator reads it from the chart's ConfigMap."""
    file = folder / "installation.yaml"
    file.write_text(one(render(values, apis), "ConfigMap", "ap-operator")["data"]["installation.yaml"])
    return load_installation({CONFIG: str(file)})


@pytest.mark.parametrize("case", CASES)
def test_the_operator_takes_what_the_chart_writes(case: str, tmp_path: Path) -> None:
    values, apis = CASES[case]
    found = told(tmp_path, values, apis)
    assert found.name == "ap"
    assert found.feed_name == "ap-feed"
    assert found.owner_name == "ap-operator"
    assert found.token_secret == "ap-api-token"


def test_own_stores_are_spoken_to_as_the_values_say(tmp_path: Path) -> None:
    found = told(tmp_path, *CASES["own-stores"])
    assert (found.kafka.bootstrap, found.kafka.tls) == ("a.kafka.example:9094,b.kafka.example:9094", True)
    assert (found.redis.host, found.redis.port, found.redis.tls) == ("redis.example", 6380, True)
    postgres = found.postgres
    assert (postgres.host, postgres.port, postgres.database, postgres.tls) == (
        "postgres.example",
        5432,
        "alpha_panda",
        True,
    )
    assert found.namespaces == ("desk-a", "desk-b")


def test_every_value_that_is_the_operators_business_reaches_it(tmp_path: Path) -> None:
    values = {
        **EMBEDDED,
        "platform": {"prefix": "demo_", "partitions": 3, "topics": {BARS.name: {"retentionDays": 5}}},
        "settings": {"logs": {"level": "debug"}},
        "pods": {"resources": {"risk-manager": {"requests": {"cpu": "1"}}}, "annotations": {"team": "desk"}},
        "api": {"replicas": 3},
    }
    found = told(tmp_path, values)
    assert (found.platform.prefix, found.platform.partitions) == ("demo_", 3)
    assert found.platform.topics[BARS.name].retention_days == 5
    assert found.settings == {"logs": {"level": "debug"}}
    assert found.pods.resources_of("risk-manager") == {"requests": {"cpu": "1"}}
    assert found.pods.annotations == {"team": "desk"}
    assert found.api.replicas == 3


def test_a_scaler_decides_how_often_the_api_runs_where_there_is_one(tmp_path: Path) -> None:
    values = {**EMBEDDED, "api": {"autoscaling": {"enabled": True, "prometheus": "http://prometheus:9090"}}}
    assert told(tmp_path, values, KEDA).api.replicas is None
    assert told(tmp_path, values).api.replicas == 1


def test_the_definitions_in_the_release_are_those_in_the_repository() -> None:
    root = Path(__file__).parents[2] / "crds"
    made = [each for file in sorted(root.glob("*.yaml")) for each in yaml.safe_load_all(file.read_text())]
    objects = render(EMBEDDED)
    for each in made:
        assert one(objects, each["kind"], each["metadata"]["name"])["spec"] == each["spec"]
