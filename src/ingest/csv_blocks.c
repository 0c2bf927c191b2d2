#include "ingest/csv_blocks.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "ingest/csv_digits.h"

void csv_blocks_init(struct csv_blocks *blocks, struct source *source, size_t block_bytes)
{
    *blocks = (struct csv_blocks){.source = source, .block_bytes = block_bytes};
}

void csv_blocks_release(struct csv_blocks *blocks)
{
    memory_free(blocks->buffers[0].bytes);
    memory_free(blocks->buffers[1].bytes);
    csv_blocks_init(blocks, blocks->source, blocks->block_bytes);
}

/* The bytes may move. */
static lake_status reserve(struct csv_buffer *buffer, size_t capacity, struct lake_error *err)
{
    if (capacity <= buffer->capacity)
        return LAKE_OK;
    TRY(memory_resize(&buffer->bytes, capacity + CSV_PADDING_BYTES, 1, err));
    buffer->capacity = capacity;
    return LAKE_OK;
}

lake_status csv_blocks_fill(struct csv_blocks *blocks, struct csv_buffer *buffer, struct lake_error *err)
{
    while (!blocks->is_at_end && buffer->length < buffer->capacity) {
        size_t n = 0;
        TRY(source_read(blocks->source, buffer->bytes + buffer->length, buffer->capacity - buffer->length, &n, err));
        blocks->is_at_end = n == 0;
        buffer->length += n;
    }
    if (blocks->is_at_end && buffer->length > buffer->start && buffer->bytes[buffer->length - 1] != '\n') {
        buffer->bytes[buffer->length++] = '\n';
        buffer->is_cut_off = true;
    }
    memset(buffer->bytes + buffer->length, 0, CSV_PADDING_BYTES - 1);
    return LAKE_OK;
}

lake_status csv_blocks_extend(struct csv_blocks *blocks, struct lake_error *err)
{
    struct csv_buffer *buffer = csv_blocks_current(blocks);
    TRY(source_hash(blocks->source, err));
    TRY(reserve(buffer, buffer->length + blocks->block_bytes, err));
    return csv_blocks_fill(blocks, buffer, err);
}

lake_status csv_blocks_carry(struct csv_blocks *blocks, struct lake_error *err)
{
    const struct csv_buffer *from = csv_blocks_current(blocks);
    struct csv_buffer *to = csv_blocks_next(blocks);
    struct csv_span rest = csv_buffer_rest(from);
    TRY(reserve(to, rest.length + blocks->block_bytes, err));
    memcpy(to->bytes, rest.data, rest.length);
    to->start = 0;
    to->length = rest.length;
    to->offset = from->offset + (int64_t)from->start;
    to->is_cut_off = from->is_cut_off;
    return LAKE_OK;
}

/* Fills the current block with what follows it. */
static lake_status replace(struct csv_blocks *blocks, struct lake_error *err)
{
    struct csv_buffer *buffer = csv_blocks_current(blocks);
    TRY(source_hash(blocks->source, err));
    buffer->offset += (int64_t)buffer->length - buffer->is_cut_off;
    buffer->start = buffer->length = 0;
    buffer->is_cut_off = false;
    return csv_blocks_fill(blocks, buffer, err);
}

lake_status csv_blocks_skip(struct csv_blocks *blocks, int64_t offset, struct lake_error *err)
{
    struct csv_buffer *buffer = csv_blocks_current(blocks);
    while (offset - buffer->offset > (int64_t)buffer->length) {
        if (blocks->is_at_end)
            return lake_fail(err, LAKE_CONFLICT, "%s: ends before byte %" PRId64 ", up to which it was read before",
                             source_place(blocks->source), offset);
        TRY(replace(blocks, err));
    }
    buffer->start = (size_t)(offset - buffer->offset);
    return LAKE_OK;
}

lake_status csv_blocks_skip_line(struct csv_blocks *blocks, struct lake_error *err)
{
    struct csv_buffer *buffer = csv_blocks_current(blocks);
    for (;;) {
        struct csv_span rest = csv_buffer_rest(buffer);
        const char *line_feed = memchr(rest.data, '\n', rest.length);
        buffer->start = line_feed != NULL ? (size_t)(line_feed + 1 - buffer->bytes) : buffer->length;
        if (line_feed != NULL || blocks->is_at_end)
            return LAKE_OK;
        TRY(replace(blocks, err));
    }
}
