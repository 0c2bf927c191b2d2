#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"

struct target {
    bool flag;
    const char *text;
    struct option_list files, names;
    int64_t count;
    int choice;
    struct option_time start, end;
};

#define AT(member) offsetof(struct target, member)

static const struct option table[] = {
    {"flag", NULL, OPTION_FLAG, false, NULL, "", AT(flag)},
    {"symbol", "sym", OPTION_TEXT, true, "NAME", "", AT(text)},
    {"source", NULL, OPTION_FILES, true, "FILE", "", AT(files)},
    {"columns", NULL, OPTION_NAMES, false, "NAME,...", "", AT(names)},
    {"limit", NULL, OPTION_COUNT, false, "N", "", AT(count)},
    {"format", NULL, OPTION_CHOICE, false, "table|csv|json", "", AT(choice)},
    {"start", NULL, OPTION_START, false, "TIME", "", AT(start)},
    {"end", NULL, OPTION_END, false, "TIME", "", AT(end)},
};

struct parsed {
    struct target target;
    struct option_group group;
    struct option_list arguments;
    struct lake_error err;
    lake_status status;
    int next;
};

enum { MOST_WORDS = 16 };

/* The words are separated by single blanks; "~" stands for an empty word. */
static void parse(struct parsed *parsed, const char *words, bool stops)
{
    static char text[256];
    char *argv[MOST_WORDS];
    int argc = 0;
    memset(parsed, 0, sizeof *parsed);
    assert_true(strlen(words) < sizeof text);
    memcpy(text, words, strlen(words) + 1);
    for (char *word = text; *word != '\0';) {
        size_t n = strcspn(word, " ");
        bool is_last = word[n] == '\0';
        word[n] = '\0';
        if (strcmp(word, "~") == 0)
            *word = '\0';
        assert_true(argc < MOST_WORDS);
        argv[argc++] = word;
        word += is_last ? n : n + 1;
    }
    parsed->group = (struct option_group){table, sizeof table / sizeof *table, &parsed->target, 0};
    struct options_parse parse = {
        .groups = &parsed->group,
        .n_groups = 1,
        .command = "dl test",
        .argv = argv,
        .argc = argc,
        .arguments = stops ? NULL : &parsed->arguments,
    };
    parsed->status = options_parse(&parse, &parsed->err);
    parsed->next = parse.next;
}

static void release(struct parsed *parsed)
{
    options_release(&parsed->group);
    option_list_release(&parsed->arguments);
}

static void values(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, "--flag --symbol BTCUSDT --limit=12 --format csv --start 1970-01-02 --end=1970-01-02", false);
    assert_int_equal(p.status, LAKE_OK);
    assert_true(p.target.flag);
    assert_string_equal(p.target.text, "BTCUSDT");
    assert_int_equal(p.target.count, 12);
    assert_int_equal(p.target.choice, 2);
    assert_true(p.target.start.is_given);
    assert_int_equal(p.target.start.ms, 86400000);
    assert_int_equal(p.target.end.ms, 2 * 86400000);
    release(&p);

    parse(&p, "--sym=a=b", false);
    assert_int_equal(p.status, LAKE_OK);
    assert_string_equal(p.target.text, "a=b");
    release(&p);
}

static void lists(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, "--source a.csv b,c.csv --columns open,close high --source=d --source -", false);
    assert_int_equal(p.status, LAKE_OK);
    assert_int_equal(p.target.files.n, 4);
    assert_string_equal(p.target.files.items[1], "b,c.csv");
    assert_string_equal(p.target.files.items[2], "d");
    assert_string_equal(p.target.files.items[3], "-");
    assert_int_equal(p.target.names.n, 3);
    assert_string_equal(p.target.names.items[1], "close");
    assert_string_equal(p.target.names.items[2], "high");
    release(&p);
}

static void arguments_and_the_end_of_options(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, "one --flag two -- --symbol -x", false);
    assert_int_equal(p.status, LAKE_OK);
    assert_int_equal(p.arguments.n, 4);
    assert_string_equal(p.arguments.items[2], "--symbol");
    assert_string_equal(p.arguments.items[3], "-x");
    assert_null(p.target.text);
    release(&p);

    parse(&p, "--flag read --symbol a", true);
    assert_int_equal(p.status, LAKE_OK);
    assert_int_equal(p.next, 1);
    release(&p);
}

struct bad {
    const char *words;
    const char *message; /* part of it */
};

static void mistakes(void **state)
{
    (void)state;
    static const struct bad bad[] = {
        {"--symbl a", "unknown option --symbl; did you mean --symbol? see 'dl test --help'"},
        {"--symbl=a", "unknown option --symbl; did you mean --symbol?"},
        {"-symbol a", "unknown option -symbol; did you mean --symbol?"},
        {"--qqqqqq", "unknown option --qqqqqq; see 'dl test --help'"},
        {"--sy a", "unknown option --sy"},
        {"-5", "unknown option -5"},
        {"--symbol", "--symbol needs a value: --symbol NAME"},
        {"--symbol --flag", "--symbol needs a value: --symbol NAME"},
        {"--symbol ~", "--symbol needs a value, not an empty text"},
        {"--symbol=", "--symbol needs a value, not an empty text"},
        {"--symbol a --symbol b", "--symbol is given twice"},
        {"--symbol a --sym b", "--symbol is given twice"},
        {"--flag=1", "--flag takes no value"},
        {"--limit 0", "--limit is '0', which is not a whole number from 1 on"},
        {"--limit -1", "--limit is '-1', which is not"},
        {"--limit 1x", "--limit is '1x', which is not"},
        {"--limit 9223372036854775808", "--limit is '9223372036854775808', which is not"},
        {"--format xml", "--format is 'xml', which is not one of table|csv|json"},
        {"--format cs", "--format is 'cs', which is not one of"},
        {"--columns a,,b", "--columns has an empty name between its commas"},
        {"--columns a,", "--columns has an empty name between its commas"},
        {"--start yesterdayish", "--start: 'yesterdayish' is not a date or time"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct parsed p;
        parse(&p, bad[i].words, false);
        assert_int_equal(p.status, LAKE_INVALID_ARGUMENT);
        if (strstr(p.err.message, bad[i].message) == NULL)
            assert_string_equal(p.err.message, bad[i].message);
        release(&p);
    }
}

static void required(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, "--flag", false);
    assert_int_equal(options_check_required(&p.group, "dl test", &p.err), LAKE_INVALID_ARGUMENT);
    assert_string_equal(p.err.message, "dl test needs --symbol NAME, --source FILE; see 'dl test --help'");
    release(&p);
    parse(&p, "--sym a --source b", false);
    assert_int_equal(options_check_required(&p.group, "dl test", &p.err), LAKE_OK);
    release(&p);
}

static void digits(void **state)
{
    (void)state;
    int64_t n = 0;
    assert_true(parse_digits("9223372036854775807", &n));
    assert_int_equal(n, INT64_MAX);
    assert_false(parse_digits("9223372036854775808", &n));
    assert_false(parse_digits("", &n));
    assert_false(parse_digits("+1", &n));
    assert_false(parse_digits("1 ", &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),   cmocka_unit_test(lists),    cmocka_unit_test(arguments_and_the_end_of_options),
        cmocka_unit_test(mistakes), cmocka_unit_test(required), cmocka_unit_test(digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
