#include "ops/read_many.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "lake/names.h"

enum { MOST_NOTED = 4 };

struct read_many {
    struct arena arena;
    struct lake_scan_options options;
    struct scan_symbols symbols; /* canonical */
    /* One of the two: */
    struct scan *scan;
    struct read_window *window;
    size_t next;    /* of the scan: the symbol whose rows come next, */
    int64_t n_left; /* and how many of them */
    struct completeness known;
    struct symbol_runs runs;
    const char *note;
};

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* ---- what is asked for ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static lake_status check_twice(const struct scan_symbols *symbols, struct lake_error *err)
{
    const char **sorted = NULL;
    lake_status status = LAKE_OK;
    TRY(memory_new(symbols->n, sizeof *sorted, &sorted, err));
    memcpy(sorted, symbols->items, symbols->n * sizeof *sorted);
    qsort(sorted, symbols->n, sizeof *sorted, by_text);
    for (size_t i = 1; status == LAKE_OK && i < symbols->n; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            status = lake_fail(err, LAKE_INVALID_ARGUMENT, "symbol %s is named twice", sorted[i]);
    memory_free(sorted);
    return status;
}

static lake_status take_symbols(struct read_many *many, const struct scan_symbols *symbols, struct lake_error *err)
{
    const char **names = NULL;
    TRY(arena_new(&many->arena, symbols->n, sizeof *names, &names, err));
    for (size_t i = 0; i < symbols->n; i++) {
        char name[NAME_BYTES];
        if (symbols->items[i] == NULL)
            return lake_fail(err, LAKE_INVALID_ARGUMENT, "symbol %zu is not given", i);
        TRY(name_symbol(symbols->items[i], name, err));
        TRY(arena_copy_text(&many->arena, name, strlen(name), &names[i], err));
    }
    many->symbols = (struct scan_symbols){names, symbols->n};
    return check_twice(&many->symbols, err);
}

/* The column of symbols comes in any case, whether it is named or not. */
static lake_status take_columns(struct read_many *many, struct lake_error *err)
{
    struct lake_scan_options *options = &many->options;
    const char **names = NULL;
    size_t n = 0;
    if (options->columns == NULL)
        return LAKE_OK;
    TRY(arena_new(&many->arena, options->n_columns + 1, sizeof *names, &names, err));
    for (size_t i = 0; i < options->n_columns; i++)
        if (strcmp(options->columns[i], SYMBOL_COLUMN) != 0)
            names[n++] = options->columns[i];
    options->columns = names;
    options->n_columns = n;
    return LAKE_OK;
}

/* ---- opening ---- */

static bool may_be_stored(const struct lake_scan_options *options)
{
    return options->fill == LAKE_FILL_NONE && !options->complete && !is_given(options->offset) &&
           !is_given(options->origin);
}

/* Derived bars that are stored may have to be derived again on the way; and their counts are read, named or not. */
static lake_status look_as_stored(const struct read_many *many, struct lake *lake, bool *out, struct lake_error *err)
{
    int64_t n_rows = 0;
    *out = true;
    for (size_t i = 0; *out && i < many->symbols.n; i++) {
        const struct scan_plan *plan = scan_get_plan_of(many->scan, i, &n_rows);
        if (many->options.columns != NULL && strcmp(plan->dataset.type, "agg") == 0)
            *out = false;
        else
            TRY(read_source_is_current(lake, plan, many->options.as_of, out, err));
    }
    return LAKE_OK;
}

static lake_status open_stored(struct read_many *many, struct lake *lake, struct lake_error *err)
{
    const struct lake_scan_options *options = &many->options;
    const struct scan_options scan = {
        .query = {.selection = options->dataset,
                  .start_ms = options->has_start ? options->start_ms : INT64_MIN,
                  .end_ms = options->has_end ? options->end_ms : INT64_MAX,
                  .as_of = options->as_of},
        .columns = options->columns,
        .n_columns = options->n_columns,
        .limit = options->limit,
        .tail = options->tail,
        .batch_rows = options->batch_rows,
    };
    struct lake_error failure = {LAKE_OK, ""};
    bool is_as_stored = false;
    lake_status status = scan_open_many(lake, &scan, &many->symbols, &many->scan, &failure);
    if (status == LAKE_NOT_FOUND)
        return LAKE_OK; /* then they are read apart, or that says which is not there */
    if (status != LAKE_OK)
        return lake_fail(err, status, "%s", failure.message);
    TRY(look_as_stored(many, lake, &is_as_stored, err));
    if (!is_as_stored) {
        scan_close(many->scan);
        many->scan = NULL;
        return LAKE_OK;
    }
    completeness_init(&many->known, scan_get_schema(many->scan));
    return LAKE_OK;
}

static void get_told(const struct read_many *many, size_t symbol, struct read_told *out)
{
    if (many->window != NULL) {
        *out = *read_window_told(many->window, symbol);
        return;
    }
    *out = (struct read_told){.note = ""};
    const struct scan_plan *plan = scan_get_plan_of(many->scan, symbol, &out->n_rows);
    out->dataset = plan->dataset;
    out->was_chosen = plan->was_chosen;
}

/* ---- the note ---- */

static bool is_alike(const struct read_told *a, const struct read_told *b)
{
    return strcmp(a->dataset.market, b->dataset.market) == 0 && strcmp(a->dataset.type, b->dataset.type) == 0 &&
           strcmp(a->dataset.period, b->dataset.period) == 0 && strcmp(a->note, b->note) == 0;
}

static lake_status describe(const struct read_told *told, struct buffer *text, struct lake_error *err)
{
    const struct manifest_dataset *dataset = &told->dataset;
    TRY(buffer_printf(text, err, "%s %s %s", dataset->market, dataset->type, dataset->period));
    return told->note[0] == '\0' ? LAKE_OK : buffer_printf(text, err, " %s", told->note);
}

/* "FUTURES raw 15m; but ETHUSDT SPOT raw 15m, SOLUSDT FUTURES agg 15m from raw 1m of FUTURES: none are stored, and 3 more" */
static lake_status write_note(const struct read_many *many, struct buffer *text, struct lake_error *err)
{
    struct read_told first, other;
    size_t n = 0;
    get_told(many, 0, &first);
    for (size_t i = 1; i < many->symbols.n; i++) {
        get_told(many, i, &other);
        if (is_alike(&first, &other))
            continue;
        if (n == 0)
            TRY(describe(&first, text, err));
        if (n++ >= MOST_NOTED)
            continue;
        TRY(buffer_printf(text, err, "%s%s ", n == 1 ? "; but " : ", ", other.dataset.symbol));
        TRY(describe(&other, text, err));
    }
    if (n > MOST_NOTED)
        return buffer_printf(text, err, ", and %zu more", n - MOST_NOTED);
    return n > 0 ? LAKE_OK : buffer_append_text(text, first.note, err);
}

static lake_status take_note(struct read_many *many, struct lake_error *err)
{
    struct buffer text = BUFFER_INIT(8 * KIB);
    lake_status status = write_note(many, &text, err);
    if (status == LAKE_OK)
        status = arena_copy_text(&many->arena, text.data, text.length, &many->note, err);
    buffer_release(&text);
    return status;
}

static lake_status open_rows(struct read_many *many, struct lake *lake, struct lake_error *err)
{
    if (may_be_stored(&many->options))
        TRY(open_stored(many, lake, err));
    if (many->scan != NULL)
        return take_note(many, err);
    const struct window_request request = {&many->options, many->symbols.items, many->symbols.n};
    TRY(read_window_open(lake, &request, &many->window, err));
    return take_note(many, err);
}

lake_status read_many_open(struct lake *lake, const struct lake_scan_options *options,
                           const struct scan_symbols *symbols, struct read_many **out, struct lake_error *err)
{
    struct read_many *many = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    if (symbols->n == 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "no symbol is named");
    TRY(memory_new(1, sizeof *many, &many, err));
    arena_init(&many->arena, LIMIT_ENGINE_BYTES);
    many->options = *options;
    TRY_OUT(take_symbols(many, symbols, err));
    TRY_OUT(take_columns(many, err));
    TRY_OUT(open_rows(many, lake, err));
    *out = many;
    many = NULL;
out:
    read_many_close(many);
    return status;
}

void read_many_close(struct read_many *many)
{
    if (many == NULL)
        return;
    scan_close(many->scan);
    read_window_close(many->window);
    memory_free(many->runs.items);
    arena_release(&many->arena);
    memory_free(many);
}

/* ---- what is known ---- */

const struct schema *read_many_schema(const struct read_many *many)
{
    return many->scan != NULL ? scan_get_schema(many->scan) : read_window_schema(many->window);
}

int64_t read_many_rows(const struct read_many *many)
{
    struct read_told told;
    int64_t n = 0;
    for (size_t i = 0; i < many->symbols.n; i++) {
        get_told(many, i, &told);
        if (told.n_rows < 0)
            return -1;
        n += told.n_rows;
    }
    return n;
}

const struct manifest_dataset *read_many_dataset(const struct read_many *many, bool *was_chosen)
{
    struct read_told told;
    int64_t n_rows = 0;
    *was_chosen = false;
    for (size_t i = 0; i < many->symbols.n; i++) {
        get_told(many, i, &told);
        *was_chosen = *was_chosen || told.was_chosen;
    }
    return many->scan != NULL ? &scan_get_plan_of(many->scan, 0, &n_rows)->dataset
                              : &read_window_told(many->window, 0)->dataset;
}

const char *read_many_note(const struct read_many *many)
{
    return many->note;
}

struct completeness read_many_known(const struct read_many *many)
{
    return many->scan != NULL ? many->known : read_window_known(many->window);
}

const struct symbol_runs *read_many_runs(const struct read_many *many)
{
    return &many->runs;
}

/* ---- rows ---- */

/* Whose rows the next of a scan are. */
static lake_status list_runs(struct read_many *many, int64_t n_rows, struct lake_error *err)
{
    many->runs.n = 0;
    while (n_rows > 0) {
        while (many->n_left == 0)
            (void)scan_get_plan_of(many->scan, many->next++, &many->n_left);
        int64_t n = many->n_left < n_rows ? many->n_left : n_rows;
        TRY(symbol_runs_add(&many->runs, many->symbols.items[many->next - 1], n, err));
        many->n_left -= n;
        n_rows -= n;
    }
    return LAKE_OK;
}

lake_status read_many_next(struct read_many *many, struct batch *out, struct lake_error *err)
{
    if (many->window != NULL)
        return read_window_next(many->window, out, &many->runs, err);
    TRY(scan_next(many->scan, out, err));
    if (out->release == NULL)
        return LAKE_OK;
    completeness_count(&many->known, out);
    lake_status status = list_runs(many, out->n_rows, err);
    if (status != LAKE_OK)
        batch_release(out);
    return status;
}
