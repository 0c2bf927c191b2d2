#include "base/toml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Of a message's share of the file. */
enum { SHOWN_BYTES = 200 };

static lake_status fail_at(const struct toml_reader *reader, struct lake_error *err, const char *format, ...)
    LAKE_PRINTF(3, 4);

static lake_status fail_at(const struct toml_reader *reader, struct lake_error *err, const char *format, ...)
{
    char text[SHOWN_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return lake_fail(err, LAKE_INVALID_DATA, "%s:%d: %s", reader->name, reader->line, text);
}

static lake_status fail_unsupported(const struct toml_reader *reader, const char *what, struct lake_error *err)
{
    return fail_at(reader, err, "%s is not understood here: give a text in quotes, a whole number, true or false",
                   what);
}

/* ---- characters ---- */

/* What TOML allows nowhere: control characters but the tab and the ends of lines. */
static bool is_control(const char *p, const char *end)
{
    unsigned char c = (unsigned char)*p;
    if (c == '\r')
        return p + 1 == end || p[1] != '\n';
    return (c < 0x20 && c != '\t' && c != '\n') || c == 0x7f;
}

static lake_status check_characters(struct toml_reader *reader, struct lake_error *err)
{
    for (const char *p = reader->at; p < reader->end;) {
        size_t length = utf8_length(p, reader->end);
        if (length == 0)
            return fail_at(reader, err, "is not UTF-8 (byte 0x%02x)", (unsigned char)*p);
        if (is_control(p, reader->end))
            return fail_at(reader, err, "a control character (0x%02x) has no place here", (unsigned char)*p);
        reader->line += *p == '\n';
        p += length;
    }
    reader->line = 1;
    return LAKE_OK;
}

lake_status toml_init(struct toml_reader *reader, const char *name, const char *text, size_t n, struct lake_error *err)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (n == 0)
        text = ""; /* an empty buffer may have no bytes at all */
    size_t n_mark = n >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    *reader = (struct toml_reader){.name = name, .at = text + n_mark, .end = text + n, .line = 1};
    buffer_init(&reader->table, n + 1);
    buffer_init(&reader->key, n + 1);
    buffer_init(&reader->text, n + 1);
    return check_characters(reader, err);
}

void toml_release(struct toml_reader *reader)
{
    buffer_release(&reader->table);
    buffer_release(&reader->key);
    buffer_release(&reader->text);
}

/* The next character, '\0' at the end. */
static char peek(const struct toml_reader *reader)
{
    return reader->at < reader->end ? *reader->at : '\0';
}

static bool starts_with(const struct toml_reader *reader, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(reader->end - reader->at) >= n && memcmp(reader->at, text, n) == 0;
}

static bool is_line_end(char c)
{
    return c == '\0' || c == '\n' || c == '\r';
}

static void skip_blanks(struct toml_reader *reader)
{
    while (peek(reader) == ' ' || peek(reader) == '\t')
        reader->at++;
}

static void skip_comment(struct toml_reader *reader)
{
    skip_blanks(reader);
    if (peek(reader) == '#')
        while (!is_line_end(peek(reader)))
            reader->at++;
}

static void skip_line_end(struct toml_reader *reader)
{
    reader->at += peek(reader) == '\r';
    if (peek(reader) == '\n') {
        reader->at++;
        reader->line++;
    }
}

static lake_status end_line(struct toml_reader *reader, struct lake_error *err)
{
    skip_comment(reader);
    const char *rest = reader->at;
    while (!is_line_end(peek(reader)))
        reader->at++;
    if (reader->at > rest)
        return fail_at(reader, err, "'%.*s' has no place at the end of a line", (int)(reader->at - rest), rest);
    return LAKE_OK;
}

/* ---- texts ---- */

static lake_status append_code(struct toml_reader *reader, size_t n_digits, struct buffer *out, struct lake_error *err)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t character = 0;
    char bytes[UTF8_BYTES];
    for (size_t i = 0; i < n_digits; i++) {
        char c = peek(reader);
        const char *digit = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
        if (digit == NULL)
            return fail_at(reader, err, "after \\%c come %zu hexadecimal digits", n_digits == 4 ? 'u' : 'U', n_digits);
        character = character << 4 | (uint32_t)(digit - digits);
        reader->at++;
    }
    size_t n = character == 0 ? 0 : utf8_encode(character, bytes);
    if (n == 0)
        return fail_at(reader, err, "there is no character U+%04X that may stand in a text", (unsigned)character);
    return buffer_append(out, bytes, n, err);
}

static lake_status append_escape(struct toml_reader *reader, struct buffer *out, struct lake_error *err)
{
    static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
    char c = peek(reader);
    reader->at += c != '\0';
    if (c == 'u' || c == 'U')
        return append_code(reader, c == 'u' ? 4 : 8, out, err);
    const char *name = c == '\0' ? NULL : strchr(names, c);
    if (name == NULL)
        return fail_at(reader, err, "there is no escape \\%c; in single quotes a backslash means itself",
                       is_line_end(c) ? ' ' : c);
    return buffer_append_byte(out, (uint8_t)values[name - names], err);
}

/* A text in quotes, the opening one being next; in single quotes nothing is escaped. */
static lake_status take_quoted(struct toml_reader *reader, struct buffer *out, struct lake_error *err)
{
    const char *text = NULL;
    char quote = *reader->at++;
    buffer_clear(out);
    while (peek(reader) != quote) {
        char c = peek(reader);
        if (is_line_end(c))
            return fail_at(reader, err, "a text has no closing %c", quote);
        reader->at++;
        if (c == '\\' && quote == '"')
            TRY(append_escape(reader, out, err));
        else
            TRY(buffer_append_byte(out, (uint8_t)c, err));
    }
    reader->at++;
    return buffer_string(out, &text, err);
}

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static lake_status take_key(struct toml_reader *reader, struct buffer *out, struct lake_error *err)
{
    const char *text = NULL;
    skip_blanks(reader);
    if (peek(reader) == '"' || peek(reader) == '\'') {
        TRY(take_quoted(reader, out, err));
    } else {
        const char *start = reader->at;
        while (is_bare(peek(reader)))
            reader->at++;
        if (reader->at == start)
            return fail_at(reader, err, "a name is missing, of letters, digits, _ and -");
        buffer_clear(out);
        TRY(buffer_append(out, start, (size_t)(reader->at - start), err));
    }
    skip_blanks(reader);
    if (peek(reader) == '.')
        return fail_at(reader, err, "a name with dots is not understood here: write [table] and its keys below");
    return buffer_string(out, &text, err);
}

/* ---- values ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* [+-] digits, with single underscores between digits and no leading zero; false where it is something else. */
static bool is_integer(const char *word, size_t n)
{
    size_t first = n > 0 && (word[0] == '+' || word[0] == '-');
    if (first == n || (word[first] == '0' && n > first + 1))
        return false;
    for (size_t i = first; i < n; i++) {
        bool is_between = i > first && i + 1 < n && is_digit(word[i - 1]) && is_digit(word[i + 1]);
        if (!is_digit(word[i]) && !(word[i] == '_' && is_between))
            return false;
    }
    return true;
}

/* False on overflow. Negative all the way, since there is one number more on that side. */
static bool integer_of(const char *word, size_t n, int64_t *out)
{
    int64_t value = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(word[i]))
            continue;
        int64_t digit = word[i] - '0';
        if (value < (INT64_MIN + digit) / 10)
            return false;
        value = value * 10 - digit;
    }
    if (word[0] != '-' && value == INT64_MIN)
        return false;
    *out = word[0] == '-' ? value : -value;
    return true;
}

/* What a word is that has no meaning here. NULL: no TOML at all. */
static const char *kind_of_word(const char *word, size_t n)
{
    size_t first = n > 0 && (word[0] == '+' || word[0] == '-');
    if (n - first == 3 && (memcmp(word + first, "inf", 3) == 0 || memcmp(word + first, "nan", 3) == 0))
        return "a number that is not whole";
    if (n == first || !is_digit(word[first]))
        return NULL;
    if (n > first + 1 && word[first] == '0' && strchr("xob", word[first + 1]) != NULL)
        return "a number in another base than ten";
    if ((n > 4 && word[4] == '-') || (n > 2 && word[2] == ':'))
        return "a date or time";
    for (size_t i = first; i < n; i++)
        if (strchr(".eE", word[i]) != NULL)
            return "a number that is not whole";
    return NULL;
}

static lake_status take_word(struct toml_reader *reader, struct toml_item *item, struct lake_error *err)
{
    const char *word = reader->at;
    while (!is_line_end(peek(reader)) && strchr(" \t#", peek(reader)) == NULL)
        reader->at++;
    size_t n = (size_t)(reader->at - word);
    if (n == 0)
        return fail_at(reader, err, "a value is missing after =");
    item->boolean = n == 4 && memcmp(word, "true", n) == 0;
    if (item->boolean || (n == 5 && memcmp(word, "false", n) == 0)) {
        item->kind = TOML_BOOLEAN;
        return LAKE_OK;
    }
    item->kind = TOML_INTEGER;
    if (is_integer(word, n))
        return integer_of(word, n, &item->integer) ? LAKE_OK : fail_at(reader, err, "%.*s is too large", (int)n, word);
    const char *kind = kind_of_word(word, n);
    if (kind != NULL)
        return fail_unsupported(reader, kind, err);
    return fail_at(reader, err, "%.*s is not a value: a text stands in quotes", (int)n, word);
}

static lake_status take_value(struct toml_reader *reader, struct toml_item *item, struct lake_error *err)
{
    skip_blanks(reader);
    if (starts_with(reader, "\"\"\"") || starts_with(reader, "'''"))
        return fail_unsupported(reader, "a text of several lines", err);
    switch (peek(reader)) {
    case '[': return fail_unsupported(reader, "an array", err);
    case '{': return fail_unsupported(reader, "an inline table", err);
    case '"':
    case '\'':
        item->kind = TOML_TEXT;
        TRY(take_quoted(reader, &reader->text, err));
        item->text = (const char *)reader->text.data;
        return LAKE_OK;
    default: return take_word(reader, item, err);
    }
}

/* ---- lines ---- */

static lake_status take_table(struct toml_reader *reader, struct toml_item *item, struct lake_error *err)
{
    reader->at++;
    if (peek(reader) == '[')
        return fail_unsupported(reader, "an array of tables", err);
    TRY(take_key(reader, &reader->table, err));
    if (peek(reader) != ']')
        return fail_at(reader, err, "a table's name ends with ]");
    reader->at++;
    item->kind = TOML_TABLE;
    return LAKE_OK;
}

static lake_status take_pair(struct toml_reader *reader, struct toml_item *item, struct lake_error *err)
{
    TRY(take_key(reader, &reader->key, err));
    item->key = (const char *)reader->key.data;
    if (peek(reader) != '=')
        return fail_at(reader, err, "after the key '%s' comes = and a value", item->key);
    reader->at++;
    return take_value(reader, item, err);
}

lake_status toml_next(struct toml_reader *reader, struct toml_item *item, struct lake_error *err)
{
    const char *table = NULL;
    *item = (struct toml_item){.kind = TOML_END, .table = "", .key = "", .text = ""};
    for (skip_comment(reader); reader->at < reader->end && is_line_end(peek(reader)); skip_comment(reader))
        skip_line_end(reader);
    item->line = reader->line;
    if (reader->at < reader->end) {
        TRY(peek(reader) == '[' ? take_table(reader, item, err) : take_pair(reader, item, err));
        TRY(end_line(reader, err));
    }
    TRY(buffer_string(&reader->table, &table, err));
    item->table = table;
    return LAKE_OK;
}
