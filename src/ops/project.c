#include "ops/project.h"

#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

struct projection {
    struct schema *schema;
    size_t *sources; /* of its columns: columns of what it is applied to */
};

/* Owner of a batch whose columns are some of another's. */
struct projected {
    struct batch inner;
    struct column columns[];
};

static lake_status fail_no_column(const struct schema *schema, const char *name, struct lake_error *err)
{
    struct buffer names = BUFFER_INIT(LAKE_ERROR_MESSAGE_BYTES);
    const char *text = "";
    for (size_t i = 0; i < schema->n_fields; i++)
        if (buffer_printf(&names, NULL, "%s%s", i == 0 ? "" : ", ", schema->fields[i].name) != LAKE_OK)
            break;
    if (buffer_string(&names, &text, NULL) != LAKE_OK)
        text = "";
    lake_status status =
        lake_fail(err, LAKE_INVALID_ARGUMENT, "there is no column '%s'; the columns are %s", name, text);
    buffer_release(&names);
    return status;
}

static bool is_taken(const size_t *sources, size_t n, size_t source)
{
    for (size_t i = 0; i < n; i++)
        if (sources[i] == source)
            return true;
    return false;
}

static lake_status choose(const struct schema *from, const char *const *names, size_t n_names, size_t *sources,
                          size_t *n, struct lake_error *err)
{
    *n = 0;
    for (size_t i = 0; names == NULL && i < from->n_fields; i++)
        sources[(*n)++] = i;
    if (names != NULL)
        sources[(*n)++] = 0;
    for (size_t i = 0; names != NULL && i < n_names; i++) {
        int found = schema_find(from, names[i]);
        if (found < 0)
            return fail_no_column(from, names[i], err);
        if (!is_taken(sources, *n, (size_t)found))
            sources[(*n)++] = (size_t)found;
    }
    return LAKE_OK;
}

lake_status projection_new(const struct schema *from, const char *const *names, size_t n_names, struct projection **out,
                           struct lake_error *err)
{
    struct projection *projection = NULL;
    struct column_field *fields = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *projection, &projection, err));
    TRY_OUT(memory_new(from->n_fields, sizeof *projection->sources, &projection->sources, err));
    TRY_OUT(memory_new(from->n_fields, sizeof *fields, &fields, err));
    TRY_OUT(choose(from, names, n_names, projection->sources, &n, err));
    for (size_t i = 0; i < n; i++)
        fields[i] = from->fields[projection->sources[i]];
    TRY_OUT(schema_new(fields, n, &projection->schema, err));
    *out = projection;
    projection = NULL;
out:
    memory_free(fields);
    projection_free(projection);
    return status;
}

void projection_free(struct projection *projection)
{
    if (projection == NULL)
        return;
    schema_free(projection->schema);
    memory_free(projection->sources);
    memory_free(projection);
}

const struct schema *projection_schema(const struct projection *projection)
{
    return projection->schema;
}

static void release_projected(struct batch *batch)
{
    struct projected *projected = batch->owner;
    batch_release(&projected->inner);
    memory_free(projected);
}

lake_status projection_apply(const struct projection *projection, struct batch *batch, struct lake_error *err)
{
    struct projected *projected = NULL;
    size_t bytes = 0;
    if (!size_multiply(projection->schema->n_fields, sizeof *projected->columns, &bytes) ||
        !size_add(bytes, sizeof *projected, &bytes))
        return lake_fail(err, LAKE_NO_MEMORY, "a batch of %zu columns is too large", projection->schema->n_fields);
    TRY(memory_new(1, bytes, &projected, err));
    for (size_t i = 0; i < projection->schema->n_fields; i++)
        projected->columns[i] = batch->columns[projection->sources[i]];
    int64_t n_rows = batch->n_rows;
    batch_move(&projected->inner, batch);
    *batch = (struct batch){.schema = projection->schema,
                            .n_rows = n_rows,
                            .columns = projected->columns,
                            .release = release_projected,
                            .owner = projected};
    return LAKE_OK;
}
