#include <string.h>

#include "base/memory.h"
#include "bridge.h"
#include "column/arrow.h"
#include "column/builder.h"
#include "ingest/parquet_rows.h"

enum { PIECE_BYTES = 100003, MOST_ITEMS = 16, N_THREADS = 2 };

static lake_status read_member(struct source *source, bridge_piece piece, uint8_t *bytes, struct lake_error *err)
{
    size_t n = PIECE_BYTES;
    piece(source_place(source), source_name(source), NULL, 0);
    while (n == PIECE_BYTES) {
        TRY(source_read(source, bytes, PIECE_BYTES, &n, err));
        TRY(source_hash(source, err));
        piece(source_place(source), source_name(source), bytes, n);
    }
    return LAKE_OK;
}

static lake_status read_source(const char *path, bridge_piece piece, uint8_t *digest, struct lake_error *err)
{
    struct source *source = NULL;
    uint8_t *bytes = NULL;
    bool has_member = false;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(PIECE_BYTES, 1, &bytes, err));
    TRY_OUT(source_open(io_system(), path, &source, err));
    TRY_OUT(source_next_member(source, &has_member, err));
    while (has_member) {
        TRY_OUT(read_member(source, piece, bytes, err));
        TRY_OUT(source_next_member(source, &has_member, err));
    }
    TRY_OUT(source_finish(source, digest, err));
out:
    source_close(source);
    memory_free(bytes);
    return status;
}

int bridge_source_read(const char *path, bridge_piece piece, uint8_t digest[32], char *error, size_t n)
{
    struct lake_error err = {0};
    return bridge_answer(read_source(path, piece, digest, &err), &err, error, n);
}

/* ---- Parquet ---- */

/* All rows as one batch, given out once. */
struct rows {
    struct schema *schema;
    struct batch batch;
    bool is_given;
};

static lake_status rows_next(void *context, struct batch *out, struct lake_error *err)
{
    struct rows *rows = context;
    (void)err;
    if (!rows->is_given && rows->batch.n_rows > 0)
        batch_move(out, &rows->batch);
    rows->is_given = true;
    return LAKE_OK;
}

static void rows_free(void *context)
{
    struct rows *rows = context;
    batch_release(&rows->batch);
    schema_free(rows->schema);
    memory_free(rows);
}

static lake_status collect(struct row_source *from, struct batch *out, struct lake_error *err)
{
    struct batch_builder *builder = NULL;
    struct row_runs runs = {NULL, 0};
    lake_status status = LAKE_OK;
    TRY_OUT(batch_builder_new(from->schema, &builder, err));
    do {
        TRY_OUT(from->ops->next(from, &runs, err));
        for (size_t i = 0; i < runs.n_runs; i++)
            TRY_OUT(batch_builder_append(builder, runs.runs[i].batch, 0, runs.runs[i].batch->n_rows, err));
    } while (runs.n_runs > 0);
    TRY_OUT(batch_builder_take(builder, out, err));
out:
    batch_builder_free(builder);
    return status;
}

static lake_status split(const char *columns, char **copy, const char **items, size_t *n, struct lake_error *err)
{
    if (columns == NULL)
        return LAKE_OK;
    TRY(memory_copy_string(columns, copy, err));
    for (char *item = *copy; item != NULL && *n < MOST_ITEMS;) {
        char *comma = strchr(item, ',');
        items[(*n)++] = item;
        if (comma != NULL)
            *comma++ = '\0';
        item = comma;
    }
    return LAKE_OK;
}

static lake_status read_rows(const char *path, const char *columns, struct rows *rows, struct lake_error *err)
{
    struct csv_wishes wishes = {.type = NULL};
    const char *items[MOST_ITEMS];
    char *copy = NULL;
    struct source *source = NULL;
    struct pool *pool = NULL;
    struct row_source *from = NULL;
    bool has_member = false;
    lake_status status = LAKE_OK;
    TRY_OUT(split(columns, &copy, items, &wishes.columns.n_items, err));
    wishes.columns.items = items;
    TRY_OUT(pool_new(N_THREADS, &pool, err));
    TRY_OUT(source_open(io_system(), path, &source, err));
    TRY_OUT(source_next_member(source, &has_member, err));
    struct parquet_rows_options options = {.pool = pool, .source = source, .wishes = &wishes};
    TRY_OUT(parquet_rows_open(&options, &from, err));
    TRY_OUT(collect(from, &rows->batch, err));
out:
    if (from != NULL)
        from->ops->close(from);
    source_close(source);
    pool_free(pool);
    memory_free(copy);
    return status;
}

int bridge_parquet_rows(const char *path, const char *columns, struct ArrowArrayStream *out, char *error, size_t n)
{
    struct lake_error err = {0};
    struct rows *rows = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(1, sizeof *rows, &rows, &err));
    TRY_OUT(read_rows(path, columns, rows, &err));
    TRY_OUT(schema_new(rows->batch.schema->fields, rows->batch.schema->n_fields, &rows->schema, &err));
    struct batch_source source = {rows->schema, rows_next, rows_free, rows};
    rows = NULL;
    TRY_OUT(arrow_export_stream(source, out, &err));
out:
    if (rows != NULL)
        rows_free(rows);
    return bridge_answer(status, &err, error, n);
}
