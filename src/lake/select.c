#include "lake/select.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "column/data_type.h"

enum { MOST_CHOICES = 8, MOST_NEAR = 3, NEAR_DISTANCE = 2, MESSAGE_BYTES = 1024 };

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

lake_status select_filter(const struct lake_selection *selection, struct canonical *out, struct lake_error *err)
{
    static const struct lake_selection everything;
    const struct lake_selection *given = selection == NULL ? &everything : selection;
    const struct data_type *type = NULL;
    const struct period *period = NULL;
    out->filter = (struct manifest_filter){0};
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
        TRY(data_type_find(given->type, &type, err));
        out->filter.type = type->name;
    }
    if (is_given(given->period)) {
        TRY(period_find(given->period, &period, err));
        out->filter.period = period->name;
    }
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

/* Levenshtein distance, up to the limit; names are at most NAME_BYTES long. */
static int distance(const char *a, const char *b)
{
    int row[NAME_BYTES + 1];
    size_t n_a = strlen(a), n_b = strlen(b);
    if (n_a > LIMIT_NAME_BYTES || n_b > LIMIT_NAME_BYTES)
        return NAME_BYTES;
    for (size_t j = 0; j <= n_b; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n_a; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= n_b; j++) {
            int replace = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            int insert = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = replace < insert ? replace : insert;
        }
    }
    return row[n_b];
}

/* A wrong exchange counts as one step more than a wrong letter: the same symbol elsewhere is a near match. */
static int distance_of(const struct manifest_dataset *dataset, const struct manifest_filter *wanted)
{
    int steps = wanted->symbol == NULL ? 0 : distance(wanted->symbol, dataset->symbol);
    if (wanted->exchange != NULL && strcmp(wanted->exchange, dataset->exchange) != 0)
        steps += 1;
    return steps;
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
    for (int steps = 1; n_listed == 0 && steps <= NEAR_DISTANCE; steps++)
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

lake_status select_fail_not_found(struct lake *lake, const struct manifest_filter *wanted, struct lake_error *err)
{
    static const struct manifest_filter everything;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct buffer near = BUFFER_INIT(MESSAGE_BYTES);
    struct manifest_dataset *all = NULL;
    const char *text = "";
    size_t n = 0;
    lake_status status = LAKE_OK;
    mutex_lock(lake->mutex);
    status = manifest_find_datasets(lake->manifest, &everything, &arena, &all, &n, err);
    mutex_unlock(lake->mutex);
    if (status != LAKE_OK)
        goto out;
    list_near(wanted, all, n, &near);
    if (buffer_string(&near, &text, NULL) != LAKE_OK)
        text = "";
    status = lake_fail(err, LAKE_NOT_FOUND, "there is no dataset%s%s%s%s%s%s%s%s%s%s%s%s%s", gap(wanted->exchange),
                       or_empty(wanted->exchange), gap(wanted->symbol), or_empty(wanted->symbol), gap(wanted->market),
                       or_empty(wanted->market), gap(wanted->type), or_empty(wanted->type), gap(wanted->period),
                       or_empty(wanted->period), text[0] == '\0' ? "; see dl list" : "; there is ", text,
                       text[0] == '\0' && n == 0 ? " (it is empty)" : "");
out:
    buffer_release(&near);
    arena_release(&arena);
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

lake_status select_dataset(struct lake *lake, const struct lake_selection *selection, struct arena *arena,
                           struct manifest_dataset *out, bool *chosen, struct lake_error *err)
{
    static const struct manifest_filter preferences[] = {{.type = "raw"}, {.market = "FUTURES"}, {.period = "1m"}};
    struct canonical canonical;
    struct manifest_dataset *found = NULL;
    size_t n = 0;
    TRY(select_filter(selection, &canonical, err));
    if (canonical.filter.exchange == NULL || canonical.filter.symbol == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s is needed",
                         canonical.filter.exchange == NULL ? "exchange" : "symbol");
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_datasets(lake->manifest, &canonical.filter, arena, &found, &n, err);
    mutex_unlock(lake->mutex);
    if (status != LAKE_OK)
        return status;
    if (n == 0)
        return select_fail_not_found(lake, &canonical.filter, err);
    *chosen = n > 1;
    for (size_t i = 0; i < sizeof preferences / sizeof *preferences && n > 1; i++)
        n = keep_preferred(found, n, &preferences[i]);
    if (n > 1)
        return fail_ambiguous(found, n, err);
    *out = found[0];
    return LAKE_OK;
}
