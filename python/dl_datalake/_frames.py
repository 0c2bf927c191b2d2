"""Rows as the object that a caller wants: Polars, pandas, Arrow, NumPy, DuckDB, or the package's own table.

The engine's memory is taken over, not copied: each conversion goes through the Arrow PyCapsule protocol or NumPy's array interface, which
keep it alive for as long as the object lives. What costs a copy is said at each.
"""

from __future__ import annotations

from dl_datalake import _extras

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any, Literal, TypeAlias

    import duckdb
    import numpy as np
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl

    from dl_datalake._native import Table

    To: TypeAlias = Literal["polars", "pandas", "arrow", "numpy", "duckdb", "table"]
    Ts: TypeAlias = Literal["timestamp", "int"]
    Arrays: TypeAlias = dict[str, np.ndarray[Any, np.dtype[Any]]]

_DTYPES = {"g": "f8", "f": "f4", "l": "i8", "i": "i4", "s": "i2", "c": "i1", "L": "u8", "I": "u4", "b": "?"}
_INTEGERS = {"l": "Int64", "i": "Int32", "s": "Int16", "c": "Int8", "L": "UInt64", "I": "UInt32"}


def converter(to: To = "polars", ts: Ts = "timestamp") -> Callable[[Table], Any]:
    """Gives the function that turns a table into what is wanted.

    Args:
        to: Which kind of object.
        ts: Times as timestamps, or as whole numbers of the column's unit.

    Raises:
        InvalidArgumentError: There is no such kind.
        MissingExtraError: The library is not installed.
    """
    kind = _KINDS.get(to)
    if kind is None:
        raise _unknown("to", to, _KINDS)
    if ts not in ("timestamp", "int"):
        raise _unknown("ts", ts, ("timestamp", "int"))
    return kind(ts == "int")


def from_polars(frame: pl.DataFrame, to: To, ts: Ts = "timestamp") -> Any:
    """Turns a Polars frame that was computed here into what is wanted, but for "table"; `to` and `ts` were looked at by `converter`."""
    if ts == "int":
        polars = _extras.load("polars")
        frame = frame.with_columns(polars.col(polars.Datetime).to_physical())
    if to == "polars":
        return frame
    if to == "arrow":
        return _extras.load("pyarrow").table(frame)
    if to == "duckdb":
        return _extras.load("duckdb").from_arrow(frame)
    if to == "numpy":
        return {name: frame[name].to_numpy() for name in frame.columns}
    pandas = _extras.load("pandas")
    return pandas.DataFrame({name: _polars_to_pandas(pandas, frame[name]) for name in frame.columns}, copy=False)


def time_columns(table: Table) -> list[str]:
    """The names of the columns that are timestamps."""
    return [name for name, form in zip(table.names, table.formats, strict=True) if form.startswith("ts")]


def _unknown(name: str, value: object, choices: object) -> Exception:
    if not isinstance(value, str):
        return TypeError(f"{name} is {type(value).__name__}, not text")
    from dl_datalake.errors import InvalidArgumentError

    return InvalidArgumentError(f"{name} '{value}' is none of {' '.join(choices)}")  # pyright: ignore


# ---- one kind each: a function of whether times are integers, which gives the conversion ----


def _polars(as_int: bool) -> Callable[[Table], pl.DataFrame]:
    polars = _extras.load("polars")
    if not as_int:
        return polars.DataFrame

    def convert(table: Table) -> pl.DataFrame:
        return polars.DataFrame(table).with_columns(polars.col(time_columns(table)).to_physical())

    return convert


def _arrow(as_int: bool) -> Callable[[Table], Any]:
    arrow = _extras.load("pyarrow")
    if not as_int:
        return arrow.table

    def convert(table: Table) -> Any:
        out: Any = arrow.table(table)
        for name in time_columns(table):
            out = out.set_column(out.schema.get_field_index(name), name, out.column(name).cast(arrow.int64()))
        return out

    return convert


def _duckdb(as_int: bool) -> Callable[[Table], duckdb.DuckDBPyRelation]:
    library = _extras.load("duckdb")

    def convert(table: Table) -> duckdb.DuckDBPyRelation:
        relation: duckdb.DuckDBPyRelation = library.from_arrow(table)
        forms = dict(zip(table.names, table.formats, strict=True))
        times = [f'epoch_{forms[name][2]}s("{name}") AS "{name}"' for name in time_columns(table)]
        return relation.project(f"* REPLACE ({', '.join(times)})") if as_int and times else relation

    return convert


def _numpy(as_int: bool) -> Callable[[Table], Arrays]:
    """Without a copy where the rows came in one piece and the column has no nulls. Nulls are NaN (of integers too) and NaT; text and
    booleans with nulls are objects."""
    numpy = _extras.load("numpy")

    def convert(table: Table) -> Arrays:
        forms = zip(table.names, table.formats, strict=True)
        return {name: _array(numpy, table, name, form, as_int) for name, form in forms}

    return convert


def _pandas(as_int: bool) -> Callable[[Table], pd.DataFrame]:
    """Without a copy as NumPy; integers and booleans with nulls are of pandas' own nullable kinds."""
    pandas = _extras.load("pandas")
    numpy = _extras.load("numpy")

    def convert(table: Table) -> pd.DataFrame:
        columns: dict[str, Any] = {}
        for name, form in zip(table.names, table.formats, strict=True):
            columns[name] = _series(pandas, numpy, table, name, form, as_int)
        return pandas.DataFrame(columns, copy=False)

    return convert


def _table(as_int: bool) -> Callable[[Table], Table]:
    """Its values are whole numbers of the column's unit anyway, and its Arrow kind is what it is."""
    del as_int
    return _same


def _same(table: Table) -> Table:
    return table


_KINDS: dict[str, Callable[[bool], Callable[[Table], Any]]] = {
    "polars": _polars,
    "pandas": _pandas,
    "arrow": _arrow,
    "numpy": _numpy,
    "duckdb": _duckdb,
    "table": _table,
}


# ---- columns ----


def _dtype(form: str, as_int: bool) -> str | None:
    if form.startswith("ts"):
        unit = form[2]
        return "i8" if as_int else f"M8[{unit if unit == 's' else unit + 's'}]"
    return _DTYPES.get(form)


def _n_nulls(table: Table, name: str) -> int:
    return sum(table.column(name, chunk).null_count for chunk in range(table.n_chunks))


def _values(table: Table, name: str) -> list[Any]:
    return [value for chunk in range(table.n_chunks) for value in table.column(name, chunk).to_pylist()]


def _array(numpy: ModuleType, table: Table, name: str, form: str, as_int: bool) -> Any:
    dtype = _dtype(form, as_int)
    if dtype is None:
        return _objects(numpy, _values(table, name))
    n_nulls = _n_nulls(table, name)
    if n_nulls > 0 or dtype == "?":
        return _array_of_values(numpy, _values(table, name), dtype, n_nulls > 0)
    arrays = [numpy.asarray(table.column(name, chunk)).view(dtype) for chunk in range(table.n_chunks)]
    if len(arrays) == 1:
        return arrays[0]
    return numpy.concatenate(arrays) if arrays else numpy.empty(0, dtype)


def _array_of_values(numpy: ModuleType, values: list[Any], dtype: str, has_nulls: bool) -> Any:
    if has_nulls and dtype == "?":
        return _objects(numpy, values)
    if dtype.startswith("M8"):
        present = numpy.array([0 if value is None else value for value in values], "i8").view(dtype)
        present[[value is None for value in values]] = numpy.datetime64("NaT")
        return present
    return numpy.array(values, "f8" if has_nulls and dtype[0] in "iu" else dtype)


def _objects(numpy: ModuleType, values: list[Any]) -> Any:
    out = numpy.empty(len(values), object)
    out[:] = values
    return out


def _series(pandas: ModuleType, numpy: ModuleType, table: Table, name: str, form: str, as_int: bool) -> Any:
    if form in _INTEGERS and _n_nulls(table, name) > 0:
        return pandas.array(_values(table, name), dtype=_INTEGERS[form])
    if form == "b" and _n_nulls(table, name) > 0:
        return pandas.array(_values(table, name), dtype="boolean")
    array = _array(numpy, table, name, form, as_int)
    if form.startswith("ts") and not as_int:
        # a DatetimeIndex without a zone has to be told that it is UTC: the values stay where they are
        return pandas.Series(pandas.DatetimeIndex(array, copy=False).tz_localize("UTC"), copy=False)
    if array.dtype == object:
        return pandas.Series(array).infer_objects()
    return array


def _polars_to_pandas(pandas: ModuleType, series: pl.Series) -> Any:
    import polars

    if series.dtype == polars.Datetime:
        return pandas.Series(pandas.DatetimeIndex(series.dt.replace_time_zone(None).to_numpy()).tz_localize("UTC"))
    if series.dtype.is_integer() and series.null_count() > 0:
        return pandas.array(series.to_list(), dtype=str(series.dtype))
    if series.dtype.is_numeric():
        return series.to_numpy()
    return pandas.Series(series.to_list())
