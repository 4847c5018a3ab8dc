"""What the chart renders is what was last looked at, and stays within the rules that hold for every object."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from tests.chart import golden
from tests.support.helm import (
    CHART,
    EMBEDDED,
    KEDA,
    MONITORING,
    NAMESPACE,
    OWN_STORES,
    one,
    pod_templates,
    render,
    run_helm,
    template,
)

NO_DEFINITIONS = {"crds": {"install": False}}
EVERYTHING = (*MONITORING, *KEDA)
BOTH = pytest.mark.parametrize("values", [EMBEDDED, OWN_STORES], ids=["embedded", "own-stores"])


@BOTH
def test_helm_lint_finds_nothing_to_complain_of(values: dict[str, Any]) -> None:
    done = run_helm("lint", "--strict", CHART, "--kube-version", "1.34.4", values=values)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", golden.CASES)
def test_the_rendering_is_the_one_that_was_last_looked_at(case: str) -> None:
    kept = (golden.FOLDER / f"{case}.yaml").read_text()
    assert golden.rendered(case) == kept, "read the difference; `python -m tests.chart.golden` takes it over"


@BOTH
def test_two_renderings_differ_in_made_passwords_only(values: dict[str, Any]) -> None:
    first, second = (list(yaml.safe_load_all(template({**values, **NO_DEFINITIONS}).stdout)) for _ in range(2))
    kept = [[each for each in found if each and each["kind"] != "Secret"] for found in (first, second)]
    assert kept[0] == kept[1]
    assert first != second


@BOTH
def test_no_two_objects_have_one_name(values: dict[str, Any]) -> None:
    objects = render({**values, "replay": {"enabled": True}}, EVERYTHING)
    names = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects]
    assert len(names) == len(set(names))


@BOTH
def test_every_object_says_its_namespace_unless_it_belongs_to_the_cluster(values: dict[str, Any]) -> None:
    of_the_cluster = re.compile("CustomResourceDefinition|PriorityClass|ValidatingAdmissionPolicy(Binding)?")
    for each in render(values, EVERYTHING):
        assert of_the_cluster.fullmatch(each["kind"]) or each["metadata"]["namespace"] == NAMESPACE, each["metadata"]


def test_without_stores_the_line_that_mends_it_is_told() -> None:
    done = template({})
    assert done.returncode != 0
    assert "stores.kafka.bootstrap is needed while embedded.enabled is false" in done.stderr
    assert "--set embedded.enabled=true" in done.stderr


def test_what_the_cluster_does_not_know_is_not_made() -> None:
    values = {**EMBEDDED, "api": {"autoscaling": {"enabled": True, "prometheus": "http://prometheus:9090"}}}
    foreign = {"PodMonitor", "PrometheusRule", "ScaledObject"}
    assert not foreign & {each["kind"] for each in render(values)}
    assert foreign <= {each["kind"] for each in render(values, EVERYTHING)}


def test_a_second_release_leaves_the_definitions_to_the_first() -> None:
    kinds = {each["kind"] for each in render({**EMBEDDED, "crds": {"install": False}})}
    assert not kinds & {"CustomResourceDefinition", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}


def test_what_must_outlive_the_release_is_kept() -> None:
    objects = render(EMBEDDED)
    kept = [one(objects, "Secret", "ap-master"), one(objects, "Secret", "ap-embedded")]
    kept += [each for each in objects if each["kind"] == "CustomResourceDefinition"]
    for each in kept:
        assert each["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep", each["metadata"]["name"]


def test_a_single_operator_has_no_budget_that_would_keep_its_node_from_being_drained() -> None:
    def budgets(replicas: int) -> list[str]:
        objects = render({**EMBEDDED, "operator": {"replicas": replicas}})
        return [each["metadata"]["name"] for each in objects if each["kind"] == "PodDisruptionBudget"]

    assert budgets(2) == ["ap-operator"]
    assert budgets(1) == []


def test_a_digest_wins_over_a_tag() -> None:
    digest = f"sha256:{'a' * 64}"
    objects = render({**EMBEDDED, "images": {"registry": "registry.example/x", "operator": {"digest": digest}}})
    (container,) = one(objects, "Deployment", "ap-operator")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"registry.example/x/alpha-panda-operator@{digest}"


def test_a_changed_installation_restarts_the_operator() -> None:
    def stamp(partitions: int) -> str:
        objects = render({**EMBEDDED, "platform": {"partitions": partitions}})
        annotations = one(objects, "Deployment", "ap-operator")["spec"]["template"]["metadata"]["annotations"]
        return str(annotations["alphapanda.io/installation"])

    assert stamp(1) == stamp(1) != stamp(2)


def test_another_replay_is_another_job_because_a_job_never_changes() -> None:
    def name(**replay: object) -> str:
        objects = render({**EMBEDDED, "replay": {"enabled": True, **replay}})
        return next(each["metadata"]["name"] for each in objects if each["kind"] == "Job")

    assert name() == name() != name(speed="max")
    assert name(speed=600) == name(speed="600")


def test_credentials_are_in_secrets_only() -> None:
    objects = render(OWN_STORES)
    for _, pod in pod_templates(objects):
        for container in pod["spec"]["containers"]:
            for variable in container.get("env", ()):
                assert "password" not in variable["name"].lower()
    assert not [each["metadata"]["name"] for each in objects if each["kind"] == "Secret" and "admin" in str(each)]
