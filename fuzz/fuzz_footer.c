/* Footers: any bytes as the thrift of a Parquet file's metadata. What is parsed must hold together. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "parquet/metadata.h"

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void check(const struct metadata *metadata)
{
    const struct parquet_file *file = &metadata->file;
    int64_t n_rows = 0;
    require(file->n_rows >= 0 && file->n_row_groups >= 0 && file->created_by != NULL);
    for (int32_t i = 0; i < file->n_row_groups; i++) {
        require(metadata->groups[i].first_row == n_rows && metadata->groups[i].n_rows >= 0);
        n_rows += metadata->groups[i].n_rows;
    }
    require(n_rows == file->n_rows);
    for (size_t i = 0; i < file->n_columns; i++) {
        const struct parquet_file_column *column = &file->columns[i];
        require(strlen(column->field.name) < metadata->text.length);
        require(column->null_count >= -1 && column->null_count <= file->n_rows);
        require(!column->has_range || column->min <= column->max);
        require(column->unsupported != NULL || column->field.type != COLUMN_FIXED || column->field.width > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct metadata metadata;
    struct lake_error err = {0};
    metadata_init(&metadata);
    if (metadata_parse(&metadata, bytes, n, &err) == LAKE_OK)
        check(&metadata);
    else
        require(err.message[0] != '\0');
    metadata_release(&metadata);
    return 0;
}
