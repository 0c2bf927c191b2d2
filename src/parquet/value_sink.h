/* Where decoded values go, and what one is. */
#ifndef PARQUET_VALUE_SINK_H
#define PARQUET_VALUE_SINK_H

#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"

struct value_type {
    int32_t physical; /* enum parquet_physical */
    size_t width;     /* bytes of a decoded value: 1 for booleans, 0 for byte arrays */
};

/* Fixed-width values are written to `values` and byte arrays appended to `bytes`, the end of each in it written to
 * `ends`; both pointers move on behind what was written. */
struct value_sink {
    uint8_t *values;
    int32_t *ends;
    struct buffer *bytes;
    bool past_cache; /* of fixed-width values: they are too many to be met in a cache again */
};

static inline lake_status sink_append(struct value_sink *sink, const uint8_t *bytes, size_t n, struct lake_error *err)
{
    struct buffer *out = sink->bytes;
    if (n > (size_t)INT32_MAX - out->length)
        return lake_fail(err, LAKE_NO_MEMORY, "more than 2 GiB of text in one piece");
    if (n > out->capacity - out->length)
        TRY(buffer_reserve(out, n, err));
    if (n > 0)
        memcpy(out->data + out->length, bytes, n);
    out->length += n;
    *sink->ends++ = (int32_t)out->length;
    return LAKE_OK;
}

#endif
