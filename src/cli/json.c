#include "json.h"

#include <inttypes.h>
#include <string.h>

#include "utf8.h"

static void write_character(struct output *out, const char *bytes, size_t n, uint32_t character)
{
    if (character == '"' || character == '\\')
        output_printf(out, "\\%c", (int)character);
    else if (character == '\n')
        output_text(out, "\\n");
    else if (character < 0x20 || character == 0x7F)
        output_printf(out, "\\u%04x", (unsigned)character);
    else if (character == UTF8_REPLACEMENT)
        output_text(out, "\xEF\xBF\xBD");
    else
        output_write(out, bytes, n);
}

static void write_string(struct output *out, const char *text)
{
    size_t n = strlen(text);
    output_text(out, "\"");
    for (size_t at = 0; at < n;) {
        size_t first = at;
        uint32_t character = utf8_next(text, n, &at);
        write_character(out, text + first, at - first, character);
    }
    output_text(out, "\"");
}

static void begin_value(struct json *json, const char *name)
{
    if (json->needs_comma)
        output_text(json->out, ",");
    json->needs_comma = true;
    if (name != NULL) {
        write_string(json->out, name);
        output_text(json->out, ":");
    }
}

void json_open(struct json *json, const char *name, char bracket)
{
    begin_value(json, name);
    output_printf(json->out, "%c", bracket);
    json->needs_comma = false;
    json->depth++;
}

void json_close(struct json *json, char bracket)
{
    output_printf(json->out, "%c", bracket);
    json->needs_comma = true;
    if (--json->depth == 0)
        output_text(json->out, "\n");
}

void json_text(struct json *json, const char *name, const char *text)
{
    begin_value(json, name);
    write_string(json->out, text);
}

void json_int64(struct json *json, const char *name, int64_t value)
{
    begin_value(json, name);
    output_printf(json->out, "%" PRId64, value);
}

/* printf's decimal point follows the locale, which this program never sets: it is a point. */
void json_seconds(struct json *json, const char *name, double seconds)
{
    begin_value(json, name);
    output_printf(json->out, "%.3f", seconds);
}

void json_bool(struct json *json, const char *name, bool value)
{
    begin_value(json, name);
    output_text(json->out, value ? "true" : "false");
}

void json_null(struct json *json, const char *name)
{
    begin_value(json, name);
    output_text(json->out, "null");
}

void json_name(struct json *json, const char *name)
{
    begin_value(json, name);
}
