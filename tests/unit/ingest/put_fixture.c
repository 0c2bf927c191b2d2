#include "put_fixture.h"

#include <datalake/bars.h>
#include <datalake/history.h>
#include <datalake/text.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

/* ---- arrays ---- */

struct array_owner {
    struct put_table *table;
    struct ArrowArray children[PUT_MOST_FIELDS], dictionaries[PUT_MOST_FIELDS], *pointers[PUT_MOST_FIELDS];
    const void *buffers[2 * PUT_MOST_FIELDS][6];
};

static void release_child(struct ArrowArray *array)
{
    array->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    struct array_owner *owner = array->private_data;
    owner->table->n_arrays--;
    free(owner);
    array->release = NULL;
}

static void fill_column(const struct put_field *field, const void *buffers[6], struct ArrowArray *out)
{
    bool has_all = field->values == NULL && field->n_buffers != 0;
    buffers[0] = field->validity;
    buffers[1] = field->values;
    buffers[2] = field->bytes;
    out->n_buffers = field->bytes != NULL ? 3 : 2;
    if (has_all) {
        memcpy(buffers, field->buffers, sizeof field->buffers);
        out->n_buffers = field->n_buffers < 0 ? 0 : field->n_buffers;
    } else if (field->n_buffers != 0) {
        out->n_buffers = field->n_buffers < 0 ? 0 : field->n_buffers;
    }
    out->buffers = buffers;
    out->null_count = field->null_count != 0 ? field->null_count : field->validity != NULL ? -1 : 0;
    out->release = release_child;
}

static int make_array(struct put_table *table, int64_t first, int64_t n, struct ArrowArray *out)
{
    struct array_owner *owner = calloc(1, sizeof *owner);
    if (owner == NULL)
        return ENOMEM;
    owner->table = table;
    for (size_t i = 0; i < table->n_fields; i++) {
        const struct put_field *field = &table->fields[i];
        struct ArrowArray *child = &owner->children[i];
        fill_column(field, owner->buffers[2 * i], child);
        child->length = n;
        child->offset = table->first + first;
        owner->pointers[i] = child;
        if (field->dictionary != NULL) {
            fill_column(field->dictionary, owner->buffers[2 * i + 1], &owner->dictionaries[i]);
            owner->dictionaries[i].length = field->dictionary_length;
            child->dictionary = &owner->dictionaries[i];
        }
    }
    *out = (struct ArrowArray){.length = n + table->length_lie,
                               .n_children = (int64_t)(table->n_children > 0 ? table->n_children : table->n_fields),
                               .children = owner->pointers,
                               .release = release_array,
                               .private_data = owner};
    table->n_arrays++;
    table->n_batches++;
    return 0;
}

/* ---- schema ---- */

struct schema_owner {
    struct put_table *table;
    struct ArrowSchema children[PUT_MOST_FIELDS], dictionaries[PUT_MOST_FIELDS], *pointers[PUT_MOST_FIELDS];
};

static void release_part(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_schema(struct ArrowSchema *schema)
{
    struct schema_owner *owner = schema->private_data;
    owner->table->n_schemas--;
    free(owner);
    schema->release = NULL;
}

static int make_schema(struct put_table *table, struct ArrowSchema *out)
{
    struct schema_owner *owner = calloc(1, sizeof *owner);
    if (owner == NULL)
        return ENOMEM;
    owner->table = table;
    for (size_t i = 0; i < table->n_fields; i++) {
        const struct put_field *field = &table->fields[i];
        owner->pointers[i] = &owner->children[i];
        owner->children[i] = (struct ArrowSchema){.name = field->name,
                                                  .format = field->format,
                                                  .flags = field->is_not_nullable ? 0 : ARROW_FLAG_NULLABLE,
                                                  .release = release_part};
        if (field->dictionary == NULL)
            continue;
        owner->dictionaries[i] = (struct ArrowSchema){
            .name = "", .format = field->dictionary->format, .flags = ARROW_FLAG_NULLABLE, .release = release_part};
        owner->children[i].dictionary = &owner->dictionaries[i];
    }
    *out = (struct ArrowSchema){.format = "+s",
                                .name = "",
                                .n_children = (int64_t)table->n_fields,
                                .children = owner->pointers,
                                .release = release_schema,
                                .private_data = owner};
    table->n_schemas++;
    return 0;
}

/* ---- streams ---- */

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct put_table *table = stream->private_data;
    if (table->schema_error != 0)
        return table->schema_error;
    return make_schema(table, out);
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct put_table *table = stream->private_data;
    int64_t most = table->batch_rows > 0 ? table->batch_rows : table->n_rows;
    if (table->error != 0 && table->n_batches == table->error_at)
        return table->error;
    memset(out, 0, sizeof *out);
    if (table->next >= table->n_rows && table->n_batches > 0)
        return 0;
    int64_t n = table->n_rows - table->next < most ? table->n_rows - table->next : most;
    int result = make_array(table, table->next, n, out);
    table->next += n;
    return result;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    return ((const struct put_table *)stream->private_data)->message;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    ((struct put_table *)stream->private_data)->n_streams--;
    stream->release = NULL;
}

struct ArrowArrayStream put_stream(struct put_table *table)
{
    table->next = table->n_batches = 0;
    table->n_streams++;
    return (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, table};
}

void assert_released(const struct put_table *table)
{
    assert_int_equal(table->n_streams, 0);
    assert_int_equal(table->n_schemas, 0);
    assert_int_equal(table->n_arrays, 0);
}

/* ---- puts ---- */

struct lake_put_options put_options(void)
{
    return (struct lake_put_options){.size = sizeof(struct lake_put_options),
                                     .dataset = {.exchange = "test", .symbol = "BTC/USDT", .period = "1m"}};
}

lake_status put_table(struct put_table *table, const struct lake_put_options *options, struct lake_put_result *result,
                      struct lake_error *err)
{
    struct ArrowArrayStream stream = put_stream(table);
    *result = (struct lake_put_result){.size = sizeof *result};
    lake_status status = lake_put(fixture->lake, options, &stream, result, err);
    assert_null(stream.release);
    assert_released(table);
    return status;
}

struct lake_put_result put_well(struct put_table *table, const struct lake_put_options *options)
{
    struct lake_error err = {LAKE_OK, ""};
    struct lake_put_result result;
    if (put_table(table, options, &result, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    return result;
}

void put_badly(struct put_table *table, const struct lake_put_options *options, lake_status wanted, const char *message)
{
    struct lake_error err = {LAKE_OK, ""};
    struct lake_put_result result;
    int64_t n_files = count_files(fixture->lake);
    lake_status status = put_table(table, options, &result, &err);
    if (status != wanted || strstr(err.message, message) == NULL)
        fail_msg("%d '%s' is not %d '%s'", (int)status, err.message, (int)wanted, message);
    assert_int_equal(err.status, wanted);
    assert_int_equal(count_files(fixture->lake), n_files);
    assert_int_equal(count_paths(fixture, "data", NULL), n_files);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
}

static int append_text(void *context, const void *bytes, size_t n)
{
    return buffer_append(context, bytes, n, NULL) == LAKE_OK ? 0 : 1;
}

static char *text_of(struct ArrowArrayStream *stream)
{
    struct buffer text = BUFFER_INIT(1 << 20);
    struct lake_error err = {LAKE_OK, ""};
    struct lake_write_options form = {.size = sizeof form, .format = LAKE_FORMAT_CSV};
    const char *string = NULL;
    assert_int_equal(lake_write_stream(stream, &form, (struct lake_sink){append_text, &text}, &err), LAKE_OK);
    assert_int_equal(buffer_string(&text, &string, &err), LAKE_OK);
    char *copy = strdup(string);
    buffer_release(&text);
    assert_non_null(copy);
    return copy;
}

char *log_text(void)
{
    struct ArrowArrayStream stream;
    struct lake_error err = {LAKE_OK, ""};
    assert_int_equal(lake_log(fixture->lake, NULL, &stream, &err), LAKE_OK);
    return text_of(&stream);
}

char *explained_bar(int64_t ts_ms)
{
    struct ArrowArrayStream stream;
    struct lake_error err = {LAKE_OK, ""};
    const struct lake_explain_options options = {
        .size = sizeof options, .dataset = {.exchange = "test", .symbol = "BTCUSDT"}, .ts_ms = ts_ms};
    assert_int_equal(lake_explain(fixture->lake, &options, &stream, &err), LAKE_OK);
    return text_of(&stream);
}

struct put_field *bar_fields(int64_t first, int64_t n)
{
    static struct put_field fields[BAR_FIELDS];
    static int64_t *ts;
    static double *values[BAR_FIELDS];
    static const char *const names[BAR_FIELDS] = {"ts", "open", "high", "low", "close", "volume"};
    ts = realloc(ts, (size_t)n * sizeof *ts + 1);
    for (size_t i = 1; i < BAR_FIELDS; i++)
        values[i] = realloc(values[i], (size_t)n * sizeof(double) + 1);
    for (int64_t i = 0; i < n; i++) {
        struct bar bar = bar_of(DAY_2024 + (first + i) * MS_PER_MINUTE);
        ts[i] = bar.ts;
        values[1][i] = bar.open;
        values[2][i] = bar.high;
        values[3][i] = bar.low;
        values[4][i] = bar.close;
        values[5][i] = bar.volume;
    }
    for (size_t i = 0; i < BAR_FIELDS; i++)
        fields[i] = (struct put_field){
            .name = names[i], .format = i == 0 ? "tsm:UTC" : "g", .values = i == 0 ? (const void *)ts : values[i]};
    return fields;
}

struct put_table bar_table(int64_t first, int64_t n)
{
    return (struct put_table){.fields = bar_fields(first, n), .n_fields = BAR_FIELDS, .n_rows = n};
}

const char *stranger_file(const char *directory, int64_t first, int64_t n)
{
    static char path[2 * FIXTURE_PATH_BYTES];
    char from[3 * FIXTURE_PATH_BYTES], command[12 * FIXTURE_PATH_BYTES];
    struct put_table table = bar_table(first, n);
    struct lake_put_options options = put_options();
    struct fixture *here = fixture;
    fixture = fixture_new();
    (void)put_well(&table, &options);
    (void)snprintf(from, sizeof from, "%s", first_file(fixture));
    (void)snprintf(path, sizeof path, "%s/data/%s/from-elsewhere.parquet", here->root, directory);
    (void)snprintf(command, sizeof command, "mkdir -p '%s/data/%s' && cp '%s' '%s'", here->root, directory, from, path);
    assert_int_equal(system(command), 0);
    fixture_free(fixture);
    fixture = here;
    return path;
}
