#include "ingest/csv_scan.h"

#include <string.h>

#include "base/limits.h"

static const char *find_byte(const char *text, const char *end, char byte)
{
    return memchr(text, byte, (size_t)(end - text));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The closing mark, text being behind the opening one; NULL where there is none. */
static const char *find_closing(const char *text, const char *end)
{
    const char *mark;
    while ((mark = find_byte(text, end, '"')) != NULL && mark + 1 < end && mark[1] == '"')
        text = mark + 2;
    return mark;
}

/* What follows the quoted field whose opening mark is at text: a separator, a line feed or `end`. NULL where its quotes are broken,
 * or would be if nothing followed `end`: then *is_open. */
static const char *skip_quoted(const char *text, const char *end, char separator, bool *is_open)
{
    const char *mark = find_closing(text + 1, end);
    *is_open = mark == NULL;
    if (mark == NULL)
        return NULL;
    for (mark++; mark < end && is_blank(*mark) && *mark != separator; mark++)
        continue;
    return mark == end || *mark == separator || *mark == '\n' ? mark : NULL;
}

/* The record's line feed; NULL where its quotes are broken (see skip_quoted) or, with *is_open, it does not end before `end`. */
static const char *find_quoted_end(const char *text, const char *end, char separator, bool *is_open)
{
    while (text < end) {
        if (*text == '"') {
            text = skip_quoted(text, end, separator, is_open);
            if (text == NULL)
                return NULL;
        }
        while (text < end && *text != separator && *text != '\n')
            text++;
        if (text < end && *text == '\n')
            return text;
        text += text < end;
    }
    *is_open = true;
    return NULL;
}

static const char *record_end(const char *text, const char *end, char separator, bool is_last)
{
    const char *line_feed = find_byte(text, end, '\n');
    bool is_open = false;
    if (line_feed == NULL || find_byte(text, line_feed, '"') == NULL)
        return line_feed != NULL ? line_feed + 1 : NULL;
    bool is_decided = (size_t)(end - text) > LIMIT_CSV_LINE_BYTES;
    const char *limit = is_decided ? text + LIMIT_CSV_LINE_BYTES : end;
    const char *last = find_quoted_end(text, limit, separator, &is_open);
    if (last != NULL)
        return last + 1;
    return is_open && !is_decided && !is_last ? NULL : line_feed + 1;
}

const char *csv_record_end(const char *text, const char *end, char separator)
{
    return record_end(text, end, separator, false);
}

const char *csv_last_record_end(const char *text, const char *end, char separator)
{
    return record_end(text, end, separator, true);
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

static size_t cut_records(const struct csv_cut *cut, const char **ends, size_t n)
{
    struct csv_span text = cut->text;
    const char *end = text.data + text.length;
    const char *from = text.data, *next;
    size_t n_cuts = 0;
    while (from < end && (next = record_end(from, end, cut->separator, cut->is_last)) != NULL) {
        from = next;
        if (n_cuts + 1 < n && (size_t)(from - text.data) >= text.length / n * (n_cuts + 1))
            ends[n_cuts++] = from;
    }
    if (from > text.data && (n_cuts == 0 || ends[n_cuts - 1] != from))
        ends[n_cuts++] = from;
    return n_cuts;
}

size_t csv_cut(const struct csv_cut *cut, const char **ends, size_t n)
{
    if (memchr(cut->text.data, '"', cut->text.length) == NULL)
        return cut_lines(cut->text, ends, n);
    return cut_records(cut, ends, n);
}

/* What is behind the opening mark at text, up to the closing one; returns what follows. */
static const char *read_quoted(const char *text, const char *end, struct csv_field_text *out)
{
    const char *mark = find_closing(text + 1, end);
    bool is_open = mark == NULL;
    if (is_open)
        mark = end - 1;
    out->span = (struct csv_span){text + 1, (size_t)(mark - text - 1)};
    return is_open ? NULL : mark + 1;
}

enum csv_field_state csv_field_read(const char *text, const char *end, char separator, struct csv_field_text *out)
{
    const char *from = text, *last = end - 1; /* the line feed */
    out->is_quoted = *text == '"';
    out->next = last;
    if (out->is_quoted) {
        from = read_quoted(text, end, out);
        out->span = csv_trim(out->span, separator);
        if (from == NULL)
            return CSV_FIELD_OPEN;
    }
    const char *p = find_byte(from, last, separator);
    out->next = p != NULL ? p : last;
    if (p == NULL)
        p = last > from && last[-1] == '\r' ? last - 1 : last;
    struct csv_span rest = csv_trim((struct csv_span){from, (size_t)(p - from)}, separator);
    if (!out->is_quoted)
        out->span = rest;
    return out->is_quoted && rest.length > 0 ? CSV_FIELD_TRAILED : CSV_FIELD_OK;
}

int64_t csv_count_lines(const char *text, const char *end)
{
    int64_t n = 0;
    for (; text < end; text++)
        n += *text == '\n';
    return n;
}
