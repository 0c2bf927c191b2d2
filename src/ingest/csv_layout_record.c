/* What a layout says about single records. */
#include <string.h>

#include "ingest/csv_dialect.h"
#include "ingest/csv_layout.h"

bool csv_layout_skips(const struct csv_layout *layout, const char *text, const char *end, const char **next)
{
    const char *p = text;
    while (*p == ' ' || *p == '\r' || (*p == '\t' && layout->separator != '\t'))
        p++;
    bool is_other = (layout->has_comments && csv_dialect_is_comment(p, end)) || csv_dialect_is_footer(p, end);
    if (*p != '\n' && is_other)
        p = memchr(p, '\n', (size_t)(end - p));
    size_t length = layout->header.length;
    if (*p != '\n') {
        if (layout->header.data == NULL || (size_t)(end - text) <= length ||
            memcmp(text, layout->header.data, length) != 0)
            return false;
        p = text + length;
        p += *p == '\r' && p + 1 < end;
    }
    *next = p + 1;
    return *p == '\n';
}

static bool read_time(const struct csv_layout *layout, const struct csv_span *fields, size_t field, int64_t *ns)
{
    struct csv_time time;
    bool is_read = csv_time_parse(fields[field], &layout->times, &time) == CSV_TIME_OK;
    *ns = time.ns;
    return is_read;
}

/* Venues stamp the close one unit of their clock before the next bar opens, others at that instant. */
int64_t csv_layout_bar_ms(const struct csv_layout *layout, const char *text)
{
    enum { MAX_FIELDS = 64 };
    static const int64_t clock_units[] = {0, NS_PER_US, NS_PER_MS, NS_PER_SECOND};
    struct csv_dialect dialect = {layout->separator, layout->is_record_quoted};
    struct csv_span fields[MAX_FIELDS];
    const char *end = text;
    size_t time_field = 0, close_field = (size_t)layout->close_field;
    int64_t open_ns, close_ns;
    while (time_field < layout->n_fields && layout->fields[time_field].meaning.use != FIELD_TIME)
        time_field++;
    if (layout->close_field < 0 || time_field >= layout->n_fields || time_field >= MAX_FIELDS ||
        close_field >= MAX_FIELDS)
        return 0;
    while (*end != '\n')
        end++;
    size_t n = csv_dialect_split(&dialect, text, end + 1, fields, MAX_FIELDS);
    if (n <= time_field || n <= close_field || !read_time(layout, fields, time_field, &open_ns) ||
        !read_time(layout, fields, close_field, &close_ns))
        return 0;
    for (size_t i = 0; i < sizeof clock_units / sizeof clock_units[0]; i++) {
        int64_t length_ns = close_ns - open_ns + clock_units[i];
        if (length_ns > 0 && length_ns % (60 * NS_PER_SECOND) == 0)
            return length_ns / NS_PER_MS;
    }
    return 0;
}
