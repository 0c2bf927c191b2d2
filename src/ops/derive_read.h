/* Reading what bars are derived from: which columns, which rows, and up to when the source is known to have all. */
#ifndef OPS_DERIVE_READ_H
#define OPS_DERIVE_READ_H

#include "ops/derive.h"

/* The rows of the source that bars are made of whose open time lies in `range`: whole buckets. */
struct time_range derive_source_range(const struct bucket_grid *grid, struct time_range range);

/* Names of the source's columns that its derived bars are made of, in the arena. */
struct derive_columns {
    const char **items;
    size_t n, capacity;
};
LAKE_MUST_CHECK lake_status derive_find_columns(struct lake *lake, const struct derive_source *source, int64_t as_of,
                                                struct arena *arena, struct derive_columns *out,
                                                struct lake_error *err);

/* Opens a scan of the source. Scans with the same columns give batches of the same schema. */
struct derive_reading {
    const struct derive_columns *columns;
    struct time_range rows; /* of the source */
    int64_t as_of;          /* 0: now */
};
LAKE_MUST_CHECK lake_status derive_open_scan(struct lake *lake, const struct derive_source *source,
                                             const struct derive_reading *reading, struct scan **out,
                                             struct lake_error *err);
/* The source's names as messages have them. */
LAKE_MUST_CHECK lake_status derive_place(const struct derive_source *source, struct arena *arena, const char **out,
                                         struct lake_error *err);
/* The place is borrowed as long as the aggregator lives. */
LAKE_MUST_CHECK lake_status derive_new_aggregator(const struct derive_source *source, const struct schema *schema,
                                                  const char *place, struct aggregator **out, struct lake_error *err);
/* The time of the last row that the source has in a snapshot that a scan holds; INT64_MIN: it has none behind from_ms. */
LAKE_MUST_CHECK lake_status derive_find_closed(struct lake *lake, const struct derive_source *source, int64_t from_ms,
                                               int64_t snapshot, int64_t *closed_ms, struct lake_error *err);

#endif
