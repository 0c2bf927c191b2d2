#include "column/arrow_adapt.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "column/arrow_adapt_values.h"

#define MOST_ROWS (INT64_MAX / 64)

struct adapted_column {
    char *name;
    const struct adapted_format *format; /* NULL: as it lies, or a dictionary */
    char letters[8];                     /* its format, where it is laid out anew */
    const char *dictionary;              /* the format of the texts in it; NULL: none */
};

struct arrow_adapter {
    struct schema *schema;
    struct adapted_column *columns;
    size_t n;
    /* Of the slice; the arrays' own. */
    struct ArrowArray *arrays;
    struct ArrowArray **children;
    const void **buffers;
    struct arena arena;
};

/* ---- schema ---- */

static bool is_table(const struct ArrowSchema *in)
{
    return in->release != NULL && in->format != NULL && strcmp(in->format, "+s") == 0 && in->dictionary == NULL &&
           in->n_children >= 0 && in->n_children <= LIMIT_PARQUET_COLUMNS &&
           (in->n_children == 0 || in->children != NULL);
}

static const char *text_format(const char *format)
{
    static const char *const texts[] = {"u", "U", "vu"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i], format) == 0)
            return texts[i];
    return NULL;
}

static lake_status refuse_dictionary(const struct ArrowSchema *in, struct lake_error *err)
{
    return lake_fail(err, LAKE_UNSUPPORTED,
                     "column '%s' is a dictionary of something else than text (Arrow format '%s'), which is not "
                     "supported",
                     in->name == NULL ? "" : in->name, in->dictionary->format == NULL ? "" : in->dictionary->format);
}

/* What becomes of a column: `as` is its field as the import is to see it. */
static lake_status adapt_field(const struct ArrowSchema *in, struct adapted_column *column, struct ArrowSchema *as,
                               struct lake_error *err)
{
    if (in == NULL || in->release == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the Arrow schema has a column that has been released");
    const char *format = in->format == NULL ? "" : in->format;
    TRY(memory_copy_string(in->name == NULL ? "" : in->name, &column->name, err));
    *as = (struct ArrowSchema){.format = format, .name = column->name, .flags = in->flags};
    if (in->dictionary != NULL) {
        column->dictionary = in->dictionary->format == NULL ? NULL : text_format(in->dictionary->format);
        if (column->dictionary == NULL || in->dictionary->dictionary != NULL || !adapted_is_index(format))
            return refuse_dictionary(in, err);
        column->letters[0] = *format;
        as->format = "u";
        as->flags |= ARROW_FLAG_NULLABLE; /* a text of the dictionary may be null */
        return LAKE_OK;
    }
    column->format = adapted_format_find(format);
    if (column->format == NULL)
        return LAKE_OK;
    memcpy(column->letters, column->format->prefix, strlen(column->format->prefix));
    as->format = column->format->as;
    as->flags |= *as->format == 'b' ? ARROW_FLAG_NULLABLE : 0;
    return LAKE_OK;
}

static lake_status adapt_schema(struct arrow_adapter *adapter, const struct ArrowSchema *in, struct lake_error *err)
{
    struct ArrowSchema *fields = NULL, **children = NULL, table = *in;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(adapter->n, sizeof *fields, &fields, err));
    TRY_OUT(memory_new(adapter->n, sizeof *children, &children, err));
    for (size_t i = 0; i < adapter->n; i++) {
        TRY_OUT(adapt_field(in->children[i], &adapter->columns[i], &fields[i], err));
        children[i] = &fields[i];
    }
    table.children = children;
    TRY_OUT(arrow_import_schema(&table, &adapter->schema, err));
out:
    memory_free(fields);
    memory_free(children);
    return status;
}

static lake_status make_room(struct arrow_adapter *adapter, struct lake_error *err)
{
    size_t n = adapter->n;
    TRY(memory_new(n, sizeof *adapter->columns, &adapter->columns, err));
    TRY(memory_new(n, sizeof *adapter->arrays, &adapter->arrays, err));
    TRY(memory_new(n, sizeof *adapter->children, &adapter->children, err));
    TRY(memory_new(n, ADAPTED_BUFFERS * sizeof *adapter->buffers, &adapter->buffers, err));
    for (size_t i = 0; i < n; i++)
        adapter->children[i] = &adapter->arrays[i];
    return LAKE_OK;
}

lake_status arrow_adapter_new(const struct ArrowSchema *in, struct arrow_adapter **out, struct lake_error *err)
{
    struct arrow_adapter *adapter = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *adapter, &adapter, err));
    arena_init(&adapter->arena, LIMIT_ENGINE_BYTES);
    if (!is_table(in)) /* says why */
        TRY_OUT(arrow_import_schema(in, &adapter->schema, err));
    adapter->n = (size_t)in->n_children;
    TRY_OUT(make_room(adapter, err));
    TRY_OUT(adapt_schema(adapter, in, err));
    *out = adapter;
    adapter = NULL;
out:
    arrow_adapter_free(adapter);
    return status;
}

void arrow_adapter_free(struct arrow_adapter *adapter)
{
    if (adapter == NULL)
        return;
    for (size_t i = 0; adapter->columns != NULL && i < adapter->n; i++)
        memory_free(adapter->columns[i].name);
    schema_free(adapter->schema);
    memory_free(adapter->columns);
    memory_free(adapter->arrays);
    memory_free(adapter->children);
    memory_free(adapter->buffers);
    arena_release(&adapter->arena);
    memory_free(adapter);
}

const struct schema *arrow_adapter_schema(const struct arrow_adapter *adapter)
{
    return adapter->schema;
}

bool arrow_adapter_is_null(const struct arrow_adapter *adapter, size_t column)
{
    const struct adapted_format *format = adapter->columns[column].format;
    return format != NULL && *format->as == 'b';
}

/* ---- slices ---- */

/* The slice borrows; there is nothing to release. */
static void release_nothing(struct ArrowArray *array)
{
    array->release = NULL;
}

/* A slice of the array as a whole. */
struct slicing {
    struct arrow_adapter *adapter;
    const struct ArrowArray *table;
    int64_t first, n; /* the table's offset counted in */
};

static lake_status fail_child(const struct slicing *slicing, size_t index, const char *what, struct lake_error *err)
{
    return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s' %s", slicing->adapter->columns[index].name, what);
}

static lake_status check_child(const struct slicing *slicing, size_t index, struct lake_error *err)
{
    const struct ArrowArray *array = slicing->table->children[index];
    if (array == NULL || array->release == NULL)
        return fail_child(slicing, index, "has been released", err);
    if (array->offset < 0 || array->length < 0 || array->offset > MOST_ROWS || array->length > MOST_ROWS ||
        slicing->first + slicing->n > array->length)
        return lake_fail(
            err, LAKE_INVALID_ARGUMENT, "column '%s' has %" PRId64 " rows from %" PRId64 ", the table %" PRId64,
            slicing->adapter->columns[index].name, array->length, array->offset, slicing->first + slicing->n);
    return LAKE_OK;
}

static bool lacks_nulls(const struct ArrowArray *array)
{
    return array->n_buffers > 0 && array->buffers[0] == NULL && array->null_count > 0;
}

/* Counts and buffers of a column that is laid out anew; the import checks the others. */
static lake_status check_buffers(const struct slicing *slicing, size_t index, struct lake_error *err)
{
    const struct adapted_column *column = &slicing->adapter->columns[index];
    const struct ArrowArray *array = slicing->table->children[index];
    int64_t wanted = column->dictionary != NULL ? 2 : column->format->n_buffers;
    if (wanted == 0 && array->n_children == 0 && array->dictionary == NULL)
        return LAKE_OK; /* nothing of the null type is read, and some export a bitmap with it */
    bool has_number = wanted < 0 ? array->n_buffers >= 3 : array->n_buffers == wanted;
    if (!has_number || (array->n_buffers > 0 && array->buffers == NULL))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s' has %" PRId64 " buffers", column->name,
                         array->n_buffers);
    if (array->n_children != 0 || (array->dictionary != NULL) != (column->dictionary != NULL))
        return fail_child(slicing, index, "is nested or dictionary-encoded, unlike its schema", err);
    if (lacks_nulls(array))
        return fail_child(slicing, index, "says it has nulls, but not which", err);
    if (array->n_buffers > 1 && array->buffers[1] == NULL && slicing->n > 0)
        return fail_child(slicing, index, "has no buffer of values", err);
    return LAKE_OK;
}

static lake_status check_dictionary(const struct slicing *slicing, size_t index, struct lake_error *err)
{
    const struct ArrowArray *texts = slicing->table->children[index]->dictionary;
    bool is_view = *slicing->adapter->columns[index].dictionary == 'v';
    if (texts->release == NULL || texts->offset < 0 || texts->length < 0 || texts->offset > MOST_ROWS ||
        texts->length > MOST_ROWS || texts->buffers == NULL || texts->n_children != 0 || texts->dictionary != NULL)
        return fail_child(slicing, index, "has no usable dictionary", err);
    if (is_view ? texts->n_buffers < 3 : texts->n_buffers != 3)
        return fail_child(slicing, index, "has a dictionary with too few buffers", err);
    if (lacks_nulls(texts) || (texts->buffers[1] == NULL && texts->length > 0))
        return fail_child(slicing, index, "has a dictionary without values", err);
    return LAKE_OK;
}

static lake_status adapt_column(const struct slicing *slicing, size_t index, struct lake_error *err)
{
    struct arrow_adapter *adapter = slicing->adapter;
    const struct adapted_column *column = &adapter->columns[index];
    struct adapting adapting = {
        .name = column->name,
        .format = column->format,
        .letters = column->letters,
        .array = slicing->table->children[index],
        .first = slicing->first + slicing->table->children[index]->offset,
        .n = slicing->n,
        .arena = &adapter->arena,
        .buffers = adapter->buffers + index * ADAPTED_BUFFERS,
    };
    TRY(check_buffers(slicing, index, err));
    adapting.buffers[0] = adapting.buffers[1] = adapting.buffers[2] = NULL;
    if (column->dictionary != NULL) {
        TRY(check_dictionary(slicing, index, err));
        TRY(adapted_dictionary(&adapting, column->dictionary, err));
    } else {
        TRY(adapted_values(&adapting, err));
    }
    adapter->arrays[index] = (struct ArrowArray){.length = slicing->n,
                                                 .null_count = -1,
                                                 .n_buffers = adapting.n_buffers,
                                                 .buffers = adapting.buffers,
                                                 .release = release_nothing};
    return LAKE_OK;
}

static lake_status slice_column(const struct slicing *slicing, size_t index, struct lake_error *err)
{
    const struct adapted_column *column = &slicing->adapter->columns[index];
    TRY(check_child(slicing, index, err));
    if (column->format != NULL || column->dictionary != NULL)
        return adapt_column(slicing, index, err);
    struct ArrowArray *array = &slicing->adapter->arrays[index];
    *array = *slicing->table->children[index];
    array->offset += slicing->first;
    array->length = slicing->n;
    array->release = release_nothing;
    return LAKE_OK;
}

static lake_status check_table(const struct arrow_adapter *adapter, const struct ArrowArray *table, int64_t first,
                               int64_t n, struct lake_error *err)
{
    if (table->release == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the Arrow array has been released");
    if (table->n_children < 0 || (size_t)table->n_children != adapter->n ||
        (table->n_children > 0 && table->children == NULL))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the Arrow array has %" PRId64 " columns, its schema %zu",
                         table->n_children, adapter->n);
    if (table->length < 0 || table->offset < 0 || table->length > MOST_ROWS || table->offset > MOST_ROWS || first < 0 ||
        n < 0 || n > ARROW_SLICE_ROWS || first > table->length - n)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the Arrow array has %" PRId64 " rows from %" PRId64,
                         table->length, table->offset);
    const uint8_t *valid = table->n_buffers == 1 && table->buffers != NULL ? table->buffers[0] : NULL;
    for (int64_t row = 0; valid != NULL && table->null_count != 0 && row < n; row++)
        if (!bit_get(valid, table->offset + first + row))
            return lake_fail(err, LAKE_UNSUPPORTED, "the Arrow table has rows that are null as a whole");
    return LAKE_OK;
}

lake_status arrow_adapter_slice(struct arrow_adapter *adapter, const struct ArrowArray *array, int64_t first, int64_t n,
                                struct batch *out, struct lake_error *err)
{
    *out = (struct batch){0};
    TRY(check_table(adapter, array, first, n, err));
    const struct slicing slicing = {adapter, array, array->offset + first, n};
    arena_reset(&adapter->arena);
    for (size_t i = 0; i < adapter->n; i++)
        TRY(slice_column(&slicing, i, err));
    struct ArrowArray table = {
        .length = n, .n_children = (int64_t)adapter->n, .children = adapter->children, .release = release_nothing};
    return arrow_import_batch(adapter->schema, &table, out, err);
}
