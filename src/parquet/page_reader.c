#include "parquet/page_reader.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "parquet/compress.h"

enum { FIRST_HEADER_VIEW_BYTES = 1024 }; /* far above any header without long statistics */

void page_reader_init(struct page_reader *pages)
{
    memset(pages, 0, sizeof *pages);
    pages->check_crc = true;
    source_window_init(&pages->window);
    page_index_init(&pages->index);
    buffer_init(&pages->page_bytes, LIMIT_PARQUET_PAGE_BYTES);
    buffer_init(&pages->dictionary_bytes, LIMIT_PARQUET_PAGE_BYTES);
    page_dictionary_init(&pages->dictionary);
}

void page_reader_release(struct page_reader *pages)
{
    source_window_release(&pages->window);
    page_index_release(&pages->index);
    buffer_release(&pages->page_bytes);
    buffer_release(&pages->dictionary_bytes);
    page_dictionary_release(&pages->dictionary);
}

lake_status page_reader_load_index(struct page_reader *pages, const struct chunk_place *place, bool with_ranges,
                                   bool *found, struct lake_error *err)
{
    struct file_slice offsets = place->chunk->offset_index;
    struct file_slice ranges = place->chunk->column_index;
    struct thrift_bytes bytes = {NULL, 0};
    *found = offsets.n_bytes > 0 && (!with_ranges || ranges.n_bytes > 0);
    if (!*found)
        return LAKE_OK;
    if (offsets.n_bytes > (int64_t)LIMIT_PARQUET_FOOTER_BYTES || ranges.n_bytes > (int64_t)LIMIT_PARQUET_FOOTER_BYTES)
        return lake_fail(err, LAKE_NO_MEMORY, "a page index over the limit of %zu bytes", LIMIT_PARQUET_FOOTER_BYTES);
    TRY(source_window_view(&pages->window, offsets.offset, offsets.n_bytes, &bytes, err));
    TRY(page_index_read_offsets(&pages->index, bytes, place->n_rows, err));
    if (!with_ranges)
        return LAKE_OK;
    TRY(source_window_view(&pages->window, ranges.offset, ranges.n_bytes, &bytes, err));
    return page_index_read_ranges(&pages->index, bytes, place->leaf, err);
}

/* Where the pages of the rows end; without an index, or with one that lies, at the end of the chunk. */
static int64_t find_wanted_end(const struct page_reader *pages, struct row_range rows)
{
    const struct page_index *index = &pages->index;
    size_t last = page_index_find(index, rows.end - 1);
    bool is_last = last + 1 >= index->n_pages;
    return is_last || index->pages[last + 1].offset > pages->end ? pages->end : index->pages[last + 1].offset;
}

/* For a part of the chunk: looks up where its pages are. A dictionary, which lies before all data pages, is read by itself. */
static lake_status prepare_jump(struct page_reader *pages, struct row_range rows, struct lake_error *err)
{
    bool found = false;
    if (rows.first == 0 && rows.end == pages->place.n_rows)
        return LAKE_OK;
    TRY(page_reader_load_index(pages, &pages->place, false, &found, err));
    if (!found || pages->index.n_pages == 0)
        return LAKE_OK;
    pages->has_index = true;
    pages->wanted_end = find_wanted_end(pages, rows);
    int64_t first_data = pages->index.pages[0].offset;
    pages->window.ahead_end = first_data > pages->at ? first_data : pages->wanted_end;
    return LAKE_OK;
}

lake_status page_reader_begin(struct page_reader *pages, const struct chunk_place *place, struct row_range rows,
                              struct lake_error *err)
{
    const struct column_chunk *chunk = place->chunk;
    int64_t size = pages->window.source.size_bytes;
    int64_t start = chunk->data_page_offset;
    if (chunk->dictionary_page_offset > 0 && chunk->dictionary_page_offset < start)
        start = chunk->dictionary_page_offset;
    if (chunk->physical != place->leaf->physical)
        return lake_fail(err, LAKE_CORRUPT, "the row group has type %d, the schema %d", (int)chunk->physical,
                         (int)place->leaf->physical);
    if (chunk->n_values != place->n_rows)
        return lake_fail(err, LAKE_CORRUPT, "%" PRId64 " values in a row group of %" PRId64 " rows", chunk->n_values,
                         place->n_rows);
    if (start < 0 || start > size || chunk->compressed_bytes < 0 || chunk->compressed_bytes > size - start)
        return lake_fail(err, LAKE_CORRUPT, "%" PRId64 " bytes at %" PRId64 " lie outside the file of %" PRId64,
                         chunk->compressed_bytes, start, size);
    pages->place = *place;
    pages->type = (struct value_type){place->leaf->physical, (size_t)place->leaf->physical_width};
    pages->at = start;
    pages->end = start + chunk->compressed_bytes;
    pages->window.ahead_end = pages->end;
    pages->next_row = 0;
    pages->expected_values = -1;
    pages->has_index = false;
    pages->wanted_end = pages->end;
    pages->n_decoded_bytes = 0;
    pages->has_dictionary = false;
    pages->n_left = 0;
    return prepare_jump(pages, rows, err);
}

/* Reads the header at `at` and moves behind it: the header may be longer than the first look at it. */
static lake_status read_header(struct page_reader *pages, struct page_header *header, struct lake_error *err)
{
    int64_t available = pages->end - pages->at;
    int64_t ahead = pages->window.ahead_end - pages->at;
    int64_t look = ahead > 0 && ahead < FIRST_HEADER_VIEW_BYTES ? ahead : FIRST_HEADER_VIEW_BYTES;
    for (;;) {
        struct thrift_bytes bytes = {NULL, 0};
        size_t length = 0;
        bool truncated = false;
        if (look > available)
            look = available;
        TRY(source_window_view(&pages->window, pages->at, look, &bytes, err));
        lake_status status = page_header_parse(header, bytes, &length, &truncated, err);
        if (status == LAKE_OK)
            pages->at += (int64_t)length;
        if (!truncated || look == available || look >= (int64_t)LIMIT_PARQUET_PAGE_HEADER_BYTES)
            return status;
        look *= 32;
    }
}

static lake_status check_sizes(const struct page_reader *pages, const struct page_header *header,
                               struct lake_error *err)
{
    if (header->compressed_bytes > pages->end - pages->at)
        return lake_fail(err, LAKE_CORRUPT, "a page of %d bytes, longer than its column chunk",
                         (int)header->compressed_bytes);
    if ((size_t)header->uncompressed_bytes > LIMIT_PARQUET_PAGE_BYTES ||
        (size_t)header->compressed_bytes > LIMIT_PARQUET_PAGE_BYTES)
        return lake_fail(err, LAKE_NO_MEMORY, "a page of %d bytes (%d compressed) is over the limit of %zu",
                         (int)header->uncompressed_bytes, (int)header->compressed_bytes, LIMIT_PARQUET_PAGE_BYTES);
    return LAKE_OK;
}

/* The body of the page whose header was just read, as it lies in the file: this, and all of it, is what the CRC
 * covers. */
static lake_status view_body(struct page_reader *pages, const struct page_header *header, struct thrift_bytes *body,
                             struct lake_error *err)
{
    TRY(source_window_view(&pages->window, pages->at, header->compressed_bytes, body, err));
    pages->n_decoded_bytes += (size_t)header->uncompressed_bytes;
    if (pages->n_decoded_bytes > LIMIT_PARQUET_DECODED_BYTES)
        return lake_fail(err, LAKE_NO_MEMORY, "the column chunk decodes to more than the limit of %zu bytes",
                         LIMIT_PARQUET_DECODED_BYTES);
    if (!pages->check_crc || !header->has_crc)
        return LAKE_OK;
    uint32_t crc = page_crc(0, body->at, body->n);
    if (crc != header->crc)
        return lake_fail(err, LAKE_CORRUPT, "the page's checksum is %08" PRIx32 ", its header says %08" PRIx32, crc,
                         header->crc);
    return LAKE_OK;
}

/* Replaces compressed bytes by the n_out they hold: in `scratch`, or where they are if they are not compressed. */
static lake_status decompress(struct page_reader *pages, struct thrift_bytes *bytes, size_t n_out,
                              struct buffer *scratch, struct lake_error *err)
{
    enum parquet_codec codec = (enum parquet_codec)pages->place.chunk->codec;
    if (codec == PARQUET_CODEC_UNCOMPRESSED || (bytes->n == 0 && n_out == 0))
        return page_check_size(PARQUET_CODEC_UNCOMPRESSED, bytes->at, bytes->n, n_out, err);
    TRY(page_check_size(codec, bytes->at, bytes->n, n_out, err));
    buffer_clear(scratch);
    TRY(buffer_reserve(scratch, n_out > 0 ? n_out : 1, err));
    TRY(page_decompress(codec, bytes->at, bytes->n, scratch->data, n_out, err));
    *bytes = (struct thrift_bytes){scratch->data, n_out};
    return LAKE_OK;
}

static lake_status load_dictionary(struct page_reader *pages, const struct page_header *header, struct lake_error *err)
{
    struct thrift_bytes body = {NULL, 0};
    struct buffer *kept = &pages->dictionary_bytes;
    if (pages->has_dictionary || pages->next_row > 0)
        return lake_fail(err, LAKE_CORRUPT, "a dictionary page that is not the first of its column chunk");
    if (header->encoding != PARQUET_PLAIN && header->encoding != PARQUET_PLAIN_DICTIONARY)
        return lake_fail(err, LAKE_UNSUPPORTED, "a dictionary page of encoding %d", (int)header->encoding);
    TRY(view_body(pages, header, &body, err));
    struct thrift_bytes plain = body;
    TRY(decompress(pages, &plain, (size_t)header->uncompressed_bytes, kept, err));
    if (plain.at == body.at && !source_window_in_memory(&pages->window)) {
        /* The window moves on, the dictionary stays. */
        buffer_clear(kept);
        TRY(buffer_append(kept, body.at, body.n, err));
        plain.at = kept->data;
    }
    struct dictionary_page page = {plain.at, plain.n, header->n_values};
    TRY(page_dictionary_load(&pages->dictionary, pages->type, page, err));
    pages->has_dictionary = true;
    return LAKE_OK;
}

/* Splits the levels off the front of a v1 page. */
static lake_status begin_levels_v1(struct page_reader *pages, const struct page_header *header,
                                   struct thrift_bytes *bytes, struct lake_error *err)
{
    size_t n_head = 0;
    size_t n_levels = 0;
    if (pages->place.leaf->max_level == 0) {
        levels_init_none(&pages->levels);
        return LAKE_OK;
    }
    if (header->level_encoding == PARQUET_RLE) {
        n_head = 4;
        if (bytes->n < 4)
            return lake_fail(err, LAKE_CORRUPT, "a page without definition levels");
        n_levels = load_u32(bytes->at);
    } else if (header->level_encoding == PARQUET_BIT_PACKED) {
        n_levels = ((size_t)header->n_values + 7) / 8;
    } else {
        return lake_fail(err, LAKE_UNSUPPORTED, "definition levels of encoding %d", (int)header->level_encoding);
    }
    if (n_levels > bytes->n - n_head)
        return lake_fail(err, LAKE_CORRUPT, "definition levels of %zu bytes, longer than their page", n_levels);
    if (n_head > 0)
        TRY(levels_init_rle(&pages->levels, bytes->at + n_head, n_levels, err));
    else
        levels_init_bit_packed(&pages->levels, bytes->at, n_levels);
    bytes->at += n_head + n_levels;
    bytes->n -= n_head + n_levels;
    return LAKE_OK;
}

/* The bytes of a page as they lie in the file become the bytes of its values; the levels are set up. */
static lake_status load_v1(struct page_reader *pages, const struct page_header *header, struct thrift_bytes *bytes,
                           struct lake_error *err)
{
    TRY(decompress(pages, bytes, (size_t)header->uncompressed_bytes, &pages->page_bytes, err));
    return begin_levels_v1(pages, header, bytes, err);
}

/* Levels stand in front, never compressed; the rest may be, and is nothing where all is null. */
static lake_status load_v2(struct page_reader *pages, const struct page_header *header, struct thrift_bytes *bytes,
                           struct lake_error *err)
{
    int64_t n_levels = (int64_t)header->repetition_bytes + header->definition_bytes;
    if (n_levels > header->compressed_bytes || n_levels > header->uncompressed_bytes)
        return lake_fail(err, LAKE_CORRUPT, "levels of %" PRId64 " bytes, longer than their page", n_levels);
    if (header->n_rows != header->n_values)
        return lake_fail(err, LAKE_CORRUPT, "a page of %d values in %d rows", (int)header->n_values,
                         (int)header->n_rows);
    const uint8_t *levels = bytes->at + header->repetition_bytes;
    if (pages->place.leaf->max_level == 0)
        levels_init_none(&pages->levels);
    else
        TRY(levels_init_rle(&pages->levels, levels, (size_t)header->definition_bytes, err));
    size_t n_out = (size_t)(header->uncompressed_bytes - n_levels);
    bytes->at += n_levels;
    bytes->n -= (size_t)n_levels;
    if (!header->is_compressed)
        return page_check_size(PARQUET_CODEC_UNCOMPRESSED, bytes->at, bytes->n, n_out, err);
    return bytes->n == 0 ? LAKE_OK : decompress(pages, bytes, n_out, &pages->page_bytes, err);
}

static lake_status load_data(struct page_reader *pages, const struct page_header *header, struct lake_error *err)
{
    struct thrift_bytes bytes = {NULL, 0};
    const struct page_dictionary *dictionary = pages->has_dictionary ? &pages->dictionary : NULL;
    TRY(view_body(pages, header, &bytes, err));
    if (header->type == PARQUET_DATA_PAGE)
        TRY(load_v1(pages, header, &bytes, err));
    else
        TRY(load_v2(pages, header, &bytes, err));
    TRY(decoder_init(&pages->decoder, header->encoding, pages->type, dictionary, err));
    return decoder_begin(&pages->decoder, bytes.at, bytes.n, err);
}

/* Passes over rows of the page that was loaded. */
static lake_status skip_rows(struct page_reader *pages, int64_t n, struct lake_error *err)
{
    uint64_t n_present = 0;
    if (n == 0)
        return LAKE_OK;
    TRY(levels_skip(&pages->levels, (uint64_t)n, &n_present, err));
    TRY(decoder_skip(&pages->decoder, n_present, err));
    pages->n_left -= n;
    return LAKE_OK;
}

/* Goes to the page of a row by the offset index, from the header of a page before it. The index is believed only so
 * far as the page found has the number of rows that the index says. */
static lake_status jump(struct page_reader *pages, int64_t row, struct lake_error *err)
{
    const struct page_index *index = &pages->index;
    size_t i = page_index_find(index, row);
    const struct page_entry *page = &index->pages[i];
    pages->has_index = false;
    if (page->offset < pages->at || page->offset >= pages->end || page->first_row < pages->next_row)
        return lake_fail(err, LAKE_CORRUPT,
                         "the offset index says row %" PRId64 " is at byte %" PRId64 ", outside its column chunk",
                         page->first_row, page->offset);
    int64_t next_row = i + 1 < index->n_pages ? page[1].first_row : pages->place.n_rows;
    pages->at = page->offset;
    pages->next_row = page->first_row;
    pages->expected_values = next_row - page->first_row;
    pages->window.ahead_end = pages->wanted_end;
    return LAKE_OK;
}

/* The dictionary page, if there is one, must be met first. */
static bool may_jump(const struct page_reader *pages)
{
    return pages->has_index && (pages->next_row > 0 || pages->at >= pages->index.pages[0].offset);
}

/* Takes the data page whose header was read: loads it if it holds the row, else passes it. */
static lake_status meet_data(struct page_reader *pages, const struct page_header *header, int64_t row,
                             struct lake_error *err)
{
    int64_t first = pages->next_row;
    int64_t expected = pages->expected_values;
    pages->expected_values = -1;
    if (header->n_values > pages->place.n_rows - first)
        return lake_fail(err, LAKE_CORRUPT, "its pages hold more than the %" PRId64 " rows of the row group",
                         pages->place.n_rows);
    if (expected >= 0 && header->n_values != expected)
        return lake_fail(err, LAKE_CORRUPT, "a page of %d rows, of which the offset index says %" PRId64,
                         (int)header->n_values, expected);
    pages->next_row += header->n_values;
    if (pages->next_row > row) {
        TRY(load_data(pages, header, err));
        pages->n_left = header->n_values;
        TRY(skip_rows(pages, row - first, err));
    }
    pages->at += header->compressed_bytes;
    return LAKE_OK;
}

static lake_status read_page(struct page_reader *pages, int64_t row, struct lake_error *err)
{
    struct page_header header;
    TRY(read_header(pages, &header, err));
    TRY(check_sizes(pages, &header, err));
    if (header.type == PARQUET_DATA_PAGE || header.type == PARQUET_DATA_PAGE_V2)
        return meet_data(pages, &header, row, err);
    if (header.type == PARQUET_DICTIONARY_PAGE)
        TRY(load_dictionary(pages, &header, err));
    pages->at += header.compressed_bytes;
    return LAKE_OK;
}

lake_status page_reader_find(struct page_reader *pages, int64_t row, struct lake_error *err)
{
    pages->n_left = 0;
    while (pages->next_row <= row) {
        int64_t at = pages->at;
        if (at >= pages->end)
            return lake_fail(err, LAKE_CORRUPT,
                             "its pages end after %" PRId64 " of the %" PRId64 " rows of the row group",
                             pages->next_row, pages->place.n_rows);
        lake_status status = may_jump(pages) ? jump(pages, row, err) : read_page(pages, row, err);
        if (status != LAKE_OK)
            return lake_fail_prefix(err, status, "page at byte %" PRId64, at);
    }
    return LAKE_OK;
}
