/* dl.toml: where a lake is, and how it is looked after.
 *
 *     data_root = "data"          # beside this file
 *     db_path = "manifest.db"
 *     market = "SPOT"             # where a command names none
 *     [history]
 *     keep_changed = "7d"         # a length of time needs its unit: s, m, h, d, w
 *     keep_unchanged = "1h"
 *     keep_unchanged_percent = 5
 *     keep_log = 10_000
 *     [compaction]
 *     after = "2d"
 *     max_bytes = "128MiB"
 *
 * What is not said keeps its default; what is not known is an error that names the nearest key. The keys stand in one table in
 * config.c. */
#ifndef LAKE_CONFIG_H
#define LAKE_CONFIG_H

#include <datalake/maintenance.h>

#include "base/limits.h"
#include "io/io.h"
#include "lake/names.h"

#define CONFIG_NAME "dl.toml"

struct config {
    char data_root[LIMIT_PATH_BYTES], db_path[LIMIT_PATH_BYTES]; /* as the file says; "" where it does not */
    char market[NAME_BYTES];                                     /* canonical */
    struct lake_policy policy;
};

/* The defaults. */
void config_init(struct config *config);
/* Takes what the text says into the config; `name` is the file's, for messages. */
LAKE_MUST_CHECK lake_status config_parse(struct config *config, const char *name, const char *text, size_t n,
                                         struct lake_error *err);
LAKE_MUST_CHECK lake_status config_read(struct config *config, struct io io, const char *path, struct lake_error *err);

/* The first dl.toml in a directory and upward, as far as this user may look. *path is NULL where there is none, else memory_free'd by
 * the caller. */
LAKE_MUST_CHECK lake_status config_find(struct io io, const char *directory, char **path, struct lake_error *err);

#endif
