#include "io/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/base/check.h"

enum { PATH_BYTES = 256 };

static char root[PATH_BYTES];

static const char *at(const char *name)
{
    static char paths[4][2 * PATH_BYTES];
    static int next = 0;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static void put(const char *path)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

/* a/{one,.two,b/{three,c/}}, a/link and a/loop, which lead out and round. */
static int set_up(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    (void)snprintf(root, sizeof root, "%s/lake_tree_XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(root) == NULL || mkdir(at("a"), 0755) != 0 || mkdir(at("a/b"), 0755) != 0 ||
        mkdir(at("a/b/c"), 0755) != 0 || symlink("../keep", at("a/link")) != 0 || symlink(".", at("a/loop")) != 0)
        return -1;
    put(at("keep"));
    put(at("a/one"));
    put(at("a/.two"));
    put(at("a/b/three"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return tree_remove(io_system(), root, NULL) == LAKE_OK && access(root, F_OK) != 0 ? 0 : -1;
}

static void test_all_of_it_is_removed_and_nothing_else(void **state)
{
    struct lake_error err;
    (void)state;
    lake_ok(tree_remove(io_system(), at("a"), &err));
    assert_int_equal(access(at("a"), F_OK), -1);
    assert_int_equal(access(at("keep"), F_OK), 0);
    lake_ok(tree_remove(io_system(), at("a"), &err));
}

static void test_one_directory_too_deep_is_refused(void **state)
{
    struct lake_error err;
    char path[2 * PATH_BYTES];
    int n = snprintf(path, sizeof path, "%s/deep", root);
    (void)state;
    for (int i = 0; i < 32; i++) {
        assert_int_equal(mkdir(path, 0755), 0);
        n += snprintf(path + n, sizeof path - (size_t)n, "/x");
    }
    lake_ok(tree_remove(io_system(), at("deep"), &err));
    n = snprintf(path, sizeof path, "%s/deep", root);
    for (int i = 0; i < 34; i++) {
        assert_int_equal(mkdir(path, 0755), 0);
        n += snprintf(path + n, sizeof path - (size_t)n, "/x");
    }
    lake_fails(tree_remove(io_system(), at("deep"), &err), LAKE_UNSUPPORTED, "32 directories deep");
    for (int i = 0; i < 34; i++) {
        path[strlen(path) - 2] = '\0';
        assert_int_equal(rmdir(path), 0);
    }
}

/* ---- syncing ---- */

struct counting {
    struct io_ops ops;
    int n_syncs, n_filesystem_syncs;
    int error_of_filesystem, error_of_sync;
};

static int count_sync(void *context, int file)
{
    struct counting *counting = context;
    (void)file;
    counting->n_syncs++;
    return counting->error_of_sync;
}

static int count_filesystem_sync(void *context, int file)
{
    struct counting *counting = context;
    (void)file;
    counting->n_filesystem_syncs++;
    return counting->error_of_filesystem;
}

static struct io counting_io(struct counting *counting)
{
    counting->ops = *io_system().ops;
    counting->ops.sync = count_sync;
    counting->ops.sync_filesystem = count_filesystem_sync;
    return (struct io){&counting->ops, counting};
}

static void test_one_call_makes_all_durable(void **state)
{
    struct lake_error err;
    struct counting counting = {.n_syncs = 0};
    (void)state;
    lake_ok(tree_sync(counting_io(&counting), at("a"), &err));
    assert_int_equal(counting.n_filesystem_syncs, 1);
    assert_int_equal(counting.n_syncs, 0);
}

static void test_without_that_call_each_file_and_directory(void **state)
{
    struct lake_error err;
    struct counting counting = {.error_of_filesystem = -ENOSYS};
    (void)state;
    lake_ok(tree_sync(counting_io(&counting), at("a"), &err));
    assert_int_equal(counting.n_syncs, 3 + 3); /* one, .two, three; a, b, c */
}

static void test_what_could_not_be_synced_is_an_error(void **state)
{
    struct lake_error err;
    struct counting counting = {.error_of_filesystem = -EIO};
    (void)state;
    lake_fails(tree_sync(counting_io(&counting), at("a"), &err), LAKE_IO, "a: cannot make durable");
    assert_int_equal(counting.n_syncs, 0); /* never tried again in another way */
    counting = (struct counting){.error_of_filesystem = -ENOSYS, .error_of_sync = -EIO};
    lake_fails(tree_sync(counting_io(&counting), at("a"), &err), LAKE_IO, "cannot make durable");
    assert_int_equal(counting.n_syncs, 1);
    lake_fails(tree_sync(io_system(), at("absent"), &err), LAKE_NOT_FOUND, "absent");
}

static void test_emptiness(void **state)
{
    struct lake_error err;
    bool is_empty = true;
    (void)state;
    lake_ok(tree_is_empty(io_system(), at("a"), &is_empty, &err));
    assert_false(is_empty);
    lake_ok(tree_is_empty(io_system(), at("a/b/c"), &is_empty, &err));
    assert_true(is_empty);
    is_empty = false;
    lake_ok(tree_is_empty(io_system(), at("absent"), &is_empty, &err));
    assert_true(is_empty);
    lake_ok(tree_is_empty(io_system(), at("keep"), &is_empty, &err));
    assert_false(is_empty);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_all_of_it_is_removed_and_nothing_else),
        T(test_one_directory_too_deep_is_refused),
        T(test_one_call_makes_all_durable),
        T(test_without_that_call_each_file_and_directory),
        T(test_what_could_not_be_synced_is_an_error),
        T(test_emptiness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
