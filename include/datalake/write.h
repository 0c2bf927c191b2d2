/* Rows of a program's own tables into the lake: what an ingest does for files, for Arrow streams. Conventions are those of lake.h.
 *
 *     struct lake_put_options options = {.size = sizeof options, .dataset = {.exchange = "BINANCE", .symbol = "BTCUSDT", .period = "1m"}};
 *     struct lake_put_result result = {.size = sizeof result};
 *     if (lake_put(lake, &options, &stream, &result, &err) == LAKE_OK) … committed as one operation, durable
 *
 * Nothing is guessed of names: columns are called as the type calls them (types.h; docs/INGEST.md), but that `timestamp` may stand for ts and, of trades,
 * `qty` or `size` for amount, where there is no such column; others are kept as they are, and those of Arrow's null type that are not known left out. Of values:
 * times are timestamps of any unit and zone (without a zone: UTC), dates, ISO 8601 text, or whole numbers in s, ms, µs or ns, told by their size; they must
 * be whole in a column of milliseconds, and are cut to microseconds in one of those. Numbers of any width become the column's type where that is exact;
 * NaN is null in the type's columns; whole numbers become text where that is wanted (ids). Text may be large, a view, or a dictionary. Keys must not be
 * null; of what is null elsewhere the lake keeps what it has (I8). */
#ifndef DATALAKE_WRITE_H
#define DATALAKE_WRITE_H

#include <datalake/lake.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lake_put_options {
    size_t size;
    struct lake_selection
        dataset; /* exchange and symbol; period where the type has periods; market: as writes choose it; type: raw */
    bool is_partial; /* the type's required columns may be absent: what is stored in them stays (I8) */
    bool
        is_unsorted; /* rows may come in any order and keys again, of which the last row counts; else that is LAKE_INVALID_DATA */
    bool has_start, has_end;
    int64_t start_ms, end_ms; /* a row outside of [start, end) is LAKE_INVALID_DATA */
    enum lake_check_action
        checks; /* as of an ingest, but a row that would be rejected stops everything; DEFAULT: warn, times off the grid stop */
    const char *source; /* what the log says the rows came from; NULL: "a table" */
    bool dry_run;       /* checks everything and commits nothing */
    struct lake_progress progress;
};

struct lake_put_result {
    size_t size;                   /* set by the caller */
    struct lake_selection dataset; /* what it went into; strings live as long as the lake */
    int64_t rows_read, rows_new, rows_changed, rows_equal;
    int64_t first_ms, last_ms; /* of the rows read */
    int64_t days_changed, files_written, bytes_written;
    int64_t rows_warned;   /* that broke a rule of sanity */
    int64_t rows_left_out; /* bars that have not ended yet: they are never stored */
    int64_t snapshot;      /* the one made, 0 where nothing changed */
};

/* Takes the stream over and releases it, also on failure. All rows are committed as one operation or, on any error, none. Errors of rows name row (counted
 * from 0) and value: "row 17: ts 2024-01-01T00:03:00Z comes again, first in row 3". A frame without a time is LAKE_INVALID_DATA "the frame must
 * have 'ts' column; it has open, close"; one that lacks required columns names them; a column of another kind than the type's names both kinds. An empty
 * stream with the right columns changes nothing. */
LAKE_API LAKE_MUST_CHECK lake_status lake_put(struct lake *lake, const struct lake_put_options *options,
                                              struct ArrowArrayStream *rows, struct lake_put_result *result,
                                              struct lake_error *err);

struct lake_adopt_options {
    size_t size;
    const char *path; /* of a Parquet file below the data root, absolute or relative to the data root */
    struct lake_selection
        dataset;        /* what it holds; members not given are told from the path where it is one of a lake's */
    const char *sha256; /* hexadecimal, of the file as it lies; NULL: not checked */
};

struct lake_adopt_result {
    size_t size;     /* set by the caller */
    int64_t file_id; /* of the live file that holds its first row (lake_list_files) */
    int64_t rows_new, rows_changed, rows_equal;
    int64_t snapshot; /* 0: it was the lake's already, or nothing in it is new */
    char moved_to
        [4096]; /* where a file that was not the lake's lies now, below the state directory; "": it was the lake's */
};

/* Takes in the rows of a file that somebody put below the data root. A live file is found and, with sha256, checked. Any other is read whole, its rows are
 * written as those of an ingest, and when they are committed it is moved out of the tree into quarantine, so that no tool sees its rows twice (I3).
 * LAKE_NOT_FOUND where there is no such file, LAKE_INVALID_ARGUMENT where it is not below the data root, LAKE_CORRUPT where the digest is another, LAKE_BUSY
 * where a commit that superseded it is about to move it away. */
LAKE_API LAKE_MUST_CHECK lake_status lake_adopt_file(struct lake *lake, const struct lake_adopt_options *options,
                                                     struct lake_adopt_result *result, struct lake_error *err);

#ifdef __cplusplus
}
#endif
#endif
