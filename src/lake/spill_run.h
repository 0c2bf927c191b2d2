/* The file of a spilled run: blocks of rows, each of one partition, by time of the partition.
 *
 * It begins with a block that names the columns. A block is a head (magic, CRC-32 of all that follows it, the partition's first
 * millisecond, rows, bytes) and for each column its count of nulls and its arrays as a batch has them, each padded to 8
 * bytes: so a block that was read is a batch without a copy. A run says how many bytes and rows it has; one that has not, or a block
 * whose CRC is wrong, is LAKE_CORRUPT. Little-endian, as batches are.
 *
 *     TRY_OUT(run_writer_open(&writer, lake->io, path, schema, err));
 *     TRY_OUT(run_writer_put(&writer, &rows, &(struct run_rows){start_ms, order, n}, err));
 *     TRY_OUT(run_writer_close(&writer, err));
 *     out: run_writer_release(&writer); */
#ifndef LAKE_SPILL_RUN_H
#define LAKE_SPILL_RUN_H

#include "base/buffer.h"
#include "column/batch.h"
#include "io/file.h"

/* What is read at once, and about what a block holds. */
enum { RUN_WINDOW_BYTES = 128 << 10, RUN_BLOCK_BYTES = 64 << 10 };

struct run_writer {
    struct file_writer file;
    const struct schema *schema; /* borrowed */
    struct buffer bytes;         /* not yet written */
    int64_t n_rows;
};

/* Rows of one partition: order[0 … n) of a batch. */
struct run_rows {
    int64_t start_ms;
    const uint32_t *order;
    int64_t n;
};

LAKE_MUST_CHECK lake_status run_writer_open(struct run_writer *writer, struct io io, const char *path,
                                            const struct schema *schema, struct lake_error *err);
/* The batch has the writer's schema. */
LAKE_MUST_CHECK lake_status run_writer_put(struct run_writer *writer, const struct batch *batch,
                                           const struct run_rows *rows, struct lake_error *err);
/* Writes what is left; writer->file.size_bytes and n_rows are the run's. */
LAKE_MUST_CHECK lake_status run_writer_close(struct run_writer *writer, struct lake_error *err);
/* Removes what was not closed well. */
void run_writer_release(struct run_writer *writer);

struct run_reader {
    struct io io;
    char *path;
    int file;
    int64_t size_bytes, n_rows; /* that are left */
    int64_t position;           /* of the file, behind the window */
    struct buffer window;
    size_t at; /* of the next block in the window */
    struct schema *schema;

    /* The block read last. */
    int64_t start_ms;
    struct batch batch; /* looks into the window; n_rows 0: there are no more */
};

LAKE_MUST_CHECK lake_status run_reader_open(struct run_reader *reader, struct io io, const char *path,
                                            int64_t size_bytes, int64_t n_rows, struct lake_error *err);
LAKE_MUST_CHECK lake_status run_reader_next(struct run_reader *reader, struct lake_error *err);
void run_reader_close(struct run_reader *reader);

#endif
