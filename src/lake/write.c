#include "lake/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "column/feature_period.h"
#include "column/time_unit.h"
#include "lake/bar_slots.h"
#include "lake/commit.h"
#include "lake/names.h"
#include "lake/types.h"
#include "lake/write_state.h"
#include "lake/write_version.h"

static const char default_type[] = "raw";

/* ---- beginning and end ---- */

static bool is_empty(const char *text)
{
    return text == NULL || text[0] == '\0';
}

static lake_status find_dataset_id(struct lake_write *write, struct lake_error *err)
{
    struct lake *lake = write->lake;
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_dataset *found = NULL;
    size_t n_found = 0;
    const struct manifest_dataset *wanted = &write->dataset;
    struct manifest_filter filter = {wanted->exchange, wanted->market, wanted->symbol, wanted->type, wanted->period};
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_datasets(lake->manifest, &filter, &arena, &found, &n_found, err);
    mutex_unlock(lake->mutex);
    if (status == LAKE_OK)
        write->dataset.id = n_found == 0 ? 0 : found[0].id;
    arena_release(&arena);
    return status;
}

/* Versions are what features have in place of a period, and nothing else has them. */
static lake_status name_period(struct lake_write *write, const char *given, struct lake_error *err)
{
    const struct data_type *type = write->type;
    const char *text = type->has_period || type->is_versioned ? given : type->fixed_period;
    if (is_empty(text))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         type->is_versioned ? "feature set and version are needed" : "period is needed");
    if (type->is_versioned) {
        struct feature_period feature;
        TRY(feature_period_parse(text, &feature, err));
    } else if (feature_period_is(text)) {
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "period '%.100s' is a version of features, and no period of %s",
                         text, type->name);
    }
    TRY(period_find_name(text, &write->period, write->period_name, err));
    if (type->is_registered && type->has_period && !bar_slots_has(write->period))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "'%s' is no period with a grid, as %s needs; those are 1m to 1mo",
                         write->period_name, type->name);
    return LAKE_OK;
}

static lake_status name_dataset(struct lake_write *write, const struct lake_selection *given, struct lake_error *err)
{
    if (is_empty(given->exchange) || is_empty(given->symbol))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s is needed", is_empty(given->exchange) ? "exchange" : "symbol");
    TRY(name_exchange(given->exchange, write->exchange, err));
    TRY(name_market(is_empty(given->market) ? write->lake->default_market : given->market, write->market, err));
    TRY(name_symbol(given->symbol, write->symbol, err));
    TRY(lake_type_find_writable(write->lake, is_empty(given->type) ? default_type : given->type, &write->type, err));
    TRY(name_period(write, given->period, err));
    write->dataset = (struct manifest_dataset){
        .exchange = write->exchange,
        .market = write->market,
        .symbol = write->symbol,
        .type = write->type->name,
        .period = write->period_name,
    };
    return LAKE_OK;
}

lake_status lake_write_begin(struct lake *lake, const struct lake_selection *dataset, const char *kind,
                             struct lake_write **out, struct lake_error *err)
{
    struct lake_write *write = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *write, &write, err));
    write->lake = lake;
    write->kind = kind;
    write->started_ms = lake->io.ops->now_ms(lake->io.context);
    write_notes_init(&write->notes);
    TRY_OUT(name_dataset(write, dataset, err));
    if (manifest_is_read_only(lake->manifest)) {
        status = lake_fail(err, LAKE_PERMISSION, "%s: this user may read the lake, not write to it", lake->db_path);
        goto out;
    }
    TRY_OUT(partition_set_init(&write->partitions, lake, kind, err));
    spill_init(&write->spill, lake, write->period->grain, lake->memory_bytes / WRITE_MEMORY_SHARE);
    TRY_OUT(find_dataset_id(write, err));
    *out = write;
    write = NULL;
out:
    lake_write_free(write);
    return status;
}

void lake_write_free(struct lake_write *write)
{
    if (write == NULL)
        return;
    for (size_t i = 0; i < write->n_sources; i++)
        memory_free(write->sources[i].path);
    if (write->spill.lake != NULL)
        spill_release(&write->spill);
    if (write->partitions.lake != NULL)
        partition_set_release(&write->partitions);
    write_release_rows(write);
    write_notes_release(&write->notes);
    schema_free(write->columns);
    memory_free(write->detail);
    memory_free(write->sources);
    memory_free(write);
}

struct lake_selection lake_write_dataset(const struct lake_write *write)
{
    struct lake_selection dataset = {write->exchange, write->market, write->symbol, write->type->name,
                                     write->period_name};
    return dataset;
}

const struct data_type *lake_write_type(const struct lake_write *write)
{
    return write->type;
}

const struct period *lake_write_period(const struct lake_write *write)
{
    return write->period;
}

lake_status lake_write_add_source(struct lake_write *write, const char *path, int64_t size_bytes,
                                  const uint8_t digest[SHA256_BYTES], struct lake_error *err)
{
    TRY(memory_resize(&write->sources, write->n_sources + 1, sizeof *write->sources, err));
    struct write_source *source = &write->sources[write->n_sources];
    *source = (struct write_source){.size_bytes = size_bytes, .has_sha256 = digest != NULL};
    if (digest != NULL)
        memcpy(source->sha256, digest, SHA256_BYTES);
    TRY(memory_copy_string(path, &source->path, err));
    write->n_sources++;
    return LAKE_OK;
}

/* ---- appending ---- */

/* What the type says that no row may lack. Rows that lack their key are counted where the type says so (I8). */
static lake_status check_values(const struct lake_write *write, const struct batch *batch, struct lake_error *err)
{
    const struct data_type *type = write->type;
    for (size_t i = 1; i < batch->schema->n_fields; i++) {
        const char *name = batch->schema->fields[i].name;
        const struct data_type_column *known = data_type_column(type, name);
        if (known != NULL && !known->nullable && batch->columns[i].null_count > 0)
            return lake_fail(err, LAKE_INVALID_DATA, "%s is null in %" PRId64 " rows", name,
                             batch->columns[i].null_count);
    }
    for (size_t k = 1; k < type->n_key && !data_type_counts_rows(type); k++)
        if (schema_find(batch->schema, type->key[k]) < 0)
            return lake_fail(err, LAKE_INVALID_DATA, "%s, which tells rows of one time apart, is missing",
                             type->key[k]);
    return LAKE_OK;
}

static lake_status check_batch(const struct lake_write *write, const struct batch *batch, struct lake_error *err)
{
    const char *key = write->type->key[0];
    enum column_type type = data_type_column(write->type, key)->type;
    if (batch->schema->n_fields == 0 || strcmp(batch->schema->fields[0].name, key) != 0 ||
        batch->schema->fields[0].type != type)
        return lake_fail(err, LAKE_INVALID_DATA, "the first column must be %s, a %s", key, column_type_name(type));
    if (batch->columns[0].null_count != 0)
        return lake_fail(err, LAKE_INVALID_DATA, "%s is null in %" PRId64 " rows", key, batch->columns[0].null_count);
    for (size_t i = 1; i < batch->schema->n_fields; i++) {
        const struct column_field *field = &batch->schema->fields[i];
        if (strcmp(field->name, MERGE_SOURCE_COLUMN) == 0)
            return lake_fail(err, LAKE_INVALID_DATA, "no column can be called '\\x01source'");
        const struct data_type_column *known = data_type_column(write->type, field->name);
        if (known != NULL && known->type != field->type)
            return lake_fail(err, LAKE_INVALID_DATA, "column %s is %s, it must be %s", field->name,
                             column_type_name(field->type), column_type_name(known->type));
    }
    return check_values(write, batch, err);
}

/* Adds the columns of a batch to those seen so far. */
static lake_status unite_columns(struct lake_write *write, const struct schema *schema, struct lake_error *err)
{
    struct column_field *fields = NULL;
    struct schema *united = NULL;
    size_t n = write->columns == NULL ? 0 : write->columns->n_fields;
    lake_status status = LAKE_OK;
    TRY(memory_new(n + schema->n_fields, sizeof *fields, &fields, err));
    for (size_t i = 0; i < n; i++)
        fields[i] = write->columns->fields[i];
    for (size_t i = 0; i < schema->n_fields; i++) {
        int found = write->columns == NULL ? -1 : schema_find(write->columns, schema->fields[i].name);
        if (found < 0)
            fields[n++] = schema->fields[i];
        else if (fields[found].type != schema->fields[i].type || fields[found].width != schema->fields[i].width)
            status =
                lake_fail(err, LAKE_INVALID_DATA, "column %s is %s in some rows and %s in others", fields[found].name,
                          column_type_name(fields[found].type), column_type_name(schema->fields[i].type));
    }
    if (status == LAKE_OK)
        status = schema_new(fields, n, &united, err);
    memory_free(fields);
    if (status != LAKE_OK)
        return status;
    schema_free(write->columns);
    write->columns = united;
    return LAKE_OK;
}

/* Files are named by dates: times outside the calendar's years have none. */
static lake_status note_range(struct lake_write *write, const struct batch *batch, struct lake_error *err)
{
    static const struct calendar_date first_date = {1, 1, 1}, last_date = {9999, 12, 31};
    const int64_t least = calendar_day_from_date(first_date) * MS_PER_DAY;
    const int64_t end = (calendar_day_from_date(last_date) + 1) * MS_PER_DAY;
    const int64_t per_ms = time_unit_per_ms(batch->schema->fields[0].type);
    const int64_t *ts = batch_values(batch, 0);
    int64_t first = ts[0], last = ts[0];
    for (int64_t i = 1; i < batch->n_rows; i++) {
        first = ts[i] < first ? ts[i] : first;
        last = ts[i] > last ? ts[i] : last;
    }
    first = time_unit_to_ms(first, per_ms);
    last = time_unit_to_ms(last, per_ms);
    if (first < least || last >= end)
        return lake_fail(err, LAKE_INVALID_DATA, "ts is %" PRId64 " ms, outside the years 1 to 9999",
                         first < least ? first : last);
    bool is_first = write->rows_read == 0;
    write->first_ms = is_first || first < write->first_ms ? first : write->first_ms;
    write->last_ms = is_first || last > write->last_ms ? last : write->last_ms;
    write->rows_read += batch->n_rows;
    return LAKE_OK;
}

static lake_status append(struct lake_write *write, const struct batch *batch, struct lake_error *err)
{
    if (!write_has_schema(write, batch->schema)) {
        TRY(check_batch(write, batch, err));
        TRY(unite_columns(write, batch->schema, err));
    }
    if (batch->columns[0].null_count != 0)
        return check_batch(write, batch, err);
    TRY(note_range(write, batch, err));
    return write_add_rows(write, batch, err);
}

static lake_status check_usable(const struct lake_write *write, struct lake_error *err)
{
    if (write->has_failed)
        return lake_fail(err, LAKE_INVALID_STATE, "this write has failed before: begin another");
    return LAKE_OK;
}

static lake_status check_open(const struct lake_write *write, struct lake_error *err)
{
    if (write->is_staged)
        return lake_fail(err, LAKE_INVALID_STATE, "this write is staged: rows for it come too late");
    return check_usable(write, err);
}

lake_status lake_write_append(struct lake_write *write, const struct batch *batch, struct lake_error *err)
{
    TRY(check_open(write, err));
    if (batch->n_rows == 0)
        return LAKE_OK;
    lake_status status = append(write, batch, err);
    write->has_failed = status != LAKE_OK;
    return status;
}

lake_status lake_write_begin_source(struct lake_write *write, struct lake_error *err)
{
    TRY(check_usable(write, err));
    if (write->source == INT32_MAX)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "a write of more than %d sources", INT32_MAX);
    write->source++;
    return LAKE_OK;
}

lake_status lake_write_set_detail(struct lake_write *write, const char *text, int64_t rows_rejected,
                                  struct lake_error *err)
{
    char *copy = NULL;
    if (text != NULL)
        TRY(memory_copy_string(text, &copy, err));
    memory_free(write->detail);
    write->detail = copy;
    write->rows_rejected = rows_rejected;
    return LAKE_OK;
}

/* ---- notes ---- */

lake_status lake_write_begin_member(struct lake_write *write, const char *member, struct lake_error *err)
{
    return write_notes_begin_member(&write->notes, (int64_t)write->n_sources + 1, member, err);
}

lake_status lake_write_note_origin(struct lake_write *write, const struct lake_write_origin *stretch,
                                   struct lake_error *err)
{
    if (write->notes.n_members == 0)
        return lake_fail(err, LAKE_INVALID_STATE, "rows have an origin before a source has a member");
    return write_notes_add_origin(&write->notes, stretch, err);
}

lake_status lake_write_note_absence(struct lake_write *write, const struct lake_write_absence *absence,
                                    struct lake_error *err)
{
    if (!write->type->has_period || absence->start_ms >= absence->end_ms)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "what is absent is a range of bars");
    return write_notes_add_absence(&write->notes, absence, err);
}

lake_status lake_write_add_finding(struct lake_write *write, const struct lake_write_finding *finding,
                                   struct lake_error *err)
{
    return write_notes_add_finding(&write->notes, finding, err);
}

/* ---- committing ---- */

static lake_status describe_sources(const struct lake_write *write, struct manifest_source **out,
                                    struct lake_error *err)
{
    TRY(memory_new(write->n_sources, sizeof **out, out, err));
    for (size_t i = 0; i < write->n_sources; i++) {
        const struct write_source *source = &write->sources[i];
        (*out)[i] =
            (struct manifest_source){source->path, source->size_bytes, source->has_sha256 ? source->sha256 : NULL};
    }
    return LAKE_OK;
}

static void sum_up(const struct lake_write *write, struct lake_write_result *result)
{
    *result = (struct lake_write_result){
        .rows_read = write->rows_read, .first_ms = write->first_ms, .last_ms = write->last_ms};
    for (size_t i = 0; i < write->partitions.n; i++) {
        const struct partition *partition = write->partitions.items[i];
        result->rows_new += partition->counts.rows.n_new;
        result->rows_changed += partition->counts.rows.n_changed;
        result->rows_equal += partition->counts.rows.n_equal + partition->counts.n_settled;
        result->days_changed += (int64_t)partition->n_days;
        result->files_written += partition->is_changed;
        result->bytes_written += partition->is_changed && partition->has_file ? partition->file.size_bytes : 0;
    }
    result->rows_repeated = result->rows_read - result->rows_new - result->rows_changed - result->rows_equal;
}

struct committing {
    struct lake_write *write;
    struct manifest_operation operation;
    struct lake_write_result *result;
};

static lake_status restage(void *context, struct lake_error *err)
{
    struct committing *committing = context;
    return partition_set_stage(&committing->write->partitions, SIZE_MAX, err);
}

/* Merging again may have changed the counts. */
static lake_status prepare(void *context, struct lake_error *err)
{
    struct committing *committing = context;
    TRY(write_check_version(committing->write, err));
    sum_up(committing->write, committing->result);
    committing->operation.rows_written = committing->result->rows_new + committing->result->rows_changed;
    return LAKE_OK;
}

static lake_status record(void *context, const struct commit *commit, struct lake_error *err)
{
    const struct committing *committing = context;
    return write_record_notes(committing->write, commit, err);
}

static lake_status commit_changes(struct lake_write *write, struct lake_write_result *result, struct lake_error *err)
{
    struct committing committing = {.write = write,
                                    .operation = {.kind = write->kind,
                                                  .source = "",
                                                  .rows_read = write->rows_read,
                                                  .rows_rejected = write->rows_rejected,
                                                  .started_ms = write->started_ms,
                                                  .software = LAKE_SOFTWARE,
                                                  .detail = write->detail == NULL ? "" : write->detail},
                                    .result = result};
    const struct commit_target target = {&write->dataset, write->columns};
    const struct commit_owner owner = {
        .restage = restage, .prepare = prepare, .record = record, .context = &committing};
    struct commit commit = {.set = &write->partitions,
                            .targets = &target,
                            .n_targets = 1,
                            .operation = &committing.operation,
                            .n_sources = write->n_sources};
    struct manifest_source *sources = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(describe_sources(write, &sources, err));
    commit.sources = sources;
    status = commit_run(&commit, &owner, err);
    if (status == LAKE_OK && commit.snapshot == 0) /* then nobody has asked since it was staged */
        status = write_check_version(write, err);
out:
    sum_up(write, result);
    result->snapshot = commit.snapshot;
    memory_free(sources);
    return status;
}

lake_status lake_write_stage(struct lake_write *write, struct lake_write_result *result, struct lake_error *err)
{
    TRY(check_open(write, err));
    write->has_failed = true;
    TRY(write_stage_all(write, err));
    TRY(write_check_version(write, err));
    write->has_failed = false;
    write->is_staged = true;
    sum_up(write, result);
    return LAKE_OK;
}

lake_status lake_write_commit(struct lake_write *write, struct lake_write_result *result, struct lake_error *err)
{
    TRY(check_usable(write, err));
    if (!write->is_staged)
        TRY(lake_write_stage(write, result, err));
    write->has_failed = true; /* whatever happens, it is not committed twice */
    return commit_changes(write, result, err);
}
