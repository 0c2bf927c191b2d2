#include "parquet/writer.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/memory.h"
#include "parquet/footer_writer.h"

enum {
    /* Eight bytes a value make 64 KiB: one snappy block, and with the decoded page well inside a core's second-level cache.
     * A day of minutes is one page, a month of them six, and a search in the page index reads no more than 8,192 rows. */
    PAGE_ROWS_DEFAULT = 8192,
    PAGE_ROWS_MAX = 1 << 20
};

static const char magic[] = {'P', 'A', 'R', '1'};

enum writer_state { STATE_IDLE, STATE_WRITING, STATE_FAILED };

struct parquet_writer {
    enum writer_state state;
    const struct schema *schema;
    struct parquet_writer_options options;
    int64_t page_rows;
    int64_t n_rows; /* of the row groups so far */
    struct page_writer pages;
    struct chunk_writer chunks;
    struct buffer groups;         /* struct written_group */
    struct buffer written_chunks; /* struct written_chunk, schema->n_fields a group */
    struct buffer footer;
};

static lake_status append_to_buffer(void *context, const void *bytes, size_t n, struct lake_error *err)
{
    return buffer_append(context, bytes, n, err);
}

struct parquet_sink parquet_sink_buffer(struct buffer *buffer)
{
    return (struct parquet_sink){append_to_buffer, buffer};
}

lake_status parquet_writer_new(struct parquet_writer **out, struct lake_error *err)
{
    struct parquet_writer *writer = NULL;
    TRY(memory_new(1, sizeof *writer, &writer, err));
    page_writer_init(&writer->pages);
    chunk_writer_init(&writer->chunks);
    buffer_init(&writer->groups, LIMIT_PARQUET_FOOTER_MEMORY_BYTES);
    buffer_init(&writer->written_chunks, LIMIT_PARQUET_FOOTER_MEMORY_BYTES);
    buffer_init(&writer->footer, LIMIT_PARQUET_FOOTER_BYTES);
    *out = writer;
    return LAKE_OK;
}

void parquet_writer_free(struct parquet_writer *writer)
{
    if (writer == NULL)
        return;
    page_writer_release(&writer->pages);
    chunk_writer_release(&writer->chunks);
    buffer_release(&writer->groups);
    buffer_release(&writer->written_chunks);
    buffer_release(&writer->footer);
    memory_free(writer);
}

/* --- begin --- */

static lake_status check_schema(const struct schema *schema, struct lake_error *err)
{
    if (schema->n_fields == 0 || schema->n_fields > LIMIT_PARQUET_COLUMNS)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "a Parquet file of %zu columns: 1 to %d are possible",
                         schema->n_fields, LIMIT_PARQUET_COLUMNS);
    for (size_t i = 0; i < schema->n_fields; i++) {
        const struct column_field *field = &schema->fields[i];
        if (field->type == COLUMN_FIXED && (field->width <= 0 || (size_t)field->width > PAGE_BYTES_MAX))
            return lake_fail(err, LAKE_INVALID_ARGUMENT, "column %s has values of %" PRId32 " bytes", field->name,
                             field->width);
    }
    return LAKE_OK;
}

static lake_status check_options(const struct parquet_writer_options *options, struct lake_error *err)
{
    if (options->doubles != PARQUET_DOUBLES_FAST && options->doubles != PARQUET_DOUBLES_PLAIN)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "unknown policy for doubles: %d", (int)options->doubles);
    if (options->compression != PARQUET_SNAPPY && options->compression != PARQUET_UNCOMPRESSED)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "unknown compression: %d", (int)options->compression);
    if (options->page_rows < 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "pages of %" PRId64 " rows", options->page_rows);
    for (size_t i = 1; i < options->n_page_ends; i++)
        if (options->page_ends[i] <= options->page_ends[i - 1])
            return lake_fail(err, LAKE_INVALID_ARGUMENT, "a page that ends at row %" PRId64 " after one at %" PRId64,
                             options->page_ends[i], options->page_ends[i - 1]);
    return LAKE_OK;
}

static int64_t choose_page_rows(int64_t asked)
{
    if (asked == 0)
        return PAGE_ROWS_DEFAULT;
    return asked < PAGE_ROWS_MAX ? asked : PAGE_ROWS_MAX;
}

/* Whatever goes wrong while a file is written ends it: what follows must not look like a file. */
static lake_status keep_state(struct parquet_writer *writer, lake_status status)
{
    if (status != LAKE_OK)
        writer->state = STATE_FAILED;
    return status;
}

lake_status parquet_writer_begin(struct parquet_writer *writer, const struct schema *schema,
                                 const struct parquet_writer_options *options, struct parquet_sink sink,
                                 struct lake_error *err)
{
    writer->state = STATE_IDLE;
    TRY(check_options(options, err));
    TRY(check_schema(schema, err));
    writer->schema = schema;
    writer->options = *options;
    writer->page_rows = choose_page_rows(options->page_rows);
    writer->n_rows = 0;
    page_writer_begin(&writer->pages, sink, options->compression);
    chunk_writer_begin(&writer->chunks);
    buffer_clear(&writer->groups);
    buffer_clear(&writer->written_chunks);
    buffer_clear(&writer->footer);
    writer->state = STATE_WRITING;
    return keep_state(writer, page_writer_put_bytes(&writer->pages, magic, sizeof magic, err));
}

/* --- append --- */

static size_t n_groups(const struct parquet_writer *writer)
{
    return writer->groups.length / sizeof(struct written_group);
}

static lake_status check_append(const struct parquet_writer *writer, const struct batch *batch, int64_t first,
                                int64_t n_rows, struct lake_error *err)
{
    if (writer->state != STATE_WRITING)
        return lake_fail(err, LAKE_INVALID_STATE, "the Parquet writer has no file begun, or failed on it");
    if (first < 0 || n_rows < 0 || first > batch->n_rows || n_rows > batch->n_rows - first)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%" PRId64 " rows from row %" PRId64 " of a batch of %" PRId64,
                         n_rows, first, batch->n_rows);
    if (batch->schema != writer->schema && !schema_equal(batch->schema, writer->schema))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the batch has other columns than the Parquet file begun");
    if (n_groups(writer) >= LIMIT_PARQUET_ROW_GROUPS)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "a Parquet file of more than %d row groups",
                         LIMIT_PARQUET_ROW_GROUPS);
    return LAKE_OK;
}

static bool is_time(enum column_type type)
{
    return type == COLUMN_TIMESTAMP_MS || type == COLUMN_TIMESTAMP_US || type == COLUMN_TIMESTAMP_NS;
}

static bool is_sorted(const struct batch *batch, int64_t first, int64_t n_rows, const struct written_chunk *chunk)
{
    const int64_t *at = (const int64_t *)batch->columns[0].values + first;
    if (!is_time(batch->schema->fields[0].type) || chunk->statistics.null_count > 0)
        return false;
    bool rises = true;
    for (int64_t i = 1; i < n_rows; i++)
        rises = rises && at[i - 1] < at[i];
    return rises;
}

static lake_status append_group(struct parquet_writer *writer, const struct batch *batch, int64_t first, int64_t n_rows,
                                struct lake_error *err)
{
    struct chunk_input input = {.batch = batch,
                                .first = first,
                                .n_rows = n_rows,
                                .doubles = writer->options.doubles,
                                .page_rows = writer->page_rows,
                                .page_ends = writer->options.page_ends,
                                .n_page_ends = writer->options.n_page_ends,
                                .first_of_file = writer->n_rows};
    struct written_group group = {.n_rows = n_rows};
    for (; input.column < writer->schema->n_fields; input.column++) {
        struct written_chunk chunk;
        TRY(chunk_writer_put(&writer->chunks, &input, &writer->pages, &chunk, err));
        TRY(buffer_append(&writer->written_chunks, &chunk, sizeof chunk, err));
        if (input.column == 0)
            group.is_sorted = is_sorted(batch, first, n_rows, &chunk);
    }
    writer->n_rows += n_rows;
    return buffer_append(&writer->groups, &group, sizeof group, err);
}

lake_status parquet_writer_append(struct parquet_writer *writer, const struct batch *batch, int64_t first,
                                  int64_t n_rows, struct lake_error *err)
{
    TRY(check_append(writer, batch, first, n_rows, err));
    if (n_rows == 0)
        return LAKE_OK;
    return keep_state(writer, append_group(writer, batch, first, n_rows, err));
}

/* --- finish --- */

/* Column indexes of all chunks, then offset indexes of all chunks, so that a reader gets either with one read. */
static lake_status put_indexes(struct parquet_writer *writer, struct footer_input *footer, struct lake_error *err)
{
    const struct buffer *column_indexes = &writer->chunks.column_indexes;
    const struct buffer *offset_indexes = &writer->chunks.offset_indexes;
    footer->column_indexes_offset = writer->pages.position;
    TRY(page_writer_put_bytes(&writer->pages, column_indexes->data, column_indexes->length, err));
    footer->offset_indexes_offset = writer->pages.position;
    return page_writer_put_bytes(&writer->pages, offset_indexes->data, offset_indexes->length, err);
}

static lake_status finish(struct parquet_writer *writer, struct lake_error *err)
{
    uint8_t length[sizeof(uint32_t)];
    struct footer_input footer = {.schema = writer->schema,
                                  .compression = writer->options.compression,
                                  .groups = (const struct written_group *)(const void *)writer->groups.data,
                                  .n_groups = n_groups(writer),
                                  .chunks = (const struct written_chunk *)(const void *)writer->written_chunks.data};
    TRY(put_indexes(writer, &footer, err));
    TRY(footer_append(&footer, &writer->footer, err));
    store_u32(length, (uint32_t)writer->footer.length);
    TRY(page_writer_put_bytes(&writer->pages, writer->footer.data, writer->footer.length, err));
    TRY(page_writer_put_bytes(&writer->pages, length, sizeof length, err));
    TRY(page_writer_put_bytes(&writer->pages, magic, sizeof magic, err));
    return page_writer_flush(&writer->pages, err);
}

lake_status parquet_writer_finish(struct parquet_writer *writer, struct lake_error *err)
{
    if (writer->state != STATE_WRITING)
        return lake_fail(err, LAKE_INVALID_STATE, "the Parquet writer has no file begun, or failed on it");
    TRY(keep_state(writer, finish(writer, err)));
    writer->state = STATE_IDLE;
    return LAKE_OK;
}
