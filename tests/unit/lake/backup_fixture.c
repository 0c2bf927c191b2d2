#include "backup_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error error_ = {LAKE_OK, ""};                                                                      \
        struct lake_error *err = &error_;                                                                              \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s", error_.message);                                                                            \
    } while (0)

const char *place(const struct fixture *fixture, const char *name)
{
    static char paths[8][PLACE_BYTES];
    static size_t next = 0;
    char *path = paths[next++ % 8];
    assert_in_range(snprintf(path, PLACE_BYTES, "%s/%s", fixture->root, name), 0, PLACE_BYTES - 1);
    return path;
}

lake_status try_backup(struct fixture *fixture, const char *name, enum lake_copy copy,
                       struct lake_backup_result *result, struct lake_error *err)
{
    struct lake_backup_result ignored = {.size = sizeof ignored};
    struct lake_backup_options options = {.size = sizeof options, .directory = place(fixture, name), .copy = copy};
    return lake_backup(fixture->lake, &options, result == NULL ? &ignored : result, err);
}

struct lake_backup_result back_up(struct fixture *fixture, const char *name, enum lake_copy copy)
{
    struct lake_backup_result result = {.size = sizeof result};
    ASSERT_OK(try_backup(fixture, name, copy, &result, err));
    return result;
}

static struct lake_options options_of(const char *data_root, const char *db_path)
{
    return (struct lake_options){.size = sizeof(struct lake_options),
                                 .data_root = data_root,
                                 .db_path = db_path,
                                 .n_threads = 1,
                                 .config_path = ""};
}

lake_status try_restore(struct fixture *fixture, const char *from, const char *to, struct io io,
                        struct lake_backup_result *result, struct lake_error *err)
{
    char data_root[PLACE_BYTES + 16], db_path[PLACE_BYTES + 16];
    struct lake_backup_result ignored = {.size = sizeof ignored};
    struct lake_backup_options options = {.size = sizeof options, .directory = place(fixture, from)};
    (void)snprintf(data_root, sizeof data_root, "%s/data", place(fixture, to));
    (void)snprintf(db_path, sizeof db_path, "%s/manifest.db", place(fixture, to));
    struct lake_options lake_options = options_of(data_root, db_path);
    return lake_restore_with(&lake_options, &options, io, result == NULL ? &ignored : result, err);
}

struct lake_backup_result restore(struct fixture *fixture, const char *from, const char *to)
{
    struct lake_backup_result result = {.size = sizeof result};
    ASSERT_OK(try_restore(fixture, from, to, io_system(), &result, err));
    return result;
}

struct lake *open_place(struct fixture *fixture, const char *name)
{
    char data_root[PLACE_BYTES + 16], db_path[PLACE_BYTES + 16];
    struct lake *lake = NULL;
    (void)snprintf(data_root, sizeof data_root, "%s/data", place(fixture, name));
    (void)snprintf(db_path, sizeof db_path, "%s/manifest.db", place(fixture, name));
    struct lake_options options = options_of(data_root, db_path);
    ASSERT_OK(lake_open(&options, &lake, err));
    return lake;
}

static struct lake_verify_result verify(struct lake *lake, enum lake_verify_depth depth)
{
    struct lake_verify_options options = {.size = sizeof options, .depth = depth};
    struct lake_verify_result result = {.size = sizeof result};
    struct ArrowArrayStream problems;
    ASSERT_OK(lake_verify(lake, &options, &result, &problems, err));
    problems.release(&problems);
    return result;
}

void assert_same_lake(struct lake *a, struct lake *b, const char *const *symbols, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t n_a = 0, n_b = 0;
        struct bar *bars_a = read_bars(a, symbols[i], 0, INT64_MAX, &n_a);
        struct bar *bars_b = read_bars(b, symbols[i], 0, INT64_MAX, &n_b);
        assert_int_equal(n_a, n_b);
        assert_bars_equal(bars_a, bars_b, n_a);
        free(bars_a);
        free(bars_b);
    }
    const struct lake_verify_result found = verify(b, LAKE_VERIFY_FULL);
    assert_int_equal(found.n_files, verify(a, LAKE_VERIFY_FAST).n_files);
    assert_int_equal(found.n_problems, 0);
}

void assert_no_trace(const struct fixture *fixture, const char *name)
{
    DIR *directory = opendir(fixture->root);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (strncmp(entry->d_name, name, strlen(name)) == 0)
            fail_msg("%s was left behind", entry->d_name);
    (void)closedir(directory);
}

size_t count_all(const struct fixture *fixture)
{
    return count_paths(fixture, ".", NULL);
}

void flip_bit(const char *path, int64_t byte)
{
    assert_int_equal(chmod(path, 0644), 0);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)byte, byte < 0 ? SEEK_END : SEEK_SET), 0);
    int c = fgetc(file);
    assert_true(c != EOF);
    assert_int_equal(fseek(file, -1, SEEK_CUR), 0);
    assert_int_equal(fputc(c ^ 0x10, file), c ^ 0x10);
    assert_int_equal(fclose(file), 0);
}
