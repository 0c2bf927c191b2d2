/* A CSV file as runs of rows in source order, read and parsed block by block in bounded memory.
 *
 * While the runs of one block are parsed in parallel, the next block is read and this one is hashed; the caller then gets all runs of
 * the block at once. Invariants: a block holds whole records; what follows its last one is carried into the next block; lines are
 * numbered as an editor numbers them.
 * One thread at a time per reader; the pool's threads work for it during open and next only.
 *
 *     struct csv_reader *reader = NULL;
 *     TRY(csv_reader_open(&options, &reader, err));
 *     do
 *         TRY_OUT(csv_reader_next(reader, &block, err));
 *     while (block.n_runs > 0 && …);
 *     out: csv_reader_close(reader); */
#ifndef INGEST_CSV_READER_H
#define INGEST_CSV_READER_H

#include "base/thread.h"
#include "ingest/csv_parse.h"
#include "io/io.h"
#include "io/sha256.h"

struct csv_reader;

struct csv_reader_options {
    struct io io;
    struct pool *pool;
    const char *path; /* copied */
    const struct data_type *type;
    size_t block_bytes; /* 0: the default; tests use small ones, which must hold the header */
};

/* Rows of one run of lines; `rows.batch` is valid until the next call of csv_reader_next. */
struct csv_run {
    const char *text, *end;
    struct csv_rows rows;
};

struct csv_runs {
    const struct csv_run *runs;
    size_t n_runs; /* 0: the end */
};

/* Whether there is a file to read at the path, and its size (0 where that is not known). */
LAKE_MUST_CHECK lake_status csv_reader_check(struct io io, const char *path, int64_t *size_bytes,
                                             struct lake_error *err);

/* Opens the file, detects its layout. */
LAKE_MUST_CHECK lake_status csv_reader_open(const struct csv_reader_options *options, struct csv_reader **out,
                                            struct lake_error *err);
void csv_reader_close(struct csv_reader *reader);
/* The rows of the next block; runs may be empty. A file without a row is an error. */
LAKE_MUST_CHECK lake_status csv_reader_next(struct csv_reader *reader, struct csv_runs *out, struct lake_error *err);

const struct csv_layout *csv_reader_layout(const struct csv_reader *reader);
/* csv_layout_bar_ms of the first row of the current block. */
int64_t csv_reader_bar_ms(const struct csv_reader *reader);
/* The line of a row of the current block. */
int64_t csv_reader_line(const struct csv_reader *reader, size_t run, int64_t row);
/* Bytes read so far, which at the end is the file's size. */
int64_t csv_reader_size_bytes(const struct csv_reader *reader);
/* The digest of the whole file, after the end. */
const uint8_t *csv_reader_digest(const struct csv_reader *reader);

#endif
