#include "unit/manifest/fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"

int fixture_setup_empty(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL)
        return -1;
    snprintf(f->directory, sizeof f->directory, "/tmp/lake-manifest-XXXXXX");
    if (mkdtemp(f->directory) == NULL || chmod(f->directory, 0755) != 0)
        return -1;
    snprintf(f->path, sizeof f->path, "%s/manifest.db", f->directory);
    arena_init(&f->arena, 64 * MIB);
    *state = f;
    return 0;
}

int fixture_setup(void **state)
{
    if (fixture_setup_empty(state) != 0)
        return -1;
    struct fixture *f = *state;
    bool created = false;
    if (manifest_open(f->path, MANIFEST_CREATE, &created, &f->manifest, &f->err) != LAKE_OK || !created) {
        print_error("%s\n", f->err.message);
        return -1;
    }
    return 0;
}

static void remove_directory(const char *directory)
{
    char path[512];
    DIR *entries = opendir(directory);
    for (struct dirent *entry = entries ? readdir(entries) : NULL; entry != NULL; entry = readdir(entries)) {
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && unlink(path) != 0)
            remove_directory(path);
    }
    if (entries != NULL)
        closedir(entries);
    rmdir(directory);
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    manifest_close(f->manifest);
    arena_release(&f->arena);
    chmod(f->directory, 0755);
    remove_directory(f->directory);
    free(f);
    return 0;
}

void expect_status(struct fixture *f, lake_status expected, lake_status status)
{
    if (status != expected)
        fail_msg("%s instead of %s: %s", lake_status_name(status), lake_status_name(expected), f->err.message);
}

void fixture_reopen(struct fixture *f, enum manifest_mode mode)
{
    manifest_close(f->manifest);
    f->manifest = NULL;
    must(f, manifest_open(f->path, mode, NULL, &f->manifest, &f->err));
}

int64_t fixture_dataset(struct fixture *f, const char *symbol, const char *period)
{
    struct manifest_dataset dataset = {0, "BINANCE", "SPOT", symbol, "raw", period};
    must(f, manifest_add_dataset(f->manifest, &dataset, &f->err));
    return dataset.id;
}

struct write fixture_begin(struct fixture *f, int64_t finished_ms)
{
    struct manifest_operation operation = {.kind = "ingest",
                                           .source = "",
                                           .rows_read = 3,
                                           .rows_written = 2,
                                           .rows_rejected = 1,
                                           .started_ms = finished_ms - 5,
                                           .finished_ms = finished_ms,
                                           .software = "dl-datalake test"};
    struct write write = {0, 0};
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_add_operation(f->manifest, &operation, &write.snapshot, &f->err));
    write.operation = operation.id;
    return write;
}

void fixture_commit(struct fixture *f)
{
    must(f, manifest_commit(f->manifest, &f->err));
}

struct manifest_file fixture_file(int64_t dataset_id, struct write write, int64_t day, int64_t n_days, const char *path)
{
    struct manifest_file file = {.dataset_id = dataset_id,
                                 .path = path,
                                 .partition_start_ms = day * DAY_MS,
                                 .partition_end_ms = (day + n_days) * DAY_MS,
                                 .time_from_ms = day * DAY_MS + 60000,
                                 .time_to_ms = (day + n_days) * DAY_MS - 60000,
                                 .n_rows = 1440 * n_days,
                                 .size_bytes = 48000 * n_days,
                                 .operation_id = write.operation,
                                 .added = write.snapshot};
    memset(file.sha256, (int)(day & 0xff), sizeof file.sha256);
    return file;
}

struct manifest_content fixture_content(int64_t dataset_id, struct write write, int64_t day, int seed)
{
    struct manifest_content content = {.dataset_id = dataset_id,
                                       .day = day,
                                       .n_rows = 1440,
                                       .time_from_ms = day * DAY_MS,
                                       .time_to_ms = (day + 1) * DAY_MS - 60000,
                                       .operation_id = write.operation};
    memset(content.sha256, seed, sizeof content.sha256);
    return content;
}

lake_status retire(struct fixture *f, int64_t file_id, int64_t snapshot, const char *state_path)
{
    const struct manifest_retirement retirement = {file_id, snapshot, snapshot * 1000, 5, state_path};
    return manifest_retire_file(f->manifest, &retirement, &f->err);
}

int64_t query_int64(struct fixture *f, const char *sql)
{
    struct database *database = NULL;
    int64_t value = 0;
    must(f, database_open(f->path, DATABASE_READ_WRITE, &database, &f->err));
    must(f, database_get_int64(database, sql, &value, &f->err));
    database_close(database);
    return value;
}

void run_sql(struct fixture *f, const char *path, const char *sql)
{
    struct database *database = NULL;
    must(f, database_open(path, DATABASE_CREATE, &database, &f->err));
    must(f, database_run(database, sql, &f->err));
    database_close(database);
}

void write_bytes(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

int64_t file_bytes(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 ? (int64_t)found.st_size : -1;
}
