/* Writes batches as Parquet: flat schemas, statistics, page CRC, column and offset index.
 *
 * The same appends with the same options give the same bytes, however the batches lie in memory: nothing of time, machine
 * or release enters a file. (Columns that go through the snappy library follow its version; doubles under FAST do not.)
 * Each append of at least one row becomes one row group. A writer is reused for file after file and keeps its scratch, so
 * that files of a shape seen before are written without allocating; one thread at a time. The sink gets pieces of about a
 * MiB and the rest at finish. A refused argument changes nothing; after any other failure the file is over, and append and
 * finish say so until the next begin.
 *
 *     struct parquet_writer *writer = NULL;
 *     TRY(parquet_writer_new(&writer, err));
 *     TRY_OUT(parquet_writer_begin(writer, schema, &options, sink, err));
 *     TRY_OUT(parquet_writer_append(writer, &batch, 0, batch.n_rows, err));
 *     TRY_OUT(parquet_writer_finish(writer, err));
 *     out: parquet_writer_free(writer); */
#ifndef PARQUET_WRITER_H
#define PARQUET_WRITER_H

#include "base/buffer.h"
#include "column/batch.h"

/* How doubles lie: FAST picks what reads fastest for its size, PLAIN what every reader reads. */
enum parquet_doubles { PARQUET_DOUBLES_FAST, PARQUET_DOUBLES_PLAIN };
enum parquet_compression { PARQUET_SNAPPY, PARQUET_UNCOMPRESSED };

struct parquet_writer_options {
    enum parquet_doubles doubles;
    enum parquet_compression compression;
    int64_t page_rows; /* of a page at most; 0: 8,192. Pages are also cut at 8 MiB and 1,048,576 rows */
    /* Where pages end besides: the first rows of days, months … counted from the file's first row, each above the one before. So a
     * reader gets such a part by its own pages only. Borrowed until finish; ends outside the file are fine. */
    const int64_t *page_ends;
    size_t n_page_ends;
};

struct parquet_sink {
    lake_status (*write)(void *context, const void *bytes, size_t n, struct lake_error *err);
    void *context;
};

/* A sink that appends to a buffer. */
struct parquet_sink parquet_sink_buffer(struct buffer *buffer);

struct parquet_writer;

LAKE_MUST_CHECK lake_status parquet_writer_new(struct parquet_writer **out, struct lake_error *err);
void parquet_writer_free(struct parquet_writer *writer);
/* Starts a file; the schema is borrowed until finish. A writer left in the middle of a file may begin another. */
LAKE_MUST_CHECK lake_status parquet_writer_begin(struct parquet_writer *writer, const struct schema *schema,
                                                 const struct parquet_writer_options *options, struct parquet_sink sink,
                                                 struct lake_error *err);
LAKE_MUST_CHECK lake_status parquet_writer_append(struct parquet_writer *writer, const struct batch *batch,
                                                  int64_t first, int64_t n_rows, struct lake_error *err);
LAKE_MUST_CHECK lake_status parquet_writer_finish(struct parquet_writer *writer, struct lake_error *err);

#endif
