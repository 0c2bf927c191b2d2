/* Page compression codecs and the page checksum. The only user of the headers of snappy, zstd and zlib. */
#ifndef PARQUET_COMPRESS_H
#define PARQUET_COMPRESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "parquet/format.h"

/* Whether n_out bytes can come out of the compressed bytes at all, judged without decompressing them: call it before
 * making room for a page that claims to be large. LAKE_CORRUPT where not. */
LAKE_MUST_CHECK lake_status page_check_size(enum parquet_codec codec, const uint8_t *in, size_t n_in, size_t n_out,
                                            struct lake_error *err);
/* Decompresses exactly n_out bytes; anything else (bad data, other size) is LAKE_CORRUPT; LZ4, brotli and LZO are
 * LAKE_UNSUPPORTED by name. */
LAKE_MUST_CHECK lake_status page_decompress(enum parquet_codec codec, const uint8_t *in, size_t n_in, uint8_t *out,
                                            size_t n_out, struct lake_error *err);
/* Appends the compressed bytes (PARQUET_CODEC_SNAPPY and PARQUET_CODEC_UNCOMPRESSED only). */
LAKE_MUST_CHECK lake_status page_compress(enum parquet_codec codec, const uint8_t *in, size_t n_in, struct buffer *out,
                                          struct lake_error *err);
/* CRC-32 (the polynomial of zlib) continued from `crc` (0 to begin). */
uint32_t page_crc(uint32_t crc, const uint8_t *bytes, size_t n);

#endif
