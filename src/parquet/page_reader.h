/* Walks the pages of a column chunk: finds the one that holds a row, checks and decompresses it, and sets up its
 * levels and values to be taken.
 *
 * The dictionary page is read as it is met, ahead of all data pages. Pages before the wanted rows are passed over
 * through the offset index, or by their headers where the chunk has none, and no more is read ahead than the index says is
 * needed. Memory: one decompressed page and one
 * dictionary, each within LIMIT_PARQUET_PAGE_BYTES, kept from chunk to chunk and file to file.
 *
 *     TRY(page_reader_begin(pages, &place, rows, err));
 *     while (n > 0) {
 *         TRY(page_reader_find(pages, row, err));         // pages->n_left rows from `row` on
 *         …levels_next(&pages->levels), decoder_next(&pages->decoder)…
 *     } */
#ifndef PARQUET_PAGE_READER_H
#define PARQUET_PAGE_READER_H

#include "parquet/decoder.h"
#include "parquet/levels.h"
#include "parquet/page_header.h"
#include "parquet/page_index.h"
#include "parquet/source_window.h"

/* A column chunk, and what must be known of it to read it. */
struct chunk_place {
    const struct column_chunk *chunk;
    const struct schema_leaf *leaf;
    int64_t n_rows; /* of the row group */
};

/* Rows [first, end). */
struct row_range {
    int64_t first;
    int64_t end;
};

struct page_reader {
    struct source_window window;
    bool check_crc;
    struct chunk_place place;
    struct value_type type;
    int64_t at;              /* offset of the next page's header */
    int64_t end;             /* of the chunk */
    int64_t next_row;        /* first row of the page at `at` */
    int64_t expected_values; /* what the offset index says of the page at `at`, or -1 */
    bool has_index;          /* `index` holds this chunk's, for a jump that is still to come */
    int64_t wanted_end;      /* of the pages that are wanted */
    size_t n_decoded_bytes;  /* of this chunk so far */
    struct page_index index;
    struct buffer page_bytes;
    struct buffer dictionary_bytes;
    struct page_dictionary dictionary;
    bool has_dictionary;
    /* The page that was found: */
    struct levels levels;
    struct decoder decoder;
    int64_t n_left; /* rows not yet taken; the caller counts them down */
};

void page_reader_init(struct page_reader *pages);
void page_reader_release(struct page_reader *pages);
/* `rows` of the row group are what page_reader_find will be asked for. */
LAKE_MUST_CHECK lake_status page_reader_begin(struct page_reader *pages, const struct chunk_place *place,
                                              struct row_range rows, struct lake_error *err);
/* Moves to the page that holds `row` (of the row group; not before the page found last) and, in it, to the row. */
LAKE_MUST_CHECK lake_status page_reader_find(struct page_reader *pages, int64_t row, struct lake_error *err);
/* Reads the page index of a chunk; *found tells whether there is one. */
LAKE_MUST_CHECK lake_status page_reader_load_index(struct page_reader *pages, const struct chunk_place *place,
                                                   bool with_ranges, bool *found, struct lake_error *err);

#endif
