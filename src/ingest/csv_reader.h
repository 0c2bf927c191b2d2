/* A member of a source as runs of rows in source order, read and parsed block by block in bounded memory: the CSV row_source.
 *
 * While the runs of one block are parsed in parallel, the next block is read and this one is hashed; the caller then gets all runs of
 * the block at once. Invariants: a block holds whole records; what follows its last one is carried into the next block; lines are
 * numbered as an editor numbers them. A record that cannot be understood stops the reading with an error that names file, line, column and value,
 * or, where rejects are wanted, is put aside with its reason.
 * One thread at a time per reader; the pool's threads work for it during open and next only.
 *
 *     struct row_source *rows = NULL;
 *     TRY(csv_reader_open(&options, &rows, err));
 *     do
 *         TRY_OUT(rows->ops->next(rows, &runs, err));
 *     while (runs.n_runs > 0 && …);
 *     out: rows->ops->close(rows); */
#ifndef INGEST_CSV_READER_H
#define INGEST_CSV_READER_H

#include "base/thread.h"
#include "ingest/csv_layout.h"
#include "ingest/row_source.h"
#include "ingest/source.h"

struct csv_reader_options {
    struct pool *pool;
    struct source *source; /* at the member to be read; borrowed */
    const struct csv_wishes *wishes;
    bool wants_rejects;        /* put aside records that cannot be understood, instead of stopping */
    struct row_position start; /* offset 0: the first record; else where an earlier reading of the same member stood */
    size_t block_bytes;        /* 0: the default; tests use small ones, which must hold the header */
};

/* Detects the layout. A member without a row gives no error here: next says so, but for members that only ever held a header. */
LAKE_MUST_CHECK lake_status csv_reader_open(const struct csv_reader_options *options, struct row_source **out,
                                            struct lake_error *err);

/* Of a row_source that csv_reader_open made. */
const struct csv_layout *csv_reader_layout(const struct row_source *rows);
/* csv_layout_bar_ms of the first row of the current block. */
int64_t csv_reader_bar_ms(const struct row_source *rows);

/* After next failed since a value does not fit the type that detection gave a column of the source's own (a decimal behind whole numbers, text behind numbers): the
 * column's name and the type that would hold it, so that the caller can begin again with that choice. False: it failed for another reason. */
bool csv_reader_widened(const struct row_source *rows, const char **name, enum column_type *type);

#endif
