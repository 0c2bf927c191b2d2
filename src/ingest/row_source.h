/* Rows of one member of a source in source order, whatever its format: what the job (ingest.c) takes them by.
 *
 * Runs are what was parsed at the same time; the caller gets all runs of a block at once, may change their values and drop rows in
 * place (row_runs belong to it until the next call), and asks for the place and the text of a row by its number among those it was given,
 * whatever was dropped since.
 * One thread at a time; the pool's threads work for it during open and next only. */
#ifndef INGEST_ROW_SOURCE_H
#define INGEST_ROW_SOURCE_H

#include "base/buffer.h"
#include "column/batch.h"
#include "column/data_type.h"

/* A record that could not be understood and was put aside. Views on the block. */
struct row_reject {
    int64_t line;
    const char *text; /* the record, without its end */
    size_t length;
    const char *reason; /* "close is 'abc', not a number" */
    const char *rule;   /* for counting: "value", "fields", "time", "quotes", "length" */
};

struct row_run {
    struct batch *batch; /* columns of eight-byte values, booleans or texts; `ts` first, in the type's unit */
    const struct row_reject *rejects;
    size_t n_rejects;
    int64_t n_others; /* rows of other symbols that were stepped over */
};

struct row_runs {
    struct row_run *runs;
    size_t n_runs; /* 0: the end */
};

/* Where reading stands: all rows that were given come before it. */
struct row_position {
    int64_t offset; /* unpacked bytes of the member; rows for Parquet */
    int64_t line;   /* the first behind those rows */
};

struct row_source; /* begins each implementation's own struct */

struct row_source_ops {
    lake_status (*next)(struct row_source *self, struct row_runs *out, struct lake_error *err);
    int64_t (*line)(struct row_source *self, size_t run, int64_t row); /* 1 is the first; ascends with the rows */
    /* Appends the record as the source has it (Parquet: as CSV), without its end. */
    lake_status (*text)(struct row_source *self, size_t run, int64_t row, struct buffer *out, struct lake_error *err);
    struct row_position (*position)(const struct row_source *self);
    void (*close)(struct row_source *self);
};

struct row_source {
    const struct row_source_ops *ops;
    const char *place;            /* for messages; outlives it: the source's */
    const struct data_type *type; /* given or detected */
    const struct schema *schema;  /* of all batches */
};

#endif
