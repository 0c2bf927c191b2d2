/* What the Python tests call by ctypes: our batches and our Parquet codec behind the Arrow C stream interface.
 *
 * Each function returns 0, or a lake_status with its message in `error`. A stream passed in is taken over, also on failure;
 * `out` is the caller's to release. */
#ifndef TESTS_INTEROP_BRIDGE_H
#define TESTS_INTEROP_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

#include <datalake/arrow.h>
#include <datalake/error.h>

/* Every batch of `in` becomes one of ours and is exported again. */
LAKE_API int bridge_roundtrip(struct ArrowArrayStream *in, struct ArrowArrayStream *out, char *error, size_t n);
/* Reads a whole Parquet file, a few thousand rows at a time across its pages and row groups. `columns` are names separated
 * by commas; NULL: all. */
LAKE_API int bridge_parquet_read(const char *path, const char *columns, struct ArrowArrayStream *out, char *error,
                                 size_t n);
/* struct parquet_writer_options of parquet/writer.h, whose numbers these are. */
struct bridge_parquet_options {
    int doubles, compression;
    int64_t page_rows;
    const int64_t *page_ends;
    size_t n_page_ends;
};
/* Writes a new Parquet file with one row group for each batch of `in`. */
LAKE_API int bridge_parquet_write(const char *path, struct ArrowArrayStream *in,
                                  const struct bridge_parquet_options *options, char *error, size_t n);

/* What a source (ingest/source.h) holds: `piece` is called for each member, with no bytes, and then for its bytes in order. */
typedef void (*bridge_piece)(const char *place, const char *name, const void *bytes, size_t n);
LAKE_API int bridge_source_read(const char *path, bridge_piece piece, uint8_t digest[32], char *error, size_t n);
/* The rows of a Parquet file as ingest takes them (ingest/parquet_rows.h): `columns` are items of --columns separated by commas, or NULL. */
LAKE_API int bridge_parquet_rows(const char *path, const char *columns, struct ArrowArrayStream *out, char *error,
                                 size_t n);

/* Commits the rows of `in` to the lake in a directory (made where there is none), as X, SPOT, Y of that type: one operation, in which each
 * batch is a source (lake/write.h). */
LAKE_API int bridge_lake_write(const char *directory, const char *type, struct ArrowArrayStream *in, char *error,
                               size_t n);

/* Puts the rows of `in` (datalake/write.h) into the lake in a directory (made where there is none), as X, SPOT, Y of that type, of 1m where
 * it has periods. *rows: how many are new. */
LAKE_API int bridge_lake_put(const char *directory, const char *type, struct ArrowArrayStream *in, int64_t *rows,
                             char *error, size_t n);
/* All rows of that dataset; batches are read while `out` is, whose release closes the lake. */
LAKE_API int bridge_lake_read(const char *directory, const char *type, struct ArrowArrayStream *out, char *error,
                              size_t n);

/* Registers a type with the columns ts (of that kind), id (utf8) and price, keyed by ts or by ts and id, in the lake in a directory. */
struct bridge_type {
    const char *name, *ts;
    size_t n_key;
    int has_period;
};
LAKE_API int bridge_register_type(const char *directory, const struct bridge_type *type, char *error, size_t n);

/* Copies the message of a failure for the caller; returns the status. */
int bridge_answer(lake_status status, const struct lake_error *err, char *error, size_t n);

#endif
