/* Which dataset bars are derived from. */
#include "ops/derive.h"

#include <string.h>

#include "base/limits.h"
#include "lake/handle.h"
#include "lake/select.h"
#include "lake/types.h"
#include "manifest/history.h"
#include "manifest/knowledge.h"
#include "ops/derive_recipe.h"

/* All datasets of an instrument, and what is looked for among them. */
struct search {
    struct lake *lake;
    const struct derive_request *request;
    const struct derive_recipe *recipe;
    struct arena *arena;
    struct canonical names;
    struct manifest_dataset *all;
    size_t n;
    int64_t former_source; /* what the target was derived from last; 0: not known */
};

static const char trades_type[] = "trades", raw_type[] = "raw", agg_type[] = "agg";

/* ---- candidates ---- */

static bool is_bars(const struct manifest_dataset *dataset)
{
    return strcmp(dataset->type, raw_type) == 0 || strcmp(dataset->type, agg_type) == 0;
}

/* Whether a dataset is what the recipe says that bars are derived from. */
static bool is_meant(const struct search *search, const struct manifest_dataset *dataset)
{
    const struct derive_recipe *recipe = search->recipe;
    if (search->request->source_id != 0)
        return dataset->id == search->request->source_id;
    if (recipe->type != NULL)
        return strcmp(dataset->type, recipe->type->name) == 0;
    if (recipe->period != NULL)
        return is_bars(dataset) && strcmp(dataset->period, recipe->period->name) == 0;
    return is_bars(dataset) || strcmp(dataset->type, trades_type) == 0 || strcmp(dataset->type, "aggtrades") == 0;
}

static bool is_dividing(const struct search *search, const struct manifest_dataset *dataset)
{
    const struct period *period = NULL;
    return period_find(dataset->period, &period, NULL) == LAKE_OK && bucket_divides(period, search->request->target);
}

/* Datasets that did not have columns in a snapshot were not there. */
static lake_status was_there(const struct search *search, const struct manifest_dataset *dataset, bool *out,
                             struct lake_error *err)
{
    struct manifest_column *columns = NULL;
    size_t n = 0;
    *out = true;
    if (search->request->as_of == 0)
        return LAKE_OK;
    TRY(manifest_find_columns_at(search->lake->manifest, dataset->id, search->request->as_of, search->arena, &columns,
                                 &n, err));
    *out = n > 0;
    return LAKE_OK;
}

static lake_status find_candidates(const struct search *search, struct manifest_dataset **out, size_t *n,
                                   struct lake_error *err)
{
    *n = 0;
    TRY(arena_new(search->arena, search->n, sizeof **out, out, err));
    for (size_t i = 0; i < search->n; i++) {
        bool is_there = is_meant(search, &search->all[i]) && is_dividing(search, &search->all[i]);
        if (is_there)
            TRY(was_there(search, &search->all[i], &is_there, err));
        if (is_there)
            (*out)[(*n)++] = search->all[i];
    }
    return LAKE_OK;
}

/* ---- choosing ---- */

/* Less is better: minutes, then the finest bars, raw before derived ones, then trades. */
static int64_t rank_of(const struct search *search, const struct manifest_dataset *dataset)
{
    const struct period *period = NULL;
    bool is_said = search->recipe->type != NULL || search->recipe->period != NULL;
    bool is_second = strcmp(dataset->type, raw_type) != 0 && strcmp(dataset->type, trades_type) != 0;
    if (!is_said && dataset->id == search->former_source)
        return -1;
    if (!is_bars(dataset))
        return INT64_MAX - 1 + is_second;
    if (period_find(dataset->period, &period, NULL) != LAKE_OK)
        return INT64_MAX;
    return (strcmp(dataset->period, "1m") == 0 ? 0 : 2 * period->length_ms) + is_second;
}

static lake_status fail_markets(const struct manifest_dataset *found, size_t n, struct lake_error *err)
{
    struct buffer text = BUFFER_INIT(KIB);
    const char *choices = "";
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(found[i].market, found[i - 1].market) != 0)
            if (buffer_printf(&text, NULL, "%s%s", text.length == 0 ? "" : ", ", found[i].market) != LAKE_OK)
                break;
    if (buffer_string(&text, &choices, NULL) != LAKE_OK)
        choices = "several";
    lake_status status = lake_fail(err, LAKE_INVALID_ARGUMENT, "%s %s is in several markets: %s; name --market",
                                   found[0].exchange, found[0].symbol, choices);
    buffer_release(&text);
    return status;
}

/* Where no market is named and there are several, the lake's default one decides. */
static lake_status keep_market(const struct search *search, struct manifest_dataset *found, size_t *n,
                               struct lake_error *err)
{
    size_t n_kept = 0;
    bool is_one = true;
    for (size_t i = 1; i < *n; i++)
        is_one = is_one && strcmp(found[i].market, found[0].market) == 0;
    if (is_one)
        return LAKE_OK;
    for (size_t i = 0; i < *n; i++)
        if (strcmp(found[i].market, search->lake->default_market) == 0)
            found[n_kept++] = found[i];
    if (n_kept == 0)
        return fail_markets(found, *n, err);
    *n = n_kept;
    return LAKE_OK;
}

static const struct manifest_dataset *find_target(const struct search *search, const char *market)
{
    for (size_t i = 0; i < search->n; i++)
        if (strcmp(search->all[i].type, agg_type) == 0 && strcmp(search->all[i].market, market) == 0 &&
            strcmp(search->all[i].period, search->request->target->name) == 0)
            return &search->all[i];
    return NULL;
}

static lake_status find_former_source(struct search *search, const char *market, struct lake_error *err)
{
    const struct manifest_dataset *target = find_target(search, market);
    struct manifest_derivation derivation;
    bool is_found = false;
    if (target == NULL)
        return LAKE_OK;
    TRY(manifest_find_derivation(search->lake->manifest, target->id, search->arena, &derivation, &is_found, err));
    search->former_source = is_found ? derivation.source_id : 0;
    return LAKE_OK;
}

/* ---- none ---- */

static lake_status fail_nothing(const struct search *search, struct lake_error *err)
{
    struct manifest_filter wanted = search->names.filter;
    wanted.type = search->recipe->type != NULL ? search->recipe->type->name : raw_type;
    wanted.period = search->recipe->period != NULL ? search->recipe->period->name : NULL;
    return select_fail_not_found(search->lake, &wanted, err);
}

/* There may be sources of which no such bars can be made. */
static lake_status fail_none(const struct search *search, struct lake_error *err)
{
    const struct manifest_dataset *best = NULL;
    const struct period *period = NULL;
    for (size_t i = 0; i < search->n; i++)
        if (is_meant(search, &search->all[i]) &&
            (best == NULL || rank_of(search, &search->all[i]) < rank_of(search, best)))
            best = &search->all[i];
    if (best == NULL)
        return fail_nothing(search, err);
    TRY(period_find(best->period, &period, err));
    if (bucket_divides(period, search->request->target)) /* it came later than the snapshot asked for */
        return fail_nothing(search, err);
    lake_status status = bucket_check(period, search->request->target, err);
    return lake_fail_prefix(err, status, "%s/%s/%s/%s/%s", best->exchange, best->market, best->symbol, best->type,
                            best->period);
}

/* ---- all of it ---- */

static lake_status choose(struct search *search, struct manifest_dataset *out, bool *is_found, struct lake_error *err)
{
    struct manifest_dataset *found = NULL;
    size_t n = 0;
    TRY(manifest_find_datasets(search->lake->manifest, &search->names.filter, search->arena, &search->all, &search->n,
                               err));
    TRY(find_candidates(search, &found, &n, err));
    TRY(keep_market(search, found, &n, err));
    *is_found = n > 0;
    if (n == 0)
        return LAKE_OK;
    TRY(find_former_source(search, found[0].market, err));
    *out = found[0];
    for (size_t i = 1; i < n; i++)
        if (rank_of(search, &found[i]) < rank_of(search, out))
            *out = found[i];
    return LAKE_OK;
}

static lake_status look_up(struct search *search, struct manifest_dataset *out, bool *is_found, struct lake_error *err)
{
    struct lake *lake = search->lake;
    bool begun = false;
    mutex_lock(lake->mutex);
    lake_status status = manifest_read_begin(lake->manifest, &begun, err);
    if (status == LAKE_OK)
        status = manifest_read_end(lake->manifest, begun, choose(search, out, is_found, err), err);
    mutex_unlock(lake->mutex);
    return status;
}

static void fill_target(const struct search *search, struct derive_source *out)
{
    const struct manifest_dataset *target = find_target(search, out->source.market);
    out->target = out->source;
    out->target.id = target == NULL ? 0 : target->id;
    out->target.type = agg_type;
    out->target.period = search->request->target->name;
}

lake_status derive_resolve(struct lake *lake, const struct derive_request *request, struct arena *arena,
                           struct derive_source *out, struct lake_error *err)
{
    const struct lake_selection wanted = {request->dataset.exchange, request->dataset.market, request->dataset.symbol,
                                          NULL, NULL};
    struct derive_recipe recipe;
    struct search search = {.lake = lake, .request = request, .recipe = &recipe, .arena = arena};
    bool is_found = false;
    *out = (struct derive_source){.n_columns = 0};
    TRY(derive_recipe_read(lake, request->recipe, arena, &recipe, err));
    TRY(derive_recipe_grid(&recipe, request->target, &out->grid, err));
    if (recipe.period != NULL)
        TRY(bucket_check(recipe.period, request->target, err));
    TRY(select_filter(lake, &wanted, &search.names, err));
    if (search.names.filter.exchange == NULL || search.names.filter.symbol == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s is needed",
                         search.names.filter.exchange == NULL ? "exchange" : "symbol");
    TRY(look_up(&search, &out->source, &is_found, err));
    if (!is_found)
        return fail_none(&search, err);
    fill_target(&search, out);
    TRY(lake_type_find(lake, out->source.type, &out->source_type, err));
    TRY(period_find(out->source.period, &out->source_period, err));
    out->columns = recipe.columns;
    out->n_columns = recipe.n_columns;
    return derive_recipe_text(&recipe, &out->source, &out->grid, arena, &out->recipe, err);
}
