#include "parquet/chunk_writer.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "parquet/encode_delta.h"
#include "parquet/encode_rle.h"
#include "parquet/encode_values.h"
#include "parquet/encoding_choice.h"

enum { LEVELS_LENGTH_BYTES = 4 };

/* One chunk while it is written. */
struct chunk {
    const struct chunk_input *input;
    struct chunk_writer *writer;
    struct page_writer *pages;
    struct written_chunk *out;
    struct values values;
    bool nullable;
    int64_t row;     /* of the next page */
    int64_t value;   /* the first of the next page */
    size_t next_end; /* in input->page_ends, of those not passed */
};

void chunk_writer_init(struct chunk_writer *writer)
{
    buffer_init(&writer->gathered, 2 * LIMIT_PARQUET_DECODED_BYTES);
    buffer_init(&writer->page, 2 * LIMIT_PARQUET_PAGE_BYTES);
    buffer_init(&writer->lengths, LIMIT_PARQUET_PAGE_BYTES);
    buffer_init(&writer->pages, LIMIT_PARQUET_FOOTER_MEMORY_BYTES);
    buffer_init(&writer->column_indexes, LIMIT_PARQUET_FOOTER_MEMORY_BYTES);
    buffer_init(&writer->offset_indexes, LIMIT_PARQUET_FOOTER_MEMORY_BYTES);
    dictionary_init(&writer->dictionary);
}

void chunk_writer_release(struct chunk_writer *writer)
{
    buffer_release(&writer->gathered);
    buffer_release(&writer->page);
    buffer_release(&writer->lengths);
    buffer_release(&writer->pages);
    buffer_release(&writer->column_indexes);
    buffer_release(&writer->offset_indexes);
    dictionary_release(&writer->dictionary);
}

void chunk_writer_begin(struct chunk_writer *writer)
{
    buffer_clear(&writer->column_indexes);
    buffer_clear(&writer->offset_indexes);
}

/* --- one page --- */

/* The levels of a v1 page: their length, then one stream of runs for the whole page. */
static lake_status append_levels(const struct chunk *chunk, int64_t n_rows, struct lake_error *err)
{
    struct buffer *page = &chunk->writer->page;
    const struct values *values = &chunk->values;
    size_t at = page->length;
    if (!chunk->nullable)
        return LAKE_OK;
    TRY(buffer_reserve(page, LEVELS_LENGTH_BYTES, err));
    page->length += LEVELS_LENGTH_BYTES;
    TRY(rle_append_bits(values->validity, values->validity_first + chunk->row, n_rows, page, err));
    store_u32(page->data + at, (uint32_t)(page->length - at - LEVELS_LENGTH_BYTES));
    return LAKE_OK;
}

static lake_status append_indices(const struct chunk *chunk, int64_t n, struct lake_error *err)
{
    const struct dictionary *dictionary = &chunk->writer->dictionary;
    unsigned width = dictionary_index_width(dictionary);
    TRY(buffer_append_byte(&chunk->writer->page, (uint8_t)width, err));
    return rle_append_indices(dictionary_indices(dictionary) + chunk->value, (size_t)n, width, &chunk->writer->page,
                              err);
}

static lake_status append_values(const struct chunk *chunk, int64_t n, struct lake_error *err)
{
    const struct values *values = &chunk->values;
    struct buffer *page = &chunk->writer->page;
    switch (chunk->out->encoding) {
    case PARQUET_RLE_DICTIONARY: return append_indices(chunk, n, err);
    case PARQUET_BYTE_STREAM_SPLIT: return byte_stream_split_append(values, chunk->value, n, page, err);
    case PARQUET_DELTA_BINARY_PACKED:
        return delta_append(values_at(values, chunk->value), (size_t)n, values->width, page, err);
    case PARQUET_DELTA_LENGTH_BYTE_ARRAY:
        return delta_length_append(values, chunk->value, n, &chunk->writer->lengths, page, err);
    default: return plain_append(values, chunk->value, n, page, err);
    }
}

static bool is_split(const struct chunk *chunk)
{
    return chunk->out->encoding != PARQUET_PLAIN &&
           (chunk->values.physical == PARQUET_DOUBLE || chunk->values.physical == PARQUET_FLOAT);
}

static lake_status put_page(struct chunk *chunk, struct page *page, struct page_place *place, struct lake_error *err)
{
    page->is_split = is_split(chunk);
    page->bytes = chunk->writer->page.data;
    page->n_bytes = chunk->writer->page.length;
    TRY(page_writer_put(chunk->pages, page, place, err));
    chunk->out->compressed_bytes += place->n_bytes;
    chunk->out->uncompressed_bytes += place->uncompressed_bytes;
    return LAKE_OK;
}

static lake_status put_data_page(struct chunk *chunk, int64_t n_rows, struct lake_error *err)
{
    struct written_page written = {.first_row = chunk->row};
    struct page page = {.type = PARQUET_DATA_PAGE, .encoding = chunk->out->encoding, .n_values = n_rows};
    int64_t n = values_count(&chunk->values, chunk->row, n_rows);
    buffer_clear(&chunk->writer->page);
    TRY(append_levels(chunk, n_rows, err));
    TRY(append_values(chunk, n, err));
    TRY(put_page(chunk, &page, &written.place, err));
    written.statistics = statistics_of(&chunk->values, chunk->value, n);
    written.statistics.null_count = n_rows - n;
    chunk->row += n_rows;
    chunk->value += n;
    return buffer_append(&chunk->writer->pages, &written, sizeof written, err);
}

static lake_status put_dictionary_page(struct chunk *chunk, struct lake_error *err)
{
    const struct dictionary *dictionary = &chunk->writer->dictionary;
    struct page page = {.type = PARQUET_DICTIONARY_PAGE, .encoding = PARQUET_PLAIN, .n_values = dictionary->n_entries};
    struct page_place place = {0};
    buffer_clear(&chunk->writer->page);
    TRY(dictionary_append_entries(dictionary, &chunk->values, &chunk->writer->page, err));
    TRY(put_page(chunk, &page, &place, err));
    chunk->out->dictionary_page_offset = place.offset;
    return LAKE_OK;
}

/* --- the pages of a chunk --- */

static size_t row_bytes(const struct values *values, int64_t row, int64_t value)
{
    bool is_null = values_count(values, row, 1) == 0;
    return is_null ? 0 : plain_bytes(values, value, 1);
}

/* Rows until the page has to end: by their number, at the end of the chunk, or where an end is asked for. */
static int64_t rows_to_end(struct chunk *chunk)
{
    const struct chunk_input *input = chunk->input;
    int64_t row = input->first_of_file + chunk->row;
    int64_t n = input->n_rows - chunk->row;
    while (chunk->next_end < input->n_page_ends && input->page_ends[chunk->next_end] <= row)
        chunk->next_end++;
    if (chunk->next_end < input->n_page_ends && input->page_ends[chunk->next_end] - row < n)
        n = input->page_ends[chunk->next_end] - row;
    return n < input->page_rows ? n : input->page_rows;
}

/* Rows of the next page: as many as asked for, or fewer where that would be over PAGE_BYTES_MAX. */
static int64_t next_page_rows(struct chunk *chunk)
{
    const struct values *values = &chunk->values;
    int64_t n_max = rows_to_end(chunk);
    int64_t n = 0;
    int64_t value = chunk->value;
    if (values->width > 0) {
        int64_t fitting = (int64_t)(PAGE_BYTES_MAX / values->width);
        fitting = fitting < 1 ? 1 : fitting;
        return n_max < fitting ? n_max : fitting;
    }
    for (size_t bytes = 0; n < n_max; n++) {
        size_t more = row_bytes(values, chunk->row + n, value);
        if (n > 0 && bytes + more > PAGE_BYTES_MAX)
            break;
        bytes += more;
        value += more > 0; /* a text takes at least the bytes of its length */
    }
    return n;
}

static void add_up(const struct written_page *pages, size_t n_pages, struct written_chunk *out)
{
    out->data_page_offset = pages[0].place.offset;
    out->statistics = pages[0].statistics;
    for (size_t i = 1; i < n_pages; i++)
        statistics_add(&out->statistics, &pages[i].statistics);
}

static lake_status append_indexes(struct chunk_writer *writer, struct written_chunk *out, struct lake_error *err)
{
    const struct written_page *pages = (const struct written_page *)(const void *)writer->pages.data;
    size_t n_pages = writer->pages.length / sizeof *pages;
    size_t column_at = writer->column_indexes.length;
    size_t offset_at = writer->offset_indexes.length;
    add_up(pages, n_pages, out);
    TRY(column_index_append(pages, n_pages, &writer->column_indexes, err));
    TRY(offset_index_append(pages, n_pages, &writer->offset_indexes, err));
    out->column_index_bytes = writer->column_indexes.length - column_at;
    out->offset_index_bytes = writer->offset_indexes.length - offset_at;
    return LAKE_OK;
}

static lake_status check_size(const struct column_field *field, const struct values *values, struct lake_error *err)
{
    size_t bytes = plain_bytes(values, 0, values->n);
    if (bytes <= LIMIT_PARQUET_DECODED_BYTES)
        return LAKE_OK;
    return lake_fail(err, LAKE_INVALID_ARGUMENT, "column %s has %zu bytes in one row group, more than the %zu allowed",
                     field->name, bytes, LIMIT_PARQUET_DECODED_BYTES);
}

lake_status chunk_writer_put(struct chunk_writer *writer, const struct chunk_input *input, struct page_writer *pages,
                             struct written_chunk *out, struct lake_error *err)
{
    const struct column_field *field = &input->batch->schema->fields[input->column];
    struct chunk chunk = {.input = input, .writer = writer, .pages = pages, .out = out, .nullable = field->nullable};
    *out = (struct written_chunk){.n_values = input->n_rows};
    TRY(values_gather(input->batch, input->column, input->first, input->n_rows, &chunk.values, &writer->gathered, err));
    TRY(check_size(field, &chunk.values, err));
    TRY(encoding_choose(&chunk.values, input->doubles, &writer->dictionary, &out->encoding, err));
    if (out->encoding == PARQUET_RLE_DICTIONARY)
        TRY(put_dictionary_page(&chunk, err));
    buffer_clear(&writer->pages);
    while (chunk.row < input->n_rows) {
        lake_status status = put_data_page(&chunk, next_page_rows(&chunk), err);
        if (status != LAKE_OK)
            return lake_fail_prefix(err, status, "column %s, row %" PRId64, field->name, chunk.row);
    }
    return append_indexes(writer, out, err);
}
