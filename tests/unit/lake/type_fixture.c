#include "type_fixture.h"

#include <stdio.h>
#include <string.h>

#include "column/arrow.h"

enum { TEXT_BYTES = 1 << 16, N_FIELDS = 7, N_TEXTS = 5 };

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error error_ = {LAKE_OK, ""};                                                                      \
        struct lake_error *err = &error_;                                                                              \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s", error_.message);                                                                            \
    } while (0)

struct lake_type_options liquidations(void)
{
    static const struct lake_type_column columns[] = {{"ts", "timestamp[us]", NULL, true, false},
                                                      {"id", "utf8", "", true, false},
                                                      {"price", "double", "quote", true, true},
                                                      {"amount", "double", "base", false, true}};
    static const char *const key[] = {"ts", "id"};
    return (struct lake_type_options){.size = sizeof(struct lake_type_options),
                                      .name = "liquidations",
                                      .what = "forced orders",
                                      .columns = columns,
                                      .n_columns = 4,
                                      .key = key,
                                      .n_key = 2};
}

struct lake_type_options interest(void)
{
    static const struct lake_type_column columns[] = {{"ts", "timestamp[ms]", NULL, true, false},
                                                      {"close", "double", "contracts", true, true}};
    static const char *const key[] = {"ts"};
    return (struct lake_type_options){.size = sizeof(struct lake_type_options),
                                      .name = "interest",
                                      .columns = columns,
                                      .n_columns = 2,
                                      .key = key,
                                      .n_key = 1,
                                      .has_period = true};
}

void register_type(struct lake *lake, struct lake_type_options type)
{
    ASSERT_OK(lake_register_type(lake, &type, err));
}

struct lake *type_fixture_open(const struct fixture *fixture, const char *below)
{
    char data_root[FIXTURE_PATH_BYTES + 32], db_path[FIXTURE_PATH_BYTES + 32];
    struct lake *lake = NULL;
    (void)snprintf(data_root, sizeof data_root, "%s%s/data", fixture->root, below);
    (void)snprintf(db_path, sizeof db_path, "%s%s/manifest.db", fixture->root, below);
    const struct lake_options options = {
        .size = sizeof options, .data_root = data_root, .db_path = db_path, .n_threads = 1};
    ASSERT_OK(lake_open(&options, &lake, err));
    return lake;
}

/* ---- the list ---- */

struct text {
    char bytes[TEXT_BYTES];
    size_t n;
};

static void put_row(struct text *text, const struct ArrowArray *array, int64_t row)
{
    for (int i = 0; i < N_TEXTS; i++) {
        const int32_t *offsets = array->children[i]->buffers[1];
        const char *bytes = array->children[i]->buffers[2];
        int n = offsets[row + 1] - offsets[row];
        text->n += (size_t)snprintf(text->bytes + text->n, TEXT_BYTES - text->n, "%s%.*s", i == 0 ? "" : "|", n,
                                    n == 0 ? "" : bytes + offsets[row]);
    }
    bool has_period = bit_get(array->children[5]->buffers[1], row);
    bool is_builtin = bit_get(array->children[6]->buffers[1], row);
    text->n += (size_t)snprintf(text->bytes + text->n, TEXT_BYTES - text->n, "%s%s\n", has_period ? "|period" : "",
                                is_builtin ? "|builtin" : "");
    assert_in_range(text->n, 1, TEXT_BYTES - 1);
}

const char *types_text(struct lake *lake)
{
    static struct text text;
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    text.n = 0;
    text.bytes[0] = '\0';
    ASSERT_OK(lake_list_types(lake, &stream, err));
    while (stream.get_next(&stream, &array) == 0 && array.release != NULL) {
        assert_int_equal(array.n_children, N_FIELDS);
        for (int64_t row = 0; row < array.length; row++)
            put_row(&text, &array, row);
        array.release(&array);
    }
    stream.release(&stream);
    return text.bytes;
}

const char *type_text(struct lake *lake, const char *name)
{
    static char line[TEXT_BYTES];
    size_t n = strlen(name);
    for (const char *at = types_text(lake); *at != '\0'; at += strcspn(at, "\n") + 1)
        if (strncmp(at, name, n) == 0 && at[n] == '|') {
            (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
            return line;
        }
    return "";
}
