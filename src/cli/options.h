/* Command lines parsed by tables: one row an option, from which the help is written too.
 *
 * A table belongs to a struct; each row says where in it the value goes. "--name value" and "--name=value" are the
 * same; "--" ends the options; "-" is a value. Options given twice, without their value, misspelt or out of range
 * are LAKE_INVALID_ARGUMENT with what to do. Nothing is guessed: a prefix of a name is no name.
 *
 *     struct option_group group = {table, n_rows, &my_options, 0};
 *     status = options_parse(&parse, &err);                 // argv[parse.next] is the first thing not parsed
 *     status = options_check_required(&group, "dl read", &err);
 *     …
 *     options_release(&group); */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <datalake/error.h>

enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_TEXT,   /* const char *, borrowed from argv */
    OPTION_FILES,  /* struct option_list: repeated, and several values at once */
    OPTION_NAMES,  /* struct option_list: the same, and separated by commas */
    OPTION_COUNT,  /* int64_t of at least 1 */
    OPTION_CHOICE, /* int: 0 where not given, else the place among the choices counted from 1 */
    OPTION_START,  /* struct option_time */
    OPTION_END     /* struct option_time; a bare date means its end */
};

struct option_list {
    char **items;
    size_t n;
};

struct option_time {
    bool is_given;
    int64_t ms;
};

struct option {
    const char *name;  /* without "--" */
    const char *alias; /* another name, or NULL */
    enum option_kind kind;
    bool is_required;
    const char *argument; /* "NAME", or the choices "table|csv|json"; NULL for a flag */
    const char *help;
    size_t offset; /* of the value in the struct */
};

struct option_group {
    const struct option *options;
    size_t n_options;
    void *target;
    uint64_t seen; /* a bit an option: tables have at most 64 rows */
};

struct options_parse {
    struct option_group *groups;
    size_t n_groups;
    const char *command; /* "dl read", for messages */
    char **argv;
    int argc;
    int next;                      /* from where on; after: what was not parsed */
    struct option_list *arguments; /* takes what is not an option; NULL: parsing stops there */
};

LAKE_MUST_CHECK lake_status options_parse(struct options_parse *parse, struct lake_error *err);
LAKE_MUST_CHECK lake_status options_check_required(const struct option_group *group, const char *command,
                                                   struct lake_error *err);
/* Frees the lists. */
void options_release(struct option_group *group);

LAKE_MUST_CHECK lake_status option_list_add(struct option_list *list, const char *text, size_t length,
                                            struct lake_error *err);
void option_list_release(struct option_list *list);

/* Digits only; false where it is no number or does not fit. */
bool parse_digits(const char *text, int64_t *out);

#endif
