#include "help.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "utf8.h"

enum { INDENT = 2, COLUMN = 22, WIDTH = 100, USAGE_COLUMN = 11 };

static void write_blanks(struct output *out, int n)
{
    output_printf(out, "%*s", n > 0 ? n : 0, "");
}

static void write_title(struct cli *cli, const char *title)
{
    bool bold = cli->terminal.has_colour;
    output_printf(&cli->out, "\n%s%s%s\n", bold ? "\033[1m" : "", title, bold ? "\033[0m" : "");
}

/* Words from `at` on, continued at `column`. */
static void write_wrapped(struct output *out, const char *text, int at, int column)
{
    for (bool is_first = true; *text != '\0'; is_first = false) {
        size_t n = strcspn(text, " ");
        int width = (int)utf8_width(text, n);
        if (!is_first && at + 1 + width > WIDTH) {
            output_text(out, "\n");
            write_blanks(out, column);
            at = column;
        } else if (!is_first) {
            output_text(out, " ");
            at++;
        }
        output_printf(out, "%.*s", (int)n, text);
        at += width;
        text += n + (text[n] == ' ');
    }
    output_text(out, "\n");
}

static void write_entry(struct output *out, const char *name, const char *help)
{
    int n = INDENT + (int)utf8_width(name, strlen(name));
    output_printf(out, "%*s%s", INDENT, "", name);
    if (n + 2 > COLUMN) {
        output_text(out, "\n");
        n = 0;
    }
    write_blanks(out, COLUMN - n);
    write_wrapped(out, help, COLUMN, COLUMN);
}

static void write_options(struct output *out, const struct option *options, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char name[128];
        bool has_argument = options[i].argument != NULL;
        snprintf(name, sizeof name, "--%s%s%s", options[i].name, has_argument ? " " : "",
                 has_argument ? options[i].argument : "");
        write_entry(out, name, options[i].help);
    }
}

static void write_usage(struct output *out, const struct command *command)
{
    char usage[512];
    size_t used = (size_t)snprintf(usage, sizeof usage, "dl %s", command->name);
    for (size_t i = 0; i < command->n_options; i++)
        if (command->options[i].is_required)
            used += (size_t)snprintf(usage + used, sizeof usage - used, " --%s %s", command->options[i].name,
                                     command->options[i].argument);
    if (command->argument != NULL)
        used += (size_t)snprintf(usage + used, sizeof usage - used, command->needs_argument ? " %s" : " [%s]",
                                 command->argument);
    snprintf(usage + used, sizeof usage - used, " [options]");
    output_text(out, "Usage: ");
    write_wrapped(out, usage, (int)strlen("Usage: "), USAGE_COLUMN);
}

static void write_examples(struct cli *cli, const char *const *examples)
{
    write_title(cli, "Examples:");
    for (; *examples != NULL; examples++)
        output_printf(&cli->out, "%*s%s\n", INDENT, "", *examples);
}

void help_command(struct cli *cli, const struct command *command)
{
    struct output *out = &cli->out;
    write_usage(out, command);
    output_printf(out, "\n%s", command->description);
    if (command->n_options > 0) {
        write_title(cli, "Options:");
        write_options(out, command->options, command->n_options);
    }
    write_title(cli, "Options of every command:");
    write_options(out, global_option_table, n_global_options);
    write_examples(cli, command->examples);
}

static const char *const first_steps[] = {
    "dl ingest --source btc_1m.csv --exchange BINANCE --symbol BTCUSDT",
    "dl list",
    "dl read --exchange BINANCE --symbol BTCUSDT --start 2026-01-01 --end 2026-01-07",
    NULL,
};

void help_overview(struct cli *cli)
{
    struct output *out = &cli->out;
    output_text(
        out, "Usage: dl COMMAND [options]\n\nA market data lake on this machine: bars in, Parquet and a manifest, bars "
             "out.\n");
    write_title(cli, "Commands:");
    for (size_t i = 0; cli_commands[i] != NULL; i++)
        write_entry(out, cli_commands[i]->name, cli_commands[i]->summary);
    write_title(cli, "Options of every command:");
    write_options(out, global_option_table, n_global_options);
    write_examples(cli, first_steps);
    output_text(out,
                "\nSee 'dl COMMAND --help' for a command. Exit status: 0 done, 1 failed, 2 wrong usage, 3 problems "
                "found, 130 interrupted.\n");
}
