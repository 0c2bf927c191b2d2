#include "temporary_lake.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

/* Deeper than a lake's own tree, so that a mistake ends. */
enum { MOST_LEVELS = 24 };

/* ---- removing ---- */

static bool is_directory(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void remove_tree(const char *path, int level);

static void remove_entries(const char *path, DIR *directory, int level)
{
    const struct dirent *entry = NULL;
    while ((entry = readdir(directory)) != NULL) {
        char inner[TEMPORARY_LAKE_BYTES];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int n = snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (n > 0 && (size_t)n < sizeof inner)
            remove_tree(inner, level + 1);
    }
}

/* What cannot be removed stays for the system, which clears its temporary files. */
static void remove_tree(const char *path, int level)
{
    if (level > MOST_LEVELS)
        return;
    if (!is_directory(path)) {
        unlink(path);
        return;
    }
    DIR *directory = opendir(path);
    if (directory != NULL) {
        remove_entries(path, directory, level);
        closedir(directory);
    }
    rmdir(path);
}

void temporary_lake_remove(struct temporary_lake *temporary)
{
    if (temporary->directory[0] != '\0')
        remove_tree(temporary->directory, 0);
    temporary->directory[0] = '\0';
}

/* ---- making ---- */

static bool make_directory(struct temporary_lake *temporary, const char *parent)
{
    int n = snprintf(temporary->directory, sizeof temporary->directory, "%s/dl-dry-run-XXXXXX", parent);
    if (n > 0 && (size_t)n < sizeof temporary->directory && mkdtemp(temporary->directory) != NULL)
        return true;
    temporary->directory[0] = '\0';
    return false;
}

/* TMPDIR, else where large temporary files belong: /tmp is often in memory. */
static lake_status choose_directory(struct temporary_lake *temporary, struct lake_error *err)
{
    const char *wanted = getenv("TMPDIR");
    bool is_wanted = wanted != NULL && *wanted != '\0';
    if (is_wanted ? make_directory(temporary, wanted)
                  : make_directory(temporary, "/var/tmp") || make_directory(temporary, "/tmp"))
        return LAKE_OK;
    return cli_fail(err, LAKE_IO, "cannot make a temporary directory in %s: %s; set TMPDIR to one that can be written",
                    is_wanted ? wanted : "/var/tmp or /tmp", strerror(errno));
}

lake_status temporary_lake_open(struct temporary_lake *temporary, struct lake_options options, struct lake **out,
                                struct lake_error *err)
{
    char data_root[TEMPORARY_LAKE_BYTES + 16];
    char db_path[TEMPORARY_LAKE_BYTES + 16];
    TRY(choose_directory(temporary, err));
    snprintf(data_root, sizeof data_root, "%s/data", temporary->directory);
    snprintf(db_path, sizeof db_path, "%s/manifest.db", temporary->directory);
    options.data_root = data_root;
    options.db_path = db_path;
    options.create = true;
    if (options.config_path == NULL)
        options.config_path = "";
    return lake_open(&options, out, err);
}
