/* The page index of a column chunk (PageIndex.md): where its pages lie and what they hold.
 *
 * Pages are added as they are written; their offsets are absolute from the start. A ColumnIndex is left out where a page
 * has values but no bounds (only NaN, or a text that cannot be cut): the format knows no entry for those. */
#ifndef PARQUET_PAGE_INDEX_WRITER_H
#define PARQUET_PAGE_INDEX_WRITER_H

#include "parquet/page_writer.h"
#include "parquet/statistics.h"

struct written_page {
    struct page_place place;
    int64_t first_row; /* in the row group */
    struct statistics statistics;
};

/* Appends the ColumnIndex, or nothing. */
LAKE_MUST_CHECK lake_status column_index_append(const struct written_page *pages, size_t n_pages, struct buffer *out,
                                                struct lake_error *err);
LAKE_MUST_CHECK lake_status offset_index_append(const struct written_page *pages, size_t n_pages, struct buffer *out,
                                                struct lake_error *err);

#endif
