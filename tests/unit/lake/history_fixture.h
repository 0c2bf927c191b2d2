/* What tests of history need beside lake_fixture.h: a clock that stands still, tables read as text, scans of the past.
 *
 *     struct clock clock = {.now_ms = DAY_2024};
 *     fixture_try_open(fixture, clock_io(&clock), NULL);
 *     clock.now_ms += MS_PER_HOUR; */
#ifndef TESTS_HISTORY_FIXTURE_H
#define TESTS_HISTORY_FIXTURE_H

#include "lake_fixture.h"

#include <datalake/history.h>

/* The system's files under a time that the test sets. Outlives the lake. */
struct clock {
    struct io_ops ops;
    int64_t now_ms;
};
struct io clock_io(struct clock *clock);

/* A new lake under that clock. */
struct fixture *fixture_new_at(struct clock *clock);

/* All rows of a stream (released here) as texts, in the order they came. */
struct table {
    size_t n_rows, n_columns, n_batches;
    char **names;
    char **cells; /* row after row */
};
struct table *table_read(struct ArrowArrayStream *stream);
void table_free(struct table *table);
/* Fails the test where there is no such column. */
const char *table_get(const struct table *table, size_t row, const char *column);

/* All 1m bars of a symbol as of a snapshot. `bars` has room for `room` of them. */
struct past {
    const char *symbol;
    int64_t as_of;
    int64_t start_ms, end_ms; /* 0, 0: all */
};
lake_status read_past(struct lake *lake, const struct past *past, struct bar *bars, size_t room, size_t *n,
                      struct lake_error *err);

/* Bytes of all regular files below a path of the fixture. */
int64_t count_bytes(const struct fixture *fixture, const char *below);

#endif
