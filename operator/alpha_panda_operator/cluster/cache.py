"""What the operator knows of the cluster: resources and the feed, from an authoritative list and then from watching.

A watch may lose the news that something was deleted, and a list may be older than what a watch has told since. So both
are kept together here: a list replaces everything but what is newer than it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from alpha_panda_operator.objects.model import Manifest

Key = tuple[str, str, str]
"""Kind, namespace and name."""


def key_of(found: Manifest) -> Key:
    """The object's key."""
    return (found["kind"], found["metadata"]["namespace"], found["metadata"]["name"])


def version_of(found: Manifest) -> int:
    """Which of two versions is newer; the API server promises since 1.35 that these can be compared."""
    text = str(found["metadata"].get("resourceVersion", "0"))
    return int(text) if text.isascii() and text.isdigit() else 0


@dataclass
class Cache:
    """The newest version of each object that is known to exist."""

    objects: dict[Key, Manifest] = field(default_factory=dict)
    _gone: dict[str, int] = field(default_factory=dict)
    """By UID, what was deleted since the last list was asked for: an older list may still have it."""

    def see(self, found: Manifest) -> bool:
        """Take a version that the watch tells of; False where it is no news."""
        key, known = key_of(found), self.objects.get(key_of(found))
        if known is not None and version_of(known) >= version_of(found):
            return False
        if found["metadata"]["uid"] in self._gone:
            return False
        self.objects[key] = found
        return known is None or is_news(known, found)

    def lose(self, found: Manifest) -> bool:
        """Take the news that it was deleted; False where another of its name is there already."""
        key = key_of(found)
        self._gone[found["metadata"]["uid"]] = version_of(found)
        known = self.objects.get(key)
        if known is None or known["metadata"]["uid"] != found["metadata"]["uid"]:
            return False
        del self.objects[key]
        return True

    def begin_list(self) -> None:
        """A list is about to be asked for: what is deleted from here on, it may still have."""
        self._gone.clear()

    def replace(self, kind: str, namespace: str, listed: Iterable[Manifest], version: str) -> set[Key]:
        """Take a list of all of a kind in a namespace; the keys of what no watch had told."""
        at = int(version) if version.isdigit() else 0
        news = {key_of(each) for each in listed if self.see(each)}
        there = {key_of(each) for each in listed}
        missing = [
            key
            for key, known in self.objects.items()
            if key[:2] == (kind, namespace) and key not in there and version_of(known) <= at
        ]
        for key in missing:
            del self.objects[key]
        return news | set(missing)


def is_news(before: Manifest, after: Manifest) -> bool:
    """Whether there is anything to do about a new version: what the operator writes itself, its status, is nothing."""
    return any(_seen(before, part) != _seen(after, part) for part in ("uid", "generation", "deletionTimestamp")) or (
        before.get("data") != after.get("data") or before.get("spec") != after.get("spec")
    )


def _seen(found: Manifest, part: str) -> object:
    return found["metadata"].get(part)
