"""`make bench`: run the benchmarks, show what they find, and write it to `docs/`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from rich.console import Console

import benchmarks
from benchmarks.machine import machine
from benchmarks.report import Report, show, write
from benchmarks.result import Benchmark, Options
from benchmarks.worker import WorkerError

_TERMINATED = 143


def main() -> int:
    """Run what was asked for; 1 where one of them could not be measured."""
    found = _found()
    asked = _arguments(found)
    signal.signal(signal.SIGTERM, _end)
    console = Console(highlight=False)
    reports: dict[str, Report] = {}
    failed = False
    for name in asked.names or found:
        benchmark = found[name]
        console.print(f"[bold]{benchmark.title}[/bold]")
        folder = Path(tempfile.mkdtemp(prefix=f"benchmark-{name}-"))
        options = Options(
            folder=folder / "run",
            say=lambda text: console.print(f"· {text}"),
            long=asked.long,
            repetitions=asked.repetitions,
        )
        try:
            facts = machine()
            result = benchmark.run(options)
        except WorkerError as error:
            console.print(f"[red]{name}: {error}[/red]")
            failed = True
            continue
        except Exception:  # noqa: BLE001 - one that fails is shown, and costs the others nothing
            console.print_exception()
            failed = True
            continue
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        show(benchmark, result, console)
        reports[name] = Report(title=benchmark.title, order=benchmark.order, machine=facts, result=result)
    if reports and asked.write:
        for path in write(reports):
            console.print(f"wrote {path.relative_to(Path.cwd())}")
    return 1 if failed else 0


def _found() -> dict[str, Benchmark]:
    """Every module's `BENCHMARK`, in the order of the report."""
    modules = [
        importlib.import_module(f"benchmarks.{module.name}")
        for module in pkgutil.iter_modules(benchmarks.__path__)
        if module.name != "__main__"
    ]
    offered = [each.BENCHMARK for each in modules if isinstance(getattr(each, "BENCHMARK", None), Benchmark)]
    return {each.name: each for each in sorted(offered, key=lambda each: (each.order, each.name))}


def _arguments(found: dict[str, Benchmark]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description="Measure on the real stores.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(found))
    parser.add_argument("--long", action="store_true", help="the long variant: memory over 20 minutes")
    parser.add_argument("--repetitions", type=int, default=3, help="of each measurement (3)")
    parser.add_argument("--no-write", dest="write", action="store_false", help="only show the figures")
    asked = parser.parse_args()
    for name in asked.names:
        if name not in found:
            parser.error(f"there is no benchmark {name!r}: {', '.join(found)}")
    return asked


def _end(_number: int, _frame: FrameType | None) -> None:
    """Told to end: leave in order, so that nothing stays behind."""
    raise SystemExit(_TERMINATED)


if __name__ == "__main__":
    sys.exit(main())
