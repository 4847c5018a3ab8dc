"""From `kubectl apply` to Ready, and what becomes of it: the operator as a process under its own Role."""

from __future__ import annotations

import asyncio
import json

from tests.support.installed import DESK, IMAGE, MOMENTUM, PAPER, Installed
from tests.support.waiting import until


async def test_a_strategy_becomes_ready_and_nothing_was_denied(desk: Installed):
    assert desk.names("Deployment") - {"panda-market-feed"} == DESK
    assert desk.denied() == []


async def test_kubectl_wait_does_not_pass_on_what_was_said_of_an_older_spec(desk: Installed):
    desk.apply("Strategy", "momentum", {**MOMENTUM, "state": "Stopped"})
    desk.kube.kubectl(*("wait", "--for=condition=Ready", "strategy/momentum", "-n", desk.namespace, "--timeout=60s"))
    status = desk.get("Strategy", "momentum")["status"]
    present = desk.get("Strategy", "momentum")["metadata"]["generation"]
    assert {status["observedGeneration"], *(each["observedGeneration"] for each in status["conditions"])} == {present}
    assert "runner" not in status


async def test_what_somebody_changes_or_deletes_is_put_back(desk: Installed):
    name, space = "panda-paper-risk-manager", f"-n={desk.namespace}"
    desk.kube.kubectl("set", "image", f"deployment/{name}", "risk-manager=evil.example/x:1", space)
    desk.delete("Deployment", "panda-bar-builder")

    def mended() -> bool:
        images = {
            each["metadata"]["name"]: each["spec"]["template"]["spec"]["containers"][0]["image"]
            for each in desk.list("Deployment")
        }
        return images.get(name) == images.get("panda-bar-builder") == IMAGE

    await asyncio.to_thread(until, mended, "both are as they should be")


async def test_the_feed_runs_from_when_it_is_told_what_to_publish(desk: Installed):
    trading = desk.condition("Strategy", "momentum", "Trading")
    assert (trading["status"], trading["message"]) == ("False", "the feed publishes nothing yet")
    desk.patch("ConfigMap", "panda-feed", {"data": {"source": "replay", "path": "/opt/market", "speed": "60"}})
    await asyncio.to_thread(desk.await_condition, "Strategy", "momentum", "Trading")
    assert "panda-market-feed" in desk.names("Deployment")


async def test_objects_of_traders_get_no_finalizers_and_no_annotations(desk: Installed):
    for kind, name in (("Broker", "paper"), ("Strategy", "momentum")):
        metadata = desk.get(kind, name)["metadata"]
        assert "finalizers" not in metadata
        assert set(metadata.get("annotations", {})) <= {"kubectl.kubernetes.io/last-applied-configuration"}


async def test_events_tell_of_what_has_become_another(desk: Installed):
    desk.apply("Broker", "paper", {**PAPER, "halted": True})
    await asyncio.to_thread(desk.await_condition, "Broker", "paper", "Halted")

    def told() -> list[str]:
        found = desk.list("Event")
        return [each["note"] for each in found if each["reason"] == "Halted" and each["type"] == "Warning"]

    notes = await asyncio.to_thread(until, told, "an event about the halt")
    assert notes == ["spec.halted is true: entries are refused, exits and cancellations go on"]
    trading = await asyncio.to_thread(desk.await_condition, "Strategy", "momentum", "Trading", "False")
    assert trading["reason"] == "Halted"


async def test_a_strategy_with_an_image_runs_in_a_runner_of_its_own_until_it_is_stopped(desk: Installed):
    own = {**MOMENTUM, "image": "registry.example/own:1"}
    desk.apply("Strategy", "own", own)
    await asyncio.to_thread(desk.await_condition, "Strategy", "own")
    name = "panda-strategy-runner-own"
    pod = desk.get("Deployment", name)["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "registry.example/own:1"
    desk.apply("Strategy", "own", {**own, "state": "Stopped"})
    await asyncio.to_thread(until, lambda: name not in desk.names("Deployment"), "its runner is gone")
    await asyncio.to_thread(desk.await_condition, "Strategy", "own")
    assert not [each for each in desk.versions() if name in each]


async def test_an_image_that_cannot_be_fetched_is_named(desk: Installed):
    runner = "panda-strategy-runner-own"
    desk.failing.add(runner)
    desk.apply("Strategy", "own", {**MOMENTUM, "image": "registry.example/nowhere:1"})
    await asyncio.to_thread(until, lambda: runner in desk.names("Deployment"), "its runner is there")
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "own-pod",
            "namespace": desk.namespace,
            "labels": desk.get("Deployment", runner)["spec"]["template"]["metadata"]["labels"],
        },
        "spec": {"containers": [{"name": "runner", "image": "registry.example/nowhere:1"}]},
    }
    desk.kube.kubectl("apply", "-f-", text=json.dumps(pod))
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    container = {
        "name": "runner",
        "image": "registry.example/nowhere:1",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": waiting,
    }
    desk.patch("Pod", "own-pod", {"status": {"containerStatuses": [container]}}, suffix="/status")
    desk.set_status(runner, 1, 0)

    def named() -> bool:
        found = desk.condition("Strategy", "own")
        return found.get("reason") == "ImagePullFailed" and "registry.example/nowhere:1" in found["message"]

    await asyncio.to_thread(until, named, "the image is named")
    desk.failing.clear()
