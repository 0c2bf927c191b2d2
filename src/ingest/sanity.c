#include "ingest/sanity.h"

#include <float.h>
#include <math.h>

#include "io/number.h"

/* Rows that are looked at together: the quick look tells only that one of them may be wrong. */
enum { SLICE_ROWS = 512 };

/* A sum of amounts may be rounded to two decimals where its parts are not, a quote volume to whole units. */
#define RELATIVE_SLACK 1e-3
#define VOLUME_SLACK 0.005
#define QUOTE_SLACK 1.0
#define RATE_LIMIT 1.0

static const char *const names[SANITY_COLUMNS] = {
    [SANITY_OPEN] = "open",
    [SANITY_HIGH] = "high",
    [SANITY_LOW] = "low",
    [SANITY_CLOSE] = "close",
    [SANITY_VOLUME] = "volume",
    [SANITY_QUOTE_VOLUME] = "quote_volume",
    [SANITY_TAKER_VOLUME] = "taker_buy_volume",
    [SANITY_TAKER_QUOTE_VOLUME] = "taker_buy_quote_volume",
    [SANITY_TRADES] = "trades",
    [SANITY_PRICE] = "price",
    [SANITY_AMOUNT] = "amount",
    [SANITY_RATE] = "rate",
};

/* Whether rows of the type have it: bars have no price, trades no open. A count of trades is whole. What a registered type's columns mean
 * is its users' matter. */
static bool is_of_type(enum sanity_column column, const struct data_type *type)
{
    const struct data_type_column *known = data_type_column(type, names[column]);
    return known != NULL && !type->is_registered &&
           known->type == (column == SANITY_TRADES ? COLUMN_INT64 : COLUMN_DOUBLE);
}

void sanity_init(struct sanity *sanity, const struct data_type *type, const struct schema *schema)
{
    sanity->is_bar = type->is_bars;
    for (int i = 0; i < SANITY_COLUMNS; i++) {
        int found = is_of_type((enum sanity_column)i, type) ? schema_find(schema, names[i]) : -1;
        sanity->columns[i] = found;
        if (found >= 0 && schema->fields[found].type != data_type_column(type, names[i])->type)
            sanity->columns[i] = -1;
    }
}

/* ---- one row ---- */

/* NAN where there is no value: it compares false with everything. */
static double value_at(const struct sanity *sanity, enum sanity_column column, const struct batch *batch, int64_t row)
{
    int at = sanity->columns[column];
    if (at < 0 || !column_is_valid(&batch->columns[at], row))
        return NAN;
    if (column == SANITY_TRADES)
        return (double)((const int64_t *)batch->columns[at].values)[row];
    return ((const double *)batch->columns[at].values)[row];
}

static bool is_missing(const struct sanity *sanity, enum sanity_column column, double value)
{
    return sanity->columns[column] >= 0 && isnan(value);
}

static bool is_no_price(double value)
{
    return value <= 0 || value > DBL_MAX;
}

static bool is_outside(double value, double low, double high)
{
    return value < low || value > high;
}

/* Whether quote / volume lies beyond the bar's prices by more than rounding explains. */
static bool is_quote_outside(double quote, double volume, double low, double high)
{
    return quote + QUOTE_SLACK < low * (volume * (1 - RELATIVE_SLACK) - VOLUME_SLACK) ||
           quote - QUOTE_SLACK > high * (volume * (1 + RELATIVE_SLACK) + VOLUME_SLACK);
}

static bool is_above(double part, double whole, double slack)
{
    return part > whole * (1 + RELATIVE_SLACK) + slack;
}

static enum row_rule price_rule(double open, double high, double low, double close)
{
    if (high < low)
        return RULE_HIGH_BELOW_LOW;
    if (is_outside(open, low, high))
        return RULE_OPEN_OUTSIDE;
    if (is_outside(close, low, high))
        return RULE_CLOSE_OUTSIDE;
    if (is_no_price(open) || is_no_price(high) || is_no_price(low) || is_no_price(close))
        return RULE_PRICE_NOT_POSITIVE;
    return RULE_NONE;
}

static enum row_rule volume_rule(const double v[SANITY_COLUMNS])
{
    if (v[SANITY_VOLUME] < 0 || v[SANITY_QUOTE_VOLUME] < 0 || v[SANITY_TAKER_VOLUME] < 0 ||
        v[SANITY_TAKER_QUOTE_VOLUME] < 0)
        return RULE_VOLUME_NEGATIVE;
    if (v[SANITY_TRADES] < 0)
        return RULE_TRADES_NEGATIVE;
    if (is_above(v[SANITY_TAKER_VOLUME], v[SANITY_VOLUME], VOLUME_SLACK) ||
        is_above(v[SANITY_TAKER_QUOTE_VOLUME], v[SANITY_QUOTE_VOLUME], QUOTE_SLACK))
        return RULE_TAKER_ABOVE_VOLUME;
    if (is_quote_outside(v[SANITY_QUOTE_VOLUME], v[SANITY_VOLUME], v[SANITY_LOW], v[SANITY_HIGH]))
        return RULE_QUOTE_VOLUME_OUTSIDE;
    return RULE_NONE;
}

static enum row_rule bar_rule(const struct sanity *sanity, const double v[SANITY_COLUMNS])
{
    for (enum sanity_column i = SANITY_OPEN; i <= SANITY_CLOSE; i++)
        if (is_missing(sanity, i, v[i]))
            return RULE_PRICE_MISSING;
    enum row_rule rule = price_rule(v[SANITY_OPEN], v[SANITY_HIGH], v[SANITY_LOW], v[SANITY_CLOSE]);
    return rule != RULE_NONE ? rule : volume_rule(v);
}

static enum row_rule event_rule(const struct sanity *sanity, const double v[SANITY_COLUMNS])
{
    if (is_missing(sanity, SANITY_PRICE, v[SANITY_PRICE]) || is_missing(sanity, SANITY_AMOUNT, v[SANITY_AMOUNT]) ||
        is_missing(sanity, SANITY_RATE, v[SANITY_RATE]))
        return RULE_VALUE_MISSING;
    if (is_no_price(v[SANITY_PRICE]))
        return RULE_PRICE_NOT_POSITIVE;
    if (v[SANITY_AMOUNT] < 0 || v[SANITY_AMOUNT] > DBL_MAX)
        return RULE_AMOUNT_NEGATIVE;
    return fabs(v[SANITY_RATE]) >= RATE_LIMIT ? RULE_RATE_TOO_LARGE : RULE_NONE;
}

enum row_rule sanity_rule(const struct sanity *sanity, const struct batch *batch, int64_t row)
{
    double v[SANITY_COLUMNS];
    for (int i = 0; i < SANITY_COLUMNS; i++)
        v[i] = value_at(sanity, (enum sanity_column)i, batch, row);
    return sanity->is_bar ? bar_rule(sanity, v) : event_rule(sanity, v);
}

/* ---- many rows ---- */

/* The values of a slice, NULL where the source lacks the column. */
static const double *slice(const struct sanity *sanity, enum sanity_column column, const struct batch *batch,
                           int64_t first)
{
    int at = sanity->columns[column];
    return at < 0 ? NULL : (const double *)batch->columns[at].values + first;
}

/* The loops below are without branches, and true for NaN as well: such rows are looked at one by one. */

static bool are_prices_odd(const double *open, const double *high, const double *low, const double *close, int64_t n)
{
    int odd = 0;
    for (int64_t i = 0; i < n; i++)
        odd |= !(low[i] > 0) | !(high[i] <= DBL_MAX) | !(open[i] >= low[i]) | !(open[i] <= high[i]) |
               !(close[i] >= low[i]) | !(close[i] <= high[i]);
    return odd != 0;
}

static bool is_any_not_above(const double *values, double limit, int64_t n)
{
    int odd = 0;
    for (int64_t i = 0; i < n; i++)
        odd |= !(values[i] >= limit) | !(values[i] <= DBL_MAX);
    return odd != 0;
}

static bool is_any_negative(const int64_t *values, int64_t n)
{
    int64_t all = 0;
    for (int64_t i = 0; i < n; i++)
        all |= values[i];
    return all < 0;
}

static bool are_parts_odd(const double *parts, const double *wholes, int64_t n)
{
    int odd = 0;
    for (int64_t i = 0; i < n; i++)
        odd |= !(parts[i] >= 0) | !(parts[i] <= wholes[i]);
    return odd != 0;
}

static bool are_quotes_odd(const double *quotes, const double *volumes, const double *lows, const double *highs,
                           int64_t n)
{
    int odd = 0;
    for (int64_t i = 0; i < n; i++)
        odd |= !(quotes[i] + QUOTE_SLACK >= lows[i] * volumes[i]) | !(quotes[i] - QUOTE_SLACK <= highs[i] * volumes[i]);
    return odd != 0;
}

static bool are_volumes_odd(const struct sanity *sanity, const struct batch *batch, int64_t first, int64_t n)
{
    const double *volume = slice(sanity, SANITY_VOLUME, batch, first);
    const double *quote = slice(sanity, SANITY_QUOTE_VOLUME, batch, first);
    const double *taker = slice(sanity, SANITY_TAKER_VOLUME, batch, first);
    const double *taker_quote = slice(sanity, SANITY_TAKER_QUOTE_VOLUME, batch, first);
    int trades = sanity->columns[SANITY_TRADES];
    if ((volume != NULL && is_any_not_above(volume, 0, n)) || (quote != NULL && is_any_not_above(quote, 0, n)))
        return true;
    if ((taker != NULL && are_parts_odd(taker, volume == NULL ? taker : volume, n)) ||
        (taker_quote != NULL && are_parts_odd(taker_quote, quote == NULL ? taker_quote : quote, n)))
        return true;
    if (trades >= 0 && is_any_negative((const int64_t *)batch->columns[trades].values + first, n))
        return true;
    return volume != NULL && quote != NULL &&
           are_quotes_odd(quote, volume, slice(sanity, SANITY_LOW, batch, first),
                          slice(sanity, SANITY_HIGH, batch, first), n);
}

static bool has_all(const struct sanity *sanity, enum sanity_column first, enum sanity_column last)
{
    for (int i = (int)first; i <= (int)last; i++)
        if (sanity->columns[i] < 0)
            return false;
    return true;
}

/* Nulls are zero bytes, which the quick look takes for what they are not: those rows are looked at one by one. */
static bool has_nulls(const struct sanity *sanity, const struct batch *batch)
{
    for (int i = 0; i < SANITY_COLUMNS; i++)
        if (sanity->columns[i] >= 0 && batch->columns[sanity->columns[i]].null_count > 0)
            return true;
    return false;
}

static bool is_slice_odd(const struct sanity *sanity, const struct batch *batch, int64_t first, int64_t n)
{
    if (!sanity->is_bar)
        return (sanity->columns[SANITY_PRICE] >= 0 &&
                is_any_not_above(slice(sanity, SANITY_PRICE, batch, first), DBL_MIN, n)) ||
               (sanity->columns[SANITY_AMOUNT] >= 0 &&
                is_any_not_above(slice(sanity, SANITY_AMOUNT, batch, first), 0, n)) ||
               sanity->columns[SANITY_RATE] >= 0;
    return !has_all(sanity, SANITY_OPEN, SANITY_CLOSE) ||
           are_prices_odd(slice(sanity, SANITY_OPEN, batch, first), slice(sanity, SANITY_HIGH, batch, first),
                          slice(sanity, SANITY_LOW, batch, first), slice(sanity, SANITY_CLOSE, batch, first), n) ||
           are_volumes_odd(sanity, batch, first, n);
}

lake_status sanity_check(const struct sanity *sanity, const struct batch *batch, struct row_marks *marks,
                         struct lake_error *err)
{
    bool looks_at_all = has_nulls(sanity, batch);
    for (int64_t first = 0; first < batch->n_rows; first += SLICE_ROWS) {
        int64_t n = batch->n_rows - first < SLICE_ROWS ? batch->n_rows - first : SLICE_ROWS;
        if (!looks_at_all && !is_slice_odd(sanity, batch, first, n))
            continue;
        for (int64_t row = first; row < first + n; row++) {
            enum row_rule rule = sanity_rule(sanity, batch, row);
            if (rule != RULE_NONE)
                TRY(row_marks_set(marks, row, rule, err));
        }
    }
    return LAKE_OK;
}

/* ---- messages ---- */

static lake_status add_value(const struct sanity *sanity, enum sanity_column column, const struct batch *batch,
                             int64_t row, const char *before, struct buffer *out, struct lake_error *err)
{
    char text[NUMBER_TEXT_BYTES];
    (void)number_format_double(value_at(sanity, column, batch, row), text);
    return buffer_printf(out, err, "%s%s %s", before, names[column], text);
}

static enum sanity_column first_of(const struct sanity *sanity, const struct batch *batch, int64_t row,
                                   bool (*is_wrong)(double))
{
    for (enum sanity_column i = SANITY_OPEN; i < SANITY_COLUMNS; i++)
        if (sanity->columns[i] >= 0 && is_wrong(value_at(sanity, i, batch, row)))
            return i;
    return SANITY_OPEN;
}

static bool is_nothing(double value)
{
    return isnan(value);
}

static bool is_negative(double value)
{
    return value < 0;
}

static lake_status add_bounds(const struct sanity *sanity, const struct batch *batch, int64_t row, struct buffer *out,
                              struct lake_error *err)
{
    TRY(add_value(sanity, SANITY_LOW, batch, row, "", out, err));
    return add_value(sanity, SANITY_HIGH, batch, row, " and ", out, err);
}

static lake_status add_outside(const struct sanity *sanity, enum sanity_column column, const struct batch *batch,
                               int64_t row, struct buffer *out, struct lake_error *err)
{
    TRY(add_value(sanity, column, batch, row, "", out, err));
    TRY(buffer_append_text(out, " is not between ", err));
    return add_bounds(sanity, batch, row, out, err);
}

static lake_status add_taker(const struct sanity *sanity, const struct batch *batch, int64_t row, struct buffer *out,
                             struct lake_error *err)
{
    bool is_base = is_above(value_at(sanity, SANITY_TAKER_VOLUME, batch, row),
                            value_at(sanity, SANITY_VOLUME, batch, row), VOLUME_SLACK);
    TRY(add_value(sanity, is_base ? SANITY_TAKER_VOLUME : SANITY_TAKER_QUOTE_VOLUME, batch, row, "", out, err));
    return add_value(sanity, is_base ? SANITY_VOLUME : SANITY_QUOTE_VOLUME, batch, row, " is above ", out, err);
}

static lake_status add_quote(const struct sanity *sanity, const struct batch *batch, int64_t row, struct buffer *out,
                             struct lake_error *err)
{
    TRY(add_value(sanity, SANITY_QUOTE_VOLUME, batch, row, "", out, err));
    TRY(add_value(sanity, SANITY_VOLUME, batch, row, " is not ", out, err));
    TRY(buffer_append_text(out, " at a price between ", err));
    return add_bounds(sanity, batch, row, out, err);
}

lake_status sanity_reason(const struct sanity *sanity, enum row_rule rule, const struct batch *batch, int64_t row,
                          struct buffer *out, struct lake_error *err)
{
    switch (rule) {
    case RULE_VALUE_MISSING:
    case RULE_PRICE_MISSING:
        return buffer_printf(out, err, "%s is missing", names[first_of(sanity, batch, row, is_nothing)]);
    case RULE_HIGH_BELOW_LOW:
        TRY(add_value(sanity, SANITY_HIGH, batch, row, "", out, err));
        return add_value(sanity, SANITY_LOW, batch, row, " is below ", out, err);
    case RULE_OPEN_OUTSIDE: return add_outside(sanity, SANITY_OPEN, batch, row, out, err);
    case RULE_CLOSE_OUTSIDE: return add_outside(sanity, SANITY_CLOSE, batch, row, out, err);
    case RULE_PRICE_NOT_POSITIVE:
        TRY(add_value(sanity, first_of(sanity, batch, row, is_no_price), batch, row, "", out, err));
        return buffer_append_text(out, " is no price", err);
    case RULE_VOLUME_NEGATIVE:
    case RULE_TRADES_NEGATIVE:
        TRY(add_value(sanity, first_of(sanity, batch, row, is_negative), batch, row, "", out, err));
        return buffer_append_text(out, " is negative", err);
    case RULE_AMOUNT_NEGATIVE:
        TRY(add_value(sanity, SANITY_AMOUNT, batch, row, "", out, err));
        return buffer_append_text(out, " is no amount", err);
    case RULE_RATE_TOO_LARGE:
        TRY(add_value(sanity, SANITY_RATE, batch, row, "", out, err));
        return buffer_append_text(out, " is not between -1 and 1", err);
    case RULE_TAKER_ABOVE_VOLUME: return add_taker(sanity, batch, row, out, err);
    case RULE_QUOTE_VOLUME_OUTSIDE: return add_quote(sanity, batch, row, out, err);
    default: return buffer_append_text(out, row_rule_name(rule), err);
    }
}
