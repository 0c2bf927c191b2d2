#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct error_row {
    const char *name;
    const char *meaning;
    const char *python;
    int exit_status;
    int http_status;
};

static const struct error_row error_rows[] = {
#define ERROR_ROW(code, value, row_name, row_meaning, exit, http, exception)                                           \
    [value] = {row_name, row_meaning, exception, exit, http},
    LAKE_ERROR_TABLE(ERROR_ROW)
#undef ERROR_ROW
};

static const struct error_row *row_of(lake_status status)
{
    size_t index = (size_t)status;
    return &error_rows[index < sizeof error_rows / sizeof *error_rows ? index : LAKE_INTERNAL];
}

const char *lake_status_name(lake_status status)
{
    return row_of(status)->name;
}

const char *lake_status_meaning(lake_status status)
{
    return row_of(status)->meaning;
}

int lake_status_exit(lake_status status)
{
    return row_of(status)->exit_status;
}

int lake_status_http(lake_status status)
{
    return row_of(status)->http_status;
}

const char *lake_status_python(lake_status status)
{
    return row_of(status)->python;
}

/* A message is one line whatever was put into it: control bytes of file names and values become '?'. */
static void make_one_line(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p != '\0'; p++)
        if (*p < 0x20 || *p == 0x7f)
            *p = '?';
}

lake_status lake_fail(struct lake_error *err, lake_status status, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        err->status = status;
        (void)vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
        make_one_line(err->message);
    }
    return status;
}

static lake_status status_of_errno(int error_number)
{
    switch (error_number) {
    case ENOENT:
    case ENOTDIR: return LAKE_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS: return LAKE_PERMISSION;
    case EEXIST: return LAKE_EXISTS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return LAKE_NO_SPACE;
    case ENOMEM: return LAKE_NO_MEMORY;
    case EAGAIN:
    case EBUSY: return LAKE_BUSY;
    default: return LAKE_IO;
    }
}

lake_status lake_fail_errno(struct lake_error *err, int error_number, const char *doing, const char *path)
{
    char reason[128] = "";
    if (strerror_r(error_number, reason, sizeof reason) != 0)
        (void)snprintf(reason, sizeof reason, "error %d", error_number);
    return lake_fail(err, status_of_errno(error_number), "%s: %s: %s", path, doing, reason);
}

lake_status lake_fail_prefix(struct lake_error *err, lake_status status, const char *format, ...)
{
    if (err == NULL)
        return status;
    char message[LAKE_ERROR_MESSAGE_BYTES];
    char prefix[LAKE_ERROR_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    memcpy(message, err->message, sizeof message);
    return lake_fail(err, status, "%s: %s", prefix, message);
}
