"""No secret in the tree, by detect-secrets: known key formats, high entropy, and values given to secret names.

A digest that is called one is no secret. A line that only looks like a secret carries
`pragma: allowlist secret` and its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

from house.tree import ROOT, Finding, Source

RULE = "secret"
NOT_SECRET = {
    "requirements/": "the digests of public packages",
    "services/alpha_panda/dashboard/static/vendor/": "files of others, whose published digests are compared",
}
"""Files of public digests, by the beginning of their path, and why."""
PUBLIC_VALUES = frozenset({"scram-sha-256", "error"})
"""Values of names with "password" or "secret" in them that everybody may know."""
IN_TESTS = frozenset({"Secret Keyword"})
"""Kinds that tests may have: throw-away stores have passwords, and they are in the test."""

_DIGEST = re.compile(r"sha-?(?:1|256|512)\w*\W{0,3}[:=]", re.IGNORECASE)


def check(sources: Iterable[Source], root: Path = ROOT) -> Iterator[Finding]:
    """Each line that holds what looks like a secret; the files are read again under `root`."""
    with default_settings():
        for source in sources:
            if source.path.startswith(tuple(NOT_SECRET)):
                continue
            for secret in scan_file(str(root / source.path)):
                if source.path.startswith("tests/") and secret.type in IN_TESTS:
                    continue
                if secret.secret_value in PUBLIC_VALUES or _DIGEST.search(source.lines[secret.line_number - 1]):
                    continue
                yield source.finding(RULE, secret.line_number, f"looks like a secret ({secret.type})")
