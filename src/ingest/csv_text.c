#include "ingest/csv_text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char *const null_words[] = {"null", "nan", "none", "na", "n/a"};

/* The bits of a first byte: how long the sequence is, and the smallest character that may be written so. */
static size_t utf8_first(uint8_t byte, uint32_t *bits, uint32_t *smallest)
{
    if (byte >= 0xf0 && byte < 0xf8) {
        *bits = byte & 0x07u;
        *smallest = 0x10000;
        return 4;
    }
    if (byte >= 0xe0 && byte < 0xf0) {
        *bits = byte & 0x0fu;
        *smallest = 0x800;
        return 3;
    }
    *bits = byte & 0x1fu;
    *smallest = 0x80;
    return byte >= 0xc0 && byte < 0xe0 ? 2 : 0;
}

size_t csv_utf8_length(const char *text, const char *end)
{
    const uint8_t *p = (const uint8_t *)text;
    uint32_t character, smallest;
    if (text == end)
        return 0;
    if (p[0] < 0x80)
        return 1;
    size_t length = utf8_first(p[0], &character, &smallest);
    if (length == 0 || length > (size_t)(end - text))
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (p[i] & 0x3fu);
    }
    bool is_surrogate = character >= 0xd800 && character < 0xe000;
    return character < smallest || character > 0x10ffff || is_surrogate ? 0 : length;
}

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
        size_t length = csv_utf8_length(p, end);
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
