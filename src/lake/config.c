#include "lake/config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/calendar.h"
#include "base/memory.h"
#include "base/toml.h"
#include "column/data_type.h"
#include "io/file.h"
#include "lake/near.h"

#define FILE_BYTES (64 * KIB)
enum { MOST_LEVELS = 64 };

#define GIB ((int64_t)1 << 30)
#define MOST_TIME (INT64_C(36500) * MS_PER_DAY)

/* ---- the keys ----
 *
 * To add one: a member of struct config, its default in config_init, a row here, a line in the essay of config.h and in
 * docs/, and a case in tests/spec/config, whose runner (test_config_spec) fails where a row has none. */

enum value_kind {
    VALUE_PATH,
    VALUE_MARKET,
    VALUE_PERIODS, /* any number, separated by commas */
    VALUE_SOURCE,  /* of derived bars */
    VALUE_TEXT,
    VALUE_COUNT,
    VALUE_TIME,
    VALUE_BYTES
};

struct config_key {
    const char *table, *name;
    enum value_kind kind;
    size_t offset;
    int64_t least, most; /* of numbers */
};

#define POLICY(member) offsetof(struct config, policy.member)

static const struct config_key keys[] = {
    {"", "data_root", VALUE_PATH, offsetof(struct config, data_root), 0, 0},
    {"", "db_path", VALUE_PATH, offsetof(struct config, db_path), 0, 0},
    {"", "market", VALUE_MARKET, offsetof(struct config, market), 0, 0},
    {"history", "keep_changed", VALUE_TIME, POLICY(keep_changed_ms), 0, MOST_TIME},
    {"history", "keep_unchanged", VALUE_TIME, POLICY(keep_unchanged_ms), 0, MOST_TIME},
    {"history", "keep_unchanged_percent", VALUE_COUNT, POLICY(keep_unchanged_percent), 0, 100},
    {"history", "keep_log", VALUE_COUNT, POLICY(keep_log), 0, 1000000000},
    {"compaction", "after", VALUE_TIME, POLICY(compact_after_ms), 0, MOST_TIME},
    {"compaction", "max_bytes", VALUE_BYTES, POLICY(compact_bytes), 1, GIB},
    {"aggregate", "to", VALUE_PERIODS, offsetof(struct config, aggregate.to), 0, 0},
    {"aggregate", "from", VALUE_SOURCE, offsetof(struct config, aggregate.from), 0, 0},
    {"aggregate", "offset", VALUE_TEXT, offsetof(struct config, aggregate.offset), 0, 0},
    {"aggregate", "columns", VALUE_TEXT, offsetof(struct config, aggregate.columns), 0, 0},
};
static const char *const tables[] = {"history", "compaction", "aggregate"};
enum { N_KEYS = sizeof keys / sizeof *keys, N_TABLES = sizeof tables / sizeof *tables };

void config_init(struct config *config)
{
    *config = (struct config){.market = "FUTURES",
                              .policy = {.size = sizeof config->policy,
                                         .keep_changed_ms = 7 * MS_PER_DAY,
                                         .keep_unchanged_ms = MS_PER_HOUR,
                                         .keep_unchanged_percent = 5,
                                         .keep_log = 10000,
                                         .compact_after_ms = 2 * MS_PER_DAY,
                                         .compact_bytes = (int64_t)(128 * MIB)}};
}

/* ---- units ---- */

struct unit {
    const char *name;
    int64_t size;
};

static const struct unit time_units[] = {{"s", MS_PER_SECOND}, {"m", MS_PER_MINUTE},  {"h", MS_PER_HOUR},
                                         {"d", MS_PER_DAY},    {"w", 7 * MS_PER_DAY}, {NULL, 0}};
static const struct unit byte_units[] = {{"B", 1},         {"kB", 1000},       {"KiB", 1 << 10}, {"MB", 1000000},
                                         {"MiB", 1 << 20}, {"GB", 1000000000}, {"GiB", GIB},     {NULL, 0}};

/* Digits, perhaps a blank, a unit; false where it is not that. A number too large is as large as there is. */
static bool parse_with_unit(const char *text, const struct unit *units, int64_t *out)
{
    int64_t number = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++)
        number = number > INT64_MAX / 10 - 1 ? INT64_MAX / 10 : number * 10 + (*p - '0');
    if (p == text)
        return false;
    p += *p == ' ';
    for (const struct unit *unit = units; unit->name != NULL; unit++)
        if (strcmp(p, unit->name) == 0) {
            *out = number > INT64_MAX / unit->size ? INT64_MAX : number * unit->size;
            return true;
        }
    return false;
}

/* ---- one key ---- */

struct parse {
    struct config *config;
    const char *name;  /* of the file */
    int lines[N_KEYS]; /* where each key was given; 0: not yet */
    int table_lines[N_TABLES];
    struct lake_error *err;
};

static lake_status fail_value(const struct parse *parse, const struct toml_item *item, const char *wanted)
{
    return lake_fail(parse->err, LAKE_INVALID_DATA, "%s:%d: %s is %s", parse->name, item->line, item->key, wanted);
}

static lake_status take_path(const struct parse *parse, const struct toml_item *item, char *out)
{
    size_t n = strlen(item->text);
    if (item->kind != TOML_TEXT || n == 0)
        return fail_value(parse, item, "a path, in quotes");
    if (n >= LIMIT_PATH_BYTES)
        return fail_value(parse, item, "longer than a path can be");
    if (item->text[0] == '~')
        return fail_value(parse, item, "a path, in which ~ has no meaning: write it out");
    memcpy(out, item->text, n + 1);
    return LAKE_OK;
}

static lake_status take_market(const struct parse *parse, const struct toml_item *item, char *out)
{
    struct lake_error failure = {LAKE_OK, ""};
    if (item->kind != TOML_TEXT || item->text[0] == '\0')
        return fail_value(parse, item, "the name of a market, in quotes: SPOT, FUTURES, …");
    if (name_market(item->text, out, &failure) != LAKE_OK)
        return lake_fail(parse->err, LAKE_INVALID_DATA, "%s:%d: %s", parse->name, item->line, failure.message);
    return LAKE_OK;
}

static lake_status take_text(const struct parse *parse, const struct toml_item *item, const char *wanted, char *out)
{
    size_t n = strlen(item->text);
    if (item->kind != TOML_TEXT || n == 0)
        return fail_value(parse, item, wanted);
    if (n >= CONFIG_TEXT_BYTES)
        return lake_fail(parse->err, LAKE_INVALID_DATA, "%s:%d: %s is longer than %d bytes", parse->name, item->line,
                         item->key, CONFIG_TEXT_BYTES - 1);
    memcpy(out, item->text, n + 1);
    return LAKE_OK;
}

/* One piece between commas, without the blanks around it. */
static lake_status check_period(const struct parse *parse, const struct toml_item *item, const char *start, size_t n)
{
    char text[LIMIT_NAME_BYTES] = "";
    struct lake_error failure = {LAKE_OK, ""};
    const struct period *period = NULL;
    for (; n > 0 && (*start == ' ' || *start == '\t'); n--)
        start++;
    while (n > 0 && (start[n - 1] == ' ' || start[n - 1] == '\t'))
        n--;
    memcpy(text, start, n < sizeof text ? n : sizeof text - 1);
    if (period_find(text, &period, &failure) != LAKE_OK)
        return lake_fail(parse->err, LAKE_INVALID_DATA, "%s:%d: %s: %s", parse->name, item->line, item->key,
                         failure.message);
    return LAKE_OK;
}

static lake_status take_periods(const struct parse *parse, const struct toml_item *item, char *out)
{
    TRY(take_text(parse, item, "periods in quotes, separated by commas: \"15m, 1h\"", out));
    for (const char *start = item->text; start != NULL;) {
        const char *comma = strchr(start, ',');
        TRY(check_period(parse, item, start, comma == NULL ? strlen(start) : (size_t)(comma - start)));
        start = comma == NULL ? NULL : comma + 1;
    }
    return LAKE_OK;
}

static lake_status take_source(const struct parse *parse, const struct toml_item *item, char *out)
{
    const struct data_type *type = NULL;
    TRY(take_text(parse, item, "the period of bars, \"trades\" or \"aggtrades\", in quotes", out));
    if (data_type_find(out, &type, NULL) == LAKE_OK && type->fixed_period != NULL &&
        strcmp(type->fixed_period, "tick") == 0)
        return LAKE_OK;
    return check_period(parse, item, out, strlen(out));
}

/* A number of the kind in *out; false where it is none. */
static bool number_of(const struct config_key *key, const struct toml_item *item, int64_t *out)
{
    if (item->kind == TOML_INTEGER && key->kind != VALUE_TIME) {
        *out = item->integer;
        return true;
    }
    if (item->kind != TOML_TEXT || key->kind == VALUE_COUNT)
        return false;
    return parse_with_unit(item->text, key->kind == VALUE_TIME ? time_units : byte_units, out);
}

static lake_status take_number(const struct parse *parse, const struct config_key *key, const struct toml_item *item,
                               int64_t *out)
{
    static const char *const wanted[] = {
        [VALUE_COUNT] = "a whole number, without quotes",
        [VALUE_TIME] = "a length of time with its unit, in quotes: \"45s\", \"30m\", \"12h\", \"7d\"",
        [VALUE_BYTES] = "a number of bytes, or with its unit in quotes: \"128MiB\", \"1GiB\""};
    int64_t number = 0;
    if (!number_of(key, item, &number))
        return fail_value(parse, item, wanted[key->kind]);
    if (number < key->least || number > key->most) {
        int64_t unit = key->kind == VALUE_TIME ? MS_PER_DAY : 1;
        return lake_fail(parse->err, LAKE_INVALID_DATA, "%s:%d: %s is from %" PRId64 " to %" PRId64 "%s", parse->name,
                         item->line, item->key, key->least / unit, key->most / unit,
                         key->kind == VALUE_TIME ? " days" : "");
    }
    *out = number;
    return LAKE_OK;
}

static lake_status take_key(struct parse *parse, size_t index, const struct toml_item *item)
{
    const struct config_key *key = &keys[index];
    char *target = (char *)parse->config + key->offset;
    int64_t number = 0;
    if (parse->lines[index] != 0)
        return lake_fail(parse->err, LAKE_INVALID_DATA, "%s:%d: %s was given in line %d already", parse->name,
                         item->line, item->key, parse->lines[index]);
    parse->lines[index] = item->line;
    switch (key->kind) {
    case VALUE_PATH: return take_path(parse, item, target);
    case VALUE_MARKET: return take_market(parse, item, target);
    case VALUE_PERIODS: return take_periods(parse, item, target);
    case VALUE_SOURCE: return take_source(parse, item, target);
    case VALUE_TEXT: return take_text(parse, item, "a text in quotes", target);
    case VALUE_COUNT:
    case VALUE_TIME:
    case VALUE_BYTES: break;
    }
    TRY(take_number(parse, key, item, &number));
    memcpy(target, &number, sizeof number);
    return LAKE_OK;
}

/* ---- keys and tables that are not known ---- */

static lake_status fail_unknown_key(const struct parse *parse, const struct toml_item *item)
{
    const struct config_key *nearest = NULL;
    size_t distance = SIZE_MAX;
    for (size_t i = 0; i < N_KEYS; i++) {
        size_t steps = near_distance(item->key, keys[i].name);
        if (steps < distance || (steps == distance && strcmp(keys[i].table, item->table) == 0)) {
            nearest = &keys[i];
            distance = steps;
        }
    }
    if (nearest == NULL || !near_enough(item->key, distance))
        return lake_fail(parse->err, LAKE_INVALID_DATA, "%s:%d: unknown key '%.64s'", parse->name, item->line,
                         item->key);
    if (nearest->table[0] == '\0')
        return lake_fail(parse->err, LAKE_INVALID_DATA,
                         "%s:%d: unknown key '%.64s'; did you mean %s, before the first [table]?", parse->name,
                         item->line, item->key, nearest->name);
    return lake_fail(parse->err, LAKE_INVALID_DATA, "%s:%d: unknown key '%.64s'; did you mean %s in [%s]?", parse->name,
                     item->line, item->key, nearest->name, nearest->table);
}

static lake_status fail_unknown_table(const struct parse *parse, const struct toml_item *item)
{
    struct buffer text = BUFFER_INIT(KIB);
    const char *choices = "";
    bool is_near = false;
    for (size_t i = 0; i < N_TABLES && !is_near; i++) {
        is_near = near_enough(item->table, near_distance(item->table, tables[i]));
        if (is_near)
            buffer_clear(&text);
        if (buffer_printf(&text, NULL, "%s[%s]", text.length == 0 ? "" : ", ", tables[i]) != LAKE_OK)
            break; /* the message does without */
    }
    if (buffer_string(&text, &choices, NULL) != LAKE_OK)
        choices = "others";
    lake_status status =
        lake_fail(parse->err, LAKE_INVALID_DATA, "%s:%d: unknown table [%.64s]; %s %s%s", parse->name, item->line,
                  item->table, is_near ? "did you mean" : "there are", choices, is_near ? "?" : "");
    buffer_release(&text);
    return status;
}

static lake_status take_table(struct parse *parse, const struct toml_item *item)
{
    for (size_t i = 0; i < N_TABLES; i++) {
        if (strcmp(tables[i], item->table) != 0)
            continue;
        if (parse->table_lines[i] != 0)
            return lake_fail(parse->err, LAKE_INVALID_DATA, "%s:%d: [%s] was begun in line %d already", parse->name,
                             item->line, item->table, parse->table_lines[i]);
        parse->table_lines[i] = item->line;
        return LAKE_OK;
    }
    return fail_unknown_table(parse, item);
}

static lake_status take_item(struct parse *parse, const struct toml_item *item)
{
    if (item->kind == TOML_END)
        return LAKE_OK;
    if (item->kind == TOML_TABLE)
        return take_table(parse, item);
    for (size_t i = 0; i < N_KEYS; i++)
        if (strcmp(keys[i].table, item->table) == 0 && strcmp(keys[i].name, item->key) == 0)
            return take_key(parse, i, item);
    return fail_unknown_key(parse, item);
}

lake_status config_parse(struct config *config, const char *name, const char *text, size_t n, struct lake_error *err)
{
    struct parse parse = {.config = config, .name = name, .err = err};
    struct toml_reader reader;
    struct toml_item item;
    lake_status status = LAKE_OK;
    TRY_OUT(toml_init(&reader, name, text, n, err));
    do {
        TRY_OUT(toml_next(&reader, &item, err));
        TRY_OUT(take_item(&parse, &item));
    } while (item.kind != TOML_END);
out:
    toml_release(&reader);
    return status;
}

/* ---- the file ---- */

static lake_status check_file(struct io io, const char *path, struct lake_error *err)
{
    struct io_status found;
    int result = io.ops->status(io.context, path, &found);
    if (result != 0)
        return lake_fail_errno(err, -result, "cannot examine", path);
    if (found.kind != IO_KIND_FILE)
        return lake_fail(err, LAKE_INVALID_DATA, "%s: is not a file", path);
    if (found.size_bytes > (int64_t)FILE_BYTES)
        return lake_fail(err, LAKE_INVALID_DATA, "%s: has %" PRId64 " bytes, more than the %zu of any settings", path,
                         found.size_bytes, FILE_BYTES);
    return LAKE_OK;
}

lake_status config_read(struct config *config, struct io io, const char *path, struct lake_error *err)
{
    struct buffer text = BUFFER_INIT(FILE_BYTES);
    lake_status status = LAKE_OK;
    TRY_OUT(check_file(io, path, err));
    TRY_OUT(file_read_all(io, path, FILE_BYTES, &text, err));
    status = config_parse(config, path, (const char *)text.data, text.length, err);
out:
    buffer_release(&text);
    return status;
}

/* ---- finding it ---- */

/* Replaces *path by "<*path>/<name>", where "." needs no mention. */
static lake_status descend(char **path, const char *name, struct lake_error *err)
{
    char *below = NULL;
    if (strcmp(*path, ".") == 0)
        TRY(memory_copy_string(name, &below, err));
    else
        TRY(path_join(*path, name, &below, err));
    memory_free(*path);
    *path = below;
    return LAKE_OK;
}

/* A lake that is to be made may be named in a directory that is to be made: the search begins where there is one. */
static lake_status find_start(struct io io, const char *directory, char **out, struct io_status *status,
                              struct lake_error *err)
{
    TRY(memory_copy_string(directory[0] == '\0' ? "." : directory, out, err));
    int result = io.ops->status(io.context, *out, status);
    while (result == -ENOENT && strcmp(*out, ".") != 0 && strcmp(*out, "/") != 0) {
        char *parent = NULL;
        TRY(path_parent(*out, &parent, err));
        memory_free(*out);
        *out = parent;
        result = io.ops->status(io.context, *out, status);
    }
    return result == 0 ? LAKE_OK : lake_fail_errno(err, -result, "cannot examine", *out);
}

/* One directory: *found where it holds the file. What this user may not look into ends the search (*at_end). */
static lake_status look_in(struct io io, const char *directory, char **found, bool *at_end, struct lake_error *err)
{
    struct io_status status;
    char *path = NULL;
    TRY(memory_copy_string(directory, &path, err));
    lake_status result = descend(&path, CONFIG_NAME, err);
    int code = result == LAKE_OK ? io.ops->status(io.context, path, &status) : 0;
    *at_end = code == -EACCES;
    if (result == LAKE_OK && code == 0) {
        *found = path;
        return LAKE_OK;
    }
    if (code != 0 && code != -ENOENT && code != -EACCES)
        result = lake_fail_errno(err, -code, "cannot examine", path);
    memory_free(path);
    return result;
}

/* Goes up by the directory's own "..", which links do not lead astray; the root is its own parent. */
static lake_status go_up(struct io io, char **directory, struct io_status *status, bool *at_end, struct lake_error *err)
{
    struct io_status below = *status;
    TRY(descend(directory, "..", err));
    int result = io.ops->status(io.context, *directory, status);
    if (result != 0 && result != -EACCES)
        return lake_fail_errno(err, -result, "cannot examine", *directory);
    *at_end = result != 0 || (status->device == below.device && status->inode == below.inode);
    return LAKE_OK;
}

lake_status config_find(struct io io, const char *directory, char **path, struct lake_error *err)
{
    struct io_status at;
    char *searched = NULL;
    bool at_end = false;
    lake_status status = LAKE_OK;
    *path = NULL;
    TRY_OUT(find_start(io, directory, &searched, &at, err));
    for (int level = 0; level < MOST_LEVELS && *path == NULL && !at_end; level++) {
        TRY_OUT(look_in(io, searched, path, &at_end, err));
        if (*path == NULL && !at_end)
            TRY_OUT(go_up(io, &searched, &at, &at_end, err));
    }
out:
    memory_free(searched);
    return status;
}

/* ---- where it says that a lake is ---- */

/* A path of the file, as seen from the working directory. */
static lake_status locate(const char *config_path, const char *path, char *out, size_t n, struct lake_error *err)
{
    char *directory = NULL;
    lake_status status = LAKE_OK;
    if (path[0] == '\0')
        return LAKE_OK;
    TRY_OUT(path_parent(config_path, &directory, err));
    if (path[0] != '/')
        TRY_OUT(descend(&directory, path, err));
    const char *located = path[0] == '/' ? path : directory;
    if (strlen(located) >= n)
        status = lake_fail(err, LAKE_INVALID_DATA, "%s: '%.80s…' is longer than a path can be", config_path, path);
    else
        memcpy(out, located, strlen(located) + 1);
out:
    memory_free(directory);
    return status;
}

static lake_status fill_location(struct lake_location *out, const struct config *config, const char *path,
                                 struct lake_error *err)
{
    size_t n = strlen(path);
    if (n >= sizeof out->config_path)
        return lake_fail(err, LAKE_INVALID_DATA, "%.80s…: is longer than a path can be", path);
    memcpy(out->config_path, path, n + 1);
    TRY(locate(path, config->data_root, out->data_root, sizeof out->data_root, err));
    return locate(path, config->db_path, out->db_path, sizeof out->db_path, err);
}

lake_status lake_find_location(const char *directory, struct lake_location *out, struct lake_error *err)
{
    struct config config;
    char *path = NULL;
    lake_status status = LAKE_OK;
    if (out == NULL || out->size != sizeof *out)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the location has an unknown size");
    *out = (struct lake_location){.size = sizeof *out};
    config_init(&config);
    TRY_OUT(config_find(io_system(), directory == NULL ? "." : directory, &path, err));
    if (path == NULL)
        goto out;
    TRY_OUT(config_read(&config, io_system(), path, err));
    status = fill_location(out, &config, path, err);
out:
    memory_free(path);
    return status;
}
