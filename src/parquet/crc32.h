/* CRC-32 of long inputs by carry-less multiplication, where the processor has it. The portable path is zlib's, in
 * compress.c; the tests hold the two equal.
 *
 * Measured over a page of 8 KiB: see src/parquet/README.md. */
#ifndef PARQUET_CRC32_H
#define PARQUET_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Continues *crc over the first bytes of the input and returns how many it took: a multiple of 16, or 0 where the
 * input is short or the processor lacks the instruction. *crc is as zlib's crc32 takes and gives it. */
size_t crc32_fold(uint32_t *crc, const uint8_t *bytes, size_t n);

#endif
