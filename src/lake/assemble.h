/* Rows of several files put together as one batch, decoded in parallel straight into their places.
 *
 * The schema says which columns; a column that a file lacks is null in its rows. Slices follow one another in the result. An
 * assembler keeps one reader a thread for the next batch; one caller at a time.
 *
 *     struct assembler *assembler = NULL;
 *     TRY(assembler_new(lake, n_threads, &assembler, err));
 *     TRY_OUT(assemble_batch(assembler, schema, slices, n_slices, &batch, err));
 *     out: assembler_free(assembler); */
#ifndef LAKE_ASSEMBLE_H
#define LAKE_ASSEMBLE_H

#include "column/batch.h"
#include "lake/stored_file.h"

struct slice {
    const struct manifest_file *file;
    const char *state_path; /* not NULL: staged rows that are not in the manifest; file is NULL */
    int64_t first_row, n_rows;
};

struct assembler;

/* n_threads 1 works in the calling thread alone (also within a task of the pool); otherwise the lake's pool is used. */
LAKE_MUST_CHECK lake_status assembler_new(struct lake *lake, size_t n_threads, struct assembler **out,
                                          struct lake_error *err);
void assembler_free(struct assembler *assembler);
/* The batch borrows the schema. */
LAKE_MUST_CHECK lake_status assemble_batch(struct assembler *assembler, const struct schema *schema,
                                           const struct slice *slices, size_t n_slices, struct batch *out,
                                           struct lake_error *err);
/* All rows and columns of one file, with a schema of its own. */
LAKE_MUST_CHECK lake_status assemble_file(struct assembler *assembler, const struct slice *file, struct batch *out,
                                          struct lake_error *err);
/* Narrows a slice of a whole stored file to the pages that can hold times in [start, end), by the file's page index. */
LAKE_MUST_CHECK lake_status assembler_narrow(struct assembler *assembler, struct slice *slice, int64_t start_ms,
                                             int64_t end_ms, struct lake_error *err);
/* The reader of the calling thread, for looking into one file otherwise. */
LAKE_MUST_CHECK lake_status assembler_get_file(struct assembler *assembler, struct stored_file **out,
                                               struct lake_error *err);

#endif
