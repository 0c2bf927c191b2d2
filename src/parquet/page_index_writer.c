#include "parquet/page_index_writer.h"

enum boundary_order { ORDER_NONE = 0, ORDER_ASCENDING = 1, ORDER_DESCENDING = 2 };

static bool is_null_page(const struct written_page *page)
{
    return page->statistics.n_values == 0;
}

static bool has_column_index(const struct written_page *pages, size_t n_pages)
{
    for (size_t i = 0; i < n_pages; i++) {
        if (!is_null_page(&pages[i]) && pages[i].statistics.range != RANGE_KNOWN)
            return false;
    }
    return true;
}

/* Null pages have no bounds and are passed over. */
static enum boundary_order find_order(const struct written_page *pages, size_t n_pages)
{
    const struct statistics *before = NULL;
    bool rises = true;
    bool falls = true;
    for (size_t i = 0; i < n_pages; i++) {
        const struct statistics *page = &pages[i].statistics;
        if (is_null_page(&pages[i]))
            continue;
        if (before != NULL) {
            int min = bound_compare(page->physical, &before->min, &page->min);
            int max = bound_compare(page->physical, &before->max, &page->max);
            rises = rises && min <= 0 && max <= 0;
            falls = falls && min >= 0 && max >= 0;
        }
        before = page;
    }
    if (rises)
        return ORDER_ASCENDING;
    return falls ? ORDER_DESCENDING : ORDER_NONE;
}

static void write_bounds(struct thrift_writer *out, const struct written_page *pages, size_t n_pages)
{
    thrift_open_list(out, 2, THRIFT_BINARY, n_pages);
    for (size_t i = 0; i < n_pages; i++)
        thrift_add_binary(out, pages[i].statistics.min.bytes, is_null_page(&pages[i]) ? 0 : pages[i].statistics.min.n);
    thrift_open_list(out, 3, THRIFT_BINARY, n_pages);
    for (size_t i = 0; i < n_pages; i++)
        thrift_add_binary(out, pages[i].statistics.max.bytes, is_null_page(&pages[i]) ? 0 : pages[i].statistics.max.n);
}

/* struct ColumnIndex of parquet.thrift. */
lake_status column_index_append(const struct written_page *pages, size_t n_pages, struct buffer *out,
                                struct lake_error *err)
{
    struct thrift_writer writer;
    if (!has_column_index(pages, n_pages))
        return LAKE_OK;
    thrift_writer_begin(&writer, out, err);
    thrift_open_list(&writer, 1, THRIFT_TRUE, n_pages);
    for (size_t i = 0; i < n_pages; i++)
        thrift_add_bool(&writer, is_null_page(&pages[i]));
    write_bounds(&writer, pages, n_pages);
    thrift_write_i32(&writer, 4, (int32_t)find_order(pages, n_pages));
    thrift_open_list(&writer, 5, THRIFT_I64, n_pages);
    for (size_t i = 0; i < n_pages; i++)
        thrift_add_int(&writer, pages[i].statistics.null_count);
    if (statistics_has_nan_count(&pages[0].statistics)) {
        thrift_open_list(&writer, 8, THRIFT_I64, n_pages);
        for (size_t i = 0; i < n_pages; i++)
            thrift_add_int(&writer, pages[i].statistics.nan_count);
    }
    return thrift_writer_end(&writer);
}

/* struct OffsetIndex of parquet.thrift. */
lake_status offset_index_append(const struct written_page *pages, size_t n_pages, struct buffer *out,
                                struct lake_error *err)
{
    struct thrift_writer writer;
    thrift_writer_begin(&writer, out, err);
    thrift_open_list(&writer, 1, THRIFT_STRUCT, n_pages);
    for (size_t i = 0; i < n_pages; i++) {
        thrift_add_struct(&writer);
        thrift_write_i64(&writer, 1, pages[i].place.offset);
        thrift_write_i32(&writer, 2, (int32_t)pages[i].place.n_bytes);
        thrift_write_i64(&writer, 3, pages[i].first_row);
        thrift_close_struct(&writer);
    }
    return thrift_writer_end(&writer);
}
