"""Away with it: what a person asked for stays until he deletes it, and nothing keeps a namespace from ending."""

from __future__ import annotations

from tests.support.cluster import Cluster


def test_an_uninstalled_release_leaves_the_resources_and_its_namespace_can_be_deleted(cluster: Cluster):
    before = {each["metadata"]["name"] for each in cluster.get("strategies,brokers")["items"]}
    cluster.helm("uninstall", cluster.release, "--wait", "--timeout", "5m")
    assert {each["metadata"]["name"] for each in cluster.get("strategies,brokers")["items"]} == before
    cluster.kubectl("delete", "namespace", cluster.namespace, "--timeout=300s")
