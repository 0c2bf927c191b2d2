#define _XOPEN_SOURCE 700
#include "verify_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lake/change_set.h"
#include "lake/rebuild.h"
#include "manifest/manifest.h"

static struct found found;

static void copy_text(const struct ArrowArray *column, int64_t row, char *out, size_t out_bytes)
{
    const uint8_t *validity = column->buffers[0];
    const int32_t *offsets = column->buffers[1];
    const char *bytes = column->buffers[2];
    bool is_null = validity != NULL && !bit_get(validity, row);
    int n = is_null ? 0 : offsets[row + 1] - offsets[row];
    (void)snprintf(out, out_bytes, "%.*s", n, n == 0 ? "" : bytes + offsets[row]);
}

/* Also under tests that let allocations fail. */
static lake_status keep_rows(struct ArrowArrayStream *stream)
{
    struct ArrowArray array = {.release = NULL};
    int result = stream->get_next(stream, &array);
    for (int64_t row = 0; array.release != NULL && row < array.length && found.n < FOUND_ROWS; row++) {
        struct found_row *to = &found.rows[found.n++];
        copy_text(array.children[0], row, to->path, sizeof to->path);
        copy_text(array.children[1], row, to->problem, sizeof to->problem);
        copy_text(array.children[2], row, to->detail, sizeof to->detail);
        copy_text(array.children[3], row, to->action, sizeof to->action);
    }
    if (array.release != NULL)
        array.release(&array);
    stream->release(stream);
    return result == 0 ? LAKE_OK : LAKE_NO_MEMORY;
}

static lake_status verify(struct lake *lake, const struct lake_verify_options *options, struct lake_error *err)
{
    struct ArrowArrayStream stream;
    found = (struct found){.verified = {.size = sizeof found.verified}};
    lake_status status = lake_verify(lake, options, &found.verified, &stream, err);
    return status == LAKE_OK ? keep_rows(&stream) : status;
}

const struct found *run_verify(struct fixture *fixture, enum lake_verify_depth depth)
{
    const struct lake_verify_options options = {.size = sizeof options, .depth = depth};
    struct lake_error err = {LAKE_OK, ""};
    if (verify(fixture->lake, &options, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    return &found;
}

lake_status try_repair(struct lake *lake, struct lake_error *err)
{
    const struct lake_verify_options options = {.size = sizeof options, .repair = true};
    return verify(lake, &options, err);
}

const struct found *run_repair(struct fixture *fixture)
{
    struct lake_error err = {LAKE_OK, ""};
    if (try_repair(fixture->lake, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    return &found;
}

void remove_manifest(struct fixture *fixture)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char path[FIXTURE_PATH_BYTES + 32];
    lake_close(fixture->lake);
    fixture->lake = NULL;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        (void)snprintf(path, sizeof path, "%s/manifest.db%s", fixture->root, suffixes[i]);
        (void)unlink(path);
    }
}

lake_status try_rebuild(const struct fixture *fixture, struct io io, struct lake_error *err)
{
    char data_root[FIXTURE_PATH_BYTES + 16], db_path[FIXTURE_PATH_BYTES + 16];
    struct lake *lake = NULL;
    struct ArrowArrayStream stream;
    (void)snprintf(data_root, sizeof data_root, "%s/data", fixture->root);
    (void)snprintf(db_path, sizeof db_path, "%s/manifest.db", fixture->root);
    const struct lake_options options = {.size = sizeof options,
                                         .data_root = data_root,
                                         .db_path = db_path,
                                         .n_threads = fixture->n_threads,
                                         .config_path = ""};
    found = (struct found){.rebuilt = {.size = sizeof found.rebuilt}};
    lake_status status = lake_new(&options, io, &lake, err);
    if (status == LAKE_OK)
        status = lake_rebuild_with(lake, NULL, &found.rebuilt, &stream, err);
    if (status == LAKE_OK)
        status = keep_rows(&stream);
    lake_close(lake);
    return status;
}

const struct found *run_rebuild(struct fixture *fixture)
{
    struct lake_error err = {LAKE_OK, ""};
    remove_manifest(fixture);
    if (try_rebuild(fixture, io_system(), &err) != LAKE_OK)
        fail_msg("%s", err.message);
    fixture_reopen(fixture);
    return &found;
}

void assert_one_problem(const struct found *report, const char *problem)
{
    for (size_t i = 1; i < report->n; i++)
        print_message("also: %s: %s: %s\n", report->rows[i].path, report->rows[i].problem, report->rows[i].detail);
    assert_int_equal(report->n, 1);
    assert_int_equal(report->verified.n_problems, 1);
    if (strcmp(report->rows[0].problem, problem) != 0)
        fail_msg("%s: %s: %s", report->rows[0].path, report->rows[0].problem, report->rows[0].detail);
}

void assert_one_action(const struct found *report, const char *problem, const char *action)
{
    assert_one_problem(report, problem);
    if (strcmp(report->rows[0].action, action) != 0)
        fail_msg("%s, not %s: %s", report->rows[0].action, action, report->rows[0].detail);
}

/* ---- files ---- */

/* nftw has no context argument. */
static const char *wanted_part;
static char found_file[512];
static size_t n_found_files;

static int look_at(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    if (kind != FTW_F || strstr(path + where->base, wanted_part) == NULL)
        return 0;
    n_found_files++;
    (void)snprintf(found_file, sizeof found_file, "%s", path);
    return 0;
}

const char *find_path(const struct fixture *fixture, const char *below, const char *part)
{
    char path[FIXTURE_PATH_BYTES + 64];
    (void)snprintf(path, sizeof path, "%s/%s", fixture->root, below);
    wanted_part = part;
    n_found_files = 0;
    assert_int_equal(nftw(path, look_at, 16, FTW_PHYS), 0);
    if (n_found_files != 1)
        fail_msg("%s: %d files of '%s'", path, (int)n_found_files, part);
    return found_file;
}

int64_t size_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

void flip_bit(const char *path, int64_t at, int bit)
{
    uint8_t byte = 0;
    int file = open(path, O_RDWR);
    assert_true(file >= 0);
    assert_int_equal(pread(file, &byte, 1, at), 1);
    byte = (uint8_t)(byte ^ (1u << bit));
    assert_int_equal(pwrite(file, &byte, 1, at), 1);
    assert_int_equal(close(file), 0);
}

void cut_file(const char *path, int64_t size)
{
    assert_int_equal(truncate(path, size), 0);
}

/* ---- one file of many ---- */

void roll_up(struct fixture *fixture, const char *symbol)
{
    const struct manifest_filter filter = {.symbol = symbol};
    struct arena arena = ARENA_INIT(1 << 20);
    struct manifest_dataset *datasets = NULL;
    struct change_set *set = NULL;
    struct lake_error err = {LAKE_OK, ""};
    struct lake_change_result result = {.size = sizeof result};
    const struct change_set_options options = {.kind = "compact"};
    size_t n = 0;
    assert_int_equal(manifest_find_datasets(fixture->lake->manifest, &filter, &arena, &datasets, &n, NULL), LAKE_OK);
    assert_int_equal(n, 1);
    struct change change = {.kind = CHANGE_ROLL_UP, .dataset = datasets};
    partition_bounds(GRAIN_MONTH, DAY_2024, &change.range.start_ms, &change.range.end_ms);
    assert_int_equal(change_set_new(fixture->lake, &options, &set, NULL), LAKE_OK);
    if (change_set_add(set, &change, &err) != LAKE_OK || change_set_commit(set, &result, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    change_set_free(set);
    arena_release(&arena);
}
