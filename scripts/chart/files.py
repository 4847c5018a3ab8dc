"""Every generated file of the chart and its text. Definitions and the operator's role are copies."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from chart import rules
from chart.lag import lag
from chart.operating import operating
from chart.overview import overview
from chart.pipeline import pipeline

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "charts" / "alpha-panda" / "files"
DEFINITIONS: Final = ROOT / "crds"
ROLE: Final = ROOT / "operator" / "alpha_panda_operator" / "role.yaml"
"""What the operator may do, as its tests hold it."""
DASHBOARDS: Final = {"overview": overview, "pipeline": pipeline, "lag": lag, "operator": operating}
WRITTEN: Final = "# Written by `make chart`; changes made here are lost.\n"


def generated() -> dict[Path, str]:
    """By path: the text that should be there."""
    return {
        **{FOLDER / "dashboards" / f"{name}.json": dashboard(name) for name in DASHBOARDS},
        FOLDER / "rules.yaml": WRITTEN + yaml.safe_dump(rules.document(), sort_keys=False, width=120),
        FOLDER / "operator-role.yaml": ROLE.read_text(),
        **{FOLDER / "crds" / source.name: source.read_text() for source in sorted(DEFINITIONS.glob("*.yaml"))},
    }


def dashboard(name: str) -> str:
    """The dashboard as Grafana imports it."""
    return JSONEncoder(sort_keys=True, indent=1).encode(DASHBOARDS[name]().build()) + "\n"


def stale(files: dict[Path, str]) -> list[Path]:
    """Those that do not fit, and those in the same folders that nothing makes."""
    present = {path for folder in {path.parent for path in files} for path in folder.iterdir() if path.is_file()}
    left_over = {path for path in present - set(files) if path.parent != FOLDER}
    wrong = {path for path, text in files.items() if not path.is_file() or path.read_text() != text}
    return sorted(wrong | left_over)
