#include "ops/check_rows.h"

#include "base/memory.h"
#include "ops/check_bar.h"
#include "ops/check_move.h"
#include "ops/check_run.h"
#include "ops/check_time.h"
#include "ops/check_window.h"

struct check_rows {
    struct check_report *report;
    struct check_window *window;
    bool is_of_bars;
    struct check_time time;
    struct check_move move;
    struct check_still still;
};

lake_status check_rows_new(const struct check_subject *subject, const struct schema *schema,
                           struct check_report *report, struct check_rows **out, struct lake_error *err)
{
    struct check_rows *rows = NULL;
    *out = NULL;
    TRY(memory_new(1, sizeof *rows, &rows, err));
    rows->report = report;
    rows->is_of_bars = subject->is_of_bars;
    rows->time.period = subject->period;
    rows->time.must_be_closed = subject->must_be_closed;
    rows->time.now_ms = subject->now_ms;
    rows->move.period = subject->period;
    check_still_init(&rows->still, subject->period);
    lake_status status = check_window_new(schema, subject->most_batch_rows, &rows->window, err);
    if (status != LAKE_OK) {
        check_rows_free(rows);
        return status;
    }
    *out = rows;
    return LAKE_OK;
}

void check_rows_free(struct check_rows *rows)
{
    if (rows == NULL)
        return;
    check_window_free(rows->window);
    memory_free(rows);
}

static lake_status judge(struct check_rows *rows, struct lake_error *err)
{
    TRY(check_times(&rows->time, rows->window, rows->report, err));
    TRY(check_bars_alone(rows->window, rows->report, err));
    if (rows->is_of_bars)
        return LAKE_OK;
    TRY(check_moves(&rows->move, rows->window, rows->report, err));
    check_still_add(&rows->still, rows->window);
    return LAKE_OK;
}

lake_status check_rows_add(struct check_rows *rows, const struct batch *batch, struct lake_error *err)
{
    check_window_add(rows->window, batch);
    return judge(rows, err);
}

lake_status check_rows_end(struct check_rows *rows, struct lake_error *err)
{
    check_window_end(rows->window);
    TRY(judge(rows, err));
    return check_still_end(&rows->still, rows->report, err);
}

int64_t check_rows_phase(const struct check_rows *rows)
{
    return rows->time.phase_ms;
}
