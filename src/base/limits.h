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

/* Data types that users register, of a lake, and the columns of one */
#define LIMIT_TYPES ((size_t)1000)
#define LIMIT_TYPE_COLUMNS 1000

/* Parquet */
#define LIMIT_PARQUET_FOOTER_BYTES (16 * MIB)
#define LIMIT_PARQUET_FOOTER_MEMORY_BYTES (64 * MIB)
#define LIMIT_PARQUET_PAGE_HEADER_BYTES (1 * MIB)
#define LIMIT_PARQUET_PAGE_BYTES (64 * MIB) /* of one page, uncompressed */
#define LIMIT_PARQUET_COLUMNS 4096
#define LIMIT_PARQUET_ROW_GROUPS 65536
#define LIMIT_PARQUET_THRIFT_DEPTH 32
#define LIMIT_PARQUET_DECODED_BYTES (1024 * MIB) /* of one column chunk */

/* Sources: what comes out of packed bytes. Deflate gives at most 1032 bytes for one; rows that differ stay far below. */
#define LIMIT_SOURCE_RATIO 1000
#define LIMIT_SOURCE_FLOOR_BYTES (64 * MIB) /* up to here the ratio does not matter */
#define LIMIT_SOURCE_ZSTD_WINDOW_LOG                                                                                   \
    27 /* 128 MiB, what zstd itself takes unasked; the memory of those that ask for it */
#define LIMIT_SOURCE_MEMBERS ((size_t)100000)  /* of one archive */
#define LIMIT_SOURCE_FILES ((size_t)1000000)   /* that patterns match */
#define LIMIT_SOURCE_LISTING_BYTES (256 * MIB) /* of their names */
#define LIMIT_SOURCE_DEPTH 64                  /* directories that ** goes down */

/* CSV */
#define LIMIT_CSV_LINE_BYTES (1 * MIB)
#define LIMIT_CSV_COLUMNS 1024
#define LIMIT_CSV_TEXT_BYTES (64 * KIB) /* of one value */
#define LIMIT_CSV_REJECTS 4096          /* of a run of records, until the caller has taken them */

/* Ingest: safe points of long ones, and rows that are put aside unless another number is given */
#define LIMIT_INGEST_SAVE_FROM_BYTES (256 * MIB) /* less is read again sooner than saved */
#define LIMIT_INGEST_SAVE_EVERY_BYTES (64 * MIB) /* … or a 64th of all, if that is more */
#define LIMIT_INGEST_REJECTS 1000
#define LIMIT_INGEST_TEXTS_BYTES (16 * MIB) /* paths, findings, names of columns */

#endif
