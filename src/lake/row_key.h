/* The key of a row, and the order of rows that it gives (I8; docs/FORMAT.md, "Order").
 *
 * Rows are ordered by time, then by the type's other key columns. A row that lacks one of these comes after those that lack none,
 * and is ordered by the columns that the type names in their place; such rows are counted: equal ones are several rows, whose
 * key is their number among them, which is their place. Values are ordered by type: null first; texts of digits only by the number they write, then by
 * their bytes, before other texts, which are ordered by their bytes; numbers by value, doubles as IEEE 754 orders all of them (totalOrder).
 *
 * A row_key looks at a batch, which must outlive it. Columns that have another type than the type says count as absent. */
#ifndef LAKE_ROW_KEY_H
#define LAKE_ROW_KEY_H

#include "column/batch.h"
#include "column/data_type.h"

enum { ROW_KEY_COLUMNS = 4 }; /* behind the time */

struct row_key_column {
    const struct column *column; /* NULL: absent, all null */
    enum column_type type;
};

struct row_key {
    const int64_t *ts;
    struct row_key_column columns[ROW_KEY_COLUMNS];
    size_t n_columns;
    struct row_key_column others[ROW_KEY_COLUMNS]; /* of rows that lack one of `columns` */
    size_t n_others;
};

/* The batch's first column is the time. */
void row_key_init(struct row_key *key, const struct data_type *type, const struct batch *batch);
/* Whether the row lacks its key, so that it is counted. */
bool row_key_is_counted(const struct row_key *key, int64_t row);
/* Below, at or above 0; equal rows that are counted may still be two. */
int row_key_compare(const struct row_key *a, int64_t row_a, const struct row_key *b, int64_t row_b);
/* Whether a row may stand right after another in what is stored. */
bool row_key_follows(const struct row_key *a, int64_t row_a, const struct row_key *b, int64_t row_b);

#endif
