/* What the columns of CSV files are called: spellings people and venues use, and the column of the data type each one means.
 *
 * To add a spelling: add a row to the table in csv_names.c, without blanks and marks and in lower case, behind the better-known ones of
 * its column; tests/unit/ingest/test_csv_names.c fails where it stands twice. */
#ifndef INGEST_CSV_NAMES_H
#define INGEST_CSV_NAMES_H

#include "ingest/csv_text.h"

/* Columns that are understood and left out. */
#define CSV_CLOSE_TIME "close_time"
#define CSV_IGNORE "ignore"

/* The twelve columns of a Binance kline archive, which many have no header. */
enum { CSV_BINANCE_COLUMNS = 12 };
extern const char *const csv_binance_columns[CSV_BINANCE_COLUMNS];

struct csv_meaning {
    const char *column; /* NULL: not known */
    size_t rank;        /* where two columns of a file mean the same, the lower rank is taken */
};

/* Upper and lower case, blanks, '_', '-' and '.' make no difference. */
struct csv_meaning csv_meaning_of(struct csv_span name);

/* Whether both names are one but for what makes no difference. */
bool csv_is_same_name(struct csv_span a, struct csv_span b);

/* The next row of the table of spellings, for the test; NULL past the end. */
const char *csv_spelling_at(size_t index);

#endif
