#include "ingest/member_order.h"

#include "lake/bar_slots.h"

/* ---- steps ---- */

/* Of the rows of one run: times in their unit. */
struct run_steps {
    int64_t n;
    int64_t least, greatest;
};

static const struct run_steps none = {0, INT64_MAX, INT64_MIN};

/* Without branches: where rows come in no order, nothing could foresee them. */
static inline void add_step(struct run_steps *steps, bool is_one, int64_t ts)
{
    int64_t low = is_one ? ts : INT64_MAX, high = is_one ? ts : INT64_MIN;
    steps->n += is_one;
    steps->least = low < steps->least ? low : steps->least;
    steps->greatest = high > steps->greatest ? high : steps->greatest;
}

enum step_kind { RISES, FALLS, REPEATS, N_KINDS };

static enum step_kind kind_of(int64_t before, int64_t ts)
{
    return ts > before ? RISES : ts < before ? FALLS : REPEATS;
}

static int64_t find_first(const struct member_order *order, const struct time_values *times, enum step_kind kind)
{
    for (int64_t row = order->has_last ? 0 : 1; row < times->n_rows; row++) {
        int64_t before = row == 0 ? order->last : times->values[row - 1];
        if (kind_of(before, times->values[row]) == kind)
            return row;
    }
    return 0;
}

/* ---- runs ---- */

static void count_steps(const struct member_order *order, const struct time_values *times,
                        struct run_steps kinds[N_KINDS])
{
    const int64_t *ts = times->values;
    int64_t before = order->has_last ? order->last : ts[0];
    for (int64_t row = order->has_last ? 0 : 1; row < times->n_rows; row++) {
        add_step(&kinds[RISES], ts[row] > before, ts[row]);
        add_step(&kinds[FALLS], ts[row] < before, ts[row]);
        add_step(&kinds[REPEATS], ts[row] == before, ts[row]);
        before = ts[row];
    }
}

static void add_kind(struct member_steps *steps, const struct run_steps *run, int64_t per_ms)
{
    int64_t from_ms = time_unit_to_ms(run->least, per_ms), to_ms = time_unit_to_ms(run->greatest, per_ms);
    steps->from_ms = steps->n == 0 || from_ms < steps->from_ms ? from_ms : steps->from_ms;
    steps->to_ms = steps->n == 0 || to_ms > steps->to_ms ? to_ms : steps->to_ms;
    steps->n += run->n;
}

static void add_range(struct member_order *order, const struct time_values *times,
                      const struct run_steps kinds[N_KINDS])
{
    int64_t least = times->values[0], greatest = times->values[0];
    for (int i = 0; i < N_KINDS; i++) {
        least = kinds[i].least < least ? kinds[i].least : least;
        greatest = kinds[i].greatest > greatest ? kinds[i].greatest : greatest;
    }
    int64_t from_ms = time_unit_to_ms(least, times->per_ms), to_ms = time_unit_to_ms(greatest, times->per_ms);
    bool is_first = order->n_rows == 0;
    order->from_ms = is_first || from_ms < order->from_ms ? from_ms : order->from_ms;
    order->to_ms = is_first || to_ms > order->to_ms ? to_ms : order->to_ms;
}

void member_order_add(struct member_order *order, const struct time_values *times, bool is_time_key,
                      struct run_lines *lines)
{
    struct member_steps *const steps[N_KINDS] = {&order->rises, &order->falls, &order->repeats};
    struct run_steps kinds[N_KINDS] = {none, none, none};
    if (times->n_rows == 0)
        return;
    count_steps(order, times, kinds);
    for (int kind = 0; kind < N_KINDS; kind++) {
        if (kinds[kind].n == 0 || (kind == REPEATS && !is_time_key))
            continue;
        if (steps[kind]->n == 0)
            steps[kind]->first_line = run_lines_at(lines, find_first(order, times, (enum step_kind)kind));
        add_kind(steps[kind], &kinds[kind], times->per_ms);
    }
    add_range(order, times, kinds);
    order->n_rows += times->n_rows;
    order->last = times->values[times->n_rows - 1];
    order->has_last = true;
}

/* ---- the end ---- */

const struct member_steps *member_order_backward(const struct member_order *order)
{
    return order->falls.n > order->rises.n ? &order->rises : &order->falls;
}

bool member_order_cover(const struct member_order *order, const struct period *period, int64_t *start_ms,
                        int64_t *end_ms)
{
    const struct bar_slots grid = {period, order->from_ms}, last = {period, order->to_ms};
    *start_ms = order->from_ms;
    *end_ms = bar_slots_time(&last, 1);
    if (order->n_rows == 0)
        return false;
    /* Days that follow the clocks of a place are an hour off now and then: the slot is that of the nearest. */
    int64_t slack_ms = period->length_ms / 2;
    int64_t n_slots = bar_slots_find(&grid, order->to_ms + slack_ms) + 1;
    return order->n_rows - order->repeats.n < n_slots || member_order_backward(order)->n > 0;
}
