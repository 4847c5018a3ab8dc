"""The real `panda` command on a data directory of a test's own, as a user would type it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Panda:
    """Runs `panda` with `--data-dir`; stop it with `down()`, which a fixture does.

    `python_path` are folders with strategies of a test's own.
    """

    data_dir: Path
    python_path: tuple[Path, ...] = ()

    def run(
        self, *words: str, check: bool = True, timeout: float = 180, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; fails the test with what it printed where its exit code is not 0."""
        path = (ROOT / "services", ROOT / "strategies", *self.python_path)
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "alpha_panda", *words, "--data-dir", str(self.data_dir)],
            capture_output=True,
            text=True,
            timeout=timeout,
            input=stdin,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
            check=False,
        )
        if check:
            assert done.returncode == 0, f"panda {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *words: str, **options: Any) -> Any:  # noqa: ANN401 - JSON, and the options of run
        """What a command prints with `-o json`."""
        return json.loads(self.run(*words, "-o", "json", **options).stdout)

    def replay(self, resources: Path, market: Path, *words: str) -> Any:  # noqa: ANN401 - JSON
        """Replay a market to its end; the report."""
        return self.json("up", "-f", str(resources), "--replay", str(market), "--wait", *words)

    def down(self) -> None:
        """Stop everything."""
        self.run("down", check=False)

    def reset(self) -> None:
        """Stop everything and leave nothing behind: the database of a run started by root lies outside of it."""
        archive = self.data_dir.with_name(f"{self.data_dir.name}-archive")
        for place in (self.data_dir, *archive.glob("*")):
            Panda(place).run("reset", "-y", check=False)
