"""One cluster for all tests of this folder, which follow one another as the life of an installation does.

The folder's files go by their names: the day, changes, isolation, leaving.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cluster import Cluster, start, stop
from tests.support.helm import ROOT

PREVIOUS = Path(__file__).parent / "previous"
EXAMPLES = ROOT / "examples"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the cluster, and waits for machines."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.cluster)
            item.add_marker(pytest.mark.timeout(1800))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The previous chart, installed in a namespace that takes restricted pods only, with the examples applied.

    Its operator is this tree's, which writes nothing while the definitions are older than itself: the first test
    upgrades them, and waits.
    With ALPHA_PANDA_CLUSTER_KEEP set the cluster outlives the tests, and the next run goes on with what it finds.
    """
    keep = bool(os.environ.get("ALPHA_PANDA_CLUSTER_KEEP"))
    made = None
    try:
        made = start("alpha-panda", "trading", with_images=not keep)
        if made.namespace not in made.kubectl("get", "namespaces", "-o", "name"):
            _install(made)
        made.apply(EXAMPLES)
        yield made
    finally:
        if made is not None:
            made.close()
        if not keep:
            stop()


def _install(cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", cluster.namespace)
    cluster.kubectl("label", "namespace", cluster.namespace, "pod-security.kubernetes.io/enforce=restricted")
    (chart,) = PREVIOUS.glob("*.tgz")
    cluster.install(chart)
