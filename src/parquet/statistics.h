/* What the values of a page, or of a column chunk, lie between, and how many are null or NaN.
 *
 * The rules are parquet.thrift's for TypeDefinedOrder: integers and timestamps in signed order, texts and fixed-width bytes
 * in unsigned order of their bytes, NaN never in a bound, a bound of zero -0.0 below and +0.0 above. Texts longer than
 * STATISTICS_BOUND_BYTES are cut: the lower bound to a prefix, the upper one to a prefix whose last character is raised;
 * of UTF-8 both stay UTF-8. Cut bounds are marked as not exact. */
#ifndef PARQUET_STATISTICS_H
#define PARQUET_STATISTICS_H

#include "parquet/thrift_writer.h"
#include "parquet/values.h"

enum { STATISTICS_BOUND_BYTES = 64 };

struct bound {
    uint8_t n;
    bool exact;
    uint8_t bytes[STATISTICS_BOUND_BYTES];
};

enum range_kind {
    RANGE_EMPTY,  /* no value, or only NaN */
    RANGE_KNOWN,  /* min and max hold */
    RANGE_UNKNOWN /* there are values that no bound can be given for */
};

struct statistics {
    enum parquet_physical physical;
    enum range_kind range;
    struct bound min;
    struct bound max;
    int64_t n_values; /* present */
    int64_t null_count;
    int64_t nan_count; /* 0 but for floats */
};

/* Of values [first, first + n). The null count is the caller's to fill in. */
struct statistics statistics_of(const struct values *values, int64_t first, int64_t n);
/* Adds those of a further page; `into` begins as those of the first. */
void statistics_add(struct statistics *into, const struct statistics *page);
/* Below 0, 0 or above 0, in the column's order. */
int bound_compare(enum parquet_physical physical, const struct bound *a, const struct bound *b);
bool statistics_has_nan_count(const struct statistics *statistics);
/* As a struct Statistics of parquet.thrift in field `id`. */
void statistics_write(const struct statistics *statistics, struct thrift_writer *out, int32_t id);

#endif
