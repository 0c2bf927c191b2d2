#include "ops/bucket_cut.h"

#include "base/calendar.h"

/* Steps are compared in groups, without a branch a row. */
enum { STEP_GROUP = 32 };

void bucket_cutter_init(struct bucket_cutter *cutter, const struct bucket_grid *grid, const struct period *source,
                        int64_t per_ms, const char *place)
{
    *cutter = (struct bucket_cutter){
        .grid = grid, .source = source, .place = place, .per_ms = per_ms, .step = source->length_ms * per_ms};
}

/* ---- what is refused ---- */

struct instant {
    char text[CALENDAR_TEXT_BYTES];
};

static struct instant instant_of(const struct bucket_cutter *cutter, int64_t ts)
{
    struct instant instant;
    (void)calendar_format_ms(time_unit_to_ms(ts, cutter->per_ms), instant.text);
    return instant;
}

static const char *noun(const struct bucket_cutter *cutter)
{
    return cutter->step > 0 ? "bar" : "trade";
}

static lake_status check_within_calendar(const struct bucket_cutter *cutter, int64_t ts, struct lake_error *err)
{
    int64_t ms = time_unit_to_ms(ts, cutter->per_ms);
    if (ms >= BUCKET_FIRST_MS && ms < BUCKET_END_MS)
        return LAKE_OK;
    return lake_fail(err, LAKE_INVALID_DATA, "%s: the time %s of a %s is outside the years 1 to 9999", cutter->place,
                     instant_of(cutter, ts).text, noun(cutter));
}

static lake_status check_order(const struct bucket_cutter *cutter, int64_t before, int64_t ts, struct lake_error *err)
{
    if (ts >= before)
        return LAKE_OK;
    return lake_fail(err, LAKE_INVALID_DATA, "%s: the %s at %s stands behind the one at %s", cutter->place,
                     noun(cutter), instant_of(cutter, ts).text, instant_of(cutter, before).text);
}

/* Steps are counted without a sign: in nanoseconds the calendar is as long as the type. */
static lake_status check_step(const struct bucket_cutter *cutter, int64_t before, int64_t ts, struct lake_error *err)
{
    TRY(check_order(cutter, before, ts, err));
    uint64_t step = (uint64_t)ts - (uint64_t)before, period = (uint64_t)cutter->step;
    if (step < period)
        return lake_fail(err, LAKE_INVALID_DATA, "%s: the bar at %s overlaps the one of %s before it, at %s",
                         cutter->place, instant_of(cutter, ts).text, cutter->source->name,
                         instant_of(cutter, before).text);
    if (step % period != 0)
        return lake_fail(err, LAKE_INVALID_DATA,
                         "%s: the bar at %s is off the grid of %s that the one before it is on, at %s", cutter->place,
                         instant_of(cutter, ts).text, cutter->source->name, instant_of(cutter, before).text);
    return LAKE_OK;
}

static lake_status fail_straddling(const struct bucket_cutter *cutter, int64_t ts, struct lake_error *err)
{
    int64_t end = time_unit_from_ms(cutter->bucket.end_ms, cutter->per_ms);
    return lake_fail(err, LAKE_INVALID_DATA,
                     "%s: the %s bar at %s does not end in its %s bar, which ends at %s; another offset may fit",
                     cutter->place, cutter->source->name, instant_of(cutter, ts).text, cutter->grid->period->name,
                     instant_of(cutter, end).text);
}

/* ---- pieces ---- */

static bool is_full(const struct bucket_tile *tile)
{
    return tile->n_pieces == TILE_PIECES || tile->n_rows == TILE_ROWS;
}

static void add_piece(struct bucket_tile *tile, struct bucket_piece piece)
{
    piece.row = tile->n_rows;
    tile->pieces[tile->n_pieces++] = piece;
    tile->n_rows += piece.n_rows * piece.n_buckets;
}

/* Rows of the bucket that holds `ts`, the time of the first of them. */
static void add_rows(struct bucket_cutter *cutter, struct bucket_tile *tile, int64_t n_rows, bool is_new)
{
    if (!is_new && tile->n_pieces > 0 && tile->pieces[tile->n_pieces - 1].n_buckets == 1) {
        tile->pieces[tile->n_pieces - 1].n_rows += n_rows;
        tile->n_rows += n_rows;
        return;
    }
    add_piece(tile,
              (struct bucket_piece){.n_rows = n_rows, .n_buckets = 1, .bucket = cutter->bucket, .is_new = is_new});
}

/* Moves on to the bucket that holds a time; false: it is still the same. */
static bool enter_bucket(struct bucket_cutter *cutter, int64_t ts)
{
    int64_t ms = time_unit_to_ms(ts, cutter->per_ms);
    if (cutter->has_last && ms < cutter->bucket.end_ms)
        return false;
    cutter->bucket = bucket_at(cutter->grid, ms);
    return true;
}

/* ---- bars ---- */

/* Rows from `row` on that follow one another by a period, of at most `limit`. Times may be anything. */
static int64_t regular_rows(const int64_t *times, int64_t limit, int64_t step)
{
    int64_t n = 1;
    for (; n + STEP_GROUP <= limit; n += STEP_GROUP) {
        uint64_t other = 0;
        for (int64_t i = n; i < n + STEP_GROUP; i++)
            other |= ((uint64_t)times[i] - (uint64_t)times[i - 1]) ^ (uint64_t)step;
        if (other != 0)
            break;
    }
    while (n < limit && (uint64_t)times[n] - (uint64_t)times[n - 1] == (uint64_t)step)
        n++;
    return n;
}

/* Whole buckets, one behind the other, as many as the run and the tile hold; the number of rows taken. */
static int64_t add_whole(struct bucket_cutter *cutter, struct bucket_tile *tile, int64_t n_run)
{
    int64_t length_ms = cutter->grid->period->length_ms; /* 0: months, each another */
    int64_t rows_each = length_ms / cutter->source->length_ms;
    int64_t n_buckets = rows_each > 0 ? n_run / rows_each : 0;
    if (n_buckets < 2)
        return 0;
    add_piece(tile, (struct bucket_piece){
                        .n_rows = rows_each, .n_buckets = n_buckets, .bucket = cutter->bucket, .is_new = true});
    cutter->bucket.start_ms += (n_buckets - 1) * length_ms;
    cutter->bucket.end_ms += (n_buckets - 1) * length_ms;
    return n_buckets * rows_each;
}

/* Cuts a run of bars without a gap, or as much of it as the tile has pieces for; `n` becomes what was cut. */
static lake_status cut_run(struct bucket_cutter *cutter, struct bucket_tile *tile, int64_t ts, int64_t *n,
                           struct lake_error *err)
{
    int64_t done = 0, taken = 0;
    for (; done < *n && !is_full(tile); done += taken) {
        int64_t at = ts + done * cutter->step;
        bool is_new = enter_bucket(cutter, at);
        int64_t start = time_unit_from_ms(cutter->bucket.start_ms, cutter->per_ms);
        int64_t end = time_unit_from_ms(cutter->bucket.end_ms, cutter->per_ms);
        taken = is_new && at == start ? add_whole(cutter, tile, *n - done) : 0;
        if (taken == 0) {
            int64_t whole = (end - at) / cutter->step, rest = *n - done;
            if (whole == 0 || (rest > whole && (end - at) % cutter->step != 0))
                return fail_straddling(cutter, at + whole * cutter->step, err);
            taken = rest < whole ? rest : whole;
            add_rows(cutter, tile, taken, is_new);
        }
        cutter->last = at + (taken - 1) * cutter->step;
        cutter->has_last = true;
    }
    *n = done;
    return LAKE_OK;
}

static lake_status cut_bars(struct bucket_cutter *cutter, const struct time_values *times, int64_t row,
                            struct bucket_tile *tile, struct lake_error *err)
{
    int64_t limit = times->n_rows - row < TILE_ROWS ? times->n_rows - row : TILE_ROWS;
    while (tile->n_rows < limit && !is_full(tile)) {
        const int64_t *at = times->values + row + tile->n_rows;
        int64_t n = regular_rows(at, limit - tile->n_rows, cutter->step);
        TRY(check_within_calendar(cutter, at[0], err));
        TRY(check_within_calendar(cutter, at[n - 1], err));
        if (cutter->has_last)
            TRY(check_step(cutter, cutter->last, at[0], err));
        TRY(cut_run(cutter, tile, at[0], &n, err));
    }
    return LAKE_OK;
}

/* ---- trades ---- */

static lake_status check_ascending(const struct bucket_cutter *cutter, const int64_t *times, int64_t n,
                                   struct lake_error *err)
{
    int64_t n_falls = 0;
    for (int64_t i = 1; i < n; i++)
        n_falls += times[i] < times[i - 1];
    for (int64_t i = 1; i < n && n_falls > 0; i++)
        TRY(check_order(cutter, times[i - 1], times[i], err));
    return LAKE_OK;
}

/* The first of the rows that is not before `end`: they are looked for in steps that grow, since buckets are small. */
static int64_t rows_before(const int64_t *times, int64_t n, int64_t end)
{
    int64_t low = 0, step = 1;
    while (low + step < n && times[low + step] < end) {
        low += step;
        step *= 2;
    }
    int64_t high = low + step < n ? low + step : n;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (times[middle] < end)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static lake_status cut_trades(struct bucket_cutter *cutter, const struct time_values *times, int64_t row,
                              struct bucket_tile *tile, struct lake_error *err)
{
    int64_t n = times->n_rows - row < TILE_ROWS ? times->n_rows - row : TILE_ROWS;
    const int64_t *at = times->values + row;
    TRY(check_within_calendar(cutter, at[0], err));
    TRY(check_within_calendar(cutter, at[n - 1], err));
    if (cutter->has_last)
        TRY(check_order(cutter, cutter->last, at[0], err));
    TRY(check_ascending(cutter, at, n, err));
    while (tile->n_rows < n && !is_full(tile)) {
        const int64_t *rest = at + tile->n_rows;
        bool is_new = enter_bucket(cutter, rest[0]);
        int64_t end = time_unit_from_ms(cutter->bucket.end_ms, cutter->per_ms);
        int64_t taken = rows_before(rest, n - tile->n_rows, end);
        add_rows(cutter, tile, taken, is_new);
        cutter->last = rest[taken - 1];
        cutter->has_last = true;
    }
    return LAKE_OK;
}

lake_status bucket_cut(struct bucket_cutter *cutter, const struct time_values *times, int64_t row,
                       struct bucket_tile *tile, struct lake_error *err)
{
    tile->n_rows = 0;
    tile->n_pieces = 0;
    return cutter->step > 0 ? cut_bars(cutter, times, row, tile, err) : cut_trades(cutter, times, row, tile, err);
}
