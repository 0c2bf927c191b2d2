#include "trade_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "column/arrow.h"
#include "column/builder.h"
#include "io/sha256.h"

enum { MOST_COLUMNS = 6, TEXT_BYTES = 1 << 20 };

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error error_ = {LAKE_OK, ""};                                                                      \
        struct lake_error *err = &error_;                                                                              \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s", error_.message);                                                                            \
    } while (0)

static const struct column_field trade_fields[MOST_COLUMNS] = {
    {"ts", COLUMN_TIMESTAMP_US, 0, false}, {"id", COLUMN_UTF8, 0, true},   {"price", COLUMN_DOUBLE, 0, true},
    {"amount", COLUMN_DOUBLE, 0, true},    {"side", COLUMN_UTF8, 0, true}, {"note", COLUMN_UTF8, 0, true}};

static bool is_left_out(size_t column, enum trade_columns columns)
{
    const char *name = trade_fields[column].name;
    return (columns == TRADE_WITHOUT_ID && strcmp(name, "id") == 0) ||
           (columns == TRADE_WITHOUT_NOTE && strcmp(name, "note") == 0);
}

static struct cell cell_of(const struct trade *trade, size_t column)
{
    const double numbers[] = {trade->price, trade->amount};
    const char *const texts[] = {trade->id, trade->side, trade->note};
    if (column == 0)
        return (struct cell){.kind = CELL_INT64, .int64 = trade->ts};
    if (trade_fields[column].type == COLUMN_UTF8)
        return (struct cell){.kind = CELL_TEXT, .text = texts[column == 1 ? 0 : column - 3]};
    double number = numbers[column - 2];
    return (struct cell){.kind = isnan(number) ? CELL_NULL : CELL_DOUBLE, .number = number};
}

void make_trades(const struct trade *trades, size_t n, enum trade_columns columns, struct batch *out)
{
    struct column_field fields[MOST_COLUMNS];
    struct cell cells[MOST_COLUMNS];
    struct schema *schema = NULL;
    struct batch_builder *builder = NULL;
    size_t n_fields = 0;
    for (size_t i = 0; i < MOST_COLUMNS; i++)
        if (!is_left_out(i, columns))
            fields[n_fields++] = trade_fields[i];
    ASSERT_OK(schema_new(fields, n_fields, &schema, err));
    ASSERT_OK(batch_builder_new(schema, &builder, err));
    for (size_t row = 0; row < n; row++) {
        size_t k = 0;
        for (size_t i = 0; i < MOST_COLUMNS; i++)
            if (!is_left_out(i, columns))
                cells[k++] = cell_of(&trades[row], i);
        ASSERT_OK(batch_builder_append_cells(builder, cells, err));
    }
    ASSERT_OK(batch_builder_take(builder, out, err));
    batch_builder_free(builder);
    schema_free(schema);
}

/* ---- writing ---- */

struct lake_write *begin_trades(struct lake *lake, const char *type)
{
    struct lake_write *write = NULL;
    const struct lake_selection dataset = {"test", NULL, "btcusdt", type, NULL};
    ASSERT_OK(lake_write_begin(lake, &dataset, "ingest", &write, err));
    return write;
}

void append_trades(struct lake_write *write, const struct trade *trades, size_t n, enum trade_columns columns)
{
    struct batch batch = {0};
    make_trades(trades, n, columns, &batch);
    ASSERT_OK(lake_write_append(write, &batch, err));
    batch_release(&batch);
}

struct lake_write_result write_trades(struct lake *lake, const char *type, const struct trade *trades, size_t n,
                                      enum trade_columns columns)
{
    struct lake_write *write = begin_trades(lake, type);
    append_trades(write, trades, n, columns);
    return commit_write(write);
}

/* ---- reading ---- */

struct text {
    char bytes[TEXT_BYTES];
    size_t n;
};

static void put_value(struct text *text, const struct batch *batch, const char *name, int64_t row)
{
    int found = schema_find(batch->schema, name);
    const struct column *column = found < 0 ? NULL : &batch->columns[found];
    size_t room = sizeof text->bytes - text->n;
    int n = 0;
    if (column == NULL || !column_is_valid(column, row)) {
        n = snprintf(text->bytes + text->n, room, " -");
    } else if (batch->schema->fields[found].type == COLUMN_UTF8) {
        const char *bytes = column->values;
        n = snprintf(text->bytes + text->n, room, " %.*s", (int)(column->offsets[row + 1] - column->offsets[row]),
                     bytes == NULL ? "" : bytes + column->offsets[row]);
    } else {
        n = snprintf(text->bytes + text->n, room, " %.17g", ((const double *)column->values)[row]);
    }
    assert_true(n > 0 && (size_t)n < room);
    text->n += (size_t)n;
}

static void put_rows(struct text *text, const struct batch *batch)
{
    static const char *const names[] = {"id", "price", "amount", "side", "note"};
    const int64_t *ts = batch_values(batch, 0);
    assert_int_equal(batch->schema->fields[0].type, COLUMN_TIMESTAMP_US);
    for (int64_t row = 0; row < batch->n_rows; row++) {
        int n =
            snprintf(text->bytes + text->n, sizeof text->bytes - text->n, "%lld", (long long)(ts[row] - TRADE_DAY_US));
        text->n += (size_t)n;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            put_value(text, batch, names[i], row);
        assert_true(text->n + 1 < sizeof text->bytes);
        text->bytes[text->n++] = '\n';
    }
    text->bytes[text->n] = '\0';
}

const char *trades_text(const struct batch *batch)
{
    static struct text text;
    text.n = 0;
    text.bytes[0] = '\0';
    put_rows(&text, batch);
    return text.bytes;
}

static const char *scan_text(struct lake *lake, const struct lake_scan_options *options)
{
    static struct text text;
    struct lake_scan *scan = NULL;
    struct ArrowSchema exported = {0};
    struct ArrowArray array;
    struct schema *schema = NULL;
    struct batch batch = {0};
    int64_t n_rows = 0;
    text.n = 0;
    text.bytes[0] = '\0';
    ASSERT_OK(lake_scan_open(lake, options, &scan, err));
    ASSERT_OK(lake_scan_schema(scan, &exported, err));
    ASSERT_OK(arrow_import_schema(&exported, &schema, err));
    for (;;) {
        ASSERT_OK(lake_scan_next(scan, &array, err));
        if (array.release == NULL)
            break;
        ASSERT_OK(arrow_import_batch(schema, &array, &batch, err));
        put_rows(&text, &batch);
        n_rows += batch.n_rows;
        batch_release(&batch);
    }
    assert_int_equal(n_rows, lake_scan_rows(scan));
    exported.release(&exported);
    schema_free(schema);
    lake_scan_close(scan);
    return text.bytes;
}

const char *scan_trades(struct lake *lake, const char *type, int64_t start_ms, int64_t end_ms)
{
    const struct lake_scan_options options = {.size = sizeof options,
                                              .dataset = {"test", NULL, "btcusdt", type, NULL},
                                              .has_start = true,
                                              .has_end = true,
                                              .start_ms = start_ms,
                                              .end_ms = end_ms};
    return scan_text(lake, &options);
}

const char *scan_trades_at(struct lake *lake, int64_t as_of)
{
    const struct lake_scan_options options = {
        .size = sizeof options, .dataset = {"test", NULL, "btcusdt", "trades", NULL}, .as_of = as_of};
    return scan_text(lake, &options);
}

const char *trades_content(struct lake *lake)
{
    static char text[SHA256_TEXT_BYTES];
    const struct manifest_filter filter = {.type = "trades"};
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_dataset *datasets = NULL;
    struct manifest_content *contents = NULL;
    size_t n = 0;
    mutex_lock(lake->mutex);
    ASSERT_OK(manifest_find_datasets(lake->manifest, &filter, &arena, &datasets, &n, err));
    assert_int_equal(n, 1);
    ASSERT_OK(manifest_find_contents(lake->manifest, datasets[0].id, 0, 100000, &arena, &contents, &n, err));
    mutex_unlock(lake->mutex);
    assert_int_equal(n, 1);
    sha256_text(contents[0].sha256, text);
    arena_release(&arena);
    return text;
}
