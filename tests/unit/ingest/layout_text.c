#include "unit/ingest/layout_text.h"

#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "ingest/csv_dialect.h"

static const char *separator_of(const struct csv_layout *layout)
{
    switch (layout->separator) {
    case ',': return "comma";
    case ';': return "semicolon";
    case '\t': return "tab";
    case '|': return "bar";
    default: return "blank";
    }
}

static lake_status append_first_line(const struct csv_layout *layout, struct buffer *out, struct lake_error *err)
{
    TRY(buffer_printf(out, err, "%s, %s%s, %s", layout->type->name, separator_of(layout),
                      layout->is_record_quoted ? " in quotes" : "",
                      layout->header.data != NULL ? "header" : "no header"));
    if (layout->period != NULL)
        TRY(buffer_printf(out, err, ", %s", layout->period->name));
    if (layout->decimal != '.')
        TRY(buffer_printf(out, err, ", decimal %c", layout->decimal));
    if (layout->thousands != '\0')
        TRY(buffer_printf(out, err, ", thousands %c", layout->thousands));
    if (layout->n_needed_fields < layout->n_fields)
        TRY(buffer_printf(out, err, ", %zu of %zu fields needed", layout->n_needed_fields, layout->n_fields));
    if (layout->is_descending)
        TRY(buffer_append_text(out, ", newest first", err));
    return buffer_printf(out, err, "%s\n", layout->is_time_local ? ", local" : "");
}

static const char *use_of(enum field_use use)
{
    switch (use) {
    case FIELD_DATE: return " (date)";
    case FIELD_CLOCK: return " (time of day)";
    case FIELD_SIDE: return " (side)";
    case FIELD_ASK_BID: return " (ask or bid)";
    case FIELD_MAKER: return " (maker)";
    default: return "";
    }
}

static lake_status append_column(const struct csv_layout *layout, size_t column, struct buffer *out,
                                 struct lake_error *err)
{
    for (size_t i = 0; i < layout->n_fields; i++) {
        const struct field_meaning *m = &layout->fields[i].meaning;
        if (m->name == NULL || layout->fields[i].column != column)
            continue;
        TRY(buffer_append_text(out, m->name, err));
        if (m->is_extra)
            TRY(buffer_printf(out, err, ":%s", column_type_name(m->type)));
        TRY(buffer_printf(out, err, " = %s%s", m->source, use_of(m->use)));
        if (m->multiplier > 1)
            TRY(buffer_printf(out, err, " * %lld", (long long)m->multiplier));
        TRY(buffer_printf(out, err, "%s%s%s\n", m->is_percent ? " %" : "", m->has_suffix ? " K" : "",
                          m->has_currency ? " $" : ""));
    }
    return LAKE_OK;
}

static lake_status append_other(const struct csv_layout *layout, struct buffer *out, struct lake_error *err)
{
    for (size_t i = 0; i < layout->n_fields; i++) {
        const struct field_meaning *m = &layout->fields[i].meaning;
        if (m->use == FIELD_SKIP)
            TRY(buffer_printf(out, err, "left out: %s\n", m->source));
        if (m->use == FIELD_CLOSE_TIME)
            TRY(buffer_printf(out, err, "close time: %s\n", m->source));
        if (m->use == FIELD_CONSTANT)
            TRY(buffer_printf(out, err, "constant: %s = %s%s\n", m->source, m->constant,
                              m->skips_others ? ", others skipped" : ""));
    }
    return LAKE_OK;
}

static int64_t time_of(const struct csv_layout *layout, const struct csv_span *fields)
{
    int64_t ns = 0, clock_ns = 0;
    for (size_t i = 0; i < layout->n_fields; i++) {
        struct csv_time time = {0, false, false};
        enum field_use use = layout->fields[i].meaning.use;
        if (use == FIELD_TIME || use == FIELD_DATE)
            ns = csv_time_parse(fields[i], &layout->times, &time) == CSV_TIME_OK ? ns + time.ns : 0;
        if (use == FIELD_CLOCK && csv_time_parse_clock(fields[i], &layout->times, &clock_ns) == CSV_TIME_OK)
            ns += clock_ns + layout->times.day_ns;
    }
    return ns;
}

static lake_status append_times(const struct csv_layout *layout, struct csv_span block, struct buffer *out,
                                struct lake_error *err)
{
    struct csv_dialect dialect = {layout->separator, layout->is_record_quoted};
    const char *p = block.data + layout->body, *end = block.data + block.length, *next;
    static struct csv_span fields[LIMIT_CSV_COLUMNS];
    int64_t first_ns = -1, last_ns = -1;
    while (p < end && (next = csv_dialect_record_end(&dialect, p, end, true)) != NULL) {
        const char *behind;
        if (!csv_layout_skips(layout, p, end, &behind)) {
            memset(fields, 0, sizeof fields);
            (void)csv_dialect_split(&dialect, p, next, fields, LIMIT_CSV_COLUMNS);
            last_ns = time_of(layout, fields);
            first_ns = first_ns < 0 ? last_ns : first_ns;
        }
        p = next;
    }
    char first[CALENDAR_TEXT_BYTES], last[CALENDAR_TEXT_BYTES];
    (void)calendar_format_us(first_ns / NS_PER_US, first);
    (void)calendar_format_us(last_ns / NS_PER_US, last);
    return buffer_printf(out, err, "%s ... %s\n", first, last);
}

lake_status layout_text(const struct csv_layout *layout, struct csv_span block, struct buffer *out,
                        struct lake_error *err)
{
    TRY(append_first_line(layout, out, err));
    for (size_t c = 0; c < layout->schema->n_fields; c++)
        TRY(append_column(layout, c, out, err));
    TRY(append_other(layout, out, err));
    return append_times(layout, block, out, err);
}
