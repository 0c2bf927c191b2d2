#include "parquet/byte_stream_split.h"

#include "base/bytes.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { WORD = 8 };

/* Values from `from` on, byte by byte: any width, any number. */
static void join_bytes(struct split_streams streams, size_t width, size_t from, size_t n, uint8_t *out)
{
    for (size_t k = 0; k < width; k++) {
        const uint8_t *stream = streams.bytes + k * streams.stride + streams.first;
        for (size_t i = from; i < n; i++)
            out[i * width + k] = stream[i];
    }
}

/* Exchanges the bits of `mask` in *a with those `shift` higher in *b. */
static void swap_bits(uint64_t *high, uint64_t *low, unsigned shift, uint64_t mask)
{
    uint64_t difference = ((*high >> shift) ^ *low) & mask;
    *low ^= difference;
    *high ^= difference << shift;
}

/* Transposes a matrix of 8 by 8 bytes: halves, then quarters, then single bytes change places. */
static void transpose_8x8(uint64_t rows[8])
{
    for (int i = 0; i < 4; i++)
        swap_bits(&rows[i], &rows[i + 4], 32, UINT64_C(0x00000000ffffffff));
    for (int i = 0; i < 8; i += i % 4 == 1 ? 3 : 1)
        swap_bits(&rows[i], &rows[i + 2], 16, UINT64_C(0x0000ffff0000ffff));
    for (int i = 0; i < 8; i += 2)
        swap_bits(&rows[i], &rows[i + 1], 8, UINT64_C(0x00ff00ff00ff00ff));
}

static size_t join_8_portable(struct split_streams streams, size_t n, uint8_t *out)
{
    const uint8_t *bytes = streams.bytes + streams.first;
    size_t i = 0;
    for (; n - i >= WORD; i += WORD) {
        uint64_t rows[8];
        for (size_t k = 0; k < 8; k++)
            rows[k] = load_u64(bytes + k * streams.stride + i);
        transpose_8x8(rows);
        for (size_t k = 0; k < 8; k++)
            store_u64(out + (i + k) * 8, rows[k]);
    }
    return i;
}

void byte_stream_join_portable(struct split_streams streams, size_t width, size_t n, uint8_t *out)
{
    size_t done = width == 8 ? join_8_portable(streams, n, out) : 0;
    join_bytes(streams, width, done, n, out);
}

#if defined(__SSE2__)

enum { LANE = 16 };

static __m128i load_lane(const uint8_t *bytes)
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

static void store_lane(uint8_t *bytes, __m128i lane)
{
    _mm_storeu_si128((__m128i *)(void *)bytes, lane);
}

/* Interleaves the bytes of lanes 0 and n/2, 1 and n/2 + 1, …: after log2(n) rounds the streams are values. */
static void interleave(const __m128i *in, __m128i *out, int n)
{
    for (int i = 0; i < n / 2; i++) {
        out[2 * i] = _mm_unpacklo_epi8(in[i], in[i + n / 2]);
        out[2 * i + 1] = _mm_unpackhi_epi8(in[i], in[i + n / 2]);
    }
}

/* 16 values of 8 bytes, out of 8 streams. */
static void transpose_lanes(const uint8_t *bytes, size_t stride, __m128i values[8])
{
    __m128i lanes[8];
    for (size_t k = 0; k < 8; k++)
        lanes[k] = load_lane(bytes + k * stride);
    interleave(lanes, values, 8);
    interleave(values, lanes, 8);
    interleave(lanes, values, 8);
}

static size_t join_8(struct split_streams streams, size_t n, uint8_t *out)
{
    const uint8_t *bytes = streams.bytes + streams.first;
    size_t i = 0;
    for (; n - i >= LANE; i += LANE) {
        __m128i values[8];
        transpose_lanes(bytes + i, streams.stride, values);
        for (size_t k = 0; k < 8; k++)
            store_lane(out + i * 8 + k * LANE, values[k]);
    }
    return i;
}

static size_t join_8_past_cache(struct split_streams streams, size_t n, uint8_t *out)
{
    bool is_between = (uintptr_t)out % LANE == 8;
    size_t first = is_between && n > 0 ? 1 : 0;
    if ((uintptr_t)out % 8 != 0)
        return join_8(streams, n, out);
    join_bytes(streams, 8, 0, first, out);
    const uint8_t *bytes = streams.bytes + streams.first;
    size_t i = first;
    for (; n - i >= LANE; i += LANE) {
        __m128i values[8];
        transpose_lanes(bytes + i, streams.stride, values);
        for (size_t k = 0; k < 8; k++)
            _mm_stream_si128((__m128i *)(void *)(out + i * 8 + k * LANE), values[k]);
    }
    _mm_sfence(); /* or another thread might see what says that the values are there before them */
    return i;
}

static size_t join_4(struct split_streams streams, size_t n, uint8_t *out)
{
    const uint8_t *bytes = streams.bytes + streams.first;
    size_t i = 0;
    for (; n - i >= LANE; i += LANE) {
        __m128i a[4], b[4];
        for (size_t k = 0; k < 4; k++)
            a[k] = load_lane(bytes + k * streams.stride + i);
        interleave(a, b, 4);
        interleave(b, a, 4);
        for (size_t k = 0; k < 4; k++)
            store_lane(out + i * 4 + k * LANE, a[k]);
    }
    return i;
}

void byte_stream_join(struct split_streams streams, size_t width, size_t n, bool past_cache, uint8_t *out)
{
    size_t done = 0;
    if (width == 8)
        done = past_cache ? join_8_past_cache(streams, n, out) : join_8(streams, n, out);
    else if (width == 4)
        done = join_4(streams, n, out);
    join_bytes(streams, width, done, n, out);
}

#else

void byte_stream_join(struct split_streams streams, size_t width, size_t n, bool past_cache, uint8_t *out)
{
    (void)past_cache;
    byte_stream_join_portable(streams, width, n, out);
}

#endif
