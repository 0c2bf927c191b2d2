#include "ingest/csv_text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static const char *const null_words[] = {"", "null", "nan", "none", "na", "n/a", "-", NULL};
static const char *const true_words[] = {"true", "t", "yes", "y", "1", NULL};
static const char *const false_words[] = {"false", "f", "no", "n", "0", NULL};
static const char *const buy_words[] = {"buy", "b", "1", "+1", NULL};
static const char *const sell_words[] = {"sell", "s", "-1", NULL};

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

static char to_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool equals_word(struct csv_span span, const char *word)
{
    for (size_t i = 0; i < span.length; i++)
        if (word[i] == '\0' || to_lower(span.data[i]) != word[i])
            return false;
    return word[span.length] == '\0';
}

/* The words are in lower case, the last is NULL. */
static bool is_one_of(struct csv_span span, const char *const *words)
{
    for (; *words != NULL; words++)
        if (equals_word(span, *words))
            return true;
    return false;
}

bool csv_is_null(struct csv_span span)
{
    return is_one_of(span, null_words);
}

bool csv_read_bool(struct csv_span span, bool *out)
{
    *out = is_one_of(span, true_words);
    return *out || is_one_of(span, false_words);
}

const char *csv_read_side(struct csv_span span)
{
    if (is_one_of(span, buy_words))
        return "buy";
    return is_one_of(span, sell_words) ? "sell" : NULL;
}

const char *csv_read_ask_bid(struct csv_span span)
{
    switch (span.length == 1 ? to_lower(span.data[0]) : '\0') {
    case 'b': return "buy";
    case 'a': return "sell";
    case 'n': return "";
    default: return NULL;
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The next byte that makes a difference, or 0; *at is behind it. */
static char next_of_name(struct csv_span span, size_t *at)
{
    while (*at < span.length) {
        char c = span.data[(*at)++], lower = to_lower(c);
        if (is_digit(c) || (lower >= 'a' && lower <= 'z') || (unsigned char)c >= 0x80)
            return c;
    }
    return '\0';
}

bool csv_is_same_thing(struct csv_span a, struct csv_span b)
{
    size_t at_a = 0, at_b = 0;
    bool has_case = a.length > 0 && is_digit(a.data[0]);
    for (;;) {
        char c = next_of_name(a, &at_a), d = next_of_name(b, &at_b);
        if (has_case ? c != d : to_lower(c) != to_lower(d))
            return false;
        if (c == '\0')
            return true;
    }
}

const char *csv_show(struct csv_span span, char out[CSV_SHOWN_TEXT_BYTES])
{
    const char *p = span.data, *end = span.length > 0 ? span.data + span.length : span.data; /* which may be NULL */
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
