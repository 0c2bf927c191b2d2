/* What the columns of sources are called: spellings people and venues use, in several languages, and what each one
 * means.
 *
 * A meaning is a column of a data type ("volume"), or one that only sources have (those with '@'). Which of two
 * meanings a name has depends on the type: "price" is the close of a bar and the price of a trade.
 * To add a spelling: add a row to the table in csv_names.c, in lower case and without blanks and marks, behind the
 * better-known ones of its column; tests/unit/ingest/test_csv_names.c fails where it stands twice for one column. */
#ifndef INGEST_CSV_NAMES_H
#define INGEST_CSV_NAMES_H

#include "column/data_type.h"
#include "ingest/csv_text.h"

#define NAME_CLOSE_TIME "@close_time"
#define NAME_IGNORE "@ignore"
#define NAME_INDEX "@index" /* of the rows, where they count up */
#define NAME_SYMBOL "@symbol"
#define NAME_EXCHANGE "@exchange"
#define NAME_PERIOD "@period"
#define NAME_SIDE "@side"
#define NAME_MAKER "@maker"
#define NAME_VOLUME "@volume" /* base, quote or contracts: the values tell */

struct csv_meaning {
    const char *column; /* NULL: not known */
    size_t rank;        /* where two columns of a source mean the same, the lower rank is taken */
};

/* For sources of this type. Upper and lower case, blanks and marks make no difference; neither does what stands in
 * brackets behind a name, a number before it ("1. open") or a translation ("size/数量"). */
struct csv_meaning csv_meaning_of(struct csv_span name, const struct data_type *type);

/* Whether the name is a known one, of any type. */
bool csv_is_known_name(struct csv_span name);

/* "Volume BTC", "volume_(usd)", "btc volume": the asset that a volume is counted in; an empty span for others. */
struct csv_span csv_volume_asset(struct csv_span name);

/* Whether both names are one but for what makes no difference. */
bool csv_is_same_name(struct csv_span a, struct csv_span b);

/* The next row of the table of spellings, for the test; NULL past the end. */
const char *csv_spelling_at(size_t index, const char **column);

#endif
