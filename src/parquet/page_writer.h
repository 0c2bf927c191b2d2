/* Puts pages into a file: compressed, with header and CRC, one after another.
 *
 * Bytes are gathered and handed to the sink in large pieces, so that a file of a day is one write. Invariant:
 * `position` is the offset in the file of the next byte, whatever has been handed over. */
#ifndef PARQUET_PAGE_WRITER_H
#define PARQUET_PAGE_WRITER_H

#include "base/buffer.h"
#include "base/limits.h"
#include "parquet/format.h"
#include "parquet/writer.h"

/* Pages of more bytes are not made but for a single value that is larger. */
#define PAGE_BYTES_MAX (8 * MIB)

struct page_writer {
    struct parquet_sink sink;
    enum parquet_compression compression;
    int64_t position;
    struct buffer pending;    /* not yet handed to the sink */
    struct buffer compressed; /* of the page in hand */
};

struct page {
    enum parquet_page_type type; /* PARQUET_DATA_PAGE or PARQUET_DICTIONARY_PAGE */
    enum parquet_encoding encoding;
    int64_t n_values; /* nulls included */
    bool is_split;    /* holds byte streams or words that snappy_runs.h is made for */
    const uint8_t *bytes;
    size_t n_bytes;
};

/* Where a page came to lie, header included. */
struct page_place {
    int64_t offset;
    int64_t n_bytes;
    int64_t uncompressed_bytes;
};

void page_writer_init(struct page_writer *writer);
void page_writer_release(struct page_writer *writer);
/* Forgets what was pending. */
void page_writer_begin(struct page_writer *writer, struct parquet_sink sink, enum parquet_compression compression);
LAKE_MUST_CHECK lake_status page_writer_put(struct page_writer *writer, const struct page *page,
                                            struct page_place *place, struct lake_error *err);
/* Bytes that are no page: magic, indexes, footer. */
LAKE_MUST_CHECK lake_status page_writer_put_bytes(struct page_writer *writer, const void *bytes, size_t n,
                                                  struct lake_error *err);
LAKE_MUST_CHECK lake_status page_writer_flush(struct page_writer *writer, struct lake_error *err);

#endif
