/* Reading sources, packed and not, while calls of the system and allocations fail, each in turn: an error, nothing leaked, no file left open. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "column/builder.h"
#include "fault/fault_io.h"
#include "fault/fault_memory.h"
#include "ingest/parquet_rows.h"
#include "io/file.h"
#include "io/tree.h"
#include "parquet/writer.h"
#include "unit/base/check.h"
#include "unit/ingest/packed_bytes.h"

enum { PATH_BYTES = 256, TEXT_BYTES = 256, N_ROWS = 15, FILE_BYTES = 1 << 20 };

#define BYTES(array) (array), sizeof(array) - 1

static char root[PATH_BYTES];
static struct pool *pool;

static const struct packed {
    const char *name;
    const char *bytes;
    size_t n;
    const char *text; /* of all members */
} packed[] = {
    {"text.csv", BYTES(PACKED_TEXT), PACKED_TEXT},
    {"text.csv.gz", BYTES(gzip_text), PACKED_TEXT},
    {"text.csv.zst", BYTES(zstd_text), PACKED_TEXT},
    {"text.zip", BYTES(zip_members), PACKED_TEXT PACKED_TEXT PACKED_TEXT PACKED_TEXT "ten\n"},
};
enum { N_PACKED = sizeof packed / sizeof packed[0] };

static void at_root(const char *name, char path[PATH_BYTES])
{
    assert_in_range(snprintf(path, PATH_BYTES, "%s/%s", root, name), 1, PATH_BYTES - 1);
}

static void write_file(const char *name, const void *bytes, size_t n)
{
    struct lake_error err;
    struct file_writer writer = {0};
    char path[PATH_BYTES];
    at_root(name, path);
    lake_ok(file_writer_open(&writer, io_system(), path, &err));
    lake_ok(file_writer_append(&writer, bytes, n, &err));
    lake_ok(file_writer_close(&writer, false, &err));
}

/* So few that a piece of them is not made smaller. Trades: the time is text, some rows lack a side, and every third one is wrong. */
static void make_trades(struct batch *out)
{
    static const struct column_field fields[] = {
        {"time", COLUMN_UTF8, 0, false},     {"price", COLUMN_DOUBLE, 0, false}, {"qty", COLUMN_DOUBLE, 0, false},
        {"trade_id", COLUMN_INT64, 0, true}, {"side", COLUMN_UTF8, 0, true},
    };
    struct lake_error err;
    struct schema *schema = NULL;
    struct batch_builder *builder = NULL;
    lake_ok(schema_new(fields, 5, &schema, &err));
    lake_ok(batch_builder_new(schema, &builder, &err));
    for (int64_t row = 0; row < N_ROWS; row++) {
        struct cell cells[] = {{.kind = CELL_TEXT, .text = row % 3 == 2 ? "then" : "2024-01-01 09:30:00.5"},
                               {.kind = CELL_DOUBLE, .number = 1.5},
                               {.kind = CELL_DOUBLE, .number = (double)row},
                               {.kind = CELL_INT64, .int64 = row},
                               {.kind = row % 5 == 0 ? CELL_NULL : CELL_TEXT, .text = "buy"}};
        lake_ok(batch_builder_append_cells(builder, cells, &err));
    }
    lake_ok(batch_builder_take(builder, out, &err));
    batch_builder_free(builder);
    schema_free(schema);
}

static void write_parquet(void)
{
    struct lake_error err;
    struct buffer bytes = BUFFER_INIT(FILE_BYTES);
    struct parquet_writer_options options = {.page_rows = 10};
    struct parquet_writer *writer = NULL;
    struct batch batch = {0};
    make_trades(&batch);
    lake_ok(parquet_writer_new(&writer, &err));
    lake_ok(parquet_writer_begin(writer, batch.schema, &options, parquet_sink_buffer(&bytes), &err));
    lake_ok(parquet_writer_append(writer, &batch, 0, batch.n_rows, &err));
    lake_ok(parquet_writer_finish(writer, &err));
    write_file("trades.parquet", bytes.data, bytes.length);
    parquet_writer_free(writer);
    batch_release(&batch);
    buffer_release(&bytes);
}

static int set_up(void **state)
{
    struct lake_error err;
    const char *base = getenv("TMPDIR");
    (void)state;
    (void)snprintf(root, sizeof root, "%s/source_faults_%ld", base != NULL ? base : "/tmp", (long)getpid());
    lake_ok(file_make_directories(io_system(), root, NULL, &err));
    lake_ok(pool_new(1, &pool, &err));
    for (size_t i = 0; i < N_PACKED; i++)
        write_file(packed[i].name, packed[i].bytes, packed[i].n);
    write_parquet();
    return 0;
}

static int tear_down(void **state)
{
    struct lake_error err;
    (void)state;
    pool_free(pool);
    lake_ok(tree_remove(io_system(), root, &err));
    return 0;
}

static lake_status read_members(struct source *source, char text[TEXT_BYTES], size_t *n, struct lake_error *err)
{
    bool has_member = false;
    TRY(source_next_member(source, &has_member, err));
    while (has_member) {
        size_t n_read = 0;
        TRY(source_read(source, text + *n, TEXT_BYTES - *n, &n_read, err));
        TRY(source_hash(source, err));
        *n += n_read;
        TRY(source_next_member(source, &has_member, err));
    }
    return LAKE_OK;
}

static lake_status read_packed(const struct packed *from, struct io io, struct lake_error *err)
{
    struct source *source = NULL;
    struct source_mark mark;
    uint8_t digest[SHA256_BYTES];
    char path[PATH_BYTES], text[TEXT_BYTES];
    size_t n = 0;
    lake_status status = LAKE_OK;
    at_root(from->name, path);
    TRY_OUT(source_open(io, path, &source, err));
    TRY_OUT(read_members(source, text, &n, err));
    TRY_OUT(source_get_mark(source, &mark, err));
    TRY_OUT(source_finish(source, digest, err));
    if (n != strlen(from->text) || memcmp(text, from->text, n) != 0 || mark.n_bytes != (int64_t)from->n ||
        memcmp(mark.digest, digest, sizeof digest) != 0)
        status = lake_fail(err, LAKE_INTERNAL, "%s gave something else", from->name);
out:
    source_close(source);
    return status;
}

static lake_status read_all(void *context, struct io io, struct lake_error *err)
{
    (void)context;
    for (size_t i = 0; i < N_PACKED; i++)
        TRY(read_packed(&packed[i], io, err));
    return LAKE_OK;
}

static lake_status read_parquet(void *context, struct io io, struct lake_error *err)
{
    struct csv_wishes wishes = {.type = NULL};
    struct source *source = NULL;
    struct row_source *rows = NULL;
    struct row_runs runs = {NULL, 0};
    char path[PATH_BYTES];
    bool has_member = false;
    uint8_t digest[SHA256_BYTES];
    lake_status status = LAKE_OK;
    (void)context;
    at_root("trades.parquet", path);
    TRY_OUT(source_open(io, path, &source, err));
    TRY_OUT(source_next_member(source, &has_member, err));
    struct parquet_rows_options options = {.pool = pool, .source = source, .wishes = &wishes, .wants_rejects = true};
    TRY_OUT(parquet_rows_open(&options, &rows, err));
    TRY_OUT(rows->ops->next(rows, &runs, err));
    if (runs.n_runs != 1 || runs.runs[0].batch->n_rows != N_ROWS / 3 * 2 || runs.runs[0].n_rejects != N_ROWS / 3)
        TRY_OUT(lake_fail(err, LAKE_INTERNAL, "other rows came"));
    TRY_OUT(source_finish(source, digest, err));
out:
    if (rows != NULL)
        rows->ops->close(rows);
    source_close(source);
    return status;
}

static lake_status expand_all(void *context, struct io io, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_SOURCE_LISTING_BYTES);
    char pattern[PATH_BYTES];
    const char *given[] = {pattern};
    const char *const *paths = NULL;
    size_t n = 0;
    (void)context;
    at_root("**/*.csv*", pattern);
    lake_status status = source_expand(io, given, 1, &arena, &paths, &n, err);
    if (status == LAKE_OK && n != N_PACKED - 1)
        status = lake_fail(err, LAKE_INTERNAL, "%zu paths", n);
    arena_release(&arena);
    return status;
}

static void test_every_call_may_fail(void **state)
{
    struct io_sweep sweep = {.work = read_all, .tolerated = "close"};
    (void)state;
    assert_true(sweep_io(&sweep) > 30);
    sweep = (struct io_sweep){.work = expand_all};
    assert_true(sweep_io(&sweep) > 10);
    sweep = (struct io_sweep){.work = read_parquet, .tolerated = "close"};
    assert_true(sweep_io(&sweep) > 10);
}

static lake_status read_all_system(void *context, struct lake_error *err)
{
    TRY(read_all(context, io_system(), err));
    TRY(read_parquet(context, io_system(), err));
    return expand_all(context, io_system(), err);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    assert_true(sweep_memory(read_all_system, NULL) > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call_may_fail),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
