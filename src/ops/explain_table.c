/* The table that lake_explain gives. */
#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "lake/table_stream.h"
#include "ops/explain.h"

static const struct column_field step_fields[] = {
    {"depth", COLUMN_INT64, 0, false},
    {"step", COLUMN_UTF8, 0, false},
    {"dataset", COLUMN_UTF8, 0, false},
    {"what", COLUMN_UTF8, 0, false},
    {"ts", COLUMN_TIMESTAMP_MS, 0, true},
    {"path", COLUMN_UTF8, 0, true},
    {"version", COLUMN_INT64, 0, true},
    {"snapshot", COLUMN_INT64, 0, true},
    {"committed", COLUMN_TIMESTAMP_MS, 0, true},
    {"sha256", COLUMN_UTF8, 0, true},
    {"line_from", COLUMN_INT64, 0, true},
    {"line_to", COLUMN_INT64, 0, true},
    {"detail", COLUMN_UTF8, 0, true},
};
enum { N_FIELDS = sizeof step_fields / sizeof *step_fields };

lake_status explain_begin(struct explain *explain, struct lake *lake, struct lake_error *err)
{
    struct schema *schema = NULL;
    *explain = (struct explain){.lake = lake};
    arena_init(&explain->arena, LIMIT_ENGINE_BYTES);
    TRY(schema_new(step_fields, N_FIELDS, &schema, err));
    lake_status status = batch_builder_new(schema, &explain->table, err);
    schema_free(schema);
    return status;
}

void explain_release(struct explain *explain)
{
    batch_builder_free(explain->table);
    arena_release(&explain->arena);
    explain->table = NULL;
}

static struct cell known(int64_t value)
{
    return value == 0 ? cell_null() : cell_int64(value);
}

static struct cell given(const int64_t *value)
{
    return value == NULL ? cell_null() : cell_int64(*value);
}

lake_status explain_tell(struct explain *explain, const struct explain_step *step, struct lake_error *err)
{
    char sha256[SHA256_TEXT_BYTES];
    if (step->sha256 != NULL)
        sha256_text(step->sha256, sha256);
    const struct cell cells[N_FIELDS] = {
        cell_int64(step->depth),   cell_text(step->step),
        cell_text(step->dataset),  cell_text(step->what),
        given(step->ts_ms),        cell_text(step->path),
        known(step->version),      known(step->snapshot),
        given(step->committed_ms), cell_text(step->sha256 == NULL ? NULL : sha256),
        known(step->line_from),    known(step->line_to),
        cell_text(step->detail),
    };
    return batch_builder_append_cells(explain->table, cells, err);
}

lake_status explain_text(struct explain *explain, const char **out, struct lake_error *err, const char *format, ...)
{
    char *text = NULL;
    va_list values;
    va_start(values, format);
    int length = vsnprintf(NULL, 0, format, values);
    va_end(values);
    if (length < 0)
        return lake_fail(err, LAKE_INTERNAL, "a text cannot be made");
    size_t n_bytes = (size_t)length + 1;
    TRY(arena_new(&explain->arena, n_bytes, 1, &text, err));
    va_start(values, format);
    (void)vsnprintf(text, n_bytes, format, values);
    va_end(values);
    *out = text;
    return LAKE_OK;
}

lake_status explain_name(struct explain *explain, const struct manifest_dataset *dataset, const char **out,
                         struct lake_error *err)
{
    return explain_text(explain, out, err, "%s %s %s %s %s", dataset->exchange, dataset->market, dataset->symbol,
                        dataset->type, dataset->period);
}
