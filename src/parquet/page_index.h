/* The page index of a column chunk: where its pages are (offset index) and what range of values each holds (column
 * index).
 *
 * Memory is kept from chunk to chunk. */
#ifndef PARQUET_PAGE_INDEX_H
#define PARQUET_PAGE_INDEX_H

#include "parquet/metadata.h"

struct page_entry {
    int64_t offset;    /* in the file, of the page's header */
    int64_t first_row; /* in the row group */
    bool is_null;      /* holds nothing but nulls */
    struct value_range range;
};

struct page_index {
    size_t n_pages;
    struct page_entry *pages;
    struct buffer memory;
};

void page_index_init(struct page_index *index);
void page_index_release(struct page_index *index);
/* Reads an offset index: pages in order of rows and offsets, the first at row 0, all before n_rows. */
LAKE_MUST_CHECK lake_status page_index_read_offsets(struct page_index *index, struct thrift_bytes bytes, int64_t n_rows,
                                                    struct lake_error *err);
/* Then, the column index of the same chunk: gives the pages their ranges. */
LAKE_MUST_CHECK lake_status page_index_read_ranges(struct page_index *index, struct thrift_bytes bytes,
                                                   const struct schema_leaf *leaf, struct lake_error *err);
/* The page that holds a row. */
size_t page_index_find(const struct page_index *index, int64_t row);

#endif
