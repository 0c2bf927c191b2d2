/* What detection tells about times once their fields are known: see csv_detection.h. */
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "ingest/csv_detection.h"
#include "ingest/csv_time_text.h"
#include "io/number.h"

enum { N_MONTHS = 12, TEXT_BYTES = 256 };

/* What the texts of dates say about their order. */
struct order_evidence {
    size_t n_ordered, n_dotted;
    bool has_day_first, has_month_first; /* a number over twelve stands first, second */
    struct csv_span example;
};

static int find_field(const struct csv_layout *layout, enum field_use use)
{
    for (size_t i = 0; i < layout->n_fields; i++)
        if (layout->fields[i].meaning.use == use)
            return (int)i;
    return -1;
}

/* The field that has the date. */
static int find_date(const struct csv_layout *layout)
{
    int field = find_field(layout, FIELD_TIME);
    return field >= 0 ? field : find_field(layout, FIELD_DATE);
}

static void weigh(struct csv_span text, struct order_evidence *evidence)
{
    struct csv_time_parts parts;
    csv_time_look(text, &parts);
    if (!parts.has_order || (parts.kind != CSV_TIME_INSTANT && parts.kind != CSV_TIME_DATE))
        return;
    evidence->n_ordered++;
    evidence->n_dotted += parts.has_dots;
    evidence->has_day_first = evidence->has_day_first || parts.first > N_MONTHS;
    evidence->has_month_first = evidence->has_month_first || parts.second > N_MONTHS;
    if (evidence->example.data == NULL)
        evidence->example = text;
}

/* Whether any of the sampled dates leaves a choice. */
static bool has_order(const struct csv_detection *d, size_t field)
{
    struct order_evidence evidence = {0};
    for (size_t row = 0; row < d->opening.n_samples; row++)
        weigh(d->opening.samples[row * d->opening.n_fields + field], &evidence);
    return evidence.n_ordered > 0;
}

/* Over the whole block, since a number over twelve may be far down. */
static lake_status gather(struct csv_detection *d, size_t field, struct order_evidence *evidence,
                          struct lake_error *err)
{
    const struct csv_dialect *dialect = &d->opening.dialect;
    const char *p = d->opening.body, *end = d->input->block.data + d->input->block.length, *next;
    struct csv_span *fields = NULL;
    *evidence = (struct order_evidence){0};
    TRY(arena_new(&d->arena, field + 1, sizeof *fields, &fields, err));
    for (; p < end && (next = csv_dialect_record_end(dialect, p, end, d->input->is_whole)) != NULL; p = next)
        if (csv_dialect_split(dialect, p, next, fields, field + 1) > field)
            weigh(fields[field], evidence);
    return LAKE_OK;
}

/* Whether the sampled dates never go back (or never forward) when they are read in this order. */
static bool is_monotonic(const struct csv_detection *d, size_t field, enum csv_time_order order)
{
    const struct csv_time_rules rules = {order, 0, 0, 0, 0};
    struct csv_time last = {0, false, false}, time;
    bool has_risen = false, has_fallen = false;
    for (size_t row = 0; row < d->opening.n_samples; row++) {
        if (csv_time_parse(d->opening.samples[row * d->opening.n_fields + field], &rules, &time) != CSV_TIME_OK)
            continue;
        has_risen = has_risen || (last.ns != 0 && time.ns > last.ns);
        has_fallen = has_fallen || (last.ns != 0 && time.ns < last.ns);
        last = time;
    }
    return has_risen != has_fallen;
}

/* Whether the first date is the day that the file's name has. */
static bool is_named_day(const struct csv_detection *d, const struct order_evidence *evidence,
                         enum csv_time_order order)
{
    const struct csv_time_rules rules = {order, 0, 0, 0, 0};
    struct csv_time time;
    return d->input->name.has_day && csv_time_parse(evidence->example, &rules, &time) == CSV_TIME_OK &&
           calendar_day_of_ms(time.ns / NS_PER_MS) == calendar_day_of_ms(d->input->name.day_ms);
}

static lake_status fail_order(const struct csv_detection *d, const struct order_evidence *evidence, size_t field,
                              struct lake_error *err)
{
    char shown[CSV_SHOWN_TEXT_BYTES];
    bool is_mixed = evidence->has_day_first;
    return lake_fail(
        err, LAKE_INVALID_DATA,
        "%s: the dates of column '%s' (such as '%s') can be day/month/year or month/day/year%s; choose with "
        "--time-format dmy or --time-format mdy",
        d->input->place, d->layout->fields[field].meaning.source, csv_show(evidence->example, shown),
        is_mixed ? ", and some are only the one and some only the other" : "");
}

static lake_status note_order(struct csv_detection *d, const char *origin, struct lake_error *err)
{
    bool is_day_first = d->layout->times.order == CSV_ORDER_DMY;
    struct finding finding = {"dates", is_day_first ? "day, month, year" : "month, day, year", origin, "--time-format"};
    return csv_detection_note(d, finding, err);
}

static lake_status take_order(struct csv_detection *d, size_t field, struct lake_error *err)
{
    struct order_evidence evidence;
    enum csv_time_order wished = d->input->wishes->date_order;
    d->layout->times.order = wished;
    if (!has_order(d, field))
        return LAKE_OK;
    TRY(gather(d, field, &evidence, err));
    if (wished != CSV_ORDER_UNKNOWN)
        return note_order(d, "option", err);
    bool is_day = evidence.has_day_first, is_month = evidence.has_month_first;
    const char *origin = "values";
    if (!is_day && !is_month && evidence.n_dotted == evidence.n_ordered) {
        is_day = true; /* nobody writes months first with dots */
        origin = "form";
    }
    if (!is_day && !is_month) {
        bool is_named = is_named_day(d, &evidence, CSV_ORDER_DMY) != is_named_day(d, &evidence, CSV_ORDER_MDY);
        is_day = is_named ? is_named_day(d, &evidence, CSV_ORDER_DMY) : is_monotonic(d, field, CSV_ORDER_DMY);
        is_month = is_named ? !is_day : is_monotonic(d, field, CSV_ORDER_MDY);
        origin = is_named ? "file name" : "order of rows";
    }
    if (is_day == is_month)
        return fail_order(d, &evidence, field, err);
    d->layout->times.order = is_day ? CSV_ORDER_DMY : CSV_ORDER_MDY;
    return note_order(d, origin, err);
}

/* Digits whose zeros were lost ("930" beside "93000"): how many they had. */
static void take_clock_digits(struct csv_detection *d, size_t field)
{
    size_t longest = 0, shortest = SIZE_MAX;
    for (size_t row = 0; row < d->opening.n_samples; row++) {
        struct csv_span value = d->opening.samples[row * d->opening.n_fields + field];
        int64_t number;
        if (!number_parse_int64(value.data, value.length, &number))
            return;
        longest = value.length > longest ? value.length : longest;
        shortest = value.length < shortest ? value.length : shortest;
    }
    if (longest <= 6 && shortest < longest)
        d->layout->times.clock_digits = longest > 4 ? 6 : 4;
}

static lake_status take_clock(struct csv_detection *d, size_t field, struct lake_error *err)
{
    struct csv_time_rules *times = &d->layout->times;
    int64_t largest = -1;
    bool has_date = find_field(d->layout, FIELD_DATE) >= 0;
    if (has_date) {
        take_clock_digits(d, field);
        return LAKE_OK;
    }
    times->day_ns = d->input->name.day_ms * NS_PER_MS;
    for (size_t row = 0; row < d->opening.n_samples; row++) {
        struct csv_span value = d->opening.samples[row * d->opening.n_fields + field];
        int64_t number;
        if (!number_parse_int64(value.data, value.length, &number))
            return LAKE_OK; /* "09:30" */
        largest = number > largest ? number : largest;
    }
    times->clock_unit_ns = d->input->wishes->time_unit_ns;
    if (times->clock_unit_ns == 0 && largest < MS_PER_DAY)
        times->clock_unit_ns = NS_PER_MS; /* QuantConnect's, the only ones that are known */
    else if (times->clock_unit_ns == 0)
        times->clock_unit_ns = largest < MS_PER_DAY * 1000 ? NS_PER_US : 1;
    char day[CALENDAR_TEXT_BYTES], text[TEXT_BYTES];
    (void)calendar_format_day(calendar_day_of_ms(d->input->name.day_ms), day);
    (void)snprintf(text, sizeof text, "%s since midnight of %s",
                   times->clock_unit_ns == NS_PER_MS   ? "milliseconds"
                   : times->clock_unit_ns == NS_PER_US ? "microseconds"
                   : times->clock_unit_ns == 1         ? "nanoseconds"
                                                       : "seconds",
                   day);
    return csv_detection_note(d, (struct finding){"time of day", text, "file name", "--time-format"}, err);
}

/* How the sampled times are written, and whether they come newest first. */
struct time_evidence {
    size_t n_numbers, n_offsets, n_local, n_rising, n_falling;
    int64_t unit_ns; /* of the numbers; 0: of several units */
};

static int64_t unit_of(struct csv_span text, int64_t ns)
{
    size_t n = 0;
    while (n < text.length && text.data[n] >= '0' && text.data[n] <= '9')
        n++;
    int64_t whole = 0;
    if (!number_parse_int64(text.data, n, &whole) || whole == 0)
        return 0;
    for (int64_t unit = NS_PER_SECOND; unit > 1; unit /= 1000)
        if (ns / unit == whole)
            return unit;
    return 1;
}

/* The instant of a row, of a date and a time of day where they are two columns. */
static bool read_row_time(const struct csv_detection *d, size_t row, size_t field, struct csv_time *out)
{
    const struct csv_span *fields = d->opening.samples + row * d->opening.n_fields;
    int clock = find_field(d->layout, FIELD_CLOCK);
    int64_t clock_ns = 0;
    if (csv_time_parse(fields[field], &d->layout->times, out) != CSV_TIME_OK)
        return false;
    if (clock >= 0 && csv_time_parse_clock(fields[clock], &d->layout->times, &clock_ns) == CSV_TIME_OK)
        out->ns += clock_ns;
    return true;
}

static struct time_evidence look_at_times(const struct csv_detection *d, size_t field)
{
    struct time_evidence evidence = {0};
    struct csv_time time;
    int64_t last_ns = 0;
    for (size_t row = 0; row < d->opening.n_samples; row++) {
        struct csv_span text = d->opening.samples[row * d->opening.n_fields + field];
        if (!read_row_time(d, row, field, &time))
            continue;
        int64_t unit_ns = time.is_number ? unit_of(text, time.ns) : 0;
        evidence.unit_ns = evidence.n_numbers == 0 ? unit_ns : evidence.unit_ns == unit_ns ? unit_ns : 0;
        evidence.n_numbers += time.is_number;
        evidence.n_offsets += time.has_offset;
        evidence.n_local += !time.is_number && !time.has_offset;
        evidence.n_rising += last_ns != 0 && time.ns > last_ns;
        evidence.n_falling += last_ns != 0 && time.ns < last_ns;
        last_ns = time.ns;
    }
    return evidence;
}

static lake_status note_form(struct csv_detection *d, const struct time_evidence *e, struct lake_error *err)
{
    const char *unit = e->unit_ns == NS_PER_SECOND ? "seconds"
                       : e->unit_ns == NS_PER_MS   ? "milliseconds"
                       : e->unit_ns == NS_PER_US   ? "microseconds"
                       : e->unit_ns == 1           ? "nanoseconds"
                                                   : "a number, its unit told for each by its size";
    const char *form = e->n_local > 0     ? "text without an offset, taken for UTC"
                       : e->n_offsets > 0 ? "text with an offset"
                                          : unit;
    const char *option = e->n_local > 0 ? "--tz" : "--time-format";
    bool is_assumed = e->n_local > 0 && !d->input->wishes->has_zone;
    if (e->n_local > 0 && !is_assumed)
        form = "text without an offset";
    return csv_detection_note(d, (struct finding){"times", form, is_assumed ? "default" : "values", option}, err);
}

lake_status csv_detection_take_times(struct csv_detection *d, struct lake_error *err)
{
    struct csv_layout *layout = d->layout;
    int date = find_date(layout), clock = find_field(layout, FIELD_CLOCK);
    layout->times.unit_ns = d->input->wishes->time_unit_ns;
    if (date >= 0)
        TRY(take_order(d, (size_t)date, err));
    if (clock >= 0)
        TRY(take_clock(d, (size_t)clock, err));
    if (date < 0) {
        layout->is_time_local = true;
        return LAKE_OK;
    }
    struct time_evidence evidence = look_at_times(d, (size_t)date);
    layout->is_time_local = evidence.n_local > 0;
    layout->is_descending = evidence.n_falling > evidence.n_rising;
    if (d->input->wishes->has_zone && !layout->is_time_local && evidence.n_numbers + evidence.n_offsets > 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "%s: the times of column '%s' %s, so that no zone can be named for them; leave out --tz",
                         d->input->place, layout->fields[date].meaning.source,
                         evidence.n_numbers > 0 ? "are numbers since 1970" : "have an offset of their own");
    if (d->opening.n_samples > 0)
        TRY(note_form(d, &evidence, err));
    if (layout->is_descending)
        TRY(csv_detection_note(d, (struct finding){"order", "newest first", "values", ""}, err));
    return LAKE_OK;
}
