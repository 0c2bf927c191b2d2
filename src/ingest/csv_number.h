/* The numbers that fill market data files, read where they stand: up to 15 or so digits with or without a point, and nothing
 * else. What does not have this form is left to io/number.h.
 *
 * Exactness: digits and point make an integer m and a count k of decimals. Where m <= 2^53 and k <= 22, both m and 10^k are
 * doubles, and IEEE division rounds m / 10^k to the nearest double (W. D. Clinger, "How to read floating point numbers
 * accurately").
 *
 * CSV_PADDING_BYTES beyond the number must be readable. */
#ifndef INGEST_CSV_NUMBER_H
#define INGEST_CSV_NUMBER_H

#include "ingest/csv_digits.h"

#define CSV_EXACT_INTEGERS (UINT64_C(1) << 53)

static const double csv_power_of_ten[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* csv_read_double for numbers of more than seven digits before the point or eight behind it. */
static inline const char *csv_read_long_double(const char *p, double *out)
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

/* The number at p; returns what follows it, or NULL where it has another form than digits with a point or without.
 * Where the next field begins is told from one look at sixteen bytes: the next number waits for nothing else. */
static inline const char *csv_read_double(const char *p, double *out)
{
    uint64_t word = csv_load(p);
    uint64_t marks = csv_non_digits(word);
    uint64_t tail_marks = csv_non_digits(csv_load(p + 8));
    if (marks == 0)
        return csv_read_long_double(p, out);
    size_t n_whole = csv_bytes_before_mark(marks);
    if (n_whole == 0)
        return NULL;
    uint64_t whole = csv_eight_digits(word << (64 - 8 * n_whole));
    if (p[n_whole] != '.') {
        *out = (double)whole;
        return p + n_whole;
    }
    marks &= marks - 1;
    if (marks == 0 && tail_marks == 0)
        return csv_read_long_double(p, out);
    size_t n = marks != 0 ? csv_bytes_before_mark(marks) : 8 + csv_bytes_before_mark(tail_marks);
    size_t n_fraction = n - n_whole - 1;
    if (n_fraction == 0 || n_fraction > 8)
        return csv_read_long_double(p, out);
    uint64_t fraction = csv_eight_digits(csv_load(p + n_whole + 1) << (64 - 8 * n_fraction));
    /* Fifteen digits at most: exact. */
    *out = (double)(whole * csv_integer_power_of_ten[n_fraction] + fraction) / csv_power_of_ten[n_fraction];
    return p + n;
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
