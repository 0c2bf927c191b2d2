#include "lake/layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "column/data_type.h"
#include "column/feature_period.h"
#include "io/file.h"
#include "lake/type_rules.h"

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

/* Before the exchange, where a dataset is of features: no exchange is called that (names.h). */
static const char features_root[] = "features/";

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

/* Type and period; of features set and version, whose names may be reserved. */
static lake_status append_kind_directories(const struct manifest_dataset *dataset, struct buffer *out,
                                           struct lake_error *err)
{
    struct feature_period feature;
    char set[NAME_BYTES], version[NAME_BYTES];
    if (!feature_period_is(dataset->period))
        return buffer_printf(out, err, "/%s/%s", dataset->type, dataset->period);
    TRY(feature_period_parse(dataset->period, &feature, err));
    name_directory(feature.set, set);
    name_directory(feature.version, version);
    return buffer_printf(out, err, "/%s/%s", set, version);
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
    TRY(buffer_printf(out, err, "%s%s/%s/%s", feature_period_is(dataset->period) ? features_root : "", exchange, market,
                      symbol));
    TRY(append_kind_directories(dataset, out, err));
    TRY(append_date_directories(file, out, err));
    TRY(append_file_name(file, out, err));
    return buffer_string(out, &text, err);
}

/* ---- from a path back to what it names ---- */

/* Three directories of names, the type, the period (of features behind their root: the set, the version), the year and perhaps month
 * and day, then the file. */
enum { NAME_PARTS = 3, TYPE_PART = NAME_PARTS, PERIOD_PART, YEAR_PART, MOST_PARTS = YEAR_PART + 4 };

struct parts {
    struct {
        const char *text;
        size_t n;
    } at[MOST_PARTS];
    size_t n;
    bool is_feature;
};

bool layout_is_below_features(const char *path)
{
    return strncmp(path, features_root, sizeof features_root - 1) == 0;
}

static bool split_path(const char *path, struct parts *parts)
{
    parts->is_feature = layout_is_below_features(path);
    path += parts->is_feature ? sizeof features_root - 1 : 0;
    for (parts->n = 0; parts->n < MOST_PARTS; path++) {
        size_t n = strcspn(path, "/");
        parts->at[parts->n].text = path;
        parts->at[parts->n++].n = n;
        path += n;
        if (*path == '\0')
            break;
    }
    return *path == '\0' && parts->n > YEAR_PART + 1;
}

/* The part without the '%' of an escaped name; "" where it cannot be a name. */
static void unescape(const struct parts *parts, size_t part, char out[NAME_BYTES])
{
    const char *text = parts->at[part].text;
    size_t n = parts->at[part].n;
    bool is_escaped = n > 0 && text[0] == '%';
    n -= is_escaped;
    if (n >= NAME_BYTES)
        n = 0;
    memcpy(out, text + is_escaped, n);
    out[n] = '\0';
}

static bool parse_digits(const struct parts *parts, size_t part, size_t n_digits, int32_t *out)
{
    if (parts->at[part].n != n_digits)
        return false;
    *out = 0;
    for (size_t i = 0; i < n_digits; i++) {
        char c = parts->at[part].text[i];
        if (c < '0' || c > '9')
            return false;
        *out = *out * 10 + (c - '0');
    }
    return true;
}

static bool parse_dates(const struct parts *parts, struct layout_path *out)
{
    static const enum partition_grain grains[] = {GRAIN_YEAR, GRAIN_MONTH, GRAIN_DAY};
    struct calendar_date date = {0, 1, 1};
    size_t n_dates = parts->n - YEAR_PART - 1; /* 1 … 3 */
    if (!parse_digits(parts, YEAR_PART, 4, &date.year) ||
        (n_dates > 1 && !parse_digits(parts, YEAR_PART + 1, 2, &date.month)) ||
        (n_dates > 2 && !parse_digits(parts, YEAR_PART + 2, 2, &date.day)) || !calendar_date_is_valid(date))
        return false;
    out->grain = grains[n_dates - 1];
    partition_bounds(out->grain, calendar_day_from_date(date) * MS_PER_DAY, &out->start_ms, &out->end_ms);
    return true;
}

static bool parse_feature(const struct parts *parts, struct layout_path *out)
{
    char set[NAME_BYTES], version[NAME_BYTES];
    struct feature_period feature;
    unescape(parts, TYPE_PART, set);
    unescape(parts, PERIOD_PART, version);
    int n = snprintf(out->period, PERIOD_BYTES, "%s@%s", set, version);
    if (n < 0 || n >= PERIOD_BYTES || feature_period_parse(out->period, &feature, NULL) != LAKE_OK)
        return false;
    (void)snprintf(out->type, sizeof out->type, "feature");
    return true;
}

/* Which types a lake has is not known here. The period of trades is theirs. */
static bool could_be_registered(const char *type, const char *period)
{
    return type_rules_is_name(type) && strcmp(period, "tick") != 0;
}

static bool parse_type(const struct parts *parts, struct layout_path *out)
{
    if (parts->is_feature)
        return parse_feature(parts, out);
    char type[NAME_BYTES], period[NAME_BYTES];
    const struct data_type *known = NULL;
    const struct period *found_period = NULL;
    unescape(parts, TYPE_PART, type);
    unescape(parts, PERIOD_PART, period);
    bool is_known = data_type_find(type, &known, NULL) == LAKE_OK;
    if ((is_known ? known->is_versioned : !could_be_registered(type, period)) || feature_period_is(period) ||
        period_find_name(period, &found_period, out->period, NULL) != LAKE_OK)
        return false;
    (void)snprintf(out->type, sizeof out->type, "%s", is_known ? known->name : type);
    return true;
}

static bool parse_random(const char *path, uint64_t *out)
{
    static const char ending[] = ".parquet", digits[] = "0123456789abcdef";
    enum { N_DIGITS = 16, N_ENDING = sizeof ending - 1 };
    size_t n = strlen(path);
    if (n < N_DIGITS + N_ENDING)
        return false;
    *out = 0;
    for (const char *at = path + n - N_ENDING - N_DIGITS; at < path + n - N_ENDING; at++) {
        const char *digit = strchr(digits, *at);
        if (digit == NULL)
            return false;
        *out = *out << 4 | (uint64_t)(digit - digits);
    }
    return true;
}

static bool canonical_names(struct layout_path *out)
{
    const struct layout_path given = *out;
    return name_exchange(given.exchange, out->exchange, NULL) == LAKE_OK &&
           name_market(given.market, out->market, NULL) == LAKE_OK &&
           name_symbol(given.symbol, out->symbol, NULL) == LAKE_OK;
}

/* Taken apart without much ado, then put together again: whatever was not as it should be makes another path. */
static lake_status is_the_same(const char *path, const struct layout_path *parsed, bool *is_same,
                               struct lake_error *err)
{
    struct buffer again = BUFFER_INIT(LIMIT_PATH_BYTES);
    const struct manifest_dataset dataset = {
        0, parsed->exchange, parsed->market, parsed->symbol, parsed->type, parsed->period};
    const struct layout_file file = {&dataset, parsed->grain, parsed->start_ms, parsed->random};
    lake_status status = layout_file_path(&file, &again, err);
    *is_same = status == LAKE_OK && strcmp(path, (const char *)again.data) == 0;
    buffer_release(&again);
    return status;
}

lake_status layout_parse_path(const char *path, struct layout_path *out, struct lake_error *err)
{
    struct parts parts;
    bool is_same = false;
    *out = (struct layout_path){0};
    if (split_path(path, &parts) && parse_dates(&parts, out) && parse_type(&parts, out) &&
        parse_random(path, &out->random)) {
        unescape(&parts, 0, out->exchange);
        unescape(&parts, 1, out->market);
        unescape(&parts, 2, out->symbol);
        if (canonical_names(out))
            TRY(is_the_same(path, out, &is_same, err));
    }
    if (!is_same)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "'%.200s' is not the path of a file of a lake", path);
    return LAKE_OK;
}

/* ---- other places ---- */

lake_status layout_history_path(const char *path, struct buffer *out, struct lake_error *err)
{
    const char *text = NULL;
    buffer_clear(out);
    TRY(buffer_printf(out, err, "history/%s.retired", path_name(path)));
    return buffer_string(out, &text, err);
}

size_t layout_dataset_length(const char *path)
{
    size_t n = 0;
    int last = layout_is_below_features(path) ? PERIOD_PART + 2 : PERIOD_PART + 1;
    for (int slashes = 0; path[n] != '\0'; n++)
        if (path[n] == '/' && ++slashes == last)
            break;
    return n;
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

lake_status layout_random_many(struct io io, uint64_t *out, size_t n, struct lake_error *err)
{
    int result = io.ops->random(io.context, out, n * sizeof *out);
    if (result != 0)
        return lake_fail_errno(err, -result, "cannot read random bytes", "the system");
    return LAKE_OK;
}

lake_status layout_random(struct io io, uint64_t *out, struct lake_error *err)
{
    return layout_random_many(io, out, 1, err);
}
