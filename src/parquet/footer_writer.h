/* The footer: struct FileMetaData of parquet.thrift, from what was written.
 *
 * It is a function of the rows and options only: it names the format of the writer, not the version of the software. */
#ifndef PARQUET_FOOTER_WRITER_H
#define PARQUET_FOOTER_WRITER_H

#include "column/schema.h"
#include "parquet/chunk_writer.h"

struct written_group {
    int64_t n_rows;
    bool is_sorted; /* by the first column, a time that strictly ascends */
};

struct footer_input {
    const struct schema *schema;
    enum parquet_compression compression;
    const struct written_group *groups;
    size_t n_groups;
    const struct written_chunk *chunks; /* of the first group, of the second, … */
    int64_t column_indexes_offset;      /* where those of the chunks lie, one after another */
    int64_t offset_indexes_offset;
};

/* Appends the thrift struct alone, without its length and the magic. */
LAKE_MUST_CHECK lake_status footer_append(const struct footer_input *input, struct buffer *out, struct lake_error *err);

#endif
