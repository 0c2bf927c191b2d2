/* What the program says to people on standard error: one line an error, one line a note.
 *
 * Control characters are shown as \x1b, so that a line stays one line and a name from a file cannot drive the
 * terminal. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include <stdbool.h>

#include <datalake/error.h>

struct cli;

/* Fills err and returns status, as lake_fail does inside the library. */
lake_status cli_fail(struct lake_error *err, lake_status status, const char *format, ...) LAKE_PRINTF(3, 4);
/* Puts "prefix: " before the message; returns its status. */
lake_status cli_fail_prefix(struct lake_error *err, lake_status status, const char *prefix);

/* "dl: message", or {"error":{"code":…,"message":…}} */
void report_error(const struct lake_error *err, bool as_json);
/* "dl: message" unless --quiet or --json. */
void note(const struct cli *cli, const char *format, ...) LAKE_PRINTF(2, 3);

/* As base/error.h has them for the library. */
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        lake_status try_status_ = (call);                                                                              \
        if (try_status_ != LAKE_OK)                                                                                    \
            return try_status_;                                                                                        \
    } while (0)

#define TRY_OUT(call)                                                                                                  \
    do {                                                                                                               \
        status = (call);                                                                                               \
        if (status != LAKE_OK)                                                                                         \
            goto out;                                                                                                  \
    } while (0)

#endif
