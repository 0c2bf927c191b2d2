/* dl, the command line of the data lake: finds the command, parses its options, runs it, and turns what it returns
 * into the exit status (0 done, 1 failed, 2 wrong usage, 3 problems found, 130 interrupted) and one line on
 * standard error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "help.h"
#include "interrupt.h"
#include "report.h"

enum { EXIT_PROBLEMS = 3 };

/* The command line in its two parts: options before the command, and the command with its own. */
struct command_line {
    int argc;
    char **argv;
    int next;
    struct option_group global;
};

static lake_status parse_global(struct cli *cli, struct command_line *line, struct lake_error *err)
{
    struct options_parse parse = {
        .groups = &line->global,
        .n_groups = 1,
        .command = "dl",
        .argv = line->argv,
        .argc = line->argc,
        .next = 1,
    };
    TRY(options_parse(&parse, err));
    line->next = parse.next;
    if (parse.next == parse.argc)
        return LAKE_OK;
    cli->command = command_find(line->argv[parse.next]);
    if (cli->command == NULL)
        return command_fail_unknown(line->argv[parse.next], err);
    return LAKE_OK;
}

static lake_status check_arguments(const struct cli *cli, const char *name, struct lake_error *err)
{
    size_t n_taken = cli->command->argument != NULL ? 1 : 0;
    if (cli->arguments.n == 0 && cli->command->needs_argument)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "%s needs %s; see '%s --help'", name, cli->command->argument, name);
    if (cli->arguments.n <= n_taken)
        return LAKE_OK;
    const char *hint = cli->command->stray_hint;
    return cli_fail(err, LAKE_INVALID_ARGUMENT, "'%.60s' is more than %s takes; %s%ssee '%s --help'",
                    cli->arguments.items[n_taken], name, hint != NULL ? hint : "", hint != NULL ? "; " : "", name);
}

static lake_status parse_command(struct cli *cli, struct command_line *line, void *options, struct lake_error *err)
{
    char name[64];
    snprintf(name, sizeof name, "dl %s", cli->command->name);
    struct option_group groups[] = {
        {cli->command->options, cli->command->n_options, options, 0},
        line->global,
    };
    struct options_parse parse = {
        .groups = groups,
        .n_groups = sizeof groups / sizeof *groups,
        .command = name,
        .argv = line->argv,
        .argc = line->argc,
        .next = line->next + 1,
        .arguments = &cli->arguments,
    };
    TRY(options_parse(&parse, err));
    if (cli->global.help || cli->global.version)
        return LAKE_OK;
    TRY(check_arguments(cli, name, err));
    return options_check_required(&groups[0], name, err);
}

static lake_status run_command(struct cli *cli, struct command_line *line, struct lake_error *err)
{
    void *options = calloc(1, cli->command->options_bytes + 1);
    if (options == NULL)
        return cli_fail(err, LAKE_NO_MEMORY, "out of memory");
    lake_status status = parse_command(cli, line, options, err);
    if (status == LAKE_OK && cli->global.help)
        help_command(cli, cli->command);
    else if (status == LAKE_OK)
        status = (cli->global.version ? command_version.run : cli->command->run)(cli, options, err);
    struct option_group group = {cli->command->options, cli->command->n_options, options, 0};
    options_release(&group);
    free(options);
    return status;
}

static lake_status run(struct cli *cli, struct command_line *line, struct lake_error *err)
{
    TRY(parse_global(cli, line, err));
    if (cli->command != NULL)
        return run_command(cli, line, err);
    if (cli->global.version)
        return command_version.run(cli, NULL, err);
    if (cli->global.help)
        return command_help.run(cli, NULL, err);
    return cli_fail(err, LAKE_INVALID_ARGUMENT, "no command given; see 'dl --help' for what there is");
}

/* Also where the mistake stands before it: a program that reads our errors gets the one form always. */
static bool wants_json(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            return true;
    return false;
}

/* Where rows could not be written, that is the reason, and the library only knows that something refused them; a
 * reader that went away is none. After any other failure what is still gathered stays unsaid: a result is whole or
 * cut by an error. */
static lake_status settle(struct cli *cli, lake_status status, struct lake_error *err)
{
    if (status == LAKE_OK || (status == LAKE_IO && cli->out.failed != 0))
        return output_finish(&cli->out, err);
    return status;
}

int main(int argc, char **argv)
{
    terminal_keep_ends_taken();
    struct lake_error err = {0};
    struct cli cli = {.terminal = terminal_detect()};
    struct command_line line = {
        .argc = argc,
        .argv = argv,
        .global = {global_option_table, n_global_options, &cli.global, 0},
    };
    interrupt_install();
    output_begin_standard(&cli.out);

    lake_status status = run(&cli, &line, &err);
    status = settle(&cli, status, &err);
    option_list_release(&cli.arguments);
    if (status != LAKE_OK)
        report_error(&err, wants_json(argc, argv));
    if (status == LAKE_OK && cli.found_problems)
        return EXIT_PROBLEMS;
    return lake_status_exit(status);
}
