#define _XOPEN_SOURCE 700 /* realpath */

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interrupt.h"
#include "report.h"

/* Some programs hand on a pipe that does not block. */
static void wait_until_writable(int file)
{
    struct pollfd wanted = {.fd = file, .events = POLLOUT};
    poll(&wanted, 1, -1);
}

/* Ctrl-C ends a write that waits for a slow reader, which has then taken a part or nothing. Otherwise the signal
 * is left to those who produce the rows: what was done is said even when the signal came just then. */
static void write_out(struct output *out, const char *bytes, size_t n)
{
    while (n > 0 && out->failed == 0) {
        ssize_t written = write(out->file, bytes, n);
        if (written < 0 && errno == EAGAIN)
            wait_until_writable(out->file);
        else if (written < 0 && errno != EINTR)
            out->failed = errno;
        size_t n_written = written > 0 ? (size_t)written : 0;
        bytes += n_written;
        n -= n_written;
        if (n > 0 && out->failed == 0 && interrupt_requested())
            out->failed = EINTR;
    }
    if (out->failed == EPIPE && out->is_standard)
        out->broken_pipe = true;
}

static void flush(struct output *out)
{
    size_t n = out->used;
    out->used = 0;
    write_out(out, out->bytes, n);
}

static void begin(struct output *out, int file)
{
    memset(out, 0, offsetof(struct output, bytes));
    out->file = file;
    out->is_open = file >= 0;
}

void output_begin_standard(struct output *out)
{
    begin(out, STDOUT_FILENO);
    out->is_standard = true;
}

static lake_status fail_errno(struct lake_error *err, int error_number, const char *what, const char *path)
{
    lake_status status = LAKE_IO;
    if (error_number == ENOENT || error_number == ENOTDIR)
        status = LAKE_NOT_FOUND;
    else if (error_number == EACCES || error_number == EPERM || error_number == EROFS)
        status = LAKE_PERMISSION;
    else if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG)
        status = LAKE_NO_SPACE;
    else if (error_number == EINTR)
        status = LAKE_CANCELLED;
    return cli_fail(err, status, "cannot %s %s: %s", what, path, strerror(error_number));
}

/* ".name.pid.tmp" in the directory of the path. */
static char *temporary_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    int directory = slash == NULL ? 0 : (int)(slash - path) + 1;
    size_t n = strlen(path) + 40;
    char *name = malloc(n);
    if (name != NULL)
        snprintf(name, n, "%.*s.%s.%jd.tmp", directory, path, path + directory, (intmax_t)getpid());
    return name;
}

lake_status output_begin_file(struct output *out, const char *path, struct lake_error *err)
{
    struct stat status;
    begin(out, -1);
    bool exists = stat(path, &status) == 0;
    if (exists && S_ISDIR(status.st_mode))
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "%s is a directory; give --output the name of a file", path);

    out->path = exists ? realpath(path, NULL) : strdup(path); /* what a link names is replaced, not the link */
    bool is_replaced = !exists || S_ISREG(status.st_mode);
    if (is_replaced)
        out->temporary = temporary_name(out->path != NULL ? out->path : path);
    if (out->path == NULL || (is_replaced && out->temporary == NULL))
        return cli_fail(err, LAKE_NO_MEMORY, "out of memory");

    out->file = out->temporary != NULL ? open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)
                                       : open(path, O_WRONLY | O_CLOEXEC);
    if (out->file >= 0) {
        out->is_open = true;
        return LAKE_OK;
    }
    free(out->temporary); /* it is not ours */
    out->temporary = NULL;
    return fail_errno(err, errno, "write", path);
}

int output_write(void *context, const void *bytes, size_t n)
{
    struct output *out = context;
    if (n > sizeof out->bytes - out->used)
        flush(out);
    if (n > sizeof out->bytes) {
        write_out(out, bytes, n);
    } else {
        memcpy(out->bytes + out->used, bytes, n);
        out->used += n;
    }
    return out->failed == 0 ? 0 : -1;
}

void output_text(struct output *out, const char *text)
{
    output_write(out, text, strlen(text));
}

/* Those of ASCII, and U+0080 to U+009F, which some terminals obey as well. */
static size_t control_length(const char *text)
{
    uint8_t first = (uint8_t)text[0], second = first == 0 ? 0 : (uint8_t)text[1];
    if (first == 0xC2 && second >= 0x80 && second < 0xA0)
        return 2;
    return first < 0x20 || first == 0x7F;
}

void output_shown(struct output *out, const char *text)
{
    for (size_t length = 1; *text != '\0'; text += length) {
        size_t n_control = control_length(text);
        length = n_control > 0 ? n_control : 1;
        output_write(out, n_control > 0 ? "?" : text, 1);
    }
}

void output_printf(struct output *out, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (n > 0)
        output_write(out, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

/* The file takes its name only after its bytes are on the disk: after a power cut there is the old file or the new
 * one. */
static int publish(struct output *out)
{
    if (fsync(out->file) != 0)
        return errno;
    out->is_open = false;
    if (close(out->file) != 0)
        return errno;
    if (rename(out->temporary, out->path) != 0)
        return errno;
    free(out->temporary);
    out->temporary = NULL;
    return 0;
}

lake_status output_finish(struct output *out, struct lake_error *err)
{
    flush(out);
    if (out->failed == 0 && out->temporary != NULL)
        out->failed = publish(out);
    if (out->failed == 0 || out->broken_pipe)
        return LAKE_OK;
    return fail_errno(err, out->failed, "write", out->is_standard ? "standard output" : out->path);
}

void output_abandon(struct output *out)
{
    if (out->is_open && !out->is_standard)
        close(out->file);
    if (out->temporary != NULL)
        unlink(out->temporary);
    free(out->temporary);
    free(out->path);
    out->temporary = out->path = NULL;
    out->is_open = false;
}

struct lake_sink output_sink(struct output *out)
{
    return (struct lake_sink){output_write, out};
}
