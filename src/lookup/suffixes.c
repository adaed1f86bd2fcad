#include "lookup/suffixes.h"

#include <stddef.h>

#ifdef HAVE_PSL
#include <errno.h>
#include <fcntl.h>
#include <libpsl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIST_MOST = 16 << 20 };          /* bytes; the list has a quarter of a million */

const char *suffixes_library(void)
{
    static char text[64];
    snprintf(text, sizeof text, "libpsl %s", psl_get_version());
    return text;
}

/* libpsl takes any text for a list, each of its lines being a suffix. What is one says where its sections begin. */
static bool has_section(FILE *f)
{
    char line[256];
    bool found = false, begins = true;
    while (!found && fgets(line, sizeof line, f)) {
        found = begins && strncmp(line, "//", 2) == 0 && (strstr(line, "===BEGIN ICANN DOMAINS===") || strstr(line, "===BEGIN PRIVATE DOMAINS==="));
        begins = strchr(line, '\n') != NULL;
    }
    rewind(f);
    return found;
}

/* A packed list is believed byte for byte by libpsl: it may be anybody's. */
static const char *check(FILE *f)
{
    static const char packed[] = ".DAFSA@PSL_";
    char head[sizeof packed - 1];
    struct stat st;

    if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode))
        return "is no file";
    if (st.st_size > LIST_MOST)
        return "is too large for a public suffix list";
    size_t n = fread(head, 1, sizeof head, f);
    rewind(f);
    if (n == sizeof head && memcmp(head, packed, n) == 0)
        return "is a packed list; name the text, public_suffix_list.dat";
    return has_section(f) ? NULL : "is no public suffix list: no line of it is '// ===BEGIN ICANN DOMAINS==='";
}

struct suffixes *suffixes_open(const char *path, const char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (!f) {
        *why = strerror(errno);
        return NULL;
    }
    *why = check(f);
    psl_ctx_t *psl = *why ? NULL : psl_load_fp(f);
    fclose(f);
    if (psl && psl_suffix_count(psl) > 0)
        return (struct suffixes *)(void *)psl;
    if (!*why)
        *why = "is no public suffix list";
    psl_free(psl);
    return NULL;
}

void suffixes_close(struct suffixes *s) { psl_free((psl_ctx_t *)(void *)s); }

/* Small letters, and no more than names have; the last label of a name has a letter, else it is an address. */
static bool name_of(const char *text, char out[DOMAIN_TEXT])
{
    size_t n = 0;
    bool letter = false;
    for (; text[n]; n++) {
        char c = text[n];
        bool big = c >= 'A' && c <= 'Z', small = c >= 'a' && c <= 'z';
        if (n + 1 == DOMAIN_TEXT || !(big || small || (c >= '0' && c <= '9') || strchr(".-_*", c)))
            return false;
        out[n] = big ? (char)(c | 0x20) : c;
        letter = c != '.' && (letter || big || small);
    }
    if (n && out[n - 1] == '.')
        return false;
    out[n] = 0;
    return letter;
}

bool suffixes_domain(const struct suffixes *s, const char *name, char out[DOMAIN_TEXT])
{
    char text[DOMAIN_TEXT];
    const char *domain = name_of(name, text) ? psl_registrable_domain((const psl_ctx_t *)(const void *)s, text) : NULL;

    if (!domain || strchr(domain, '*'))         /* an address was in its place: see base/disguise.h */
        return false;
    snprintf(out, DOMAIN_TEXT, "%s", domain);
    return true;
}

#else

const char *suffixes_library(void) { return "libpsl: none in this build; no registrable domains"; }

struct suffixes *suffixes_open(const char *path, const char **why)
{
    (void)path;
    *why = "cannot be used: this mailseal was built without libpsl";
    return NULL;
}

void suffixes_close(struct suffixes *s) { (void)s; }

bool suffixes_domain(const struct suffixes *s, const char *name, char out[DOMAIN_TEXT])
{
    (void)s, (void)name, (void)out;
    return false;
}

#endif
