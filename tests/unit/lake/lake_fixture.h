/* A lake in a temporary directory, and bars to put into it.
 *
 * Every function fails the running test where the library reports an error, unless it says otherwise. */
#ifndef TESTS_LAKE_FIXTURE_H
#define TESTS_LAKE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "column/batch.h"
#include "lake/handle.h"
#include "lake/write.h"

#define DAY_2024 INT64_C(1704067200000) /* 2024-01-01 */

enum { FIXTURE_PATH_BYTES = 256 };

struct fixture {
    char root[FIXTURE_PATH_BYTES]; /* removed by fixture_free */
    struct lake *lake;
    uint32_t n_threads; /* of the lake at its next opening */
};

/* A bar in six columns; a NaN volume is a null. */
struct bar {
    int64_t ts;
    double open, high, low, close, volume;
};

struct fixture *fixture_new(void);
void fixture_free(struct fixture *fixture);
/* Closes the lake and opens it again, with the system's io or another. */
void fixture_reopen(struct fixture *fixture);
lake_status fixture_try_open(struct fixture *fixture, struct io io, struct lake_error *err);

/* The bar that belongs to a minute: any two differ in every column. */
struct bar bar_of(int64_t ts);
/* n consecutive minutes from `first`. The array lives until the next call. */
const struct bar *bars_from(int64_t first, size_t n);

void make_batch(const struct bar *bars, size_t n, struct batch *out);
struct lake_write *begin_write(struct lake *lake, const char *symbol, const char *period);
void append_bars(struct lake_write *write, const struct bar *bars, size_t n);
/* Stages what was appended so far. */
void settle_write(struct lake_write *write);
struct lake_write_result commit_write(struct lake_write *write); /* and frees it */
/* begin, append, commit */
struct lake_write_result write_bars(struct lake *lake, const char *symbol, const struct bar *bars, size_t n);

/* The rows of an array that a scan gave. */
void copy_bars(const struct ArrowArray *array, struct bar *to);
/* All 1m bars of a symbol in [start, end); the array is the caller's to free. */
struct bar *read_bars(struct lake *lake, const char *symbol, int64_t start, int64_t end, size_t *n);
void assert_bars_equal(const struct bar *a, const struct bar *b, size_t n);
/* Counts problems of lake_verify over the whole lake. */
int64_t count_problems(struct lake *lake);
int64_t count_files(struct lake *lake);
/* Regular files below a path of the fixture ("data", ".lake/staging"), hidden ones included; ending NULL: any. */
size_t count_paths(const struct fixture *fixture, const char *below, const char *ending);
/* Path of one live file, below the fixture's root. The text lives until the next call. */
const char *first_file(const struct fixture *fixture);

#endif
