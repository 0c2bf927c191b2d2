#include "parquet/metadata.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"

enum { NO_TYPE = -1 };

/* What a column chunk says beside its struct column_chunk: why it cannot be read. */
struct chunk_extras {
    bool is_encrypted;
    bool is_elsewhere;
};

/* The statistics of a chunk; the old fields (1, 2) compare as signed integers whatever the column is. */
struct statistics {
    struct thrift_bytes min, max, old_min, old_max;
    int64_t null_count;
};

void metadata_init(struct metadata *metadata)
{
    memset(metadata, 0, sizeof *metadata);
    struct buffer *buffers[] = {&metadata->text, &metadata->column_memory, &metadata->leaf_memory,
                                &metadata->group_memory, &metadata->chunk_memory};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        buffer_init(buffers[i], LIMIT_PARQUET_FOOTER_MEMORY_BYTES);
}

void metadata_release(struct metadata *metadata)
{
    buffer_release(&metadata->text);
    buffer_release(&metadata->column_memory);
    buffer_release(&metadata->leaf_memory);
    buffer_release(&metadata->group_memory);
    buffer_release(&metadata->chunk_memory);
}

static void forget(struct metadata *metadata)
{
    memset(&metadata->file, 0, sizeof metadata->file);
    metadata->leaves = NULL;
    metadata->groups = NULL;
    metadata->chunks = NULL;
    buffer_clear(&metadata->text);
    buffer_clear(&metadata->column_memory);
    buffer_clear(&metadata->leaf_memory);
    buffer_clear(&metadata->group_memory);
    buffer_clear(&metadata->chunk_memory);
}

const struct column_chunk *metadata_chunk(const struct metadata *metadata, int32_t group, size_t column)
{
    return &metadata->chunks[(size_t)group * metadata->file.n_columns + column];
}

bool metadata_integer(const struct schema_leaf *leaf, struct thrift_bytes bytes, int64_t *out)
{
    if (leaf->physical == PARQUET_INT64 && bytes.n == 8) {
        *out = (int64_t)load_u64(bytes.at);
        return true;
    }
    if (leaf->physical == PARQUET_INT32 && bytes.n == 4) {
        uint32_t value = load_u32(bytes.at);
        *out = leaf->is_unsigned ? (int64_t)value : (int64_t)(int32_t)value;
        return true;
    }
    return false;
}

static struct statistics read_statistics(struct thrift_reader *in, struct thrift_field outer)
{
    struct statistics statistics = {.null_count = -1};
    struct thrift_field field = {0};
    if (!thrift_enter_struct(in, outer))
        return statistics;
    while (thrift_next_field(in, &field)) {
        switch (field.id) {
        case 1: statistics.old_max = thrift_binary(in, field); break;
        case 2: statistics.old_min = thrift_binary(in, field); break;
        case 3: statistics.null_count = thrift_i64(in, field); break;
        case 5: statistics.max = thrift_binary(in, field); break;
        case 6: statistics.min = thrift_binary(in, field); break;
        default: thrift_skip(in, field.type); break;
        }
    }
    return statistics;
}

static void apply_statistics(struct column_chunk *chunk, const struct schema_leaf *leaf, const struct statistics *from)
{
    struct value_range *range = &chunk->range;
    if (from->null_count >= 0 && from->null_count <= chunk->n_values)
        chunk->null_count = from->null_count;
    bool known = metadata_integer(leaf, from->min, &range->min) && metadata_integer(leaf, from->max, &range->max);
    if (!known && !leaf->is_unsigned)
        known =
            metadata_integer(leaf, from->old_min, &range->min) && metadata_integer(leaf, from->old_max, &range->max);
    range->is_known = known && range->min <= range->max;
}

/* ColumnMetaData. */
static void read_chunk_metadata(struct thrift_reader *in, const struct schema_leaf *leaf, struct column_chunk *chunk)
{
    struct statistics statistics = {.null_count = -1};
    struct thrift_field field = {0};
    while (thrift_next_field(in, &field)) {
        switch (field.id) {
        case 1: chunk->physical = thrift_i32(in, field); break;
        case 4: chunk->codec = thrift_i32(in, field); break;
        case 5: chunk->n_values = thrift_i64(in, field); break;
        case 7: chunk->compressed_bytes = thrift_i64(in, field); break;
        case 9: chunk->data_page_offset = thrift_i64(in, field); break;
        case 11: chunk->dictionary_page_offset = thrift_i64(in, field); break;
        case 12: statistics = read_statistics(in, field); break;
        default: thrift_skip(in, field.type); break;
        }
    }
    apply_statistics(chunk, leaf, &statistics);
}

/* ColumnChunk. */
static struct chunk_extras read_chunk(struct thrift_reader *in, const struct schema_leaf *leaf,
                                      struct column_chunk *chunk)
{
    struct chunk_extras extras = {false, false};
    struct thrift_field field = {0};
    while (thrift_next_field(in, &field)) {
        switch (field.id) {
        case 1: extras.is_elsewhere = thrift_binary(in, field).n > 0; break;
        case 3:
            if (thrift_enter_struct(in, field))
                read_chunk_metadata(in, leaf, chunk);
            break;
        case 4: chunk->offset_index.offset = thrift_i64(in, field); break;
        case 5: chunk->offset_index.n_bytes = thrift_i32(in, field); break;
        case 6: chunk->column_index.offset = thrift_i64(in, field); break;
        case 7: chunk->column_index.n_bytes = thrift_i32(in, field); break;
        case 8:
            extras.is_encrypted = true;
            thrift_skip(in, field.type);
            break;
        default: thrift_skip(in, field.type); break;
        }
    }
    return extras;
}

static const char *unsupported_codec(int32_t codec)
{
    switch (codec) {
    case PARQUET_CODEC_UNCOMPRESSED:
    case PARQUET_CODEC_SNAPPY:
    case PARQUET_CODEC_GZIP:
    case PARQUET_CODEC_ZSTD: return NULL;
    case PARQUET_CODEC_LZO: return "LZO compression";
    case PARQUET_CODEC_BROTLI: return "brotli compression";
    case PARQUET_CODEC_LZ4:
    case PARQUET_CODEC_LZ4_RAW: return "LZ4 compression";
    default: return "an unknown compression";
    }
}

/* Keeps the first reason why a column cannot be read. */
static void note_unsupported(struct schema_leaf *leaf, struct chunk_extras extras, const struct column_chunk *chunk)
{
    if (leaf->unsupported != NULL)
        return;
    if (extras.is_encrypted)
        leaf->unsupported = "encrypted columns";
    else if (extras.is_elsewhere)
        leaf->unsupported = "columns in another file";
    else if (chunk->physical != NO_TYPE)
        leaf->unsupported = unsupported_codec(chunk->codec);
}

static struct schema_leaf *leaf_array(struct metadata *metadata)
{
    void *leaves = metadata->leaf_memory.data;
    return leaves;
}

/* The columns of a RowGroup. */
static lake_status read_chunks(struct metadata *metadata, struct thrift_reader *in, struct thrift_field field,
                               struct lake_error *err)
{
    struct schema_leaf *leaves = leaf_array(metadata);
    struct thrift_list list = thrift_list(in, field, THRIFT_STRUCT);
    TRY(thrift_status(in, "footer", err));
    if (list.n != metadata->file.n_columns)
        return lake_fail(err, LAKE_CORRUPT, "footer: a row group has %u columns, the schema %zu", (unsigned)list.n,
                         metadata->file.n_columns);
    for (uint32_t i = 0; i < list.n && in->failure == NULL; i++) {
        struct column_chunk chunk = {.physical = NO_TYPE, .null_count = -1};
        struct chunk_extras extras = read_chunk(in, &leaves[i], &chunk);
        note_unsupported(&leaves[i], extras, &chunk);
        TRY(buffer_append(&metadata->chunk_memory, &chunk, sizeof chunk, err));
    }
    return LAKE_OK;
}

static lake_status read_row_group(struct metadata *metadata, struct thrift_reader *in, struct row_group *group,
                                  struct lake_error *err)
{
    struct thrift_field field = {0};
    bool has_chunks = false;
    group->n_rows = -1;
    while (thrift_next_field(in, &field)) {
        if (field.id == 1 && !has_chunks) {
            TRY(read_chunks(metadata, in, field, err));
            has_chunks = true;
        } else if (field.id == 3) {
            group->n_rows = thrift_i64(in, field);
        } else {
            thrift_skip(in, field.type);
        }
    }
    TRY(thrift_status(in, "footer", err));
    if (!has_chunks || group->n_rows < 0)
        return lake_fail(err, LAKE_CORRUPT, "footer: a row group lacks its columns or its number of rows");
    return LAKE_OK;
}

static lake_status read_row_groups(struct metadata *metadata, struct thrift_reader *in, struct thrift_field field,
                                   struct lake_error *err)
{
    struct thrift_list list = thrift_list(in, field, THRIFT_STRUCT);
    struct row_group group = {0, 0};
    if (metadata->group_memory.length > 0 || list.n > LIMIT_PARQUET_ROW_GROUPS)
        return lake_fail(err, LAKE_CORRUPT, "footer: more than %d row groups", LIMIT_PARQUET_ROW_GROUPS);
    for (uint32_t i = 0; i < list.n; i++) {
        TRY(read_row_group(metadata, in, &group, err));
        TRY(buffer_append(&metadata->group_memory, &group, sizeof group, err));
        if (group.n_rows > INT64_MAX - group.first_row)
            return lake_fail(err, LAKE_CORRUPT, "footer: the rows of the row groups do not fit 64 bits");
        group.first_row += group.n_rows;
    }
    metadata->file.n_row_groups = (int32_t)list.n;
    return LAKE_OK;
}

static lake_status read_schema(struct metadata *metadata, struct thrift_reader *in, struct thrift_field field,
                               struct lake_error *err)
{
    if (metadata->leaf_memory.length > 0)
        return lake_fail(err, LAKE_CORRUPT, "footer: two schemas");
    TRY(schema_tree_parse(in, field, &metadata->leaf_memory, &metadata->text, err));
    metadata->file.n_columns = metadata->leaf_memory.length / sizeof(struct schema_leaf);
    return LAKE_OK;
}

static lake_status copy_text(struct metadata *metadata, struct thrift_bytes bytes, struct lake_error *err)
{
    const void *zero = bytes.n > 0 ? memchr(bytes.at, '\0', bytes.n) : NULL;
    size_t n = zero != NULL ? (size_t)((const uint8_t *)zero - bytes.at) : bytes.n;
    if (n > 0)
        TRY(buffer_append(&metadata->text, bytes.at, n, err));
    return buffer_append_byte(&metadata->text, '\0', err);
}

/* FileMetaData. Fields are numbered in the order in which they must be understood, and every writer writes them so. */
static lake_status read_file(struct metadata *metadata, struct thrift_reader *in, struct thrift_bytes *created_by,
                             struct lake_error *err)
{
    struct thrift_field field = {0};
    bool has_schema = false;
    metadata->file.n_rows = -1;
    while (thrift_next_field(in, &field)) {
        switch (field.id) {
        case 2:
            TRY(read_schema(metadata, in, field, err));
            has_schema = true;
            break;
        case 3: metadata->file.n_rows = thrift_i64(in, field); break;
        case 4:
            if (!has_schema)
                return lake_fail(err, LAKE_CORRUPT, "footer: row groups before the schema");
            TRY(read_row_groups(metadata, in, field, err));
            break;
        case 6: *created_by = thrift_binary(in, field); break;
        default: thrift_skip(in, field.type); break;
        }
    }
    TRY(thrift_status(in, "footer", err));
    if (!has_schema || metadata->file.n_rows < 0)
        return lake_fail(err, LAKE_CORRUPT, "footer: no schema or no number of rows");
    return LAKE_OK;
}

static lake_status check_rows(const struct metadata *metadata, struct lake_error *err)
{
    int64_t n_rows = 0;
    for (int32_t i = 0; i < metadata->file.n_row_groups; i++)
        n_rows += metadata->groups[i].n_rows;
    if (n_rows != metadata->file.n_rows)
        return lake_fail(err, LAKE_CORRUPT, "footer: %" PRId64 " rows, but %" PRId64 " in its row groups",
                         metadata->file.n_rows, n_rows);
    return LAKE_OK;
}

/* Unites the statistics of a column's chunks: known only if each is known, or holds nothing but nulls. */
static void unite_statistics(const struct metadata *metadata, size_t index, struct parquet_file_column *column)
{
    bool all_known = true;
    for (int32_t i = 0; i < metadata->file.n_row_groups; i++) {
        const struct column_chunk *chunk = metadata_chunk(metadata, i, index);
        int64_t n_rows = metadata->groups[i].n_rows;
        bool counted = chunk->null_count >= 0 && chunk->null_count <= n_rows && column->null_count >= 0;
        column->null_count = counted ? column->null_count + chunk->null_count : -1;
        if (chunk->null_count == n_rows)
            continue;
        all_known = all_known && chunk->range.is_known;
        if (!chunk->range.is_known)
            continue;
        bool is_first = !column->has_range;
        column->min = is_first || chunk->range.min < column->min ? chunk->range.min : column->min;
        column->max = is_first || chunk->range.max > column->max ? chunk->range.max : column->max;
        column->has_range = true;
    }
    column->has_range = column->has_range && all_known;
}

/* Publishes what was read, once nothing moves any more. */
static lake_status finish(struct metadata *metadata, size_t created_by_at, struct lake_error *err)
{
    void *groups = metadata->group_memory.data;
    void *chunks = metadata->chunk_memory.data;
    const char *text = (const char *)metadata->text.data;
    metadata->leaves = leaf_array(metadata);
    metadata->groups = groups;
    metadata->chunks = chunks;
    metadata->file.created_by = text + created_by_at;
    TRY(check_rows(metadata, err));
    for (size_t i = 0; i < metadata->file.n_columns; i++) {
        const struct schema_leaf *leaf = &metadata->leaves[i];
        bool is_raw = leaf->unsupported == NULL && leaf->raw != NULL;
        struct parquet_file_column column = {.field = leaf->field,
                                             .unsupported = is_raw ? leaf->raw : leaf->unsupported,
                                             .logic = leaf->logic,
                                             .scale = leaf->scale,
                                             .is_raw = is_raw};
        column.field.name = text + leaf->name_at;
        if (column.unsupported == NULL)
            unite_statistics(metadata, i, &column);
        else
            column.null_count = -1;
        TRY(buffer_append(&metadata->column_memory, &column, sizeof column, err));
    }
    void *columns = metadata->column_memory.data;
    metadata->file.columns = columns;
    return LAKE_OK;
}

static lake_status parse(struct metadata *metadata, struct thrift_bytes footer, struct lake_error *err)
{
    struct thrift_reader in = thrift_reader_init(footer.at, footer.n);
    struct thrift_bytes created_by = {NULL, 0};
    TRY(read_file(metadata, &in, &created_by, err));
    size_t created_by_at = metadata->text.length;
    TRY(copy_text(metadata, created_by, err));
    return finish(metadata, created_by_at, err);
}

lake_status metadata_parse(struct metadata *metadata, const uint8_t *bytes, size_t n, struct lake_error *err)
{
    struct thrift_bytes footer = {bytes, n};
    forget(metadata);
    lake_status status = parse(metadata, footer, err);
    if (status != LAKE_OK)
        forget(metadata);
    return status;
}
