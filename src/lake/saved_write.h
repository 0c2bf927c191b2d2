/* The record of a safe point, as bytes: all that a later process needs to go on with a write (write_save.h).
 *
 * It stands in staging as {token}-save and is read by another process, perhaps another version, after anything may have happened to it. So
 * it bears a version, its length and the SHA-256 of what follows, every count is checked against the bytes that are there, and files
 * are named by what comes behind "staging/{token}-" alone: no record leads anywhere else. What does not hold is LAKE_CORRUPT,
 * another version's record LAKE_UNSUPPORTED; either way the write begins anew.
 *
 *     TRY(saved_write_encode(&saved, &bytes, err));
 *     TRY(saved_write_decode(bytes.data, bytes.length, &arena, &saved, err)); */
#ifndef LAKE_SAVED_WRITE_H
#define LAKE_SAVED_WRITE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "column/schema.h"
#include "lake/partition.h"
#include "lake/write.h"

/* Of one record, and of what it becomes in memory. A hundred thousand partitions take a third of it. */
#define SAVED_WRITE_BYTES (128 * MIB)

/* A file in staging that the record names. */
struct saved_file {
    const char *name; /* behind the prefix of its write */
    int64_t size_bytes;
    uint8_t sha256[SHA256_BYTES];
    bool has_sha256; /* else it checks itself while it is read */
};

struct saved_kept { /* struct kept_rows */
    size_t file;
    int32_t source;
};

struct saved_base { /* a live file that the partition was merged with */
    int64_t id;
    const char *path;
};

struct saved_partition {
    int64_t start_ms, end_ms;
    bool is_changed, has_file;
    size_t file;                      /* of the staged one */
    const char *path;                 /* it is to get below the data root; "" without a file */
    int64_t time_from_ms, time_to_ms; /* of the staged one */
    int64_t n_rows;
    struct partition_counts counts;
    struct saved_kept *incoming;
    struct saved_base *base;
    struct content_day *days;
    const uint8_t *holes; /* what the days' holes_at count from */
    size_t n_incoming, n_base, n_days, n_holes_bytes;
};

struct saved_run { /* struct spill_run */
    size_t file;
    int64_t n_rows;
};

struct saved_source {
    const char *path;
    int64_t size_bytes;
    uint8_t sha256[SHA256_BYTES];
    bool has_sha256;
};

/* What was noted of the rows so far (write_notes.h). */
struct saved_member {
    int64_t source; /* from 1; one more than n_sources: the one being read */
    const char *name;
};
struct saved_origin {
    size_t member;
    struct lake_write_origin run;
};

struct saved_write {
    uint8_t job[SHA256_BYTES];
    int64_t saved_ms;
    const char *kind, *exchange, *market, *symbol, *type, *period;
    const char *detail;
    int64_t started_ms, rows_read, first_ms, last_ms, rows_rejected;
    int32_t source;
    bool is_spilling;
    const uint8_t *note;
    size_t n_note;

    struct column_field *columns;
    struct saved_source *sources;
    struct saved_file *files;           /* by name, each once */
    struct saved_partition *partitions; /* by time, disjoint */
    struct saved_run *runs;             /* in the order of their making */
    struct saved_member *members;
    struct saved_origin *origins; /* by member */
    size_t last_origin;           /* the one that the last row is of, from 1; 0: none */
    struct lake_write_absence *absences;
    size_t n_columns, n_sources, n_files, n_partitions, n_runs, n_members, n_origins, n_absences;
};

/* Replaces the buffer's contents. */
LAKE_MUST_CHECK lake_status saved_write_encode(const struct saved_write *saved, struct buffer *out,
                                               struct lake_error *err);
/* Everything in *out lives in the arena. */
LAKE_MUST_CHECK lake_status saved_write_decode(const uint8_t *bytes, size_t n, struct arena *arena,
                                               struct saved_write *out, struct lake_error *err);
/* Puts the head before a body: what saved_write_encode ends with. */
LAKE_MUST_CHECK lake_status saved_write_frame(const uint8_t *body, size_t n, struct buffer *out,
                                              struct lake_error *err);
/* The file of that name, or NULL. */
const struct saved_file *saved_write_find_file(const struct saved_file *files, size_t n, const char *name);

#endif
