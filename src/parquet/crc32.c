#include "parquet/crc32.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

/* After V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction" (Intel, 2009), in
 * its bit-reflected form. The constants are x^n modulo the polynomial 0x104c11db7, reflected and shifted left by one,
 * for n of 512 + 32 and 512 - 32 (four registers ahead), 128 + 32 and 128 - 32 (one ahead) and 64; then the quotient
 * of the Barrett reduction and the polynomial itself. */
#define FOLD_512_LOW INT64_C(0x154442bd4)
#define FOLD_512_HIGH INT64_C(0x1c6e41596)
#define FOLD_128_LOW INT64_C(0x1751997d0)
#define FOLD_128_HIGH INT64_C(0x0ccaa009e)
#define FOLD_64 INT64_C(0x163cd6124)
#define POLYNOMIAL INT64_C(0x1db710641)
#define QUOTIENT INT64_C(0x1f7011641)

#define WITH_CLMUL __attribute__((target("pclmul,sse4.1")))

enum { LANE_BYTES = 16, BLOCK_BYTES = 64 };

static WITH_CLMUL __m128i load_lane(const uint8_t *bytes)
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

/* Moves what `lane` holds ahead by the distance of the constants, onto `next`. */
static WITH_CLMUL __m128i fold(__m128i lane, __m128i next, __m128i constants)
{
    __m128i low = _mm_clmulepi64_si128(lane, constants, 0x00);
    __m128i high = _mm_clmulepi64_si128(lane, constants, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/* From 128 bits to the 32 of the checksum. */
static WITH_CLMUL uint32_t reduce(__m128i lane, __m128i fold_128)
{
    const __m128i low_32 = _mm_setr_epi32(-1, 0, -1, 0);
    const __m128i fold_64 = _mm_set_epi64x(0, FOLD_64);
    const __m128i barrett = _mm_set_epi64x(QUOTIENT, POLYNOMIAL);
    lane = _mm_xor_si128(_mm_srli_si128(lane, 8), _mm_clmulepi64_si128(lane, fold_128, 0x10));
    lane = _mm_xor_si128(_mm_srli_si128(lane, 4), _mm_clmulepi64_si128(_mm_and_si128(lane, low_32), fold_64, 0x00));
    __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(lane, low_32), barrett, 0x10);
    __m128i product = _mm_clmulepi64_si128(_mm_and_si128(quotient, low_32), barrett, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(lane, product), 1);
}

/* n is a multiple of 16 and at least 64. */
static WITH_CLMUL uint32_t fold_all(uint32_t crc, const uint8_t *bytes, size_t n)
{
    const __m128i fold_512 = _mm_set_epi64x(FOLD_512_HIGH, FOLD_512_LOW);
    const __m128i fold_128 = _mm_set_epi64x(FOLD_128_HIGH, FOLD_128_LOW);
    __m128i lane[4];
    for (int i = 0; i < 4; i++)
        lane[i] = load_lane(bytes + i * LANE_BYTES);
    lane[0] = _mm_xor_si128(lane[0], _mm_cvtsi32_si128((int)~crc));
    bytes += BLOCK_BYTES;
    n -= BLOCK_BYTES;
    for (; n >= BLOCK_BYTES; bytes += BLOCK_BYTES, n -= BLOCK_BYTES) {
        lane[0] = fold(lane[0], load_lane(bytes), fold_512);
        lane[1] = fold(lane[1], load_lane(bytes + LANE_BYTES), fold_512);
        lane[2] = fold(lane[2], load_lane(bytes + 2 * LANE_BYTES), fold_512);
        lane[3] = fold(lane[3], load_lane(bytes + 3 * LANE_BYTES), fold_512);
    }
    for (int i = 1; i < 4; i++)
        lane[0] = fold(lane[0], lane[i], fold_128);
    for (; n >= LANE_BYTES; bytes += LANE_BYTES, n -= LANE_BYTES)
        lane[0] = fold(lane[0], load_lane(bytes), fold_128);
    return ~reduce(lane[0], fold_128);
}

size_t crc32_fold(uint32_t *crc, const uint8_t *bytes, size_t n)
{
    size_t taken = n - n % LANE_BYTES;
    if (taken < BLOCK_BYTES || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1"))
        return 0;
    *crc = fold_all(*crc, bytes, taken);
    return taken;
}

#else

size_t crc32_fold(uint32_t *crc, const uint8_t *bytes, size_t n)
{
    (void)crc;
    (void)bytes;
    (void)n;
    return 0;
}

#endif
