/* Every limit on what comes from outside, in one place (invariant I9). */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stddef.h>

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

/* Memory of the engine's buffers where nothing else is configured (I10). */
#define LIMIT_ENGINE_BYTES (256 * MIB)
#define LIMIT_THREADS 256

/* Paths and names */
#define LIMIT_PATH_BYTES 4096
#define LIMIT_NAME_BYTES 64 /* exchange, market, symbol, column of a text source */

/* Parquet */
#define LIMIT_PARQUET_FOOTER_BYTES (16 * MIB)
#define LIMIT_PARQUET_FOOTER_MEMORY_BYTES (64 * MIB)
#define LIMIT_PARQUET_PAGE_HEADER_BYTES (1 * MIB)
#define LIMIT_PARQUET_PAGE_BYTES (64 * MIB) /* of one page, uncompressed */
#define LIMIT_PARQUET_COLUMNS 4096
#define LIMIT_PARQUET_ROW_GROUPS 65536
#define LIMIT_PARQUET_THRIFT_DEPTH 32
#define LIMIT_PARQUET_DECODED_BYTES (1024 * MIB) /* of one column chunk */

/* CSV */
#define LIMIT_CSV_LINE_BYTES (1 * MIB)
#define LIMIT_CSV_COLUMNS 1024

#endif
