#include "lake/select.h"

#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "lake/near.h"
#include "lake/types.h"
#include "manifest/history.h"

enum { MOST_CHOICES = 8, MOST_NEAR = 3, NEAR_DISTANCE = 2, MESSAGE_BYTES = 1024 };

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static lake_status read_period(const struct data_type *type, const char *text, struct canonical *out,
                               struct lake_error *err)
{
    const struct period *period = NULL;
    if (type != NULL && type->is_versioned && !feature_period_is(text))
        return feature_set_copy(text, out->feature_set, err);
    TRY(period_find_name(text, &period, out->period, err));
    out->filter.period = out->period;
    return LAKE_OK;
}

lake_status select_filter_to_read(struct lake *lake, const struct lake_selection *selection, struct canonical *out,
                                  struct lake_error *err)
{
    static const struct lake_selection everything;
    const struct lake_selection *given = selection == NULL ? &everything : selection;
    const struct data_type *type = NULL;
    out->filter = (struct manifest_filter){0};
    out->feature_set[0] = '\0';
    if (is_given(given->exchange)) {
        TRY(name_exchange(given->exchange, out->exchange, err));
        out->filter.exchange = out->exchange;
    }
    if (is_given(given->market)) {
        TRY(name_market(given->market, out->market, err));
        out->filter.market = out->market;
    }
    if (is_given(given->symbol)) {
        TRY(name_symbol(given->symbol, out->symbol, err));
        out->filter.symbol = out->symbol;
    }
    if (is_given(given->type)) {
        TRY(lake_type_find(lake, given->type, &type, err));
        out->filter.type = type->name;
    }
    return is_given(given->period) ? read_period(type, given->period, out, err) : LAKE_OK;
}

/* Deleting all versions where one was meant cannot be what somebody wants. */
lake_status select_filter(struct lake *lake, const struct lake_selection *selection, struct canonical *out,
                          struct lake_error *err)
{
    TRY(select_filter_to_read(lake, selection, out, err));
    if (out->feature_set[0] != '\0')
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "the period of features is set@version: name a version of '%s', as in %s@1.0.1",
                         out->feature_set, out->feature_set);
    return LAKE_OK;
}

/* ---- messages ---- */

static lake_status fail_ambiguous(const struct manifest_dataset *found, size_t n, struct lake_error *err)
{
    struct buffer text = BUFFER_INIT(MESSAGE_BYTES);
    const char *choices = "";
    for (size_t i = 0; i < n && i < MOST_CHOICES; i++)
        if (buffer_printf(&text, NULL, "%s%s %s %s", i == 0 ? "" : ", ", found[i].market, found[i].type,
                          found[i].period) != LAKE_OK)
            break;
    if (buffer_string(&text, &choices, NULL) != LAKE_OK)
        choices = "several";
    lake_status status = lake_fail(err, LAKE_INVALID_ARGUMENT,
                                   "%s %s is ambiguous: there are %s%s; name --market, --data-type or --period",
                                   found[0].exchange, found[0].symbol, choices, n > MOST_CHOICES ? ", …" : "");
    buffer_release(&text);
    return status;
}

/* A wrong exchange counts as one step more than a wrong letter: the same symbol elsewhere is a near match. */
static size_t distance_of(const struct manifest_dataset *dataset, const struct manifest_filter *wanted)
{
    size_t steps = wanted->symbol == NULL ? 0 : near_distance(wanted->symbol, dataset->symbol);
    bool is_elsewhere = wanted->exchange != NULL && strcmp(wanted->exchange, dataset->exchange) != 0;
    return steps == SIZE_MAX ? steps : steps + is_elsewhere;
}

static bool same_name(const struct manifest_dataset *a, const struct manifest_dataset *b)
{
    return strcmp(a->exchange, b->exchange) == 0 && strcmp(a->symbol, b->symbol) == 0;
}

static bool is_wanted_name(const struct manifest_dataset *dataset, const struct manifest_filter *wanted)
{
    return (wanted->exchange == NULL || strcmp(wanted->exchange, dataset->exchange) == 0) &&
           (wanted->symbol == NULL || strcmp(wanted->symbol, dataset->symbol) == 0);
}

static void append_near(struct buffer *text, const struct manifest_dataset *dataset, bool with_kind)
{
    lake_status status =
        buffer_printf(text, NULL, "%s%s %s", text->length == 0 ? "" : ", ", dataset->exchange, dataset->symbol);
    if (status == LAKE_OK && with_kind)
        status = buffer_printf(text, NULL, " %s %s %s", dataset->market, dataset->type, dataset->period);
    if (status != LAKE_OK)
        buffer_clear(text); /* the message does without */
}

/* Near matches: the wanted names with another market, type or period first; else names a letter or two away. */
static void list_near(const struct manifest_filter *wanted, const struct manifest_dataset *all, size_t n,
                      struct buffer *text)
{
    int n_listed = 0;
    for (size_t i = 0; i < n && n_listed < MOST_NEAR; i++)
        if (is_wanted_name(&all[i], wanted)) {
            append_near(text, &all[i], true);
            n_listed++;
        }
    for (size_t steps = 1; n_listed == 0 && steps <= NEAR_DISTANCE; steps++)
        for (size_t i = 0; i < n && n_listed < MOST_NEAR; i++)
            if (distance_of(&all[i], wanted) == steps && (i == 0 || !same_name(&all[i], &all[i - 1]))) {
                append_near(text, &all[i], false);
                n_listed++;
            }
}

static const char *gap(const char *name)
{
    return name == NULL ? "" : " ";
}

static const char *or_empty(const char *name)
{
    return name == NULL ? "" : name;
}

lake_status select_find_near(struct lake *lake, const struct manifest_filter *wanted, struct buffer *out, size_t *n_all,
                             struct lake_error *err)
{
    static const struct manifest_filter everything;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_dataset *all = NULL;
    size_t n = 0;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_datasets(lake->manifest, &everything, &arena, &all, &n, err);
    mutex_unlock(lake->mutex);
    if (status == LAKE_OK)
        list_near(wanted, all, n, out);
    if (n_all != NULL)
        *n_all = n;
    arena_release(&arena);
    return status;
}

lake_status select_fail_not_found(struct lake *lake, const struct manifest_filter *wanted, struct lake_error *err)
{
    struct buffer near = BUFFER_INIT(MESSAGE_BYTES);
    const char *text = "";
    size_t n = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(select_find_near(lake, wanted, &near, &n, err));
    if (buffer_string(&near, &text, NULL) != LAKE_OK)
        text = "";
    status = lake_fail(err, LAKE_NOT_FOUND, "there is no dataset%s%s%s%s%s%s%s%s%s%s%s%s%s", gap(wanted->exchange),
                       or_empty(wanted->exchange), gap(wanted->symbol), or_empty(wanted->symbol), gap(wanted->market),
                       or_empty(wanted->market), gap(wanted->type), or_empty(wanted->type), gap(wanted->period),
                       or_empty(wanted->period), text[0] == '\0' ? "; see dl list" : "; there is ", text,
                       text[0] == '\0' && n == 0 ? " (it is empty)" : "");
out:
    buffer_release(&near);
    return status;
}

/* ---- choosing ---- */

static bool matches(const char *wanted, const char *found)
{
    return wanted == NULL || strcmp(wanted, found) == 0;
}

/* Keeps the datasets that match where any does; the order stays. */
static size_t keep_preferred(struct manifest_dataset *found, size_t n, const struct manifest_filter *preferred)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++)
        if (matches(preferred->market, found[i].market) && matches(preferred->type, found[i].type) &&
            matches(preferred->period, found[i].period))
            found[n_kept++] = found[i];
    return n_kept == 0 ? n : n_kept;
}

/* Keeps the datasets that had columns in a snapshot: they were there. */
static lake_status keep_former(struct lake *lake, struct manifest_dataset *found, size_t *n, int64_t as_of,
                               struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_column *columns = NULL;
    size_t n_found = *n, n_columns = 0;
    lake_status status = LAKE_OK;
    *n = 0;
    for (size_t i = 0; i < n_found; i++) {
        TRY_OUT(manifest_find_columns_at(lake->manifest, found[i].id, as_of, &arena, &columns, &n_columns, err));
        if (n_columns > 0)
            found[(*n)++] = found[i];
    }
out:
    arena_release(&arena);
    return status;
}

/* ---- versions of features ---- */

static bool is_of_set(const struct manifest_dataset *dataset, const char *set)
{
    size_t n = strlen(set);
    return strncmp(dataset->period, set, n) == 0 && dataset->period[n] == '@';
}

static void keep_set(struct manifest_dataset *found, size_t *n, const char *set)
{
    size_t n_found = *n;
    *n = 0;
    for (size_t i = 0; i < n_found; i++)
        if (is_of_set(&found[i], set))
            found[(*n)++] = found[i];
}

/* Whether all are versions of one set. */
static bool are_versions(const struct manifest_dataset *found, size_t n)
{
    size_t length = strcspn(found[0].period, "@");
    bool are = found[0].period[length] == '@';
    for (size_t i = 1; i < n && are; i++)
        are = strncmp(found[0].period, found[i].period, length + 1) == 0 &&
              strcmp(found[0].market, found[i].market) == 0 && strcmp(found[0].type, found[i].type) == 0;
    return are;
}

/* A version that was deleted is still known. */
static lake_status has_rows(struct lake *lake, const struct manifest_dataset *dataset, int64_t as_of, bool *out,
                            struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *files = NULL;
    size_t n = 0;
    int64_t snapshot = 0;
    lake_status status =
        as_of == 0
            ? manifest_find_files(lake->manifest, dataset->id, INT64_MIN, INT64_MAX, &arena, &files, &n, &snapshot, err)
            : manifest_find_files_at(lake->manifest, dataset->id, INT64_MIN, INT64_MAX, as_of, &arena, &files, &n, err);
    *out = n > 0;
    arena_release(&arena);
    return status;
}

static size_t greatest_version(const struct manifest_dataset *found, size_t n)
{
    size_t greatest = 0;
    for (size_t i = 1; i < n; i++)
        if (feature_version_compare(strchr(found[i].period, '@') + 1, strchr(found[greatest].period, '@') + 1) > 0)
            greatest = i;
    return greatest;
}

/* Leaves the latest version that has rows; where none has any, the latest. */
static lake_status keep_latest(struct lake *lake, struct manifest_dataset *found, size_t *n, int64_t as_of,
                               struct lake_error *err)
{
    struct manifest_dataset latest = found[greatest_version(found, *n)];
    bool is_there = false;
    for (size_t left = *n; left > 0 && !is_there; left--) {
        size_t at = greatest_version(found, left);
        const struct manifest_dataset next = found[at];
        found[at] = found[left - 1];
        TRY(has_rows(lake, &next, as_of, &is_there, err));
        if (is_there)
            latest = next;
    }
    found[0] = latest;
    *n = 1;
    return LAKE_OK;
}

lake_status select_dataset(struct lake *lake, const struct select_scope *scope, struct arena *arena,
                           struct selected *out, struct lake_error *err)
{
    const struct manifest_filter preferences[] = {{.type = "raw"}, {.market = lake->default_market}, {.period = "1m"}};
    struct manifest_dataset *found = NULL;
    size_t n = 0;
    *out = (struct selected){.is_found = false};
    if (scope->filter->exchange == NULL || scope->filter->symbol == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s is needed",
                         scope->filter->exchange == NULL ? "exchange" : "symbol");
    TRY(manifest_find_datasets(lake->manifest, scope->filter, arena, &found, &n, err));
    if (is_given(scope->feature_set))
        keep_set(found, &n, scope->feature_set);
    out->is_younger = n > 0;
    if (scope->as_of != 0)
        TRY(keep_former(lake, found, &n, scope->as_of, err));
    if (n == 0)
        return LAKE_OK;
    out->is_younger = false;
    out->was_chosen = n > 1 || is_given(scope->feature_set);
    for (size_t i = 0; i < sizeof preferences / sizeof *preferences && n > 1; i++)
        n = keep_preferred(found, n, &preferences[i]);
    if (n > 1 && are_versions(found, n))
        TRY(keep_latest(lake, found, &n, scope->as_of, err));
    if (n > 1)
        return fail_ambiguous(found, n, err);
    out->is_found = true;
    out->dataset = found[0];
    return LAKE_OK;
}
