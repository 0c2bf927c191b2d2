/* Rows in memory, or only their schema, shared by everybody who was given a piece: an ArrowSchema and the ArrowArrays that belong to it.
 *
 * Invariants: 1. Nothing in it changes once it is shared. 2. What is exported points into it and holds one use of it for the whole and one for
 * each child, so that a consumer may move children out and release the rest, in any thread, without the GIL. 3. No value is copied.
 * Tables are flat, as all of the library's are: structs of columns that have no children. */
#ifndef PYTHON_ROWS_H
#define PYTHON_ROWS_H

#include <stddef.h>

#include <datalake/arrow.h>

#include "interpreter.h"

struct rows;

/* Takes the schema over. NULL where there is no memory: then it is released. */
struct rows *rows_new(struct ArrowSchema *schema);
/* While nobody else has it: takes the chunk over. False where there is no memory: then it is released. */
bool rows_add(struct rows *rows, struct ArrowArray *chunk);
struct rows *rows_take(struct rows *rows);
void rows_drop(struct rows *rows);

const struct ArrowSchema *rows_schema(const struct rows *rows);
size_t rows_n_columns(const struct rows *rows);
size_t rows_n_chunks(const struct rows *rows);
const struct ArrowArray *rows_chunk(const struct rows *rows, size_t index);
int64_t rows_length(const struct rows *rows);

/* False where there is no memory. */
bool rows_export_schema(struct rows *rows, struct ArrowSchema *out);
bool rows_export_stream(struct rows *rows, struct ArrowArrayStream *out);

#endif
