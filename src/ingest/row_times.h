/* The times of rows as the lake keeps them, of those that a source wrote: UTC for those of a place, the open time of bars that are
 * stamped with their end (`--tz`, `--stamp close`).
 *
 * Bars of a day and longer end where the day of their place ends, shorter ones a fixed time after they opened: so the former are
 * converted behind the change from close to open, the latter before it. A close time that is the last instant of the bar
 * (…:59.999, …:59) means the instant after. One thread at a time. */
#ifndef INGEST_ROW_TIMES_H
#define INGEST_ROW_TIMES_H

#include "column/batch.h"
#include "column/period.h"
#include "ingest/row_marks.h"
#include "ingest/time_zone.h"

struct row_times {
    struct time_zone *zone;      /* NULL: times are UTC already */
    const struct period *period; /* of bars */
    bool is_close;
    int64_t per_ms; /* of the column's unit */
    /* The last row that was converted, so that a resumed ingest reads a repeated hour as the same one. */
    bool has_last;
    int64_t last_local, last_utc;
    int64_t direction; /* of the last rows' times: 1, or -1 where they fall */
};

/* Makes last instants of bars the first ones after them; doing so again changes nothing. In milliseconds. */
void row_times_round_closes(int64_t *ts_ms, int64_t n_rows);
/* Of the first column, in place. Rows whose time is none (the clocks skipped it) are marked. */
LAKE_MUST_CHECK lake_status row_times_convert(struct row_times *times, struct batch *batch, struct row_marks *marks,
                                              struct lake_error *err);
/* Puts the zone behind the last row, as it was before. */
void row_times_resume(struct row_times *times);

#endif
