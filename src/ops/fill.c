#include "ops/fill.h"

#include <string.h>

#include "base/calendar.h"
#include "base/memory.h"
#include "column/builder.h"

/* Rows that are put in are made in blocks of at most so many. */
enum { BLOCK_ROWS = 1024 };

/* What stands in a column of a row that is put in. */
enum value_rule {
    VALUE_NULL,
    VALUE_SAME,  /* as in the row before */
    VALUE_CLOSE, /* the close of the row before */
    VALUE_ZERO
};

struct column_rule {
    const char *name;
    enum value_rule previous, zero_volume; /* by policy; LAKE_FILL_NULL needs no rule */
};

/* A row that is put in is made of no bars, and none says how many there should have been: so it never looks like a complete bar, nor
 * like one that lacks source bars. To add a column: a row here; tests/unit/ops/test_fill.c compares the rules with a table
 * of its own. */
static const struct column_rule column_rules[] = {
    {"open", VALUE_SAME, VALUE_CLOSE},
    {"high", VALUE_SAME, VALUE_CLOSE},
    {"low", VALUE_SAME, VALUE_CLOSE},
    {"close", VALUE_SAME, VALUE_CLOSE},
    {"volume", VALUE_SAME, VALUE_ZERO},
    {"quote_volume", VALUE_SAME, VALUE_ZERO},
    {"trades", VALUE_SAME, VALUE_ZERO},
    {"taker_buy_volume", VALUE_SAME, VALUE_ZERO},
    {"taker_buy_quote_volume", VALUE_SAME, VALUE_ZERO},
    {"bars", VALUE_ZERO, VALUE_ZERO},
    {"bars_expected", VALUE_NULL, VALUE_NULL},
};

/* Of a source's own columns, and of vwap: a bar without volume has none. */
static const struct column_rule other_columns = {NULL, VALUE_SAME, VALUE_NULL};

struct block_column {
    enum value_rule rule;
    size_t source; /* the column of the row before that is taken */
};

struct filler {
    struct fill_options options;
    struct schema *schema;
    struct schema *block_schema; /* the columns of `schema` that are not null in rows that are put in; first the time */
    struct block_column *block_columns;
    struct batch_builder *rows; /* what comes out next */
    struct batch_builder *one;  /* for taking a row out of a batch */
    struct batch in;            /* rows from `at` on are still to come out */
    int64_t at;
    struct batch kept;          /* one row */
    const struct batch *before; /* the batch of the row before, &in or &kept; NULL: there is none */
    int64_t before_row;
    int64_t slot_ms; /* where the bar behind it would begin */
    int64_t after_ms;
    bool has_after, is_ended;
};

const char *const *fill_needs(enum lake_fill policy)
{
    static const char *const none[] = {NULL};
    static const char *const close[] = {"close", NULL};
    return policy == LAKE_FILL_ZERO_VOLUME ? close : none;
}

/* ---- making one ---- */

static enum value_rule rule_of(enum lake_fill policy, const char *name)
{
    const struct column_rule *rule = &other_columns;
    for (size_t i = 0; i < sizeof column_rules / sizeof *column_rules; i++)
        if (strcmp(column_rules[i].name, name) == 0)
            rule = &column_rules[i];
    if (policy == LAKE_FILL_NULL)
        return VALUE_NULL;
    return policy == LAKE_FILL_PREVIOUS ? rule->previous : rule->zero_volume;
}

/* A column that cannot take the close, being of another type, is null. */
static enum value_rule settle_rule(enum value_rule rule, const struct column_field *field,
                                   const struct column_field *close)
{
    bool is_alike = close != NULL && close->type == field->type;
    return rule == VALUE_CLOSE && !is_alike ? VALUE_NULL : rule;
}

static lake_status plan_block(struct filler *filler, struct lake_error *err)
{
    const struct schema *schema = filler->schema;
    int close = schema_find(schema, "close");
    struct column_field *fields = NULL;
    size_t n = 1;
    TRY(memory_new(schema->n_fields, sizeof *filler->block_columns, &filler->block_columns, err));
    TRY(memory_new(schema->n_fields, sizeof *fields, &fields, err));
    fields[0] = schema->fields[0];
    for (size_t i = 1; i < schema->n_fields; i++) {
        const struct column_field *field = &schema->fields[i];
        enum value_rule rule =
            settle_rule(rule_of(filler->options.policy, field->name), field, close < 0 ? NULL : &schema->fields[close]);
        if (rule == VALUE_NULL)
            continue;
        filler->block_columns[n] = (struct block_column){rule, rule == VALUE_CLOSE ? (size_t)close : i};
        fields[n++] = *field;
    }
    lake_status status = schema_new(fields, n, &filler->block_schema, err);
    memory_free(fields);
    return status;
}

static lake_status copy_schema(struct filler *filler, const struct schema *from, struct lake_error *err)
{
    struct column_field *fields = NULL;
    TRY(memory_new(from->n_fields, sizeof *fields, &fields, err));
    memcpy(fields, from->fields, from->n_fields * sizeof *fields);
    for (size_t i = 1; i < from->n_fields; i++)
        fields[i].nullable = true;
    lake_status status = schema_new(fields, from->n_fields, &filler->schema, err);
    memory_free(fields);
    return status;
}

static bool is_of_bars(const struct period *period)
{
    return period->length_ms > 0 || period->grain == GRAIN_YEAR;
}

static lake_status check(const struct fill_options *options, const struct schema *schema, struct lake_error *err)
{
    if (!is_of_bars(options->period))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "only gaps between bars can be filled, and '%s' is no period of bars", options->period->name);
    if (schema->n_fields == 0 || schema->fields[0].type != COLUMN_TIMESTAMP_MS)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "rows that begin with no time in milliseconds cannot be filled");
    for (const char *const *name = fill_needs(options->policy); *name != NULL; name++)
        if (schema_find(schema, *name) < 0)
            return lake_fail(err, LAKE_INVALID_ARGUMENT, "there is no column '%s', which filling needs", *name);
    return LAKE_OK;
}

lake_status filler_new(const struct fill_options *options, const struct schema *schema, struct filler **out,
                       struct lake_error *err)
{
    struct filler *filler = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(check(options, schema, err));
    TRY(memory_new(1, sizeof *filler, &filler, err));
    filler->options = *options;
    TRY_OUT(copy_schema(filler, schema, err));
    TRY_OUT(plan_block(filler, err));
    TRY_OUT(batch_builder_new(filler->schema, &filler->rows, err));
    TRY_OUT(batch_builder_new(filler->schema, &filler->one, err));
    *out = filler;
    filler = NULL;
out:
    filler_free(filler);
    return status;
}

void filler_free(struct filler *filler)
{
    if (filler == NULL)
        return;
    batch_release(&filler->in);
    batch_release(&filler->kept);
    batch_builder_free(filler->rows);
    batch_builder_free(filler->one);
    memory_free(filler->block_columns);
    schema_free(filler->block_schema);
    schema_free(filler->schema);
    memory_free(filler);
}

const struct schema *filler_schema(const struct filler *filler)
{
    return filler->schema;
}

/* ---- slots ---- */

static int64_t next_month(int64_t ts_ms)
{
    static const struct calendar_date last_date = {9999, 12, 1};
    int64_t day = calendar_day_of_ms(ts_ms), last = calendar_day_from_date(last_date);
    if (day >= last || day < calendar_day_from_date((struct calendar_date){1, 1, 1}))
        return INT64_MAX;
    int64_t behind_ms = ts_ms - calendar_month_start(day) * MS_PER_DAY;
    return calendar_month_next(day) * MS_PER_DAY + behind_ms;
}

/* Where the next bar begins; INT64_MAX behind the last time there is. */
static int64_t next_slot(const struct filler *filler, int64_t ts_ms)
{
    int64_t length = filler->options.period->length_ms;
    if (length == 0)
        return next_month(ts_ms);
    return ts_ms > INT64_MAX - length ? INT64_MAX : ts_ms + length;
}

/* Steps over the slots before the range; none of those that matter begins behind `until_ms`. */
static void enter_range(struct filler *filler, int64_t until_ms)
{
    int64_t start = filler->options.range.start_ms, length = filler->options.period->length_ms;
    if (filler->slot_ms >= start || filler->slot_ms >= until_ms)
        return;
    if (start >= until_ms) {
        filler->slot_ms = until_ms;
        return;
    }
    if (length > 0) {
        uint64_t n_steps = ((uint64_t)start - (uint64_t)filler->slot_ms - 1) / (uint64_t)length;
        filler->slot_ms += (int64_t)n_steps * length;
    }
    while (filler->slot_ms < start)
        filler->slot_ms = next_slot(filler, filler->slot_ms);
}

/* Bars that fit between the slot and an instant, in the range; at most so many. */
static int64_t count_missing(const struct filler *filler, int64_t until_ms, int64_t most)
{
    int64_t slot = filler->slot_ms, n = 0;
    for (; n < most && slot < filler->options.range.end_ms; n++) {
        int64_t end = next_slot(filler, slot);
        if (end > until_ms)
            break;
        slot = end;
    }
    return n;
}

/* ---- rows that are put in ---- */

static lake_status repeat_bytes(struct batch *block, size_t column, const struct column *from, int64_t row,
                                struct lake_error *err)
{
    size_t length = (size_t)(from->offsets[row + 1] - from->offsets[row]);
    size_t n_rows = (size_t)block->n_rows, n_bytes = 0;
    if (!size_multiply(length, n_rows, &n_bytes) || n_bytes > INT32_MAX)
        return lake_fail(err, LAKE_NO_MEMORY, "a text of %zu bytes is too long to be repeated in %zu rows", length,
                         n_rows);
    TRY(batch_add_bytes(block, column, n_bytes, err));
    struct column *to = &block->columns[column];
    for (size_t i = 0; i < n_rows; i++) {
        memcpy((uint8_t *)to->values + i * length, (const uint8_t *)from->values + from->offsets[row], length);
        to->offsets[i + 1] = (int32_t)((i + 1) * length);
    }
    return LAKE_OK;
}

static void repeat_fixed(struct batch *block, size_t column, const struct column *from, int64_t row)
{
    const struct column_field *field = &block->schema->fields[column];
    size_t width = column_type_width(field);
    uint8_t *to = batch_values(block, column);
    for (int64_t i = 0; i < block->n_rows; i++) {
        if (field->type == COLUMN_BOOL)
            bit_set(to, i, bit_get(from->values, row));
        else
            memcpy(to + (size_t)i * width, (const uint8_t *)from->values + (size_t)row * width, width);
    }
}

/* Of a type without bytes: a column of zeros, present or null. */
static void clear_values(struct batch *block, size_t column)
{
    const struct column_field *field = &block->schema->fields[column];
    size_t n = (size_t)block->n_rows;
    if (!column_type_has_offsets(field->type))
        memset(batch_values(block, column), 0, field->type == COLUMN_BOOL ? (n + 7) / 8 : n * column_type_width(field));
}

static lake_status make_nulls(struct batch *block, size_t column, struct lake_error *err)
{
    TRY(batch_add_validity(block, column, err));
    memset(block->columns[column].validity, 0, (size_t)(block->n_rows + 7) / 8);
    block->columns[column].null_count = block->n_rows;
    clear_values(block, column);
    if (column_type_has_offsets(block->schema->fields[column].type))
        return batch_add_bytes(block, column, 0, err);
    return LAKE_OK;
}

static lake_status make_column(const struct filler *filler, struct batch *block, size_t column, struct lake_error *err)
{
    const struct block_column *plan = &filler->block_columns[column];
    const struct column *from = &filler->before->columns[plan->source];
    if (plan->rule == VALUE_ZERO) {
        clear_values(block, column);
        return LAKE_OK;
    }
    if (!column_is_valid(from, filler->before_row))
        return make_nulls(block, column, err);
    if (from->offsets != NULL)
        return repeat_bytes(block, column, from, filler->before_row, err);
    repeat_fixed(block, column, from, filler->before_row);
    return LAKE_OK;
}

/* Appends n missing bars from the slot on. */
static lake_status append_block(struct filler *filler, int64_t n, struct lake_error *err)
{
    struct batch block = {0};
    lake_status status = LAKE_OK;
    TRY(batch_new(&block, filler->block_schema, n, err));
    for (size_t i = 1; i < filler->block_schema->n_fields; i++)
        TRY_OUT(make_column(filler, &block, i, err));
    int64_t *times = batch_values(&block, 0), slot = filler->slot_ms;
    for (int64_t i = 0; i < n; i++, slot = next_slot(filler, slot))
        times[i] = slot;
    TRY_OUT(batch_builder_append(filler->rows, &block, 0, n, err));
    filler->slot_ms = slot;
out:
    batch_release(&block);
    return status;
}

static int64_t room(const struct filler *filler)
{
    return filler->options.most_rows - batch_builder_rows(filler->rows);
}

/* As many of the bars missing between the row before and an instant as there is room for; *is_done: all of them. */
static lake_status add_missing(struct filler *filler, int64_t until_ms, bool *is_done, struct lake_error *err)
{
    *is_done = true;
    if (filler->before == NULL)
        return LAKE_OK;
    enter_range(filler, until_ms);
    while (room(filler) > 0) {
        int64_t n = count_missing(filler, until_ms, room(filler) < BLOCK_ROWS ? room(filler) : BLOCK_ROWS);
        if (n == 0)
            return LAKE_OK;
        TRY(append_block(filler, n, err));
    }
    *is_done = count_missing(filler, until_ms, 1) == 0;
    return LAKE_OK;
}

/* ---- rows that are there ---- */

static lake_status keep_row(struct filler *filler, const struct batch *batch, int64_t row, struct lake_error *err)
{
    struct batch kept = {0};
    TRY(batch_builder_append(filler->one, batch, row, 1, err));
    TRY(batch_builder_take(filler->one, &kept, err));
    batch_release(&filler->kept);
    batch_move(&filler->kept, &kept);
    filler->before = &filler->kept;
    filler->before_row = 0;
    return LAKE_OK;
}

/* Rows from `at` on with no bar missing between them, at most so many. */
static int64_t run_length(const struct filler *filler, int64_t most)
{
    const int64_t *times = batch_values(&filler->in, 0);
    int64_t end = filler->in.n_rows - filler->at < most ? filler->in.n_rows : filler->at + most;
    int64_t row = filler->at + 1;
    while (row < end && next_slot(filler, next_slot(filler, times[row - 1])) > times[row])
        row++;
    return row - filler->at;
}

static void step_over(struct filler *filler, int64_t n)
{
    const int64_t *times = batch_values(&filler->in, 0);
    filler->at += n;
    filler->before = &filler->in;
    filler->before_row = filler->at - 1;
    filler->slot_ms = next_slot(filler, times[filler->at - 1]);
}

static lake_status add_run(struct filler *filler, struct lake_error *err)
{
    int64_t n = run_length(filler, room(filler));
    TRY(batch_builder_append(filler->rows, &filler->in, filler->at, n, err));
    step_over(filler, n);
    return LAKE_OK;
}

/* A batch in which nothing is missing goes through as it is. */
static lake_status pass_whole(struct filler *filler, struct batch *out, struct lake_error *err)
{
    int64_t n = filler->in.n_rows;
    TRY(keep_row(filler, &filler->in, n - 1, err));
    step_over(filler, n);
    batch_move(out, &filler->in);
    filler->before = &filler->kept;
    filler->before_row = 0;
    filler->at = 0;
    return LAKE_OK;
}

static bool is_whole(const struct filler *filler)
{
    int64_t n = filler->in.n_rows;
    return filler->at == 0 && batch_builder_rows(filler->rows) == 0 && n <= filler->options.most_rows &&
           run_length(filler, n) == n;
}

static lake_status let_go(struct filler *filler, struct lake_error *err)
{
    if (filler->in.release == NULL)
        return LAKE_OK;
    if (filler->before == &filler->in)
        TRY(keep_row(filler, &filler->in, filler->before_row, err));
    batch_release(&filler->in);
    filler->at = 0;
    return LAKE_OK;
}

/* ---- the stream ---- */

lake_status filler_set_before(struct filler *filler, const struct batch *batch, int64_t row, struct lake_error *err)
{
    const int64_t *times = batch_values(batch, 0);
    TRY(keep_row(filler, batch, row, err));
    filler->slot_ms = next_slot(filler, times[row]);
    return LAKE_OK;
}

void filler_set_after(struct filler *filler, int64_t ts_ms)
{
    filler->has_after = true;
    filler->after_ms = ts_ms;
}

lake_status filler_add(struct filler *filler, struct batch *batch, struct lake_error *err)
{
    TRY(let_go(filler, err));
    batch_move(&filler->in, batch);
    return LAKE_OK;
}

void filler_end(struct filler *filler)
{
    filler->is_ended = true;
}

/* Moves what there is into `rows`, as far as there is room; or a whole batch out. */
static lake_status advance(struct filler *filler, struct batch *out, struct lake_error *err)
{
    bool is_done = true;
    while (filler->at < filler->in.n_rows && out->release == NULL && room(filler) > 0) {
        const int64_t *times = batch_values(&filler->in, 0);
        TRY(add_missing(filler, times[filler->at], &is_done, err));
        if (!is_done || room(filler) == 0)
            return LAKE_OK;
        TRY(is_whole(filler) ? pass_whole(filler, out, err) : add_run(filler, err));
    }
    if (filler->at == filler->in.n_rows && filler->is_ended && filler->has_after)
        TRY(add_missing(filler, filler->after_ms, &is_done, err));
    return LAKE_OK;
}

lake_status filler_next(struct filler *filler, struct batch *out, struct lake_error *err)
{
    memset(out, 0, sizeof *out);
    TRY(advance(filler, out, err));
    if (out->release != NULL || batch_builder_rows(filler->rows) == 0)
        return LAKE_OK;
    return batch_builder_take(filler->rows, out, err);
}
