/* ULEB128 and zigzag, as thrift and Parquet's encodings write their numbers. */
#ifndef PARQUET_VARINT_H
#define PARQUET_VARINT_H

#include <stddef.h>
#include <stdint.h>

enum { VARINT_BYTES_MAX = 10 };

/* Writes at most VARINT_BYTES_MAX bytes; returns how many. */
static inline size_t varint_put(uint8_t *out, uint64_t value)
{
    size_t n = 0;
    while (value >= 0x80) {
        out[n++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[n++] = (uint8_t)value;
    return n;
}

static inline uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

#endif
