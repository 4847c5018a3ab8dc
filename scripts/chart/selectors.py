"""How queries name what the services export; topics come from the one table."""

from __future__ import annotations

import re

from alpha_panda.domain.pipeline_watch import Code
from alpha_panda.events.topics import Topic

BROKER = 'broker=~"$broker"'


def topics(*found: Topic) -> str:
    """A matcher of these topics, whatever the installation's prefix and whoever's they are."""
    names = "|".join(re.escape(topic.name).replace("\\", "\\\\") for topic in found)
    return f'topic=~"(.*[._])?({names})"'


def count(name: str, more: str = BROKER) -> str:
    """A number of a service's processor."""
    return f'panda_processor{{name="{name}",{more}}}' if more else f'panda_processor{{name="{name}"}}'


def finding(code: Code, more: str = "") -> str:
    """1 while the watch finds this."""
    return f'panda_finding{{code="{code}"{"," if more else ""}{more}}}'
