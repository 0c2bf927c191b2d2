#include "ingest_sources.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

static bool is_pattern(const char *path)
{
    return strpbrk(path, "*?[") != NULL;
}

/* The library's own patterns know ** too: what glob does not know is left to it. */
static lake_status check_pattern(const char *path, struct lake_error *err)
{
    glob_t found = {0};
    if (strstr(path, "**") != NULL)
        return LAKE_OK;
    int result = glob(path, GLOB_NOSORT, NULL, &found);
    globfree(&found);
    if (result == GLOB_NOMATCH)
        return cli_fail(err, LAKE_NOT_FOUND, "%s: no file matches; check what --source names", path);
    return LAKE_OK;
}

static lake_status check_path(const char *path, struct lake_error *err)
{
    struct stat status;
    if (stat(path, &status) == 0) {
        if (S_ISDIR(status.st_mode))
            return cli_fail(err, LAKE_INVALID_ARGUMENT, "%s is a directory; name its files: --source '%s/*.csv'", path,
                            path);
        return LAKE_OK;
    }
    if (is_pattern(path))
        return check_pattern(path, err);
    if (errno == ENOENT || errno == ENOTDIR)
        return cli_fail(err, LAKE_NOT_FOUND, "%s: there is no such file; check what --source names", path);
    return LAKE_OK;
}

lake_status ingest_sources_check(const struct option_list *sources, struct lake_error *err)
{
    bool has_input = false;
    for (size_t i = 0; i < sources->n; i++) {
        if (strcmp(sources->items[i], "-") != 0) {
            TRY(check_path(sources->items[i], err));
        } else {
            if (has_input)
                return cli_fail(err, LAKE_INVALID_ARGUMENT, "standard input ('-') can be read once only");
            if (isatty(STDIN_FILENO) == 1)
                return cli_fail(err, LAKE_INVALID_ARGUMENT,
                                "--source - reads standard input, which is a terminal; send the rows into it: … | dl "
                                "ingest --source - …");
            has_input = true;
        }
    }
    return LAKE_OK;
}
