#include "ingest/csv_text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static const char *const null_words[] = {"null", "nan", "none", "na", "n/a"};

static bool is_blank(char c, char separator)
{
    return c == ' ' || (c == '\t' && separator != '\t');
}

struct csv_span csv_trim(struct csv_span span, char separator)
{
    while (span.length > 0 && is_blank(span.data[0], separator)) {
        span.data++;
        span.length--;
    }
    while (span.length > 0 && is_blank(span.data[span.length - 1], separator))
        span.length--;
    return span;
}

static bool equals_word(struct csv_span span, const char *word)
{
    for (size_t i = 0; i < span.length; i++) {
        char c = span.data[i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != word[i])
            return false;
    }
    return true;
}

bool csv_is_null(struct csv_span span)
{
    for (size_t i = 0; i < sizeof null_words / sizeof null_words[0]; i++)
        if (strlen(null_words[i]) == span.length && equals_word(span, null_words[i]))
            return true;
    return span.length == 0;
}

const char *csv_show(struct csv_span span, char out[CSV_SHOWN_TEXT_BYTES])
{
    const char *p = span.data, *end = span.data + span.length;
    char *to = out;
    while (p < end) {
        size_t length = utf8_length(p, end);
        uint8_t byte = (uint8_t)*p;
        if ((size_t)(p - span.data) + (length > 0 ? length : 1) > CSV_SHOWN_BYTES)
            break;
        if (length == 0 || byte < 0x20 || byte == 0x7f) {
            to += snprintf(to, 5, "\\x%02x", byte);
            p++;
            continue;
        }
        memcpy(to, p, length);
        to += length;
        p += length;
    }
    memcpy(to, p < end ? "..." : "", p < end ? 4 : 1);
    return out;
}
