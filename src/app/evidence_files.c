#include "app/evidence_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/pages.h"
#include "facts/vocabulary.h"

enum {
    NAMES = 4096,                       /* files that are looked at in the folder */
    COMMENT = 600,
    BLOCK_MOST = 48,                    /* bytes that a packet becomes longer by */
    TEXT_ROOM = 2 * EVIDENCE_ENTRY_MOST
};
static const char prefix[] = "mailseal-", suffix[] = ".pcapng";

/* --- wishes --- */

static bool add_wish(struct evidence_wishes *w, const struct evidence_wish *wish)
{
    if (w->n == EVIDENCE_WISHES) {
        w->lost++;
        return false;
    }
    w->wish[w->n++] = *wish;
    return true;
}

static struct evidence_other *other_of(struct evidence_wishes *w, int64_t row)
{
    return &w->other[(uint64_t)row % EVIDENCE_OTHERS];
}

void evidence_wish(struct evidence_wishes *w, int64_t row, const struct session *s, const struct judgement *j)
{
    struct evidence_wish wish = { .kept = s->kept, .evidence = s->evidence, .incidents = s->incidents,
                                  .verdict = (uint8_t)j->verdict };
    w->newest = row > w->newest ? row : w->newest;
    if (!s->kept)
        return;
    if (s->facts & FACT_ALLOWED) {
        wish.evidence = 0;
        wish.incidents &= ~(uint32_t)INCIDENT_DECRYPTED_MIRROR;
    }
    if (wish.evidence | wish.incidents)
        add_wish(w, &wish);
    else if (!(s->facts & FACT_ALLOWED))
        *other_of(w, row) = (struct evidence_other){ .row = row, .kept = s->kept, .verdict = (uint8_t)j->verdict };
}

void evidence_wish_later(struct evidence_wishes *w, int64_t row, enum evidence kind, enum grade grade)
{
    struct evidence_other *o = other_of(w, row);
    struct evidence_wish wish = { .kept = o->kept, .verdict = o->verdict, .later = row };
    if (o->row != row || !o->kept || o->wished || grade == GRADE_NONE)
        return;
    evidence_add(&wish.evidence, kind, grade);
    o->wished = add_wish(w, &wish);     /* once is enough */
}

static void begin_transaction(struct evidence_wishes *w)
{
    w->n = 0;
    w->lost = 0;
}

void evidence_committed(struct evidence_wishes *w)
{
    w->committed = w->newest;
    begin_transaction(w);
}

void evidence_rolled_back(struct evidence_wishes *w)
{
    for (unsigned i = 0; i < w->n; i++)
        if (w->wish[i].later && other_of(w, w->wish[i].later)->row == w->wish[i].later)
            other_of(w, w->wish[i].later)->wished = false;
    for (unsigned i = 0; i < EVIDENCE_OTHERS && w->newest > w->committed; i++)
        if (w->other[i].row > w->committed)
            w->other[i] = (struct evidence_other){ 0 };
    w->newest = w->committed;
    begin_transaction(w);
}

void evidence_forget(struct evidence_wishes *w)
{
    memset(w->other, 0, sizeof w->other);
    w->newest = w->committed = 0;
    begin_transaction(w);
}

/* --- pcapng (draft-ietf-opsawg-pcapng): a section, one interface of raw IP, packets --- */

struct text {
    uint8_t *p;
    size_t n;
};

static void put(struct text *t, const void *bytes, size_t n)
{
    memcpy(t->p + t->n, bytes, n);
    t->n += n;
    while (t->n % 4)
        t->p[t->n++] = 0;
}

static void put_u32(struct text *t, uint32_t v) { put(t, &v, sizeof v); }

static void put_option(struct text *t, uint16_t code, const void *bytes, size_t n)
{
    put_u32(t, code | (uint32_t)n << 16);
    put(t, bytes, n);
}

/* A block is begun with its type and ended with its length, which stands in front, too. */
static size_t begin_block(struct text *t, uint32_t type)
{
    size_t at = t->n;
    put_u32(t, type);
    put_u32(t, 0);
    return at;
}

static void end_block(struct text *t, size_t at)
{
    uint32_t n = (uint32_t)(t->n - at) + 4;
    put_u32(t, n);
    memcpy(t->p + at + 4, &n, sizeof n);
}

static void put_section(struct text *t)
{
    static const char program[] = "mailseal monitor --write";
    static const uint8_t nanoseconds = 9;
    const uint16_t version[2] = { 1, 0 };
    size_t at = begin_block(t, 0x0a0d0d0a);
    put_u32(t, 0x1a2b3c4d);
    put(t, version, sizeof version);
    put_u32(t, UINT32_MAX);             /* its length is not known */
    put_u32(t, UINT32_MAX);
    put_option(t, 4, program, sizeof program - 1);
    put_u32(t, 0);
    end_block(t, at);
    at = begin_block(t, 1);
    put_u32(t, 101);                    /* LINKTYPE_RAW */
    put_u32(t, 0);
    put_option(t, 9, &nanoseconds, 1);
    put_u32(t, 0);
    end_block(t, at);
}

static void put_packet(struct text *t, const struct evidence_packet *p, const uint8_t *bytes, const char *comment)
{
    size_t at = begin_block(t, 6);
    put_u32(t, 0);
    put_u32(t, (uint32_t)(p->ts_ns >> 32));
    put_u32(t, (uint32_t)p->ts_ns);
    put_u32(t, p->n);
    put_u32(t, p->wire < p->n ? p->n : p->wire);
    put(t, bytes, p->n);
    if (comment) {
        put_option(t, 1, comment, strlen(comment));
        put_u32(t, 0);
    }
    end_block(t, at);
}

/* "mailseal: stripped; masked_capability likely, plaintext_on_tls_port" */
static void comment_on(const struct evidence_wish *w, bool cut, char out[COMMENT])
{
    const struct word *evidences = vocabulary_of("evidence")->word, *grades = vocabulary_of("grade")->word,
                      *incidents = vocabulary_of("incident")->word;
    size_t n = (size_t)snprintf(out, COMMENT, "mailseal: %s", verdict_word((enum verdict)w->verdict));
    const char *between = "; ";
    for (unsigned i = 0; i < EVIDENCE_N && n < COMMENT; i++) {
        enum grade g = evidence_grade(w->evidence, (enum evidence)i);
        if (g == GRADE_NONE)
            continue;
        n += (size_t)snprintf(out + n, COMMENT - n, "%s%s %s", between, evidences[i].word, grades[g].word);
        between = ", ";
    }
    for (unsigned i = 0; i < INCIDENT_N && n < COMMENT; i++)
        if (w->incidents >> i & 1) {
            n += (size_t)snprintf(out + n, COMMENT - n, "%s%s", between, incidents[i].word);
            between = ", ";
        }
    if (n < COMMENT)
        snprintf(out + n, COMMENT - n, "%s%s", w->later ? "; known by a later session, the verdict is that before" : "", cut ? "; not all of it is here" : "");
}

/* The entry was looked through when it was taken. */
static void put_session(struct text *t, const uint8_t *entry, const struct evidence_wish *w)
{
    struct evidence_head head;
    struct evidence_packet p;
    char comment[COMMENT];
    memcpy(&head, entry, sizeof head);
    comment_on(w, head.cut, comment);
    const uint8_t *at = entry + sizeof head;
    for (uint32_t i = 0; i < head.packets; i++) {
        memcpy(&p, at, sizeof p);
        if (t->n + p.n + BLOCK_MOST + COMMENT > TEXT_ROOM)
            return;
        put_packet(t, &p, at + sizeof p, i ? NULL : comment);
        at += sizeof p + evidence_padded(p.n);
    }
}

/* --- files --- */

static bool is_ours(const char *name)
{
    size_t n = strlen(name), end = sizeof suffix - 1;
    return n < sizeof ((struct evidence_files *)0)->name && strncmp(name, prefix, sizeof prefix - 1) == 0 && n > end &&
           strcmp(name + n - end, suffix) == 0;
}

/* The first of them by name, which is the oldest, if there are `most` or more; *newest: the last. False: there are fewer. */
static bool look_through(int folder, unsigned most, char oldest[64], char newest[64])
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    unsigned n = 0;
    *oldest = *newest = 0;
    if (!d) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    for (const struct dirent *e; (e = readdir(d)) && n < NAMES;) {
        if (!is_ours(e->d_name))
            continue;
        n++;
        if (!*oldest || strcmp(e->d_name, oldest) < 0)
            memcpy(oldest, e->d_name, strlen(e->d_name) + 1);   /* there is room for a name of ours */
        if (strcmp(e->d_name, newest) > 0)
            memcpy(newest, e->d_name, strlen(e->d_name) + 1);
    }
    closedir(d);
    return n >= most;
}

static void remove_oldest(struct evidence_files *f)
{
    char oldest[64], newest[64];
    for (unsigned i = 0; i < NAMES && look_through(f->folder, f->options.files, oldest, newest); i++) {
        if (unlinkat(f->folder, oldest, 0) != 0)
            return;
        f->removed++;
    }
}

/* One that comes behind the newest, also where the clock has gone back. */
static void next_name(struct evidence_files *f)
{
    struct tm tm;
    time_t now = time(NULL);
    char stamp[32], name[64];
    gmtime_r(&now, &tm);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
    snprintf(name, sizeof name, "%s%s-000%s", prefix, stamp, suffix);
    unsigned number = 0;
    char was[32];
    if (strcmp(name, f->name) <= 0 && sscanf(f->name, "mailseal-%16[0-9TZ]-%u.pcapng", was, &number) == 2)
        snprintf(name, sizeof name, "%s%s-%03u%s", prefix, was, number + 1, suffix);
    memcpy(f->name, name, sizeof f->name);
}

static bool begin_file(struct evidence_files *f, struct text *t)
{
    remove_oldest(f);
    next_name(f);
    f->file = openat(f->folder, f->name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    f->size = 0;
    put_section(t);
    return f->file >= 0;
}

static void end_file(struct evidence_files *f)
{
    if (f->file >= 0)
        close(f->file);
    f->file = -1;
}

/* All of it or nothing. */
static bool append(struct evidence_files *f, const struct text *t)
{
    size_t done = 0;
    while (done < t->n) {
        ssize_t n = write(f->file, t->p + done, t->n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int why = errno;
            if (ftruncate(f->file, (off_t)f->size) != 0 || !f->size) {
                unlinkat(f->folder, f->name, 0);
                end_file(f);
            }
            errno = why;
            return false;
        }
        done += (size_t)n;
    }
    f->size += t->n;
    return true;
}

static bool write_one(struct evidence_files *f, const struct evidence_wish *w)
{
    struct text t = { .p = f->text };
    if (f->file < 0 && !begin_file(f, &t))
        return false;
    put_session(&t, f->entry, w);
    if (!append(f, &t))
        return false;
    if (f->size >= f->options.file_size)
        end_file(f);
    return true;
}

void evidence_files_write(struct evidence_files *f, const struct evidence_wishes *wishes)
{
    f->late += wishes->lost;
    f->trouble = f->trouble && !wishes->n;      /* who has nothing to write does not know */
    for (unsigned i = 0; i < wishes->n; i++) {
        const struct evidence_wish *w = &wishes->wish[i];
        if (!evidence_ring_take(f->ring, w->kept - 1, f->entry, EVIDENCE_ENTRY_MOST))
            f->late++;
        else if (!f->trouble && write_one(f, w))
            f->sessions++;
        else {
            f->failed++;
            f->trouble = true;          /* the others of this time are not tried */
        }
    }
}

bool evidence_files_open(struct evidence_files *f, const struct evidence_options *o, const struct evidence_ring *ring)
{
    char oldest[64];
    *f = (struct evidence_files){ .options = *o, .ring = ring, .file = -1 };
    f->folder = open(o->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    f->entry = pages_get(EVIDENCE_ENTRY_MOST);
    f->text = pages_get(TEXT_ROOM);
    if (f->folder < 0 || !f->entry || !f->text || faccessat(f->folder, ".", W_OK | X_OK, 0) != 0)
        return false;
    look_through(f->folder, 1, oldest, f->name);
    return true;
}

void evidence_files_close(struct evidence_files *f)
{
    end_file(f);
    if (f->folder >= 0)
        close(f->folder);
    pages_put(f->entry);
    pages_put(f->text);
    *f = (struct evidence_files){ .folder = -1, .file = -1 };
}
