/* Errors of the data lake.
 *
 * Every function that can fail returns a lake_status (LAKE_OK is 0) and, where the caller passes one, fills a
 * struct lake_error with a one-line message that names the thing, the value and the place. The caller owns the
 * struct; it may be NULL; filling it never allocates.
 *
 *     struct lake_error err = {0};
 *     struct lake *lake = NULL;
 *     if (lake_open(&options, &lake, &err) != LAKE_OK)
 *         fprintf(stderr, "error: %s\n", err.message);
 *
 * LAKE_ERROR_TABLE is the one place where an error's name, meaning, exit status, HTTP status and Python exception
 * stand. To add an error: add a row here; tests/unit/base/test_error.c fails while a column is missing or doubled. */
#ifndef DATALAKE_ERROR_H
#define DATALAKE_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define LAKE_API __declspec(dllexport)
#elif defined(__GNUC__)
#define LAKE_API __attribute__((visibility("default")))
#else
#define LAKE_API
#endif

#if defined(__GNUC__)
#define LAKE_MUST_CHECK __attribute__((warn_unused_result))
#define LAKE_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#else
#define LAKE_MUST_CHECK
#define LAKE_PRINTF(format_at, args_at)
#endif

/* X(code, value, name, meaning, CLI exit status, HTTP status, Python base exception) */
#define LAKE_ERROR_TABLE(X)                                                                                            \
    X(OK, 0, "ok", "success", 0, 200, "")                                                                              \
    X(INVALID_ARGUMENT, 1, "invalid_argument", "an argument is wrong", 2, 400, "ValueError")                           \
    X(INVALID_STATE, 2, "invalid_state", "not possible in this state", 1, 409, "RuntimeError")                         \
    X(NOT_FOUND, 3, "not_found", "there is no such thing", 1, 404, "FileNotFoundError")                                \
    X(EXISTS, 4, "exists", "it exists already", 1, 409, "FileExistsError")                                             \
    X(INVALID_DATA, 5, "invalid_data", "the input cannot be understood", 1, 422, "ValueError")                         \
    X(CORRUPT, 6, "corrupt", "stored data is damaged", 1, 500, "ValueError")                                           \
    X(UNSUPPORTED, 7, "unsupported", "the feature is not supported", 1, 501, "NotImplementedError")                    \
    X(IO, 8, "io", "the operating system reported an error", 1, 500, "OSError")                                        \
    X(PERMISSION, 9, "permission", "access is denied", 1, 403, "PermissionError")                                      \
    X(NO_MEMORY, 10, "no_memory", "out of memory, or over a configured limit", 1, 507, "MemoryError")                  \
    X(NO_SPACE, 11, "no_space", "the disk is full", 1, 507, "OSError")                                                 \
    X(BUSY, 12, "busy", "held by somebody else", 1, 503, "BlockingIOError")                                            \
    X(CONFLICT, 13, "conflict", "somebody else changed it meanwhile", 1, 409, "RuntimeError")                          \
    X(CANCELLED, 14, "cancelled", "stopped on request", 130, 499, "KeyboardInterrupt")                                 \
    X(TIMEOUT, 15, "timeout", "took too long", 1, 504, "TimeoutError")                                                 \
    X(RATE_LIMITED, 16, "rate_limited", "the remote side asks to wait", 1, 429, "ConnectionError")                     \
    X(REMOTE, 17, "remote", "the remote side failed", 1, 502, "ConnectionError")                                       \
    X(INTERNAL, 18, "internal", "a mistake of this software", 1, 500, "RuntimeError")

typedef enum lake_status {
#define LAKE_ERROR_ENUM(code, value, name, meaning, exit_status, http_status, python) LAKE_##code = (value),
    LAKE_ERROR_TABLE(LAKE_ERROR_ENUM)
#undef LAKE_ERROR_ENUM
} lake_status;

enum { LAKE_ERROR_MESSAGE_BYTES = 1024 };

/* Owned by the caller, valid until the next call that is given it. Always terminated; cut where it is too long. */
struct lake_error {
    lake_status status;
    char message[LAKE_ERROR_MESSAGE_BYTES];
};

/* Rows of the table; an unknown status gives the row of LAKE_INTERNAL. The strings live for ever. */
LAKE_API const char *lake_status_name(lake_status status);
LAKE_API const char *lake_status_meaning(lake_status status);
LAKE_API int lake_status_exit(lake_status status);
LAKE_API int lake_status_http(lake_status status);
LAKE_API const char *lake_status_python(lake_status status);

#ifdef __cplusplus
}
#endif
#endif
