/* Where things lie: the data tree and the lake's own state directory.
 *
 *   <data root>/{EXCHANGE}/{MARKET}/{SYMBOL}/{type}/{period}/{YYYY}[/{MM}[/{DD}]]/{SYMBOL}-{period}-{date}-{16 hex}.parquet
 *   <data root>/features/{EXCHANGE}/{MARKET}/{SYMBOL}/{set}/{version}/{YYYY}[/{MM}[/{DD}]]/{SYMBOL}-{set}@{version}-{date}-{16 hex}.parquet
 *   <state>/lake.lock, staging/{token}.lock, staging/{token}-…, history/…
 *
 * Paths in the manifest are relative to the data root (files) or to the state directory (staged and retired files). Nothing in
 * the state directory ends in .parquet, so that no glob mistakes it for data (I3). */
#ifndef LAKE_LAYOUT_H
#define LAKE_LAYOUT_H

#include <stdint.h>

#include "base/buffer.h"
#include "column/period.h"
#include "lake/handle.h"
#include "lake/names.h"
#include "manifest/manifest.h"

/* ".lake" beside a data root named "data", ".lake-<name>" beside another, so that two lakes may share a parent. */
LAKE_MUST_CHECK lake_status layout_state_root(const char *data_root, char **out, struct lake_error *err);

struct layout_file {
    const struct manifest_dataset *dataset;
    enum partition_grain grain;
    int64_t partition_start_ms;
    uint64_t random;
};
/* The file's path below the data root, into the buffer as a terminated string. */
LAKE_MUST_CHECK lake_status layout_file_path(const struct layout_file *file, struct buffer *out,
                                             struct lake_error *err);

/* What a file's path says, the other way round. */
struct layout_path {
    char exchange[NAME_BYTES], market[NAME_BYTES], symbol[NAME_BYTES]; /* canonical, not escaped */
    char type[NAME_BYTES];     /* of a lake, or what could be registered in one */
    char period[PERIOD_BYTES]; /* canonical */
    enum partition_grain
        grain;                /* of the file, by its directories: a rolled-up month of a type cut by days is a month */
    int64_t start_ms, end_ms; /* of that day, month or year; the file may answer for less */
    uint64_t random;
};
/* Every path that layout_file_path makes; LAKE_INVALID_ARGUMENT for any other text. */
LAKE_MUST_CHECK lake_status layout_parse_path(const char *path, struct layout_path *out, struct lake_error *err);

/* Where a file of that path goes when it is retired, below the state directory, as a terminated string. */
LAKE_MUST_CHECK lake_status layout_history_path(const char *path, struct buffer *out, struct lake_error *err);

/* Whether a path is one of the feature store, whose directories name a set and a version. */
bool layout_is_below_features(const char *path);
/* The length of the part of a file's path that names its dataset, without the slash. */
size_t layout_dataset_length(const char *path);
/* The length of the directory part of a path below the data root, without the slash. */
size_t layout_directory_length(const char *path);

/* "<data root>/<path>" and "<state>/<path>"; memory_free'd by the caller. */
LAKE_MUST_CHECK lake_status layout_data_path(const struct lake *lake, const char *path, char **out,
                                             struct lake_error *err);
LAKE_MUST_CHECK lake_status layout_state_path(const struct lake *lake, const char *path, char **out,
                                              struct lake_error *err);

/* 64 random bits from the system. */
LAKE_MUST_CHECK lake_status layout_random(struct io io, uint64_t *out, struct lake_error *err);
/* n times that, at once: the system's random numbers are a file to be opened. */
LAKE_MUST_CHECK lake_status layout_random_many(struct io io, uint64_t *out, size_t n, struct lake_error *err);

#endif
