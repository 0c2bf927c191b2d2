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
    buffer_init(&window->tail, LIMIT_PARQUET_FOOTER_BYTES);
}

void source_window_release(struct source_window *window)
{
    buffer_release(&window->bytes);
    buffer_release(&window->tail);
}

void source_window_open(struct source_window *window, struct parquet_source source)
{
    window->source = source;
    window->offset = 0;
    window->ahead_end = 0;
    window->tail_offset = source.size_bytes;
    buffer_clear(&window->bytes);
    buffer_clear(&window->tail);
}

static lake_status read_into(struct source_window *window, int64_t offset, int64_t n, struct buffer *out,
                             struct lake_error *err)
{
    buffer_clear(out);
    TRY(buffer_reserve(out, (size_t)n, err));
    TRY(window->source.read_at(window->source.context, offset, out->data, (size_t)n, err));
    out->length = (size_t)n;
    return LAKE_OK;
}

lake_status source_window_keep_tail(struct source_window *window, int64_t n, struct lake_error *err)
{
    int64_t size = window->source.size_bytes;
    if (source_window_in_memory(window))
        return LAKE_OK;
    if (n > size)
        n = size;
    TRY(read_into(window, size - n, n, &window->tail, err));
    window->tail_offset = size - n;
    return LAKE_OK;
}

static lake_status fill(struct source_window *window, int64_t offset, int64_t n, struct lake_error *err)
{
    int64_t ahead = window->ahead_end - offset;
    if (ahead > READ_AHEAD_BYTES)
        ahead = READ_AHEAD_BYTES;
    if (n < ahead)
        n = ahead;
    TRY(read_into(window, offset, n, &window->bytes, err));
    window->offset = offset;
    return LAKE_OK;
}

/* Whether n bytes at an offset of the file lie in bytes that were read from `start` on. */
static bool covers(const struct buffer *bytes, int64_t start, int64_t offset, int64_t n)
{
    int64_t length = (int64_t)bytes->length;
    return offset >= start && offset - start <= length && n <= length - (offset - start);
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
    if (covers(&window->tail, window->tail_offset, offset, n)) {
        out->at = window->tail.data + (offset - window->tail_offset);
        return LAKE_OK;
    }
    if (!covers(&window->bytes, window->offset, offset, n))
        TRY(fill(window, offset, n, err));
    out->at = window->bytes.data + (offset - window->offset);
    return LAKE_OK;
}
