#include "ingest/csv_scan.h"

#include <string.h>

static const char *find_byte(const char *text, const char *end, char byte)
{
    return memchr(text, byte, (size_t)(end - text));
}

/* The byte after the closing quote, text being behind the opening one; NULL where it is not closed. A mark that is the last byte
 * of all may be half of a doubled one, which makes no difference: the record is not whole then. */
static const char *skip_quoted(const char *text, const char *end)
{
    while (text < end) {
        const char *mark = find_byte(text, end, '"');
        if (mark == NULL)
            return NULL;
        if (mark + 1 == end || mark[1] != '"')
            return mark + 1;
        text = mark + 2;
    }
    return NULL;
}

static const char *quoted_record_end(const char *text, const char *end, char separator)
{
    bool at_field_start = true;
    while (text < end) {
        if (at_field_start && *text == '"') {
            text = skip_quoted(text + 1, end);
            if (text == NULL)
                return NULL;
            at_field_start = false;
            continue;
        }
        char byte = *text++;
        if (byte == '\n')
            return text;
        at_field_start = byte == separator;
    }
    return NULL;
}

const char *csv_record_end(const char *text, const char *end, char separator)
{
    const char *line_feed = find_byte(text, end, '\n');
    const char *line_end = line_feed != NULL ? line_feed : end;
    if (find_byte(text, line_end, '"') != NULL)
        return quoted_record_end(text, end, separator);
    return line_feed != NULL ? line_feed + 1 : NULL;
}

/* Without quotation marks every line feed ends a record, so that the ends can be looked for anywhere. */
static size_t cut_lines(struct csv_span text, const char **ends, size_t n)
{
    const char *last = text.data + text.length;
    while (last > text.data && last[-1] != '\n')
        last--;
    size_t run_bytes = (size_t)(last - text.data) / n;
    const char *from = text.data;
    size_t n_cuts = 0;
    for (size_t i = 1; i <= n && from < last; i++) {
        const char *target = i < n ? text.data + run_bytes * i : last - 1;
        if (target < from)
            continue;
        from = find_byte(target, last, '\n') + 1;
        ends[n_cuts++] = from;
    }
    return n_cuts;
}

static size_t cut_records(struct csv_span text, char separator, const char **ends, size_t n)
{
    const char *end = text.data + text.length;
    const char *from = text.data, *next;
    size_t n_cuts = 0;
    while ((next = csv_record_end(from, end, separator)) != NULL) {
        from = next;
        if (n_cuts + 1 < n && (size_t)(from - text.data) >= text.length / n * (n_cuts + 1))
            ends[n_cuts++] = from;
    }
    if (from > text.data && (n_cuts == 0 || ends[n_cuts - 1] != from))
        ends[n_cuts++] = from;
    return n_cuts;
}

size_t csv_cut(struct csv_span text, char separator, const char **ends, size_t n)
{
    if (memchr(text.data, '"', text.length) == NULL)
        return cut_lines(text, ends, n);
    return cut_records(text, separator, ends, n);
}

bool csv_field_read(const char *text, char separator, struct csv_field_text *out)
{
    const char *from = text, *p = text;
    out->is_quoted = *p == '"';
    if (out->is_quoted) {
        for (from = ++p; *p != '"' || p[1] == '"'; p++)
            p += *p == '"';
        out->span = (struct csv_span){from, (size_t)(p - from)};
        from = ++p;
    }
    while (*p != separator && *p != '\n')
        p++;
    out->next = p;
    if (*p == '\n' && p > from && p[-1] == '\r')
        p--;
    struct csv_span rest = csv_trim((struct csv_span){from, (size_t)(p - from)}, separator);
    if (!out->is_quoted)
        out->span = rest;
    out->span = csv_trim(out->span, separator);
    return !out->is_quoted || rest.length == 0;
}

int64_t csv_count_lines(const char *text, const char *end)
{
    int64_t n = 0;
    for (; text < end; text++)
        n += *text == '\n';
    return n;
}
