/* Arrow streams made by hand, of tables that a program may have: right ones, and such as no producer should make.
 *
 *     const struct put_field fields[] = {{"ts", "tsm:UTC", ts}, {"open", "g", open}, …};
 *     struct put_table table = {.fields = fields, .n_fields = 2, .n_rows = 100, .batch_rows = 30};
 *     struct ArrowArrayStream stream = put_stream(&table);
 *     … lake_put(lake, &options, &stream, &result, &err) …
 *     assert_released(&table);               // everything that was handed out came back, and once
 *
 * Values stay the test's. One fixture's lake at a time (ingest_fixture.h). */
#ifndef TESTS_PUT_FIXTURE_H
#define TESTS_PUT_FIXTURE_H

#include <datalake/write.h>

#include "ingest_fixture.h"

enum { PUT_MOST_FIELDS = 24 };

struct put_field {
    const char *name, *format;
    const void *values; /* or the second buffer, whatever it is */
    const uint8_t *validity;
    const void *bytes;                  /* the third */
    const struct put_field *dictionary; /* its texts … */
    int64_t dictionary_length;          /* … so many */
    const void *buffers[6];             /* where values is NULL: all of them … */
    int64_t n_buffers;                  /* … so many; 0: by what is given; -1: none */
    int64_t null_count;                 /* 0: -1 where there is a validity */
    bool is_not_nullable;
};

struct put_table {
    const struct put_field *fields;
    size_t n_fields;
    int64_t n_rows, batch_rows; /* batch_rows 0: one batch */
    int64_t first;              /* offset of the table's first row in its buffers */
    int schema_error, error;    /* errno of get_schema, or of get_next at the batch … */
    int64_t error_at;
    int64_t length_lie;  /* added to the length of each batch, not to that of its columns */
    size_t n_children;   /* of each batch; 0: as many as fields */
    const char *message; /* of its errors; NULL: none */

    /* What happened. */
    int64_t next;
    int n_streams, n_schemas, n_arrays; /* not yet released */
    int64_t n_batches;
};

struct ArrowArrayStream put_stream(struct put_table *table);
void assert_released(const struct put_table *table);

/* Bars of 1m of TEST, BTC/USDT. */
struct lake_put_options put_options(void);
/* Puts the table; does not fail the test, unless something is not released. */
lake_status put_table(struct put_table *table, const struct lake_put_options *options, struct lake_put_result *result,
                      struct lake_error *err);
/* Fails the test unless the put succeeds. */
struct lake_put_result put_well(struct put_table *table, const struct lake_put_options *options);
/* Fails the test unless the put fails with this, leaving nothing. */
void put_badly(struct put_table *table, const struct lake_put_options *options, lake_status wanted,
               const char *message);

/* What the log says, as CSV; freed by the caller. */
char *log_text(void);
/* The same of where a bar came from. */
char *explained_bar(int64_t ts_ms);

/* n minutes of bars from minute `first` of 2024 on: fields ts, open, high, low, close, volume, which live until the next call. */
enum { BAR_FIELDS = 6 };
struct put_field *bar_fields(int64_t first, int64_t n);
struct put_table bar_table(int64_t first, int64_t n);

/* Such bars in a file that another lake made, put into a directory below this one's data root: its path, which lives until the next call. */
const char *stranger_file(const char *directory, int64_t first, int64_t n);

#endif
