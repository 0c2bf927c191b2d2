/* What every unit test needs: cmocka with the headers it wants before it, and assertions on lake_status that print the message.
 *
 *     lake_ok(buffer_append(&buffer, "a", 1, &err));
 *     lake_fails(buffer_append(&buffer, "b", 1, &err), LAKE_NO_MEMORY, "limit");
 *
 * Both use the variable `err` (a struct lake_error) of the test. */
#ifndef TESTS_UNIT_BASE_CHECK_H
#define TESTS_UNIT_BASE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

/* Under AddressSanitizer an allocation that is too large fails, as it does without, instead of ending the program. */
LAKE_API const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

#define lake_ok(call)                                                                                                  \
    do {                                                                                                               \
        err = (struct lake_error){0};                                                                                  \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s: %s", #call, err.message);                                                                    \
    } while (0)

/* The call fails with this status and says so, also in the error, with a message that contains `text`. */
#define lake_fails(call, wanted, text)                                                                                 \
    do {                                                                                                               \
        err = (struct lake_error){0};                                                                                  \
        assert_int_equal((call), (wanted));                                                                            \
        assert_int_equal(err.status, (wanted));                                                                        \
        if (strstr(err.message, (text)) == NULL)                                                                       \
            fail_msg("'%s' does not mention '%s'", err.message, (text));                                               \
    } while (0)

#endif
