#include "ops/read_source.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "lake/handle.h"
#include "lake/select.h"
#include "lake/types.h"
#include "manifest/history.h"
#include "manifest/knowledge.h"
#include "ops/derive_chain.h"
#include "ops/fill.h"
#include "ops/read_recipe.h"

/* Rows of a batch where the caller does not say; and the share of the engine's memory that one may take. */
enum { USUAL_BATCH_ROWS = 1 << 16, MEMORY_SHARE = 8, ROW_BYTES = 128 };

static const char agg_type[] = "agg";

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool is_reshaped(const struct lake_scan_options *options)
{
    return options->fill != LAKE_FILL_NONE || options->complete;
}

bool read_is_plain(const struct lake_scan_options *options, const struct read_source *source)
{
    return !source->is_derived && !is_reshaped(options);
}

/* ---- what is stored ---- */

static struct scan_options stored_options(const struct read_source *source, const struct lake_scan_options *options)
{
    bool is_plain = !is_reshaped(options);
    return (struct scan_options){
        .query = {.selection = options->dataset,
                  .start_ms = source->range.start_ms,
                  .end_ms = source->range.end_ms,
                  .as_of = options->as_of},
        .columns = source->columns,
        .n_columns = source->n_columns,
        .is_lenient = source->is_lenient,
        .limit = is_plain ? options->limit : 0,
        .tail = is_plain ? options->tail : 0,
        .batch_rows = options->batch_rows,
    };
}

static struct lake_selection selection_of(const struct manifest_dataset *dataset)
{
    return (struct lake_selection){dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period};
}

static lake_status copy_dataset(struct read_source *source, const struct manifest_dataset *from, struct lake_error *err)
{
    struct arena *arena = &source->arena;
    struct manifest_dataset *to = &source->dataset;
    to->id = from->id;
    TRY(arena_copy_text(arena, from->exchange, strlen(from->exchange), &to->exchange, err));
    TRY(arena_copy_text(arena, from->market, strlen(from->market), &to->market, err));
    TRY(arena_copy_text(arena, from->symbol, strlen(from->symbol), &to->symbol, err));
    TRY(arena_copy_text(arena, from->type, strlen(from->type), &to->type, err));
    return arena_copy_text(arena, from->period, strlen(from->period), &to->period, err);
}

static bool has_name(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool is_stored_column(const struct scan_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_columns; i++)
        if (strcmp(plan->columns[i].name, name) == 0)
            return true;
    return false;
}

/* The columns that have to be read though they were not named: what completeness and filling need, as far as they are there. */
static lake_status add_needed_columns(struct read_source *source, const struct lake_scan_options *options,
                                      bool *has_more, struct lake_error *err)
{
    static const char *const of_bars[] = {"bars", "bars_expected", NULL};
    static const char *const nothing[] = {NULL};
    const char *const *const needs[] = {source->is_agg ? of_bars : nothing, fill_needs(options->fill)};
    const struct scan_plan *plan = scan_get_plan(source->scan);
    const char **names = NULL;
    size_t n = options->n_columns;
    *has_more = false;
    if (options->columns == NULL)
        return LAKE_OK;
    TRY(arena_new(&source->arena, n + plan->n_columns, sizeof *names, &names, err));
    if (n > 0)
        memcpy(names, options->columns, n * sizeof *names);
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        for (const char *const *need = needs[i]; *need != NULL; need++)
            if (is_stored_column(plan, *need) && !has_name(names, n, *need))
                names[n++] = *need;
    *has_more = n > options->n_columns;
    source->columns = names;
    source->n_columns = n;
    return LAKE_OK;
}

static lake_status take_plan(struct read_source *source, struct lake_error *err)
{
    const struct scan_plan *plan = scan_get_plan(source->scan);
    source->snapshot = plan->snapshot;
    source->was_chosen = plan->was_chosen;
    source->is_agg = strcmp(plan->dataset.type, agg_type) == 0;
    TRY(copy_dataset(source, &plan->dataset, err));
    return period_find(plan->dataset.period, &source->period, err);
}

/* is_tried: as in struct scan_query. */
static lake_status open_stored(struct read_source *source, const struct lake_scan_options *options, bool is_tried,
                               struct lake_error *err)
{
    source->columns = options->columns;
    source->n_columns = options->n_columns;
    struct scan_options first = stored_options(source, options);
    first.query.is_tried = is_tried;
    TRY(scan_open(source->lake, &first, &source->scan, err));
    return take_plan(source, err);
}

/* Once more, now that it is known which columns are there to be needed. */
static lake_status widen_stored(struct read_source *source, const struct lake_scan_options *options,
                                struct lake_error *err)
{
    bool has_more = false, was_chosen = source->was_chosen;
    TRY(add_needed_columns(source, options, &has_more, err));
    if (!has_more)
        return LAKE_OK;
    struct scan *narrow = source->scan;
    struct scan_options wider = stored_options(source, options);
    wider.query.selection = selection_of(&source->dataset);
    wider.query.as_of = source->snapshot;
    source->scan = NULL;
    lake_status status = scan_open(source->lake, &wider, &source->scan, err);
    scan_close(narrow);
    source->was_chosen = was_chosen;
    return status;
}

/* ---- current or not ---- */

enum currency { IS_CURRENT, IS_STALE, IS_OF_UNKNOWN_ORIGIN };

struct changes {
    struct manifest_derivation derivation;
    bool is_known;
    int64_t source, target; /* the snapshots that last changed the two */
    bool has_fitted; /* as of a former snapshot: the one was derived from the other after that had changed last */
};

static lake_status find_changes(const struct read_source *source, int64_t as_of, struct arena *arena,
                                struct changes *out, struct lake_error *err)
{
    struct manifest *manifest = source->lake->manifest;
    const int64_t id = source->dataset.id;
    TRY(manifest_find_derivation(manifest, id, arena, &out->derivation, &out->is_known, err));
    if (!out->is_known)
        return LAKE_OK;
    TRY(manifest_find_changed(manifest, id, &out->target, err));
    TRY(manifest_find_changed(manifest, out->derivation.source_id, &out->source, err));
    return as_of == 0 ? LAKE_OK
                      : derive_find_fit(manifest, &out->derivation, source->snapshot, arena, &out->has_fitted, err);
}

static lake_status read_changes(struct read_source *source, int64_t as_of, struct changes *out, struct lake_error *err)
{
    struct lake *lake = source->lake;
    bool begun = false;
    *out = (struct changes){.is_known = false};
    mutex_lock(lake->mutex);
    lake_status status = manifest_read_begin(lake->manifest, &begun, err);
    if (status == LAKE_OK)
        status = find_changes(source, as_of, &source->arena, out, err);
    status = manifest_read_end(lake->manifest, begun, status, err);
    mutex_unlock(lake->mutex);
    return status;
}

/* What changed behind the snapshot that was resolved is not in it: then the two are not known to fit. As of a former one
 * it counts whether they fitted then: what is read is what was read then, whatever became of either later. */
static enum currency judge(const struct changes *changes, int64_t snapshot, bool is_former)
{
    const struct manifest_derivation *derivation = &changes->derivation;
    bool is_unchanged = changes->source <= snapshot && changes->target <= snapshot;
    if (is_former && !changes->is_known)
        return IS_CURRENT;
    if (is_former && !is_unchanged)
        return changes->has_fitted ? IS_CURRENT : IS_STALE;
    if (!changes->is_known)
        return IS_OF_UNKNOWN_ORIGIN;
    bool is_done = derivation->source_changed == changes->source && derivation->target_changed == changes->target;
    return is_done && is_unchanged ? IS_CURRENT : IS_STALE;
}

/* ---- deriving on the way ---- */

static void write_note(struct read_source *source, const char *why)
{
    const struct manifest_dataset *from = &source->derive.source;
    bool has_period = source->derive.source_period->length_ms > 0;
    snprintf(source->note, sizeof source->note, "from %s%s%s of %s: %s", from->type, has_period ? " " : "",
             has_period ? from->period : "", from->market, why);
}

static lake_status open_derived(struct read_source *source, const struct derive_request *request, const char *why,
                                struct lake_error *err)
{
    struct derive_link link = {.derive = NULL, .is_current = true};
    TRY(derive_resolve(source->lake, request, &source->arena, &source->derive, err));
    TRY(derive_chain_find(source->lake, &source->derive.source, request->as_of, &source->arena, &link, err));
    source->derive.through = link.is_current ? NULL : link.derive;
    TRY(arena_new(&source->arena, 1, sizeof *source->is_lent, &source->is_lent, err));
    TRY(derivation_open(source->lake, &source->derive, source->range, request->as_of, &source->derivation, err));
    source->is_derived = source->is_agg = true;
    source->snapshot = derivation_snapshot(source->derivation);
    source->period = request->target;
    write_note(source, why);
    return copy_dataset(source, &source->derive.target, err);
}

static bool is_of_bars(const struct period *period)
{
    return period->length_ms > 0 || period->grain == GRAIN_YEAR;
}

/* The period of the bars that a read without stored ones may derive; NULL where it names none. */
static lake_status find_target(struct lake *lake, const struct lake_scan_options *options, const struct period **out,
                               struct lake_error *err)
{
    const struct data_type *type = NULL;
    *out = NULL;
    if (is_given(options->dataset.type)) {
        TRY(lake_type_find(lake, options->dataset.type, &type, err));
        if (strcmp(type->name, agg_type) != 0)
            return LAKE_OK;
    }
    if (!is_given(options->dataset.period))
        return LAKE_OK;
    TRY(period_find(options->dataset.period, out, err));
    if (!is_of_bars(*out))
        *out = NULL;
    return LAKE_OK;
}

static lake_status derive_shifted(struct read_source *source, const struct lake_scan_options *options,
                                  struct lake_error *err)
{
    const struct lake_recipe recipe = {.offset = options->offset, .origin = options->origin};
    struct derive_request request = {.dataset = options->dataset, .recipe = &recipe, .as_of = options->as_of};
    TRY(find_target(source->lake, options, &request.target, err));
    if (request.target == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "an offset or origin is of bars that are derived: name their period, and no type but agg");
    return open_derived(source, &request,
                        is_given(options->origin) ? "an origin was asked for" : "an offset was asked for", err);
}

/* Whether there is such a dataset, though a scan of it was not found. */
static lake_status is_there(struct lake *lake, const struct lake_scan_options *options, struct arena *arena, bool *out,
                            struct lake_error *err)
{
    struct canonical canonical;
    struct selected selected = {.is_found = false};
    TRY(select_filter_to_read(lake, &options->dataset, &canonical, err));
    const struct select_scope scope = {&canonical.filter, options->as_of, canonical.feature_set};
    mutex_lock(lake->mutex);
    lake_status status = select_dataset(lake, &scope, arena, &selected, err);
    mutex_unlock(lake->mutex);
    *out = selected.is_found;
    return status;
}

/* Nothing that fits is stored. Where nothing can be derived either, the scan is asked once more, for what it says of that. */
static lake_status derive_missing(struct read_source *source, const struct lake_scan_options *options,
                                  const struct period *target, struct lake_error *err)
{
    const struct derive_request request = {.dataset = options->dataset, .target = target, .as_of = options->as_of};
    bool is_stored = false;
    TRY(is_there(source->lake, options, &source->arena, &is_stored, err));
    if (is_stored) /* but its files are not */
        return open_stored(source, options, false, err);
    lake_status status = open_derived(source, &request, "none are stored", err);
    bool is_former = source->is_former && status == LAKE_INVALID_ARGUMENT; /* it may be that the source came later */
    return status == LAKE_NOT_FOUND || is_former ? open_stored(source, options, false, err) : status;
}

/* Derived bars that are stored but are not what their source gives now: derived by the recipe that made them, from the dataset that did (bars
 * of one period may be raw and derived ones). */
static lake_status derive_stale(struct read_source *source, const struct lake_scan_options *options,
                                const struct manifest_derivation *derivation, struct lake_error *err)
{
    struct lake_recipe recipe;
    const struct derive_request request = {.dataset = selection_of(&source->dataset),
                                           .target = source->period,
                                           .recipe = &recipe,
                                           .source_id = derivation->source_id,
                                           .as_of = options->as_of};
    char why[64];
    TRY(read_recipe_parse(derivation->recipe, &source->arena, &recipe, err));
    snprintf(why, sizeof why, "%s %s is not current", agg_type, source->period->name);
    return open_derived(source, &request, why, err);
}

/* Where nothing says what they were made of: without a source they are somebody's own, and stay as they are. */
static lake_status derive_unknown(struct read_source *source, const struct lake_scan_options *options,
                                  struct lake_error *err)
{
    const struct derive_request request = {
        .dataset = selection_of(&source->dataset), .target = source->period, .as_of = options->as_of};
    char why[64];
    snprintf(why, sizeof why, "what %s %s was derived from is not known", agg_type, source->period->name);
    lake_status status = open_derived(source, &request, why, err);
    return status == LAKE_NOT_FOUND || status == LAKE_INVALID_ARGUMENT ? LAKE_OK : status;
}

/* ---- deciding ---- */

/* Bars that fit their source are stale where that is derived itself and is. */
static lake_status look_at_chain(struct read_source *source, const struct manifest_derivation *derivation,
                                 int64_t as_of, enum currency *currency, struct lake_error *err)
{
    struct lake *lake = source->lake;
    struct manifest_dataset from;
    struct derive_link link;
    mutex_lock(lake->mutex);
    lake_status status = manifest_get_dataset(lake->manifest, derivation->source_id, &source->arena, &from, err);
    mutex_unlock(lake->mutex);
    TRY(status);
    TRY(derive_chain_find(lake, &from, as_of, &source->arena, &link, err));
    *currency = link.is_current ? IS_CURRENT : IS_STALE;
    return LAKE_OK;
}

static lake_status find_currency(struct read_source *source, int64_t as_of, struct changes *changes, enum currency *out,
                                 struct lake_error *err)
{
    TRY(read_changes(source, as_of, changes, err));
    *out = judge(changes, source->snapshot, source->is_former);
    return *out == IS_CURRENT && changes->is_known ? look_at_chain(source, &changes->derivation, as_of, out, err)
                                                   : LAKE_OK;
}

lake_status read_source_is_current(struct lake *lake, const struct scan_plan *plan, int64_t as_of, bool *out,
                                   struct lake_error *err)
{
    struct read_source source = {.lake = lake,
                                 .arena = ARENA_INIT(LIMIT_ENGINE_BYTES),
                                 .dataset = plan->dataset,
                                 .snapshot = plan->snapshot,
                                 .is_former = as_of != 0};
    struct changes changes;
    enum currency currency = IS_CURRENT;
    *out = true;
    if (strcmp(plan->dataset.type, agg_type) != 0)
        return LAKE_OK;
    lake_status status = find_currency(&source, as_of, &changes, &currency, err);
    *out = currency == IS_CURRENT;
    arena_release(&source.arena);
    return status;
}

static lake_status settle_agg(struct read_source *source, const struct lake_scan_options *options,
                              struct lake_error *err)
{
    struct changes changes;
    enum currency currency = IS_CURRENT;
    TRY(find_currency(source, options->as_of, &changes, &currency, err));
    if (currency == IS_STALE)
        TRY(derive_stale(source, options, &changes.derivation, err));
    else if (currency == IS_OF_UNKNOWN_ORIGIN)
        TRY(derive_unknown(source, options, err));
    if (source->is_derived) {
        scan_close(source->scan);
        source->scan = NULL;
    }
    return LAKE_OK;
}

static lake_status check_complete(const struct read_source *source, struct lake_error *err)
{
    const struct manifest_dataset *dataset = &source->dataset;
    if (!source->is_agg)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "%s %s are rows as they came and have no source bars to lack; --complete is of derived bars: "
                         "name --data-type agg and a period, or leave it out",
                         dataset->type, dataset->period);
    if (!source->is_derived && !is_stored_column(scan_get_plan(source->scan), "bars_expected"))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "%s %s does not say of how many source bars its bars should be made; leave out --complete",
                         dataset->type, dataset->period);
    return LAKE_OK;
}

/* What a scan says of a dataset that is not there costs a look at all others: only where it is not derived is it asked to. */
static lake_status find_rows(struct read_source *source, const struct lake_scan_options *options,
                             struct lake_error *err)
{
    const struct period *target = NULL;
    TRY(find_target(source->lake, options, &target, err));
    if (target == NULL)
        return open_stored(source, options, false, err);
    lake_status status = open_stored(source, options, true, err);
    return status == LAKE_NOT_FOUND ? derive_missing(source, options, target, err) : status;
}

static lake_status decide(struct read_source *source, const struct lake_scan_options *options, struct lake_error *err)
{
    if (is_given(options->offset) || is_given(options->origin))
        return derive_shifted(source, options, err);
    TRY(find_rows(source, options, err));
    if (source->is_agg && !source->is_derived)
        TRY(settle_agg(source, options, err));
    if (options->complete)
        TRY(check_complete(source, err));
    return source->is_derived ? LAKE_OK : widen_stored(source, options, err);
}

static int64_t choose_batch_rows(const struct lake *lake, int64_t asked)
{
    size_t fitting = lake->memory_bytes / MEMORY_SHARE / ROW_BYTES;
    int64_t rows = fitting > USUAL_BATCH_ROWS ? USUAL_BATCH_ROWS : (int64_t)fitting;
    rows = asked > 0 && asked < rows ? asked : rows;
    return rows < 1 ? 1 : rows;
}

lake_status read_source_resolve_at(struct lake *lake, const struct read_request *request, struct read_source *out,
                                   struct lake_error *err)
{
    struct lake_scan_options options = *request->options;
    *out = (struct read_source){
        .lake = lake,
        .arena = ARENA_INIT(LIMIT_ENGINE_BYTES),
        .range = {options.has_start ? options.start_ms : INT64_MIN, options.has_end ? options.end_ms : INT64_MAX},
        .batch_rows = choose_batch_rows(lake, options.batch_rows),
        .is_former = options.as_of != 0,
        .is_lenient = request->is_lenient,
    };
    if (options.as_of == 0)
        options.as_of = request->snapshot;
    lake_status status = decide(out, &options, err);
    if (status != LAKE_OK)
        read_source_release(out);
    return status;
}

lake_status read_source_resolve(struct lake *lake, const struct lake_scan_options *options, struct read_source *out,
                                struct lake_error *err)
{
    const struct read_request request = {.options = options};
    return read_source_resolve_at(lake, &request, out, err);
}

void read_source_release(struct read_source *source)
{
    scan_close(source->scan);
    derivation_close(source->derivation);
    arena_release(&source->arena);
    source->scan = NULL;
    source->derivation = NULL;
}

/* ---- extent ---- */

static struct time_range extent_of(const struct scan *scan)
{
    const struct scan_plan *plan = scan_get_plan(scan);
    if (plan->n_files == 0)
        return (struct time_range){0, 0};
    return (struct time_range){plan->files[0].time_from_ms, plan->files[plan->n_files - 1].time_to_ms + 1};
}

lake_status read_source_extent(const struct read_source *source, struct time_range *out, struct lake_error *err)
{
    static const char *const nothing[] = {NULL};
    struct scan *scan = NULL;
    if (!source->is_derived) {
        *out = extent_of(source->scan);
        return LAKE_OK;
    }
    const struct derive_source *derive = &source->derive;
    while (derive->through != NULL)
        derive = derive->through;
    const struct scan_options options = {.query = {.selection = selection_of(&derive->source),
                                                   .start_ms = INT64_MIN,
                                                   .end_ms = INT64_MAX,
                                                   .as_of = source->snapshot},
                                         .columns = nothing};
    TRY(scan_open(source->lake, &options, &scan, err));
    *out = extent_of(scan);
    scan_close(scan);
    return LAKE_OK;
}

/* ---- rows ---- */

/* What was opened to see whether it can be is read, once. */
static bool borrow(const struct read_source *source, struct time_range range, struct read_rows *out)
{
    if (!source->is_derived || *source->is_lent || range.start_ms != source->range.start_ms ||
        range.end_ms != source->range.end_ms)
        return false;
    *source->is_lent = true;
    *out = (struct read_rows){.derivation = source->derivation, .is_borrowed = true};
    return true;
}

lake_status read_rows_open(const struct read_source *source, struct time_range range, struct read_rows *out,
                           struct lake_error *err)
{
    *out = (struct read_rows){.scan = NULL};
    if (borrow(source, range, out))
        return LAKE_OK;
    if (source->is_derived)
        return derivation_open(source->lake, &source->derive, range, source->snapshot, &out->derivation, err);
    const struct scan_options options = {.query = {.selection = selection_of(&source->dataset),
                                                   .start_ms = range.start_ms,
                                                   .end_ms = range.end_ms,
                                                   .as_of = source->snapshot},
                                         .columns = source->columns,
                                         .n_columns = source->n_columns,
                                         .is_lenient = source->is_lenient,
                                         .batch_rows = source->batch_rows};
    return scan_open(source->lake, &options, &out->scan, err);
}

void read_rows_close(struct read_rows *rows)
{
    scan_close(rows->scan);
    if (!rows->is_borrowed)
        derivation_close(rows->derivation);
    *rows = (struct read_rows){.scan = NULL};
}

const struct schema *read_rows_schema(const struct read_rows *rows)
{
    return rows->derivation != NULL ? derivation_schema(rows->derivation) : scan_get_schema(rows->scan);
}

lake_status read_rows_next(struct read_rows *rows, struct batch *out, struct lake_error *err)
{
    return rows->derivation != NULL ? derivation_next(rows->derivation, out, err) : scan_next(rows->scan, out, err);
}
