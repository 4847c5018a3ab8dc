"""Files of others are what their manifest says, with their licences; the templates hold no script and no style."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

DASHBOARD = Path(__file__).parents[2] / "services" / "alpha_panda" / "dashboard"
VENDORED = DASHBOARD / "static" / "vendor"
MANIFEST = json.loads((VENDORED / "manifest.json").read_text())
TEMPLATES = sorted((DASHBOARD / "templates").glob("*.html"))
_INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|\|\s*safe\b", re.IGNORECASE)


def test_every_file_of_others_is_in_the_manifest() -> None:
    found = {path.name for path in VENDORED.iterdir() if path.is_file()}
    assert found == {"manifest.json", *(each["file"] for each in MANIFEST)}


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["file"])
def test_a_file_of_others_is_unchanged_and_licensed(entry: dict[str, str]) -> None:
    assert hashlib.sha256((VENDORED / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    assert entry["version"][0].isdigit()
    assert entry["licence"] in {"0BSD", "Apache-2.0", "MIT"}
    assert (VENDORED / entry["text"]).read_text().strip()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_holds_no_script_no_style_and_trusts_no_text(template: Path) -> None:
    assert not _INLINE.findall(template.read_text())


def test_a_planted_script_is_found() -> None:
    assert _INLINE.findall('<p style="x">') == [" style="]
    assert _INLINE.findall("<script>alert(1)</script>")
    assert _INLINE.findall("{{ name | safe }}")
