/* The header in front of each page: what kind it is, how long, and how its values are written. */
#ifndef PARQUET_PAGE_HEADER_H
#define PARQUET_PAGE_HEADER_H

#include <stdbool.h>

#include "parquet/format.h"
#include "parquet/thrift_reader.h"

struct page_header {
    int32_t type; /* enum parquet_page_type, or one we do not know */
    int32_t uncompressed_bytes;
    int32_t compressed_bytes;
    bool has_crc;
    uint32_t crc;
    int32_t n_values; /* rows, nulls included; of a dictionary page its values */
    int32_t encoding;
    int32_t level_encoding; /* v1 */
    /* v2 */
    int32_t n_rows;
    int32_t definition_bytes;
    int32_t repetition_bytes;
    bool is_compressed;
};

/* Reads a header off the front of n bytes; *length is what it took. *truncated tells that more bytes are needed.
 * Sizes are checked for sense (not negative), kinds are not. */
LAKE_MUST_CHECK lake_status page_header_parse(struct page_header *header, struct thrift_bytes bytes, size_t *length,
                                              bool *truncated, struct lake_error *err);

#endif
