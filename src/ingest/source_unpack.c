#include "ingest/source_unpack.h"

#include <inttypes.h>

#include "base/limits.h"

lake_status source_check_ratio(const char *place, int64_t n_packed, int64_t n_unpacked, struct lake_error *err)
{
    if (n_unpacked <= (int64_t)LIMIT_SOURCE_FLOOR_BYTES || n_unpacked / LIMIT_SOURCE_RATIO <= n_packed)
        return LAKE_OK;
    return lake_fail(err, LAKE_INVALID_DATA,
                     "%s: %" PRId64 " bytes are %" PRId64
                     " or more unpacked, over %d times as many: that is no market data; unpack it first if it is",
                     place, n_packed, n_unpacked, LIMIT_SOURCE_RATIO);
}
