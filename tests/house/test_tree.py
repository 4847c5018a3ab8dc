"""The tracked files keep every rule of the house."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from house import brokers, clients, credentials, money, texts, topics
from house.tree import Finding, Source, tracked_files

Rule = Callable[[Iterable[Source]], Iterator[Finding]]

RULES: dict[str, Rule] = {
    "topic names are spelt in one table": topics.check,
    "no service names two brokers": brokers.check,
    "one factory makes every client": clients.check,
    "money is whole paise": money.check,
    "no secret is in the tree": credentials.check,
    "no package host is named": texts.hosts,
    "no path of one machine is named": texts.machine_paths,
    "modules are short": texts.sizes,
    "the operator folder is no package": texts.operator_package,
}


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    return tracked_files()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_the_tree_keeps_the_rule(rule: Rule, sources: list[Source]) -> None:
    by_path = {source.path: source for source in sources}
    found = [str(finding) for finding in rule(sources) if not by_path[finding.path].waives(finding)]
    assert not found, "\n" + "\n".join(found)


def test_the_rules_see_the_code_and_the_texts(sources: list[Source]) -> None:
    paths = {source.path for source in sources}
    assert {"README.md", "Makefile", "services/alpha_panda/errors.py", "requirements/dev.txt"} <= paths
