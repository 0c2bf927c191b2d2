#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "terminal.h"

enum { N_ENDS = 3 };

/* Which ends are closed: bit n is end n. 0 where files keep away from them and the closed ones cannot be written to. */
static int try_with(int closed)
{
    for (int end = 0; end < N_ENDS; end++)
        if (closed & (1 << end))
            close(end);
    terminal_keep_ends_taken();
    if (open("/dev/null", O_WRONLY) < N_ENDS)
        return 1;
    for (int end = 0; end < N_ENDS; end++)
        if ((closed & (1 << end)) && (write(end, "x", 1) != -1 || errno != EBADF))
            return 2;
    return 0;
}

static void closed_ends_stay_taken(void **state)
{
    (void)state;
    for (int closed = 0; closed < 1 << N_ENDS; closed++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(try_with(closed));
        int status = -1;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

static void without_a_terminal(void **state)
{
    (void)state;
    int saved = dup(STDOUT_FILENO);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDOUT_FILENO);
    struct terminal terminal = terminal_detect();
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(ends[0]);
    close(ends[1]);
    assert_false(terminal.out_is_terminal);
    assert_false(terminal.has_colour);
    assert_int_equal(terminal.width, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_ends_stay_taken),
        cmocka_unit_test(without_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
