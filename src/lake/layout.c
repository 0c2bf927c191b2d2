#include "lake/layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/names.h"

lake_status layout_state_root(const char *data_root, char **out, struct lake_error *err)
{
    char *trimmed = NULL;
    char *parent = NULL;
    struct buffer name = BUFFER_INIT(LIMIT_PATH_BYTES);
    const char *text = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_copy_string(data_root, &trimmed, err));
    for (size_t n = strlen(trimmed); n > 1 && trimmed[n - 1] == '/'; n--)
        trimmed[n - 1] = '\0';
    TRY_OUT(path_parent(trimmed, &parent, err));
    const char *last = path_name(trimmed);
    if (last[0] == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
        status = lake_fail(err, LAKE_INVALID_ARGUMENT,
                           "data root '%s' has no name of its own: give a directory such as 'data'", data_root);
        goto out;
    }
    if (strcmp(last, "data") == 0)
        TRY_OUT(buffer_append_text(&name, ".lake", err));
    else
        TRY_OUT(buffer_printf(&name, err, ".lake-%s", last));
    TRY_OUT(buffer_string(&name, &text, err));
    TRY_OUT(path_join(parent, text, out, err));
out:
    buffer_release(&name);
    memory_free(trimmed);
    memory_free(parent);
    return status;
}

static lake_status append_date_directories(const struct layout_file *file, struct buffer *out, struct lake_error *err)
{
    struct calendar_date date = calendar_date_from_day(calendar_day_of_ms(file->partition_start_ms));
    TRY(buffer_printf(out, err, "/%04d", date.year));
    if (file->grain != GRAIN_YEAR)
        TRY(buffer_printf(out, err, "/%02d", date.month));
    if (file->grain == GRAIN_DAY)
        TRY(buffer_printf(out, err, "/%02d", date.day));
    return LAKE_OK;
}

static lake_status append_file_name(const struct layout_file *file, struct buffer *out, struct lake_error *err)
{
    static const size_t date_lengths[] = {[GRAIN_DAY] = 10, [GRAIN_MONTH] = 7, [GRAIN_YEAR] = 4};
    char symbol[NAME_BYTES];
    char date[CALENDAR_TEXT_BYTES];
    name_directory(file->dataset->symbol, symbol);
    calendar_format_day(calendar_day_of_ms(file->partition_start_ms), date);
    date[date_lengths[file->grain]] = '\0';
    return buffer_printf(out, err, "/%s-%s-%s-%016" PRIx64 ".parquet", symbol, file->dataset->period, date,
                         file->random);
}

lake_status layout_file_path(const struct layout_file *file, struct buffer *out, struct lake_error *err)
{
    const struct manifest_dataset *dataset = file->dataset;
    char exchange[NAME_BYTES], market[NAME_BYTES], symbol[NAME_BYTES];
    const char *text = NULL;
    name_directory(dataset->exchange, exchange);
    name_directory(dataset->market, market);
    name_directory(dataset->symbol, symbol);
    buffer_clear(out);
    TRY(buffer_printf(out, err, "%s/%s/%s/%s/%s", exchange, market, symbol, dataset->type, dataset->period));
    TRY(append_date_directories(file, out, err));
    TRY(append_file_name(file, out, err));
    return buffer_string(out, &text, err);
}

lake_status layout_history_path(const char *path, struct buffer *out, struct lake_error *err)
{
    const char *text = NULL;
    buffer_clear(out);
    TRY(buffer_printf(out, err, "history/%s.retired", path_name(path)));
    return buffer_string(out, &text, err);
}

size_t layout_directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path);
}

lake_status layout_data_path(const struct lake *lake, const char *path, char **out, struct lake_error *err)
{
    return path_join(lake->data_root, path, out, err);
}

lake_status layout_state_path(const struct lake *lake, const char *path, char **out, struct lake_error *err)
{
    return path_join(lake->state_root, path, out, err);
}

lake_status layout_random(struct io io, uint64_t *out, struct lake_error *err)
{
    int result = io.ops->random(io.context, out, sizeof *out);
    if (result != 0)
        return lake_fail_errno(err, -result, "cannot read random bytes", "the system");
    return LAKE_OK;
}
