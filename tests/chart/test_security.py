"""Every pod meets Pod Security `restricted`, and no account may do more than its program does."""

from __future__ import annotations

import pytest
from tests.support.helm import EMBEDDED, OWN_STORES, Object, pod_templates, render

OBJECTS = {
    name: render({**values, "replay": {"enabled": True}})
    for name, values in {"embedded": EMBEDDED, "own-stores": OWN_STORES}.items()
}
PODS = [(f"{case}: {name}", pod) for case, objects in OBJECTS.items() for name, pod in pod_templates(objects)]
EVERY_POD = pytest.mark.parametrize("pod", [pod for _, pod in PODS], ids=[name for name, _ in PODS])
SPEAK_TO_THE_API_SERVER = {"operator", "replay"}


@EVERY_POD
def test_every_pod_is_restricted(pod: Object) -> None:
    spec = pod["spec"]
    security = spec["securityContext"]
    assert security["runAsNonRoot"] is True
    assert int(security["runAsUser"]) > 0
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    for container in [*spec["containers"], *spec.get("initContainers", ())]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    for volume in spec.get("volumes", ()):
        assert set(volume) - {"name"} <= {"configMap", "secret", "projected", "emptyDir"}


@EVERY_POD
def test_every_container_says_what_it_needs_and_what_it_may_take(pod: Object) -> None:
    for container in pod["spec"]["containers"]:
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]


@EVERY_POD
def test_links_to_services_never_look_like_settings(pod: Object) -> None:
    assert pod["spec"]["enableServiceLinks"] is False


@EVERY_POD
def test_only_who_speaks_to_the_api_server_has_a_token(pod: Object) -> None:
    component = pod["metadata"]["labels"]["app.kubernetes.io/name"]
    if component in SPEAK_TO_THE_API_SERVER:
        assert pod["spec"]["serviceAccountName"].startswith("ap-")
    else:
        assert pod["spec"]["automountServiceAccountToken"] is False


@EVERY_POD
def test_whatever_serves_is_probed(pod: Object) -> None:
    for container in pod["spec"]["containers"]:
        if container.get("ports"):
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)


@pytest.mark.parametrize("case", OBJECTS)
def test_no_right_is_for_the_whole_cluster_or_for_everything(case: str) -> None:
    assert not [each for each in OBJECTS[case] if each["kind"] in {"ClusterRole", "ClusterRoleBinding"}]
    for role in (each for each in OBJECTS[case] if each["kind"] == "Role"):
        for rule in role["rules"]:
            assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]], role["metadata"]["name"]


@pytest.mark.parametrize("case", OBJECTS)
def test_nobody_may_list_secrets(case: str) -> None:
    for role in (each for each in OBJECTS[case] if each["kind"] == "Role"):
        for rule in role["rules"]:
            if "secrets" in rule["resources"]:
                assert not {"list", "watch"} & set(rule["verbs"]), role["metadata"]["name"]


def test_the_replay_may_change_one_config_map_and_list_strategies() -> None:
    roles = [each for each in OBJECTS["embedded"] if each["kind"] == "Role" and "replay" in each["metadata"]["name"]]
    assert [rule for role in roles for rule in role["rules"]] == [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["ap-feed"], "verbs": ["patch"]},
        {"apiGroups": ["alphapanda.io"], "resources": ["strategies"], "verbs": ["list"]},
    ]


def test_the_operator_may_act_in_its_own_namespace_and_those_that_it_serves_and_nowhere_else() -> None:
    objects = render({**EMBEDDED, "operator": {"watchNamespaces": ["desk-a", "desk-b"]}})
    roles = [each for each in objects if each["kind"] == "Role" and each["metadata"]["name"] == "ap-operator"]
    assert sorted(each["metadata"]["namespace"] for each in roles) == ["desk-a", "desk-b", "trading"]
