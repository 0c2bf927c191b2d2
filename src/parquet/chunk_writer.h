/* Writes one column of one row group: dictionary page, data pages, and their index. */
#ifndef PARQUET_CHUNK_WRITER_H
#define PARQUET_CHUNK_WRITER_H

#include "parquet/dictionary.h"
#include "parquet/page_index_writer.h"

/* What the footer says of a chunk. */
struct written_chunk {
    enum parquet_encoding encoding; /* of its data pages */
    int64_t n_values;               /* nulls included */
    int64_t compressed_bytes;       /* all pages with their headers */
    int64_t uncompressed_bytes;
    int64_t dictionary_page_offset; /* 0: none */
    int64_t data_page_offset;
    struct statistics statistics;
    size_t column_index_bytes; /* 0: none */
    size_t offset_index_bytes;
};

/* Scratch, and the indexes of all chunks of the file so far, in the order of the chunks. */
struct chunk_writer {
    struct buffer gathered;
    struct buffer page;
    struct buffer lengths;
    struct buffer pages; /* struct written_page */
    struct buffer column_indexes;
    struct buffer offset_indexes;
    struct dictionary dictionary;
};

struct chunk_input {
    const struct batch *batch;
    size_t column;
    int64_t first;
    int64_t n_rows; /* at least 1 */
    enum parquet_doubles doubles;
    int64_t page_rows;
    const int64_t *page_ends; /* rows of the file, rising */
    size_t n_page_ends;
    int64_t first_of_file; /* the row of the file with which the chunk begins */
};

void chunk_writer_init(struct chunk_writer *writer);
void chunk_writer_release(struct chunk_writer *writer);
/* Forgets the indexes of the file before. */
void chunk_writer_begin(struct chunk_writer *writer);
LAKE_MUST_CHECK lake_status chunk_writer_put(struct chunk_writer *writer, const struct chunk_input *input,
                                             struct page_writer *pages, struct written_chunk *out,
                                             struct lake_error *err);

#endif
