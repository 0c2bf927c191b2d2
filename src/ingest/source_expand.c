#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "ingest/source.h"
#include "ingest/source_order.h"

/* What is found so far. Names lie in the caller's arena, the list of them outside until it is whole. */
struct found {
    struct io io;
    struct arena *arena;
    struct buffer paths; /* of const char * */
};

static size_t n_found(const struct found *found)
{
    return found->paths.length / sizeof(const char *);
}

static lake_status add_path(struct found *found, const char *path, struct lake_error *err)
{
    const char *copy;
    if (n_found(found) >= LIMIT_SOURCE_FILES)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: more than %zu files are named", path, LIMIT_SOURCE_FILES);
    TRY(arena_copy_text(found->arena, path, strlen(path), &copy, err));
    return buffer_append(&found->paths, &copy, sizeof copy, err);
}

/* ---- one part of a path against one part of a pattern ---- */

static bool has_wildcard(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] == '*' || text[i] == '?' || text[i] == '[')
            return true;
    return false;
}

/* "[a-z]", "[!0-9]": *p stands behind the '[' and is moved behind the ']'. Without a ']' it is no class. */
static bool match_class(const char **p, const char *end, char c, bool *is_class)
{
    const char *q = *p;
    bool is_negated = q < end && (*q == '!' || *q == '^');
    bool is_in = false;
    q += is_negated;
    const char *first = q;
    while (q < end && (*q != ']' || q == first)) {
        bool is_range = end - q > 2 && q[1] == '-' && q[2] != ']';
        uint8_t low = (uint8_t)q[0], high = (uint8_t)(is_range ? q[2] : q[0]);
        is_in = is_in || ((uint8_t)c >= low && (uint8_t)c <= high);
        q += is_range ? 3 : 1;
    }
    *is_class = q < end;
    if (*is_class)
        *p = q + 1;
    return is_in != is_negated;
}

/* One character of the pattern against one of the name; a star is the caller's. */
static bool match_one(const char **p, const char *end, char c)
{
    char expected = *(*p)++;
    bool is_class = false;
    if (expected == '?')
        return true;
    if (expected == '[') {
        bool is_in = match_class(p, end, c, &is_class);
        if (is_class)
            return is_in;
    }
    return expected == c;
}

/* Goes back to the last star only, so that it takes no more than pattern times name. */
static bool match(const char *p, const char *end, const char *name)
{
    const char *star = NULL, *star_name = NULL;
    if (*name == '.' && (p == end || *p != '.'))
        return false; /* hidden files, as in a shell */
    while (*name != '\0') {
        if (p < end && *p == '*') {
            star = ++p;
            star_name = name;
            continue;
        }
        if (p < end && match_one(&p, end, *name)) {
            name++;
            continue;
        }
        if (star == NULL)
            return false;
        p = star;
        name = ++star_name;
    }
    while (p < end && *p == '*')
        p++;
    return p == end;
}

/* ---- going through directories ---- */

struct entry {
    const char *name;
    enum io_kind kind;
};

struct listing {
    struct arena arena;
    struct buffer entries; /* of struct entry */
    const char *pattern;   /* the part that names are to match; NULL: all that are not hidden */
    const char *pattern_end;
    lake_status status;
    struct lake_error *err;
};

static int take_entry(void *context, const char *name, enum io_kind kind)
{
    struct listing *listing = context;
    struct entry entry = {NULL, kind};
    bool is_wanted = listing->pattern == NULL ? name[0] != '.' : match(listing->pattern, listing->pattern_end, name);
    if (!is_wanted)
        return 0;
    listing->status = arena_copy_text(&listing->arena, name, strlen(name), &entry.name, listing->err);
    if (listing->status == LAKE_OK)
        listing->status = buffer_append(&listing->entries, &entry, sizeof entry, listing->err);
    return listing->status == LAKE_OK ? 0 : -ECANCELED;
}

/* What is no directory has no names. */
static lake_status list_directory(const struct found *found, const char *path, struct listing *listing,
                                  struct lake_error *err)
{
    listing->err = err;
    arena_init(&listing->arena, LIMIT_SOURCE_LISTING_BYTES);
    buffer_init(&listing->entries, LIMIT_SOURCE_LISTING_BYTES);
    int result = found->io.ops->list(found->io.context, path, take_entry, listing);
    if (listing->status != LAKE_OK)
        return listing->status;
    if (result < 0 && result != -ENOENT && result != -ENOTDIR)
        return lake_fail_errno(err, -result, "cannot list the directory", path);
    return LAKE_OK;
}

static void listing_release(struct listing *listing)
{
    arena_release(&listing->arena);
    buffer_release(&listing->entries);
}

/* A place in a pattern: where the walk stands and what of the pattern is left. */
struct walk {
    struct found *found;
    const char *rest; /* "" at the end */
    int depth;        /* directories that ** went down */
};

static lake_status walk_on(struct walk walk, struct buffer *path, struct lake_error *err);

enum presence { ABSENT, DIRECTORY, FILE_OR_PIPE };

/* What there is at a path; links are followed. What cannot be told is an error, for a file must not be passed over in silence. */
static lake_status look(const struct found *found, const char *path, enum presence *out, struct lake_error *err)
{
    struct io_status status;
    int result = found->io.ops->status(found->io.context, path, &status);
    *out = ABSENT;
    if (result == 0)
        *out = status.kind == IO_KIND_DIRECTORY ? DIRECTORY : FILE_OR_PIPE;
    else if (result != -ENOENT && result != -ENOTDIR)
        return lake_fail_errno(err, -result, "cannot examine", path);
    return LAKE_OK;
}

/* The end of a pattern: files count, also named pipes and links to files. */
static lake_status end_walk(struct found *found, const char *path, struct lake_error *err)
{
    enum presence presence;
    TRY(look(found, path, &presence, err));
    return presence == FILE_OR_PIPE ? add_path(found, path, err) : LAKE_OK;
}

static lake_status append_part(struct buffer *path, const char *part, size_t n, struct lake_error *err)
{
    if (path->length > 0 && path->data[path->length - 1] != '/')
        TRY(buffer_append_byte(path, '/', err));
    if (path->length + n > LIMIT_PATH_BYTES)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "a path has more than %d bytes", LIMIT_PATH_BYTES);
    return buffer_append(path, part, n, err);
}

static lake_status directory_text(struct buffer *path, const char **text, struct lake_error *err)
{
    *text = ".";
    return path->length == 0 ? LAKE_OK : buffer_string(path, text, err);
}

/* Goes on in each entry of the directory; the path is as before afterwards. For ** only directories themselves count, not links to them, which
 * may lead in circles. */
static lake_status walk_entries(struct walk walk, struct listing *listing, bool is_any_depth, struct buffer *path,
                                struct lake_error *err)
{
    const struct entry *entries = (const void *)listing->entries.data;
    size_t length = path->length;
    lake_status status = LAKE_OK;
    for (size_t i = 0; status == LAKE_OK && i < listing->entries.length / sizeof *entries; i++) {
        if (is_any_depth && entries[i].kind != IO_KIND_DIRECTORY)
            continue;
        status = append_part(path, entries[i].name, strlen(entries[i].name), err);
        if (status == LAKE_OK)
            status = walk_on(walk, path, err);
        path->length = length;
    }
    return status;
}

static lake_status walk_listing(struct walk walk, const char *pattern, const char *end, struct buffer *path,
                                struct lake_error *err)
{
    struct listing listing = {.pattern = pattern, .pattern_end = end};
    const char *directory;
    lake_status status = LAKE_OK;
    TRY_OUT(directory_text(path, &directory, err));
    TRY_OUT(list_directory(walk.found, directory, &listing, err));
    TRY_OUT(walk_entries(walk, &listing, pattern == NULL, path, err));
out:
    listing_release(&listing);
    return status;
}

/* **: here, and in every directory below. */
static lake_status walk_any_depth(struct walk walk, const char *after, struct buffer *path, struct lake_error *err)
{
    while (strncmp(after, "**/", 3) == 0) /* says no more than one, and would go everywhere again */
        after += 3;
    struct walk here = {walk.found, after, walk.depth};
    if (walk.depth >= LIMIT_SOURCE_DEPTH)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%.*s: has more than %d directories in each other",
                         (int)path->length, (const char *)path->data, LIMIT_SOURCE_DEPTH);
    TRY(walk_on(here, path, err));
    walk.depth++;
    return walk_listing(walk, NULL, NULL, path, err);
}

static lake_status walk_on(struct walk walk, struct buffer *path, struct lake_error *err)
{
    const char *part = walk.rest;
    size_t n = strcspn(part, "/");
    enum presence presence = DIRECTORY; /* of the beginning, where there is no path yet */
    const char *after = part + n + strspn(part + n, "/");
    const char *text;
    TRY(buffer_string(path, &text, err));
    if (*part == '\0')
        return end_walk(walk.found, text, err);
    if (path->length > 0)
        TRY(look(walk.found, text, &presence, err));
    if (presence != DIRECTORY)
        return LAKE_OK;
    if (n == 2 && part[0] == '*' && part[1] == '*')
        return walk_any_depth(walk, *after != '\0' ? after : "*", path, err);
    struct walk next = {walk.found, after, walk.depth};
    if (has_wildcard(part, n))
        return walk_listing(next, part, part + n, path, err);
    size_t length = path->length;
    TRY(append_part(path, part, n, err));
    lake_status status = walk_on(next, path, err);
    path->length = length;
    return status;
}

static int compare_paths(const void *a, const void *b)
{
    return source_order_compare(*(const char *const *)a, *(const char *const *)b);
}

static lake_status expand_pattern(struct found *found, const char *pattern, struct lake_error *err)
{
    struct buffer path = BUFFER_INIT(2 * LIMIT_PATH_BYTES);
    size_t n_before = n_found(found);
    lake_status status = LAKE_OK;
    if (pattern[0] == '/')
        TRY_OUT(buffer_append_byte(&path, '/', err));
    TRY_OUT(walk_on((struct walk){found, pattern + strspn(pattern, "/"), 0}, &path, err));
    if (n_found(found) > n_before)
        qsort((const char **)(void *)found->paths.data + n_before, n_found(found) - n_before, sizeof(const char *),
              compare_paths);
    else
        status = lake_fail(err, LAKE_NOT_FOUND, "%s: no file matches the pattern", pattern);
out:
    buffer_release(&path);
    return status;
}

/* ---- all of them ---- */

static int compare_places(const void *a, const void *b)
{
    const char *const *const *left = a, *const *const *right = b;
    int order = strcmp(**left, **right);
    return order != 0 ? order : (*left > *right) - (*left < *right);
}

/* Keeps the first of equal paths, and the order. */
static lake_status drop_duplicates(struct found *found, struct lake_error *err)
{
    const char **paths = (const char **)(void *)found->paths.data;
    const char ***places = NULL;
    size_t n = n_found(found), n_kept = 0;
    TRY(memory_new(n, sizeof *places, &places, err));
    for (size_t i = 0; i < n; i++)
        places[i] = &paths[i];
    if (n > 1)
        qsort(places, n, sizeof *places, compare_places);
    for (size_t i = n; i-- > 1;)
        if (strcmp(*places[i], *places[i - 1]) == 0)
            *places[i] = NULL;
    for (size_t i = 0; i < n; i++)
        if (paths[i] != NULL)
            paths[n_kept++] = paths[i];
    found->paths.length = n_kept * sizeof *paths;
    memory_free(places);
    return LAKE_OK;
}

static lake_status expand_one(struct found *found, const char *path, struct lake_error *err)
{
    enum presence presence = FILE_OR_PIPE;
    int64_t size_bytes;
    if (has_wildcard(path, strlen(path)))
        TRY(look(found, path, &presence, err));
    if (presence == ABSENT)
        return expand_pattern(found, path, err);
    TRY(source_check(found->io, path, &size_bytes, err));
    return add_path(found, path, err);
}

static lake_status hand_over(const struct found *found, const char *const **out, size_t *n_out, struct lake_error *err)
{
    const char **paths = NULL;
    TRY(arena_new(found->arena, n_found(found), sizeof *paths, &paths, err));
    if (found->paths.length > 0)
        memcpy(paths, found->paths.data, found->paths.length);
    *out = paths;
    *n_out = n_found(found);
    return LAKE_OK;
}

lake_status source_expand(struct io io, const char *const *paths, size_t n, struct arena *arena,
                          const char *const **out, size_t *n_out, struct lake_error *err)
{
    struct found found = {io, arena, BUFFER_INIT(LIMIT_SOURCE_FILES * sizeof(const char *))};
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < n; i++)
        TRY_OUT(expand_one(&found, paths[i], err));
    TRY_OUT(drop_duplicates(&found, err));
    TRY_OUT(hand_over(&found, out, n_out, err));
out:
    buffer_release(&found.paths);
    return status;
}
