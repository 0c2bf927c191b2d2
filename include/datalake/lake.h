/* The data lake: opening, listing, ingesting, scanning. Versions are in history.h, looking after a lake in maintenance.h.
 *
 * Ownership: what is passed in stays the caller's and is copied where it is kept; what comes out through a pointer to a
 * pointer is the caller's to close or free; strings in results live as long as the handle they came from. Tables of any kind come
 * out as Arrow streams (datalake/arrow.h), whose arrays own their memory and may outlive the lake.
 * Threads: a lake may be used by several threads at once; a scan by one at a time. Processes: any number on one lake.
 * Time: UTC only; _ms is epoch milliseconds; ranges are half open.
 * Handles (struct lake, struct lake_scan) are opaque. Option structs begin with their size: initialise them with {.size = sizeof options}; unknown sizes are refused; members left 0
 * or NULL take the default.
 *
 *     struct lake_options options = {.size = sizeof options, .data_root = "data", .db_path = "manifest.db"};
 *     struct lake *lake = NULL;
 *     struct lake_error err = {0};
 *     if (lake_open(&options, &lake, &err) != LAKE_OK) … */
#ifndef DATALAKE_LAKE_H
#define DATALAKE_LAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <datalake/arrow.h>
#include <datalake/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0" */
LAKE_API const char *lake_version(void);

struct lake;

struct lake_options {
    size_t size;
    const char *data_root;   /* default "data" */
    const char *db_path;     /* default "manifest.db" */
    bool create;             /* make the lake where there is none; otherwise that is LAKE_NOT_FOUND */
    uint32_t n_threads;      /* default: one per core */
    uint64_t memory_bytes;   /* of the engine's buffers; default 256 MiB */
    const char *config_path; /* dl.toml; default: looked for from the manifest's directory upward; "": none */
};

/* Opens a lake and finishes what an interrupted writer left. */
LAKE_API LAKE_MUST_CHECK lake_status lake_open(const struct lake_options *options, struct lake **out,
                                               struct lake_error *err);
LAKE_API void lake_close(struct lake *lake);
/* Whether this lake_open made it; what it recovered, in one line for people, or "". */
LAKE_API bool lake_was_created(const struct lake *lake);
LAKE_API const char *lake_recovery_report(const struct lake *lake);

/* Which datasets: NULL or "" members match all. The exchange is case-insensitive; unified symbols are understood. */
struct lake_selection {
    const char *exchange, *market, *symbol, *type, *period;
};

struct lake_list_options {
    size_t size;
    struct lake_selection selection;
    int64_t as_of; /* a snapshot (lake_find_snapshot); 0: now */
    int64_t limit; /* rows; 0: all */
    const char
        *after; /* the page after this dataset ("BINANCE/FUTURES/BTCUSDT/raw/1m") or file (its path); NULL: the first */
    bool has_start, has_end;
    int64_t start_ms, end_ms; /* of files: those whose first and last row are not all outside of [start, end) */
};

/* options may be NULL. One row a dataset: exchange, market, symbol, type, period, first_ts, last_ts (timestamps), rows, days, files, bytes, gaps
 * (bars that are missing between first and last, as lake_list_gaps of bars.h sums them up; null for what is no bars), changed (timestamp),
 * history_bytes (of its superseded files; null with as_of). A list that is longer than some thousand rows is made as it is read: its
 * stream needs the lake open, and each of its batches is of one snapshot. */
LAKE_API LAKE_MUST_CHECK lake_status lake_list_datasets(struct lake *lake, const struct lake_list_options *options,
                                                        struct ArrowArrayStream *out, struct lake_error *err);
/* One row a live file, by dataset and time: exchange, market, symbol, type, period, path, first_ts, last_ts, rows, bytes, version (null
 * with as_of), sha256, operation, id (of the file; never used again), created (timestamp of its commit). */
LAKE_API LAKE_MUST_CHECK lake_status lake_list_files(struct lake *lake, const struct lake_list_options *options,
                                                     struct ArrowArrayStream *out, struct lake_error *err);

/* What stands where bars are missing between the first and the last bar of a scan. Nothing of it is ever stored. */
enum lake_fill {
    LAKE_FILL_NONE,
    LAKE_FILL_NULL,       /* a row of nulls */
    LAKE_FILL_PREVIOUS,   /* the row before, once more */
    LAKE_FILL_ZERO_VOLUME /* a flat bar at the close before; volumes and counts are 0 */
};

struct lake_scan_options {
    size_t size;
    struct lake_selection dataset; /* exchange and symbol are needed; what else is not named is chosen as documented */
    bool has_start, has_end;
    int64_t start_ms, end_ms;   /* [start, end) */
    const char *const *columns; /* NULL: all, by the type's order then by name; ts comes first in any case */
    size_t n_columns;
    int64_t limit;      /* rows from the start; 0: all */
    int64_t tail;       /* rows from the end; 0: all */
    int64_t batch_rows; /* most rows of a batch; 0: chosen by the memory configured */
    int64_t as_of;      /* a snapshot (lake_find_snapshot); 0: now */
    /* Of bars. A period that is not stored (or, of derived bars, is not current) is derived on the way from what is. */
    enum lake_fill fill;
    bool complete;               /* derived bars that lack source bars are left out */
    const char *offset, *origin; /* of the buckets of bars that are derived: see struct lake_recipe (bars.h) */
};

struct lake_scan;

/* Resolves the files of one snapshot; rows come by lake_scan_next or as a stream. An unknown dataset is LAKE_NOT_FOUND with near
 * matches, an ambiguous one LAKE_INVALID_ARGUMENT with the choices. limit and tail count the rows that come out. */
LAKE_API LAKE_MUST_CHECK lake_status lake_scan_open(struct lake *lake, const struct lake_scan_options *options,
                                                    struct lake_scan **out, struct lake_error *err);
/* The rows of several symbols of one exchange, symbol by symbol in the order given, all of one snapshot; each dataset is resolved as lake_scan_open does, read
 * and derived in parallel. A column `symbol` stands behind ts: the canonical name, as text in string views (Arrow format "vu", which consumers take as strings
 * without a copy); a column of theirs that is called so gives way. The other columns are those of all datasets, by name, missing ones null; one that is wanted and
 * has several types is LAKE_INVALID_ARGUMENT. limit and tail count the rows of each symbol; options->dataset.symbol is not looked at. A symbol that is not
 * there, or is named twice, fails all. lake_scan_dataset tells the first one's; lake_scan_note tells the first one's and what is otherwise with others. */
LAKE_API LAKE_MUST_CHECK lake_status lake_scan_open_many(struct lake *lake, const struct lake_scan_options *options,
                                                         const char *const *symbols, size_t n_symbols,
                                                         struct lake_scan **out, struct lake_error *err);
LAKE_API void lake_scan_close(struct lake_scan *scan);
LAKE_API LAKE_MUST_CHECK lake_status lake_scan_schema(const struct lake_scan *scan, struct ArrowSchema *out,
                                                      struct lake_error *err);
/* The next rows as a struct array; out->release is NULL at the end. */
LAKE_API LAKE_MUST_CHECK lake_status lake_scan_next(struct lake_scan *scan, struct ArrowArray *out,
                                                    struct lake_error *err);
/* Hands the scan over to a stream: do not close it afterwards (also on failure). The lake must stay open until the stream is
 * released; the arrays it gave may outlive both. */
LAKE_API LAKE_MUST_CHECK lake_status lake_scan_take_stream(struct lake_scan *scan, struct ArrowArrayStream *out,
                                                           struct lake_error *err);
/* The rows that the scan gives in all; -1 where that is not known before they are read (bars derived on the way, filled gaps). */
LAKE_API int64_t lake_scan_rows(const struct lake_scan *scan);
/* The dataset that was chosen, and whether something not named had to be chosen. */
LAKE_API struct lake_selection lake_scan_dataset(const struct lake_scan *scan, bool *chosen);
/* Where the rows are derived on the way: from what and why, in one line for people ("from raw 1m of FUTURES: none are stored"); else "". */
LAKE_API const char *lake_scan_note(const struct lake_scan *scan);
/* Of the rows given so far: bars that lack source bars, and (n_bars, may be NULL) bars that say of how many they are made. */
LAKE_API int64_t lake_scan_incomplete(const struct lake_scan *scan, int64_t *n_bars);

/* Called now and then during long work; a return other than 0 cancels it (LAKE_CANCELLED). Counts are of this call's work;
 * n_bytes_total is 0 where it is not known. */
struct lake_progress {
    int (*report)(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total);
    void *context;
};

/* What becomes of a row that breaks a sanity rule: high below low, open or close outside of them, a price that is not above zero or not finite, a negative volume,
 * a time off the period's grid or outside any market (before 2009 for crypto venues; after now). */
enum lake_check_action { LAKE_CHECK_DEFAULT, LAKE_CHECK_OFF, LAKE_CHECK_WARN, LAKE_CHECK_REJECT };

/* Everything that is not given is told from the sources, and refused with the candidates named where that is not certain. */
struct lake_ingest_options {
    size_t size;
    const char *const
        *sources; /* files, patterns (*.csv), or "-" for standard input: CSV text, also in .gz, .zst or .zip; Parquet */
    size_t n_sources;
    struct lake_selection dataset; /* exchange and symbol: told from the file's name where it says so; market FUTURES */
    struct lake_progress progress;
    const char *const *columns; /* by position ("ts", "open", "-") or "volume=Volume USDT", "trades=#7", "note:text" */
    size_t n_columns;
    const char *separator;   /* "," ";" "tab" "|" "space" */
    const char *header;      /* "yes" or "no" */
    const char *decimal;     /* "point" or "comma" */
    const char *time_format; /* "s" "ms" "us" "ns", or the order of dates: "ymd" "dmy" "mdy" */
    const char *time_zone;   /* of times without one: "UTC", "+09:00", "America/New_York" */
    const char *stamp;       /* "open", or "close": bars are stamped with their end */
    const char *
        rejects_path; /* rows that are wrong go there, with place and reason, and the others on; NULL: one stops everything */
    int64_t max_rejects;           /* more than these stop everything; 0: 1000 */
    enum lake_check_action checks; /* default: warn, and reject what is no time of the period's grid */
    bool dry_run;                  /* nothing is committed, and no lake is needed beforehand */
    bool restart; /* what an interrupted ingest of the same sources left is discarded instead of gone on with */
};

/* One thing that was understood of the sources. */
struct lake_ingest_finding {
    const char *what;   /* "separator", "ts", "volume", "period" … */
    const char *value;  /* "comma", "column 'unix': s or ms" … */
    const char *origin; /* "header" "values" "position" "file name" "option" "default" */
    const char *option; /* that sets it, or "" */
};

/* How many rows broke a rule. */
struct lake_ingest_check {
    const char *rule; /* "high-below-low", "close-outside", "price-not-positive", "off-grid", "value", "fields" … */
    int64_t n_warned, n_rejected;
    const char *first_place; /* "btc.csv:1043" of the first one */
};

struct lake_ingest_result {
    size_t size;                   /* set by the caller */
    struct lake_selection dataset; /* what it went into; strings of the result live as long as the lake */
    int64_t rows_read, rows_new, rows_changed, rows_equal, rows_rejected;
    int64_t rows_other;        /* of other symbols in the same source, stepped over */
    int64_t first_ms, last_ms; /* of the rows read */
    int64_t bars_missing;      /* between them, in the lake as it is afterwards; -1: not bars of a fixed length */
    int64_t gaps; /* runs of missing bars between first and last that the sources showed in order; -1: not told */
    int64_t days_changed, files_written, bytes_written;
    int64_t source_bytes;
    int64_t snapshot;                           /* the one made, 0 where nothing changed */
    int64_t rows_resumed;                       /* of rows_read: by an interrupted ingest before */
    const char *ignored_columns;                /* of the sources, separated by commas, or "" */
    const struct lake_ingest_finding *findings; /* of the first source */
    size_t n_findings;
    const struct lake_ingest_check *checks; /* rules that were broken */
    size_t n_checks;
    struct ArrowArrayStream
        sample; /* the first and last rows as they would be stored (dry runs; release NULL otherwise); the caller releases it */
    bool can_resume; /* set on failure: the same call goes on from a safe point */
};

/* Reads the sources and commits their rows as one operation; on any error nothing is committed, but for one that
 * says "the rows are committed": then they are safe, and what remains is finished when the lake is next opened.
 * A long ingest makes what it has done durable now and then. When it is cancelled, or its process ends, the same call later goes on from there
 * (result->can_resume); what was done so far stays out of sight until the one commit. */
LAKE_API LAKE_MUST_CHECK lake_status lake_ingest(struct lake *lake, const struct lake_ingest_options *options,
                                                 struct lake_ingest_result *result, struct lake_error *err);

#ifdef __cplusplus
}
#endif
#endif
