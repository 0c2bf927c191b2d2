/* Holes: the bars that are missing between the first and the last bar of one day, in a few bytes.
 *
 * Bars of a period shorter than a day stand on a grid of that period, which the day's first bar lays. A hole is written as two unsigned
 * LEB128 numbers: the slots that are present since the hole before (at first: since the first bar, which counts), then the slots that are
 * missing. Bars off that grid take the slot that they fall into. A day without holes takes no byte.
 *
 *     TRY(holes_encode(period, &times, &bytes, err));
 *     holes_begin(&reader, period, first_ms, bytes.data, bytes.length);
 *     while ((status = holes_next(&reader, &hole, &has_one, err)) == LAKE_OK && has_one) … */
#ifndef LAKE_HOLES_H
#define LAKE_HOLES_H

#include "base/buffer.h"
#include "column/period.h"
#include "column/time_unit.h"

/* Appends the holes of a day's times, ascending; nothing where none is missing, or the period is of a day and longer or has no length. */
LAKE_MUST_CHECK lake_status holes_encode(const struct period *period, const struct time_values *times,
                                         struct buffer *out, struct lake_error *err);

struct hole {
    int64_t start_ms, end_ms; /* half open */
};
struct holes_reader {
    const uint8_t *data;
    size_t n_bytes, position;
    int64_t period_ms, first_ms, at_ms;
};
void holes_begin(struct holes_reader *reader, const struct period *period, int64_t first_ms, const uint8_t *data,
                 size_t n_bytes);
/* false: there are no more. LAKE_CORRUPT where the bytes are none that holes_encode writes. */
LAKE_MUST_CHECK lake_status holes_next(struct holes_reader *reader, struct hole *out, bool *has_one,
                                       struct lake_error *err);

#endif
