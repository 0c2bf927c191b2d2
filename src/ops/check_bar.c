#include "ops/check_bar.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "io/number.h"

/* Rows that are looked at together: the quick look tells only that one of them may break a rule. */
enum { SLICE_ROWS = 512 };

/* A volume may be rounded to two decimals where its parts are not, a quote volume to whole units; and prices that a bar's quote volume
 * was made of may lie a thousandth outside of those it shows. As the ingest allows for. */
#define RELATIVE_SLACK 1e-3
#define VOLUME_SLACK 0.005
#define QUOTE_SLACK 1.0
/* A quotient of two sums of some hundred numbers, against numbers that went into them. */
#define VWAP_SLACK 1e-9

/* A bar: its values, and what is known of them. */
struct bar_view {
    const double *v;
    const bool *is_present; /* columns */
    bool has_nan;           /* one of the values is NaN, not null */
};

static bool is_infinite(double value)
{
    return value > DBL_MAX || value < -DBL_MAX;
}

static int find_infinite(const double *v)
{
    for (int i = 0; i < N_CHECK_COLUMNS; i++)
        if (is_infinite(v[i]))
            return i;
    return -1;
}

static int find_missing_price(const struct bar_view *bar)
{
    for (int i = CHECK_OPEN; i <= CHECK_CLOSE; i++)
        if (bar->is_present[i] && isnan(bar->v[i]))
            return i;
    return -1;
}

static int find_not_positive(const double *v)
{
    for (int i = CHECK_OPEN; i <= CHECK_CLOSE; i++)
        if (v[i] <= 0)
            return i;
    return -1;
}

static int find_negative_volume(const double *v)
{
    for (int i = CHECK_VOLUME; i <= CHECK_TAKER_QUOTE_VOLUME; i++)
        if (v[i] < 0)
            return i;
    return -1;
}

static bool is_above(double part, double whole, double slack)
{
    return part > whole * (1 + RELATIVE_SLACK) + slack;
}

/* ---- the rules, each true where it is broken; comparisons with what is missing are false ---- */

static bool is_not_finite(const struct bar_view *bar)
{
    return bar->has_nan || find_infinite(bar->v) >= 0;
}

static bool is_price_missing(const struct bar_view *bar)
{
    return find_missing_price(bar) >= 0;
}

static bool is_high_below_low(const struct bar_view *bar)
{
    return bar->v[CHECK_HIGH] < bar->v[CHECK_LOW];
}

static bool is_open_outside(const struct bar_view *bar)
{
    return bar->v[CHECK_OPEN] < bar->v[CHECK_LOW] || bar->v[CHECK_OPEN] > bar->v[CHECK_HIGH];
}

static bool is_close_outside(const struct bar_view *bar)
{
    return bar->v[CHECK_CLOSE] < bar->v[CHECK_LOW] || bar->v[CHECK_CLOSE] > bar->v[CHECK_HIGH];
}

static bool is_price_not_positive(const struct bar_view *bar)
{
    return find_not_positive(bar->v) >= 0;
}

static bool is_volume_negative(const struct bar_view *bar)
{
    return find_negative_volume(bar->v) >= 0;
}

static bool is_trades_negative(const struct bar_view *bar)
{
    return bar->v[CHECK_TRADES] < 0;
}

static bool is_taker_above(const struct bar_view *bar)
{
    return is_above(bar->v[CHECK_TAKER_VOLUME], bar->v[CHECK_VOLUME], VOLUME_SLACK) ||
           is_above(bar->v[CHECK_TAKER_QUOTE_VOLUME], bar->v[CHECK_QUOTE_VOLUME], QUOTE_SLACK);
}

static bool is_quote_outside(const struct bar_view *bar)
{
    const double *v = bar->v;
    return v[CHECK_QUOTE_VOLUME] + QUOTE_SLACK <
               v[CHECK_LOW] * (v[CHECK_VOLUME] * (1 - RELATIVE_SLACK) - VOLUME_SLACK) ||
           v[CHECK_QUOTE_VOLUME] - QUOTE_SLACK >
               v[CHECK_HIGH] * (v[CHECK_VOLUME] * (1 + RELATIVE_SLACK) + VOLUME_SLACK);
}

static bool is_trades_unlike_volume(const struct bar_view *bar)
{
    return (bar->v[CHECK_TRADES] == 0 && bar->v[CHECK_VOLUME] > 0) ||
           (bar->v[CHECK_TRADES] > 0 && bar->v[CHECK_VOLUME] == 0);
}

static bool is_vwap_outside(const struct bar_view *bar)
{
    const double *v = bar->v;
    return v[CHECK_VWAP] < v[CHECK_LOW] - VWAP_SLACK * fabs(v[CHECK_LOW]) ||
           v[CHECK_VWAP] > v[CHECK_HIGH] + VWAP_SLACK * fabs(v[CHECK_HIGH]);
}

static bool is_bars_above(const struct bar_view *bar)
{
    return bar->v[CHECK_BARS] > bar->v[CHECK_BARS_EXPECTED];
}

/* ---- what to say ---- */

struct number {
    char text[NUMBER_TEXT_BYTES];
};

static struct number number_of(double value)
{
    struct number number;
    (void)number_format_double(value, number.text);
    return number;
}

static void say_value(const struct bar_view *bar, int column, const char *what, char *out)
{
    (void)snprintf(out, CHECK_DETAIL_BYTES, "%s %s %s", check_column_name((enum check_column)column),
                   number_of(bar->v[column]).text, what);
}

static void say_pair(const struct bar_view *bar, const int columns[2], const char *between, char *out)
{
    (void)snprintf(out, CHECK_DETAIL_BYTES, "%s %s %s %s %s", check_column_name((enum check_column)columns[0]),
                   number_of(bar->v[columns[0]]).text, between, check_column_name((enum check_column)columns[1]),
                   number_of(bar->v[columns[1]]).text);
}

static void say_outside(const struct bar_view *bar, int column, char *out)
{
    (void)snprintf(out, CHECK_DETAIL_BYTES, "%s %s is not between low %s and high %s",
                   check_column_name((enum check_column)column), number_of(bar->v[column]).text,
                   number_of(bar->v[CHECK_LOW]).text, number_of(bar->v[CHECK_HIGH]).text);
}

static void say_not_finite(const struct bar_view *bar, char *out)
{
    int column = find_infinite(bar->v);
    if (column >= 0)
        say_value(bar, column, "is no number", out);
    else
        (void)snprintf(out, CHECK_DETAIL_BYTES, "a value is NaN");
}

static void say_price_missing(const struct bar_view *bar, char *out)
{
    (void)snprintf(out, CHECK_DETAIL_BYTES, "%s is missing",
                   check_column_name((enum check_column)find_missing_price(bar)));
}

static void say_high_below_low(const struct bar_view *bar, char *out)
{
    say_pair(bar, (const int[2]){CHECK_HIGH, CHECK_LOW}, "is below", out);
}

static void say_open_outside(const struct bar_view *bar, char *out)
{
    say_outside(bar, CHECK_OPEN, out);
}

static void say_close_outside(const struct bar_view *bar, char *out)
{
    say_outside(bar, CHECK_CLOSE, out);
}

static void say_price_not_positive(const struct bar_view *bar, char *out)
{
    say_value(bar, find_not_positive(bar->v), "is not above zero", out);
}

static void say_volume_negative(const struct bar_view *bar, char *out)
{
    say_value(bar, find_negative_volume(bar->v), "is negative", out);
}

static void say_trades_negative(const struct bar_view *bar, char *out)
{
    say_value(bar, CHECK_TRADES, "is negative", out);
}

static void say_taker_above(const struct bar_view *bar, char *out)
{
    static const int base[2] = {CHECK_TAKER_VOLUME, CHECK_VOLUME};
    static const int quote[2] = {CHECK_TAKER_QUOTE_VOLUME, CHECK_QUOTE_VOLUME};
    bool is_base = is_above(bar->v[CHECK_TAKER_VOLUME], bar->v[CHECK_VOLUME], VOLUME_SLACK);
    say_pair(bar, is_base ? base : quote, "is above", out);
}

static void say_quote_outside(const struct bar_view *bar, char *out)
{
    (void)snprintf(out, CHECK_DETAIL_BYTES, "quote_volume %s is not volume %s at a price between low %s and high %s",
                   number_of(bar->v[CHECK_QUOTE_VOLUME]).text, number_of(bar->v[CHECK_VOLUME]).text,
                   number_of(bar->v[CHECK_LOW]).text, number_of(bar->v[CHECK_HIGH]).text);
}

static void say_trades_unlike_volume(const struct bar_view *bar, char *out)
{
    say_pair(bar, (const int[2]){CHECK_TRADES, CHECK_VOLUME}, "does not go with", out);
}

static void say_vwap_outside(const struct bar_view *bar, char *out)
{
    say_outside(bar, CHECK_VWAP, out);
}

static void say_bars_above(const struct bar_view *bar, char *out)
{
    say_pair(bar, (const int[2]){CHECK_BARS, CHECK_BARS_EXPECTED}, "is above", out);
}

/* In the order in which one is blamed. */
static const struct bar_rule {
    enum check_rule rule;
    bool (*is_broken)(const struct bar_view *bar);
    void (*say)(const struct bar_view *bar, char *out); /* into CHECK_DETAIL_BYTES */
} bar_rules[] = {
    {CHECK_NOT_FINITE, is_not_finite, say_not_finite},
    {CHECK_PRICE_MISSING, is_price_missing, say_price_missing},
    {CHECK_HIGH_BELOW_LOW, is_high_below_low, say_high_below_low},
    {CHECK_OPEN_OUTSIDE, is_open_outside, say_open_outside},
    {CHECK_CLOSE_OUTSIDE, is_close_outside, say_close_outside},
    {CHECK_PRICE_NOT_POSITIVE, is_price_not_positive, say_price_not_positive},
    {CHECK_VOLUME_NEGATIVE, is_volume_negative, say_volume_negative},
    {CHECK_TRADES_NEGATIVE, is_trades_negative, say_trades_negative},
    {CHECK_TAKER_ABOVE_VOLUME, is_taker_above, say_taker_above},
    {CHECK_QUOTE_VOLUME_OUTSIDE, is_quote_outside, say_quote_outside},
    {CHECK_TRADES_AND_VOLUME, is_trades_unlike_volume, say_trades_unlike_volume},
    {CHECK_VWAP_OUTSIDE, is_vwap_outside, say_vwap_outside},
    {CHECK_BARS_ABOVE_EXPECTED, is_bars_above, say_bars_above},
};

/* ---- many bars ---- */

/* The loops below are without branches, and true for every bar that breaks a rule: a quick look before each is looked at. */

static bool are_prices_odd(const struct check_window *window, int64_t first, int64_t n)
{
    const double *open = window->values[CHECK_OPEN] + first, *high = window->values[CHECK_HIGH] + first;
    const double *low = window->values[CHECK_LOW] + first, *close = window->values[CHECK_CLOSE] + first;
    int odd = 0;
    for (int64_t i = 0; i < n; i++)
        odd |= !(low[i] > 0) | !(high[i] <= DBL_MAX) | !(open[i] >= low[i]) | !(open[i] <= high[i]) |
               !(close[i] >= low[i]) | !(close[i] <= high[i]);
    return odd != 0;
}

static bool is_any_outside(const double *values, int64_t n)
{
    int odd = 0;
    for (int64_t i = 0; i < n; i++)
        odd |= (values[i] < 0) | (values[i] > DBL_MAX);
    return odd != 0;
}

static bool is_any_above(const double *parts, const double *wholes, int64_t n)
{
    int odd = 0;
    for (int64_t i = 0; i < n; i++)
        odd |= parts[i] > wholes[i];
    return odd != 0;
}

static bool are_quotes_odd(const struct check_window *window, int64_t first, int64_t n)
{
    const double *quote = window->values[CHECK_QUOTE_VOLUME] + first, *volume = window->values[CHECK_VOLUME] + first;
    const double *low = window->values[CHECK_LOW] + first, *high = window->values[CHECK_HIGH] + first;
    int odd = 0;
    for (int64_t i = 0; i < n; i++)
        odd |= (quote[i] + QUOTE_SLACK < low[i] * volume[i]) | (quote[i] - QUOTE_SLACK > high[i] * volume[i]);
    return odd != 0;
}

static bool are_trades_odd(const double *trades, const double *volume, int64_t n)
{
    int odd = 0;
    for (int64_t i = 0; i < n; i++)
        odd |= (trades[i] == 0) != (volume[i] == 0);
    return odd != 0;
}

static bool has_pair(const struct check_window *window, enum check_column a, enum check_column b)
{
    return window->is_present[a] && window->is_present[b];
}

static bool are_volumes_odd(const struct check_window *window, int64_t first, int64_t n)
{
    double *const *values = window->values;
    for (int i = CHECK_VOLUME; i < N_CHECK_COLUMNS; i++)
        if (window->is_present[i] && is_any_outside(values[i] + first, n))
            return true;
    if (has_pair(window, CHECK_TAKER_VOLUME, CHECK_VOLUME) &&
        is_any_above(values[CHECK_TAKER_VOLUME] + first, values[CHECK_VOLUME] + first, n))
        return true;
    if (has_pair(window, CHECK_TAKER_QUOTE_VOLUME, CHECK_QUOTE_VOLUME) &&
        is_any_above(values[CHECK_TAKER_QUOTE_VOLUME] + first, values[CHECK_QUOTE_VOLUME] + first, n))
        return true;
    if (has_pair(window, CHECK_TRADES, CHECK_VOLUME) &&
        are_trades_odd(values[CHECK_TRADES] + first, values[CHECK_VOLUME] + first, n))
        return true;
    return has_pair(window, CHECK_QUOTE_VOLUME, CHECK_VOLUME) && are_quotes_odd(window, first, n);
}

static bool are_derived_odd(const struct check_window *window, int64_t first, int64_t n)
{
    double *const *values = window->values;
    if (window->is_present[CHECK_VWAP] && (is_any_above(values[CHECK_VWAP] + first, values[CHECK_HIGH] + first, n) ||
                                           is_any_above(values[CHECK_LOW] + first, values[CHECK_VWAP] + first, n)))
        return true;
    return has_pair(window, CHECK_BARS, CHECK_BARS_EXPECTED) &&
           is_any_above(values[CHECK_BARS] + first, values[CHECK_BARS_EXPECTED] + first, n);
}

static bool has_prices(const struct check_window *window)
{
    return has_pair(window, CHECK_OPEN, CHECK_HIGH) && has_pair(window, CHECK_LOW, CHECK_CLOSE);
}

static bool is_slice_odd(const struct check_window *window, int64_t first, int64_t n)
{
    return window->has_any_nan || !has_prices(window) || are_prices_odd(window, first, n) ||
           are_volumes_odd(window, first, n) || are_derived_odd(window, first, n);
}

static lake_status check_row(const struct check_window *window, int64_t row, struct check_report *report,
                             struct lake_error *err)
{
    double v[N_CHECK_COLUMNS];
    char detail[CHECK_DETAIL_BYTES];
    const struct bar_view bar = {v, window->is_present, window->has_nan[row] != 0};
    check_window_row(window, row, v);
    for (size_t i = 0; i < sizeof bar_rules / sizeof *bar_rules; i++) {
        if (!bar_rules[i].is_broken(&bar))
            continue;
        if (!check_report_count(report, bar_rules[i].rule))
            return LAKE_OK;
        bar_rules[i].say(&bar, detail);
        const struct check_found found = {window->ts[row], 1, v, detail};
        return check_report_show(report, bar_rules[i].rule, &found, err);
    }
    return LAKE_OK;
}

lake_status check_bars_alone(const struct check_window *window, struct check_report *report, struct lake_error *err)
{
    for (int64_t first = window->first; first < window->last; first += SLICE_ROWS) {
        int64_t n = window->last - first < SLICE_ROWS ? window->last - first : SLICE_ROWS;
        if (!is_slice_odd(window, first, n))
            continue;
        for (int64_t row = first; row < first + n; row++)
            TRY(check_row(window, row, report, err));
    }
    return LAKE_OK;
}
