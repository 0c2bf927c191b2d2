#include "ops/read_window.h"

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "column/builder.h"
#include "lake/handle.h"
#include "lake/readers.h"
#include "lake/schema_union.h"
#include "lake/select.h"

/* Symbols that are read at a time, and that may be open; a batch of each of the former takes a share of the engine's memory. Batches of fewer rows than
 * SMALL_ROWS are put together. */
enum { WINDOW = 32, MOST_OPEN = 256, MEMORY_SHARE = 4, ROW_BYTES = 128, SMALL_ROWS = 1 << 14, USUAL_ROWS = 1 << 16 };

/* Symbols that are not there: so many are looked for, and so many are named. */
enum { MOST_MISSING = 64, MOST_NAMED = 8, NEAR_BYTES = 256 };

struct piece {
    struct batch batch;
    int64_t n_bars, n_incomplete;
};

struct member {
    struct read_one one;
    bool is_open, is_ended, is_missing;
    struct piece *pieces; /* read and not yet given */
    size_t n, capacity;
    struct read_told told;
};

struct read_window {
    struct lake *lake;
    struct arena arena;
    struct reader_pin pin;
    struct lake_scan_options options;
    const char *const *symbols;
    struct member *members;
    size_t n;
    int64_t snapshot;
    struct mutex *mutex; /* guards the next two */
    size_t n_missing;
    struct lake_error missing; /* of one of them */
    struct schema *schema;
    struct completeness known;
    int64_t most_rows; /* of a batch that is given */
    size_t next;       /* the member whose rows come next */
    size_t base;       /* of the members that a loop opens or reads */
};

/* ---- one symbol ---- */

static lake_status open_one(const struct read_window *window, size_t index, bool is_lenient, struct read_one *out,
                            struct lake_error *err)
{
    struct lake_scan_options options = window->options;
    const struct read_request request = {&options, window->snapshot, is_lenient};
    options.dataset.symbol = window->symbols[index];
    return read_one_open(window->lake, &request, out, err);
}

static lake_status open_member(struct read_window *window, size_t index, struct lake_error *err)
{
    struct member *member = &window->members[index];
    TRY(open_one(window, index, true, &member->one, err));
    member->is_open = true;
    return LAKE_OK;
}

static void release_pieces(struct member *member, size_t n)
{
    for (size_t i = 0; i < n; i++)
        batch_release(&member->pieces[i].batch);
    if (n < member->n)
        memmove(member->pieces, member->pieces + n, (member->n - n) * sizeof *member->pieces);
    member->n -= n;
}

static void close_member(struct member *member)
{
    release_pieces(member, member->n);
    if (member->is_open)
        read_one_close(&member->one);
    member->is_open = false;
}

static lake_status read_piece(struct member *member, int64_t *n_rows, struct lake_error *err)
{
    struct piece piece = {.n_bars = member->one.known.n_bars, .n_incomplete = member->one.known.n_incomplete};
    if (member->n == member->capacity) {
        size_t capacity = member->capacity * 2 + 4;
        TRY(memory_resize(&member->pieces, capacity, sizeof *member->pieces, err));
        member->capacity = capacity;
    }
    TRY(read_one_next(&member->one, &piece.batch, err));
    member->is_ended = piece.batch.release == NULL;
    if (member->is_ended)
        return LAKE_OK;
    piece.n_bars = member->one.known.n_bars - piece.n_bars;
    piece.n_incomplete = member->one.known.n_incomplete - piece.n_incomplete;
    *n_rows += piece.batch.n_rows;
    member->pieces[member->n++] = piece;
    return LAKE_OK;
}

/* Of one of the window's members that have none: rows to give, unless it is at its end. */
static lake_status read_member(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct read_window *window = context;
    struct member *member = &window->members[window->base + index];
    int64_t n_rows = 0;
    (void)worker;
    if (member->is_ended || member->n > 0)
        return LAKE_OK;
    if (!member->is_open)
        TRY(open_member(window, window->base + index, err));
    while (!member->is_ended && n_rows < window->options.batch_rows)
        TRY(read_piece(member, &n_rows, err));
    return LAKE_OK;
}

/* ---- opening ---- */

/* Whether a symbol is there is looked at for all, so that one message can name those that are not. */
static lake_status try_member(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct read_window *window = context;
    struct member *member = &window->members[window->base + index];
    struct lake_error missing = {LAKE_OK, ""};
    (void)worker;
    mutex_lock(window->mutex);
    bool is_enough = window->n_missing >= MOST_MISSING;
    mutex_unlock(window->mutex);
    if (is_enough)
        return LAKE_OK;
    lake_status status = open_member(window, window->base + index, &missing);
    if (status != LAKE_NOT_FOUND)
        return status == LAKE_OK ? LAKE_OK : lake_fail(err, status, "%s", missing.message);
    member->is_missing = true;
    mutex_lock(window->mutex);
    window->n_missing++;
    window->missing = missing;
    mutex_unlock(window->mutex);
    return LAKE_OK;
}

static lake_status copy_text(struct read_window *window, const char *text, const char **out, struct lake_error *err)
{
    return arena_copy_text(&window->arena, text, strlen(text), out, err);
}

static lake_status tell(struct read_window *window, struct member *member, struct lake_error *err)
{
    const struct read_source *source = &member->one.source;
    struct manifest_dataset *to = &member->told.dataset;
    *to = source->dataset;
    member->told.was_chosen = source->was_chosen;
    member->told.n_rows = member->one.n_rows;
    TRY(copy_text(window, source->dataset.exchange, &to->exchange, err));
    TRY(copy_text(window, source->dataset.market, &to->market, err));
    TRY(copy_text(window, source->dataset.symbol, &to->symbol, err));
    TRY(copy_text(window, source->dataset.type, &to->type, err));
    TRY(copy_text(window, source->dataset.period, &to->period, err));
    return copy_text(window, source->note, &member->told.note, err);
}

static lake_status take_member(struct read_window *window, struct member *member, struct schema_union *columns,
                               struct lake_error *err)
{
    if (!member->is_open)
        return LAKE_OK;
    TRY(tell(window, member, err));
    TRY(schema_union_add(columns, &member->told.dataset, read_one_schema(&member->one), err));
    if (window->n > MOST_OPEN)
        close_member(member);
    return LAKE_OK;
}

/* Looking up is done one at a time in any case, and in parallel it takes twice as long (measured); but where rows are gone through to open, those are read in
 * parallel. */
static lake_status try_members(struct read_window *window, size_t n, struct lake_error *err)
{
    if (window->options.fill != LAKE_FILL_NONE || window->options.tail > 0)
        return pool_run(window->lake->pool, n, try_member, window, err);
    for (size_t i = 0; i < n; i++)
        TRY(try_member(window, i, 0, err));
    return LAKE_OK;
}

static lake_status open_members(struct read_window *window, struct schema_union *columns, struct lake_error *err)
{
    for (size_t first = 0; first < window->n && window->n_missing < MOST_MISSING; first += MOST_OPEN) {
        size_t n = window->n - first < MOST_OPEN ? window->n - first : MOST_OPEN;
        window->base = first;
        TRY(try_members(window, n, err));
        for (size_t i = first; i < first + n; i++)
            TRY(take_member(window, &window->members[i], columns, err));
    }
    return LAKE_OK;
}

/* ---- symbols that are not there ---- */

static void append_missing(const struct read_window *window, size_t index, struct buffer *text)
{
    struct lake_selection selection = window->options.dataset;
    struct canonical canonical;
    struct buffer near = BUFFER_INIT(NEAR_BYTES);
    const char *names = "";
    selection.symbol = window->symbols[index];
    if (select_filter(window->lake, &selection, &canonical, NULL) != LAKE_OK ||
        select_find_near(window->lake, &canonical.filter, &near, NULL, NULL) != LAKE_OK ||
        buffer_string(&near, &names, NULL) != LAKE_OK)
        names = "";
    const char *comma = text->length == 0 ? "" : ", ";
    lake_status status = names[0] == '\0'
                             ? buffer_printf(text, NULL, "%s%s", comma, selection.symbol)
                             : buffer_printf(text, NULL, "%s%s (there is %s)", comma, selection.symbol, names);
    (void)status; /* a message that is cut short */
    buffer_release(&near);
}

static lake_status fail_missing(const struct read_window *window, struct lake_error *err)
{
    struct buffer text = BUFFER_INIT(LAKE_ERROR_MESSAGE_BYTES);
    const char *names = "";
    size_t n_named = 0;
    const struct lake_selection *wanted = &window->options.dataset;
    if (window->n_missing == 1)
        return lake_fail(err, LAKE_NOT_FOUND, "%s", window->missing.message);
    for (size_t i = 0; i < window->n; i++)
        if (window->members[i].is_missing && n_named++ < MOST_NAMED)
            append_missing(window, i, &text);
    if (buffer_string(&text, &names, NULL) != LAKE_OK)
        names = "several";
    lake_status status = lake_fail(err, LAKE_NOT_FOUND, "%zu%s of %zu symbols of %s have no dataset that fits: %s%s",
                                   window->n_missing, window->n_missing < MOST_MISSING ? "" : " or more", window->n,
                                   wanted->exchange, names, n_named > MOST_NAMED ? ", …" : "");
    buffer_release(&text);
    return status;
}

/* ---- columns ---- */

/* A name that no symbol has fails as it does for the first one alone. */
static lake_status check_names(const struct read_window *window, const struct schema *all, struct lake_error *err)
{
    struct read_one one = {.n_rows = 0};
    for (size_t i = 0; i < window->options.n_columns; i++) {
        if (schema_find(all, window->options.columns[i]) >= 0)
            continue;
        TRY(open_one(window, 0, false, &one, err));
        read_one_close(&one);
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "there is no column '%s'", window->options.columns[i]);
    }
    return LAKE_OK;
}

static lake_status make_schema(struct read_window *window, const struct schema_union *columns, struct lake_error *err)
{
    TRY(schema_union_make(columns, NULL, 0, &window->schema, err));
    if (window->options.columns == NULL)
        return LAKE_OK;
    TRY(check_names(window, window->schema, err));
    schema_free(window->schema);
    window->schema = NULL;
    return schema_union_make(columns, window->options.columns, window->options.n_columns, &window->schema, err);
}

static lake_status open_all(struct read_window *window, struct lake_error *err)
{
    struct schema_union *columns = NULL;
    TRY(schema_union_new(window->lake, &columns, err));
    lake_status status = open_members(window, columns, err);
    if (status == LAKE_OK && window->n_missing > 0)
        status = fail_missing(window, err);
    if (status == LAKE_OK)
        status = make_schema(window, columns, err);
    schema_union_free(columns);
    return status;
}

/* The pin comes first: what that snapshot needs does not expire any more. */
static lake_status pin(struct read_window *window, struct lake_error *err)
{
    struct lake *lake = window->lake;
    TRY(readers_pin(lake, window->options.as_of, &window->pin, err));
    mutex_lock(lake->mutex);
    lake_status status = manifest_snapshot(lake->manifest, &window->snapshot, err);
    mutex_unlock(lake->mutex);
    if (status == LAKE_OK && window->options.as_of == 0)
        readers_raise(lake, &window->pin, window->snapshot);
    return status;
}

static void choose_rows(struct read_window *window)
{
    int64_t asked = window->options.batch_rows > 0 ? window->options.batch_rows : INT64_MAX;
    int64_t fitting = (int64_t)(window->lake->memory_bytes / MEMORY_SHARE / ROW_BYTES / WINDOW);
    fitting = fitting < 1 ? 1 : fitting;
    window->most_rows = asked < USUAL_ROWS ? asked : USUAL_ROWS;
    window->options.batch_rows = asked < fitting ? asked : fitting;
}

lake_status read_window_open(struct lake *lake, const struct window_request *request, struct read_window **out,
                             struct lake_error *err)
{
    struct read_window *window = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *window, &window, err));
    window->lake = lake;
    window->options = *request->options;
    window->symbols = request->symbols;
    window->n = request->n;
    arena_init(&window->arena, LIMIT_ENGINE_BYTES);
    choose_rows(window);
    TRY_OUT(mutex_new(&window->mutex, err));
    TRY_OUT(memory_new(window->n, sizeof *window->members, &window->members, err));
    TRY_OUT(pin(window, err));
    TRY_OUT(open_all(window, err));
    *out = window;
    window = NULL;
out:
    read_window_close(window);
    return status;
}

void read_window_close(struct read_window *window)
{
    if (window == NULL)
        return;
    for (size_t i = 0; window->members != NULL && i < window->n; i++) {
        close_member(&window->members[i]);
        memory_free(window->members[i].pieces);
    }
    memory_free(window->members);
    readers_unpin(window->lake, &window->pin);
    schema_free(window->schema);
    mutex_free(window->mutex);
    arena_release(&window->arena);
    memory_free(window);
}

const struct schema *read_window_schema(const struct read_window *window)
{
    return window->schema;
}

const struct read_told *read_window_told(const struct read_window *window, size_t symbol)
{
    return &window->members[symbol].told;
}

struct completeness read_window_known(const struct read_window *window)
{
    return window->known;
}

/* ---- rows ---- */

static void pass_ended(struct read_window *window)
{
    for (; window->next < window->n; window->next++) {
        struct member *member = &window->members[window->next];
        if (!member->is_ended || member->n > 0)
            return;
        close_member(member);
    }
}

/* Has the foremost member's rows read. One that stands alone is read here, so that its files are decoded in parallel. */
static lake_status load(struct read_window *window, struct lake_error *err)
{
    size_t n = window->n - window->next < WINDOW ? window->n - window->next : WINDOW;
    size_t n_empty = 0;
    window->base = window->next;
    for (size_t i = 0; i < n; i++)
        n_empty += !window->members[window->base + i].is_ended && window->members[window->base + i].n == 0;
    return n_empty == 1 ? read_member(window, 0, 0, err) : pool_run(window->lake->pool, n, read_member, window, err);
}

static lake_status find_rows(struct read_window *window, struct lake_error *err)
{
    for (;;) {
        pass_ended(window);
        if (window->next == window->n || window->members[window->next].n > 0)
            return LAKE_OK;
        TRY(load(window, err));
    }
}

/* Pieces that follow one another, from the foremost on. */
struct stretch {
    size_t n_members; /* the last of which gives the first n_last of its pieces, the others all */
    size_t n_last;
    int64_t n_rows;
};

static struct stretch measure(const struct read_window *window)
{
    struct stretch stretch = {.n_members = 0};
    for (size_t i = window->next; i < window->n; i++) {
        const struct member *member = &window->members[i];
        stretch.n_members++;
        stretch.n_last = 0;
        for (size_t k = 0; k < member->n; k++, stretch.n_last++) {
            if (stretch.n_rows > 0 && stretch.n_rows + member->pieces[k].batch.n_rows > window->most_rows)
                return stretch;
            stretch.n_rows += member->pieces[k].batch.n_rows;
        }
        if (!member->is_ended)
            return stretch;
    }
    return stretch;
}

static size_t count_pieces(const struct read_window *window, const struct stretch *stretch, size_t i)
{
    return i + 1 < stretch->n_members ? window->members[window->next + i].n : stretch->n_last;
}

static lake_status build(struct read_window *window, const struct stretch *stretch, struct batch *out,
                         struct lake_error *err)
{
    struct batch_builder *builder = NULL;
    lake_status status = LAKE_OK;
    TRY(batch_builder_new(window->schema, &builder, err));
    for (size_t i = 0; i < stretch->n_members; i++) {
        const struct member *member = &window->members[window->next + i];
        for (size_t k = 0; k < count_pieces(window, stretch, i); k++)
            TRY_OUT(batch_builder_append(builder, &member->pieces[k].batch, 0, member->pieces[k].batch.n_rows, err));
    }
    status = batch_builder_take(builder, out, err);
out:
    batch_builder_free(builder);
    return status;
}

static lake_status list_runs(const struct read_window *window, const struct stretch *stretch, struct symbol_runs *runs,
                             struct lake_error *err)
{
    runs->n = 0;
    for (size_t i = 0; i < stretch->n_members; i++) {
        const struct member *member = &window->members[window->next + i];
        int64_t n_rows = 0;
        for (size_t k = 0; k < count_pieces(window, stretch, i); k++)
            n_rows += member->pieces[k].batch.n_rows;
        if (n_rows > 0)
            TRY(symbol_runs_add(runs, member->told.dataset.symbol, n_rows, err));
    }
    return LAKE_OK;
}

static void let_go(struct read_window *window, const struct stretch *stretch)
{
    for (size_t i = 0; i < stretch->n_members; i++) {
        struct member *member = &window->members[window->next + i];
        size_t n = count_pieces(window, stretch, i);
        for (size_t k = 0; k < n; k++) {
            window->known.n_bars += member->pieces[k].n_bars;
            window->known.n_incomplete += member->pieces[k].n_incomplete;
        }
        release_pieces(member, n);
    }
}

/* A large batch that has all columns in their order goes out as it is. */
static bool is_whole(const struct read_window *window, const struct batch *batch)
{
    if (batch->n_rows < SMALL_ROWS || batch->schema->n_fields != window->schema->n_fields)
        return false;
    for (size_t i = 0; i < batch->schema->n_fields; i++)
        if (strcmp(batch->schema->fields[i].name, window->schema->fields[i].name) != 0)
            return false;
    return true;
}

lake_status read_window_next(struct read_window *window, struct batch *out, struct symbol_runs *runs,
                             struct lake_error *err)
{
    memset(out, 0, sizeof *out);
    TRY(find_rows(window, err));
    if (window->next == window->n)
        return LAKE_OK;
    struct batch *first = &window->members[window->next].pieces[0].batch;
    struct stretch stretch = {1, 1, first->n_rows};
    if (!is_whole(window, first))
        stretch = measure(window);
    TRY(list_runs(window, &stretch, runs, err));
    if (!is_whole(window, first)) {
        TRY(build(window, &stretch, out, err));
    } else {
        batch_move(out, first);
        if (!out->owns_schema)
            out->schema = window->schema;
    }
    let_go(window, &stretch);
    return LAKE_OK;
}
