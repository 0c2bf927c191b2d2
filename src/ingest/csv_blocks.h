/* The two buffers through which a member is read: while what is in one is parsed, the other is filled.
 *
 * A block begins with what the one before it could not take, the beginning of a record. The member's last line gets a line feed where it has none.
 * CSV_PADDING_BYTES behind the bytes are readable. Bytes that were read stay where they are until they are hashed (source.h).
 * One thread at a time, but for csv_blocks_fill of the one while the other is used. */
#ifndef INGEST_CSV_BLOCKS_H
#define INGEST_CSV_BLOCKS_H

#include "ingest/csv_text.h"
#include "ingest/source.h"

struct csv_buffer {
    char *bytes;
    size_t capacity; /* without the padding */
    size_t start;    /* of the first record that is not yet parsed */
    size_t length;
    int64_t offset;  /* of bytes[0] in the member */
    bool is_cut_off; /* the last line feed is ours */
};

struct csv_blocks {
    struct source *source;
    size_t block_bytes; /* to be read at once */
    struct csv_buffer buffers[2];
    size_t current;
    bool is_at_end; /* of the member */
};

static inline struct csv_buffer *csv_blocks_current(struct csv_blocks *blocks)
{
    return &blocks->buffers[blocks->current];
}

static inline struct csv_buffer *csv_blocks_next(struct csv_blocks *blocks)
{
    return &blocks->buffers[1 - blocks->current];
}

/* What is not yet parsed. */
static inline struct csv_span csv_buffer_rest(const struct csv_buffer *buffer)
{
    return (struct csv_span){buffer->bytes + buffer->start, buffer->length - buffer->start};
}

void csv_blocks_init(struct csv_blocks *blocks, struct source *source, size_t block_bytes);
void csv_blocks_release(struct csv_blocks *blocks);

/* Makes the current block longer by as much as is read at once. */
LAKE_MUST_CHECK lake_status csv_blocks_extend(struct csv_blocks *blocks, struct lake_error *err);
/* Begins the next block with the rest of the current one; csv_blocks_fill then reads what follows. */
LAKE_MUST_CHECK lake_status csv_blocks_carry(struct csv_blocks *blocks, struct lake_error *err);
LAKE_MUST_CHECK lake_status csv_blocks_fill(struct csv_blocks *blocks, struct csv_buffer *buffer,
                                            struct lake_error *err);
/* Reads on until the current block begins at the offset, which lies behind the block. */
LAKE_MUST_CHECK lake_status csv_blocks_skip(struct csv_blocks *blocks, int64_t offset, struct lake_error *err);
/* Steps over the rest of a line, however long it is. */
LAKE_MUST_CHECK lake_status csv_blocks_skip_line(struct csv_blocks *blocks, struct lake_error *err);

#endif
