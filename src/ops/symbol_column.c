#include "ops/symbol_column.h"

#include <string.h>

#include "base/memory.h"

enum { INLINE_BYTES = 12, PREFIX_BYTES = 4, MOST_BUFFERS = 4, PLACE = 1 };

/* As the Arrow columnar format lays a view out: the whole text, or its beginning and where it stands. */
struct view {
    int32_t n_bytes;
    union {
        uint8_t text[INLINE_BYTES];
        struct {
            uint8_t prefix[PREFIX_BYTES];
            int32_t buffer, offset;
        } place;
    } as;
};

/* ---- runs ---- */

lake_status symbol_runs_add(struct symbol_runs *runs, const char *symbol, int64_t n_rows, struct lake_error *err)
{
    if (runs->n == runs->capacity) {
        size_t capacity = runs->capacity * 2 + 16;
        TRY(memory_resize(&runs->items, capacity, sizeof *runs->items, err));
        runs->capacity = capacity;
    }
    runs->items[runs->n++] = (struct symbol_run){symbol, n_rows};
    return LAKE_OK;
}

/* ---- schema ---- */

/* A schema or an array whose children are another's and the symbol's: a consumer may have moved any of them out before it releases the rest. */
struct schema_parent {
    struct ArrowSchema inner, symbol;
    struct ArrowSchema *children[];
};

static void release_symbol_schema(struct ArrowSchema *schema)
{
    schema->release = NULL; /* its texts are constant; the struct is the parent's, or who moved it out's */
}

static void release_schema(struct ArrowSchema *schema)
{
    struct schema_parent *parent = schema->private_data;
    parent->inner.release(&parent->inner);
    memory_free(parent);
    schema->release = NULL;
}

static bool is_own(const struct ArrowSchema *child)
{
    return strcmp(child->name, SYMBOL_COLUMN) == 0;
}

lake_status symbol_column_add_schema(struct ArrowSchema *schema, struct lake_error *err)
{
    struct schema_parent *parent = NULL;
    int64_t n = 0;
    lake_status status =
        memory_new(1, sizeof *parent + ((size_t)schema->n_children + 1) * sizeof *parent->children, &parent, err);
    if (status != LAKE_OK) {
        schema->release(schema);
        return status;
    }
    parent->inner = *schema;
    parent->symbol = (struct ArrowSchema){.format = "vu", .name = SYMBOL_COLUMN, .release = release_symbol_schema};
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (i == PLACE)
            parent->children[n++] = &parent->symbol;
        if (!is_own(schema->children[i]))
            parent->children[n++] = schema->children[i];
    }
    if (schema->n_children <= PLACE)
        parent->children[n++] = &parent->symbol;
    schema->n_children = n;
    schema->children = parent->children;
    schema->release = release_schema;
    schema->private_data = parent;
    return LAKE_OK;
}

/* ---- values ---- */

/* Owner of one batch's symbols: the views, then the texts that do not fit into one. */
struct symbols {
    struct block_cache *cache;
    struct view *views;
    size_t n_bytes;
    int64_t n_text_bytes;
    const void *buffers[MOST_BUFFERS];
};

static void free_symbols(struct symbols *symbols)
{
    block_cache_give(symbols->cache, symbols->views, symbols->n_bytes);
    memory_free(symbols);
}

static void release_symbols(struct ArrowArray *array)
{
    free_symbols(array->private_data);
    array->release = NULL;
}

/* Texts are at most LIMIT_NAME_BYTES long and as many as there are runs, each of a row at least: the sum of a batch's is far below 2 GiB. */
static struct view make_view(const char *symbol, uint8_t *texts, int64_t *n_text_bytes)
{
    struct view view = {.n_bytes = (int32_t)strlen(symbol)};
    size_t n = (size_t)view.n_bytes;
    if (n <= INLINE_BYTES) {
        memcpy(view.as.text, symbol, n);
        return view;
    }
    memcpy(view.as.place.prefix, symbol, PREFIX_BYTES);
    view.as.place.offset = (int32_t)*n_text_bytes;
    memcpy(texts + *n_text_bytes, symbol, n);
    *n_text_bytes += (int64_t)n;
    return view;
}

static size_t count_text_bytes(const struct symbol_runs *runs)
{
    size_t n = 0;
    for (size_t i = 0; i < runs->n; i++)
        if (strlen(runs->items[i].symbol) > INLINE_BYTES)
            n += strlen(runs->items[i].symbol);
    return n;
}

static void fill(struct symbols *symbols, const struct symbol_runs *runs, int64_t n_rows)
{
    uint8_t *texts = (uint8_t *)(symbols->views + n_rows);
    struct view *to = symbols->views;
    for (size_t i = 0; i < runs->n; i++) {
        const struct view view = make_view(runs->items[i].symbol, texts, &symbols->n_text_bytes);
        for (int64_t row = 0; row < runs->items[i].n_rows; row++)
            *to++ = view;
    }
}

static lake_status make_symbols(const struct symbol_runs *runs, int64_t n_rows, struct block_cache *cache,
                                struct symbols **out, struct lake_error *err)
{
    struct symbols *symbols = NULL;
    size_t n_bytes = 0;
    if (!size_multiply((size_t)n_rows, sizeof *symbols->views, &n_bytes) ||
        !size_add(n_bytes, count_text_bytes(runs), &n_bytes))
        return lake_fail(err, LAKE_NO_MEMORY, "the symbols of a batch are too large");
    TRY(memory_new(1, sizeof *symbols, &symbols, err));
    *symbols = (struct symbols){.cache = cache, .n_bytes = n_bytes};
    lake_status status = block_cache_take(cache, n_bytes, &symbols->views, err);
    if (status != LAKE_OK) {
        memory_free(symbols);
        return status;
    }
    fill(symbols, runs, n_rows);
    *out = symbols;
    return LAKE_OK;
}

/* Validity, views, the texts if there are any, and the lengths of the buffers of texts. */
static struct ArrowArray export_symbols(struct symbols *symbols, int64_t n_rows)
{
    int64_t n = 1;
    symbols->buffers[n++] = symbols->views;
    if (symbols->n_text_bytes > 0)
        symbols->buffers[n++] = symbols->views + n_rows;
    symbols->buffers[n++] = &symbols->n_text_bytes;
    return (struct ArrowArray){.length = n_rows,
                               .n_buffers = n,
                               .buffers = symbols->buffers,
                               .release = release_symbols,
                               .private_data = symbols};
}

/* ---- array ---- */

struct array_parent {
    struct ArrowArray inner, symbol;
    struct ArrowArray *children[];
};

static void release_array(struct ArrowArray *array)
{
    struct array_parent *parent = array->private_data;
    if (parent->symbol.release != NULL)
        parent->symbol.release(&parent->symbol);
    parent->inner.release(&parent->inner);
    memory_free(parent);
    array->release = NULL;
}

static void place_children(struct array_parent *parent, struct ArrowArray *array, int own)
{
    int64_t n = 0;
    for (int64_t i = 0; i < array->n_children; i++) {
        if (i == PLACE)
            parent->children[n++] = &parent->symbol;
        if (i != own)
            parent->children[n++] = array->children[i];
    }
    if (array->n_children <= PLACE)
        parent->children[n++] = &parent->symbol;
    array->n_children = n;
    array->children = parent->children;
}

lake_status symbol_column_add(struct ArrowArray *array, const struct symbol_runs *runs, int own,
                              struct block_cache *cache, struct lake_error *err)
{
    struct array_parent *parent = NULL;
    struct symbols *symbols = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(1, sizeof *parent + ((size_t)array->n_children + 1) * sizeof *parent->children, &parent, err));
    TRY_OUT(make_symbols(runs, array->length, cache, &symbols, err));
    parent->inner = *array;
    parent->symbol = export_symbols(symbols, array->length);
    place_children(parent, array, own);
    array->release = release_array;
    array->private_data = parent;
    return LAKE_OK;
out:
    memory_free(parent);
    array->release(array);
    return status;
}
