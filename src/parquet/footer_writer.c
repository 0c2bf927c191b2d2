#include "parquet/footer_writer.h"

#include <string.h>

/* "application version x.y.z (build b)", the form other readers parse. The version is that of what is written here; it
 * changes with the bytes, never with a release. */
static const char created_by[] = "dl-datalake version 1.0.0 (build format-1)";

enum { FORMAT_VERSION = 1, CONVERTED_NONE = -1 };

/* --- schema --- */

enum logical_type { LOGICAL_NONE = 0, LOGICAL_STRING = 1, LOGICAL_TIMESTAMP = 8 };

struct type_row {
    enum logical_type logical;
    int32_t time_unit; /* field of union TimeUnit */
    int32_t converted; /* enum ConvertedType */
};

static const struct type_row type_rows[] = {
    [COLUMN_BOOL] = {LOGICAL_NONE, 0, CONVERTED_NONE},
    [COLUMN_INT32] = {LOGICAL_NONE, 0, CONVERTED_NONE},
    [COLUMN_INT64] = {LOGICAL_NONE, 0, CONVERTED_NONE},
    [COLUMN_FLOAT] = {LOGICAL_NONE, 0, CONVERTED_NONE},
    [COLUMN_DOUBLE] = {LOGICAL_NONE, 0, CONVERTED_NONE},
    [COLUMN_TIMESTAMP_MS] = {LOGICAL_TIMESTAMP, 1, 9},
    [COLUMN_TIMESTAMP_US] = {LOGICAL_TIMESTAMP, 2, 10},
    [COLUMN_TIMESTAMP_NS] = {LOGICAL_TIMESTAMP, 3, CONVERTED_NONE},
    [COLUMN_UTF8] = {LOGICAL_STRING, 0, 0},
    [COLUMN_BINARY] = {LOGICAL_NONE, 0, CONVERTED_NONE},
    [COLUMN_FIXED] = {LOGICAL_NONE, 0, CONVERTED_NONE},
};

static void write_logical_type(struct thrift_writer *out, const struct type_row *type)
{
    if (type->logical == LOGICAL_NONE)
        return;
    thrift_open_struct(out, 10);
    thrift_open_struct(out, (int32_t)type->logical);
    if (type->logical == LOGICAL_TIMESTAMP) {
        thrift_write_bool(out, 1, true); /* isAdjustedToUTC */
        thrift_open_struct(out, 2);
        thrift_write_empty(out, type->time_unit);
        thrift_close_struct(out);
    }
    thrift_close_struct(out);
    thrift_close_struct(out);
}

static void add_field(struct thrift_writer *out, const struct column_field *field)
{
    const struct type_row *type = &type_rows[field->type];
    thrift_add_struct(out);
    thrift_write_i32(out, 1, (int32_t)values_physical(field->type));
    if (field->type == COLUMN_FIXED)
        thrift_write_i32(out, 2, field->width);
    thrift_write_i32(out, 3, field->nullable ? PARQUET_OPTIONAL : PARQUET_REQUIRED);
    thrift_write_string(out, 4, field->name);
    if (type->converted != CONVERTED_NONE)
        thrift_write_i32(out, 6, type->converted);
    write_logical_type(out, type);
    thrift_close_struct(out);
}

static void write_schema(struct thrift_writer *out, const struct schema *schema)
{
    thrift_open_list(out, 2, THRIFT_STRUCT, schema->n_fields + 1);
    thrift_add_struct(out);
    thrift_write_string(out, 4, "schema");
    thrift_write_i32(out, 5, (int32_t)schema->n_fields);
    thrift_close_struct(out);
    for (size_t i = 0; i < schema->n_fields; i++)
        add_field(out, &schema->fields[i]);
}

/* --- row groups --- */

static void write_encodings(struct thrift_writer *out, const struct written_chunk *chunk)
{
    bool has_dictionary = chunk->encoding == PARQUET_RLE_DICTIONARY;
    thrift_open_list(out, 2, THRIFT_I32, has_dictionary ? 3 : 2);
    if (has_dictionary)
        thrift_add_int(out, PARQUET_PLAIN);
    thrift_add_int(out, PARQUET_RLE); /* of the levels */
    thrift_add_int(out, chunk->encoding);
}

static void write_column_metadata(struct thrift_writer *out, const struct footer_input *input,
                                  const struct column_field *field, const struct written_chunk *chunk)
{
    thrift_open_struct(out, 3);
    thrift_write_i32(out, 1, (int32_t)values_physical(field->type));
    write_encodings(out, chunk);
    thrift_open_list(out, 3, THRIFT_BINARY, 1);
    thrift_add_binary(out, field->name, strlen(field->name));
    thrift_write_i32(out, 4, input->compression == PARQUET_SNAPPY ? PARQUET_CODEC_SNAPPY : PARQUET_CODEC_UNCOMPRESSED);
    thrift_write_i64(out, 5, chunk->n_values);
    thrift_write_i64(out, 6, chunk->uncompressed_bytes);
    thrift_write_i64(out, 7, chunk->compressed_bytes);
    thrift_write_i64(out, 9, chunk->data_page_offset);
    if (chunk->dictionary_page_offset > 0)
        thrift_write_i64(out, 11, chunk->dictionary_page_offset);
    statistics_write(&chunk->statistics, out, 12);
    thrift_close_struct(out);
}

/* Where the indexes of the next chunk lie. */
struct index_cursor {
    int64_t column_index;
    int64_t offset_index;
};

static void add_chunk(struct thrift_writer *out, const struct footer_input *input, const struct column_field *field,
                      const struct written_chunk *chunk, struct index_cursor *cursor)
{
    thrift_add_struct(out);
    thrift_write_i64(out, 2, 0); /* file_offset: deprecated, and 0 where the metadata stands in the footer only */
    write_column_metadata(out, input, field, chunk);
    thrift_write_i64(out, 4, cursor->offset_index);
    thrift_write_i32(out, 5, (int32_t)chunk->offset_index_bytes);
    if (chunk->column_index_bytes > 0) {
        thrift_write_i64(out, 6, cursor->column_index);
        thrift_write_i32(out, 7, (int32_t)chunk->column_index_bytes);
    }
    thrift_close_struct(out);
    cursor->column_index += (int64_t)chunk->column_index_bytes;
    cursor->offset_index += (int64_t)chunk->offset_index_bytes;
}

static void write_sorting(struct thrift_writer *out)
{
    thrift_open_list(out, 4, THRIFT_STRUCT, 1);
    thrift_add_struct(out);
    thrift_write_i32(out, 1, 0);      /* column_idx */
    thrift_write_bool(out, 2, false); /* descending */
    thrift_write_bool(out, 3, false); /* nulls_first */
    thrift_close_struct(out);
}

static void add_group(struct thrift_writer *out, const struct footer_input *input, size_t index,
                      struct index_cursor *cursor)
{
    const struct written_group *group = &input->groups[index];
    size_t n_columns = input->schema->n_fields;
    const struct written_chunk *chunks = input->chunks + index * n_columns;
    int64_t compressed_bytes = 0;
    int64_t uncompressed_bytes = 0;
    thrift_add_struct(out);
    thrift_open_list(out, 1, THRIFT_STRUCT, n_columns);
    for (size_t i = 0; i < n_columns; i++) {
        add_chunk(out, input, &input->schema->fields[i], &chunks[i], cursor);
        compressed_bytes += chunks[i].compressed_bytes;
        uncompressed_bytes += chunks[i].uncompressed_bytes;
    }
    thrift_write_i64(out, 2, uncompressed_bytes);
    thrift_write_i64(out, 3, group->n_rows);
    if (group->is_sorted)
        write_sorting(out);
    bool has_dictionary = chunks[0].dictionary_page_offset > 0;
    thrift_write_i64(out, 5, has_dictionary ? chunks[0].dictionary_page_offset : chunks[0].data_page_offset);
    thrift_write_i64(out, 6, compressed_bytes);
    thrift_close_struct(out);
}

lake_status footer_append(const struct footer_input *input, struct buffer *out, struct lake_error *err)
{
    struct thrift_writer writer;
    struct index_cursor cursor = {input->column_indexes_offset, input->offset_indexes_offset};
    int64_t n_rows = 0;
    for (size_t i = 0; i < input->n_groups; i++)
        n_rows += input->groups[i].n_rows;
    thrift_writer_begin(&writer, out, err);
    thrift_write_i32(&writer, 1, FORMAT_VERSION);
    write_schema(&writer, input->schema);
    thrift_write_i64(&writer, 3, n_rows);
    thrift_open_list(&writer, 4, THRIFT_STRUCT, input->n_groups);
    for (size_t i = 0; i < input->n_groups; i++)
        add_group(&writer, input, i, &cursor);
    thrift_write_string(&writer, 6, created_by);
    thrift_open_list(&writer, 7, THRIFT_STRUCT, input->schema->n_fields); /* column_orders */
    for (size_t i = 0; i < input->schema->n_fields; i++) {
        thrift_add_struct(&writer);
        thrift_write_empty(&writer, 1); /* TypeDefinedOrder */
        thrift_close_struct(&writer);
    }
    return thrift_writer_end(&writer);
}
