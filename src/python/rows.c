#include "rows.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

struct rows {
    atomic_size_t n_users;
    struct ArrowSchema schema;
    struct ArrowArray *chunks;
    size_t n_chunks, n_room;
    int64_t length;
};

struct rows *rows_new(struct ArrowSchema *schema)
{
    struct rows *rows = calloc(1, sizeof *rows);
    if (rows == NULL) {
        schema->release(schema);
        return NULL;
    }
    atomic_init(&rows->n_users, 1);
    rows->schema = *schema;
    schema->release = NULL;
    return rows;
}

bool rows_add(struct rows *rows, struct ArrowArray *chunk)
{
    if (rows->n_chunks == rows->n_room) {
        size_t n_room = rows->n_room == 0 ? 4 : rows->n_room * 2;
        struct ArrowArray *grown =
            n_room <= SIZE_MAX / sizeof *grown ? realloc(rows->chunks, n_room * sizeof *grown) : NULL;
        if (grown == NULL) {
            chunk->release(chunk);
            return false;
        }
        rows->chunks = grown;
        rows->n_room = n_room;
    }
    rows->chunks[rows->n_chunks++] = *chunk;
    rows->length += chunk->length;
    chunk->release = NULL;
    return true;
}

struct rows *rows_take(struct rows *rows)
{
    atomic_fetch_add_explicit(&rows->n_users, 1, memory_order_relaxed);
    return rows;
}

void rows_drop(struct rows *rows)
{
    if (rows == NULL || atomic_fetch_sub_explicit(&rows->n_users, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < rows->n_chunks; i++)
        rows->chunks[i].release(&rows->chunks[i]);
    free(rows->chunks);
    rows->schema.release(&rows->schema);
    free(rows);
}

const struct ArrowSchema *rows_schema(const struct rows *rows)
{
    return &rows->schema;
}

size_t rows_n_columns(const struct rows *rows)
{
    return (size_t)rows->schema.n_children;
}

size_t rows_n_chunks(const struct rows *rows)
{
    return rows->n_chunks;
}

const struct ArrowArray *rows_chunk(const struct rows *rows, size_t index)
{
    return &rows->chunks[index];
}

int64_t rows_length(const struct rows *rows)
{
    return rows->length;
}

/* ---- schemas ---- */

/* What an exported parent owns: its children and the pointers to them. */
struct schema_children {
    struct rows *rows;
    struct ArrowSchema **pointers;
    struct ArrowSchema children[];
};

static void release_child_schema(struct ArrowSchema *child)
{
    rows_drop(child->private_data);
    child->release = NULL;
}

static void release_schema(struct ArrowSchema *schema)
{
    struct schema_children *owned = schema->private_data;
    for (int64_t i = 0; i < schema->n_children; i++)
        if (owned->children[i].release != NULL)
            owned->children[i].release(&owned->children[i]);
    rows_drop(owned->rows);
    free(owned->pointers);
    free(owned);
    schema->release = NULL;
}

bool rows_export_schema(struct rows *rows, struct ArrowSchema *out)
{
    size_t n = rows_n_columns(rows);
    struct schema_children *owned = malloc(sizeof *owned + n * sizeof *owned->children);
    struct ArrowSchema **pointers = owned != NULL ? malloc((n + 1) * sizeof *pointers) : NULL;
    if (pointers == NULL) {
        free(owned);
        return false;
    }
    owned->rows = rows_take(rows);
    owned->pointers = pointers;
    for (size_t i = 0; i < n; i++) {
        pointers[i] = &owned->children[i];
        *pointers[i] = *rows->schema.children[i];
        pointers[i]->release = release_child_schema;
        pointers[i]->private_data = rows_take(rows);
    }
    *out = rows->schema;
    out->children = pointers;
    out->release = release_schema;
    out->private_data = owned;
    return true;
}

/* ---- chunks ---- */

struct array_children {
    struct rows *rows;
    struct ArrowArray **pointers;
    struct ArrowArray children[];
};

static void release_child_array(struct ArrowArray *child)
{
    rows_drop(child->private_data);
    child->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    struct array_children *owned = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        if (owned->children[i].release != NULL)
            owned->children[i].release(&owned->children[i]);
    rows_drop(owned->rows);
    free(owned->pointers);
    free(owned);
    array->release = NULL;
}

static bool export_chunk(struct rows *rows, size_t index, struct ArrowArray *out)
{
    const struct ArrowArray *chunk = &rows->chunks[index];
    size_t n = (size_t)chunk->n_children;
    struct array_children *owned = malloc(sizeof *owned + n * sizeof *owned->children);
    struct ArrowArray **pointers = owned != NULL ? malloc((n + 1) * sizeof *pointers) : NULL;
    if (pointers == NULL) {
        free(owned);
        return false;
    }
    owned->rows = rows_take(rows);
    owned->pointers = pointers;
    for (size_t i = 0; i < n; i++) {
        pointers[i] = &owned->children[i];
        *pointers[i] = *chunk->children[i];
        pointers[i]->release = release_child_array;
        pointers[i]->private_data = rows_take(rows);
    }
    *out = *chunk;
    out->children = pointers;
    out->release = release_array;
    out->private_data = owned;
    return true;
}

/* ---- all of them ---- */

struct rows_stream {
    struct rows *rows;
    size_t next;
};

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct rows_stream *self = stream->private_data;
    return rows_export_schema(self->rows, out) ? 0 : ENOMEM;
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct rows_stream *self = stream->private_data;
    *out = (struct ArrowArray){0};
    if (self->next == self->rows->n_chunks)
        return 0;
    return export_chunk(self->rows, self->next++, out) ? 0 : ENOMEM;
}

static const char *stream_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "out of memory";
}

static void stream_release(struct ArrowArrayStream *stream)
{
    struct rows_stream *self = stream->private_data;
    rows_drop(self->rows);
    free(self);
    stream->release = NULL;
}

bool rows_export_stream(struct rows *rows, struct ArrowArrayStream *out)
{
    struct rows_stream *self = malloc(sizeof *self);
    if (self == NULL)
        return false;
    *self = (struct rows_stream){.rows = rows_take(rows)};
    *out = (struct ArrowArrayStream){stream_schema, stream_next, stream_error, stream_release, self};
    return true;
}
