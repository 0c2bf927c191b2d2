/* dl.toml as a file: where it is looked for, what of it is refused, and where it says that a lake is. */
#define _XOPEN_SOURCE 700
#include "lake/config.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/memory.h"
#include "unit/base/check.h"

enum { PATH_BYTES = 512, OPEN_FILES = 16 };

static char root[PATH_BYTES / 2], before[PATH_BYTES];

static const char *at(const char *name)
{
    static char paths[4][PATH_BYTES];
    static int next = 0;
    char *path = paths[next++ % 4];
    (void)snprintf(path, PATH_BYTES, "%s/%s", root, name);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    (void)snprintf(root, sizeof root, "%s/lake_config_XXXXXX", base != NULL ? base : "/tmp");
    return getcwd(before, sizeof before) == NULL || mkdtemp(root) == NULL || mkdir(at("a"), 0755) != 0 ||
                   mkdir(at("a/b"), 0755) != 0
               ? -1
               : 0;
}

static int remove_path(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    return chdir(before) != 0 || nftw(root, remove_path, OPEN_FILES, FTW_DEPTH | FTW_PHYS) != 0 ? -1 : 0;
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(at(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

/* What is found from a directory is the file of that name; NULL: none below the test's own root. */
static void finds(const char *directory, const char *name)
{
    struct lake_error err;
    struct stat found, wanted;
    char *path = NULL;
    lake_ok(config_find(io_system(), directory, &path, &err));
    if (name != NULL) {
        assert_non_null(path);
        assert_int_equal(stat(path, &found), 0);
        assert_int_equal(stat(at(name), &wanted), 0);
        assert_int_equal(found.st_ino, wanted.st_ino);
    } else if (path != NULL && strstr(path, root) != NULL) {
        assert_non_null(strstr(path, "..")); /* the machine's own, further up */
    }
    memory_free(path);
}

static void test_the_nearest_one_upward(void **state)
{
    (void)state;
    finds(at("a/b"), NULL);
    put("dl.toml", "");
    finds(at("a/b"), "dl.toml");
    finds(at("a"), "dl.toml");
    finds(root, "dl.toml");
    put("a/dl.toml", "");
    finds(at("a/b"), "a/dl.toml");
    finds(at("a/b/"), "a/dl.toml");
    finds(root, "dl.toml");
}

static void test_from_a_directory_that_is_to_be_made(void **state)
{
    (void)state;
    put("a/dl.toml", "");
    finds(at("a/b/not/yet/there"), "a/dl.toml");
}

static void test_from_the_working_directory(void **state)
{
    struct lake_error err;
    char *path = NULL;
    (void)state;
    put("a/dl.toml", "");
    assert_int_equal(chdir(at("a")), 0);
    lake_ok(config_find(io_system(), ".", &path, &err));
    assert_string_equal(path, "dl.toml");
    memory_free(path);
    assert_int_equal(chdir(at("a/b")), 0);
    lake_ok(config_find(io_system(), ".", &path, &err));
    assert_string_equal(path, "../dl.toml");
    memory_free(path);
    finds("nowhere", "a/dl.toml");
}

/* By the directory's own parent, not by the way that led to it. */
static void test_through_a_link(void **state)
{
    (void)state;
    put("a/dl.toml", "");
    assert_int_equal(symlink(at("a/b"), at("link")), 0);
    finds(at("link"), "a/dl.toml");
}

/* Root may look everywhere: the system's answer to others is put in its place. */
static int status_without_permission(void *context, const char *path, struct io_status *out)
{
    (void)context;
    return strstr(path, "..") != NULL ? -EACCES : io_system().ops->status(NULL, path, out);
}

static void test_what_may_not_be_looked_into_ends_the_search(void **state)
{
    struct lake_error err;
    struct io_ops ops = *io_system().ops;
    char *path = NULL;
    (void)state;
    ops.status = status_without_permission;
    put("dl.toml", "");
    lake_ok(config_find((struct io){&ops, NULL}, at("a"), &path, &err));
    assert_null(path);
    lake_ok(config_find((struct io){&ops, NULL}, root, &path, &err));
    assert_string_equal(path, at("dl.toml"));
    memory_free(path);
}

/* ---- reading ---- */

static void test_reading(void **state)
{
    struct lake_error err;
    struct config config;
    (void)state;
    put("dl.toml", "[history]\nkeep_log = 3\n");
    config_init(&config);
    lake_ok(config_read(&config, io_system(), at("dl.toml"), &err));
    assert_int_equal(config.policy.keep_log, 3);
    assert_int_equal(config.policy.keep_changed_ms, 7 * MS_PER_DAY);
    put("dl.toml", "[history]\nkeep_log = three\n");
    lake_fails(config_read(&config, io_system(), at("dl.toml"), &err), LAKE_INVALID_DATA, "dl.toml:2: three");
    assert_non_null(strstr(err.message, root));
}

static void test_what_cannot_be_settings(void **state)
{
    struct lake_error err;
    struct config config;
    char *large = malloc((64 << 10) + 2);
    (void)state;
    config_init(&config);
    lake_fails(config_read(&config, io_system(), at("dl.toml"), &err), LAKE_NOT_FOUND, "dl.toml");
    lake_fails(config_read(&config, io_system(), at("a"), &err), LAKE_INVALID_DATA, "is not a file");
    assert_int_equal(mkfifo(at("fifo"), 0600), 0);
    lake_fails(config_read(&config, io_system(), at("fifo"), &err), LAKE_INVALID_DATA, "is not a file");
    assert_non_null(large);
    memset(large, ' ', (64 << 10) + 1);
    large[64 << 10] = '\0';
    put("dl.toml", large);
    lake_ok(config_read(&config, io_system(), at("dl.toml"), &err));
    large[64 << 10] = ' ';
    large[(64 << 10) + 1] = '\0';
    put("dl.toml", large);
    lake_fails(config_read(&config, io_system(), at("dl.toml"), &err), LAKE_INVALID_DATA, "65537 bytes");
    free(large);
}

/* ---- where a lake is ---- */

static void test_location(void **state)
{
    struct lake_error err;
    struct lake_location location = {.size = sizeof location};
    (void)state;
    put("dl.toml", "data_root = 'x/data'\ndb_path = '/srv/manifest.db'\n");
    lake_ok(lake_find_location(at("a"), &location, &err));
    assert_string_equal(location.data_root, at("a/../x/data"));
    assert_string_equal(location.db_path, "/srv/manifest.db");
    assert_string_equal(location.config_path, at("a/../dl.toml"));
    assert_int_equal(chdir(root), 0);
    lake_ok(lake_find_location(".", &location, &err));
    assert_string_equal(location.data_root, "x/data");
    assert_string_equal(location.config_path, "dl.toml");
    assert_int_equal(chdir(at("a/b")), 0);
    lake_ok(lake_find_location(NULL, &location, &err));
    assert_string_equal(location.data_root, "../../x/data");
}

static void test_location_where_nothing_is_said(void **state)
{
    struct lake_error err;
    struct lake_location location = {.size = sizeof location};
    (void)state;
    put("a/dl.toml", "market = 'SPOT'\n");
    lake_ok(lake_find_location(at("a"), &location, &err));
    assert_string_equal(location.data_root, "");
    assert_string_equal(location.db_path, "");
    assert_string_equal(location.config_path, at("a/dl.toml"));
    put("a/dl.toml", "market 'SPOT'\n");
    lake_fails(lake_find_location(at("a/b"), &location, &err), LAKE_INVALID_DATA, "dl.toml:1: after the key");
    location.size = 1;
    lake_fails(lake_find_location(at("a"), &location, &err), LAKE_INVALID_ARGUMENT, "size");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_the_nearest_one_upward),
        T(test_from_a_directory_that_is_to_be_made),
        T(test_from_the_working_directory),
        T(test_through_a_link),
        T(test_what_may_not_be_looked_into_ends_the_search),
        T(test_reading),
        T(test_what_cannot_be_settings),
        T(test_location),
        T(test_location_where_nothing_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
