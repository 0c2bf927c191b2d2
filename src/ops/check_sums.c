#include "ops/check_sums.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/number.h"
#include "ops/check_window.h"

/* One of the two series, row by row. */
struct side {
    struct batch batch;
    int64_t row;
    int columns[N_CHECK_COLUMNS]; /* in the batch; -1: there is none */
    bool is_at_end;
};

struct comparison {
    const struct check_wanted *wanted;
    struct check_report *report;
    struct scan *scan;
    struct check_reference *reference;
    struct side ours, theirs;
};

/* ---- rows ---- */

static void side_init(struct side *side, const struct schema *schema)
{
    for (int i = 0; i < N_CHECK_COLUMNS; i++) {
        int at = schema_find(schema, check_column_name((enum check_column)i));
        bool is_number =
            at >= 0 && (schema->fields[at].type == COLUMN_DOUBLE || schema->fields[at].type == COLUMN_INT64);
        side->columns[i] = is_number ? at : -1;
    }
}

static int64_t time_of(const struct side *side)
{
    return ((const int64_t *)batch_values(&side->batch, 0))[side->row];
}

static double value_of(const struct side *side, enum check_column column)
{
    int at = side->columns[column];
    if (at < 0 || !column_is_valid(&side->batch.columns[at], side->row))
        return NAN;
    if (side->batch.schema->fields[at].type == COLUMN_INT64)
        return (double)((const int64_t *)batch_values(&side->batch, (size_t)at))[side->row];
    return ((const double *)batch_values(&side->batch, (size_t)at))[side->row];
}

static lake_status report_progress(const struct check_wanted *wanted, struct lake_error *err)
{
    const struct lake_progress *progress = wanted->progress;
    if (progress != NULL && progress->report != NULL && progress->report(progress->context, wanted->n_rows, 0, 0) != 0)
        return lake_fail(err, LAKE_CANCELLED, "the check was stopped");
    return LAKE_OK;
}

static lake_status next_batch(struct comparison *comparison, struct side *side, struct lake_error *err)
{
    batch_release(&side->batch);
    side->batch = (struct batch){0};
    side->row = 0;
    TRY(report_progress(comparison->wanted, err));
    return side == &comparison->ours ? scan_next(comparison->scan, &side->batch, err)
                                     : check_reference_next(comparison->reference, &side->batch, err);
}

/* Goes on to the next row. */
static lake_status advance(struct comparison *comparison, struct side *side, struct lake_error *err)
{
    side->row++;
    while (!side->is_at_end && side->row >= side->batch.n_rows) {
        TRY(next_batch(comparison, side, err));
        side->is_at_end = side->batch.release == NULL;
    }
    return LAKE_OK;
}

/* ---- comparing ---- */

enum comparing { EQUAL, SUM, COUNT_OF_SOURCE };

static const struct {
    enum check_column column;
    enum comparing how;
} compared[] = {
    {CHECK_OPEN, EQUAL},           {CHECK_HIGH, EQUAL},       {CHECK_LOW, EQUAL},
    {CHECK_CLOSE, EQUAL},          {CHECK_VOLUME, SUM},       {CHECK_QUOTE_VOLUME, SUM},
    {CHECK_TRADES, EQUAL},         {CHECK_TAKER_VOLUME, SUM}, {CHECK_TAKER_QUOTE_VOLUME, SUM},
    {CHECK_BARS, COUNT_OF_SOURCE},
};
enum { N_COMPARED = sizeof compared / sizeof *compared };

/* The coarsest that venues round to: two decimals. */
#define MOST_ROUNDING 0.005

/* Half of the last decimal place that a value is written with: what rounding it may have changed. Whole numbers are counted, not rounded. A
 * sum of decimals is not quite one: twelve digits are looked at. */
static double rounding_of(double value)
{
    char text[NUMBER_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "%.12g", value);
    const char *point = strchr(text, '.'), *exponent = strchr(text, 'e');
    size_t n_decimals = point == NULL ? 0 : strspn(point + 1, "0123456789");
    int64_t power = 0;
    if (exponent != NULL && !number_parse_int64(exponent + 1, strlen(exponent + 1), &power))
        return 0;
    double place = (double)power - (double)n_decimals;
    return place < 0 ? fmin(0.5 * pow(10, place), MOST_ROUNDING) : 0;
}

/* Whether two sums differ by more than rounding can explain. */
static bool are_sums_apart(const struct comparison *comparison, enum check_column column)
{
    double ours = value_of(&comparison->ours, column), theirs = value_of(&comparison->theirs, column);
    double n_bars = value_of(&comparison->theirs, CHECK_BARS), distance = fabs(ours - theirs);
    double tolerance = n_bars * DBL_EPSILON * fmax(fabs(ours), fabs(theirs));
    if (!(distance > tolerance) || check_reference_is_source(comparison->reference))
        return distance > tolerance;
    return distance > tolerance + (n_bars + 1) * fmax(rounding_of(ours), rounding_of(theirs));
}

static bool differs(const struct comparison *comparison, size_t which)
{
    double ours = value_of(&comparison->ours, compared[which].column);
    double theirs = value_of(&comparison->theirs, compared[which].column);
    if (compared[which].how == COUNT_OF_SOURCE &&
        !(check_reference_is_source(comparison->reference) && check_reference_counts_bars(comparison->reference)))
        return false;
    if (isnan(ours) || isnan(theirs))
        return check_reference_is_source(comparison->reference) && isnan(ours) != isnan(theirs);
    return compared[which].how == SUM ? are_sums_apart(comparison, compared[which].column) : ours != theirs;
}

/* To the bit where it matters; a venue's decimals and their sums as people write them. */
static void text_of(const struct comparison *comparison, double value, char out[NUMBER_TEXT_BYTES])
{
    if (isnan(value))
        (void)snprintf(out, NUMBER_TEXT_BYTES, "null");
    else if (check_reference_is_source(comparison->reference))
        (void)number_format_double(value, out);
    else
        (void)snprintf(out, NUMBER_TEXT_BYTES, "%.12g", value);
}

/* "the 60 bars of raw 1m", "trades" */
static void say_theirs(const struct comparison *comparison, char *out, size_t n_bytes)
{
    const char *name = check_reference_name(comparison->reference);
    double n_bars = value_of(&comparison->theirs, CHECK_BARS);
    if (check_reference_counts_bars(comparison->reference))
        (void)snprintf(out, n_bytes, "the %.0f bar%s of %s", n_bars, n_bars == 1 ? "" : "s", name);
    else
        (void)snprintf(out, n_bytes, "%s", name);
}

static void say_difference(const struct comparison *comparison, size_t which, char *out)
{
    char ours[NUMBER_TEXT_BYTES], theirs[NUMBER_TEXT_BYTES], whose[2 * NUMBER_TEXT_BYTES];
    enum check_column column = compared[which].column;
    text_of(comparison, value_of(&comparison->ours, column), ours);
    text_of(comparison, value_of(&comparison->theirs, column), theirs);
    say_theirs(comparison, whose, sizeof whose);
    (void)snprintf(out, CHECK_DETAIL_BYTES, "%s is %s, and %s by %s", check_column_name(column), ours, theirs, whose);
}

static enum check_rule rule_of(const struct comparison *comparison)
{
    return check_reference_is_source(comparison->reference) ? CHECK_NOT_OF_SOURCE : CHECK_NOT_CONSERVED;
}

static lake_status show(struct comparison *comparison, const struct side *side, const char *detail,
                        struct lake_error *err)
{
    double bar[CHECK_BAR_VALUES];
    for (int i = 0; i < CHECK_BAR_VALUES; i++)
        bar[i] = value_of(side, (enum check_column)i);
    const struct check_found found = {time_of(side), 1, bar, detail};
    return check_report_show(comparison->report, rule_of(comparison), &found, err);
}

static lake_status compare_bars(struct comparison *comparison, struct lake_error *err)
{
    char detail[CHECK_DETAIL_BYTES];
    bool is_whole = value_of(&comparison->theirs, CHECK_BARS) == value_of(&comparison->theirs, CHECK_BARS_EXPECTED);
    if (!is_whole && !check_reference_is_source(comparison->reference))
        return LAKE_OK;
    for (size_t i = 0; i < N_COMPARED; i++) {
        if (!differs(comparison, i))
            continue;
        if (!check_report_count(comparison->report, rule_of(comparison)))
            return LAKE_OK;
        say_difference(comparison, i, detail);
        return show(comparison, &comparison->ours, detail, err);
    }
    return LAKE_OK;
}

/* A bar that only one of the two has. Only of derived bars is that a finding: of others it is a gap. */
static lake_status report_single(struct comparison *comparison, const struct side *side, struct lake_error *err)
{
    char detail[CHECK_DETAIL_BYTES];
    const struct time_range *range = &comparison->wanted->range;
    int64_t ts_ms = time_of(side);
    if (!check_reference_is_source(comparison->reference) || ts_ms < range->start_ms || ts_ms >= range->end_ms)
        return LAKE_OK;
    if (!check_report_count(comparison->report, CHECK_NOT_OF_SOURCE))
        return LAKE_OK;
    (void)snprintf(detail, sizeof detail,
                   side == &comparison->ours ? "%s has no bars for it" : "%s gives it, and it is not stored",
                   check_reference_name(comparison->reference));
    return show(comparison, side, detail, err);
}

static lake_status compare_all(struct comparison *comparison, struct lake_error *err)
{
    struct side *ours = &comparison->ours, *theirs = &comparison->theirs;
    ours->row = theirs->row = -1;
    TRY(advance(comparison, ours, err));
    TRY(advance(comparison, theirs, err));
    while (!ours->is_at_end || !theirs->is_at_end) {
        bool has_ours = theirs->is_at_end || (!ours->is_at_end && time_of(ours) <= time_of(theirs));
        bool has_theirs = ours->is_at_end || (!theirs->is_at_end && time_of(theirs) <= time_of(ours));
        if (has_ours && has_theirs)
            TRY(compare_bars(comparison, err));
        else
            TRY(report_single(comparison, has_ours ? ours : theirs, err));
        if (has_ours)
            TRY(advance(comparison, ours, err));
        if (has_theirs)
            TRY(advance(comparison, theirs, err));
    }
    return LAKE_OK;
}

static lake_status open_ours(struct comparison *comparison, struct check_wanted *wanted, struct lake_error *err)
{
    const struct manifest_dataset *dataset = wanted->dataset;
    const struct scan_options options = {
        .query = {.selection = {dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period},
                  .start_ms = wanted->range.start_ms,
                  .end_ms = wanted->range.end_ms},
        .batch_rows = wanted->batch_rows,
    };
    TRY(scan_open(wanted->lake, &options, &comparison->scan, err));
    wanted->snapshot = scan_get_plan(comparison->scan)->snapshot;
    return LAKE_OK;
}

lake_status check_sums(const struct check_wanted *given, struct check_report *report, struct lake_error *err)
{
    struct check_wanted wanted = *given;
    struct comparison comparison = {.wanted = &wanted, .report = report};
    lake_status status = LAKE_OK;
    TRY_OUT(open_ours(&comparison, &wanted, err));
    TRY_OUT(check_reference_open(&wanted, &comparison.reference, err));
    if (comparison.reference == NULL)
        goto out;
    side_init(&comparison.ours, scan_get_schema(comparison.scan));
    side_init(&comparison.theirs, check_reference_schema(comparison.reference));
    status = compare_all(&comparison, err);
out:
    batch_release(&comparison.ours.batch);
    batch_release(&comparison.theirs.batch);
    check_reference_close(comparison.reference);
    scan_close(comparison.scan);
    return status;
}
