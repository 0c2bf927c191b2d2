#include "parquet/thrift_reader.h"

#include "base/limits.h"

struct thrift_reader thrift_reader_init(const uint8_t *bytes, size_t n)
{
    struct thrift_reader in = {bytes, bytes, bytes + n, NULL, 0, false};
    return in;
}

lake_status thrift_status(const struct thrift_reader *in, const char *what, struct lake_error *err)
{
    if (in->failure == NULL)
        return LAKE_OK;
    return lake_fail(err, LAKE_CORRUPT, "%s: %s at byte %zu", what, in->failure, in->failed_at);
}

void thrift_set_failure(struct thrift_reader *in, const char *failure)
{
    if (in->failure == NULL) {
        in->failure = failure;
        in->failed_at = (size_t)(in->at - in->start);
    }
    in->at = in->end;
}

static void set_truncated(struct thrift_reader *in)
{
    if (in->failure == NULL)
        in->truncated = true;
    thrift_set_failure(in, "the bytes end too early");
}

static uint8_t read_byte(struct thrift_reader *in)
{
    if (in->at == in->end) {
        set_truncated(in);
        return 0;
    }
    return *in->at++;
}

static uint64_t read_varint_rest(struct thrift_reader *in, uint64_t value)
{
    for (unsigned shift = 7; shift < 64; shift += 7) {
        uint8_t byte = read_byte(in);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return in->failure == NULL ? value : 0;
    }
    thrift_set_failure(in, "an integer of more than ten bytes");
    return 0;
}

static uint64_t read_varint(struct thrift_reader *in)
{
    uint8_t byte = read_byte(in);
    return byte < 0x80 ? byte : read_varint_rest(in, byte & 0x7f);
}

static int64_t read_zigzag(struct thrift_reader *in)
{
    uint64_t value = read_varint(in);
    return (int64_t)((value >> 1) ^ (0 - (value & 1)));
}

static int32_t read_zigzag32(struct thrift_reader *in)
{
    int64_t value = read_zigzag(in);
    if (value < INT32_MIN || value > INT32_MAX) {
        thrift_set_failure(in, "an integer that does not fit 32 bits");
        return 0;
    }
    return (int32_t)value;
}

bool thrift_next_field(struct thrift_reader *in, struct thrift_field *field)
{
    uint8_t head = read_byte(in);
    field->type = head & 0x0f;
    if (head == THRIFT_STOP)
        return false;
    int32_t id = head >> 4 != 0 ? field->id + (head >> 4) : read_zigzag32(in);
    if (id < INT16_MIN || id > INT16_MAX || field->type == THRIFT_STOP || field->type > THRIFT_UUID)
        thrift_set_failure(in, "a field of no known type or number");
    field->id = id;
    return in->failure == NULL;
}

static bool has_type(struct thrift_reader *in, bool expected)
{
    if (!expected)
        thrift_set_failure(in, "a field of an unexpected type");
    return in->failure == NULL;
}

bool thrift_bool(struct thrift_reader *in, struct thrift_field field)
{
    return has_type(in, field.type == THRIFT_TRUE || field.type == THRIFT_FALSE) && field.type == THRIFT_TRUE;
}

int32_t thrift_i32(struct thrift_reader *in, struct thrift_field field)
{
    if (field.type == THRIFT_BYTE)
        return (int8_t)read_byte(in);
    return has_type(in, field.type == THRIFT_I32 || field.type == THRIFT_I16) ? read_zigzag32(in) : 0;
}

int64_t thrift_i64(struct thrift_reader *in, struct thrift_field field)
{
    return has_type(in, field.type == THRIFT_I64) ? read_zigzag(in) : 0;
}

struct thrift_bytes thrift_element_binary(struct thrift_reader *in)
{
    struct thrift_bytes bytes = {in->end, 0};
    uint64_t n = read_varint(in);
    if (n > (uint64_t)(in->end - in->at)) {
        set_truncated(in);
        return bytes;
    }
    bytes.at = in->at;
    bytes.n = (size_t)n;
    in->at += n;
    return bytes;
}

struct thrift_bytes thrift_binary(struct thrift_reader *in, struct thrift_field field)
{
    struct thrift_bytes none = {in->end, 0};
    return has_type(in, field.type == THRIFT_BINARY) ? thrift_element_binary(in) : none;
}

bool thrift_enter_struct(struct thrift_reader *in, struct thrift_field field)
{
    return has_type(in, field.type == THRIFT_STRUCT);
}

static struct thrift_list read_list_head(struct thrift_reader *in)
{
    uint8_t head = read_byte(in);
    struct thrift_list list = {head >> 4, head & 0x0f};
    uint64_t n = list.n == 15 ? read_varint(in) : list.n;
    /* Every element takes a byte at least. */
    if (n > (uint64_t)(in->end - in->at)) {
        set_truncated(in);
        n = 0;
    }
    if (n > UINT32_MAX) {
        thrift_set_failure(in, "a list of too many elements");
        n = 0;
    }
    list.n = (uint32_t)n;
    return list;
}

struct thrift_list thrift_list(struct thrift_reader *in, struct thrift_field field, uint8_t wanted)
{
    struct thrift_list none = {0, wanted};
    if (!has_type(in, field.type == THRIFT_LIST))
        return none;
    struct thrift_list list = read_list_head(in);
    bool both_bool = wanted == THRIFT_TRUE && list.type == THRIFT_FALSE;
    if (list.n > 0 && list.type != wanted && !both_bool) {
        thrift_set_failure(in, "a list of an unexpected type");
        return none;
    }
    return list;
}

int64_t thrift_element_int(struct thrift_reader *in)
{
    return read_zigzag(in);
}

bool thrift_element_bool(struct thrift_reader *in)
{
    return read_byte(in) == THRIFT_TRUE;
}

static void skip_bytes(struct thrift_reader *in, uint64_t n)
{
    if (n > (uint64_t)(in->end - in->at))
        set_truncated(in);
    else
        in->at += n;
}

static void skip_value(struct thrift_reader *in, uint8_t type, int depth);

/* A boolean has no byte of its own as a field but one as an element. */
static void skip_element(struct thrift_reader *in, uint8_t type, int depth)
{
    if (type == THRIFT_TRUE || type == THRIFT_FALSE)
        skip_bytes(in, 1);
    else
        skip_value(in, type, depth);
}

static void skip_list(struct thrift_reader *in, int depth)
{
    struct thrift_list list = read_list_head(in);
    for (uint32_t i = 0; i < list.n && in->failure == NULL; i++)
        skip_element(in, list.type, depth);
}

static void skip_map(struct thrift_reader *in, int depth)
{
    uint64_t n = read_varint(in);
    if (n == 0)
        return;
    uint8_t types = read_byte(in);
    for (uint64_t i = 0; i < n && in->failure == NULL; i++) {
        skip_element(in, types >> 4, depth);
        skip_element(in, types & 0x0f, depth);
    }
}

static void skip_struct(struct thrift_reader *in, int depth)
{
    struct thrift_field field = {0};
    while (thrift_next_field(in, &field))
        skip_value(in, field.type, depth);
}

static void skip_value(struct thrift_reader *in, uint8_t type, int depth)
{
    if (depth >= LIMIT_PARQUET_THRIFT_DEPTH) {
        thrift_set_failure(in, "values nested too deep");
        return;
    }
    switch (type) {
    case THRIFT_TRUE:
    case THRIFT_FALSE: break;
    case THRIFT_BYTE: skip_bytes(in, 1); break;
    case THRIFT_I16:
    case THRIFT_I32:
    case THRIFT_I64: (void)read_varint(in); break;
    case THRIFT_DOUBLE: skip_bytes(in, 8); break;
    case THRIFT_BINARY: (void)thrift_element_binary(in); break;
    case THRIFT_LIST:
    case THRIFT_SET: skip_list(in, depth + 1); break;
    case THRIFT_MAP: skip_map(in, depth + 1); break;
    case THRIFT_STRUCT: skip_struct(in, depth + 1); break;
    case THRIFT_UUID: skip_bytes(in, 16); break;
    default: thrift_set_failure(in, "a value of no known type"); break;
    }
}

void thrift_skip(struct thrift_reader *in, uint8_t type)
{
    skip_value(in, type, 0);
}
