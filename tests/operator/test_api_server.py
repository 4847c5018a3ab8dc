"""The API server of the tests can be trusted: it holds accounts to their roles, and writes down who did what."""

from __future__ import annotations

import pytest
from tests.support.kube_api import KubeApi

pytestmark = pytest.mark.operator


def test_a_service_account_may_do_what_its_role_says_and_no_more(kube_api: KubeApi, namespace: str) -> None:
    who = f"system:serviceaccount:{namespace}:reader"
    kubeconfig = kube_api.kubeconfig_for(namespace, "reader")
    kube_api.kubectl("create", "role", "reader", "--verb=list", "--resource=brokers.alphapanda.io", "-n", namespace)
    kube_api.kubectl("create", "rolebinding", "reader", "--role=reader", f"--user={who}", "-n", namespace)
    assert "No resources found" in kube_api.run_kubectl("get", "brk", kubeconfig=kubeconfig).err
    assert "Forbidden" in kube_api.run_kubectl("get", "strat", kubeconfig=kubeconfig).err
    answers = [
        (each["objectRef"]["resource"], each["responseStatus"]["code"])
        for each in kube_api.audited(who)
        if "objectRef" in each
    ]
    assert ("brokers", 200) in answers
    assert ("strategies", 403) in answers


async def test_the_server_comes_back_with_all_that_was_in_it(kube_api: KubeApi, namespace: str) -> None:
    kube_api.kubectl("create", "configmap", "kept", "-n", namespace)
    await kube_api.stop_server()
    assert kube_api.run_kubectl("get", "configmap", "kept", "-n", namespace).code != 0
    await kube_api.start_server()
    assert kube_api.get("configmap", "kept", "-n", namespace)["metadata"]["name"] == "kept"
