/* The manifest's past: snapshots and their names, what was live in one, the log, and what of it expires.
 *
 * A superseded file keeps its row until it is expired. Expiring removes the row, with the superseded contents it answered for,
 * leaves a mark that says which snapshots can no longer be read there (so that nobody reads a hole as "no rows"), and records
 * the removal of its bytes as an intent, so that a crash leaves no orphan. Snapshots whose every effect is gone may be pruned
 * from the log. Live files, files live in a named snapshot and outstanding ones are never expired. Rules of manifest.h hold. */
#ifndef MANIFEST_HISTORY_H
#define MANIFEST_HISTORY_H

#include "manifest/manifest.h"

/* ---- snapshots ---- */

struct manifest_snapshots {
    int64_t first, last; /* 0: there are none */
    int64_t first_ms, last_ms;
};
LAKE_MUST_CHECK lake_status manifest_find_snapshots(struct manifest *manifest, struct manifest_snapshots *out,
                                                    struct lake_error *err);
/* The last snapshot committed at or before a time; 0: none. Where pruned ones lie between it and the next that is kept,
 * the last of the pruned: reading as of it is right or refused, never wrong. */
LAKE_MUST_CHECK lake_status manifest_find_snapshot_at(struct manifest *manifest, int64_t ms, int64_t *snapshot,
                                                      struct lake_error *err);

struct manifest_name {
    const char *name;
    int64_t snapshot, committed_ms, named_ms;
};
LAKE_MUST_CHECK lake_status manifest_list_names(struct manifest *manifest, struct arena *arena,
                                                struct manifest_name **out, size_t *n, struct lake_error *err);
/* 0: there is no such name. */
LAKE_MUST_CHECK lake_status manifest_find_name(struct manifest *manifest, const char *name, int64_t *snapshot,
                                               struct lake_error *err);
/* Writing. LAKE_EXISTS where the name is given to another snapshot; LAKE_NOT_FOUND where there is no such snapshot, or name. */
LAKE_MUST_CHECK lake_status manifest_put_name(struct manifest *manifest, const char *name, int64_t snapshot,
                                              int64_t named_ms, struct lake_error *err);
LAKE_MUST_CHECK lake_status manifest_remove_name(struct manifest *manifest, const char *name, struct lake_error *err);

/* ---- as of ---- */

/* Files of a dataset that were live in `snapshot` and overlap [from_ms, to_ms), by time. LAKE_NOT_FOUND, naming the first day and
 * the first snapshot that can be read there, where some of them have expired. */
LAKE_MUST_CHECK lake_status manifest_find_files_at(struct manifest *manifest, int64_t dataset_id, int64_t from_ms,
                                                   int64_t to_ms, int64_t snapshot, struct arena *arena,
                                                   struct manifest_file **out, size_t *n, struct lake_error *err);
/* Columns that the dataset had in `snapshot`, by name. */
LAKE_MUST_CHECK lake_status manifest_find_columns_at(struct manifest *manifest, int64_t dataset_id, int64_t snapshot,
                                                     struct arena *arena, struct manifest_column **out, size_t *n,
                                                     struct lake_error *err);
/* Totals as of a snapshot, summed over files: datasets that had any. Expired ones are LAKE_NOT_FOUND. History is 0. */
LAKE_MUST_CHECK lake_status manifest_list_totals_at(struct manifest *manifest, const struct manifest_filter *filter,
                                                    int64_t snapshot, struct arena *arena, struct manifest_totals **out,
                                                    size_t *n, struct lake_error *err);

/* ---- the log ---- */

struct manifest_log_entry {
    struct manifest_operation operation; /* source: the first; "" where it has none */
    int64_t snapshot;
    int64_t n_sources;
    int64_t n_datasets;              /* that it changed, as far as history knows */
    struct manifest_dataset dataset; /* the first of them */
    int64_t undone_by;               /* snapshot; 0: not undone */
    const char *names;               /* of the snapshot, separated by ", " */
};
struct manifest_log_query {
    struct manifest_filter filter;
    int64_t before; /* snapshots below it; 0: all */
    int64_t limit;  /* 0: all */
};
/* Latest first. */
LAKE_MUST_CHECK lake_status manifest_list_log(struct manifest *manifest, const struct manifest_log_query *query,
                                              struct arena *arena, struct manifest_log_entry **out, size_t *n,
                                              struct lake_error *err);
/* One entry by its snapshot; LAKE_NOT_FOUND where it is pruned or was never there. */
LAKE_MUST_CHECK lake_status manifest_find_log_entry(struct manifest *manifest, int64_t snapshot, struct arena *arena,
                                                    struct manifest_log_entry *out, struct lake_error *err);
/* Contents that a snapshot added, live or superseded since (by dataset and day). Fewer than the operation's n_days: the
 * rest was superseded and has expired. */
LAKE_MUST_CHECK lake_status manifest_find_contents_of(struct manifest *manifest, int64_t snapshot, struct arena *arena,
                                                      struct manifest_content **out, size_t *n, struct lake_error *err);
/* A dataset by its id, LAKE_NOT_FOUND where there is none. */
LAKE_MUST_CHECK lake_status manifest_get_dataset(struct manifest *manifest, int64_t id, struct arena *arena,
                                                 struct manifest_dataset *out, struct lake_error *err);

/* ---- sizes and expiry ---- */

struct manifest_sizes { /* kept by triggers: one look-up */
    int64_t live_files, live_bytes;
    int64_t unchanged_files, unchanged_bytes; /* history with rows_lost 0 */
    int64_t changed_files, changed_bytes;     /* history with rows_lost > 0 */
};
LAKE_MUST_CHECK lake_status manifest_find_sizes(struct manifest *manifest, struct manifest_sizes *out,
                                                struct lake_error *err);

struct manifest_expiry {
    int64_t changed_before_ms;   /* rows_lost > 0: retired before this */
    int64_t unchanged_before_ms; /* rows_lost 0: retired before this */
    int64_t unchanged_bytes;     /* and, oldest first, as many more as bring the unchanged ones down to this */
    int64_t needed_snapshot;     /* what is live in this snapshot or a later one is needed by running scans */
    int64_t limit;               /* files */
};
/* What may be expired now, oldest first within each kind. */
LAKE_MUST_CHECK lake_status manifest_find_expired(struct manifest *manifest, const struct manifest_expiry *expiry,
                                                  struct arena *arena, struct manifest_file **out, size_t *n,
                                                  struct lake_error *err);
/* Writing: expires one of those; its bytes, at state_path, are to be removed. */
LAKE_MUST_CHECK lake_status manifest_expire_file(struct manifest *manifest, const struct manifest_file *file,
                                                 const char *state_path, struct lake_error *err);
/* Paths below the state directory whose bytes are to be removed. */
LAKE_MUST_CHECK lake_status manifest_find_removals(struct manifest *manifest, struct arena *arena, const char ***out,
                                                   size_t *n, struct lake_error *err);
LAKE_MUST_CHECK lake_status manifest_clear_removal(struct manifest *manifest, const char *state_path,
                                                   struct lake_error *err);
/* Writing: forgets the oldest snapshots and operations whose every effect is gone, beyond the `keep` latest of that kind, at most
 * `limit` a call. Never the first snapshot, the latest, one with a name, or one that a file or content still names. */
LAKE_MUST_CHECK lake_status manifest_prune_log(struct manifest *manifest, int64_t keep, int64_t limit,
                                               int64_t *n_pruned, struct lake_error *err);
/* The next superseded files of a dataset by the start of their partition: those behind `after` (NULL: from the first), at most `limit`.
 * For walking through history of any size in bounded memory. */
LAKE_MUST_CHECK lake_status manifest_next_history(struct manifest *manifest, int64_t dataset_id,
                                                  const struct manifest_file *after, int64_t limit,
                                                  struct arena *arena, struct manifest_file **out, size_t *n,
                                                  struct lake_error *err);
/* Whether a history file of that path below the state directory has a row; for finding orphans. */
LAKE_MUST_CHECK lake_status manifest_knows_state_path(struct manifest *manifest, const char *state_path, bool *known,
                                                      struct lake_error *err);

/* ---- upkeep ---- */

/* Gives back free pages where they are many, drops superseded contents whose files did not expire in the order of time, and empties
 * the WAL as far as readers allow. Outside transactions, under the lake's lock. */
LAKE_MUST_CHECK lake_status manifest_optimize(struct manifest *manifest, struct lake_error *err);
LAKE_MUST_CHECK lake_status manifest_size_bytes(struct manifest *manifest, int64_t *pages_bytes, int64_t *free_bytes,
                                                struct lake_error *err);
/* A consistent copy at another path, which must not exist, by SQLite's backup, while others write. */
LAKE_MUST_CHECK lake_status manifest_copy(struct manifest *manifest, const char *path, struct lake_error *err);
/* Writing, in such a copy: forgets what was superseded, names of older snapshots, moves and removals: everything that needs bytes
 * which the copy does not have. Leaves marks, as expiring does. */
LAKE_MUST_CHECK lake_status manifest_forget_history(struct manifest *manifest, struct lake_error *err);
/* Damage in the database itself: SQLite's integrity check, page checksums, and what must agree between tables (totals, references,
 * overlaps). `found` is called for each with one line; a return other than 0 ends the check with LAKE_CANCELLED. */
LAKE_MUST_CHECK lake_status manifest_check(struct manifest *manifest, bool full,
                                           int (*found)(void *context, const char *detail), void *context,
                                           struct lake_error *err);

#endif
