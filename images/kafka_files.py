"""Puts the jars and the Java of `make up` into the context of the Kafka image. Usage: kafka_files.py FOLDER.

They come from the cache, where each was checked against its hash; what is missing there is fetched first.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from alpha_panda.local.kafka_program import find_kafka


def main(arguments: list[str]) -> int:
    """Copy both; the Java is the folder above `bin/java`."""
    folder = Path(arguments[0])
    kafka = find_kafka(print)
    shutil.copytree(kafka.java.parent.parent, folder / "java", symlinks=True)
    (folder / "jars").mkdir()
    for jar in kafka.classpath:
        shutil.copy2(jar, folder / "jars")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
