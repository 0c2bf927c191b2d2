#include "ops/check_move.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/number.h"

/* The scale is told for blocks of rows, from the returns of their rows and so many to either side: CHECK_CONTEXT has them all. */
enum { SCALE_BLOCK = 64, SCALE_REACH = 256, MOST_RETURNS = SCALE_BLOCK + 2 * SCALE_REACH, FEWEST_RETURNS = 32 };
_Static_assert(SCALE_BLOCK + SCALE_REACH <= CHECK_CONTEXT, "the returns of a block are in its rows' context");

#define SCALES 25.0
#define SPIKE_FLOOR 1.10
#define JUMP_FLOOR 1.25
#define MAD_TO_DEVIATION 1.4826

/* ---- the scale ---- */

static int compare_doubles(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare_doubles);
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static size_t gather_returns(const struct check_window *window, int64_t from, int64_t to, double out[MOST_RETURNS])
{
    const double *close = window->values[CHECK_CLOSE];
    size_t n = 0;
    for (int64_t i = from < 1 ? 1 : from; i < to && i < window->n_rows; i++)
        if (close[i] > 0 && close[i - 1] > 0 && isfinite(close[i]) && isfinite(close[i - 1]))
            out[n++] = log(close[i] / close[i - 1]);
    return n;
}

/* Tells the scale of the block in which a row lies. */
static void tell_scale(struct check_move *move, const struct check_window *window, int64_t row)
{
    double returns[MOST_RETURNS];
    int64_t block = (window->base + row) / SCALE_BLOCK;
    int64_t start = block * SCALE_BLOCK - window->base;
    if (block + 1 == move->scale_block)
        return;
    size_t n = gather_returns(window, start - SCALE_REACH, start + SCALE_BLOCK + SCALE_REACH, returns);
    move->scale_block = block + 1;
    move->is_known = n >= FEWEST_RETURNS;
    if (!move->is_known)
        return;
    double middle = median(returns, n);
    for (size_t i = 0; i < n; i++)
        returns[i] = fabs(returns[i] - middle);
    move->scale = MAD_TO_DEVIATION * median(returns, n);
}

/* ---- one bar ---- */

enum { N_PRICES = 4 };

struct place { /* of a bar with which one can reckon */
    double prices[N_PRICES];
    double before, after;             /* closes; NaN where there is none */
    double slack_before, slack_after; /* how much further than usual a price may move from and to there */
};

/* A bar that breaks a rule of its own is no neighbour, and blamed already. */
static bool are_usable(const struct check_window *window, int64_t row)
{
    double open = window->values[CHECK_OPEN][row], high = window->values[CHECK_HIGH][row];
    double low = window->values[CHECK_LOW][row], close = window->values[CHECK_CLOSE][row];
    return low > 0 && isfinite(high) && open >= low && open <= high && close >= low && close <= high;
}

static double close_at(const struct check_window *window, int64_t row)
{
    return row < 0 || row >= window->n_rows || !are_usable(window, row) ? NAN : window->values[CHECK_CLOSE][row];
}

/* The square root of the bars' distance in periods: a random walk's. */
static double slack_between(const struct check_move *move, const struct check_window *window, int64_t row)
{
    int64_t length_ms = move->period->length_ms;
    if (row < 1 || row >= window->n_rows || length_ms == 0)
        return 1;
    double n_periods = (double)check_window_step(window, row) / (double)length_ms;
    return n_periods > 1 ? sqrt(n_periods) : 1;
}

static struct place place_of(const struct check_move *move, const struct check_window *window, int64_t row)
{
    struct place place = {.before = close_at(window, row - 1),
                          .after = close_at(window, row + 1),
                          .slack_before = slack_between(move, window, row),
                          .slack_after = slack_between(move, window, row + 1)};
    for (int i = 0; i < N_PRICES; i++)
        place.prices[i] = window->values[i][row];
    return place;
}

/* How far a price is from both of its neighbours, in logs: 0 where they lie on either side of it. */
static double nearer(double to_one, double to_other)
{
    if (isnan(to_one) || isnan(to_other))
        return isnan(to_one) ? to_other : to_one;
    if ((to_one > 0) != (to_other > 0))
        return 0;
    return fabs(to_one) < fabs(to_other) ? to_one : to_other;
}

static double spike_of(const struct place *place, int column)
{
    double open = place->prices[CHECK_OPEN], close = place->prices[CHECK_CLOSE], price = place->prices[column];
    switch (column) {
    case CHECK_OPEN: return nearer(log(price / place->before) / place->slack_before, log(price / close));
    case CHECK_CLOSE:
        if (isnan(place->before) || isnan(place->after))
            return 0;
        return nearer(log(price / place->before) / place->slack_before, log(price / place->after) / place->slack_after);
    default: return nearer(log(price / open), log(price / close));
    }
}

static bool is_far(const struct check_move *move, double distance, double floor)
{
    return fabs(distance) > log(move->is_known ? floor : JUMP_FLOOR) &&
           (!move->is_known || fabs(distance) > SCALES * move->scale);
}

/* The price of the bar that is a spike, or -1. */
static int find_spike(const struct check_move *move, const struct place *place)
{
    for (int i = 0; i < N_PRICES; i++) {
        bool has_one_neighbour = i == CHECK_OPEN && isnan(place->before);
        if (is_far(move, spike_of(place, i), has_one_neighbour ? JUMP_FLOOR : SPIKE_FLOOR))
            return i;
    }
    return -1;
}

/* A close that is a spike leads there and back: neither is a jump. */
static bool is_jump(const struct check_move *move, const struct check_window *window, int64_t row,
                    const struct place *place)
{
    if (!is_far(move, log(place->prices[CHECK_CLOSE] / place->before) / place->slack_before, JUMP_FLOOR))
        return false;
    struct place last = place_of(move, window, row - 1);
    return !is_far(move, spike_of(&last, CHECK_CLOSE), SPIKE_FLOOR);
}

/* ---- what to say ---- */

enum { SHARE_BYTES = 48 };

/* "12.5% above", "3.76 times" */
static void say_distance(double price, double other, char out[SHARE_BYTES])
{
    double ratio = price / other;
    if (ratio >= 2)
        (void)snprintf(out, SHARE_BYTES, "%.4g times", ratio);
    else
        (void)snprintf(out, SHARE_BYTES, "%.3g%% %s", fabs(ratio - 1) * 100, ratio > 1 ? "above" : "below");
}

static void say_scale(const struct check_move *move, char *out, size_t n_bytes)
{
    if (move->is_known)
        (void)snprintf(out, n_bytes, "; bars around it move by %.2g%%", expm1(move->scale) * 100);
    else
        *out = '\0';
}

static double neighbour_of(const struct place *place, int column)
{
    bool has_before = !isnan(place->before);
    if (column == CHECK_CLOSE || (column == CHECK_OPEN && has_before))
        return place->before;
    double open = place->prices[CHECK_OPEN], close = place->prices[CHECK_CLOSE];
    return column == CHECK_HIGH ? fmax(open, close) : column == CHECK_LOW ? fmin(open, close) : close;
}

static const char *neighbour_name(const struct place *place, int column)
{
    if (column == CHECK_CLOSE || (column == CHECK_OPEN && !isnan(place->before)))
        return "the close before";
    if (column == CHECK_OPEN)
        return "its close";
    bool is_open_higher = place->prices[CHECK_OPEN] > place->prices[CHECK_CLOSE];
    return is_open_higher == (column == CHECK_HIGH) ? "its open" : "its close";
}

static const char *what_follows(const struct place *place, enum check_rule rule, int column)
{
    if (rule == CHECK_JUMP)
        return ", and stays there";
    return column == CHECK_OPEN && isnan(place->before) ? "" : ", and comes back";
}

static lake_status add(const struct check_move *move, const struct check_window *window, int64_t row, int column,
                       struct check_report *report, struct lake_error *err)
{
    char price[NUMBER_TEXT_BYTES], other[NUMBER_TEXT_BYTES], distance[SHARE_BYTES], scale[SHARE_BYTES];
    char detail[CHECK_DETAIL_BYTES];
    double v[N_CHECK_COLUMNS];
    const struct place place = place_of(move, window, row);
    enum check_rule rule = column < 0 ? CHECK_JUMP : CHECK_SPIKE;
    column = column < 0 ? CHECK_CLOSE : column;
    if (!check_report_count(report, rule))
        return LAKE_OK;
    (void)number_format_double(place.prices[column], price);
    (void)number_format_double(neighbour_of(&place, column), other);
    say_distance(place.prices[column], neighbour_of(&place, column), distance);
    say_scale(move, scale, sizeof scale);
    (void)snprintf(detail, sizeof detail, "%s %s is %s %s, %s%s%s", check_column_name((enum check_column)column), price,
                   distance, neighbour_name(&place, column), other, what_follows(&place, rule, column), scale);
    check_window_row(window, row, v);
    return check_report_show(report, rule, &(struct check_found){window->ts[row], 1, v, detail}, err);
}

/* ---- many bars ---- */

/* Whether a bar may break a rule: without logs, and true for every bar that does. */
static bool is_candidate(const struct check_window *window, int64_t row)
{
    double open = window->values[CHECK_OPEN][row], high = window->values[CHECK_HIGH][row];
    double low = window->values[CHECK_LOW][row], close = window->values[CHECK_CLOSE][row];
    double before = row > 0 ? window->values[CHECK_CLOSE][row - 1] : close;
    double top = open > close ? open : close, bottom = open > close ? close : open;
    return (high > SPIKE_FLOOR * top) | (low * SPIKE_FLOOR < bottom) | (top > SPIKE_FLOOR * bottom) |
           (close > SPIKE_FLOOR * before) | (close * SPIKE_FLOOR < before);
}

static lake_status check_bar(struct check_move *move, const struct check_window *window, int64_t row,
                             struct check_report *report, struct lake_error *err)
{
    if (!are_usable(window, row))
        return LAKE_OK;
    tell_scale(move, window, row);
    const struct place place = place_of(move, window, row);
    int column = find_spike(move, &place);
    if (column < 0 && !is_jump(move, window, row, &place))
        return LAKE_OK;
    return add(move, window, row, column, report, err);
}

lake_status check_moves(struct check_move *move, const struct check_window *window, struct check_report *report,
                        struct lake_error *err)
{
    for (int i = CHECK_OPEN; i <= CHECK_CLOSE; i++)
        if (!window->is_present[i])
            return LAKE_OK;
    for (int64_t row = window->first; row < window->last; row++)
        if (is_candidate(window, row))
            TRY(check_bar(move, window, row, report, err));
    return LAKE_OK;
}
