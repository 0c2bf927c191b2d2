#include "ingest/csv_bars.h"

#include <inttypes.h>

#include "base/calendar.h"

static const int64_t *times(const struct csv_bars *bars, const struct csv_run *run)
{
    return batch_values(&run->rows.batch, bars->time_column);
}

/* The period by the close time of the first row, or NULL. */
static const struct period *closed_period(const struct csv_bars *bars)
{
    for (size_t i = 0; i < bars->first.n_runs; i++)
        if (bars->first.runs[i].rows.batch.n_rows > 0)
            return bar_period_of(times(bars, &bars->first.runs[i])[0], csv_reader_bar_ms(bars->reader));
    return NULL;
}

static lake_status tell_period(struct csv_bars *bars, struct lake_error *err)
{
    struct bar_evidence evidence = {0};
    const struct period *closed = closed_period(bars);
    for (size_t i = 0; i < bars->first.n_runs; i++)
        bar_evidence_add(&evidence, times(bars, &bars->first.runs[i]), bars->first.runs[i].rows.batch.n_rows);
    if (bars->is_period_given && closed != NULL && closed != bars->period)
        return lake_fail(err, LAKE_INVALID_DATA, "%s: the bars are %s long by their close times, but the period is %s",
                         bars->path, closed->name, bars->period->name);
    if (bars->is_period_given)
        return bar_evidence_check(&evidence, bars->path, bars->period, err);
    bars->period = closed;
    return closed != NULL ? LAKE_OK : bar_evidence_tell(&evidence, bars->path, &bars->period, err);
}

/* Reads on until there is a row: the period is told from it, and the grid begins there. */
static lake_status read_first(struct csv_bars *bars, struct lake_error *err)
{
    int64_t n_rows = 0;
    while (n_rows == 0) {
        TRY(csv_reader_next(bars->reader, &bars->first, err));
        for (size_t i = 0; i < bars->first.n_runs && n_rows == 0; i++) {
            n_rows = bars->first.runs[i].rows.batch.n_rows;
            if (n_rows > 0)
                bars->grid.first_ms = times(bars, &bars->first.runs[i])[0];
        }
    }
    return LAKE_OK;
}

lake_status csv_bars_open(struct csv_bars *bars, const struct csv_reader_options *options, const struct period *period,
                          struct lake_error *err)
{
    *bars = (struct csv_bars){.path = options->path, .period = period, .is_period_given = period != NULL};
    TRY(csv_reader_open(options, &bars->reader, err));
    bars->time_column = (size_t)schema_find(csv_reader_layout(bars->reader)->schema, options->type->key[0]);
    TRY(read_first(bars, err));
    TRY(tell_period(bars, err));
    bars->grid = bar_grid_start(bars->period, bars->grid.first_ms);
    return LAKE_OK;
}

void csv_bars_close(struct csv_bars *bars)
{
    csv_reader_close(bars->reader);
    bars->reader = NULL;
}

static lake_status check_grid(struct csv_bars *bars, const struct csv_runs *runs, struct lake_error *err)
{
    for (size_t i = 0; i < runs->n_runs; i++) {
        const int64_t *ts_ms = times(bars, &runs->runs[i]);
        int64_t row = bar_grid_find_off(&bars->grid, ts_ms, runs->runs[i].rows.batch.n_rows);
        char text[CALENDAR_TEXT_BYTES];
        if (row < 0)
            continue;
        calendar_format_ms(ts_ms[row], text);
        return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": %s is no time at which a bar of %s opens; %s",
                         bars->path, csv_reader_line(bars->reader, i, row), text, bars->period->name,
                         bars->is_period_given ? "is the period another?"
                                               : "name the period with --period if it is another");
    }
    return LAKE_OK;
}

lake_status csv_bars_next(struct csv_bars *bars, struct csv_runs *out, struct lake_error *err)
{
    *out = bars->first;
    bars->first = (struct csv_runs){NULL, 0};
    if (out->n_runs == 0)
        TRY(csv_reader_next(bars->reader, out, err));
    return check_grid(bars, out, err);
}
