"""Compares every installed file with the digest that its wheel recorded; exits with 1 where one differs.

Environments share files with the download cache by hard links, so a damaged cache, or a library edited in
another clone, would otherwise be found at some import much later.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from importlib.metadata import PackagePath, distributions
from pathlib import Path


def is_intact(record: PackagePath) -> bool:
    """Whether the file of this line of RECORD is there and has its size and digest (sha256, base64)."""
    file = Path(str(record.locate()))
    if record.hash is None:
        return True
    if not file.is_file() or (record.size is not None and file.stat().st_size != record.size):
        return False
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, record.hash.mode).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == record.hash.value


def damaged() -> list[str]:
    """The installed files that are not what their wheels hold, as paths; a package without RECORD is half there."""
    found = list(distributions())
    halves = [str(package.locate_file("")) + package.name for package in found if package.files is None]
    return halves + [str(file.locate()) for package in found for file in package.files or [] if not is_intact(file)]


if __name__ == "__main__":
    files = damaged()
    for path in files[:5]:
        print(f"damaged: {path}", file=sys.stderr)
    sys.exit(1 if files else 0)
