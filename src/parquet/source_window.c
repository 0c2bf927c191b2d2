#include "parquet/source_window.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"

/* What is read at least: a few small pages at once, and cheap where it is not needed. */
#define READ_AHEAD_BYTES ((int64_t)(256 * KIB))

void source_window_init(struct source_window *window)
{
    memset(window, 0, sizeof *window);
    buffer_init(&window->bytes, LIMIT_PARQUET_PAGE_BYTES + LIMIT_PARQUET_PAGE_HEADER_BYTES);
}

void source_window_release(struct source_window *window)
{
    buffer_release(&window->bytes);
}

void source_window_open(struct source_window *window, struct parquet_source source)
{
    window->source = source;
    window->offset = 0;
    window->ahead_end = source.size_bytes;
    buffer_clear(&window->bytes);
}

static lake_status fill(struct source_window *window, int64_t offset, int64_t n, struct lake_error *err)
{
    int64_t ahead = window->ahead_end - offset;
    if (ahead > READ_AHEAD_BYTES)
        ahead = READ_AHEAD_BYTES;
    if (n < ahead)
        n = ahead;
    buffer_clear(&window->bytes);
    TRY(buffer_reserve(&window->bytes, (size_t)n, err));
    TRY(window->source.read_at(window->source.context, offset, window->bytes.data, (size_t)n, err));
    window->bytes.length = (size_t)n;
    window->offset = offset;
    return LAKE_OK;
}

static bool covers(const struct source_window *window, int64_t offset, int64_t n)
{
    int64_t length = (int64_t)window->bytes.length;
    return offset >= window->offset && offset - window->offset <= length && n <= length - (offset - window->offset);
}

lake_status source_window_view(struct source_window *window, int64_t offset, int64_t n, struct thrift_bytes *out,
                               struct lake_error *err)
{
    int64_t size = window->source.size_bytes;
    if (offset < 0 || n < 0 || offset > size || n > size - offset)
        return lake_fail(err, LAKE_CORRUPT,
                         "bytes %" PRId64 " to +%" PRId64 " lie outside the file of %" PRId64 " bytes", offset, n,
                         size);
    out->n = (size_t)n;
    if (source_window_in_memory(window)) {
        out->at = window->source.bytes + offset;
        return LAKE_OK;
    }
    if (!covers(window, offset, n))
        TRY(fill(window, offset, n, err));
    out->at = window->bytes.data + (offset - window->offset);
    return LAKE_OK;
}
