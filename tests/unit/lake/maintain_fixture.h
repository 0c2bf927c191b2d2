/* A lake whose clock the test sets, and maintenance run on it with its plan read back.
 *
 * Every function fails the running test where the library reports an error, unless it says otherwise. */
#ifndef TESTS_MAINTAIN_FIXTURE_H
#define TESTS_MAINTAIN_FIXTURE_H

#include "lake_fixture.h"

/* The system's io, but that the time is *now_ms. */
struct io clock_io(int64_t *now_ms);
/* A lake under that clock. */
struct fixture *clock_fixture_new(int64_t *now_ms);
void clock_fixture_reopen(struct fixture *fixture, int64_t *now_ms);

enum { PLAN_ROWS = 256, PLAN_TEXT_BYTES = 512 };

struct plan_row {
    char task[16], what[PLAN_TEXT_BYTES];
    int64_t n_files, n_bytes;
    int64_t bytes_after; /* -1: null */
};

struct plan {
    struct lake_maintain_result result;
    size_t n;
    struct plan_row rows[PLAN_ROWS];
};

/* options->size is filled in. */
lake_status try_maintain(struct lake *lake, struct lake_maintain_options options, struct plan *out,
                         struct lake_error *err);
/* The plan lives until the next call. */
const struct plan *maintain(struct lake *lake, struct lake_maintain_options options);
/* First without, then with a dry run's leave to change anything: both have the same plan, and the dry run changed nothing that the
 * second then did not find. Returns the second. */
const struct plan *maintain_twice(struct lake *lake, struct lake_maintain_options options);

/* 60 bars of a day, that many days after 2024-01-01, in one commit a day. */
enum { DAY_BARS = 60 };
void write_days(struct lake *lake, const char *symbol, int first_day, int n_days);
/* All bars of a symbol are those of the first n_days days but the one left out (-1: none). */
void assert_days(struct lake *lake, const char *symbol, int first_day, int n_days, int left_out);

/* The live contents of the only dataset of a symbol, for comparing before and after; memory is the caller's to free. */
struct contents {
    size_t n;
    struct manifest_content *days;
};
struct contents contents_of(struct lake *lake, const char *symbol);
void assert_same_contents(const struct contents *a, const struct contents *b);
/* The live files of a symbol, by time. The array lives until the next call; paths are in static memory too. */
const struct manifest_file *files_of(struct lake *lake, const char *symbol, size_t *n);

#endif
