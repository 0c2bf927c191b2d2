/* The manifest: what the lake knows about its files, in SQLite.
 *
 * Invariants: WAL, synchronous=FULL on every connection (I1); write transactions and checkpoints only between
 * manifest_begin and manifest_commit, which the caller brackets with the lake's lock (the WAL-reset defect of SQLite before
 * 3.51.3); no read transaction outlives a call (scans hold none, I2). Only SQLite opens manifest.db, -wal and -shm. Paths are
 * relative to the data root, with '/'. A handle is used by one thread at a time.
 *
 * A file and a content are live in snapshot S when added <= S and (retired is 0 or retired > S). */
#ifndef MANIFEST_MANIFEST_H
#define MANIFEST_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "manifest/records.h"

struct manifest;

enum { MANIFEST_SCHEMA_VERSION = 4 };

enum manifest_mode { MANIFEST_CREATE, MANIFEST_MIGRATE, MANIFEST_READ_WRITE, MANIFEST_READ_ONLY };

/* Opens or makes (MANIFEST_CREATE) the database, migrating an older schema; *created tells whether it was made. A newer schema is
 * LAKE_UNSUPPORTED naming both versions; something that is no manifest is LAKE_CORRUPT; none, or one whose making was
 * interrupted, is LAKE_NOT_FOUND unless created. CREATE must run under the lake's lock; so must migrations: with READ_WRITE an older
 * schema is LAKE_INVALID_STATE, and the caller opens it again with MANIFEST_MIGRATE under the lock. A database whose file
 * or directory this user may not write opens read-only by itself; LAKE_PERMISSION only where that would miss commits. */
LAKE_MUST_CHECK lake_status manifest_open(const char *path, enum manifest_mode mode, bool *created,
                                          struct manifest **out, struct lake_error *err);
void manifest_close(struct manifest *manifest);
bool manifest_is_read_only(const struct manifest *manifest);

/* ---- reading (each is one short read transaction; results are copied into the arena) ---- */

LAKE_MUST_CHECK lake_status manifest_snapshot(struct manifest *manifest, int64_t *snapshot, struct lake_error *err);
/* Between these two all reading is of one snapshot. *begun tells manifest_read_end what to do (nothing inside a write
 * transaction, which sees its own); it keeps the first error: `status` in, `status` or its own failure out. */
LAKE_MUST_CHECK lake_status manifest_read_begin(struct manifest *manifest, bool *begun, struct lake_error *err);
lake_status manifest_read_end(struct manifest *manifest, bool begun, lake_status status, struct lake_error *err);

/* NULL members match anything. Ordered by exchange, symbol, market, type, period length as text. */
struct manifest_filter {
    const char *exchange, *market, *symbol, *type, *period;
};
LAKE_MUST_CHECK lake_status manifest_find_datasets(struct manifest *manifest, const struct manifest_filter *filter,
                                                   struct arena *arena, struct manifest_dataset **out, size_t *n,
                                                   struct lake_error *err);
/* A page of a list: the first `limit` (0: all) after a dataset (NULL: from the beginning), in time that does not grow with the lake. */
struct manifest_page {
    const struct manifest_dataset *after; /* by its names; id is not looked at */
    int64_t limit;
};
LAKE_MUST_CHECK lake_status manifest_list_totals(struct manifest *manifest, const struct manifest_filter *filter,
                                                 const struct manifest_page *page, struct arena *arena,
                                                 struct manifest_totals **out, size_t *n, struct lake_error *err);
/* The next live files of a dataset by time: those whose partition starts after `after_ms`, at most `limit`. For walking through
 * datasets of any size in bounded memory. */
LAKE_MUST_CHECK lake_status manifest_next_files(struct manifest *manifest, int64_t dataset_id, int64_t after_ms,
                                                int64_t limit, struct arena *arena, struct manifest_file **out,
                                                size_t *n, struct lake_error *err);
/* Live files of a dataset whose partition overlaps [from_ms, to_ms), by time, with the snapshot they belong to. dataset_id 0: of
 * all datasets. */
LAKE_MUST_CHECK lake_status manifest_find_files(struct manifest *manifest, int64_t dataset_id, int64_t from_ms,
                                                int64_t to_ms, struct arena *arena, struct manifest_file **out,
                                                size_t *n, int64_t *snapshot, struct lake_error *err);
/* Columns of a dataset, by name. */
LAKE_MUST_CHECK lake_status manifest_find_columns(struct manifest *manifest, int64_t dataset_id, struct arena *arena,
                                                  struct manifest_column **out, size_t *n, struct lake_error *err);
/* Of the days [from_day, to_day), by day. */
LAKE_MUST_CHECK lake_status manifest_find_contents(struct manifest *manifest, int64_t dataset_id, int64_t from_day,
                                                   int64_t to_day, struct arena *arena, struct manifest_content **out,
                                                   size_t *n, struct lake_error *err);
/* The version of a live file: the greatest among the contents of its days; 0 where they have none. */
LAKE_MUST_CHECK lake_status manifest_find_version(struct manifest *manifest, const struct manifest_file *file,
                                                  int64_t *version, struct lake_error *err);
/* By file; a publication before the same file's retirement. */
LAKE_MUST_CHECK lake_status manifest_find_outstanding(struct manifest *manifest, struct arena *arena,
                                                      struct manifest_outstanding **out, size_t *n,
                                                      struct lake_error *err);
/* Where a file's bytes lie while its move is outstanding: *state_path, or NULL where it is not outstanding. */
LAKE_MUST_CHECK lake_status manifest_find_state_path(struct manifest *manifest, int64_t file_id, struct arena *arena,
                                                     const char **state_path, struct lake_error *err);

/* ---- writing: between manifest_begin and manifest_commit (or manifest_rollback), under the lake's lock ---- */

LAKE_MUST_CHECK lake_status manifest_begin(struct manifest *manifest, struct lake_error *err);  /* BEGIN IMMEDIATE */
LAKE_MUST_CHECK lake_status manifest_commit(struct manifest *manifest, struct lake_error *err); /* durable on return */
void manifest_rollback(struct manifest *manifest); /* harmless where no transaction is open */
/* Writes what is there already, so that the commit reaches the disk though nothing changes: after it nothing can come back from
 * the WAL that did not count before (a commit whose sync failed). */
LAKE_MUST_CHECK lake_status manifest_touch(struct manifest *manifest, struct lake_error *err);
/* Moves the WAL into the database if it has grown past a size; never fails (the WAL just stays). Under the lake's lock. */
void manifest_checkpoint(struct manifest *manifest);
/* The same whatever its size: what a writer does last, so that manifest.db is whole by itself. */
void manifest_flush(struct manifest *manifest);

/* Finds or adds the dataset; fills in its id. */
LAKE_MUST_CHECK lake_status manifest_add_dataset(struct manifest *manifest, struct manifest_dataset *dataset,
                                                 struct lake_error *err);
/* One that is there already is fine; LAKE_INVALID_DATA where it is there with another type. */
LAKE_MUST_CHECK lake_status manifest_add_column(struct manifest *manifest, int64_t dataset_id,
                                                const struct manifest_column *column, int64_t snapshot,
                                                struct lake_error *err);
/* Adds the operation and the snapshot it makes; fills in the id. */
LAKE_MUST_CHECK lake_status manifest_add_operation(struct manifest *manifest, struct manifest_operation *operation,
                                                   int64_t *snapshot, struct lake_error *err);
LAKE_MUST_CHECK lake_status manifest_add_source(struct manifest *manifest, int64_t operation_id,
                                                const struct manifest_source *source, struct lake_error *err);
/* Counts of an operation that are known only when its work is done. */
LAKE_MUST_CHECK lake_status manifest_set_rows(struct manifest *manifest, int64_t operation_id, int64_t rows_read,
                                              int64_t rows_written, struct lake_error *err);
/* Adds a live file with file->added; fills in the id. `state_path` is where it lies in staging: an outstanding publication
 * (NULL: it lies at its name). LAKE_CONFLICT where a live file overlaps its range (I5): retire what it replaces first. */
LAKE_MUST_CHECK lake_status manifest_add_file(struct manifest *manifest, struct manifest_file *file,
                                              const char *state_path, struct lake_error *err);
/* Retires a live file. LAKE_CONFLICT where it is not live. */
struct manifest_retirement {
    int64_t file_id;
    int64_t snapshot;
    int64_t retired_ms;     /* the operation's finished_ms */
    int64_t rows_lost;      /* its rows that were changed or left out; 0: all live on */
    const char *state_path; /* an outstanding retirement to there; NULL: none */
};
LAKE_MUST_CHECK lake_status manifest_retire_file(struct manifest *manifest,
                                                 const struct manifest_retirement *retirement, struct lake_error *err);
/* Sets a day's content: version 1 where there was none, else the last version + 1 (filled in). Where rows and SHA-256 are the
 * same, nothing changes and the version stays; a second change in one snapshot belongs to the version the first one made. */
LAKE_MUST_CHECK lake_status manifest_put_content(struct manifest *manifest, struct manifest_content *content,
                                                 int64_t snapshot, struct lake_error *err);
/* Both moves of the file are durable. */
LAKE_MUST_CHECK lake_status manifest_clear_outstanding(struct manifest *manifest, int64_t file_id,
                                                       struct lake_error *err);

#endif
