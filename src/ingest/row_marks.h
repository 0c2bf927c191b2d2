/* Which rows of a run break which rule: nothing where all are well, else one byte a row. One thread at a time; reused from block to
 * block. */
#ifndef INGEST_ROW_MARKS_H
#define INGEST_ROW_MARKS_H

#include "ingest/row_rules.h"

struct row_marks {
    uint8_t *rules; /* enum row_rule of each row, where n_marked > 0; once they are settled: 1 where it is dropped */
    size_t capacity;
    int64_t n_rows;
    int64_t n_marked;
};

/* No row of n_rows is marked. */
void row_marks_start(struct row_marks *marks, int64_t n_rows);
/* A rule that is marked already stays, unless the other is to be blamed first (row_rules.h). */
LAKE_MUST_CHECK lake_status row_marks_set(struct row_marks *marks, int64_t row, enum row_rule rule,
                                          struct lake_error *err);
/* Of settled marks: a byte for each row, or NULL where none is dropped. */
static inline const uint8_t *row_marks_drops(const struct row_marks *marks)
{
    return marks->n_marked > 0 ? marks->rules : NULL;
}
void row_marks_release(struct row_marks *marks);

#endif
