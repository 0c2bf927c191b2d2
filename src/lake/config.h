/* dl.toml: where a lake is, how it is looked after, and which bars are derived in it.
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
 *     [aggregate]
 *     to = "15m, 1h"              # periods that are derived
 *     from = "1m"                 # bars of that period, "trades" or "aggtrades"
 *     offset = "30m"              # by which their buckets begin later (include/datalake/bars.h)
 *     columns = "spread_max=max(spread), mid=mean(mid)"
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
enum { CONFIG_TEXT_BYTES = 512 };

/* As the file says; "" where it does not. What is in `to` and `from` is known to be a period or trades; the rest is for whoever derives
 * bars (ops/derivation.h). */
struct config_aggregate {
    char to[CONFIG_TEXT_BYTES], from[CONFIG_TEXT_BYTES], offset[CONFIG_TEXT_BYTES], columns[CONFIG_TEXT_BYTES];
};

struct config {
    char data_root[LIMIT_PATH_BYTES], db_path[LIMIT_PATH_BYTES]; /* as the file says; "" where it does not */
    char market[NAME_BYTES];                                     /* canonical */
    struct lake_policy policy;
    struct config_aggregate aggregate;
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
