/* JSON objects for --json, written to an output as they are built: commas and quoting are seen to, nesting is the
 * caller's.
 *
 *     struct json json = {&cli->out, 0};
 *     json_open(&json, NULL, '{');
 *     json_int64(&json, "rows", 42);
 *     json_close(&json, '}');              // the outermost one ends the line */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "output.h"

struct json {
    struct output *out;
    bool needs_comma;
    int depth;
};

/* `name` is NULL for the outermost value and for elements of an array. */
void json_open(struct json *json, const char *name, char bracket);
void json_close(struct json *json, char bracket);
void json_text(struct json *json, const char *name, const char *text);
void json_int64(struct json *json, const char *name, int64_t value);
void json_seconds(struct json *json, const char *name, double seconds);
void json_bool(struct json *json, const char *name, bool value);
void json_null(struct json *json, const char *name);
/* A value follows that somebody else writes. */
void json_name(struct json *json, const char *name);

#endif
