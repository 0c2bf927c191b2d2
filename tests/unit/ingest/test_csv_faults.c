/* Reading a CSV file while allocations and calls of the system fail, each in turn: an error, nothing leaked, no file left open. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fault/fault_io.h"
#include "fault/fault_memory.h"
#include "ingest/csv_reader.h"
#include "io/file.h"
#include "unit/base/check.h"

enum {
    N_ROWS = 3000,
    /* the last is put aside */ PATH_BYTES = 256,
    TEXT_BYTES = 256 << 10,
    BLOCK_BYTES = 16 << 10,
    REJECT_EVERY = 100
};

static const struct data_type *raw;
static struct pool *pool;
static char path[PATH_BYTES];

/* Enough rows for the columns to grow, with nulls, other columns and several blocks. */
static int set_up(void **state)
{
    (void)state;
    char *text = malloc(TEXT_BYTES);
    const char *base = getenv("TMPDIR");
    struct lake_error err = {0};
    struct file_writer writer = {0};
    int length = snprintf(text, TEXT_BYTES, "ts,note,open,high,low,close,volume\n");
    for (int64_t i = 0; i < N_ROWS; i++)
        length += snprintf(text + length, TEXT_BYTES - (size_t)length,
                           "%" PRId64 ",\"B,\"\"C\"\"\",1,2,%s,%s,%" PRId64 "\n", INT64_C(1680307200) + 60 * i,
                           i % REJECT_EVERY == REJECT_EVERY - 1 ? "x" : "0.5", i % 3 == 0 ? "" : "1.5", i);
    (void)snprintf(path, sizeof path, "%s/csv_faults_%ld.csv", base != NULL ? base : "/tmp", (long)getpid());
    bool ok = data_type_find("raw", &raw, &err) == LAKE_OK && pool_new(2, &pool, &err) == LAKE_OK &&
              file_writer_open(&writer, io_system(), path, &err) == LAKE_OK &&
              file_writer_append(&writer, text, (size_t)length, &err) == LAKE_OK &&
              file_writer_close(&writer, false, &err) == LAKE_OK;
    file_writer_release(&writer);
    free(text);
    return ok ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    struct lake_error err = {0};
    pool_free(pool);
    return file_remove(io_system(), path, &err) == LAKE_OK ? 0 : -1;
}

static lake_status check_volume(const struct row_run *run, int64_t *n_rows, struct lake_error *err)
{
    const double *volume = batch_values(run->batch, 5);
    for (int64_t row = 0; row < run->batch->n_rows; row++) {
        *n_rows += *n_rows % REJECT_EVERY == REJECT_EVERY - 1; /* one that was put aside */
        if (volume[row] != (double)(*n_rows)++)
            return lake_fail(err, LAKE_INTERNAL, "row %" PRId64 " has another volume", *n_rows - 1);
    }
    return LAKE_OK;
}

static lake_status check_runs(struct row_source *rows, const struct row_runs *runs, int64_t *n_rows,
                              struct lake_error *err)
{
    struct buffer text = BUFFER_INIT(PATH_BYTES);
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < runs->n_runs; i++) {
        TRY_OUT(check_volume(&runs->runs[i], n_rows, err));
        if (runs->runs[i].batch->n_rows > 0)
            TRY_OUT(rows->ops->text(rows, i, 0, &text, err));
    }
out:
    buffer_release(&text);
    return status;
}

static lake_status read_rows(struct row_source *rows, struct lake_error *err)
{
    struct row_runs runs;
    int64_t n_rows = 0;
    do {
        TRY(rows->ops->next(rows, &runs, err));
        TRY(check_runs(rows, &runs, &n_rows, err));
    } while (runs.n_runs > 0);
    return n_rows == N_ROWS - 1 ? LAKE_OK : lake_fail(err, LAKE_INTERNAL, "%" PRId64 " rows were read", n_rows);
}

static lake_status read_bars(void *context, struct io io, struct lake_error *err)
{
    static const char *const items[] = {"note:text"};
    struct csv_wishes wishes = {.type = raw, .columns = {.items = items, .n_items = 1}};
    struct csv_reader_options options = {
        .pool = pool, .wishes = &wishes, .wants_rejects = true, .block_bytes = BLOCK_BYTES};
    struct row_source *rows = NULL;
    uint8_t digest[SHA256_BYTES];
    bool has_member = false;
    lake_status status = LAKE_OK;
    (void)context;
    TRY(source_open(io, path, &options.source, err));
    TRY_OUT(source_next_member(options.source, &has_member, err));
    TRY_OUT(csv_reader_open(&options, &rows, err));
    TRY_OUT(read_rows(rows, err));
    TRY_OUT(source_finish(options.source, digest, err));
out:
    if (rows != NULL)
        rows->ops->close(rows);
    source_close(options.source);
    return status;
}

static lake_status read_bars_from_system(void *context, struct lake_error *err)
{
    return read_bars(context, io_system(), err);
}

static void test_allocations_fail(void **state)
{
    (void)state;
    assert_true(sweep_memory(read_bars_from_system, NULL) > 30);
}

static void test_calls_fail(void **state)
{
    (void)state;
    struct io_sweep sweep = {.work = read_bars, .tolerated = "close"};
    assert_true(sweep_io(&sweep) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_allocations_fail), cmocka_unit_test(test_calls_fail)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
