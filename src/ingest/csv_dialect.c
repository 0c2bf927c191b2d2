#include "ingest/csv_dialect.h"

#include <string.h>

#include "ingest/csv_scan.h"

enum { SAMPLE_RECORDS = 64, MAX_COUNT = 256 };

/* Those that stand nowhere else before those that also stand in numbers and times. */
static const char separators[] = "\t;|, ";

const char *csv_dialect_record_end(const struct csv_dialect *dialect, const char *text, const char *end, bool is_last)
{
    return is_last ? csv_last_record_end(text, end, dialect->separator) : csv_record_end(text, end, dialect->separator);
}

bool csv_dialect_is_blank(const struct csv_dialect *dialect, const char *text, const char *end)
{
    while (text < end &&
           (*text == ' ' || *text == '\r' || *text == '\n' || (*text == '\t' && dialect->separator != '\t')))
        text++;
    return text == end;
}

bool csv_dialect_is_comment(const char *text, const char *end)
{
    return text < end && (*text == '#' || (*text == '/' && text + 1 < end && text[1] == '/'));
}

bool csv_dialect_is_footer(const char *text, const char *end)
{
    /* "Downloaded from", "data source:" */
    static const char *const footers[] = {"Downloaded from ", "\xe6\x95\xb0\xe6\x8d\xae\xe6\x9d\xa5\xe6\xba\x90"};
    text += text < end && *text == '"';
    for (size_t i = 0; i < sizeof footers / sizeof footers[0]; i++) {
        size_t n = strlen(footers[i]);
        if ((size_t)(end - text) > n && memcmp(text, footers[i], n) == 0)
            return true;
    }
    return false;
}

/* Fields of a text without quotes. */
static size_t split_plain(struct csv_span text, char separator, struct csv_span *fields, size_t max)
{
    const char *p = text.data, *end = text.data + text.length;
    for (size_t n = 0;; n++) {
        const char *next = memchr(p, separator, (size_t)(end - p));
        const char *to = next != NULL ? next : end;
        if (n < max)
            fields[n] = csv_trim((struct csv_span){p, (size_t)(to - p)}, separator);
        if (next == NULL)
            return n + 1;
        p = next + 1;
    }
}

static size_t split_quoted(const char *text, const char *end, char separator, struct csv_span *fields, size_t max)
{
    struct csv_field_text field = {{NULL, 0}, NULL, false};
    for (size_t n = 0;; n++) {
        (void)csv_field_read(text, end, separator, &field);
        if (n < max)
            fields[n] = field.span;
        if (*field.next != separator || field.next >= end)
            return n + 1;
        text = field.next + 1;
    }
}

size_t csv_dialect_split(const struct csv_dialect *dialect, const char *text, const char *end, struct csv_span *fields,
                         size_t max)
{
    struct csv_field_text whole = {{NULL, 0}, NULL, false};
    if (!dialect->is_record_quoted || *text != '"')
        return split_quoted(text, end, dialect->separator, fields, max);
    (void)csv_field_read(text, end, '\n', &whole);
    return split_plain(whole.span, dialect->separator, fields, max);
}

/* How many of the sampled records have the number of fields that most have, of more than one. */
static size_t count_regular(const struct csv_dialect *dialect, const char *text, const char *end)
{
    size_t counts[MAX_COUNT] = {0}, best = 0;
    for (size_t n = 0; n < SAMPLE_RECORDS && text < end;) {
        const char *next = csv_dialect_record_end(dialect, text, end, false);
        if (next == NULL)
            break;
        bool is_other = csv_dialect_is_comment(text, next) || csv_dialect_is_footer(text, next);
        if (!is_other && !csv_dialect_is_blank(dialect, text, next)) {
            size_t n_fields = csv_dialect_split(dialect, text, next, NULL, 0);
            n_fields = n_fields < MAX_COUNT ? n_fields : MAX_COUNT - 1;
            counts[n_fields]++;
            if (n_fields > 1 && counts[n_fields] > best)
                best = counts[n_fields];
            n++;
        }
        text = next;
    }
    return best;
}

struct csv_dialect csv_dialect_tell(const char *text, const char *end, char separator)
{
    struct csv_dialect best = {separator != '\0' ? separator : ',', false};
    size_t most = 0;
    for (size_t i = 0; i < 2 * (sizeof separators - 1); i++) {
        struct csv_dialect dialect = {separators[i / 2], i % 2 == 1};
        if (separator != '\0' && dialect.separator != separator)
            continue;
        size_t n = count_regular(&dialect, text, end);
        if (9 * n > 10 * most) {
            most = n;
            best = dialect;
        }
    }
    return best;
}
