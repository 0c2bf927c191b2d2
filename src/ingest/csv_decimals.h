/* A field of many records as decimals, where it is one in the form that fills market data files: digits with or without a point, and a
 * minus sign. What has another form (an exponent, blanks, more digits than an integer holds, a word, nothing) is marked and left to
 * csv_value.h.
 *
 * A decimal is `digits` / 10^places. The two versions may differ in what they leave to others, never in what they give.
 *
 * Threads: pure functions on the caller's memory. CSV_PADDING_BYTES beyond the text must be readable. */
#ifndef INGEST_CSV_DECIMALS_H
#define INGEST_CSV_DECIMALS_H

#include "ingest/csv_index.h"

/* Up to here every integer is a double. */
#define CSV_EXACT_INTEGERS (UINT64_C(1) << 53)

/* Every record has two fields or more. */
enum { CSV_WINDOW_RECORDS = CSV_INDEX_ENDS / 2 };

enum {
    CSV_DECIMAL_PLACES = 31,   /* mask: digits behind the point */
    CSV_DECIMAL_NEGATIVE = 64, /* flag */
    CSV_DECIMAL_OTHER = 128    /* flag: not of this form; digits say nothing */
};

struct csv_decimals {
    uint64_t digits[CSV_WINDOW_RECORDS]; /* at most 19 of them, so below 10^19 */
    uint8_t form[CSV_WINDOW_RECORDS];
};

/* Reads `field` of all records of the window, of which there are at most CSV_WINDOW_RECORDS. */
void csv_decimals_read(const struct csv_window *window, size_t field, struct csv_decimals *out);
/* The same without the processor's vectors, for other processors and for the test that holds both against each other. */
void csv_decimals_read_portable(const struct csv_window *window, size_t field, struct csv_decimals *out);

/* A field of all records that is the plainest there is in each: up to sixteen bytes, no sign, and (doubles) at most 2^53 without the point, or
 * (integers) no point. False where some record has another form; what was written is then worth nothing. Always false where the processor
 * has no vectors for it. */
bool csv_decimals_doubles(const struct csv_window *window, size_t field, double *out);
bool csv_decimals_integers(const struct csv_window *window, size_t field, int64_t *out);

/* The nearest double of a decimal that is not CSV_DECIMAL_OTHER; false where it takes more than one operation. Both digits and power are doubles without error, so that IEEE division rounds once, to the nearest (W. D. Clinger, "How to read
 * floating point numbers accurately"). */
static inline bool csv_decimal_to_double(uint64_t digits, uint8_t form, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
                                    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19};
    double value = (double)(int64_t)digits / powers[form & CSV_DECIMAL_PLACES];
    *out = (form & CSV_DECIMAL_NEGATIVE) != 0 ? -value : value;
    return digits <= CSV_EXACT_INTEGERS;
}

#endif
