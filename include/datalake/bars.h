/* What the lake knows about bars beyond storing them: derived bars, gaps with their reasons, where a bar came from, and whether bars
 * can be true. Conventions are those of lake.h.
 *
 *     struct lake_aggregate_options options = {.size = sizeof options, .dataset = {.symbol = "BTCUSDT"}};
 *     struct lake_aggregate_result result = {.size = sizeof result};
 *     if (lake_aggregate(lake, &options, &result, &report, &err) == LAKE_OK) … 15m and 1h bars are current
 *
 * A derived bar says of how many source bars it is made (`bars`) and of how many it would be made if none were missing
 * (`bars_expected`): it is complete where both are equal (I12). */
#ifndef DATALAKE_BARS_H
#define DATALAKE_BARS_H

#include <datalake/lake.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- derived bars ---- */

/* How bars become coarser ones. Members left 0 or NULL: as dl.toml's [aggregate] says, else the default. */
struct lake_recipe {
    const char *
        from; /* "1m", "5m" …: bars of that period; "tick" or "trades", "aggtrades": trades. Default 1m, else the finest that is stored and divides */
    const char
        *offset; /* length of time ("30m", "22h", "-4h") by which buckets begin later than 00:00 UTC, Monday, the 1st */
    const char *origin; /* instead: an instant at which a bucket begins */
    /* Columns of the source's own in derived bars: "spread_max=max(spread)", one of first, last, min, max, sum, mean, count, and
     * weighted(price,amount). Those of bars (open … taker_buy_quote_volume, vwap) are always there. */
    const char *const *columns;
    size_t n_columns;
};

struct lake_aggregate_options {
    size_t size;
    struct lake_selection
        dataset; /* the sources: exchange, market, symbol; NULL: all. Type and period are recipe.from's */
    const char *const *periods; /* of what is derived; NULL: dl.toml's [aggregate] to, else 15m and 1h */
    size_t n_periods;
    struct lake_recipe recipe;
    bool anew;                     /* derive everything again, also where another recipe made what is stored */
    bool dry_run;                  /* say what is to be derived, and do nothing */
    struct lake_progress progress; /* rows of the sources */
};

struct lake_aggregate_result {
    size_t size;          /* set by the caller */
    int64_t n_datasets;   /* derived ones looked at */
    int64_t n_current;    /* of them, those where nothing was to be done */
    int64_t source_rows;  /* read */
    int64_t rows_written; /* bars that are new or other than before */
    int64_t rows_removed; /* bars whose source bars are gone */
    int64_t days_changed, files_written, bytes_written;
    int64_t n_commits;
    int64_t snapshot; /* the last one made; 0: none */
};

/* Brings derived bars (type agg) up to date with their sources, finer ones first where they are sources themselves; without periods also
 * what earlier calls stored, by their recipes. What changed since is known from the manifest: only buckets of days
 * whose contents changed are derived again, in as few commits as memory allows (one a source dataset, mostly). Each report row is a derived
 * dataset: exchange, market, symbol, period, from (text), days (derived again), rows_written, rows_removed, state ("current", "derived",
 * "to be derived"). LAKE_INVALID_ARGUMENT with the candidates for a target finer than its source or one that its source does not divide;
 * LAKE_NOT_FOUND with near matches where there is no such source; LAKE_INVALID_DATA naming the bar for bars off their grid;
 * LAKE_CONFLICT where another recipe made what is stored (unless anew). */
LAKE_API LAKE_MUST_CHECK lake_status lake_aggregate(struct lake *lake, const struct lake_aggregate_options *options,
                                                    struct lake_aggregate_result *result,
                                                    struct ArrowArrayStream *report, struct lake_error *err);

/* ---- gaps ---- */

struct lake_gaps_options {
    size_t size;
    struct lake_selection selection; /* bars; type NULL: raw */
    bool has_start, has_end;
    int64_t start_ms, end_ms; /* also what is missing before the first and behind the last bar; without: between them */
    const char *reason;       /* only gaps of this reason; NULL: all */
    int64_t min_bars;         /* only gaps of at least so many missing bars; 0: all */
    int64_t as_of;            /* a snapshot; 0: now */
    int64_t limit;            /* rows; 0: all */
};

/* Gaps of one reason. */
struct lake_gaps_sum {
    const char *reason; /* lives for ever */
    int64_t n_gaps, n_missing;
};
enum { LAKE_GAP_REASONS = 9 };

struct lake_gaps_result {
    size_t size; /* set by the caller */
    int64_t n_datasets;
    int64_t n_gaps, n_missing; /* intervals, bars: of all that match, whatever the limit */
    int64_t n_present;         /* bars that are there */
    int64_t n_expected;        /* and those with the bars that are missing, for whatever reason */
    struct lake_gaps_sum by_reason[LAKE_GAP_REASONS]; /* of n_gaps and n_missing, most bars first */
    size_t n_reasons;
};

/* Missing intervals, each with one reason, by dataset and time: exchange, market, symbol, type, period, start, end (timestamps, half
 * open), bars (missing), reason, asked (when the source was asked; null), answer (text; null), operation (snapshot of the one that
 * knows; null). The reasons: not-requested, source-empty, before-listing, after-delisting, venue-outage, corrupt-source, deleted,
 * still-open, no-source-bars (of derived bars). Told from the manifest; days that were written before it knew are read once.
 * A list that is longer than some ten thousand rows is made as it is read, as that of lake_list_datasets is. No options: all raw bars. */
LAKE_API LAKE_MUST_CHECK lake_status lake_list_gaps(struct lake *lake, const struct lake_gaps_options *options,
                                                    struct lake_gaps_result *result, struct ArrowArrayStream *out,
                                                    struct lake_error *err);
/* By dataset and month: exchange, market, symbol, type, period, month (timestamp), expected, present, gaps, and missing bars by reason: reasons
 * (text, "not-requested 1440, source-empty 3"). limit and min_bars have no part in it. */
LAKE_API LAKE_MUST_CHECK lake_status lake_list_coverage(struct lake *lake, const struct lake_gaps_options *options,
                                                        struct ArrowArrayStream *out, struct lake_error *err);

/* ---- where a bar came from ---- */

struct lake_explain_options {
    size_t size;
    struct lake_selection dataset; /* as in a scan */
    int64_t ts_ms;                 /* the row at or, for bars, the bar that holds this instant */
};

/* What is known of a row, from the row back to its sources, a step a row: depth (0: the row itself; sources are deeper), step ("bar",
 * "file", "content", "operation", "source", "derived-from"), dataset (text), what (text for people), ts (timestamp or null), path (null), version
 * (null), snapshot (null), committed (timestamp or null), sha256 (text or null), line_from, line_to (null where not known; equal where
 * it is one line), detail (text or null). LAKE_NOT_FOUND, saying what is there before and after and why it is missing, where there is no
 * such row. */
LAKE_API LAKE_MUST_CHECK lake_status lake_explain(struct lake *lake, const struct lake_explain_options *options,
                                                  struct ArrowArrayStream *out, struct lake_error *err);

/* ---- whether bars can be true ---- */

struct lake_check_options {
    size_t size;
    struct lake_selection selection;
    bool has_start, has_end;
    int64_t start_ms, end_ms;
    int64_t now_ms;    /* 0: the clock's */
    int64_t most_rows; /* shown of each rule and dataset; 0: 20 */
    struct lake_progress progress;
};

struct lake_check_result {
    size_t size; /* set by the caller */
    int64_t n_datasets, n_rows;
    int64_t n_wrong;   /* findings that cannot be true */
    int64_t n_suspect; /* findings for a person to look at */
};

/* Checks the rows themselves: what must be true of each bar, of neighbours, of coarser and finer bars of one symbol, and what its ingests
 * found. Findings come as rows: exchange, market, symbol, type, period, rule, severity ("wrong", "suspect"), ts (timestamp), bars (in this finding),
 * detail (text), open, high, low, close, volume (null where it is not about one bar). A row without ts and detail says in bars how many
 * more of that rule were not shown. In bounded memory. */
LAKE_API LAKE_MUST_CHECK lake_status lake_check_bars(struct lake *lake, const struct lake_check_options *options,
                                                     struct lake_check_result *result,
                                                     struct ArrowArrayStream *findings, struct lake_error *err);

#ifdef __cplusplus
}
#endif
#endif
