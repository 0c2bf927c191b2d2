/* Digits in text, eight at a time: a load of eight bytes, a mask of those that are no digits, a shift that aligns the digits, three
 * multiplications (the method of D. Lemire's "Quickly parsing eight digits"). Digits of varying number then cost no mispredicted
 * branch, which is what a loop over bytes spends its time on.
 *
 * CSV_PADDING_BYTES beyond the text must be readable; what they hold does not matter. */
#ifndef INGEST_CSV_DIGITS_H
#define INGEST_CSV_DIGITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum { CSV_PADDING_BYTES = 64, CSV_MAX_DIGITS = 15, CSV_TOO_MANY_DIGITS = 16 };

static const uint64_t csv_integer_power_of_ten[] = {
    1,         10,         100,         1000,         10000,         100000,         1000000,         10000000,
    100000000, 1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000};

/* Eight characters at p, digits as their values. */
static inline uint64_t csv_load(const char *p)
{
    return load_u64((const uint8_t *)p) ^ UINT64_C(0x3030303030303030);
}

/* 0x80 in each byte that is no digit; `word` is what csv_load gave. */
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
    uint64_t word = csv_load(p);
    uint64_t marks = csv_non_digits(word);
    uint64_t first = 0;
    size_t n_before = 0;
    if (marks == 0) {
        first = csv_eight_digits(word);
        n_before = 8;
        word = csv_load(p + 8);
        marks = csv_non_digits(word);
        if (marks == 0)
            return CSV_TOO_MANY_DIGITS;
    }
    size_t n = csv_bytes_before_mark(marks);
    word = word << (56 - 8 * n) << 8; /* n can be 0, and a shift by 64 is not defined */
    *value = first * csv_integer_power_of_ten[n] + csv_eight_digits(word);
    return n_before + n;
}

#endif
