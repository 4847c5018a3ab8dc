"""Topic names are spelt in alpha_panda/events/topics.py and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from alpha_panda.events.topics import DLQ_SUFFIX, TOPICS
from house.tree import Finding, Source

RULE = "topic"
TABLE = "services/alpha_panda/events/topics.py"
FOLDERS = ("services/", "operator/", "strategies/", "tests/", "benchmarks/")

_NAMES = [re.escape(topic.name) for topic in TOPICS if "." in topic.name]
_LAST = [rf"\.{re.escape(topic.name)}" for topic in TOPICS if "." not in topic.name]
_FAMILIES = sorted({topic.name.split(".")[0] for topic in TOPICS if "." in topic.name})
_SPELT = re.compile(
    rf"(?<!\w)(?:{'|'.join(_NAMES)})(?!\w)"  # a whole name, with or without a Broker before it
    rf"|(?:{'|'.join(_LAST)})(?!\w)"  # the name of a Broker's topic that has one word
    rf"|(?:^|\.)(?:{'|'.join(_FAMILIES)})\.$"  # a piece that something is put behind: f"{broker}.orders.{kind}"
    rf"|{re.escape(DLQ_SUFFIX)}$"
)
_SQL = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|COPY|CREATE|ALTER|GRANT|FROM|INTO|JOIN|TABLE)\b")


def check(sources: Iterable[Source]) -> Iterator[Finding]:
    """Each string that spells a topic; in SQL the same words name a table."""
    for source in sources:
        if not source.is_python or source.path == TABLE or not source.path.startswith(FOLDERS):
            continue
        for string in source.strings():
            text = str(string.value)
            if (match := _SPELT.search(text)) and not _SQL.search(text):
                yield source.finding(RULE, string.lineno, f"spells the topic {match[0]!r}; take it from events.topics")
