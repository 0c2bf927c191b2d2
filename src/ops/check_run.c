#include "ops/check_run.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "io/number.h"

enum { RARE = 100, FEWEST_STUCK = 12 };

static void init_runs(struct check_runs *runs, enum check_rule rule)
{
    memset(runs, 0, sizeof *runs);
    runs->rule = rule;
    runs->shortest_kept = rule == CHECK_STUCK ? FEWEST_STUCK : 1;
}

void check_still_init(struct check_still *still, const struct period *period)
{
    still->period = period;
    init_runs(&still->frozen, CHECK_FROZEN);
    init_runs(&still->stuck, CHECK_STUCK);
}

/* ---- gathering ---- */

/* Where there are more runs than are kept, the shortest are the ones that are not rare. */
static void make_room(struct check_runs *runs)
{
    while (runs->n_kept == CHECK_KEPT_RUNS && runs->shortest_kept < CHECK_RUN_LENGTHS) {
        size_t n = 0;
        runs->shortest_kept++;
        for (size_t i = 0; i < runs->n_kept; i++)
            if (runs->kept[i].n_bars >= runs->shortest_kept)
                runs->kept[n++] = runs->kept[i];
        runs->n_kept = n;
    }
}

static void end_run(struct check_runs *runs)
{
    int64_t n_bars = runs->open.n_bars;
    if (n_bars == 0)
        return;
    runs->n_by_length[n_bars < CHECK_RUN_LENGTHS ? n_bars : CHECK_RUN_LENGTHS]++;
    if (n_bars >= runs->shortest_kept)
        make_room(runs);
    if (n_bars >= runs->shortest_kept && runs->n_kept < CHECK_KEPT_RUNS)
        runs->kept[runs->n_kept++] = runs->open;
    runs->open.n_bars = 0;
}

static void extend_run(struct check_runs *runs, int64_t ts_ms, double price)
{
    if (runs->open.n_bars > 0 && runs->open.price != price)
        end_run(runs);
    if (runs->open.n_bars == 0)
        runs->open = (struct check_run){.start_ms = ts_ms, .price = price};
    runs->open.n_bars++;
    runs->open.last_ms = ts_ms;
}

static void add_bar(struct check_runs *runs, bool is_still, int64_t ts_ms, double price)
{
    if (is_still) {
        extend_run(runs, ts_ms, price);
    } else {
        end_run(runs);
        runs->n_moving++;
    }
}

void check_still_add(struct check_still *still, const struct check_window *window)
{
    for (int i = CHECK_OPEN; i <= CHECK_VOLUME; i++)
        if (!window->is_present[i])
            return;
    const double *open = window->values[CHECK_OPEN], *high = window->values[CHECK_HIGH];
    const double *low = window->values[CHECK_LOW], *close = window->values[CHECK_CLOSE];
    const double *volume = window->values[CHECK_VOLUME];
    int64_t length_ms = still->period->length_ms;
    for (int64_t i = window->first; i < window->last; i++) {
        bool is_flat = (open[i] == high[i]) & (low[i] == close[i]) & (open[i] == low[i]);
        if (length_ms > 0 && check_window_step(window, i) > length_ms) {
            end_run(&still->frozen);
            end_run(&still->stuck);
        }
        add_bar(&still->frozen, is_flat && volume[i] == 0, window->ts[i], close[i]);
        add_bar(&still->stuck, is_flat && volume[i] > 0, window->ts[i], close[i]);
    }
}

/* ---- telling ---- */

/* The length from which on runs are rare. */
static int64_t rare_length(const struct check_runs *runs)
{
    int64_t most = runs->n_moving / RARE > 1 ? runs->n_moving / RARE : 1;
    int64_t n = runs->n_by_length[CHECK_RUN_LENGTHS], length = CHECK_RUN_LENGTHS;
    while (length > 1 && n + runs->n_by_length[length - 1] <= most)
        n += runs->n_by_length[--length];
    return runs->rule == CHECK_STUCK && length < FEWEST_STUCK ? FEWEST_STUCK : length;
}

static lake_status show_run(const struct check_runs *runs, const struct check_run *run, struct check_report *report,
                            struct lake_error *err)
{
    char price[NUMBER_TEXT_BYTES], end[CALENDAR_TEXT_BYTES], detail[CHECK_DETAIL_BYTES];
    const double bar[CHECK_BAR_VALUES] = {run->price, run->price, run->price, run->price,
                                          runs->rule == CHECK_FROZEN ? 0 : NAN};
    (void)number_format_double(run->price, price);
    (void)calendar_format_ms(run->last_ms, end);
    int n = snprintf(detail, sizeof detail, "%" PRId64 " bar%s at %s %s", run->n_bars, run->n_bars == 1 ? "" : "s",
                     price, runs->rule == CHECK_FROZEN ? "without volume" : "that do not move, with volume");
    if (run->n_bars > 1)
        (void)snprintf(detail + n, sizeof detail - (size_t)n, ", to %s", end);
    return check_report_show(report, runs->rule, &(struct check_found){run->start_ms, run->n_bars, bar, detail}, err);
}

static lake_status tell_runs(struct check_runs *runs, struct check_report *report, struct lake_error *err)
{
    end_run(runs);
    int64_t length = rare_length(runs), n_rare = 0;
    for (int64_t i = length; i <= CHECK_RUN_LENGTHS; i++)
        n_rare += runs->n_by_length[i];
    for (size_t i = 0; i < runs->n_kept; i++) {
        if (runs->kept[i].n_bars < length)
            continue;
        n_rare--;
        if (check_report_count(report, runs->rule))
            TRY(show_run(runs, &runs->kept[i], report, err));
    }
    /* What was not kept is counted. */
    for (; n_rare > 0; n_rare--)
        (void)check_report_count(report, runs->rule);
    return LAKE_OK;
}

lake_status check_still_end(struct check_still *still, struct check_report *report, struct lake_error *err)
{
    TRY(tell_runs(&still->frozen, report, err));
    return tell_runs(&still->stuck, report, err);
}
