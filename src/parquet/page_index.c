#include "parquet/page_index.h"

#include <string.h>

#include "base/limits.h"

void page_index_init(struct page_index *index)
{
    memset(index, 0, sizeof *index);
    buffer_init(&index->memory, LIMIT_PARQUET_FOOTER_MEMORY_BYTES);
}

void page_index_release(struct page_index *index)
{
    buffer_release(&index->memory);
}

/* PageLocation: 1 offset, 2 compressed_page_size, 3 first_row_index. */
static struct page_entry read_location(struct thrift_reader *in)
{
    struct page_entry page = {.offset = -1, .first_row = -1};
    struct thrift_field field = {0};
    while (thrift_next_field(in, &field)) {
        switch (field.id) {
        case 1: page.offset = thrift_i64(in, field); break;
        case 3: page.first_row = thrift_i64(in, field); break;
        default: thrift_skip(in, field.type); break;
        }
    }
    return page;
}

static lake_status check_order(const struct page_index *index, int64_t n_rows, struct lake_error *err)
{
    for (size_t i = 0; i < index->n_pages; i++) {
        const struct page_entry *page = &index->pages[i];
        bool in_order =
            i == 0 ? page->first_row == 0 : page->first_row >= page[-1].first_row && page->offset > page[-1].offset;
        if (!in_order || page->offset < 0 || page->first_row > n_rows)
            return lake_fail(err, LAKE_CORRUPT, "offset index: page %zu is out of order", i);
    }
    return LAKE_OK;
}

static lake_status read_locations(struct page_index *index, struct thrift_reader *in, struct thrift_field field,
                                  struct lake_error *err)
{
    struct thrift_list list = thrift_list(in, field, THRIFT_STRUCT);
    buffer_clear(&index->memory);
    for (uint32_t i = 0; i < list.n && in->failure == NULL; i++) {
        struct page_entry page = read_location(in);
        TRY(buffer_append(&index->memory, &page, sizeof page, err));
    }
    return LAKE_OK;
}

lake_status page_index_read_offsets(struct page_index *index, struct thrift_bytes bytes, int64_t n_rows,
                                    struct lake_error *err)
{
    struct thrift_reader in = thrift_reader_init(bytes.at, bytes.n);
    struct thrift_field field = {0};
    buffer_clear(&index->memory);
    index->n_pages = 0;
    while (thrift_next_field(&in, &field)) {
        if (field.id == 1)
            TRY(read_locations(index, &in, field, err));
        else
            thrift_skip(&in, field.type);
    }
    TRY(thrift_status(&in, "offset index", err));
    void *pages = index->memory.data;
    index->pages = pages;
    index->n_pages = index->memory.length / sizeof *index->pages;
    return check_order(index, n_rows, err);
}

/* What the lists of the column index have in common: one element a page. */
static bool begin_list(struct page_index *index, struct thrift_reader *in, struct thrift_field field, uint8_t type)
{
    struct thrift_list list = thrift_list(in, field, type);
    if (list.n != index->n_pages)
        thrift_set_failure(in, "a list with another number of pages than the offset index");
    return in->failure == NULL;
}

static void read_null_pages(struct page_index *index, struct thrift_reader *in, struct thrift_field field)
{
    if (!begin_list(index, in, field, THRIFT_TRUE))
        return;
    for (size_t i = 0; i < index->n_pages; i++)
        index->pages[i].is_null = thrift_element_bool(in);
}

static void read_bounds(struct page_index *index, struct thrift_reader *in, struct thrift_field field,
                        const struct schema_leaf *leaf)
{
    bool is_min = field.id == 2;
    if (!begin_list(index, in, field, THRIFT_BINARY))
        return;
    for (size_t i = 0; i < index->n_pages; i++) {
        struct value_range *range = &index->pages[i].range;
        struct thrift_bytes value = thrift_element_binary(in);
        bool is_integer = metadata_integer(leaf, value, is_min ? &range->min : &range->max);
        range->is_known = is_integer && (is_min || range->is_known);
    }
}

/* ColumnIndex: 1 null_pages, 2 min_values, 3 max_values. */
lake_status page_index_read_ranges(struct page_index *index, struct thrift_bytes bytes, const struct schema_leaf *leaf,
                                   struct lake_error *err)
{
    struct thrift_reader in = thrift_reader_init(bytes.at, bytes.n);
    struct thrift_field field = {0};
    while (thrift_next_field(&in, &field)) {
        if (field.id == 1)
            read_null_pages(index, &in, field);
        else if (field.id == 2 || field.id == 3)
            read_bounds(index, &in, field, leaf);
        else
            thrift_skip(&in, field.type);
    }
    TRY(thrift_status(&in, "column index", err));
    for (size_t i = 0; i < index->n_pages; i++) {
        struct value_range *range = &index->pages[i].range;
        range->is_known = range->is_known && range->min <= range->max;
    }
    return LAKE_OK;
}

size_t page_index_find(const struct page_index *index, int64_t row)
{
    size_t low = 0, high = index->n_pages;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (index->pages[middle].first_row <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}
