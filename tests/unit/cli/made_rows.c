#include "made_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "column/arrow.h"
#include "column/builder.h"

#define FIRST_MS INT64_C(1767225600000)

struct rows {
    struct rows_plan *plan;
    struct batch_builder *builder;
    struct schema *schema;
    size_t next;
    int64_t n_rows;
};

static void append_row(struct rows *rows)
{
    int64_t n = rows->n_rows++;
    char note[32];
    snprintf(note, sizeof note, "note, %d", (int)n);
    struct cell cells[] = {
        {.kind = CELL_INT64, .int64 = FIRST_MS + n * 60000},
        {.kind = CELL_INT64, .int64 = n},
        {.kind = CELL_DOUBLE, .number = (double)n / 4},
        {.kind = n % 3 == 1 ? CELL_NULL : CELL_TEXT, .text = note},
    };
    assert_int_equal(batch_builder_append_cells(rows->builder, cells, NULL), LAKE_OK);
}

static lake_status next(void *context, struct batch *out, struct lake_error *err)
{
    struct rows *rows = context;
    const struct rows_plan *plan = rows->plan;
    if (rows->next == plan->n_batches)
        return plan->fails == LAKE_OK ? LAKE_OK : lake_fail(err, plan->fails, "the rows are gone");
    for (int64_t i = 0; i < plan->batches[rows->next]; i++)
        append_row(rows);
    rows->next++;
    return batch_builder_take(rows->builder, out, err);
}

static void release(void *context)
{
    struct rows *rows = context;
    rows->plan->n_released++;
    batch_builder_free(rows->builder);
    schema_free(rows->schema);
    free(rows);
}

void rows_stream(struct rows_plan *plan, struct ArrowArrayStream *out)
{
    static const struct column_field fields[] = {
        {"ts", COLUMN_TIMESTAMP_MS, 0, false},
        {"n", COLUMN_INT64, 0, false},
        {"price", COLUMN_DOUBLE, 0, true},
        {"note", COLUMN_UTF8, 0, true},
    };
    struct rows *rows = calloc(1, sizeof *rows);
    assert_non_null(rows);
    rows->plan = plan;
    assert_int_equal(schema_new(fields, sizeof fields / sizeof *fields, &rows->schema, NULL), LAKE_OK);
    assert_int_equal(batch_builder_new(rows->schema, &rows->builder, NULL), LAKE_OK);
    struct batch_source source = {rows->schema, next, release, rows};
    assert_int_equal(arrow_export_stream(source, out, NULL), LAKE_OK);
}
