"""SQL over a lake, by DuckDB on the files of one snapshot.

DuckDB is given nothing but one question, and loads nothing for it. A file that a commit moves away between listing and reading makes the
question be asked once more.
"""

from __future__ import annotations

import glob
import os
import re

from dl_datalake import _extras
from dl_datalake._rows import as_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import polars as pl

    from dl_datalake._lake import LakeRef
    from dl_datalake._native import Lake

    Dataset = tuple[str, str, str, str]

N_TRIES = 3

# EXPLAIN ANALYZE runs what it explains, and DuckDB does not say what that is: it is looked at by itself.
_EXPLAIN = re.compile(r"\s*explain\b(\s+analyze\b|\s*\([^()]*\))?", re.IGNORECASE)


def ask(ref: LakeRef, query: str) -> pl.DataFrame:
    """Answers a question; see `ParquetReader.sql`."""
    polars, duckdb = _extras.load("polars"), _extras.load("duckdb")
    if not isinstance(query, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"query is {type(query).__name__}, not text")
    lake = ref.open()
    for left in reversed(range(N_TRIES)):
        with duckdb.connect() as connection:
            try:
                _check(duckdb, connection, query)
                _set_up(connection, ref.data_root)
                _make_views(connection, lake, ref, query)
                return polars.DataFrame(connection.sql(query))
            except duckdb.IOException:
                if left == 0:
                    raise
    raise AssertionError("the last try returns or raises")


def _check(duckdb: Any, connection: Any, query: str) -> None:
    from dl_datalake.errors import InvalidArgumentError

    statements = connection.extract_statements(query)
    if len(statements) == 1 and statements[0].type == duckdb.StatementType.EXPLAIN:
        explain = _EXPLAIN.match(query)
        statements = connection.extract_statements(query[explain.end() :]) if explain is not None else statements
    if len(statements) != 1:
        raise InvalidArgumentError(f"the query has {len(statements)} statements; it is to have one")
    kind = statements[0].type
    if kind != duckdb.StatementType.SELECT:
        raise InvalidArgumentError(f"the query is a {kind.name}, not a SELECT: the lake is only read by SQL")


def _set_up(connection: Any, data_root: str) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
    connection.execute(f"SET file_search_path = {_quoted(os.path.abspath(data_root))}")


def _make_views(connection: Any, lake: Lake, ref: LakeRef, query: str) -> None:
    """Views of the types that the query mentions: others would cost the opening of their files."""
    words = set(re.findall(r"\w+", query.lower()))
    names = [row["name"] for row in lake.list_types().read_all().to_pylist()]
    wanted = [name for name in dict.fromkeys(["feature", *names]) if name in words]
    snapshots = lake.log(limit=1).read_all().to_pylist() if wanted else []
    for name in wanted if snapshots else ():
        datasets = _files(lake, ref, name, snapshots[0]["snapshot"])
        if datasets:
            selects = " UNION ALL BY NAME ".join(_select(dataset, paths) for dataset, paths in datasets.items())
            connection.execute(f'CREATE VIEW "{name}" AS {selects}')


def _files(lake: Lake, ref: LakeRef, type_name: str, snapshot: int) -> dict[Dataset, list[str]]:
    datasets: dict[Dataset, list[str]] = {}
    for row in as_rows(lake.list_files(type=type_name, as_of=snapshot).read_all()):
        dataset = (row["exchange"], row["market"], row["symbol"], row["period"])
        datasets.setdefault(dataset, []).append(os.path.abspath(ref.path(row["path"])))
    return datasets


def _select(dataset: Dataset, paths: list[str]) -> str:
    names = ("exchange", "market", "symbol", "period")
    constants = ", ".join(f"{_quoted(value)} AS {name}" for name, value in zip(names, dataset, strict=True))
    # of columns that are called as what the dataset is, the dataset counts
    columns = f"COLUMNS([name for name in (*) if lower(name) NOT IN ({', '.join(map(_quoted, names))})])"
    # A path is what it is: no pattern, and no values of columns, as DuckDB would take "*" and "name=value" for.
    files = ", ".join(_quoted(glob.escape(path)) for path in paths)
    return (
        f"SELECT {constants}, {columns} FROM read_parquet([{files}], union_by_name = true, hive_partitioning = false)"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
