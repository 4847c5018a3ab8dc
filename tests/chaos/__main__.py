"""`python -m tests.chaos`: the matrix of fail-points and seeded runs, a line for each, then what was exercised."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path

from tests.chaos import matrix, seeds, small_disk
from tests.chaos.report import invariants, told
from tests.chaos.trial import trial, undisturbed
from tests.chaos.verdict import Judgement, Ruling

_KEEP = Path("chaos-failures")


def main() -> int:
    """Run what was asked for; exit code 1 where anything did not pass."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", help="seeded runs: 1-50, or 3,7,20-22, or `fixed` for those that found something")
    parser.add_argument("--matrix", action="store_true", help="every service at every fail-point; without --seeds, too")
    parser.add_argument("--keep", type=Path, default=_KEEP, help="where logs of runs that did not pass are copied to")
    given = parser.parse_args()
    rulings: list[Ruling] = []
    whole = asyncio.run(_stoppable(given, rulings))
    _say("\n".join(["", *_totals(rulings)]))
    return 0 if whole and all(ruling.judgement is Judgement.PASS for ruling in rulings) else 1


async def _stoppable(given: argparse.Namespace, rulings: list[Ruling]) -> bool:
    """Run to the end; told to stop, take the platform down first and say that it was not the end."""
    run = asyncio.ensure_future(_run(given, rulings))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, run.cancel)
    try:
        await run
    except asyncio.CancelledError:
        return False
    return True


async def _run(given: argparse.Namespace, rulings: list[Ruling]) -> None:
    reference = await undisturbed()
    if (reason := small_disk.why_not()) is not None:
        _say(f"no disk is filled: {reason}")
    if given.matrix or given.seeds is None:
        for number, lanes in enumerate(matrix.rounds()):
            name = f"matrix {number + 1}"
            rulings.append(await trial(reference, lanes, keep=given.keep / name.replace(" ", "-")))
            _tell(name, rulings[-1])
    for seed in seeds.parse(given.seeds or "fixed"):
        plan = seeds.plan(seed)
        keep = given.keep / f"seed-{seed}"
        rulings.append(await trial(reference, plan.lanes, aftermath=plan.aftermath, keep=keep))
        _tell(f"seed {seed}", rulings[-1])


def _tell(name: str, ruling: Ruling) -> None:
    hit = ", ".join(f"{kind} {count}" for kind, count in sorted(ruling.counts.items()))
    _say(f"{name}: {ruling.judgement} in {ruling.seconds:.0f} s ({hit})")
    if ruling.judgement is not Judgement.PASS:
        _say(told(ruling))


def _totals(rulings: list[Ruling]) -> list[str]:
    judgements = Counter(str(ruling.judgement) for ruling in rulings)
    strikes: Counter[str] = Counter()
    for ruling in rulings:
        strikes.update(ruling.counts)
    return [
        f"{len(rulings)} runs: {', '.join(f'{count} {name}' for name, count in judgements.most_common())}",
        f"{sum(strikes.values())} faults while trading: "
        + ", ".join(f"{count} {kind}" for kind, count in strikes.most_common()),
        *invariants(finding for ruling in rulings for finding in ruling.findings),
    ]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
