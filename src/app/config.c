#include "app/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "app/log.h"
#include "app/nearest.h"

enum { PLACE = 4200, COMPLAINTS = 20 };

/* --- names --- */

static bool is_for_files(const struct option *o)
{
    return strcmp(o->name, "config") != 0 && strcmp(o->name, "help") != 0;
}

static const struct option *find(const struct option *o, const char *name)
{
    for (; o->name; o++)
        if (strcmp(o->name, name) == 0 && is_for_files(o))
            return o;
    return NULL;
}

static int unknown(const struct option *o, const char *name)
{
    struct nearest near = nearest_to(name);
    for (; o->name; o++)
        if (is_for_files(o))
            nearest_try(&near, o->name);
    const char *meant = nearest_word(&near);
    if (meant)
        return complain(EX_CONFIG, "'%s' is no setting; is '%s' meant?", name, meant);
    return complain(EX_CONFIG, "'%s' is no setting; 'mailseal monitor --help' lists them", name);
}

/* --- lines --- */

static char *trim(char *s)
{
    s += strspn(s, " \t\r");
    for (size_t n = strlen(s); n && strchr(" \t\r", s[n - 1]); n--)
        s[n - 1] = 0;
    return s;
}

static int take_flag(struct config *c, const struct option *o, const char *value)
{
    if (strcmp(value, "yes") == 0)
        return c->take(c->ctx, o->val, NULL);
    return strcmp(value, "no") == 0 ? 0 : complain(EX_CONFIG, "%s: '%s' is neither yes nor no", o->name, value);
}

static int take_line(struct config *c, char *line)
{
    char *equals = strchr(line, '=');
    if (!*line || *line == '#' || *line == ';' || strcmp(line, "[monitor]") == 0)
        return 0;
    if (*line == '[')
        return complain(EX_CONFIG, "'%s' is no section; there is only [monitor]", line);
    if (!equals)
        return complain(EX_CONFIG, "'%s' is no line of the form 'name = value'", line);
    *equals = 0;
    const char *name = trim(line), *value = trim(equals + 1);
    const struct option *o = find(c->options, name);
    if (!o)
        return unknown(c->options, name);
    if (!*value)
        return complain(EX_CONFIG, "%s: a value is missing; leave out the line for the default", name);
    c->n++;
    return o->has_arg ? c->take(c->ctx, o->val, value) : take_flag(c, o, value);
}

static int take_lines(struct config *c, const char *path)
{
    char place[PLACE];
    char *line = c->text;
    unsigned number = 0, bad = 0;
    while (line && bad < COMPLAINTS) {
        char *end = strchr(line, '\n');
        if (end)
            *end = 0;
        snprintf(place, sizeof place, "%s:%u", path, ++number);
        log_at(place);
        bad += take_line(c, trim(line)) != 0;
        line = end ? end + 1 : NULL;
    }
    log_at(NULL);
    return bad ? EX_CONFIG : 0;
}

int config_read(struct config *c, const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return complain(EX_NOINPUT, "%s cannot be read: %s%s", path, strerror(errno),
                        errno == ENOENT ? "; share/mailseal/mailseal.conf of what was installed is one to begin with" : "");
    size_t n = fread(c->text, 1, CONFIG_ROOM, f);
    bool more = !feof(f) && fgetc(f) != EOF, failed = ferror(f);
    int code = errno;
    fclose(f);
    c->n = 0;
    c->text[n] = 0;
    if (failed)
        return complain(EX_NOINPUT, "%s cannot be read: %s", path, strerror(code));
    if (more || strlen(c->text) != n)
        return complain(EX_CONFIG, "%s is no configuration file: %s", path, more ? "it is larger than 64 KiB" : "it has zero bytes");
    return take_lines(c, path);
}
