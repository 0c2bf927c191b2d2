/* What history takes, expiring it, and looking after the database itself.
 *
 * Expiring a file removes its row, with the superseded contents it answered for, leaves a mark that says which snapshots can no longer
 * be read there, and records the removal of its bytes as an intent. Live files, files live in a named snapshot and
 * outstanding ones are never expired. Rules of manifest.h hold. */
#ifndef MANIFEST_UPKEEP_H
#define MANIFEST_UPKEEP_H

#include "manifest/manifest.h"

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
                                                  const struct manifest_file *after, int64_t limit, struct arena *arena,
                                                  struct manifest_file **out, size_t *n, struct lake_error *err);
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
