/* Which captures there are to read, and in which order. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/capture.h"
#include "capture/reader.h"

enum { DEPTH_MAX = 64 };                /* folders within folders */

struct file_id {
    dev_t dev;
    ino_t ino;
};

struct builder {
    struct capture_list *list;
    size_t room;
    void *seen;                         /* tsearch(3) tree of struct file_id */
    size_t known;                       /* captures met, those met before included */
    void (*complain)(void *ctx, enum capture_status, const char *sentence);
    void *ctx;
};

static void refuse(struct builder *b, enum capture_status status, const char *sentence)
{
    b->complain(b->ctx, status, sentence);
    b->list->refused++;
}

static void refuse_because(struct builder *b, enum capture_status status, const char *path, const char *why)
{
    char sentence[CAPTURE_ERROR];

    snprintf(sentence, sizeof sentence, "%.300s: %s", path, why);
    refuse(b, status, sentence);
}

static int compare_id(const void *a, const void *b)
{
    const struct file_id *x = a, *y = b;

    if (x->dev != y->dev)
        return x->dev < y->dev ? -1 : 1;
    return x->ino < y->ino ? -1 : x->ino > y->ino;
}

/* Whether the same file was met under another name; from now on it was. */
static bool seen_before(struct builder *b, const struct stat *st)
{
    struct file_id *id = malloc(sizeof *id);
    if (!id)
        return false;
    *id = (struct file_id){ st->st_dev, st->st_ino };
    struct file_id **entry = tsearch(id, &b->seen, compare_id);
    bool before = entry && *entry != id;
    if (before || !entry)
        free(id);
    return before;
}

static struct capture_file *new_entry(struct builder *b, const char *path)
{
    struct capture_list *list = b->list;
    char *copy = strdup(path);

    if (copy && list->n == b->room) {
        size_t room = b->room ? 2 * b->room : 16;
        struct capture_file *more = realloc(list->file, room * sizeof *more);
        if (more) {
            list->file = more;
            b->room = room;
        }
    }
    if (!copy || list->n == b->room) {
        free(copy);
        refuse_because(b, CAPTURE_UNREADABLE, path, "no memory to remember it");
        return NULL;
    }
    struct capture_file *f = &list->file[list->n++];
    *f = (struct capture_file){ .path = copy };
    return f;
}

/* Files that happen to lie in a folder are passed over if they are no captures, but not packed
 * ones whose name says that they are captures. */
static bool is_worth_a_word(const char *path, enum capture_status status, bool named)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    return named || status != CAPTURE_NOT_ONE || strcasestr(name, ".pcap") || strcasestr(name, ".cap");
}

static void add_file(struct builder *b, const char *path, bool named)
{
    enum capture_status status;
    char error[CAPTURE_ERROR];
    struct packet first;

    struct capture *c = capture_open(path, &status, error);
    if (!c) {
        if (is_worth_a_word(path, status, named))
            refuse(b, status, error);
        return;
    }
    bool empty = !capture_peek(c, &first);
    struct capture_file *f = NULL;
    b->known++;
    if (empty && capture_status(c) != CAPTURE_OK)
        refuse(b, capture_status(c), capture_error(c));
    else
        f = new_entry(b, path);
    if (f) {
        f->empty = empty;
        f->first_ns = empty ? 0 : first.ts_ns;
        f->linktype = empty ? 0 : first.linktype;
        f->open = capture_is_file(c) ? NULL : c;
    }
    if (!f || !f->open)
        capture_close(c);
}

/* --- folders --- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_no_dot(const struct dirent *d)
{
    return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static char *join(const char *folder, const char *name)
{
    size_t n = strlen(folder);
    char *path = NULL;

    if (asprintf(&path, "%s%s%s", folder, n && folder[n - 1] == '/' ? "" : "/", name) < 0)
        return NULL;
    return path;
}

static void add_folder(struct builder *b, const char *path, int depth);

/* Something in a folder. Links are not followed: they may lead out of it, or in a circle. */
static void add_entry(struct builder *b, const char *path, int depth)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        refuse_because(b, CAPTURE_UNREADABLE, path, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        add_folder(b, path, depth + 1);
    else if (S_ISREG(st.st_mode) && seen_before(b, &st))
        b->known++;
    else if (S_ISREG(st.st_mode))
        add_file(b, path, false);
}

static void add_folder(struct builder *b, const char *path, int depth)
{
    struct dirent **entry;

    if (depth > DEPTH_MAX) {
        refuse_because(b, CAPTURE_UNREADABLE, path, "is not looked into, it lies too deep");
        return;
    }
    int n = scandir(path, &entry, is_no_dot, by_name);
    if (n < 0) {
        refuse_because(b, CAPTURE_UNREADABLE, path, strerror(errno));
        return;
    }
    for (int i = 0; i < n; i++) {
        char *inner = join(path, entry[i]->d_name);
        if (inner)
            add_entry(b, inner, depth);
        free(inner);
        free(entry[i]);
    }
    free(entry);
}

static void add_named_folder(struct builder *b, const char *path)
{
    size_t known = b->known;
    unsigned refused = b->list->refused;

    add_folder(b, path, 0);
    if (b->known == known && b->list->refused == refused)
        refuse_because(b, CAPTURE_NOT_ONE, path, "there is no capture in this folder");
}

static void add_named(struct builder *b, const char *path)
{
    struct stat st;
    bool standard_input = strcmp(path, "-") == 0;

    if (standard_input ? fstat(STDIN_FILENO, &st) != 0 : stat(path, &st) != 0)
        refuse_because(b, CAPTURE_UNREADABLE, standard_input ? "standard input" : path, strerror(errno));
    else if (S_ISDIR(st.st_mode) && !standard_input)
        add_named_folder(b, path);
    else if (!seen_before(b, &st))
        add_file(b, path, true);
}

/* --- the list --- */

static int by_time_and_path(const void *a, const void *b)
{
    const struct capture_file *x = a, *y = b;

    if (x->first_ns != y->first_ns)
        return x->first_ns < y->first_ns ? -1 : 1;
    return strcmp(x->path, y->path);
}

void capture_list_make(struct capture_list *list, char *const *paths, size_t n,
                       void (*complain)(void *ctx, enum capture_status, const char *sentence), void *ctx)
{
    struct builder b = { .list = list, .complain = complain, .ctx = ctx };

    *list = (struct capture_list){ 0 };
    for (size_t i = 0; i < n; i++)
        add_named(&b, paths[i]);
    tdestroy(b.seen, free);
    if (list->n)
        qsort(list->file, list->n, sizeof *list->file, by_time_and_path);
}

void capture_list_free(struct capture_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        capture_close(list->file[i].open);
        free(list->file[i].path);
    }
    free(list->file);
    *list = (struct capture_list){ 0 };
}
