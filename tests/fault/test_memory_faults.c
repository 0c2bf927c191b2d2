/* Every allocation of base, io and column fails in turn: an error each time, no leak (run under ASan), and the same work done
 * well afterwards. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/thread.h"
#include "column/arrow.h"
#include "column/builder.h"
#include "column/format.h"
#include "fault/fault_memory.h"
#include "fault/same_batch.h"
#include "io/file.h"
#include "io/sha256.h"
#include "unit/column/rows.h"

enum { N_ROWS = 150 };

static lake_status wrong(struct lake_error *err, const char *what)
{
    return lake_fail(err, LAKE_INTERNAL, "%s is wrong", what);
}

/* ---- base ---- */

static lake_status use_base(void *context, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(MIB);
    struct buffer buffer = BUFFER_INIT(MIB);
    char *copy = NULL, *aligned = NULL;
    const char *text = NULL, *kept = NULL;
    int64_t *numbers = NULL;
    lake_status status = LAKE_OK;
    (void)context;
    TRY_OUT(memory_copy_string("copy", &copy, err));
    TRY_OUT(memory_resize(&copy, 5000, 1, err));
    TRY_OUT(memory_new_aligned(4 * MIB, &aligned, err));
    TRY_OUT(arena_new(&arena, 20000, sizeof *numbers, &numbers, err));
    TRY_OUT(arena_copy_text(&arena, copy, 4, &kept, err));
    for (int i = 0; i < 1000; i++)
        TRY_OUT(buffer_printf(&buffer, err, "%d,", i));
    TRY_OUT(buffer_string(&buffer, &text, err));
    if (strcmp(kept, "copy") != 0 || numbers[19999] != 0 || strlen(text) != 3890)
        status = wrong(err, "what was allocated");
out:
    arena_release(&arena);
    buffer_release(&buffer);
    memory_free(copy);
    memory_free(aligned);
    return status;
}

static lake_status add_index(void *context, size_t index, size_t worker, struct lake_error *err)
{
    int *sums = context;
    (void)err;
    sums[worker] += (int)index;
    return LAKE_OK;
}

static lake_status use_threads(void *context, struct lake_error *err)
{
    struct pool *pool = NULL;
    struct mutex *mutex = NULL;
    int sums[3] = {0};
    lake_status status = LAKE_OK;
    (void)context;
    TRY_OUT(pool_new(3, &pool, err));
    TRY_OUT(mutex_new(&mutex, err));
    TRY_OUT(pool_run(pool, 100, add_index, sums, err));
    if (sums[0] + sums[1] + sums[2] != 4950)
        status = wrong(err, "the sum");
out:
    mutex_free(mutex);
    pool_free(pool);
    return status;
}

/* ---- io ---- */

static lake_status use_files(void *context, struct lake_error *err)
{
    struct file_writer writer = {0};
    struct buffer bytes = BUFFER_INIT(1000);
    struct sha256 *hash = NULL;
    char *path = NULL, *parent = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(path_join(context, "file", &path, err));
    TRY_OUT(path_parent(path, &parent, err));
    TRY_OUT(file_make_directories(io_system(), parent, NULL, err));
    TRY_OUT(sha256_new(&hash, err));
    TRY_OUT(file_writer_open(&writer, io_system(), path, err));
    TRY_OUT(file_writer_append(&writer, "bytes", 5, err));
    TRY_OUT(file_writer_close(&writer, true, err));
    TRY_OUT(file_read_all(io_system(), path, 1000, &bytes, err));
    if (bytes.length != 5 || memcmp(bytes.data, "bytes", 5) != 0)
        status = wrong(err, path);
out:
    file_writer_release(&writer);
    if (path != NULL)
        unlink(path);
    rmdir(context);
    buffer_release(&bytes);
    sha256_free(hash);
    memory_free(path);
    memory_free(parent);
    return status;
}

/* ---- column ---- */

/* The source is made before anything fails. */
static lake_status build(const struct batch *source, struct batch *out, struct lake_error *err)
{
    struct batch_builder *builder = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(batch_builder_new(source->schema, &builder, err));
    TRY_OUT(batch_builder_append(builder, source, 0, 10, err));
    TRY_OUT(batch_builder_append(builder, source, 10, 60, err));
    TRY_OUT(batch_builder_append(builder, source, 70, source->n_rows - 70, err));
    TRY_OUT(batch_builder_take(builder, out, err));
out:
    batch_builder_free(builder);
    return status;
}

static lake_status use_builder(void *context, struct lake_error *err)
{
    struct batch built = {0};
    TRY(build(context, &built, err));
    lake_status status = same_batch(context, &built) ? LAKE_OK : wrong(err, "the batch");
    batch_release(&built);
    return status;
}

/* A failed append leaves the rows before it: the builder is used on after the failure. */
static lake_status use_builder_on(void *context, struct lake_error *err)
{
    const struct batch *source = context;
    struct batch_builder *builder = NULL;
    struct batch built = {0};
    int64_t n_failed = 0;
    lake_status status = LAKE_OK, first = LAKE_OK;
    TRY_OUT(batch_builder_new(source->schema, &builder, err));
    for (int64_t row = 0; row < source->n_rows && n_failed < 3;) {
        status = batch_builder_append(builder, source, row, 10, err);
        n_failed += status != LAKE_OK;
        first = first == LAKE_OK ? status : first;
        row += status == LAKE_OK ? 10 : 0;
    }
    TRY_OUT(status);
    TRY_OUT(batch_builder_take(builder, &built, err));
    status = same_batch(source, &built) ? first : wrong(err, "the batch");
out:
    batch_release(&built);
    batch_builder_free(builder);
    return status;
}

static lake_status use_cells(void *context, struct lake_error *err)
{
    static const struct column_field fields[] = {{"name", COLUMN_UTF8, 0, true}, {"n", COLUMN_INT64, 0, true}};
    const struct schema schema = {2, (struct column_field *)(uintptr_t)fields};
    struct batch_builder *builder = NULL;
    struct batch built = {0};
    lake_status status = LAKE_OK;
    (void)context;
    TRY_OUT(batch_builder_new(&schema, &builder, err));
    for (int64_t i = 0; i < 200; i++) {
        struct cell cells[] = {{.kind = CELL_TEXT, .text = "abcdefgh"},
                               {.kind = i % 2 ? CELL_NULL : CELL_INT64, .int64 = i}};
        TRY_OUT(batch_builder_append_cells(builder, cells, err));
    }
    TRY_OUT(batch_builder_take(builder, &built, err));
    if (built.n_rows != 200 || built.columns[1].null_count != 100 || built.columns[0].offsets[200] != 1600)
        status = wrong(err, "the table");
out:
    batch_release(&built);
    batch_builder_free(builder);
    return status;
}

static lake_status use_arrow(void *context, struct lake_error *err)
{
    struct batch built = {0}, back = {0};
    struct ArrowSchema arrow_schema = {.release = NULL};
    struct ArrowArray array = {.release = NULL};
    struct schema *schema = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(build(context, &built, err));
    TRY_OUT(arrow_export_schema(built.schema, &arrow_schema, err));
    TRY_OUT(arrow_export_batch(&built, &array, err));
    TRY_OUT(arrow_import_schema(&arrow_schema, &schema, err));
    TRY_OUT(arrow_import_batch(schema, &array, &back, err));
    if (!same_batch(context, &back))
        status = wrong(err, "the batch");
out:
    batch_release(&built);
    batch_release(&back);
    schema_free(schema);
    if (arrow_schema.release != NULL)
        arrow_schema.release(&arrow_schema);
    if (array.release != NULL)
        array.release(&array);
    return status;
}

struct two_batches {
    const struct batch *source;
    int n_given;
    bool is_released;
};

static lake_status next_batch(void *context, struct batch *out, struct lake_error *err)
{
    struct two_batches *batches = context;
    if (batches->n_given++ == 2)
        return LAKE_OK;
    return build(batches->source, out, err);
}

static void release_batches(void *context)
{
    struct two_batches *batches = context;
    batches->is_released = true;
}

/* The stream's errors are errno and a text; this makes them ours again. */
static lake_status stream_error(struct ArrowArrayStream *stream, int code, struct lake_error *err)
{
    const char *message = stream->get_last_error(stream);
    if (message == NULL || message[0] == '\0')
        return wrong(err, "get_last_error");
    return lake_fail(err, code == ENOMEM ? LAKE_NO_MEMORY : LAKE_INTERNAL, "%s", message);
}

static lake_status drain(struct ArrowArrayStream *stream, int64_t *n_rows, struct lake_error *err)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    int code = stream->get_schema(stream, &schema);
    if (code != 0)
        return stream_error(stream, code, err);
    schema.release(&schema);
    for (*n_rows = 0;; *n_rows += array.length, array.release(&array)) {
        code = stream->get_next(stream, &array);
        if (code != 0)
            return stream_error(stream, code, err);
        if (array.release == NULL)
            return LAKE_OK;
    }
}

static lake_status use_stream(void *context, struct lake_error *err)
{
    struct two_batches batches = {context, 0, false};
    struct batch_source source = {batches.source->schema, next_batch, release_batches, &batches};
    struct ArrowArrayStream stream;
    int64_t n_rows = 0;
    lake_status status = arrow_export_stream(source, &stream, err);
    if (status == LAKE_OK) {
        status = drain(&stream, &n_rows, err);
        stream.release(&stream);
    }
    if (!batches.is_released || (status == LAKE_OK && n_rows != 2 * N_ROWS))
        return wrong(err, "the stream");
    return status;
}

static lake_status use_text(void *context, struct lake_error *err)
{
    const struct batch *source = context;
    struct buffer csv = BUFFER_INIT(MIB), json = BUFFER_INIT(MIB);
    size_t n_lines = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(format_csv_header(source->schema, &csv, err));
    TRY_OUT(format_csv_rows(source, 0, source->n_rows, TIME_TEXT_ISO, &csv, err));
    TRY_OUT(format_json_rows(source, 0, source->n_rows, TIME_TEXT_NUMBER, "\n", false, &json, err));
    for (size_t i = 0; i < csv.length; i++)
        n_lines += csv.data[i] == '\n';
    for (size_t i = 0; i < json.length; i++)
        n_lines += json.data[i] == '\n';
    if (n_lines != 1 + 2 * N_ROWS)
        status = wrong(err, "the text");
out:
    buffer_release(&csv);
    buffer_release(&json);
    return status;
}

/* ---- tests ---- */

static int make_source(void **state)
{
    struct batch *source = calloc(1, sizeof *source);
    if (source == NULL)
        return -1;
    rows_make(source, 0, N_ROWS);
    *state = source;
    return 0;
}

static int free_source(void **state)
{
    batch_release(*state);
    free(*state);
    return 0;
}

/* The least numbers of points make sure that the sweeps sweep. */
static void test_base(void **state)
{
    assert_true(sweep_memory(use_base, *state) >= 2 * 6);
}

static void test_threads(void **state)
{
    assert_true(sweep_memory(use_threads, *state) >= 2 * 3);
}

static void test_files(void **state)
{
    char directory[] = "/tmp/lake-fault-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_true(sweep_memory(use_files, directory) >= 2 * 5);
}

static void test_builder(void **state)
{
    assert_true(sweep_memory(use_builder, *state) >= 2 * 30);
    assert_true(sweep_memory(use_builder_on, *state) >= 2 * 30);
    assert_true(sweep_memory(use_cells, *state) >= 2 * 10);
}

static void test_arrow(void **state)
{
    assert_true(sweep_memory(use_arrow, *state) >= 2 * 35);
    assert_true(sweep_memory(use_stream, *state) >= 2 * 60);
}

static void test_text(void **state)
{
    assert_true(sweep_memory(use_text, *state) >= 2 * 4);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, make_source, free_source)
    const struct CMUnitTest tests[] = {
        T(test_base), T(test_threads), T(test_files), T(test_builder), T(test_arrow), T(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
