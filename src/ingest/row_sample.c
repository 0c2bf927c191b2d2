#include "ingest/row_sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lake/merge.h"
#include "lake/table_stream.h"

/* Of each batch more rows are taken than are shown, so that several of one key do not hide the next; and they are sorted out when
 * there are many. */
enum { TAKEN_ROWS = 16, MOST_ROWS = 4096 };

struct extreme {
    int64_t rows[TAKEN_ROWS];
    int64_t n;
};

void row_sample_release(struct row_sample *sample)
{
    schema_free(sample->schema);
    batch_builder_free(sample->rows);
    *sample = (struct row_sample){NULL, NULL};
}

/* ---- columns ---- */

static bool knows_all(const struct schema *known, const struct schema *schema)
{
    for (size_t i = 0; i < schema->n_fields; i++)
        if (schema_find(known, schema->fields[i].name) < 0)
            return false;
    return true;
}

static lake_status unite(const struct schema *known, const struct schema *schema, struct schema **out,
                         struct lake_error *err)
{
    struct column_field *fields = NULL;
    size_t n = known == NULL ? 0 : known->n_fields;
    TRY(memory_new(n + schema->n_fields, sizeof *fields, &fields, err));
    for (size_t i = 0; i < n; i++)
        fields[i] = known->fields[i];
    for (size_t i = 0; i < schema->n_fields; i++) {
        if (known != NULL && schema_find(known, schema->fields[i].name) >= 0)
            continue;
        fields[n] = schema->fields[i];
        fields[n++].nullable = i > 0;
    }
    lake_status status = schema_new(fields, n, out, err);
    memory_free(fields);
    return status;
}

/* A builder of the united columns takes the place of the one there is, with its rows. */
static lake_status widen(struct row_sample *sample, const struct schema *schema, struct lake_error *err)
{
    struct schema *united = NULL;
    struct batch_builder *builder = NULL;
    struct batch rows = {0};
    lake_status status = LAKE_OK;
    TRY_OUT(unite(sample->schema, schema, &united, err));
    TRY_OUT(batch_builder_new(united, &builder, err));
    if (sample->rows != NULL) {
        TRY_OUT(batch_builder_take(sample->rows, &rows, err));
        TRY_OUT(batch_builder_append(builder, &rows, 0, rows.n_rows, err));
    }
    row_sample_release(sample);
    *sample = (struct row_sample){united, builder};
    united = NULL;
    builder = NULL;
out:
    batch_release(&rows);
    batch_builder_free(builder);
    schema_free(united);
    return status;
}

/* ---- rows ---- */

/* Keeps the rows whose times come first (or, by a sign of -1, last), in source order among equal ones. */
static void find_extreme(const int64_t *ts, int64_t n_rows, int64_t sign, struct extreme *out)
{
    out->n = 0;
    for (int64_t row = 0; row < n_rows; row++) {
        int64_t at = out->n;
        while (at > 0 && sign * ts[row] < sign * ts[out->rows[at - 1]])
            at--;
        if (at == TAKEN_ROWS)
            continue;
        out->n += out->n < TAKEN_ROWS;
        memmove(out->rows + at + 1, out->rows + at, (size_t)(out->n - 1 - at) * sizeof *out->rows);
        out->rows[at] = row;
    }
}

static int compare_rows(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static lake_status append_rows(struct row_sample *sample, const struct batch *batch, struct lake_error *err)
{
    struct extreme first, last;
    int64_t rows[2 * TAKEN_ROWS];
    size_t n = 0;
    find_extreme(batch_values(batch, 0), batch->n_rows, 1, &first);
    find_extreme(batch_values(batch, 0), batch->n_rows, -1, &last);
    for (int64_t i = 0; i < first.n; i++)
        rows[n++] = first.rows[i];
    for (int64_t i = 0; i < last.n; i++)
        rows[n++] = last.rows[i];
    qsort(rows, n, sizeof *rows, compare_rows);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || rows[i] != rows[i - 1])
            TRY(batch_builder_append(sample->rows, batch, rows[i], 1, err));
    return LAKE_OK;
}

/* Merges the rows of one key, and keeps `kept` at each end. */
static lake_status reduce(struct row_sample *sample, const struct data_type *type, int64_t kept, struct lake_error *err)
{
    struct batch rows = {0}, sorted = {0};
    lake_status status = LAKE_OK;
    TRY_OUT(batch_builder_take(sample->rows, &rows, err));
    TRY_OUT(merge_sort(type, &rows, &sorted, err));
    int64_t first = sorted.n_rows < 2 * kept ? sorted.n_rows : kept;
    TRY_OUT(batch_builder_append(sample->rows, &sorted, 0, first, err));
    if (first < sorted.n_rows)
        TRY_OUT(batch_builder_append(sample->rows, &sorted, sorted.n_rows - kept, kept, err));
out:
    batch_release(&rows);
    batch_release(&sorted);
    return status;
}

lake_status row_sample_add(struct row_sample *sample, const struct data_type *type, const struct batch *batch,
                           struct lake_error *err)
{
    if (batch->n_rows == 0)
        return LAKE_OK;
    if (sample->schema == NULL || !knows_all(sample->schema, batch->schema))
        TRY(widen(sample, batch->schema, err));
    TRY(append_rows(sample, batch, err));
    return batch_builder_rows(sample->rows) > MOST_ROWS ? reduce(sample, type, TAKEN_ROWS, err) : LAKE_OK;
}

lake_status row_sample_take(struct row_sample *sample, const struct data_type *type, struct ArrowArrayStream *out,
                            struct lake_error *err)
{
    if (sample->rows == NULL)
        return LAKE_OK;
    TRY(reduce(sample, type, SAMPLE_ROWS, err));
    return table_stream(sample->rows, out, err);
}
