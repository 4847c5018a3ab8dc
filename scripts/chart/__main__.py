"""`python -m chart [--check]`."""

from __future__ import annotations

import sys

from chart.files import ROOT, generated, stale


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` name those that do not fit; 1 where there are such."""
    files = generated()
    wrong = stale(files)
    if arguments == ["--check"]:
        for path in wrong:
            print(f"{path.relative_to(ROOT)} does not fit: run `make chart`", file=sys.stderr)
        return 1 if wrong else 0
    if arguments:
        print("usage: python -m chart [--check]", file=sys.stderr)
        return 2
    for path in wrong:
        if path not in files:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
