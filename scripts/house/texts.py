"""Rules on any text: no package host, no path of one machine, no long module, no operator/__init__.py."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from house.tree import Finding, Source

LONGEST_MODULE = 300

_HOSTS = (
    *("pypi.org", "pythonhosted.org", "npmjs.org", "npmjs.com"),  # house: host: the list itself
    *("maven.org", "maven.apache.org", "proxy.golang.org"),  # house: host: the list itself
    *("deb.debian.org", "archive.ubuntu.com"),  # house: host: the list itself
)
_HOST = re.compile("|".join(map(re.escape, _HOSTS)) + r"|--(?:extra-)?index-url")
_MACHINE_PATH = re.compile(r"(?<![\w./~$}-])/(?:root|home|work|Users)/[\w.]")


def hosts(sources: Iterable[Source]) -> Iterator[Finding]:
    """Each line that names a package host: where packages come from is the user's setting."""
    for source in sources:
        for number, line in enumerate(source.lines, start=1):
            if match := _HOST.search(line):
                yield source.finding("host", number, f"names the package host {match[0]!r}")


def machine_paths(sources: Iterable[Source]) -> Iterator[Finding]:
    """Each line with a path that exists on one machine only."""
    for source in sources:
        for number, line in enumerate(source.lines, start=1):
            if match := _MACHINE_PATH.search(line):
                yield source.finding("machine-path", number, f"has the path of one machine, {match[0]}…")


def sizes(sources: Iterable[Source]) -> Iterator[Finding]:
    """Each module that is too long to be one noun; a reason goes on its first line."""
    for source in sources:
        if source.is_python and len(source.lines) > LONGEST_MODULE:
            message = f"has {len(source.lines)} lines; at more than {LONGEST_MODULE} a module is two"
            yield source.finding("size", 1, message)


def operator_package(sources: Iterable[Source]) -> Iterator[Finding]:
    """`operator/__init__.py`, which would hide the standard library's `operator`."""
    for source in sources:
        if source.path == "operator/__init__.py":
            yield source.finding("operator", 1, "hides the standard library's operator; delete it")
