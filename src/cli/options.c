#include "options.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <datalake/text.h>

#include "report.h"
#include "suggest.h"

enum { MOST_OPTIONS = 64 };

/* An option as it stands on the command line. */
struct given {
    const struct option *option;
    struct option_group *group;
    const char *name;  /* as typed, with "--" */
    const char *value; /* after '=', or NULL */
};

bool parse_digits(const char *text, int64_t *out)
{
    int64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || value > (INT64_MAX - (*text - '0')) / 10)
            return false;
        value = value * 10 + (*text - '0');
    }
    *out = value;
    return true;
}

lake_status option_list_add(struct option_list *list, const char *text, size_t length, struct lake_error *err)
{
    char **items = realloc(list->items, (list->n + 1) * sizeof *items);
    if (items == NULL)
        return cli_fail(err, LAKE_NO_MEMORY, "out of memory");
    list->items = items;
    char *copy = malloc(length + 1);
    if (copy == NULL)
        return cli_fail(err, LAKE_NO_MEMORY, "out of memory");
    memcpy(copy, text, length);
    copy[length] = '\0';
    items[list->n++] = copy;
    return LAKE_OK;
}

void option_list_release(struct option_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct option_list){NULL, 0};
}

static bool takes_several(const struct option *option)
{
    return option->kind == OPTION_FILES || option->kind == OPTION_NAMES;
}

static void *value_place(const struct given *given)
{
    return (char *)given->group->target + given->option->offset;
}

/* ---- finding ---- */

static bool has_name(const char *name, const char *typed, size_t n)
{
    return name != NULL && strncmp(name, typed, n) == 0 && name[n] == '\0';
}

static const struct option *find_option(struct option_group *group, const char *typed, size_t n)
{
    for (size_t i = 0; i < group->n_options; i++)
        if (has_name(group->options[i].name, typed, n) || has_name(group->options[i].alias, typed, n))
            return &group->options[i];
    return NULL;
}

static lake_status fail_unknown(const struct options_parse *parse, const char *typed, struct lake_error *err)
{
    char word[MOST_OPTIONS];
    snprintf(word, sizeof word, "%.*s", (int)strcspn(typed, "="), typed);
    struct suggestion suggestion = {.typed = word + strspn(word, "-")};
    for (size_t g = 0; g < parse->n_groups; g++)
        for (size_t i = 0; i < parse->groups[g].n_options; i++)
            suggestion_offer(&suggestion, parse->groups[g].options[i].name);
    if (suggestion.nearest != NULL)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "unknown option %s; did you mean --%s? see '%s --help'", word,
                        suggestion.nearest, parse->command);
    return cli_fail(err, LAKE_INVALID_ARGUMENT, "unknown option %s; see '%s --help'", word, parse->command);
}

/* "--name", "--name=value" or "-h". */
static lake_status identify(const struct options_parse *parse, const char *typed, struct given *given,
                            struct lake_error *err)
{
    size_t n = strcspn(typed, "=");
    bool is_help = strcmp(typed, "-h") == 0;
    given->option = NULL;
    for (size_t g = 0; g < parse->n_groups && given->option == NULL; g++) {
        given->group = &parse->groups[g];
        if (is_help)
            given->option = find_option(given->group, "help", 4);
        else if (strncmp(typed, "--", 2) == 0)
            given->option = find_option(given->group, typed + 2, n - 2);
    }
    given->value = typed[n] == '=' ? typed + n + 1 : NULL;
    if (given->option == NULL)
        return fail_unknown(parse, typed, err);
    return LAKE_OK;
}

/* ---- values ---- */

static lake_status fail_value(const struct option *option, const char *value, const char *what, struct lake_error *err)
{
    return cli_fail(err, LAKE_INVALID_ARGUMENT, "--%s is '%.60s', which is not %s", option->name, value, what);
}

static lake_status set_choice(const struct given *given, const char *value, struct lake_error *err)
{
    const char *choice = given->option->argument;
    for (int place = 1;; place++) {
        size_t n = strcspn(choice, "|");
        if (strlen(value) == n && strncmp(choice, value, n) == 0) {
            *(int *)value_place(given) = place;
            return LAKE_OK;
        }
        if (choice[n] == '\0')
            break;
        choice += n + 1;
    }
    char what[128];
    snprintf(what, sizeof what, "one of %s", given->option->argument);
    return fail_value(given->option, value, what, err);
}

static lake_status set_count(const struct given *given, const char *value, struct lake_error *err)
{
    int64_t count = 0;
    if (!parse_digits(value, &count) || count < 1)
        return fail_value(given->option, value, "a whole number from 1 on", err);
    *(int64_t *)value_place(given) = count;
    return LAKE_OK;
}

static lake_status set_time(const struct given *given, const char *value, struct lake_error *err)
{
    struct option_time *time = value_place(given);
    lake_status status = lake_parse_time(value, given->option->kind == OPTION_END, &time->ms, err);
    if (status != LAKE_OK)
        return cli_fail_prefix(err, status, given->name);
    time->is_given = true;
    return LAKE_OK;
}

static lake_status add_names(const struct given *given, const char *value, struct lake_error *err)
{
    for (;;) {
        value += strspn(value, " ");
        size_t length = strcspn(value, ",");
        size_t n = length;
        while (n > 0 && value[n - 1] == ' ')
            n--;
        if (n == 0)
            return cli_fail(err, LAKE_INVALID_ARGUMENT, "--%s has an empty name between its commas",
                            given->option->name);
        TRY(option_list_add(value_place(given), value, n, err));
        if (value[length] == '\0')
            return LAKE_OK;
        value += length + 1;
    }
}

static lake_status set_value(const struct given *given, const char *value, struct lake_error *err)
{
    if (*value == '\0')
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--%s needs a value, not an empty text", given->option->name);
    switch (given->option->kind) {
    case OPTION_CHOICE: return set_choice(given, value, err);
    case OPTION_COUNT: return set_count(given, value, err);
    case OPTION_START:
    case OPTION_END: return set_time(given, value, err);
    case OPTION_FILES: return option_list_add(value_place(given), value, strlen(value), err);
    case OPTION_NAMES: return add_names(given, value, err);
    default: *(const char **)value_place(given) = value; return LAKE_OK;
    }
}

/* ---- the walk along the command line ---- */

static bool is_value(const struct options_parse *parse, int at)
{
    return at < parse->argc && strncmp(parse->argv[at], "--", 2) != 0 && strcmp(parse->argv[at], "-h") != 0;
}

static lake_status take_flag(const struct given *given, struct lake_error *err)
{
    if (given->value != NULL)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--%s takes no value", given->option->name);
    *(bool *)value_place(given) = true;
    return LAKE_OK;
}

static lake_status note_seen(const struct given *given, struct lake_error *err)
{
    size_t index = (size_t)(given->option - given->group->options);
    assert(index < MOST_OPTIONS);
    uint64_t bit = UINT64_C(1) << index;
    if ((given->group->seen & bit) != 0 && given->option->kind != OPTION_FLAG && !takes_several(given->option))
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--%s is given twice", given->option->name);
    given->group->seen |= bit;
    return LAKE_OK;
}

static lake_status take_option(struct options_parse *parse, struct lake_error *err)
{
    struct given given = {.name = parse->argv[parse->next]};
    TRY(identify(parse, given.name, &given, err));
    TRY(note_seen(&given, err));
    parse->next++;
    if (given.option->kind == OPTION_FLAG)
        return take_flag(&given, err);
    if (given.value != NULL)
        return set_value(&given, given.value, err);
    if (!is_value(parse, parse->next))
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--%s needs a value: --%s %s", given.option->name,
                        given.option->name, given.option->argument);
    do
        TRY(set_value(&given, parse->argv[parse->next++], err));
    while (takes_several(given.option) && is_value(parse, parse->next));
    return LAKE_OK;
}

static bool is_option(const char *text)
{
    return text[0] == '-' && text[1] != '\0';
}

lake_status options_parse(struct options_parse *parse, struct lake_error *err)
{
    bool ended = false;
    while (parse->next < parse->argc) {
        const char *text = parse->argv[parse->next];
        if (!ended && is_option(text)) {
            if (strcmp(text, "--") != 0) {
                TRY(take_option(parse, err));
                continue;
            }
            ended = true;
        } else if (parse->arguments == NULL) {
            return LAKE_OK;
        } else {
            TRY(option_list_add(parse->arguments, text, strlen(text), err));
        }
        parse->next++;
    }
    return LAKE_OK;
}

lake_status options_check_required(const struct option_group *group, const char *command, struct lake_error *err)
{
    char missing[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < group->n_options; i++) {
        if (!group->options[i].is_required || (group->seen & (UINT64_C(1) << i)) != 0)
            continue;
        int n = snprintf(missing + used, sizeof missing - used, "%s--%s %s", used > 0 ? ", " : "",
                         group->options[i].name, group->options[i].argument);
        used += n > 0 && (size_t)n < sizeof missing - used ? (size_t)n : 0;
    }
    if (used == 0)
        return LAKE_OK;
    return cli_fail(err, LAKE_INVALID_ARGUMENT, "%s needs %s; see '%s --help'", command, missing, command);
}

void options_release(struct option_group *group)
{
    for (size_t i = 0; i < group->n_options; i++) {
        struct given given = {.option = &group->options[i], .group = group};
        if (takes_several(given.option))
            option_list_release(value_place(&given));
    }
}
