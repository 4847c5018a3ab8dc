"""An image's bill of materials (SPDX 2.3): the packages of Debian and Python and the jars in a file system.

Usage: `bill.py ROOT NAME FILE`, with nothing but Python. It reads what the packages say of themselves on disk, so it
lists what is there and not what somebody meant to install.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from email.parser import HeaderParser
from pathlib import Path
from typing import Any, NamedTuple

LISTED_FOLDERS = ("opt", "usr/lib/python3", "usr/lib/python3.11", "usr/lib/python3.13", "usr/local/lib")


class Part(NamedTuple):
    """One package; `where` is its package URL."""

    name: str
    version: str
    where: str
    licence: str = ""
    digest: str = ""


def debian(root: Path) -> Iterator[Part]:
    """What dpkg has installed."""
    status = root / "var/lib/dpkg/status"
    if not status.is_file():
        return
    release = dict(line.split("=", 1) for line in (root / "etc/os-release").read_text().splitlines() if "=" in line)
    suite = release.get("VERSION_CODENAME", "").strip('"')
    for block in status.read_text(errors="replace").split("\n\n"):
        package = HeaderParser().parsestr(block)
        if package["Package"] and str(package["Status"]).endswith(" installed"):
            name, version = str(package["Package"]), str(package["Version"])
            where = f"pkg:deb/debian/{name}@{version}?arch={package['Architecture']}&distro={suite}"
            yield Part(name, version, where)


def python(root: Path) -> Iterator[Part]:
    """Every distribution under the folders where images have any."""
    for folder in LISTED_FOLDERS:
        for metadata in sorted((root / folder).rglob("*.dist-info/METADATA")):
            about = HeaderParser().parsestr(metadata.read_text(errors="replace"))
            name, version = str(about["Name"]), str(about["Version"])
            licence = str(about["License-Expression"] or "")
            yield Part(name, version, f"pkg:pypi/{name.lower().replace('_', '-')}@{version}", licence)


def jars(root: Path) -> Iterator[Part]:
    """Every jar of Kafka, by its name and digest."""
    for jar in sorted((root / "opt/kafka").glob("*.jar")):
        name, _, version = jar.stem.rpartition("-")
        yield Part(name, version, f"pkg:maven/{name}@{version}", "", hashlib.sha256(jar.read_bytes()).hexdigest())


def java(root: Path) -> Iterator[Part]:
    """The Java runtime."""
    release = root / "opt/java/release"
    if not release.is_file():
        return
    about = dict(line.split("=", 1) for line in release.read_text().splitlines() if "=" in line)
    version = about.get("JAVA_VERSION", "").strip('"')
    yield Part("openjdk", version, f"pkg:generic/openjdk@{version}")


def document(name: str, parts: list[Part], moment: datetime) -> dict[str, Any]:
    """The bill in SPDX's words; equal parts make an equal one."""
    identity = hashlib.sha256("\n".join(part.where for part in parts).encode()).hexdigest()
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"https://alphapanda.io/spdx/{name.rpartition('/')[2]}/{identity}",
        "creationInfo": {"created": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "creators": ["Tool: alpha-panda images"]},
        "packages": [_package(number, part) for number, part in enumerate(parts, 1)],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": f"SPDXRef-Package-{number}",
            }
            for number in range(1, len(parts) + 1)
        ],
    }


def _package(number: int, part: Part) -> dict[str, Any]:
    found: dict[str, Any] = {
        "SPDXID": f"SPDXRef-Package-{number}",
        "name": part.name,
        "versionInfo": part.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseDeclared": part.licence or "NOASSERTION",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": part.where}
        ],
    }
    if part.digest:
        found["checksums"] = [{"algorithm": "SHA256", "checksumValue": part.digest}]
    return found


def main(arguments: list[str]) -> int:
    """Write the bill and say how many parts it has."""
    root, name, file = Path(arguments[0]), arguments[1], Path(arguments[2])
    parts = sorted({*debian(root), *python(root), *jars(root), *java(root)})
    moment = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), UTC)
    file.write_text(json.dumps(document(name, parts, moment), indent=1) + "\n")
    print(len(parts))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
