/* PLAIN, BYTE_STREAM_SPLIT and DELTA_LENGTH_BYTE_ARRAY (Encodings.md): each appends values [first, first + n). */
#ifndef PARQUET_ENCODE_VALUES_H
#define PARQUET_ENCODE_VALUES_H

#include "parquet/values.h"

LAKE_MUST_CHECK lake_status plain_append(const struct values *values, int64_t first, int64_t n, struct buffer *out,
                                         struct lake_error *err);
/* The bytes plain_append appends. */
size_t plain_bytes(const struct values *values, int64_t first, int64_t n);
/* Values of a fixed width. */
LAKE_MUST_CHECK lake_status byte_stream_split_append(const struct values *values, int64_t first, int64_t n,
                                                     struct buffer *out, struct lake_error *err);
/* Texts. `lengths` is scratch. */
LAKE_MUST_CHECK lake_status delta_length_append(const struct values *values, int64_t first, int64_t n,
                                                struct buffer *lengths, struct buffer *out, struct lake_error *err);

#endif
