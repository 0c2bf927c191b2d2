"""The bench's command line; bench/run.sh prepares what it needs and calls it."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from pathlib import Path

from bench.cases import CASES, Case, Outcome
from bench.equal import UnequalError
from bench.ours import LakeError
from bench.report import describe_case, describe_run
from bench.workspace import Workspace

RESULTS = Path(__file__).parent / "RESULTS.md"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench/run.sh",
        description="Races the lake against Polars, DuckDB, pyarrow, ArcticDB and Feather. A run of all cases with "
        "their own number of rounds writes bench/RESULTS.md; any other only prints.",
        epilog="example: bench/run.sh --only year day --rounds 5",
    )
    parser.add_argument("--only", nargs="+", choices=CASES, metavar="CASE", help=f"of {', '.join(CASES)}")
    parser.add_argument("--rounds", type=int, help="instead of each case's own number")
    arguments = parser.parse_args()
    if arguments.rounds is not None and arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    return arguments


def chosen_cases(arguments: argparse.Namespace) -> list[Case]:
    cases = [CASES[key] for key in arguments.only or CASES]
    if arguments.rounds is None:
        return cases
    return [dataclasses.replace(case, rounds=min(case.rounds, 1) * arguments.rounds) for case in cases]


def run_cases(work: Workspace, cases: list[Case]) -> list[Outcome]:
    """Runs the cases one after another and prints each as soon as it is known."""
    print("making the year, our lake and the peers' files", file=sys.stderr)
    work.make_year()
    outcomes = []
    for case in cases:
        print(f"{case.key}: {case.title}", file=sys.stderr)
        outcomes.append(case.run(work, case))
        print(describe_case(outcomes[-1]), flush=True)
    return outcomes


def main() -> None:
    arguments = parse_arguments()
    work = Workspace(Path("build/bench"), Path(os.environ["LAKE_LIB"]), Path(os.environ["LAKE_DL"]))
    try:
        outcomes = run_cases(work, chosen_cases(arguments))
    except (UnequalError, LakeError) as error:
        sys.exit(f"bench: {error}")
    finally:
        work.remove()
    if arguments.only is None and arguments.rounds is None:
        RESULTS.write_text(describe_run(outcomes, work.library.version()), encoding="utf-8")
        print(f"written: {RESULTS}", file=sys.stderr)


if __name__ == "__main__":
    main()
