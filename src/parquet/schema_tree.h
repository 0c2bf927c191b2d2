/* The schema of a Parquet file: a tree written as a list in depth-first order, flattened here into its leaves.
 *
 * A leaf that hangs directly under the root and is not repeated is a column we can read; the others are named with
 * their whole path and marked unsupported. Here, and nowhere else, logical and converted types become column types:
 *
 *     BOOLEAN                                   bool
 *     INT32, also as DATE, INT_8 … UINT_16      int32
 *     INT32 as UINT_32                          int64 (widened)
 *     INT64                                     int64; as TIMESTAMP timestamp (one without a zone is taken as UTC)
 *     FLOAT, DOUBLE                             float, double
 *     BYTE_ARRAY                                binary; as STRING, ENUM or JSON utf8
 *     FIXED_LEN_BYTE_ARRAY                      fixed
 *     refused by name                           INT96, UINT_64, DECIMAL, TIME, FLOAT16, INTERVAL, columns of type null
 *
 * Annotations we do not know are ignored, and so is a timestamp that is no INT64. */
#ifndef PARQUET_SCHEMA_TREE_H
#define PARQUET_SCHEMA_TREE_H

#include "base/buffer.h"
#include "column/schema.h"
#include "parquet/format.h"
#include "parquet/reader.h"
#include "parquet/thrift_reader.h"

struct schema_leaf {
    int32_t physical;        /* enum parquet_physical, or a number we do not know */
    int32_t physical_width;  /* bytes of a value as decoded: 1 for booleans, 0 for byte arrays */
    int32_t max_level;       /* highest definition level: 0 where required, 1 where optional */
    bool is_unsigned;        /* UINT_32: widened to int64 */
    const char *unsupported; /* as in parquet_file_column; but for its logic: */
    const char *raw;         /* NULL, or what of its logic is not supported: "DECIMAL values" */
    enum parquet_logic logic;
    int32_t scale;
    struct column_field field; /* without its name: */
    size_t name_at;            /* where it stands, terminated, in the text */
};

/* Reads the list of schema elements. Leaves are appended to `leaves` (struct schema_leaf each), names to `text`. */
LAKE_MUST_CHECK lake_status schema_tree_parse(struct thrift_reader *in, struct thrift_field field,
                                              struct buffer *leaves, struct buffer *text, struct lake_error *err);

#endif
