/* Reporting errors inside the library.
 *
 * A function that fails says so in one line and returns the status:
 *
 *     if (n_rows < 0)
 *         return lake_fail(err, LAKE_CORRUPT, "%s: page has %" PRId64 " rows", path, n_rows);
 *     TRY(file_read(file, offset, length, bytes, err));
 *
 * TRY is for functions that own nothing; TRY_OUT jumps to the one label `out` of a function that releases something,
 * with the status in the local `status`. The first error is kept: releasing must not overwrite it. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <datalake/error.h>

/* Fills err (which may be NULL) and returns status. */
lake_status lake_fail(struct lake_error *err, lake_status status, const char *format, ...) LAKE_PRINTF(3, 4);

/* The same from errno: names what was tried and the path, picks the status (not found, permission, no space, …). */
lake_status lake_fail_errno(struct lake_error *err, int error_number, const char *doing, const char *path);

/* Puts "prefix: " before the message that err holds, and returns its status. */
lake_status lake_fail_prefix(struct lake_error *err, lake_status status, const char *format, ...) LAKE_PRINTF(3, 4);

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
