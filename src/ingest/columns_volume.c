/* Which fields are the volumes: in the base currency, in the quote currency, in contracts.
 *
 * What was paid lies between the volume at the lowest and at the highest price: quote / base is in [low, high] of
 * each bar. Names decide where this holds for what they say, or where the values cannot tell; else the one pair for
 * which it holds. Of a contract of so many dollars (Binance COIN-M: 10 or 100) the base volume times the price is
 * that multiple of the contracts. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ingest/columns_work.h"
#include "ingest/symbol_text.h"

enum { MAX_CANDIDATES = 16 };

/* Rounding of small volumes, and of averages: how far outside a bar its average price may seem to be. */
static const double rounding = 1.002;

struct volumes {
    struct columns_work *work;
    const double *low, *high;
    size_t candidates[MAX_CANDIDATES];
    size_t n;
    int base, quote; /* fields, or -1 */
    const char *base_origin, *quote_origin;
};

/* Whether quote / base / multiple lies within the bar in four rows of five; false where no row can tell. */
static bool is_between(const struct volumes *v, const double *base, const double *quote, double multiple, double slack)
{
    size_t n = 0, n_inside = 0;
    for (size_t row = 0; row < v->work->input->n_samples; row++) {
        double price = quote[row] / base[row] * multiple;
        if (!(base[row] > 0) || !(quote[row] > 0) || !(v->low[row] > 0) || !isfinite(price))
            continue;
        n++;
        n_inside += price >= v->low[row] / slack && price <= v->high[row] * slack;
    }
    return n > 0 && 5 * n_inside >= 4 * n;
}

static const double *numbers_of(const struct volumes *v, int field)
{
    return v->work->fields[field].profile.numbers;
}

static bool fits(const struct volumes *v, int base, int quote)
{
    return is_between(v, numbers_of(v, base), numbers_of(v, quote), 1, rounding);
}

static bool can_tell(const struct volumes *v, int field)
{
    const struct column_profile *profile = &v->work->fields[field].profile;
    return v->low != NULL && profile->n_numbers > profile->n_zero;
}

static bool is_candidate(const struct columns_field *f)
{
    bool is_named = columns_means(f, "volume") || columns_means(f, "quote_volume") || columns_means(f, NAME_VOLUME);
    bool is_asset = f->meaning.column == NULL && csv_volume_asset(f->name).length > 0;
    return !f->is_decided && f->chosen == 0 && (is_named || is_asset) &&
           (f->profile.n_values == 0 || column_profile_is_number(&f->profile));
}

/* 'b', 'q' or 0: which side of the symbol the asset in the field's name is. */
static char side_of_asset(const struct columns_work *work, const struct columns_field *f)
{
    struct csv_span asset = csv_volume_asset(f->name);
    char symbol[SYMBOL_TEXT_BYTES], plain[SYMBOL_TEXT_BYTES];
    if (asset.length == 0 || work->symbol.length == 0 || f->meaning.column != NULL)
        return '\0';
    (void)symbol_text_plain(asset, plain);
    (void)symbol_text_plain(work->symbol, symbol);
    size_t n = strlen(plain), n_symbol = strlen(symbol);
    if (n < n_symbol && strncmp(symbol, plain, n) == 0)
        return 'b';
    return n < n_symbol && strcmp(symbol + n_symbol - n, plain) == 0 ? 'q' : '\0';
}

/* The best name for the column, a choice of the user's before all; one without a value but zeros only where there is
 * no other. */
static int find_named(const struct volumes *v, const char *column, char side)
{
    int best = -1;
    size_t best_rank = 0;
    for (size_t i = 0; i < v->n; i++) {
        const struct columns_field *f = &v->work->fields[v->candidates[i]];
        bool is_asset = side_of_asset(v->work, f) == side;
        if (!is_asset && !columns_means(f, column))
            continue;
        size_t rank = f->is_chosen ? 0 : is_asset ? 1 : 2 + f->meaning.rank;
        if (!f->is_chosen && f->profile.n_numbers > 0 && f->profile.n_numbers == f->profile.n_zero)
            rank += SIZE_MAX / 2;
        if (best < 0 || rank < best_rank) {
            best = (int)v->candidates[i];
            best_rank = rank;
        }
    }
    return best;
}

static bool is_chosen(const struct volumes *v, int field)
{
    return field >= 0 && v->work->fields[field].is_chosen;
}

/* The one pair whose values fit; false where there is none or more than one. */
static bool find_pair(const struct volumes *v, int *base, int *quote)
{
    size_t n = 0;
    for (size_t b = 0; b < v->n; b++)
        for (size_t q = 0; q < v->n; q++) {
            int fields[2] = {(int)v->candidates[b], (int)v->candidates[q]};
            bool is_kept =
                (is_chosen(v, v->base) && fields[0] != v->base) || (is_chosen(v, v->quote) && fields[1] != v->quote);
            if (b == q || is_kept || !can_tell(v, fields[0]) || !can_tell(v, fields[1]) ||
                !fits(v, fields[0], fields[1]))
                continue;
            *base = fields[0];
            *quote = fields[1];
            n++;
        }
    return n == 1;
}

static void exchange_meanings(struct columns_work *work)
{
    int base = -1, quote = -1;
    for (size_t i = 0; i < work->input->n_fields; i++) {
        base = columns_means(&work->fields[i], "taker_buy_volume") ? (int)i : base;
        quote = columns_means(&work->fields[i], "taker_buy_quote_volume") ? (int)i : quote;
    }
    if (base < 0 || quote < 0)
        return;
    struct csv_meaning meaning = work->fields[base].meaning;
    work->fields[base].meaning = work->fields[quote].meaning;
    work->fields[quote].meaning = meaning;
}

/* COIN-M: `volume` counts contracts, and what stands where the quote volume is elsewhere is the base volume. */
static lake_status take_contracts(struct volumes *v, double multiple, bool *is_taken, struct lake_error *err)
{
    struct columns_work *work = v->work;
    char text[FIELD_LIST_BYTES];
    *is_taken = is_between(v, numbers_of(v, v->quote), numbers_of(v, v->base), multiple, rounding);
    if (!*is_taken)
        return LAKE_OK;
    struct columns_field *contracts = &work->fields[v->base];
    (void)snprintf(text, sizeof text, "column '%s', contracts of %g", contracts->shown, multiple);
    exchange_meanings(work);
    for (size_t i = 0; i < work->input->n_fields; i++)
        if (columns_means(&work->fields[i], "taker_buy_quote_volume")) {
            columns_decide(&work->fields[i], FIELD_VALUE, "taker_buy_contracts", work->type);
            work->fields[i].field.type = COLUMN_DOUBLE;
        }
    columns_decide(contracts, FIELD_VALUE, "contracts", work->type);
    contracts->field.type = COLUMN_DOUBLE;
    v->base = v->quote;
    v->quote = -1;
    v->base_origin = "values";
    return columns_note(work, "contracts", text, "values", err);
}

/* A turnover in millions, or beside a volume in lots, is no quote volume: it keeps its own name. What says "quote" is believed. */
static bool is_other_unit(const struct volumes *v)
{
    struct csv_span name = v->work->fields[v->quote].name;
    for (size_t i = 0; i + 5 <= name.length; i++)
        if (csv_is_same_name((struct csv_span){name.data + i, 5}, (struct csv_span){"quote", 5}))
            return false;
    return !is_between(v, numbers_of(v, v->base), numbers_of(v, v->quote), 1, 2);
}

/* Names that the values contradict. */
static lake_status correct(struct volumes *v, struct lake_error *err)
{
    static const double multiples[] = {10, 100};
    int base = -1, quote = -1;
    if (find_pair(v, &base, &quote)) {
        if (base == v->quote && quote == v->base)
            exchange_meanings(v->work);
        v->base_origin = base != v->base ? "values" : v->base_origin;
        v->quote_origin = quote != v->quote ? "values" : v->quote_origin;
        v->base = base;
        v->quote = quote;
        return LAKE_OK;
    }
    bool is_taken = is_chosen(v, v->base) || is_chosen(v, v->quote) || v->base < 0 || v->quote < 0;
    for (size_t i = 0; i < sizeof multiples / sizeof multiples[0] && !is_taken; i++)
        TRY(take_contracts(v, multiples[i], &is_taken, err));
    if (!is_taken && can_tell(v, v->base) && can_tell(v, v->quote) && is_other_unit(v))
        v->quote = -1;
    return LAKE_OK;
}

static lake_status fail_ambiguous(const struct volumes *v, struct lake_error *err)
{
    char list[FIELD_LIST_BYTES] = "";
    for (size_t i = 0; i < v->n; i++)
        columns_list(list, v->work->fields[v->candidates[i]].shown);
    return lake_fail(
        err, LAKE_INVALID_DATA,
        "%s: the volume can be column %s, and the values do not tell; choose one with --columns 'volume=%s'",
        v->work->input->place, list, v->work->fields[v->candidates[0]].shown);
}

/* A lone volume in an asset that is none of the symbol's: one that others are priced in is the quote's. */
static void take_lone(struct volumes *v)
{
    const struct columns_field *f = &v->work->fields[v->candidates[0]];
    char plain[SYMBOL_TEXT_BYTES], symbol[SYMBOL_TEXT_BYTES];
    bool is_quote = symbol_text_is_quote(symbol_text_plain(csv_volume_asset(f->name), plain));
    bool is_first = strncmp(symbol_text_plain(v->work->symbol, symbol), plain, strlen(plain)) == 0;
    int *to = is_quote && !is_first && v->work->symbol.length > 0 ? &v->quote : &v->base;
    *to = (int)v->candidates[0];
}

static lake_status decide(struct volumes *v, struct lake_error *err)
{
    int base = -1, quote = -1;
    v->base = find_named(v, "volume", 'b');
    v->quote = find_named(v, "quote_volume", 'q');
    bool is_testable = v->base >= 0 && v->quote >= 0 && can_tell(v, v->base) && can_tell(v, v->quote);
    if (v->n == 1 && v->base < 0 && v->quote < 0)
        take_lone(v);
    else if (v->base < 0 && v->quote < 0 && !find_pair(v, &base, &quote))
        return fail_ambiguous(v, err);
    if (v->n > 1 && !(is_testable && fits(v, v->base, v->quote)))
        return correct(v, err);
    return LAKE_OK;
}

static lake_status take(struct volumes *v, int field, const char *column, const char *origin, struct lake_error *err)
{
    char text[FIELD_LIST_BYTES];
    if (field < 0)
        return LAKE_OK;
    (void)snprintf(text, sizeof text, "column '%s'", v->work->fields[field].shown);
    columns_decide(&v->work->fields[field], FIELD_VALUE, column, v->work->type);
    return columns_note(v->work, column, text, origin, err);
}

/* Another column that would have been the volume is not left under that name: it counts something else. */
static void rename_other(struct volumes *v)
{
    for (size_t i = 0; i < v->n; i++) {
        struct columns_field *f = &v->work->fields[v->candidates[i]];
        if (!f->is_decided && csv_is_same_name(f->name, (struct csv_span){"volume", 6}))
            f->name = (struct csv_span){"contracts", 9};
    }
}

lake_status columns_take_volumes(struct columns_work *work, struct lake_error *err)
{
    struct volumes v = {
        .work = work, .base = -1, .quote = -1, .base_origin = work->origin, .quote_origin = work->origin};
    int low = columns_find(work, "low"), high = columns_find(work, "high");
    if (low < 0 || high < 0)
        return columns_take_named(work, "volume", err);
    v.low = work->fields[low].profile.numbers;
    v.high = work->fields[high].profile.numbers;
    for (size_t i = 0; i < work->input->n_fields && v.n < MAX_CANDIDATES; i++)
        if (is_candidate(&work->fields[i]))
            v.candidates[v.n++] = i;
    if (v.n == 0)
        return columns_take_named(work, "volume", err);
    TRY(decide(&v, err));
    TRY(take(&v, v.base, "volume", v.base_origin, err));
    TRY(take(&v, v.quote, "quote_volume", v.quote_origin, err));
    rename_other(&v);
    return LAKE_OK;
}
