#include "io/lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/base/check.h"

static char root[256];
static char path[300];

static int make_root(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/lake_lock_XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(root) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/lock", root);
    return 0;
}

static int remove_root(void **state)
{
    (void)state;
    return unlink(path) != 0 || rmdir(root) != 0 ? -1 : 0;
}

/* Another process that holds the lock until its `stop` end is closed. */
struct holder {
    pid_t process;
    int stop;
};

static void hold(enum io_lock kind, int ready, int stop)
{
    struct file_lock lock = {0};
    char byte = 'x';
    if (file_lock_acquire(&lock, io_system(), path, kind, 0, "test holder", NULL) != LAKE_OK)
        _exit(1);
    if (write(ready, &byte, 1) != 1 || read(stop, &byte, 1) != 0)
        _exit(2);
    _exit(0); /* without a release: the end of the process must do */
}

static struct holder start_holder(enum io_lock kind)
{
    int ready[2], stop[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(stop), 0);
    struct holder holder = {fork(), stop[1]};
    assert_true(holder.process >= 0);
    if (holder.process == 0) {
        close(stop[1]);
        close(ready[0]);
        hold(kind, ready[1], stop[0]);
    }
    close(ready[1]);
    close(stop[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return holder;
}

static void stop_holder(struct holder holder)
{
    int status = -1;
    close(holder.stop);
    assert_int_equal(waitpid(holder.process, &status, 0), holder.process);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_exclusive_keeps_other_processes_out_until_they_end(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct file_lock lock = {0};
    char process[32];
    struct holder holder = start_holder(IO_LOCK_EXCLUSIVE);
    lake_fails(file_lock_acquire(&lock, io_system(), path, IO_LOCK_EXCLUSIVE, 0, "test", &err), LAKE_BUSY,
               "test holder");
    snprintf(process, sizeof process, "process %d", (int)holder.process);
    assert_non_null(strstr(err.message, process));
    lake_fails(file_lock_acquire(&lock, io_system(), path, IO_LOCK_SHARED, 5, "test", &err), LAKE_BUSY, path);
    assert_false(lock.is_held);
    stop_holder(holder);
    lake_ok(file_lock_acquire(&lock, io_system(), path, IO_LOCK_EXCLUSIVE, 0, "test", &err));
    assert_true(lock.is_held);
    file_lock_release(&lock);
    file_lock_release(&lock);
}

static void test_shared_goes_with_shared_only(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct file_lock lock = {0};
    struct holder holder = start_holder(IO_LOCK_SHARED);
    lake_ok(file_lock_acquire(&lock, io_system(), path, IO_LOCK_SHARED, 0, "test", &err));
    file_lock_release(&lock);
    lake_fails(file_lock_acquire(&lock, io_system(), path, IO_LOCK_EXCLUSIVE, 0, "test", &err), LAKE_BUSY, path);
    stop_holder(holder);
}

static void test_the_lock_is_of_the_open_file_not_the_process(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct file_lock first = {0}, second = {0};
    lake_ok(file_lock_acquire(&first, io_system(), path, IO_LOCK_EXCLUSIVE, 0, "test", &err));
    lake_fails(file_lock_acquire(&second, io_system(), path, IO_LOCK_EXCLUSIVE, 0, "test", &err), LAKE_BUSY, path);
    /* The failed attempt has opened and closed the file: the first still holds it. */
    lake_fails(file_lock_acquire(&second, io_system(), path, IO_LOCK_SHARED, 0, "test", &err), LAKE_BUSY, path);
    file_lock_release(&first);
    lake_ok(file_lock_acquire(&second, io_system(), path, IO_LOCK_EXCLUSIVE, 0, "test", &err));
    file_lock_release(&second);
}

static void test_waits_for_as_long_as_it_is_told(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct file_lock lock = {0};
    struct holder holder = start_holder(IO_LOCK_EXCLUSIVE);
    const struct io io = io_system();
    int64_t begin = io.ops->monotonic_ms(io.context);
    lake_fails(file_lock_acquire(&lock, io, path, IO_LOCK_EXCLUSIVE, 60, "test", &err), LAKE_BUSY, path);
    assert_true(io.ops->monotonic_ms(io.context) - begin >= 60);
    close(holder.stop); /* ends while the next attempt waits, or before */
    lake_ok(file_lock_acquire(&lock, io, path, IO_LOCK_EXCLUSIVE, 60000, "test", &err));
    file_lock_release(&lock);
    assert_int_equal(waitpid(holder.process, NULL, 0), holder.process);
}

static void test_a_path_that_cannot_be_opened_is_named(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct file_lock lock = {0};
    char nowhere[400];
    snprintf(nowhere, sizeof nowhere, "%s/no/lock", root);
    lake_fails(file_lock_acquire(&lock, io_system(), nowhere, IO_LOCK_SHARED, 0, "test", &err), LAKE_NOT_FOUND,
               nowhere);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exclusive_keeps_other_processes_out_until_they_end),
        cmocka_unit_test(test_shared_goes_with_shared_only),
        cmocka_unit_test(test_the_lock_is_of_the_open_file_not_the_process),
        cmocka_unit_test(test_waits_for_as_long_as_it_is_told),
        cmocka_unit_test(test_a_path_that_cannot_be_opened_is_named),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
