/* The offsets of a time zone, from a file of the tz database (TZif of any version, RFC 8536).
 *
 * Years beyond the file's table follow the rule at its end (POSIX TZ), written out as far as times are taken at all.
 * What does not keep to the format is refused (I9). Immutable once read. */
#ifndef INGEST_TIME_ZONE_FILE_H
#define INGEST_TIME_ZONE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct zone_offset {
    int64_t from_s;   /* UTC, since 1970; of the first INT64_MIN */
    int32_t offset_s; /* east of Greenwich, up to the next */
};

struct zone_table {
    struct zone_offset *offsets; /* ascending; at least one */
    size_t n;
};

/* name is for messages. The table is to be released. */
LAKE_MUST_CHECK lake_status zone_table_read(const char *name, const uint8_t *bytes, size_t n, struct zone_table *out,
                                            struct lake_error *err);
void zone_table_release(struct zone_table *table);

#endif
