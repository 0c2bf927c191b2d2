/* Writes the compact protocol of Apache Thrift, in which Parquet keeps its footers and page headers.
 *
 * Failure is sticky, as in thrift_reader.h: a serialiser writes straight through and asks once, at thrift_writer_end.
 * Fields of a struct are written in rising order of their ids, which stand in parquet.thrift.
 *
 *     struct thrift_writer out;
 *     thrift_writer_begin(&out, &buffer, err);
 *     thrift_write_i32(&out, 1, PARQUET_DATA_PAGE);
 *     thrift_open_struct(&out, 5);
 *     …
 *     thrift_close_struct(&out);
 *     TRY(thrift_writer_end(&out)); */
#ifndef PARQUET_THRIFT_WRITER_H
#define PARQUET_THRIFT_WRITER_H

#include "base/buffer.h"
#include "parquet/thrift_reader.h"

enum { THRIFT_WRITER_DEPTH = 8 };

struct thrift_writer {
    struct buffer *out; /* appended to */
    struct lake_error *err;
    lake_status status; /* the first failure */
    int depth;
    int32_t last_id[THRIFT_WRITER_DEPTH];
};

/* Opens (closes) the outermost struct. */
void thrift_writer_begin(struct thrift_writer *writer, struct buffer *out, struct lake_error *err);
LAKE_MUST_CHECK lake_status thrift_writer_end(struct thrift_writer *writer);

void thrift_write_bool(struct thrift_writer *writer, int32_t id, bool value);
void thrift_write_i32(struct thrift_writer *writer, int32_t id, int32_t value);
void thrift_write_i64(struct thrift_writer *writer, int32_t id, int64_t value);
void thrift_write_binary(struct thrift_writer *writer, int32_t id, const void *bytes, size_t n);
void thrift_write_string(struct thrift_writer *writer, int32_t id, const char *text);

void thrift_open_struct(struct thrift_writer *writer, int32_t id);
void thrift_close_struct(struct thrift_writer *writer);
/* A struct without fields, as members of Parquet's unions are. */
void thrift_write_empty(struct thrift_writer *writer, int32_t id);

/* The head of a list; its n elements follow, by the functions below. A list has no end to be closed. */
void thrift_open_list(struct thrift_writer *writer, int32_t id, enum thrift_type elements, size_t n);
void thrift_add_bool(struct thrift_writer *writer, bool value);
void thrift_add_int(struct thrift_writer *writer, int64_t value); /* i32 and i64 */
void thrift_add_binary(struct thrift_writer *writer, const void *bytes, size_t n);
void thrift_add_struct(struct thrift_writer *writer); /* closed by thrift_close_struct */

#endif
