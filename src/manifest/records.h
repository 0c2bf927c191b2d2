/* What the manifest keeps, as structs: what reading fills in and writing takes. Texts are borrowed: from the arena of the call
 * that read them, or from the writer. Times are epoch milliseconds, ids and snapshots count from 1. */
#ifndef MANIFEST_RECORDS_H
#define MANIFEST_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/sha256.h"

struct manifest_dataset {
    int64_t id;
    const char *exchange, *market, *symbol, *type, *period; /* canonical */
};

/* A stored file. Keys are ts values (epoch ms); time_to is the last key, both included. */
struct manifest_file {
    int64_t id;
    int64_t dataset_id;
    const char *path;
    int64_t partition_start_ms, partition_end_ms; /* the range the file answers for, half open */
    int64_t time_from_ms, time_to_ms;             /* first and last key present */
    int64_t n_rows, size_bytes;
    uint8_t sha256[SHA256_BYTES];
    int64_t operation_id;
    int64_t added, retired; /* snapshots; retired 0: live */
    int64_t retired_ms;     /* when; 0: live */
    int64_t rows_lost;      /* of a superseded one: rows that its successors changed or left out */
};

/* What one dataset holds for one UTC day. */
struct manifest_content {
    int64_t dataset_id;
    int64_t day; /* days since 1970-01-01 */
    int64_t version;
    uint8_t sha256[SHA256_BYTES];
    int64_t n_rows;
    int64_t time_from_ms, time_to_ms;
    int64_t operation_id;
    int64_t added, retired; /* snapshots; retired 0: live */
    /* Bars: what is missing between the first and the last of the day, as lake/holes.h writes it; n_holes_bytes 0: nothing is. Where it
     * was not recorded (schemas before 3, manifests that were made anew) holes is NULL and n_rows alone tells whether anything is. */
    const uint8_t *holes;
    size_t n_holes_bytes;
};

/* A column that some file of a dataset has or had. The type is column/schema.h's enum column_type. */
struct manifest_column {
    const char *name;
    int32_t type;
    int32_t width;
};

struct manifest_operation {
    int64_t id;
    const char *kind;   /* "ingest", … */
    const char *source; /* path or URL of its one source; "" where it has none or several (manifest_add_source) */
    int64_t source_bytes;
    uint8_t source_sha256[SHA256_BYTES];
    bool has_source_sha256;
    int64_t rows_read, rows_written, rows_rejected, rows_removed;
    int64_t started_ms,
        finished_ms; /* manifest_add_operation raises finished_ms to that of the snapshot before: time never falls */
    const char *software; /* "dl-datalake 0.1.0" */
    const char *detail;   /* for people; "" where there is none */
    int64_t undoes;       /* the snapshot that this operation undid; 0: none */
    int64_t n_days;       /* contents it changed: filled in when read, counted by manifest_put_content */
};

struct manifest_source {
    const char *path; /* or URL */
    int64_t size_bytes;
    const uint8_t *sha256; /* SHA256_BYTES of them, or NULL where it is not known */
};

/* A file whose move is not yet known to be durable: to be published from `from_path` (staging) or retired to it (history).
 * Paths relative to the lake's state directory; the file's own path is in `path`. */
enum manifest_move { MANIFEST_PUBLISH = 1, MANIFEST_RETIRE = 2 };
struct manifest_outstanding {
    int64_t file_id;
    enum manifest_move move;
    const char *path;
    const char *state_path;
};

struct manifest_totals { /* a dataset as `dl list` shows it, over its live files */
    struct manifest_dataset dataset;
    int64_t time_from_ms, time_to_ms; /* 0 where n_files is 0 */
    int64_t n_rows, n_files, size_bytes;
    int64_t n_days;                       /* with rows */
    int64_t history_files, history_bytes; /* superseded files that are kept */
    int64_t last_change_ms;               /* when the last operation that changed a content finished */
};

#endif
