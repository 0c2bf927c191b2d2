#include "report.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "json.h"

enum { LINE_BYTES = 4 * LAKE_ERROR_MESSAGE_BYTES + 64 };

lake_status cli_fail(struct lake_error *err, lake_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    err->status = status;
    return status;
}

lake_status cli_fail_prefix(struct lake_error *err, lake_status status, const char *prefix)
{
    char message[LAKE_ERROR_MESSAGE_BYTES];
    snprintf(message, sizeof message, "%s", err->message);
    return cli_fail(err, status, "%s: %s", prefix, message);
}

/* "dl: text\n" with control characters shown; one write, so that lines of several processes do not mix. */
static void write_line(const char *text)
{
    char line[LINE_BYTES];
    size_t n = (size_t)snprintf(line, sizeof line, "dl: ");
    for (; *text != '\0' && n < sizeof line - 8; text++) {
        uint8_t byte = (uint8_t)*text;
        if (byte < 0x20 || byte == 0x7F)
            n += (size_t)snprintf(line + n, sizeof line - n, "\\x%02x", byte);
        else
            line[n++] = *text;
    }
    line[n++] = '\n';
    fwrite(line, 1, n, stderr);
    fflush(stderr);
}

static void write_json(const struct lake_error *err)
{
    struct output out;
    output_begin_standard(&out);
    out.file = STDERR_FILENO;
    struct json json = {.out = &out};
    json_open(&json, NULL, '{');
    json_open(&json, "error", '{');
    json_text(&json, "code", lake_status_name(err->status));
    json_text(&json, "message", err->message);
    json_close(&json, '}');
    json_close(&json, '}');
    struct lake_error ignored; /* there is nowhere left to say that standard error failed */
    if (output_finish(&out, &ignored) != LAKE_OK)
        output_abandon(&out);
}

void report_error(const struct lake_error *err, bool as_json)
{
    if (as_json)
        write_json(err);
    else
        write_line(err->message);
}

void note(const struct cli *cli, const char *format, ...)
{
    char text[LAKE_ERROR_MESSAGE_BYTES];
    if (cli->global.quiet || cli->global.json)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_line(text);
}
