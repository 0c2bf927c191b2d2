/* A manifest in a directory of its own, and short ways to fill it. */
#ifndef TESTS_UNIT_MANIFEST_FIXTURE_H
#define TESTS_UNIT_MANIFEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "manifest/manifest.h"
#include "manifest/sqlite.h"

#define DAY_MS INT64_C(86400000)

struct fixture {
    char directory[64];
    char path[96]; /* directory/manifest.db */
    struct manifest *manifest;
    struct arena arena;
    struct lake_error err;
};

/* cmocka's set-up and tear-down: *state is the fixture, with a new manifest open and readable by every user. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* The same with the directory alone: nothing at path yet. */
int fixture_setup_empty(void **state);

/* Fails the test with the error's message unless the status is the one expected. */
void expect_status(struct fixture *f, lake_status expected, lake_status status);
#define must(f, call) expect_status((f), LAKE_OK, (call))

void fixture_reopen(struct fixture *f, enum manifest_mode mode);
int64_t fixture_dataset(struct fixture *f, const char *symbol, const char *period);
/* Begins a write with an operation finished at `finished_ms`; gives the operation and its snapshot. */
struct write {
    int64_t operation, snapshot;
};
struct write fixture_begin(struct fixture *f, int64_t finished_ms);
void fixture_commit(struct fixture *f);
/* A file of n_days from `day` on with n_rows rows, filled in and not yet added. */
struct manifest_file fixture_file(int64_t dataset_id, struct write write, int64_t day, int64_t n_days,
                                  const char *path);
struct manifest_content fixture_content(int64_t dataset_id, struct write write, int64_t day, int seed);
/* Retires a file, 5 of whose rows do not live on, to a path (NULL: without bytes). */
lake_status retire(struct fixture *f, int64_t file_id, int64_t snapshot, const char *state_path);

/* The first column of the first row of a query over the fixture's database, by a connection of its own. */
int64_t query_int64(struct fixture *f, const char *sql);
/* Runs SQL over a database by a connection of its own. */
void run_sql(struct fixture *f, const char *path, const char *sql);
void write_bytes(const char *path, const void *bytes, size_t n);
int64_t file_bytes(const char *path); /* -1: there is none */

#endif
