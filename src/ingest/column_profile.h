/* What the sampled values of one field look like, counted once: what columns.h tells meanings by.
 * Immutable once made. */
#ifndef INGEST_COLUMN_PROFILE_H
#define INGEST_COLUMN_PROFILE_H

#include "base/arena.h"
#include "ingest/csv_text.h"
#include "ingest/csv_time_text.h"

struct column_profile {
    size_t n_values; /* that are not null */
    size_t n_numbers, n_whole, n_negative, n_zero;
    size_t n_padded;   /* numbers with zeros before them, "007" */
    size_t n_percent;  /* "0.01%" */
    size_t n_suffix;   /* "1.2K" */
    size_t n_currency; /* "$1.2" */
    size_t n_bools, n_sides;
    size_t n_kind[CSV_TIME_FLOATING + 1]; /* by enum csv_time_kind */
    size_t n_repeats;                     /* values that are the same text as that of the row before */
    bool is_sequence;                     /* whole numbers, each one more than that before */
    struct csv_span first;                /* value; data NULL where there is none */
    const double *numbers;                /* of each row; NAN where it has none */
};

/* Of the values samples[row * stride], row < n. */
LAKE_MUST_CHECK lake_status column_profile_make(const struct csv_span *samples, size_t n, size_t stride,
                                                struct arena *arena, struct column_profile *out,
                                                struct lake_error *err);

/* All values are numbers, and there is one. */
static inline bool column_profile_is_number(const struct column_profile *profile)
{
    return profile->n_values > 0 && profile->n_numbers == profile->n_values;
}

static inline bool column_profile_is_whole(const struct column_profile *profile)
{
    return profile->n_values > 0 && profile->n_whole == profile->n_values;
}

/* A number in common notation, with a sign of dollars before it or percent, K, M, B, T behind it. */
struct column_number {
    double value;
    bool is_whole, is_padded, is_percent, has_suffix, has_currency;
};
bool column_value_number(struct csv_span value, struct column_number *out);

#endif
