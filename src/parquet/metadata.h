/* The footer of a Parquet file, parsed: its columns, row groups and column chunks.
 *
 * Parsing reads the thrift bytes once and copies out what a reader needs, so the bytes may go afterwards. The memory
 * is kept from file to file: parsing the footers of many similar files allocates nothing after the first.
 *
 * Invariants after metadata_parse: the rows of the row groups add up to n_rows; there is a chunk for every column of
 * every row group, in file order; sizes and offsets are as in the file, checked by whoever follows them. */
#ifndef PARQUET_METADATA_H
#define PARQUET_METADATA_H

#include "parquet/reader.h"
#include "parquet/schema_tree.h"

struct row_group {
    int64_t first_row;
    int64_t n_rows;
};

/* A range of integer values, as the statistics of a chunk or a page give it. */
struct value_range {
    bool is_known;
    int64_t min;
    int64_t max;
};

/* A place in the file; n_bytes 0 where there is none. */
struct file_slice {
    int64_t offset;
    int64_t n_bytes;
};

/* One column of one row group. */
struct column_chunk {
    int32_t physical; /* -1: the footer does not describe the chunk (it is encrypted or elsewhere) */
    int32_t codec;
    int64_t n_values;
    int64_t compressed_bytes;
    int64_t data_page_offset;
    int64_t dictionary_page_offset; /* 0: none */
    int64_t null_count;             /* -1: unknown */
    struct value_range range;
    struct file_slice column_index;
    struct file_slice offset_index;
};

struct metadata {
    struct parquet_file file;
    const struct schema_leaf *leaves; /* file.n_columns */
    const struct row_group *groups;   /* file.n_row_groups */
    const struct column_chunk *chunks;
    /* What the pointers above point into. */
    struct buffer text, column_memory, leaf_memory, group_memory, chunk_memory;
};

void metadata_init(struct metadata *metadata);
void metadata_release(struct metadata *metadata);
LAKE_MUST_CHECK lake_status metadata_parse(struct metadata *metadata, const uint8_t *bytes, size_t n,
                                           struct lake_error *err);
const struct column_chunk *metadata_chunk(const struct metadata *metadata, int32_t group, size_t column);
/* The value of a statistic, plainly encoded: 4 or 8 bytes by the leaf's type; false where it is not an integer. */
bool metadata_integer(const struct schema_leaf *leaf, struct thrift_bytes bytes, int64_t *out);

#endif
