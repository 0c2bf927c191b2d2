/* Which field of trades is the amount in the base currency, where a venue gives it in more than one unit.
 *
 * Price times base is what was paid. BitMEX and Bybit call the two home and foreign notional, but Bybit's inverse
 * contracts have them the other way round, and the size there counts dollars: so the values decide. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ingest/columns_work.h"

static const double tolerance = 0.01;

static int find_field(const struct columns_work *work, const char *name)
{
    for (size_t i = 0; i < work->input->n_fields; i++) {
        const struct columns_field *f = &work->fields[i];
        if (!f->is_decided && column_profile_is_number(&f->profile) &&
            csv_is_same_name(f->name, (struct csv_span){name, strlen(name)}))
            return (int)i;
    }
    return -1;
}

/* Whether base * price is paid in four rows of five. */
static bool is_paid(const struct columns_work *work, int base, int price, int paid)
{
    size_t n = 0, n_equal = 0;
    for (size_t row = 0; row < work->input->n_samples; row++) {
        double want = work->fields[base].profile.numbers[row] * work->fields[price].profile.numbers[row];
        if (!(want > 0))
            continue;
        n++;
        n_equal += fabs(work->fields[paid].profile.numbers[row] - want) <= tolerance * want;
    }
    return n > 0 && 5 * n_equal >= 4 * n;
}

static bool has_same_numbers(const struct columns_work *work, int a, int b)
{
    for (size_t row = 0; row < work->input->n_samples; row++)
        if (!(fabs(work->fields[a].profile.numbers[row] - work->fields[b].profile.numbers[row]) <= 0))
            return false;
    return true;
}

lake_status columns_take_amount(struct columns_work *work, struct lake_error *err)
{
    int price = columns_find(work, "price");
    int home = find_field(work, "homeNotional"), foreign = find_field(work, "foreignNotional"),
        size = find_field(work, "size");
    int base = -1;
    char text[FIELD_LIST_BYTES];
    if (data_type_column(work->type, "amount") == NULL || price < 0 || home < 0 || foreign < 0)
        return columns_take_named(work, "amount", err);
    if (is_paid(work, home, price, foreign))
        base = home;
    else if (is_paid(work, foreign, price, home))
        base = foreign;
    if (base >= 0 && size >= 0 && has_same_numbers(work, base, size))
        base = size;
    if (base < 0 || work->fields[base].chosen != 0)
        return columns_take_named(work, "amount", err);
    for (size_t i = 0; i < work->input->n_fields; i++)
        if (work->fields[i].is_chosen && columns_means(&work->fields[i], "amount"))
            return columns_take_named(work, "amount", err);
    columns_decide(&work->fields[base], FIELD_VALUE, "amount", work->type);
    (void)snprintf(text, sizeof text, "column '%s'", work->fields[base].shown);
    return columns_note(work, "amount", text, "values", err);
}
