/* Where results go: standard output, or a file that appears whole or not at all.
 *
 * Bytes are gathered and written in large pieces. The first failure is kept, later writes do nothing, and
 * output_finish reports it: nobody has to check each printf. A reader that closes the pipe is no failure of ours
 * (broken_pipe); a file is written under another name beside its own, made durable, and renamed at the end.
 *
 *     output_begin_standard(&out);                    // or output_begin_file(&out, "btc.csv", &err)
 *     output_printf(&out, "%d rows\n", n);
 *     status = output_finish(&out, &err);
 *     output_abandon(&out);                           // removes what was not finished; harmless afterwards */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <datalake/error.h>
#include <datalake/text.h>

enum { OUTPUT_BYTES = 1 << 16 };

struct output {
    int file;
    bool is_open;
    bool is_standard;
    bool broken_pipe; /* only of standard output */
    int failed;       /* errno of the first failure */
    char *path;       /* a file's own name */
    char *temporary;  /* the name it is written under; NULL where it is written in place (a device, a pipe) */
    size_t used;
    char bytes[OUTPUT_BYTES];
};

void output_begin_standard(struct output *out);
LAKE_MUST_CHECK lake_status output_begin_file(struct output *out, const char *path, struct lake_error *err);
/* `context` is a struct output *. 0, or -1 once anything failed; also the write function of a struct lake_sink. */
int output_write(void *context, const void *bytes, size_t n);
void output_text(struct output *out, const char *text);
/* For terminals: each control character becomes '?', since what lies in a file or a manifest must not drive one. */
void output_shown(struct output *out, const char *text);
void output_printf(struct output *out, const char *format, ...) LAKE_PRINTF(2, 3);
/* Writes out what is gathered, and makes a file appear. */
LAKE_MUST_CHECK lake_status output_finish(struct output *out, struct lake_error *err);
void output_abandon(struct output *out);

struct lake_sink output_sink(struct output *out);

#endif
