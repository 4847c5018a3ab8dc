"""Plants known bugs in copies of the source, one at a time, and shows that the checks find each: `make planted`.

Nothing is changed in this tree: a bug is planted in a copy and goes with it. Each proof is first run on a
healthy copy, since a proof that always fails finds nothing. Exit code 1 where a bug was not found.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from tests.chaos.planted.bugs import Bug
from tests.chaos.planted.table import BUGS
from tests.chaos.verdict import Judgement
from tests.integration.panda_command import ROOT

_COPIED = ("services", "strategies", "operator", "tests", "examples", "schemas")
_FILES = ("pyproject.toml",)
_SECONDS = 600
_SHOWN = 160
Job = tuple[Bug | None, str]
"""The bug that is in the source, if any, and what has to find it."""


@contextmanager
def copied(bug: Bug | None) -> Iterator[Path]:
    """A copy of the source, with the bug in it where one is given."""
    with tempfile.TemporaryDirectory(prefix="panda-planted-") as place:
        root = Path(place)
        for name in _COPIED:
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in _FILES:
            shutil.copy2(ROOT / name, root / name)
        for change in () if bug is None else bug.changes:
            change.plant(root)
        yield root


def prove(root: Path, proof: str, reference: Path) -> dict[str, Any]:
    """Run a proof on that source: its judgement, its reasons and the seconds it took."""
    paths = [root, *(root / name for name in ("services", "strategies", "operator"))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.chaos.planted.proofs", proof, str(reference)],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    last = done.stdout.strip().rpartition("\n")[2]
    try:
        return dict(json.loads(last))
    except ValueError:
        sys.exit(
            f"the proof {proof} said nothing that can be understood:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the proofs on healthy source, then with each bug; returns 1 where something was not as it must be."""
    options = argparse.ArgumentParser(prog="python -m tests.chaos.planted", description=__doc__)
    options.add_argument("names", nargs="*", metavar="BUG", help=f"which: {', '.join(bug.name for bug in BUGS)}")
    names = options.parse_args(arguments).names
    unknown = sorted(set(names) - {bug.name for bug in BUGS})
    if unknown:
        options.error(f"no such bug: {', '.join(unknown)}")
    chosen = [bug for bug in BUGS if not names or bug.name in names]
    healthy: list[Job] = [(None, proof) for proof in sorted({bug.proof for bug in chosen})]
    jobs = [*healthy, *((bug, bug.proof) for bug in chosen)]
    table = Table("source", "proof", "says", "seconds", "witness", title="Planted bugs")
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="panda-planted-") as place:
        for job in jobs:
            row, as_it_must_be = _row(job, Path(place) / "reference.pickle")
            wrong += not as_it_must_be
            table.add_row(*row)
            sys.stderr.write(f"{' · '.join(row)}\n")
    console = Console()
    console.print(table)
    console.print(f"{len(chosen)} bugs planted, {wrong} results not as they must be")
    return min(wrong, 1)


def _row(job: Job, reference: Path) -> tuple[tuple[str, ...], bool]:
    """One proof, for the table; and whether it passes on healthy source, or fails on source with a bug."""
    bug, proof = job
    with copied(bug) as root:
        found = prove(root, proof, reference)
    witness = str(next(iter(found["reasons"]), ""))[:_SHOWN]
    right = found["judgement"] == (Judgement.PASS if bug is None else Judgement.FAIL)
    says = f"{'✓' if right else '✗'} {found['judgement']}"
    return ("as it is" if bug is None else bug.name, proof, says, f"{found['seconds']:.0f}", witness), right


if __name__ == "__main__":
    sys.exit(main())
