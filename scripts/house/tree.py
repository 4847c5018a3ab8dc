"""The tracked files, as the rules read them, and what a rule finds."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WAIVER = re.compile(r"\bhouse: (?P<rule>[a-z-]+): \S")


@dataclass(frozen=True)
class Finding:
    """One line of one file that breaks a rule."""

    rule: str
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        """As compilers write it, so that editors jump to the place."""
        return f"{self.path}:{self.line}: {self.message} [{self.rule}]"


@dataclass(frozen=True)
class Source:
    """A file: its path from the root with `/`, and its text."""

    path: str
    text: str

    @property
    def is_python(self) -> bool:
        """Whether it can be parsed."""
        return self.path.endswith(".py")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of a Python file."""
        return ast.parse(self.text, self.path)

    @cached_property
    def lines(self) -> list[str]:
        """The lines, the first at index 0."""
        return self.text.splitlines()

    def finding(self, rule: str, line: int, message: str) -> Finding:
        """A finding at a line of this file, counted from 1."""
        return Finding(rule, self.path, line, message)

    def waives(self, finding: Finding) -> bool:
        """Whether the line itself gives a reason to be left alone."""
        line = self.lines[finding.line - 1] if finding.line <= len(self.lines) else ""
        return any(match["rule"] == finding.rule for match in WAIVER.finditer(line))

    def strings(self) -> Iterator[ast.Constant]:
        """Every string of the code, pieces of f-strings too; docstrings and attribute docstrings are prose."""
        prose = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
                yield node


def tracked_files(root: Path = ROOT) -> list[Source]:
    """All text files under `root` that git tracks or would track (new ones count, ignored ones do not)."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    names = sorted(set(filter(None, listing.stdout.split("\0"))))
    return [source for name in names if (source := read(root, name)) is not None]


def read(root: Path, name: str) -> Source | None:
    """The file, or None where it is gone or not text."""
    file = root / name
    if not file.is_file():
        return None
    data = file.read_bytes()
    if b"\0" in data[:8192]:
        return None
    return Source(name, data.decode("utf-8", errors="replace"))
