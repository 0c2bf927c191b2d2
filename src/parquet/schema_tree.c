#include "parquet/schema_tree.h"

#include <string.h>

#include "base/limits.h"

/* What an annotation says, whether written as a LogicalType or as the older ConvertedType. The numbers are the field
 * ids of the union LogicalType. */
enum annotation_kind {
    ANNOTATION_NONE = 0,
    ANNOTATION_STRING = 1,
    ANNOTATION_ENUM = 4,
    ANNOTATION_DECIMAL = 5,
    ANNOTATION_DATE = 6,
    ANNOTATION_TIME = 7,
    ANNOTATION_TIMESTAMP = 8,
    ANNOTATION_INTEGER = 10,
    ANNOTATION_NULL = 11,
    ANNOTATION_JSON = 12,
    ANNOTATION_FLOAT16 = 15,
    ANNOTATION_INTERVAL = 100 /* has a converted type only */
};

/* The field ids of the union TimeUnit. */
enum time_unit { UNIT_NONE = 0, UNIT_MILLIS = 1, UNIT_MICROS = 2, UNIT_NANOS = 3 };

struct annotation {
    int32_t kind;
    int32_t unit;
    int32_t bits;
    bool is_signed;
    bool is_local; /* of timestamps: not adjusted to UTC */
    int32_t scale; /* of decimals */
};

struct schema_element {
    int32_t physical;
    int32_t type_length;
    int32_t repetition;
    int32_t n_children;
    int32_t converted;
    int32_t scale; /* of the converted type */
    struct thrift_bytes name;
    struct annotation logical;
};

/* Where we are in the tree: groups that still have children to come. */
struct schema_walk {
    struct thrift_reader *in;
    struct buffer *leaves;
    struct buffer *text;
    struct {
        int32_t n_left;
        struct thrift_bytes name;
    } open[LIMIT_PARQUET_THRIFT_DEPTH];
    int depth;
};

/* Reads a union whose members are empty structs: the id of the one that is set. */
static int32_t read_unit(struct thrift_reader *in, struct thrift_field outer)
{
    int32_t unit = UNIT_NONE;
    struct thrift_field field = {0};
    if (!thrift_enter_struct(in, outer))
        return unit;
    while (thrift_next_field(in, &field)) {
        unit = field.id;
        thrift_skip(in, field.type);
    }
    return unit;
}

/* TimestampType: 1 isAdjustedToUTC, 2 unit. */
static void read_timestamp(struct thrift_reader *in, struct annotation *out)
{
    struct thrift_field field = {0};
    while (thrift_next_field(in, &field)) {
        if (field.id == 1)
            out->is_local = !thrift_bool(in, field);
        else if (field.id == 2)
            out->unit = read_unit(in, field);
        else
            thrift_skip(in, field.type);
    }
}

/* IntType: 1 bitWidth, 2 isSigned. */
static void read_integer(struct thrift_reader *in, struct annotation *out)
{
    struct thrift_field field = {0};
    while (thrift_next_field(in, &field)) {
        if (field.id == 1)
            out->bits = thrift_i32(in, field);
        else if (field.id == 2)
            out->is_signed = thrift_bool(in, field);
        else
            thrift_skip(in, field.type);
    }
}

/* DecimalType: 1 scale, 2 precision. */
static void read_decimal(struct thrift_reader *in, struct annotation *out)
{
    struct thrift_field field = {0};
    while (thrift_next_field(in, &field)) {
        if (field.id == 1)
            out->scale = thrift_i32(in, field);
        else
            thrift_skip(in, field.type);
    }
}

static struct annotation read_logical(struct thrift_reader *in, struct thrift_field outer)
{
    struct annotation logical = {ANNOTATION_NONE, UNIT_NONE, 0, true, false, 0};
    struct thrift_field field = {0};
    if (!thrift_enter_struct(in, outer))
        return logical;
    while (thrift_next_field(in, &field)) {
        logical.kind = field.id;
        if (field.id == ANNOTATION_TIMESTAMP && thrift_enter_struct(in, field))
            read_timestamp(in, &logical);
        else if (field.id == ANNOTATION_INTEGER && thrift_enter_struct(in, field))
            read_integer(in, &logical);
        else if (field.id == ANNOTATION_DECIMAL && thrift_enter_struct(in, field))
            read_decimal(in, &logical);
        else
            thrift_skip(in, field.type);
    }
    return logical;
}

/* The enumeration ConvertedType, by its numbers. */
static struct annotation annotation_of_converted(int32_t converted)
{
    static const struct annotation table[] = {
        [0] = {ANNOTATION_STRING, 0, 0, true, false, 0},
        [4] = {ANNOTATION_ENUM, 0, 0, true, false, 0},
        [5] = {ANNOTATION_DECIMAL, 0, 0, true, false, 0},
        [6] = {ANNOTATION_DATE, 0, 0, true, false, 0},
        [7] = {ANNOTATION_TIME, UNIT_MILLIS, 0, true, false, 0},
        [8] = {ANNOTATION_TIME, UNIT_MICROS, 0, true, false, 0},
        [9] = {ANNOTATION_TIMESTAMP, UNIT_MILLIS, 0, true, false, 0},
        [10] = {ANNOTATION_TIMESTAMP, UNIT_MICROS, 0, true, false, 0},
        [11] = {ANNOTATION_INTEGER, 0, 8, false, false, 0},
        [12] = {ANNOTATION_INTEGER, 0, 16, false, false, 0},
        [13] = {ANNOTATION_INTEGER, 0, 32, false, false, 0},
        [14] = {ANNOTATION_INTEGER, 0, 64, false, false, 0},
        [19] = {ANNOTATION_JSON, 0, 0, true, false, 0},
        [21] = {ANNOTATION_INTERVAL, 0, 0, true, false, 0},
    };
    static const struct annotation none = {ANNOTATION_NONE, 0, 0, true, false, 0};
    if (converted < 0 || (size_t)converted >= sizeof table / sizeof *table)
        return none;
    return table[converted];
}

static struct schema_element read_element(struct thrift_reader *in)
{
    struct schema_element element = {.physical = -1, .repetition = -1, .converted = -1, .name = {in->end, 0}};
    struct thrift_field field = {0};
    while (thrift_next_field(in, &field)) {
        switch (field.id) {
        case 1: element.physical = thrift_i32(in, field); break;
        case 2: element.type_length = thrift_i32(in, field); break;
        case 3: element.repetition = thrift_i32(in, field); break;
        case 4: element.name = thrift_binary(in, field); break;
        case 5: element.n_children = thrift_i32(in, field); break;
        case 6: element.converted = thrift_i32(in, field); break;
        case 7: element.scale = thrift_i32(in, field); break;
        case 10: element.logical = read_logical(in, field); break;
        default: thrift_skip(in, field.type); break;
        }
    }
    return element;
}

static void set_type(struct schema_leaf *leaf, enum column_type type, int32_t physical_width)
{
    leaf->field.type = type;
    leaf->physical_width = physical_width;
}

static const char *refused_annotation(int32_t kind)
{
    switch (kind) {
    case ANNOTATION_TIME: return "TIME values";
    case ANNOTATION_FLOAT16: return "FLOAT16 values";
    case ANNOTATION_INTERVAL: return "INTERVAL values";
    default: return NULL;
    }
}

static void set_raw(struct schema_leaf *leaf, enum parquet_logic logic, const char *what)
{
    leaf->logic = logic;
    leaf->raw = what;
}

/* What the annotation says beyond the type; that of integers is told with their type. */
static void set_logic(struct schema_leaf *leaf, const struct annotation *annotation)
{
    switch (annotation->kind) {
    case ANNOTATION_DATE: leaf->logic = PARQUET_LOGIC_DATE; break;
    case ANNOTATION_TIMESTAMP: leaf->logic = annotation->is_local ? PARQUET_LOGIC_LOCAL : PARQUET_LOGIC_NONE; break;
    case ANNOTATION_DECIMAL:
        set_raw(leaf, PARQUET_LOGIC_DECIMAL, "DECIMAL values");
        leaf->scale = annotation->scale;
        break;
    case ANNOTATION_NULL: set_raw(leaf, PARQUET_LOGIC_NULL, "columns of type null"); break;
    default: break;
    }
}

static void set_int32(struct schema_leaf *leaf, const struct annotation *annotation)
{
    leaf->is_unsigned = annotation->kind == ANNOTATION_INTEGER && !annotation->is_signed && annotation->bits == 32;
    set_type(leaf, leaf->is_unsigned ? COLUMN_INT64 : COLUMN_INT32, 4);
}

static void set_int64(struct schema_leaf *leaf, const struct annotation *annotation)
{
    static const enum column_type of_unit[] = {COLUMN_INT64, COLUMN_TIMESTAMP_MS, COLUMN_TIMESTAMP_US,
                                               COLUMN_TIMESTAMP_NS};
    bool is_timestamp = annotation->kind == ANNOTATION_TIMESTAMP;
    if (annotation->kind == ANNOTATION_INTEGER && !annotation->is_signed && annotation->bits == 64)
        set_raw(leaf, PARQUET_LOGIC_UNSIGNED, "unsigned 64-bit integers");
    if (is_timestamp && (annotation->unit < UNIT_MILLIS || annotation->unit > UNIT_NANOS))
        leaf->unsupported = "timestamps of an unknown unit";
    set_type(leaf, is_timestamp && leaf->unsupported == NULL ? of_unit[annotation->unit] : COLUMN_INT64, 8);
}

static void set_byte_array(struct schema_leaf *leaf, const struct annotation *annotation)
{
    bool is_text = annotation->kind == ANNOTATION_STRING || annotation->kind == ANNOTATION_ENUM ||
                   annotation->kind == ANNOTATION_JSON;
    set_type(leaf, is_text ? COLUMN_UTF8 : COLUMN_BINARY, 0);
}

static void set_fixed(struct schema_leaf *leaf, int32_t type_length)
{
    if (type_length <= 0)
        leaf->unsupported = "FIXED_LEN_BYTE_ARRAY without a length";
    leaf->field.width = type_length > 0 ? type_length : 1;
    set_type(leaf, COLUMN_FIXED, leaf->field.width);
}

static void set_leaf_type(struct schema_leaf *leaf, const struct schema_element *element)
{
    struct annotation annotation = element->logical;
    if (annotation.kind == ANNOTATION_NONE)
        annotation = annotation_of_converted(element->converted);
    if (annotation.kind == ANNOTATION_DECIMAL && element->logical.kind == ANNOTATION_NONE)
        annotation.scale = element->scale;
    set_logic(leaf, &annotation);
    leaf->physical = element->physical;
    leaf->unsupported = refused_annotation(annotation.kind);
    switch (element->physical) {
    case PARQUET_BOOLEAN: set_type(leaf, COLUMN_BOOL, 1); break;
    case PARQUET_INT32: set_int32(leaf, &annotation); break;
    case PARQUET_INT64: set_int64(leaf, &annotation); break;
    case PARQUET_FLOAT: set_type(leaf, COLUMN_FLOAT, 4); break;
    case PARQUET_DOUBLE: set_type(leaf, COLUMN_DOUBLE, 8); break;
    case PARQUET_BYTE_ARRAY: set_byte_array(leaf, &annotation); break;
    case PARQUET_FIXED_LEN_BYTE_ARRAY: set_fixed(leaf, element->type_length); break;
    default:
        set_type(leaf, COLUMN_BINARY, 0);
        leaf->unsupported = element->physical == PARQUET_INT96 ? "INT96 timestamps" : "an unknown physical type";
        break;
    }
}

static lake_status append_name(struct schema_walk *walk, struct thrift_bytes name, struct lake_error *err)
{
    if (memchr(name.at, '\0', name.n) != NULL)
        return lake_fail(err, LAKE_CORRUPT, "footer: a column's name holds a zero byte");
    return buffer_append(walk->text, name.at, name.n, err);
}

static lake_status append_path(struct schema_walk *walk, struct thrift_bytes name, struct lake_error *err)
{
    for (int i = 1; i < walk->depth; i++) {
        TRY(append_name(walk, walk->open[i].name, err));
        TRY(buffer_append_byte(walk->text, '.', err));
    }
    TRY(append_name(walk, name, err));
    return buffer_append_byte(walk->text, '\0', err);
}

static lake_status add_leaf(struct schema_walk *walk, const struct schema_element *element, struct lake_error *err)
{
    struct schema_leaf leaf = {.name_at = walk->text->length};
    bool is_repeated = element->repetition == PARQUET_REPEATED;
    set_leaf_type(&leaf, element);
    leaf.field.nullable = element->repetition != PARQUET_REQUIRED;
    leaf.max_level = leaf.field.nullable ? 1 : 0;
    if (walk->depth > 1 || is_repeated)
        leaf.unsupported = is_repeated && walk->depth == 1 ? "repeated columns" : "nested columns";
    if (walk->leaves->length / sizeof leaf >= LIMIT_PARQUET_COLUMNS)
        return lake_fail(err, LAKE_UNSUPPORTED, "footer: more than %d columns", LIMIT_PARQUET_COLUMNS);
    TRY(append_path(walk, element->name, err));
    return buffer_append(walk->leaves, &leaf, sizeof leaf, err);
}

static lake_status open_group(struct schema_walk *walk, const struct schema_element *element, struct lake_error *err)
{
    if (walk->depth == LIMIT_PARQUET_THRIFT_DEPTH)
        return lake_fail(err, LAKE_CORRUPT, "footer: the schema is nested deeper than %d", LIMIT_PARQUET_THRIFT_DEPTH);
    if (element->n_children < 0)
        return lake_fail(err, LAKE_CORRUPT, "footer: a group of %d columns", (int)element->n_children);
    walk->open[walk->depth].n_left = element->n_children;
    walk->open[walk->depth].name = element->name;
    walk->depth++;
    return LAKE_OK;
}

/* Takes one element off its parent, and closes the groups that are complete. */
static lake_status walk_element(struct schema_walk *walk, const struct schema_element *element, struct lake_error *err)
{
    if (walk->depth == 0)
        return lake_fail(err, LAKE_CORRUPT, "footer: the schema has more elements than its groups say");
    walk->open[walk->depth - 1].n_left--;
    if (element->physical >= 0)
        TRY(add_leaf(walk, element, err));
    else
        TRY(open_group(walk, element, err));
    while (walk->depth > 0 && walk->open[walk->depth - 1].n_left == 0)
        walk->depth--;
    return LAKE_OK;
}

lake_status schema_tree_parse(struct thrift_reader *in, struct thrift_field field, struct buffer *leaves,
                              struct buffer *text, struct lake_error *err)
{
    struct schema_walk walk = {.in = in, .leaves = leaves, .text = text};
    struct thrift_list list = thrift_list(in, field, THRIFT_STRUCT);
    if (list.n == 0)
        return lake_fail(err, LAKE_CORRUPT, "footer: no schema");
    struct schema_element root = read_element(in);
    TRY(open_group(&walk, &root, err));
    if (walk.open[0].n_left == 0)
        walk.depth = 0;
    for (uint32_t i = 1; i < list.n && in->failure == NULL; i++) {
        struct schema_element element = read_element(in);
        if (in->failure == NULL)
            TRY(walk_element(&walk, &element, err));
    }
    TRY(thrift_status(in, "footer", err));
    if (walk.depth != 0)
        return lake_fail(err, LAKE_CORRUPT, "footer: the schema has fewer elements than its groups say");
    return LAKE_OK;
}
