/* Versions of a lake: snapshots, the log of operations, delete and undo.
 *
 * Every commit makes a snapshot, numbered from 1. What a commit replaced or removed is kept as history until it expires
 * (maintenance.h): till then the lake can be read as of an older snapshot, and operations can be undone. Nothing here
 * loses rows: a delete moves them to history, an undo makes a new snapshot. Conventions are those of lake.h.
 *
 *     struct lake_delete_options options = {.size = sizeof options, .selection = {.symbol = "BTCUSDT"}};
 *     struct lake_change_result result = {.size = sizeof result};
 *     if (lake_delete(lake, &options, &result, &err) == LAKE_OK) … undo it with result.snapshot */
#ifndef DATALAKE_HISTORY_H
#define DATALAKE_HISTORY_H

#include <datalake/lake.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The snapshot that a text means: its number ("17"), a name given to one, or a time, which means the last one committed at or
 * before it (a bare date: before its end; 12 digits or more: epoch milliseconds). Before the first snapshot, or one that is not
 * there, is LAKE_NOT_FOUND with the range there is. */
LAKE_API LAKE_MUST_CHECK lake_status lake_find_snapshot(struct lake *lake, const char *text, int64_t *snapshot,
                                                        struct lake_error *err);

/* A name of 1 to 64 letters, digits, '_', '-' and '.', beginning with a letter. A snapshot that has one is never expired. */
LAKE_API LAKE_MUST_CHECK lake_status lake_name_snapshot(struct lake *lake, const char *name, int64_t snapshot,
                                                        struct lake_error *err);
LAKE_API LAKE_MUST_CHECK lake_status lake_unname_snapshot(struct lake *lake, const char *name, struct lake_error *err);
/* Rows: name, snapshot, committed (of the snapshot), named (timestamps). */
LAKE_API LAKE_MUST_CHECK lake_status lake_list_names(struct lake *lake, struct ArrowArrayStream *out,
                                                     struct lake_error *err);

struct lake_log_options {
    size_t size;
    struct lake_selection selection; /* operations that changed such a dataset */
    int64_t limit;                   /* the latest so many; 0: all */
    int64_t before;                  /* only snapshots below this one; 0: all */
};

/* The operations, latest first: snapshot, operation, committed (timestamp), duration_ms, datasets (text: one, or how many),
 * source (path or URL; where there are several the first and how many more), rows_read, rows_written, rows_rejected,
 * rows_removed, days, detail (text), undone_by (snapshot or null), names. */
LAKE_API LAKE_MUST_CHECK lake_status lake_log(struct lake *lake, const struct lake_log_options *options,
                                              struct ArrowArrayStream *out, struct lake_error *err);

/* What a delete or an undo did, or with dry_run would do. */
struct lake_change_result {
    size_t size;         /* set by the caller */
    int64_t snapshot;    /* the one made; 0: nothing to do, or a dry run */
    int64_t of_snapshot; /* undo: the one that was undone */
    int64_t n_datasets, n_days;
    int64_t rows_removed, rows_restored;
    int64_t files_retired, files_written;
    int64_t bytes_retired, bytes_written;
};

struct lake_delete_options {
    size_t size;
    struct lake_selection selection; /* everything that matches; at least one member must be given */
    bool has_start, has_end;
    int64_t start_ms, end_ms; /* [start, end) */
    bool dry_run;
    struct lake_progress progress;
};

/* Deletes the rows of the range in all datasets that match, as one operation. Files that the range cuts are written anew; all
 * former files go to history. LAKE_NOT_FOUND with near matches where nothing matches. */
LAKE_API LAKE_MUST_CHECK lake_status lake_delete(struct lake *lake, const struct lake_delete_options *options,
                                                 struct lake_change_result *result, struct lake_error *err);

struct lake_undo_options {
    size_t size;
    int64_t snapshot; /* whose operation is undone; 0: the latest that changed rows */
    bool dry_run;
    struct lake_progress progress;
};

/* Puts back, as a new snapshot, what the days changed by one operation held before it. LAKE_CONFLICT, naming them, where
 * later operations wrote to the same days; LAKE_NOT_FOUND where what it replaced has expired. */
LAKE_API LAKE_MUST_CHECK lake_status lake_undo(struct lake *lake, const struct lake_undo_options *options,
                                               struct lake_change_result *result, struct lake_error *err);

#ifdef __cplusplus
}
#endif
#endif
