"""What a plan becomes on Kubernetes."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.operator.installations import NAMESPACE, around, installation, named, objects
from tests.unit.topology.stored_resources import paper, strategy

from alpha_panda.resources.stored import StoredResource
from alpha_panda.runtime.layers import load_settings
from alpha_panda_operator.objects.model import APPLIED, REVISION, Manifest

GOLDEN = Path(__file__).parent / "golden_objects.json"
STORES = ("kafka", "redis", "postgres")
SECRETS = (*STORES, "operations")
REPLAY = {"source": "replay", "path": "/opt/alpha-panda/market", "speed": "60"}


def desk() -> tuple[StoredResource, ...]:
    return (
        paper(namespace=NAMESPACE),
        strategy(namespace=NAMESPACE),
        strategy("own", image="registry.example/own:1", namespace="quants", age=1),
    )


def every_object() -> tuple[Manifest, ...]:
    return objects(desk(), around(desk(), feed=REPLAY, monitors=True))


def masked(made: object) -> object:
    """Without passwords and digests, which no person could read a difference of."""
    if isinstance(made, list | tuple):
        return [masked(each) for each in made]
    if not isinstance(made, dict):
        return made
    hidden = (
        REVISION,
        APPLIED,
        "alphapanda.io/configuration",
        *(f"{each}__password" for each in (*STORES, "operations")),
    )
    return {key: "…" if key in hidden else masked(value) for key, value in made.items()}


def pod(made: Manifest) -> dict:
    return made["spec"]["template"]["spec"]


def deployments(made: tuple[Manifest, ...]) -> list[Manifest]:
    return [each for each in made if each["kind"] == "Deployment"]


def test_all_objects_of_a_desk_are_the_golden_ones():
    text = json.dumps([masked(each) for each in every_object()], indent=1, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text(), "look at the difference; UPDATE_GOLDEN=1 accepts it"


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_another_process_with_other_hashes_renders_the_same_bytes(seed: str):
    program = "import json; from tests.unit.operator.test_rendered_objects import every_object; "
    program += "print(json.dumps(every_object(), indent=1, sort_keys=True))"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == json.dumps(every_object(), indent=1, sort_keys=True) + "\n"


def test_a_broker_s_services_belong_to_it_and_run_in_its_namespace():
    made = objects((paper(namespace="desk"), strategy(namespace=NAMESPACE)))
    owner = named(made, "Deployment", "alpha-panda-paper-risk-manager")["metadata"]
    assert owner["namespace"] == "desk"
    assert [(each["kind"], each["name"], each["controller"]) for each in owner["ownerReferences"]] == [
        ("Broker", "paper", True)
    ]


def test_what_all_share_belongs_to_the_release():
    owner = named(every_object(), "Deployment", "alpha-panda-bar-builder")["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["name"]) == ("ConfigMap", "alpha-panda-operator")


def test_a_strategy_s_own_runner_belongs_to_it_and_runs_its_image_in_its_namespace():
    made = named(every_object(), "Deployment", "alpha-panda-strategy-runner-own")
    assert made["metadata"]["namespace"] == "quants"
    assert made["metadata"]["ownerReferences"][0]["kind"] == "Strategy"
    assert pod(made)["containers"][0]["image"] == "registry.example/own:1"


def test_only_the_api_is_rolled_since_a_second_copy_of_any_other_stands_by_and_never_gets_ready():
    kinds = {each["metadata"]["name"]: each["spec"]["strategy"]["type"] for each in deployments(every_object())}
    assert [name for name, kind in kinds.items() if kind != "Recreate"] == ["alpha-panda-api"]


def test_the_feed_has_no_pod_until_it_is_told_what_to_publish():
    names = {each["metadata"]["name"] for each in objects(desk())}
    assert "alpha-panda-market-feed" not in names
    assert "alpha-panda-market-feed" in {each["metadata"]["name"] for each in every_object()}


def test_to_start_the_feed_restarts_nothing_else():
    still = {
        each["metadata"]["name"]: each["metadata"]["annotations"][REVISION] for each in deployments(objects(desk()))
    }
    fed = {each["metadata"]["name"]: each["metadata"]["annotations"][REVISION] for each in deployments(every_object())}
    assert {name for name in still if fed[name] != still[name]} == set()


def test_a_further_broker_restarts_only_who_reads_every_broker():
    more = (*desk(), paper("second", namespace=NAMESPACE, age=5))
    before = {
        each["metadata"]["name"]: each["metadata"]["annotations"][REVISION] for each in deployments(objects(desk()))
    }
    after = {each["metadata"]["name"]: each["metadata"]["annotations"][REVISION] for each in deployments(objects(more))}
    assert {name for name in before if before[name] != after[name]} == {"alpha-panda-history", "alpha-panda-notifier"}


def test_a_higher_generation_of_secrets_restarts_every_pod():
    newer = installation(platform={"secret_generation": 2})
    before = {
        each["metadata"]["name"]: each["metadata"]["annotations"][REVISION] for each in deployments(objects(desk()))
    }
    made = objects(desk(), around(desk(), newer))
    after = {each["metadata"]["name"]: each["metadata"]["annotations"][REVISION] for each in deployments(made)}
    assert all(before[name] != after[name] for name in before)


def test_a_secret_holds_the_service_s_own_passwords_and_no_other_object_holds_any():
    made = every_object()
    secret = named(made, "Secret", "alpha-panda-paper-portfolio")
    passwords = {base64.b64decode(value).decode() for value in secret["data"].values()}
    assert set(secret["data"]) == {"kafka__password", "postgres__password", "redis__password"}
    text = json.dumps([each for each in made if each != secret])
    assert not [each for each in passwords if each in text]


def test_every_pod_is_what_pod_security_restricted_admits_and_has_no_token():
    for made in deployments(every_object()):
        spec = pod(made)
        container = spec["containers"][0]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"emptyDir", "configMap", "projected"} >= {
            key for volume in spec["volumes"] for key in volume if key != "name"
        }


def test_a_service_reaches_only_the_stores_that_it_has_a_user_in():
    made = every_object()
    ports = {
        name: sorted(
            port["port"]
            for rule in named(made, "NetworkPolicy", f"alpha-panda-{name}")["spec"]["egress"]
            for port in rule["ports"]
        )
        for name in ("market-feed", "bar-builder", "paper-portfolio")
    }
    assert ports == {
        "market-feed": [53, 53, 9092],
        "bar-builder": [53, 53, 5432, 9092],
        "paper-portfolio": [53, 53, 5432, 6379, 9092],
    }


def test_stores_with_known_peers_are_reached_at_these_alone():
    peer = {"podSelector": {"matchLabels": {"app": "kafka"}}}
    settings = installation(kafka={"bootstrap": "kafka:9092", "peers": [peer]})
    made = objects(desk(), around(desk(), settings))
    rules = named(made, "NetworkPolicy", "alpha-panda-bar-builder")["spec"]["egress"]
    assert [rule["to"] for rule in rules if rule["ports"] == [{"protocol": "TCP", "port": 9092}]] == [[peer]]


def test_several_of_the_api_may_leave_one_at_a_time_and_a_scaler_s_count_is_left_alone():
    several = objects(desk(), around(desk(), installation(api={"replicas": 2})))
    assert [each["metadata"]["name"] for each in several if each["kind"] == "PodDisruptionBudget"] == [
        "alpha-panda-api"
    ]
    scaled = objects(desk(), around(desk(), installation(api={"replicas": None})))
    assert "replicas" not in named(scaled, "Deployment", "alpha-panda-api")["spec"]


def test_pod_monitors_are_made_only_where_the_cluster_knows_them():
    assert not [each for each in objects(desk()) if each["kind"] == "PodMonitor"]
    assert len([each for each in every_object() if each["kind"] == "PodMonitor"]) == len(deployments(every_object()))


def test_stores_with_tls_are_verified_with_the_authority_that_is_given():
    settings = installation(kafka={"bootstrap": "kafka:9093", "tls": True})
    made = objects(desk(), around(desk(), settings, authority="CERTIFICATE"))
    data = named(made, "ConfigMap", "alpha-panda-bar-builder")["data"]
    assert (data["PANDA_KAFKA__TLS"], data["PANDA_KAFKA__AUTHORITY"], data["ca.crt"]) == (
        "true",
        "/etc/alpha-panda/settings/ca.crt",
        "CERTIFICATE",
    )
    assert "PANDA_REDIS__TLS" not in data


def test_every_service_takes_what_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    made = objects(desk(), around(desk(), installation(settings={"logs": {"level": "debug"}}), feed=REPLAY))
    for each in deployments(made):
        folder = tmp_path / each["metadata"]["name"]
        folder.mkdir()
        name = each["metadata"]["name"]
        data = named(made, "ConfigMap", name)["data"]
        for file, value in named(made, "Secret", name)["data"].items():
            (folder / file).write_bytes(base64.b64decode(value))
        (tmp_path / f"{name}.yaml").write_text(data["settings.yaml"])
        with monkeypatch.context() as context:
            for entry in pod(each)["containers"][0]["env"]:
                context.setenv(entry["name"], data[entry["name"]])
            context.setenv("PANDA_SECRETS", str(folder))
            context.setenv("PANDA_CONFIG", str(tmp_path / f"{name}.yaml"))
            settings = load_settings()
        assert settings.logs.level == "debug"
        assert settings.service.name == each["metadata"]["labels"]["alphapanda.io/service"]
        assert settings.kafka.password is not None
