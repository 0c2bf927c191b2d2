#include "gap_fixture.h"

#include <stdlib.h>
#include <string.h>

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error failure_ = {LAKE_OK, ""};                                                                    \
        struct lake_error *err = &failure_;                                                                            \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s: %s", #call, failure_.message);                                                               \
    } while (0)

/* ---- columns of a batch ---- */

static const struct ArrowArray *column_of(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                                          const char *name)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        if (strcmp(schema->children[i]->name, name) == 0)
            return batch->children[i];
    fail_msg("there is no column %s", name);
    return NULL;
}

static bool is_null(const struct ArrowArray *column, int64_t row)
{
    return column->buffers[0] != NULL && !bit_get(column->buffers[0], row);
}

static int64_t number(const struct ArrowSchema *schema, const struct ArrowArray *batch, const char *name, int64_t row)
{
    const struct ArrowArray *column = column_of(schema, batch, name);
    return is_null(column, row) ? -1 : ((const int64_t *)column->buffers[1])[row];
}

static void text(const struct ArrowSchema *schema, const struct ArrowArray *batch, const char *name, int64_t row,
                 char out[TOLD_TEXT_BYTES])
{
    const struct ArrowArray *column = column_of(schema, batch, name);
    const int32_t *offsets = column->buffers[1];
    const char *bytes = column->buffers[2];
    int32_t length = is_null(column, row) ? 0 : offsets[row + 1] - offsets[row];
    assert_in_range(length, 0, TOLD_TEXT_BYTES - 1);
    if (length > 0)
        memcpy(out, bytes + offsets[row], (size_t)length);
    out[length] = '\0';
}

/* ---- streams ---- */

typedef void (*take_row)(void *to, const struct ArrowSchema *schema, const struct ArrowArray *batch, int64_t row);

static size_t take_rows(struct ArrowArrayStream *stream, take_row take, void *to, size_t size)
{
    struct ArrowSchema schema;
    struct ArrowArray batch = {0};
    size_t n = 0;
    assert_int_equal(stream->get_schema(stream, &schema), 0);
    for (;;) {
        assert_int_equal(stream->get_next(stream, &batch), 0);
        if (batch.release == NULL)
            break;
        for (int64_t row = 0; row < batch.length; row++) {
            assert_true(n < MOST_TOLD);
            take((char *)to + n++ * size, &schema, &batch, row);
        }
        batch.release(&batch);
    }
    schema.release(&schema);
    stream->release(stream);
    return n;
}

static void take_gap(void *to, const struct ArrowSchema *schema, const struct ArrowArray *batch, int64_t row)
{
    struct told_gap *gap = to;
    gap->start_ms = number(schema, batch, "start", row);
    gap->end_ms = number(schema, batch, "end", row);
    gap->n_bars = number(schema, batch, "bars", row);
    gap->operation = number(schema, batch, "operation", row);
    text(schema, batch, "reason", row, gap->reason);
    text(schema, batch, "answer", row, gap->answer);
}

static void take_month(void *to, const struct ArrowSchema *schema, const struct ArrowArray *batch, int64_t row)
{
    struct told_month *month = to;
    month->month_ms = number(schema, batch, "month", row);
    month->expected = number(schema, batch, "expected", row);
    month->present = number(schema, batch, "present", row);
    month->n_gaps = number(schema, batch, "gaps", row);
    text(schema, batch, "reasons", row, month->reasons);
}

/* ---- lists ---- */

const struct told_gaps *list_gaps(struct lake *lake, struct lake_gaps_options options)
{
    static struct told_gaps told;
    struct ArrowArrayStream stream = {0};
    options.size = sizeof options;
    told.result = (struct lake_gaps_result){.size = sizeof told.result};
    ASSERT_OK(lake_list_gaps(lake, &options, &told.result, &stream, err));
    told.n = take_rows(&stream, take_gap, told.gaps, sizeof *told.gaps);
    return &told;
}

lake_status try_list_gaps(struct lake *lake, struct lake_gaps_options options, struct lake_error *err)
{
    struct lake_gaps_result result = {.size = sizeof result};
    struct ArrowArrayStream stream = {0};
    options.size = sizeof options;
    lake_status status = lake_list_gaps(lake, &options, &result, &stream, err);
    if (status == LAKE_OK)
        stream.release(&stream);
    return status;
}

void assert_gap(const struct told_gap *gap, int64_t start_ms, int64_t n_bars, const char *reason)
{
    assert_int_equal(gap->start_ms, start_ms);
    assert_int_equal(gap->n_bars, n_bars);
    assert_string_equal(gap->reason, reason);
}

const struct told_months *list_coverage(struct lake *lake, struct lake_gaps_options options)
{
    static struct told_months told;
    struct ArrowArrayStream stream = {0};
    options.size = sizeof options;
    ASSERT_OK(lake_list_coverage(lake, &options, &stream, err));
    told.n = take_rows(&stream, take_month, told.months, sizeof *told.months);
    return &told;
}

void write_times(struct lake *lake, const char *symbol, const char *period, const int64_t *times, size_t n)
{
    struct lake_write *write = begin_write(lake, symbol, period);
    struct bar *bars = calloc(n, sizeof *bars);
    assert_non_null(bars);
    for (size_t i = 0; i < n; i++)
        bars[i] = bar_of(times[i]);
    append_bars(write, bars, n);
    (void)commit_write(write);
    free(bars);
}
