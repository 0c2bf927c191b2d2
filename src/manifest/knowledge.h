/* What the manifest knows about rows beyond where they lie (schema 3): what derived days were derived from, where the rows of a day
 * came from, and what an ingest found; why bars are missing is in absence.h. Rules of manifest.h hold; texts are borrowed as in records.h.
 *
 * - A derivation is of one derived dataset: from which one, by which recipe, and how far (the snapshots that last changed the two when
 *   it was brought up to date: equal to what manifest_find_changed gives, there is nothing to do). Lineage is of its days: the
 *   version of a derived content and the contents that it was made of. It is always that of the last derivation of the day.
 * - An origin is a run of rows of one dataset and day that one operation brought from one source: keys and places in the source. They
 *   outlive history; they go when their operation leaves the log.
 * - A finding is what an operation met in its sources. */
#ifndef MANIFEST_KNOWLEDGE_H
#define MANIFEST_KNOWLEDGE_H

#include "manifest/manifest.h"

/* ---- derivations and lineage ---- */

struct manifest_derivation {
    int64_t dataset_id, source_id;
    const char *recipe;                     /* canonical text of what was asked for; equal texts derive equal rows */
    int64_t source_changed, target_changed; /* snapshots */
};
/* is_found tells; of one dataset. */
LAKE_MUST_CHECK lake_status manifest_find_derivation(struct manifest *manifest, int64_t dataset_id, struct arena *arena,
                                                     struct manifest_derivation *out, bool *is_found,
                                                     struct lake_error *err);
/* All that are derived from a dataset. */
LAKE_MUST_CHECK lake_status manifest_find_derived(struct manifest *manifest, int64_t source_id, struct arena *arena,
                                                  struct manifest_derivation **out, size_t *n, struct lake_error *err);
/* The last snapshot that changed a content of the dataset; 0: none did. One look-up. */
LAKE_MUST_CHECK lake_status manifest_find_changed(struct manifest *manifest, int64_t dataset_id, int64_t *snapshot,
                                                  struct lake_error *err);
/* The same as of a snapshot, as far as history knows: what has expired is not counted. Goes through the dataset's contents. */
LAKE_MUST_CHECK lake_status manifest_find_changed_at(struct manifest *manifest, int64_t dataset_id, int64_t as_of,
                                                     int64_t *snapshot, struct lake_error *err);
/* Writing: adds or replaces. */
LAKE_MUST_CHECK lake_status manifest_put_derivation(struct manifest *manifest,
                                                    const struct manifest_derivation *derivation,
                                                    struct lake_error *err);

struct manifest_lineage {
    int64_t dataset_id, day, version;   /* of the derived content; version 0: the day was derived and has no rows */
    int64_t source_day, source_version; /* of the derivation's source */
};
/* Of the derived days [from_day, to_day), by day and source day. */
LAKE_MUST_CHECK lake_status manifest_find_lineage(struct manifest *manifest, int64_t dataset_id, int64_t from_day,
                                                  int64_t to_day, struct arena *arena, struct manifest_lineage **out,
                                                  size_t *n, struct lake_error *err);
/* Writing: forgets the lineage of the days [from_day, to_day). */
LAKE_MUST_CHECK lake_status manifest_clear_lineage(struct manifest *manifest, int64_t dataset_id, int64_t from_day,
                                                   int64_t to_day, struct lake_error *err);
LAKE_MUST_CHECK lake_status manifest_add_lineage(struct manifest *manifest, const struct manifest_lineage *lineage,
                                                 struct lake_error *err);

/* ---- origins ---- */

struct manifest_origin {
    int64_t dataset_id, day, operation_id;
    int64_t source_position; /* of manifest_add_source, from 1 */
    int64_t n_rows;
    int64_t key_from_ms, key_to_ms; /* first and last time, both included */
    int64_t line_from, line_to;     /* least and greatest line (Parquet: row) of the source; 0: not known */
    bool is_descending;             /* the source has its newest row first */
    bool is_mixed;                  /* the run's times rise and fall: where in it a row stands is not known */
    const char *member;             /* of an archive; "" */
};
/* Those whose keys hold an instant, latest operation first. */
LAKE_MUST_CHECK lake_status manifest_find_origins(struct manifest *manifest, int64_t dataset_id, int64_t ts_ms,
                                                  struct arena *arena, struct manifest_origin **out, size_t *n,
                                                  struct lake_error *err);
/* Those whose keys hold an instant of [from_ms, to_ms), by day and in the order in which they came. */
LAKE_MUST_CHECK lake_status manifest_find_origins_in(struct manifest *manifest, int64_t dataset_id, int64_t from_ms,
                                                     int64_t to_ms, struct arena *arena, struct manifest_origin **out,
                                                     size_t *n, struct lake_error *err);
LAKE_MUST_CHECK lake_status manifest_add_origin(struct manifest *manifest, const struct manifest_origin *origin,
                                                struct lake_error *err);
/* The sources of an operation, in order; sha256 is NULL where it is not known. */
LAKE_MUST_CHECK lake_status manifest_find_sources(struct manifest *manifest, int64_t operation_id, struct arena *arena,
                                                  struct manifest_source **out, size_t *n, struct lake_error *err);

/* ---- findings ---- */

struct manifest_finding {
    int64_t dataset_id, operation_id;
    const char *rule; /* "repeated", "backward", "close-outside" … */
    int64_t n_rows;
    int64_t first_ms, last_ms; /* of the rows it is about, where known; else 0, 0 */
    const char *place;         /* "btc.csv:1043" of the first, or "" */
    const char *detail;        /* for people, or "" */
    int64_t snapshot;          /* of the operation; filled in when read */
};
/* Of operations that are in the log, latest first. */
LAKE_MUST_CHECK lake_status manifest_find_findings(struct manifest *manifest, int64_t dataset_id, struct arena *arena,
                                                   struct manifest_finding **out, size_t *n, struct lake_error *err);
LAKE_MUST_CHECK lake_status manifest_add_finding(struct manifest *manifest, const struct manifest_finding *finding,
                                                 struct lake_error *err);

#endif
