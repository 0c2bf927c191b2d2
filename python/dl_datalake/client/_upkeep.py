"""What a client does beyond reading rows: takes files in, derives bars, tells about the lake, looks after it."""

from __future__ import annotations

import os

from dl_datalake._lake import LakeRef, check_file, is_there, open_scratch, path_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from dl_datalake._frames import To
    from dl_datalake._lake import Place
    from dl_datalake._outcome import Outcome
    from dl_datalake._progress import Progress
    from dl_datalake._times import Time
    from dl_datalake.metadata.data_type import DataType


class Upkeep:
    """The part of `DataLakeClient` that is about the lake as a whole."""

    _ref: LakeRef

    def ingest(
        self,
        source: Place | Sequence[Place],
        exchange: str | None = None,
        symbol: str | None = None,
        market: str | None = None,
        period: str | None = None,
        data_type: str | None = None,
        *,
        columns: Sequence[str] | None = None,
        separator: str | None = None,
        header: str | None = None,
        decimal: str | None = None,
        time_format: str | None = None,
        tz: str | None = None,
        stamp: str | None = None,
        rejects: Place | None = None,
        max_rejects: int = 0,
        checks: str | None = None,
        dry_run: bool = False,
        restart: bool = False,
        progress: Progress = None,
    ) -> Outcome:
        """Takes files into the lake, as `dl ingest` does; makes the lake where there is none.

        What is not given is told from the files, and refused with the candidates named where that is not certain. An ingest that was
        interrupted goes on where it was when it is called again.

        Args:
            source: Files or patterns ("btc_*.csv"): CSV, also in .gz, .zst and .zip; Parquet.
            exchange: In any case; None: told from the file's name.
            symbol: None: told from the file's name.
            market: None: FUTURES, or what dl.toml says.
            period: Of bars.
            data_type: None: told from the columns.
            columns: By position ("ts", "open", "-") or "volume=Volume USDT", "trades=#7", "note:text".
            separator: "," ";" "tab" "|" "space".
            header: "yes" or "no".
            decimal: "point" or "comma".
            time_format: "s" "ms" "us" "ns", or the order of dates: "ymd" "dmy" "mdy".
            tz: Of times without one: "UTC", "+09:00", "America/New_York".
            stamp: "open", or "close": bars are stamped with their end.
            rejects: Rows that are wrong go into this file, and the others on; None: one stops everything.
            max_rejects: More of them stop everything; 0: 1000.
            checks: What becomes of bars that cannot be true: "off", "warn" or "reject".
            dry_run: Tell what would be done, and do nothing.
            restart: Begin anew instead of going on with what was interrupted.
            progress: None shows a bar after half a second on a terminal's standard error or in a notebook; True always does; False never.
                A callable is called as progress(rows, bytes, bytes_total) a few times a second instead, not at all by what is done sooner;
                what it raises stops the work and is raised.

        Returns:
            rows_read, rows_new, rows_changed, rows_equal, rows_rejected, first_ms, last_ms, bars_missing, gaps (-1: not told, as of
            sources that are not in order; the method `gaps` tells), snapshot (0: nothing was committed), dataset, findings, checks and
            more; `frame()`: of a dry run the first and last rows as they would be stored.

        Raises:
            NotFoundError: There is no such file; also a FileNotFoundError.
            InvalidDataError: It cannot be understood; the message names the line. Also a ValueError. Nothing is committed.
            InvalidArgumentError: An option that is none; also a ValueError.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.ingest("BTCUSDT-1m-2026-01.zip", "BINANCE", "BTCUSDT").rows_new
            44640
        """
        from contextlib import ExitStack
        from tempfile import TemporaryDirectory

        from dl_datalake._outcome import Outcome
        from dl_datalake._progress import Showing

        single = isinstance(source, (str, os.PathLike))
        if isinstance(source, bytes) or not (single or hasattr(source, "__iter__")):
            raise TypeError(f"source is {type(source).__name__}, not a path or several")
        sources = [path_text("source", place) for place in ((source,) if single else source)]
        for path in sources:
            if not is_there(path) and not any(letter in path for letter in "*?["):
                check_file(path)  # before a lake is made for it
        with ExitStack() as stack:
            if dry_run and self._ref.open_if_there() is None:
                lake = open_scratch(stack.enter_context(TemporaryDirectory(prefix="dl-")))
                stack.callback(lake.close)
            else:
                lake = self._ref.open(create=True)
            showing = stack.enter_context(Showing(progress, "ingesting"))
            result = lake.ingest(
                sources, exchange=exchange, market=market, symbol=symbol, type=data_type, period=period, columns=columns,
                separator=separator, header=header, decimal=decimal, time_format=time_format, time_zone=tz, stamp=stamp,
                rejects_path=None if rejects is None else path_text("rejects", rejects), max_rejects=max_rejects, checks=checks,
                dry_run=dry_run, restart=restart, progress=showing.report,
            )  # fmt: skip
        return Outcome(result, result.pop("sample", None))

    def register_type(
        self,
        name: str,
        columns: Mapping[str, str | tuple[str, str]],
        key: Sequence[str] = ("ts",),
        period: str | None = None,
        what: str | None = None,
    ) -> DataType:
        """Adds a type of one's own to this lake at once, where `DataType.register` waits for the first write; makes the lake where there is
        none.

        Args:
            name: As of `DataType.register`, and so are the others.
            columns: As of `DataType.register`.
            key: As of `DataType.register`.
            period: As of `DataType.register`.
            what: As of `DataType.register`.

        Returns:
            The new member of `DataType`.

        Raises:
            InvalidArgumentError: The definition is none; also a ValueError.
            ExistsError: The name has another definition; also a FileExistsError.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.register_type("liquidations", {"ts": "timestamp[us]", "id": "utf8", "price": "double"}, key=("ts", "id"))
            DataType.LIQUIDATIONS
        """
        from dl_datalake.metadata.data_type import DataType, forget, make_known

        known = tuple(DataType)
        member = DataType.register(name, columns, key, period, what)
        try:
            self._ref.open(create=True)
            make_known(self._ref, member)
        except BaseException:
            if member not in known:
                forget(member)
            raise
        return member

    def aggregate(
        self,
        symbol: str | None = None,
        to: str | Sequence[str] | None = None,
        source: str | None = None,
        exchange: str | None = None,
        market: str | None = None,
        *,
        offset: str | None = None,
        origin: str | None = None,
        columns: Sequence[str] | None = None,
        anew: bool = False,
        dry_run: bool = False,
        progress: Progress = None,
    ) -> Outcome:
        """Brings derived bars (type "agg") up to date; only what changed since is derived again.

        Args:
            symbol: None: all.
            to: Periods ("15m", "1h"); None: what dl.toml says, else 15m and 1h, and what is derived already.
            source: What from: "1m", "5m" …, "trades", "aggtrades"; None: 1m, else the finest there is.
            exchange: None: all.
            market: None: all.
            offset: A length of time by which the buckets begin later than 00:00 UTC, Monday or the 1st.
            origin: Instead: an instant at which a bucket begins.
            columns: The source's own columns in derived bars: "spread_max=max(spread)".
            anew: Derive everything again.
            dry_run: Tell what would be done, and do nothing.
            progress: As of `ingest`.

        Returns:
            n_datasets, n_current, source_rows, rows_written, rows_removed, days_changed, snapshot and more; `frame()`: a row a derived
            dataset.

        Raises:
            NotFoundError: There is no such source; the message names what is near. Also a FileNotFoundError.
            InvalidArgumentError: A period that the source does not divide; also a ValueError.
            ConflictError: What is stored was derived by another recipe (unless `anew`).
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.aggregate("BTCUSDT", to=["15m", "1h"]).rows_written
            3720
        """
        from dl_datalake._outcome import Outcome
        from dl_datalake._progress import Showing

        periods = [to] if isinstance(to, str) else to
        with Showing(progress, "aggregating") as showing:
            result, report = self._ref.open().aggregate(
                exchange=exchange, market=market, symbol=symbol, periods=periods, source=source, offset=offset, origin=origin,
                columns=columns, anew=anew, dry_run=dry_run, progress=showing.report,
            )  # fmt: skip
        return Outcome(result, report)

    def datasets(
        self,
        symbol: str | None = None,
        data_type: str | None = None,
        exchange: str | None = None,
        market: str | None = None,
        period: str | None = None,
        *,
        as_of: Time | None = None,
        to: To = "polars",
    ) -> Any:
        """Lists the datasets.

        Args:
            symbol: None: all.
            data_type: None: all.
            exchange: None: all.
            market: None: all.
            period: None: all.
            as_of: As of `read_ohlc`.
            to: "polars", "pandas", "arrow", "numpy", "duckdb" or "table".

        Returns:
            A frame, a row a dataset: exchange, market, symbol, type, period, first_ts, last_ts, rows, days, files, bytes, gaps (bars
            missing; null for what is no bars), changed, history_bytes.

        Raises:
            NotFoundError: There is no lake; also a FileNotFoundError.
            InvalidArgumentError: A type or period that is none; also a ValueError.
            MissingExtraError: The library of `to` is not installed.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.datasets(exchange="binance").select("symbol", "rows")
        """
        from dl_datalake import _frames, _times

        convert = _frames.converter(to)
        lake = self._ref.open()
        stream = lake.list_datasets(
            exchange=exchange,
            market=market,
            symbol=symbol,
            type=data_type,
            period=period,
            as_of=_times.snapshot(lake, as_of),
        )
        return convert(stream.read_all())

    def gaps(
        self,
        exchange: str | None = None,
        symbol: str | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        market: str | None = None,
        period: str | None = None,
        data_type: str | None = None,
        *,
        reason: str | None = None,
        min_bars: int = 0,
        limit: int = 0,
        as_of: Time | None = None,
        to: To = "polars",
    ) -> Any:
        """Lists the intervals in which bars are missing, each with its reason.

        Args:
            exchange: None: all.
            symbol: None: all.
            start_date: With a range also what is missing before the first and behind the last bar; None: from the first bar.
            end_date: None: to the last bar. A bare date means the end of that day.
            market: None: all.
            period: None: all.
            data_type: None: raw bars.
            reason: Only of this reason: "not-requested", "source-empty", "before-listing", "after-delisting", "venue-outage",
                "corrupt-source", "deleted", "still-open", "no-source-bars".
            min_bars: Only of so many missing bars or more.
            limit: Only so many rows; 0: all.
            as_of: As of `read_ohlc`.
            to: "polars", "pandas", "arrow", "numpy", "duckdb" or "table".

        Returns:
            A frame, a row an interval: exchange, market, symbol, type, period, start, end (half open), bars, reason, asked, answer,
            operation.

        Raises:
            NotFoundError: There is no lake, or nothing of the kind; also a FileNotFoundError.
            InvalidArgumentError: A range that ends before it starts, a reason that is none; also a ValueError.
            MissingExtraError: The library of `to` is not installed.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.gaps("BINANCE", "BTCUSDT", min_bars=5).select("start", "bars", "reason")
        """
        from dl_datalake import _frames, _times

        convert = _frames.converter(to)
        start_ms, end_ms = _times.range_ms(start_date, end_date)
        lake = self._ref.open()
        _, stream = lake.gaps(
            exchange=exchange, market=market, symbol=symbol, type=data_type, period=period, start_ms=start_ms, end_ms=end_ms,
            reason=reason, min_bars=min_bars, limit=limit, as_of=_times.snapshot(lake, as_of),
        )  # fmt: skip
        return convert(stream.read_all())

    def coverage(
        self,
        exchange: str | None = None,
        symbol: str | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        market: str | None = None,
        period: str | None = None,
        data_type: str | None = None,
        *,
        as_of: Time | None = None,
        to: To = "polars",
    ) -> Any:
        """Tells month by month how many bars are there of how many there could be.

        Args:
            exchange: None: all.
            symbol: None: all.
            start_date: As of `gaps`.
            end_date: As of `gaps`.
            market: None: all.
            period: None: all.
            data_type: None: raw bars.
            as_of: As of `read_ohlc`.
            to: "polars", "pandas", "arrow", "numpy", "duckdb" or "table".

        Returns:
            A frame, a row a dataset and month: exchange, market, symbol, type, period, month, expected, present, gaps, reasons.

        Raises:
            NotFoundError: As of `gaps`.
            InvalidArgumentError: As of `gaps`.
            MissingExtraError: The library of `to` is not installed.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.coverage("BINANCE", "BTCUSDT").select("month", "present", "expected")
        """
        from dl_datalake import _frames, _times

        convert = _frames.converter(to)
        start_ms, end_ms = _times.range_ms(start_date, end_date)
        lake = self._ref.open()
        stream = lake.coverage(
            exchange=exchange, market=market, symbol=symbol, type=data_type, period=period, start_ms=start_ms, end_ms=end_ms,
            as_of=_times.snapshot(lake, as_of),
        )  # fmt: skip
        return convert(stream.read_all())

    def verify(
        self,
        exchange: str | None = None,
        symbol: str | None = None,
        market: str | None = None,
        period: str | None = None,
        data_type: str | None = None,
        *,
        full: bool = False,
        repair: bool = False,
        progress: Progress = None,
    ) -> Outcome:
        """Checks the files against the manifest.

        Args:
            exchange: None: all.
            symbol: None: all.
            market: None: all.
            period: None: all.
            data_type: None: all.
            full: Also every checksum, page and row; else that every file is there with its size and an end that agrees.
            repair: What can be repaired is, the rest is set aside in quarantine and named.
            progress: As of `ingest`.

        Returns:
            n_files, n_rows, n_bytes, n_problems, n_repaired, n_quarantined; `frame()`: a row a problem.

        Raises:
            NotFoundError: There is no lake; also a FileNotFoundError.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.verify(full=True).n_problems
            0
        """
        from dl_datalake._outcome import Outcome
        from dl_datalake._progress import Showing

        with Showing(progress, "verifying") as showing:
            result, problems = self._ref.open().verify(
                exchange=exchange, market=market, symbol=symbol, type=data_type, period=period, full=full, repair=repair,
                progress=showing.report,
            )  # fmt: skip
        return Outcome(result, problems)

    def check(
        self,
        exchange: str | None = None,
        symbol: str | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        market: str | None = None,
        period: str | None = None,
        data_type: str | None = None,
        *,
        most_rows: int = 0,
        progress: Progress = None,
    ) -> Outcome:
        """Checks whether the bars themselves can be true: each one, its neighbours, and coarser against finer ones.

        Args:
            exchange: None: all.
            symbol: None: all.
            start_date: None: from the first bar.
            end_date: None: to the last bar. A bare date means the end of that day.
            market: None: all.
            period: None: all.
            data_type: None: all bars.
            most_rows: Shown of each rule and dataset; 0: 20.
            progress: As of `ingest`.

        Returns:
            n_datasets, n_rows, n_wrong (cannot be true), n_suspect (for a person to look at); `frame()`: a row a finding.

        Raises:
            NotFoundError: There is no lake; also a FileNotFoundError.
            InvalidArgumentError: A range that ends before it starts; also a ValueError.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.check("BINANCE", "BTCUSDT").n_wrong
            0
        """
        from dl_datalake import _times
        from dl_datalake._outcome import Outcome
        from dl_datalake._progress import Showing

        start_ms, end_ms = _times.range_ms(start_date, end_date)
        with Showing(progress, "checking") as showing:
            result, findings = self._ref.open().check_bars(
                exchange=exchange, market=market, symbol=symbol, type=data_type, period=period, start_ms=start_ms, end_ms=end_ms,
                most_rows=most_rows, progress=showing.report,
            )  # fmt: skip
        return Outcome(result, findings)

    def explain(
        self,
        exchange: str,
        symbol: str,
        ts: Time,
        market: str | None = None,
        period: str | None = None,
        data_type: str | None = None,
        *,
        to: To = "polars",
    ) -> Any:
        """Tells where a row came from: file, version, operation, source, checksum, line.

        Args:
            exchange: In any case.
            symbol: The venue's own or unified.
            ts: Of the row; any time within a bar.
            market: As of `read_ohlc`.
            period: As of `read_ohlc`.
            data_type: As of `read_ohlc`; None: raw.
            to: "polars", "pandas", "arrow", "numpy", "duckdb" or "table".

        Returns:
            A frame, a row a step from the row back to its sources: depth, step, dataset, what, ts, path, version, snapshot, committed,
            sha256, line_from, line_to, detail.

        Raises:
            NotFoundError: There is no such row; the message says what is there before and after, and why it is missing. Also a
                FileNotFoundError.
            MissingExtraError: The library of `to` is not installed.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.explain("BINANCE", "BTCUSDT", "2026-01-01T12:34")["what"].to_list()
        """
        from dl_datalake import _frames, _times

        convert = _frames.converter(to)
        ts_ms = _times.to_ms(ts, False, "ts")
        stream = self._ref.open().explain(exchange, symbol, ts_ms, market=market, type=data_type, period=period)
        return convert(stream.read_all())

    def delete(
        self,
        symbol: str | None = None,
        exchange: str | None = None,
        market: str | None = None,
        data_type: str | None = None,
        period: str | None = None,
        start_date: Time | None = None,
        end_date: Time | None = None,
        *,
        dry_run: bool = False,
        progress: Progress = None,
    ) -> Outcome:
        """Deletes rows, without asking. They stay in the history till that expires: `undo` puts them back.

        Args:
            symbol: At least one of the first five is needed.
            exchange: None: all.
            market: None: all.
            data_type: None: all.
            period: None: all.
            start_date: None: from the first row.
            end_date: None: to the last row. A bare date means the end of that day.
            dry_run: Tell what would be deleted, and do nothing.
            progress: As of `ingest`.

        Returns:
            snapshot, n_datasets, n_days, rows_removed, files_retired, bytes_retired and more.

        Raises:
            NotFoundError: Nothing matches; the message names what is near. Also a FileNotFoundError.
            InvalidArgumentError: Nothing is chosen, or a range that ends before it starts; also a ValueError.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.delete("BTCUSDT", data_type="agg", dry_run=True).rows_removed
            3720
        """
        from dl_datalake import _times
        from dl_datalake._outcome import Outcome
        from dl_datalake._progress import Showing

        start_ms, end_ms = _times.range_ms(start_date, end_date)
        with Showing(progress, "deleting") as showing:
            result = self._ref.open().delete(
                exchange=exchange, market=market, symbol=symbol, type=data_type, period=period, start_ms=start_ms, end_ms=end_ms,
                dry_run=dry_run, progress=showing.report,
            )  # fmt: skip
        return Outcome(result)

    def undo(self, snapshot: int | None = None, *, dry_run: bool = False, progress: Progress = None) -> Outcome:
        """Puts back what an operation changed, as a new snapshot.

        Args:
            snapshot: Whose operation is undone; None: the latest that changed rows.
            dry_run: Tell what would be done, and do nothing.
            progress: As of `ingest`.

        Returns:
            snapshot, of_snapshot, n_days, rows_removed, rows_restored and more.

        Raises:
            ConflictError: Later operations wrote to the same days.
            NotFoundError: There is no such snapshot, or what it replaced has expired; also a FileNotFoundError.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.undo().rows_restored
            3720
        """
        from dl_datalake._outcome import Outcome
        from dl_datalake._progress import Showing

        with Showing(progress, "undoing") as showing:
            result = self._ref.open().undo(
                snapshot=0 if snapshot is None else snapshot, dry_run=dry_run, progress=showing.report
            )
        return Outcome(result)

    def log(self, limit: int = 0, *, before: int = 0, to: To = "polars") -> Any:
        """Lists the operations, latest first.

        Args:
            limit: Only so many; 0: all.
            before: Only of snapshots below this one; 0: all.
            to: "polars", "pandas", "arrow", "numpy", "duckdb" or "table".

        Returns:
            A frame, a row an operation: snapshot, operation, committed, duration_ms, datasets, source, rows_read, rows_written,
            rows_rejected, rows_removed, days, detail, undone_by, names.

        Raises:
            NotFoundError: There is no lake; also a FileNotFoundError.
            MissingExtraError: The library of `to` is not installed.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.log(limit=1)["operation"].item()
            'ingest'
        """
        from dl_datalake import _frames

        convert = _frames.converter(to)
        return convert(self._ref.open().log(limit=limit, before=before).read_all())

    def maintenance(
        self,
        *,
        compact: bool = False,
        expire: bool = False,
        gc: bool = False,
        optimize: bool = False,
        dry_run: bool = False,
        progress: Progress = None,
    ) -> Outcome:
        """Looks after the lake; nothing of it changes what is read. None of the four given: all of them.

        Args:
            compact: Roll the small files of closed months and years into one.
            expire: Remove history past its time.
            gc: Remove what dead writers left.
            optimize: The manifest's own upkeep.
            dry_run: Tell what would be done, and do nothing.
            progress: As of `ingest`.

        Returns:
            files_compacted, files_made, files_expired, bytes_expired, orphans_removed and more; `frame()`: a row a step.

        Raises:
            NotFoundError: There is no lake; also a FileNotFoundError.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.maintenance(compact=True).files_made
            12
        """
        from dl_datalake._outcome import Outcome
        from dl_datalake._progress import Showing

        with Showing(progress, "maintaining") as showing:
            result, plan = self._ref.open().maintain(
                compact=compact, expire=expire, gc=gc, optimize=optimize, dry_run=dry_run, progress=showing.report
            )
        return Outcome(result, plan)

    def backup(self, directory: Place, *, progress: Progress = None) -> Outcome:
        """Makes a copy of the lake, as of one snapshot, while others read and write; every file is checked on the way.

        Args:
            directory: Where; it must not be there, or be empty.
            progress: As of `ingest`.

        Returns:
            snapshot, n_files, n_bytes, n_reflinked, n_hard_linked, n_copied.

        Raises:
            ExistsError: There is something; also a FileExistsError.
            CorruptError: A file is not what it was written as; also a ValueError.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> client.backup("/mnt/backup/2026-01-31").n_files
            366
        """
        from dl_datalake._outcome import Outcome
        from dl_datalake._progress import Showing

        path = path_text("directory", directory)
        with Showing(progress, "copying") as showing:
            result = self._ref.open().backup(path, progress=showing.report)
        return Outcome(result)
