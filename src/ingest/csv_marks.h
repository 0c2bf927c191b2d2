/* The marks in numbers: which stands before the decimals and which between thousands.
 *
 * "1,234.5" and "1.234,5" say it themselves, and so do "0,5" and "1,234,567"; "1,234" does not, and where a file has
 * no other number it is not guessed. */
#ifndef INGEST_CSV_MARKS_H
#define INGEST_CSV_MARKS_H

#include "base/arena.h"
#include "ingest/csv_text.h"

struct csv_marks {
    char decimal;            /* '.' or ',' */
    char thousands;          /* ',' '.' ' ' '\'' or 0: none */
    bool is_ambiguous;       /* the values can be read both ways */
    bool has_commas;         /* a value has one */
    struct csv_span example; /* of what is ambiguous or decided */
};

/* Of n values; decimal: the one that is wanted, or 0. */
struct csv_marks csv_marks_tell(const struct csv_span *values, size_t n, char decimal);

/* Rewrites the numbers among the values that have other marks than a decimal point. */
LAKE_MUST_CHECK lake_status csv_marks_remove(const struct csv_marks *marks, struct csv_span *values, size_t n,
                                             struct arena *arena, struct lake_error *err);

#endif
