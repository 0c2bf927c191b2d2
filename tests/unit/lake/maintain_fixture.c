#include "maintain_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FILES = 512 };

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error error_ = {LAKE_OK, ""};                                                                      \
        struct lake_error *err = &error_;                                                                              \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s", error_.message);                                                                            \
    } while (0)

/* ---- the clock ---- */

static const int64_t *test_clock; /* the operations' context is the system's, which has none */

static int64_t test_now_ms(void *context)
{
    (void)context;
    return *test_clock;
}

struct io clock_io(int64_t *now_ms)
{
    static struct io_ops ops;
    struct io io = io_system();
    ops = *io.ops;
    ops.now_ms = test_now_ms;
    test_clock = now_ms;
    io.ops = &ops;
    return io;
}

void clock_fixture_reopen(struct fixture *fixture, int64_t *now_ms)
{
    ASSERT_OK(fixture_try_open(fixture, clock_io(now_ms), err));
}

struct fixture *clock_fixture_new(int64_t *now_ms)
{
    struct fixture *fixture = fixture_new();
    clock_fixture_reopen(fixture, now_ms);
    return fixture;
}

/* ---- plans ---- */

static void copy_text(const struct ArrowArray *column, int64_t row, char *out, size_t n_out)
{
    const int32_t *offsets = column->buffers[1];
    const char *bytes = column->buffers[2];
    size_t n = (size_t)(offsets[row + 1] - offsets[row]);
    assert_true(n < n_out);
    memcpy(out, bytes + offsets[row], n);
    out[n] = '\0';
}

static int64_t get_number(const struct ArrowArray *column, int64_t row)
{
    const uint8_t *validity = column->buffers[0];
    const int64_t *values = column->buffers[1];
    return validity != NULL && !bit_get(validity, row) ? -1 : values[row];
}

static void read_plan(struct ArrowArrayStream *stream, struct plan *out)
{
    struct ArrowArray array;
    out->n = 0;
    for (;;) {
        assert_int_equal(stream->get_next(stream, &array), 0);
        if (array.release == NULL)
            break;
        assert_int_equal(array.n_children, 5);
        for (int64_t row = 0; row < array.length; row++) {
            assert_true(out->n < PLAN_ROWS);
            struct plan_row *to = &out->rows[out->n++];
            copy_text(array.children[0], row, to->task, sizeof to->task);
            copy_text(array.children[1], row, to->what, sizeof to->what);
            to->n_files = get_number(array.children[2], row);
            to->n_bytes = get_number(array.children[3], row);
            to->bytes_after = get_number(array.children[4], row);
        }
        array.release(&array);
    }
    stream->release(stream);
}

lake_status try_maintain(struct lake *lake, struct lake_maintain_options options, struct plan *out,
                         struct lake_error *err)
{
    struct ArrowArrayStream stream = {.release = NULL};
    options.size = sizeof options;
    *out = (struct plan){.result = {.size = sizeof out->result}};
    lake_status status = lake_maintain(lake, &options, &out->result, &stream, err);
    if (status == LAKE_OK)
        read_plan(&stream, out);
    return status;
}

const struct plan *maintain(struct lake *lake, struct lake_maintain_options options)
{
    static struct plan plan;
    ASSERT_OK(try_maintain(lake, options, &plan, err));
    return &plan;
}

static void assert_same_plan(const struct plan *a, const struct plan *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_string_equal(a->rows[i].task, b->rows[i].task);
        assert_string_equal(a->rows[i].what, b->rows[i].what);
        assert_int_equal(a->rows[i].n_files, b->rows[i].n_files);
        assert_int_equal(a->rows[i].n_bytes, b->rows[i].n_bytes);
    }
    assert_int_equal(a->result.files_compacted, b->result.files_compacted);
    assert_int_equal(a->result.files_made, b->result.files_made);
    assert_int_equal(a->result.bytes_compacted, b->result.bytes_compacted);
    assert_int_equal(a->result.files_expired, b->result.files_expired);
    assert_int_equal(a->result.bytes_expired, b->result.bytes_expired);
    assert_int_equal(a->result.operations_pruned, b->result.operations_pruned);
    assert_int_equal(a->result.orphans_removed, b->result.orphans_removed);
    assert_int_equal(a->result.orphan_bytes, b->result.orphan_bytes);
}

const struct plan *maintain_twice(struct lake *lake, struct lake_maintain_options options)
{
    static struct plan dry;
    int64_t before = 0, after = 0;
    options.dry_run = true;
    ASSERT_OK(manifest_snapshot(lake->manifest, &before, err));
    ASSERT_OK(try_maintain(lake, options, &dry, err));
    ASSERT_OK(manifest_snapshot(lake->manifest, &after, err));
    assert_int_equal(before, after);
    options.dry_run = false;
    const struct plan *done = maintain(lake, options);
    assert_same_plan(&dry, done);
    return done;
}

/* ---- rows ---- */

void write_days(struct lake *lake, const char *symbol, int first_day, int n_days)
{
    for (int day = first_day; day < first_day + n_days; day++)
        (void)write_bars(lake, symbol, bars_from(DAY_2024 + day * MS_PER_DAY, DAY_BARS), DAY_BARS);
}

void assert_days(struct lake *lake, const char *symbol, int first_day, int n_days, int left_out)
{
    size_t n = 0, at = 0;
    struct bar *bars =
        read_bars(lake, symbol, DAY_2024 + first_day * MS_PER_DAY, DAY_2024 + (first_day + n_days) * MS_PER_DAY, &n);
    for (int day = first_day; day < first_day + n_days; day++) {
        if (day == left_out)
            continue;
        assert_true(at + DAY_BARS <= n);
        assert_bars_equal(bars + at, bars_from(DAY_2024 + day * MS_PER_DAY, DAY_BARS), DAY_BARS);
        at += DAY_BARS;
    }
    assert_int_equal(at, n);
    free(bars);
}

/* ---- the manifest ---- */

static int64_t dataset_of(struct lake *lake, const char *symbol, struct arena *arena)
{
    struct manifest_filter filter = {.symbol = symbol};
    struct manifest_dataset *found = NULL;
    size_t n = 0;
    ASSERT_OK(manifest_find_datasets(lake->manifest, &filter, arena, &found, &n, err));
    assert_int_equal(n, 1);
    return found[0].id;
}

struct contents contents_of(struct lake *lake, const char *symbol)
{
    struct arena arena = ARENA_INIT(64 * MIB);
    struct contents out = {0, NULL};
    struct manifest_content *days = NULL;
    int64_t id = dataset_of(lake, symbol, &arena);
    ASSERT_OK(manifest_find_contents(lake->manifest, id, -1000000, 1000000, &arena, &days, &out.n, err));
    out.days = calloc(out.n + 1, sizeof *out.days);
    assert_non_null(out.days);
    if (out.n > 0)
        memcpy(out.days, days, out.n * sizeof *days);
    arena_release(&arena);
    return out;
}

void assert_same_contents(const struct contents *a, const struct contents *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        const struct manifest_content *x = &a->days[i], *y = &b->days[i];
        assert_int_equal(x->day, y->day);
        assert_int_equal(x->version, y->version);
        assert_int_equal(x->n_rows, y->n_rows);
        assert_int_equal(x->time_from_ms, y->time_from_ms);
        assert_int_equal(x->time_to_ms, y->time_to_ms);
        assert_int_equal(x->operation_id, y->operation_id);
        assert_int_equal(x->added, y->added);
        assert_memory_equal(x->sha256, y->sha256, SHA256_BYTES);
    }
}

const struct manifest_file *files_of(struct lake *lake, const char *symbol, size_t *n)
{
    static struct manifest_file files[MOST_FILES];
    static char paths[MOST_FILES][FIXTURE_PATH_BYTES];
    struct arena arena = ARENA_INIT(64 * MIB);
    struct manifest_file *found = NULL;
    int64_t snapshot = 0;
    int64_t id = dataset_of(lake, symbol, &arena);
    ASSERT_OK(manifest_find_files(lake->manifest, id, INT64_MIN, INT64_MAX, &arena, &found, n, &snapshot, err));
    assert_true(*n <= MOST_FILES);
    for (size_t i = 0; i < *n; i++) {
        files[i] = found[i];
        (void)snprintf(paths[i], sizeof paths[i], "%s", found[i].path);
        files[i].path = paths[i];
    }
    arena_release(&arena);
    return files;
}
