/* The numbers that fill market data files, read where they stand: up to 15 or so digits with or without a point, and nothing
 * else. What does not have this form is left to io/number.h.
 *
 * Eight digits are read at once: a load of eight bytes, a mask of those that are no digits, a shift that aligns the digits,
 * three multiplications (the method of D. Lemire's "Quickly parsing eight digits"). Digits of varying number then cost no
 * mispredicted branch, which is what a loop over bytes spends its time on.
 *
 * Exactness: digits and point make an integer m and a count k of decimals. Where m < 2^53 and k <= 22, both m and 10^k are
 * doubles, and IEEE division rounds m / 10^k to the nearest double (W. D. Clinger, "How to read floating point numbers
 * accurately").
 *
 * CSV_PADDING_BYTES beyond the number must be readable; what they hold does not matter. */
#ifndef INGEST_CSV_NUMBER_H
#define INGEST_CSV_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum { CSV_PADDING_BYTES = 64, CSV_MAX_DIGITS = 15, CSV_TOO_MANY_DIGITS = 16 };

#define CSV_EXACT_INTEGERS (UINT64_C(1) << 53)

static const double csv_power_of_ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
static const uint64_t csv_integer_power_of_ten[] = {
    1,         10,         100,         1000,         10000,         100000,         1000000,         10000000,
    100000000, 1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000};

/* 0x80 in each byte that is no digit; `word` is eight characters, each xor '0'. */
static inline uint64_t csv_non_digits(uint64_t word)
{
    const uint64_t low_bits = UINT64_C(0x7f7f7f7f7f7f7f7f);
    return (((word & low_bits) + UINT64_C(0x7676767676767676)) | word) & ~low_bits;
}

/* How many bytes lie below the lowest one that is marked with 0x80; there must be one. */
static inline size_t csv_bytes_before_mark(uint64_t marks)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t below = (marks & (~marks + 1)) - 1; /* every bit under the lowest mark: bit 0 of each byte up to its own */
    return (size_t)(((below & ones) * ones) >> 56) - 1;
}

static inline uint64_t csv_eight_digits(uint64_t word)
{
    word = (word * 10 + (word >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    word = (word * 100 + (word >> 16)) & UINT64_C(0x0000ffff0000ffff);
    return (word * 10000 + (word >> 32)) & UINT64_C(0xffffffff);
}

/* The digits at p as a number, and how many they are (0 … 15); CSV_TOO_MANY_DIGITS where there are more. */
static inline size_t csv_digits(const char *p, uint64_t *value)
{
    uint64_t word = load_u64((const uint8_t *)p) ^ UINT64_C(0x3030303030303030);
    uint64_t marks = csv_non_digits(word);
    uint64_t first = 0;
    size_t n_before = 0;
    if (marks == 0) {
        first = csv_eight_digits(word);
        n_before = 8;
        word = load_u64((const uint8_t *)p + 8) ^ UINT64_C(0x3030303030303030);
        marks = csv_non_digits(word);
        if (marks == 0)
            return CSV_TOO_MANY_DIGITS;
    }
    size_t n = csv_bytes_before_mark(marks);
    word = word << (56 - 8 * n) << 8; /* n can be 0, and a shift by 64 is not defined */
    *value = first * csv_integer_power_of_ten[n] + csv_eight_digits(word);
    return n_before + n;
}

/* The number at p; returns what follows it, or NULL where it has another form than digits with a point or without. */
static inline const char *csv_read_double(const char *p, double *out)
{
    uint64_t whole, fraction;
    size_t n_whole = csv_digits(p, &whole);
    if (n_whole == 0 || n_whole > CSV_MAX_DIGITS)
        return NULL;
    p += n_whole;
    if (*p != '.') {
        *out = (double)whole;
        return p;
    }
    size_t n_fraction = csv_digits(p + 1, &fraction);
    if (n_fraction == 0 || n_fraction > CSV_MAX_DIGITS || n_whole + n_fraction > 18)
        return NULL;
    uint64_t digits = whole * csv_integer_power_of_ten[n_fraction] + fraction; /* below 10^18 */
    if (digits > CSV_EXACT_INTEGERS)
        return NULL;
    *out = (double)digits / csv_power_of_ten[n_fraction];
    return p + 1 + n_fraction;
}

/* Digits only; NULL for anything else. */
static inline const char *csv_read_int64(const char *p, int64_t *out)
{
    uint64_t value;
    size_t n = csv_digits(p, &value);
    if (n == 0 || n > CSV_MAX_DIGITS)
        return NULL;
    *out = (int64_t)value;
    return p + n;
}

#endif
