#include "parquet/reader.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/memory.h"
#include "parquet/metadata.h"
#include "parquet/row_output.h"

enum {
    MAGIC_BYTES = 4,
    TAIL_BYTES = 8, /* length of the footer, magic */
    SMALLEST_FILE_BYTES = MAGIC_BYTES + TAIL_BYTES,
    KEPT_TAIL_BYTES = 32 * 1024 /* holds the footer and the page index of all but the largest files */
};

struct parquet_reader {
    bool is_open;
    bool takes_raw;
    struct metadata metadata;
    struct page_reader pages;
    struct buffer valid;
};

lake_status parquet_reader_new(struct parquet_reader **out, struct lake_error *err)
{
    struct parquet_reader *reader = NULL;
    TRY(memory_new(1, sizeof *reader, &reader, err));
    metadata_init(&reader->metadata);
    page_reader_init(&reader->pages);
    buffer_init(&reader->valid, LIMIT_PARQUET_DECODED_BYTES);
    *out = reader;
    return LAKE_OK;
}

void parquet_reader_free(struct parquet_reader *reader)
{
    if (reader == NULL)
        return;
    metadata_release(&reader->metadata);
    page_reader_release(&reader->pages);
    buffer_release(&reader->valid);
    memory_free(reader);
}

void parquet_reader_check_crc(struct parquet_reader *reader, bool check)
{
    reader->pages.check_crc = check;
}

const struct parquet_file *parquet_reader_file(const struct parquet_reader *reader)
{
    return &reader->metadata.file;
}

int parquet_reader_find(const struct parquet_reader *reader, const char *name)
{
    for (size_t i = 0; i < reader->metadata.file.n_columns; i++) {
        if (strcmp(reader->metadata.file.columns[i].field.name, name) == 0)
            return (int)i;
    }
    return -1;
}

static lake_status check_magic(const uint8_t *magic, struct lake_error *err)
{
    if (memcmp(magic, "PARE", MAGIC_BYTES) == 0)
        return lake_fail(err, LAKE_UNSUPPORTED, "encrypted footers are not supported");
    if (memcmp(magic, "PAR1", MAGIC_BYTES) != 0)
        return lake_fail(err, LAKE_CORRUPT, "not a Parquet file: it does not begin and end with PAR1");
    return LAKE_OK;
}

static lake_status find_footer(struct source_window *window, struct thrift_bytes *footer, struct lake_error *err)
{
    int64_t size = window->source.size_bytes;
    struct thrift_bytes tail = {NULL, 0};
    if (size < SMALLEST_FILE_BYTES)
        return lake_fail(err, LAKE_CORRUPT, "not a Parquet file: it has %" PRId64 " bytes", size);
    TRY(source_window_keep_tail(window, KEPT_TAIL_BYTES, err));
    TRY(source_window_view(window, 0, MAGIC_BYTES, &tail, err));
    TRY(check_magic(tail.at, err));
    TRY(source_window_view(window, size - TAIL_BYTES, TAIL_BYTES, &tail, err));
    TRY(check_magic(tail.at + TAIL_BYTES - MAGIC_BYTES, err));
    int64_t n_footer = load_u32(tail.at);
    if (n_footer > size - SMALLEST_FILE_BYTES)
        return lake_fail(err, LAKE_CORRUPT, "the footer of %" PRId64 " bytes is longer than the file", n_footer);
    if (n_footer > (int64_t)LIMIT_PARQUET_FOOTER_BYTES)
        return lake_fail(err, LAKE_NO_MEMORY, "the footer of %" PRId64 " bytes is over the limit of %zu", n_footer,
                         LIMIT_PARQUET_FOOTER_BYTES);
    return source_window_view(window, size - TAIL_BYTES - n_footer, n_footer, footer, err);
}

void parquet_reader_take_raw(struct parquet_reader *reader, bool take)
{
    reader->takes_raw = take;
}

lake_status parquet_reader_open(struct parquet_reader *reader, struct parquet_source source, struct lake_error *err)
{
    struct thrift_bytes footer = {NULL, 0};
    reader->is_open = false;
    source_window_open(&reader->pages.window, source);
    lake_status status = find_footer(&reader->pages.window, &footer, err);
    if (status == LAKE_OK)
        status = metadata_parse(&reader->metadata, footer.at, footer.n, err);
    if (status != LAKE_OK)
        return lake_fail_prefix(err, status, "%s", source.name);
    reader->is_open = true;
    return LAKE_OK;
}

static lake_status check_column(const struct parquet_reader *reader, size_t column, struct lake_error *err)
{
    if (!reader->is_open)
        return lake_fail(err, LAKE_INVALID_STATE, "no Parquet file is open");
    if (column >= reader->metadata.file.n_columns)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: column %zu of %zu", reader->pages.window.source.name, column,
                         reader->metadata.file.n_columns);
    const struct parquet_file_column *described = &reader->metadata.file.columns[column];
    if (described->unsupported != NULL && !(described->is_raw && reader->takes_raw))
        return lake_fail(err, LAKE_UNSUPPORTED, "%s: column '%s': not supported: %s", reader->pages.window.source.name,
                         described->field.name, described->unsupported);
    return LAKE_OK;
}

static struct chunk_place place_of(const struct parquet_reader *reader, int32_t group, size_t column)
{
    const struct metadata *metadata = &reader->metadata;
    struct chunk_place place = {metadata_chunk(metadata, group, column), &metadata->leaves[column],
                                metadata->groups[group].n_rows};
    return place;
}

static lake_status fail_column(const struct parquet_reader *reader, size_t column, int32_t group, lake_status status,
                               struct lake_error *err)
{
    return lake_fail_prefix(err, status, "%s: column '%s': row group %d", reader->pages.window.source.name,
                            reader->metadata.file.columns[column].field.name, (int)group);
}

static lake_status read_group(struct parquet_reader *reader, const struct chunk_place *place, struct row_range rows,
                              struct row_output *output, struct lake_error *err)
{
    struct page_reader *pages = &reader->pages;
    TRY(page_reader_begin(pages, place, rows, err));
    while (rows.first < rows.end) {
        int64_t n = rows.end - rows.first;
        TRY(page_reader_find(pages, rows.first, err));
        if (n > pages->n_left)
            n = pages->n_left;
        TRY(row_output_take(output, pages, (size_t)n, err));
        rows.first += n;
    }
    return LAKE_OK;
}

static lake_status check_rows(const struct parquet_reader *reader, int64_t first, int64_t n_rows,
                              struct lake_error *err)
{
    int64_t n_file = reader->metadata.file.n_rows;
    if (first < 0 || n_rows < 0 || first > n_file || n_rows > n_file - first)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: rows %" PRId64 " to +%" PRId64 " of %" PRId64,
                         reader->pages.window.source.name, first, n_rows, n_file);
    return LAKE_OK;
}

lake_status parquet_reader_read(struct parquet_reader *reader, size_t column, int64_t first, int64_t n_rows,
                                struct parquet_target *target, struct lake_error *err)
{
    const struct metadata *metadata = &reader->metadata;
    struct row_output output = {.n_rows = (size_t)n_rows, .memory = &reader->valid};
    TRY(check_column(reader, column, err));
    TRY(check_rows(reader, first, n_rows, err));
    TRY(row_output_begin(&output, &metadata->leaves[column], target, err));
    for (int32_t i = 0; i < metadata->file.n_row_groups && output.n_done < output.n_rows; i++) {
        const struct row_group *group = &metadata->groups[i];
        struct row_range rows = {first + (int64_t)output.n_done - group->first_row, first + n_rows - group->first_row};
        struct chunk_place place = place_of(reader, i, column);
        if (rows.first >= group->n_rows)
            continue;
        if (rows.end > group->n_rows)
            rows.end = group->n_rows;
        lake_status status = read_group(reader, &place, rows, &output, err);
        if (status != LAKE_OK)
            return fail_column(reader, column, i, status, err);
    }
    row_output_finish(&output);
    return LAKE_OK;
}

/* Values that are looked for, and the rows found so far that can hold them. */
struct search {
    int64_t min;
    int64_t max;
    struct row_range rows;
};

static bool can_hold(const struct value_range *range, const struct search *search)
{
    return !range->is_known || (range->min <= search->max && range->max >= search->min);
}

static void add_rows(struct search *search, int64_t first, int64_t end)
{
    if (search->rows.end == search->rows.first)
        search->rows.first = first;
    search->rows.end = end;
}

/* Adds the pages of a row group that can hold the values, or all of it where it has no page index. */
static lake_status search_group(struct parquet_reader *reader, const struct chunk_place *place, int64_t first_row,
                                struct search *search, struct lake_error *err)
{
    const struct page_index *index = &reader->pages.index;
    bool found = false;
    TRY(page_reader_load_index(&reader->pages, place, true, &found, err));
    if (!found)
        add_rows(search, first_row, first_row + place->n_rows);
    for (size_t i = 0; found && i < index->n_pages; i++) {
        const struct page_entry *page = &index->pages[i];
        int64_t end = i + 1 < index->n_pages ? page[1].first_row : place->n_rows;
        if (!page->is_null && end > page->first_row && can_hold(&page->range, search))
            add_rows(search, first_row + page->first_row, first_row + end);
    }
    return LAKE_OK;
}

static bool is_integer(const struct schema_leaf *leaf)
{
    return leaf->physical == PARQUET_INT32 || leaf->physical == PARQUET_INT64;
}

lake_status parquet_reader_find_rows(struct parquet_reader *reader, size_t column, int64_t min, int64_t max,
                                     int64_t *first, int64_t *n_rows, struct lake_error *err)
{
    const struct metadata *metadata = &reader->metadata;
    struct search search = {min, max, {0, 0}};
    TRY(check_column(reader, column, err));
    if (!is_integer(&metadata->leaves[column]))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: column '%s' holds no integers or timestamps",
                         reader->pages.window.source.name, metadata->file.columns[column].field.name);
    for (int32_t i = 0; i < metadata->file.n_row_groups && min <= max; i++) {
        struct chunk_place place = place_of(reader, i, column);
        bool all_null = place.chunk->null_count == place.n_rows;
        if (place.n_rows == 0 || all_null || !can_hold(&place.chunk->range, &search))
            continue;
        lake_status status = search_group(reader, &place, metadata->groups[i].first_row, &search, err);
        if (status != LAKE_OK)
            return fail_column(reader, column, i, status, err);
    }
    *first = search.rows.first;
    *n_rows = search.rows.end - search.rows.first;
    return LAKE_OK;
}
