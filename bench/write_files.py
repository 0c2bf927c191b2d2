"""One peer's ingest as a program of its own, so that its peak memory is its own: python -m bench.write_files PEER CSV DIRECTORY."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.peers import WRITERS


def main() -> None:
    peer, csv, directory = sys.argv[1:]
    WRITERS[peer](Path(csv), Path(directory))


if __name__ == "__main__":
    main()
