/* The manifest's past: snapshots and their names, what was live in one, the log, and what of it expires.
 *
 * A superseded file keeps its row until it is expired (upkeep.h), and then leaves a mark, so that nobody reads a hole as "no rows".
 * Snapshots whose every effect is gone may be pruned from the log. Rules of manifest.h hold. */
#ifndef MANIFEST_HISTORY_H
#define MANIFEST_HISTORY_H

#include "manifest/manifest.h"
#include "manifest/upkeep.h"

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
/* Contents of the days [from_day, to_day) in `snapshot`, by day; expired ones are LAKE_NOT_FOUND, as above. */
LAKE_MUST_CHECK lake_status manifest_find_contents_at(struct manifest *manifest, int64_t dataset_id, int64_t from_day,
                                                      int64_t to_day, int64_t snapshot, struct arena *arena,
                                                      struct manifest_content **out, size_t *n, struct lake_error *err);
/* The versions of a day's content that are still known, latest first: the live one, then those superseded. */
LAKE_MUST_CHECK lake_status manifest_find_versions(struct manifest *manifest, int64_t dataset_id, int64_t day,
                                                   struct arena *arena, struct manifest_content **out, size_t *n,
                                                   struct lake_error *err);
/* The one of a day among contents by day; NULL: there is none. */
const struct manifest_content *manifest_content_of(const struct manifest_content *days, size_t n, int64_t day);
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
/* The same by its operation. */
LAKE_MUST_CHECK lake_status manifest_find_operation(struct manifest *manifest, int64_t operation_id,
                                                    struct arena *arena, struct manifest_log_entry *out,
                                                    struct lake_error *err);
/* Contents that a snapshot added, live or superseded since (by dataset and day). Fewer than the operation's n_days: the
 * rest was superseded and has expired. */
LAKE_MUST_CHECK lake_status manifest_find_contents_of(struct manifest *manifest, int64_t snapshot, struct arena *arena,
                                                      struct manifest_content **out, size_t *n, struct lake_error *err);
/* A dataset by its id, LAKE_NOT_FOUND where there is none. */
LAKE_MUST_CHECK lake_status manifest_get_dataset(struct manifest *manifest, int64_t id, struct arena *arena,
                                                 struct manifest_dataset *out, struct lake_error *err);

#endif
