"""What a planted bug is: a way to lose money, as a small change of the source that a careless person might make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class PlantError(Exception):
    """A bug that no longer fits the source; it has to be written anew."""


@dataclass(frozen=True)
class Change:
    """In `file`, `right` stands exactly once; the bug has `wrong` there."""

    file: str
    right: str
    wrong: str

    def plant(self, root: Path) -> None:
        """Change the copy of the source at `root`."""
        path = root / self.file
        text = path.read_text()
        if text.count(self.right) != 1:
            raise PlantError(f"{self.file} has {text.count(self.right)} times instead of once:\n{self.right}")
        path.write_text(text.replace(self.right, self.wrong))


@dataclass(frozen=True)
class Bug:
    """A bug, and the proof (see `proofs`) that has to fail with it and holds without it."""

    name: str
    says: str
    proof: str
    changes: tuple[Change, ...]
