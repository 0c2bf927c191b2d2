#include "lake/verify_file.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "column/time_unit.h"
#include "lake/types.h"

/* One word each, and what it means. */
struct problem {
    const char *name;
    enum verify_kind kind;
};

static const struct problem missing = {"missing", VERIFY_DAMAGED}, misplaced = {"misplaced", VERIFY_ELSEWHERE},
                            unreadable = {"unreadable", VERIFY_UNREADABLE}, wrong_size = {"size", VERIFY_DAMAGED},
                            wrong_checksum = {"checksum", VERIFY_DAMAGED}, structure = {"structure", VERIFY_AT_ODDS},
                            wrong_rows = {"rows", VERIFY_AT_ODDS}, wrong_columns = {"columns", VERIFY_AT_ODDS},
                            wrong_range = {"range", VERIFY_AT_ODDS}, wrong_content = {"content", VERIFY_AT_ODDS},
                            wrong_holes = {"holes", VERIFY_AT_ODDS};

struct verify_tools {
    struct lake *lake;
    struct examiner *examiner;
    struct arena arena;  /* contents of the file at hand */
    struct buffer holes; /* of the day at hand */
};

/* One check of one file. */
struct check {
    struct verify_tools *tools;
    const struct verify_subject *subject;
    struct verify_finding *finding;
};

lake_status verify_tools_new(struct lake *lake, struct verify_tools **out, struct lake_error *err)
{
    struct verify_tools *tools = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *tools, &tools, err));
    tools->lake = lake;
    arena_init(&tools->arena, LIMIT_ENGINE_BYTES);
    buffer_init(&tools->holes, LIMIT_ENGINE_BYTES);
    TRY_OUT(examiner_new(lake, &tools->examiner, err));
    *out = tools;
    tools = NULL;
out:
    verify_tools_free(tools);
    return status;
}

void verify_tools_free(struct verify_tools *tools)
{
    if (tools == NULL)
        return;
    examiner_free(tools->examiner);
    arena_release(&tools->arena);
    buffer_release(&tools->holes);
    memory_free(tools);
}

struct examiner *verify_examiner(struct verify_tools *tools)
{
    return tools->examiner;
}

static void found(struct verify_finding *finding, const struct problem *problem, const char *format, ...)
    LAKE_PRINTF(3, 4);

static void found(struct verify_finding *finding, const struct problem *problem, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(finding->detail, sizeof finding->detail, format, args);
    va_end(args);
    finding->problem = problem->name;
    finding->kind = problem->kind;
}

/* ---- bytes ---- */

static void check_place(const struct manifest_file *file, enum examined_place place, struct verify_finding *finding)
{
    if (place == EXAMINED_NOWHERE)
        found(finding, &missing, "the manifest lists it, and it is nowhere");
    else if (place == EXAMINED_IN_HISTORY && file->retired == 0)
        found(finding, &misplaced, "it lies in history, where other tools do not see it");
}

static void check_size(struct check *check)
{
    const struct manifest_file *file = check->subject->file;
    int64_t size_bytes = examiner_size_bytes(check->tools->examiner);
    if (size_bytes != file->size_bytes)
        found(check->finding, &wrong_size, "has %" PRId64 " bytes, the manifest says %" PRId64, size_bytes,
              file->size_bytes);
}

static lake_status check_digest(struct check *check, struct lake_error *err)
{
    const uint8_t *expected = check->subject->file->sha256;
    uint8_t digest[SHA256_BYTES];
    char expected_text[SHA256_TEXT_BYTES], actual_text[SHA256_TEXT_BYTES];
    TRY(examiner_digest(check->tools->examiner, digest, err));
    if (memcmp(digest, expected, SHA256_BYTES) == 0)
        return LAKE_OK;
    sha256_text(expected, expected_text);
    sha256_text(digest, actual_text);
    found(check->finding, &wrong_checksum, "SHA-256 is %s, the manifest says %s", actual_text, expected_text);
    return LAKE_OK;
}

static lake_status check_bytes(struct check *check, bool with_digest, struct lake_error *err)
{
    enum examined_place place = EXAMINED_NOWHERE;
    TRY(examiner_open_entry(check->tools->examiner, check->subject->file, &place, err));
    check_place(check->subject->file, place, check->finding);
    if (check->finding->problem == NULL)
        check_size(check);
    return check->finding->problem == NULL && with_digest ? check_digest(check, err) : LAKE_OK;
}

/* ---- the footer ---- */

static const struct manifest_column *find_column(const struct verify_subject *subject, const char *name)
{
    for (size_t i = 0; i < subject->n_columns; i++)
        if (strcmp(subject->columns[i].name, name) == 0)
            return &subject->columns[i];
    return NULL;
}

static void check_columns(struct check *check, const struct parquet_file *parquet)
{
    for (size_t i = 0; i < parquet->n_columns; i++) {
        const struct column_field *field = &parquet->columns[i].field;
        const struct manifest_column *known = find_column(check->subject, field->name);
        if (known != NULL && known->type == (int32_t)field->type && known->width == field->width)
            continue;
        found(check->finding, &wrong_columns, "column '%.80s' is %s, the manifest says %s", field->name,
              column_type_name(field->type),
              known == NULL ? "there is none" : column_type_name((enum column_type)known->type));
        return;
    }
}

static void check_range(struct check *check, const struct parquet_file *parquet)
{
    const struct manifest_file *file = check->subject->file;
    const struct parquet_file_column *ts = parquet->n_columns == 0 ? NULL : parquet->columns;
    int64_t per_ms = ts == NULL || !ts->has_range ? 0 : time_unit_per_ms(ts->field.type);
    if (per_ms != 0 && (time_unit_to_ms(ts->min, per_ms) != file->time_from_ms ||
                        time_unit_to_ms(ts->max, per_ms) != file->time_to_ms))
        found(check->finding, &wrong_range, "first or last time is not the manifest's");
}

static void check_footer(struct check *check)
{
    const struct parquet_file *parquet = examiner_file(check->tools->examiner);
    if (parquet->n_rows != check->subject->file->n_rows)
        found(check->finding, &wrong_rows, "has %" PRId64 " rows, the manifest says %" PRId64, parquet->n_rows,
              check->subject->file->n_rows);
    if (check->finding->problem == NULL)
        check_columns(check, parquet);
    if (check->finding->problem == NULL)
        check_range(check, parquet);
}

/* ---- rows ---- */

struct contents {
    const struct manifest_content *rows;
    size_t n, next;
};

static lake_status find_contents(struct check *check, struct contents *contents, struct lake_error *err)
{
    const struct manifest_file *file = check->subject->file;
    struct lake *lake = check->tools->lake;
    struct manifest_content *rows = NULL;
    arena_reset(&check->tools->arena);
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_contents(
        lake->manifest, file->dataset_id, calendar_day_of_ms(file->partition_start_ms),
        calendar_day_of_ms(file->partition_end_ms - 1) + 1, &check->tools->arena, &rows, &contents->n, err);
    mutex_unlock(lake->mutex);
    contents->rows = rows;
    contents->next = 0;
    return status;
}

/* The next day that has rows, by the manifest; NULL at the end. */
static const struct manifest_content *next_content(struct contents *contents)
{
    while (contents->next < contents->n && contents->rows[contents->next].n_rows == 0)
        contents->next++;
    return contents->next < contents->n ? &contents->rows[contents->next++] : NULL;
}

static bool same_day(const struct content_day *day, const struct manifest_content *content)
{
    return content != NULL && content->day == day->day && content->n_rows == day->n_rows &&
           memcmp(content->sha256, day->sha256, SHA256_BYTES) == 0;
}

/* The holes of a day whose rows are those of the manifest; days whose holes were never recorded have none to compare with. */
static lake_status check_holes(struct check *check, const struct batch *batch, const struct content_day *of_rows,
                               const struct manifest_content *content, struct lake_error *err)
{
    struct buffer *holes = &check->tools->holes;
    struct content_day day = *of_rows;
    const struct period *period = NULL;
    char text[CALENDAR_TEXT_BYTES];
    if (content->holes == NULL)
        return LAKE_OK;
    buffer_clear(holes);
    if (period_find(check->subject->dataset->period, &period, NULL) != LAKE_OK)
        return lake_fail(err, LAKE_CORRUPT, "its dataset is of period '%.40s', which there is not",
                         check->subject->dataset->period);
    TRY(content_find_holes(batch, period, &day, 1, holes, err));
    if (content->n_holes_bytes == holes->length &&
        (holes->length == 0 || memcmp(content->holes, holes->data, holes->length) == 0))
        return LAKE_OK;
    calendar_format_day(day.day, text);
    found(check->finding, &wrong_holes, "the bars that are missing on %s are not those the manifest says", text);
    return LAKE_OK;
}

static lake_status check_days(struct check *check, const struct examined_days *days, struct contents *contents,
                              struct lake_error *err)
{
    char text[CALENDAR_TEXT_BYTES];
    for (size_t i = 0; i < days->n && check->finding->problem == NULL; i++) {
        const struct content_day *day = &days->days[i];
        const struct manifest_content *content = next_content(contents);
        if (same_day(day, content)) {
            TRY(check_holes(check, days->batch, day, content, err));
            continue;
        }
        calendar_format_day(day->day, text);
        found(check->finding, &wrong_content, "the rows of %s are not those the manifest has a hash of", text);
    }
    return LAKE_OK;
}

static lake_status check_rows(struct check *check, struct lake_error *err)
{
    const struct manifest_file *file = check->subject->file;
    struct examined_days days = {0};
    struct contents contents = {0};
    int64_t first_ms = 0, last_ms = 0, n_rows = 0;
    TRY(find_contents(check, &contents, err));
    do {
        TRY(examiner_next_days(check->tools->examiner, &days, err));
        TRY(check_days(check, &days, &contents, err));
        for (size_t i = 0; i < days.n; i++) {
            first_ms = n_rows == 0 ? days.days[i].first_ms : first_ms;
            last_ms = days.days[i].last_ms;
            n_rows += days.days[i].n_rows;
        }
    } while (days.n > 0 && check->finding->problem == NULL);
    if (check->finding->problem != NULL)
        return LAKE_OK;
    if (next_content(&contents) != NULL)
        found(check->finding, &wrong_content, "lacks days that the manifest says it has");
    else if (first_ms != file->time_from_ms || last_ms != file->time_to_ms)
        found(check->finding, &wrong_range, "first or last time is not the manifest's");
    return LAKE_OK;
}

/* ---- all together ---- */

static lake_status parse(struct check *check, struct lake_error *err)
{
    const char *name = check->subject->dataset->type;
    const struct data_type *type = NULL;
    if (lake_type_find(check->tools->lake, name, &type, NULL) != LAKE_OK)
        return lake_fail(err, LAKE_CORRUPT, "its dataset is of type '%.40s', which there is not", name);
    return examiner_parse(check->tools->examiner, type, err);
}

static lake_status run_checks(struct check *check, enum lake_verify_depth depth, struct lake_error *err)
{
    TRY(check_bytes(check, depth == LAKE_VERIFY_FULL, err));
    if (check->finding->problem != NULL)
        return LAKE_OK;
    TRY(parse(check, err));
    check_footer(check);
    if (check->finding->problem == NULL && depth == LAKE_VERIFY_FULL)
        return check_rows(check, err);
    return LAKE_OK;
}

/* A failure of the machine ends the verification; a damaged file, or one the disk will not give, is a finding. */
static bool find_failure(lake_status status, const struct lake_error *failure, struct verify_finding *finding)
{
    switch (status) {
    case LAKE_CORRUPT:
    case LAKE_UNSUPPORTED: found(finding, &structure, "%s", failure->message); return true;
    case LAKE_IO: found(finding, &unreadable, "%s", failure->message); return true;
    default: return false;
    }
}

lake_status verify_file(struct verify_tools *tools, const struct verify_subject *subject, enum lake_verify_depth depth,
                        struct verify_finding *finding, struct lake_error *err)
{
    struct lake_error failure = {LAKE_OK, ""};
    struct check check = {tools, subject, finding};
    *finding = (struct verify_finding){0};
    lake_status status = run_checks(&check, depth, &failure);
    if (status == LAKE_NO_MEMORY && depth == LAKE_VERIFY_FAST) /* a damaged footer asks for too much: its hash tells */
        status = run_checks(&check, LAKE_VERIFY_FULL, &failure);
    examiner_close(tools->examiner);
    if (status == LAKE_OK || find_failure(status, &failure, finding))
        return LAKE_OK;
    return lake_fail(err, status, "%s", failure.message);
}

lake_status verify_history_file(struct verify_tools *tools, const struct manifest_file *file,
                                struct verify_finding *finding, struct lake_error *err)
{
    const struct verify_subject subject = {file, NULL, NULL, 0};
    struct lake_error failure = {LAKE_OK, ""};
    struct check check = {tools, &subject, finding};
    *finding = (struct verify_finding){0};
    lake_status status = check_bytes(&check, true, &failure);
    examiner_close(tools->examiner);
    if (status != LAKE_OK && !find_failure(status, &failure, finding))
        return lake_fail(err, status, "%s", failure.message);
    if (finding->problem == NULL)
        return LAKE_OK;
    char detail[VERIFY_DETAIL_BYTES];
    memcpy(detail, finding->detail, sizeof detail);
    (void)snprintf(finding->detail, sizeof finding->detail, "a superseded version: %.400s", detail);
    finding->problem = "history";
    return LAKE_OK;
}
