#include "aggregate/history.h"

#include <stdio.h>

enum {
    OFFERED_LEAST = 19,                 /* of the last lists */
    LACKS_LEAST = 3, LACKS_SURE = 10,   /* in a row; so many that no unlike servers behind one address explain them */
    TRIES_LEAST = 5, UPGRADED_LEAST = 20
};
static const uint64_t second_ns = 1000000000, hour_ns = 3600 * second_ns, day_ns = 24 * hour_ns;

bool history_open(struct history *h, const struct finding_sink *sink)
{
    h->sink = *sink;
    bool servers = recent_open(&h->servers, offsetof(struct history_server, first_ns), sizeof(struct history_server), HISTORY_SERVERS);
    bool runs = recent_open(&h->runs, sizeof(struct history_key), sizeof(struct history_run), HISTORY_RUNS);
    return servers && runs;
}

void history_close(struct history *h)
{
    recent_close(&h->servers);
    recent_close(&h->runs);
}

void history_clear(struct history *h)
{
    recent_clear(&h->servers);
    recent_clear(&h->runs);
}

static uint32_t seconds(uint64_t ns) { return (uint32_t)(ns / second_ns); }

/* So far that it is no lane's order, but a capture of an earlier time. */
static bool lies_ahead(uint64_t ns, const struct session *s) { return ns > s->last_ns + day_ns; }

/* --- runs --- */

static struct history_key key_of(const struct session *s, enum evidence kind)
{
    struct history_key key = { .port = s->server.port, .kind = (uint8_t)kind };
    memcpy(key.server, s->server.addr, sizeof key.server);
    memcpy(key.network, s->client.addr, sizeof key.network);
    address_truncate(key.network);
    return key;
}

/* The run of a session's network that goes on; NULL: none does. */
static struct history_run *run_of(struct history *h, const struct session *s, enum evidence kind)
{
    const struct history_key key = key_of(s, kind);
    struct history_run *r = recent_find(&h->runs, &key);
    return r && r->n && !lies_ahead(r->last_ns, s) ? r : NULL;
}

/* The i-th that goes on with a server, of a kind; NULL: none has this place. */
static struct history_run *open_run(struct history *h, const struct history_server *e, unsigned i, enum evidence kind)
{
    struct history_run *r = e->open[i] ? recent_at(&h->runs, e->open[i]) : NULL;
    bool same = r && r->n && r->key.kind == kind && r->key.port == e->port &&
                memcmp(r->key.server, e->address, sizeof e->address) == 0;
    return same ? r : NULL;
}

static bool is_open(struct history *h, const struct history_server *e, unsigned i)
{
    return open_run(h, e, i, EVIDENCE_OFFER_WITHDRAWN) || open_run(h, e, i, EVIDENCE_REFUSED_FOR_NOW);
}

/* Another network's, that is not much older. */
static bool is_of_others(const struct history_run *r, const struct history_key *key, uint64_t ns)
{
    return r && memcmp(r->key.network, key->network, sizeof key->network) != 0 && r->last_ns + day_ns >= ns;
}

/* NULL: so many go on that one more says nothing. */
static struct history_run *begin_run(struct history *h, struct history_server *e, const struct session *s, int64_t row,
                                     enum evidence kind)
{
    const struct history_key key = key_of(s, kind);
    unsigned free = HISTORY_OPEN;
    bool mixed = false;

    for (unsigned i = 0; i < HISTORY_OPEN; i++) {
        mixed |= is_of_others(open_run(h, e, i, kind), &key, s->first_ns);
        if (!is_open(h, e, i))
            free = i;
    }
    if (free == HISTORY_OPEN)
        return NULL;
    struct history_run *r = recent_get(&h->runs, &key);
    *r = (struct history_run){ .key = key, .since_ns = s->first_ns, .until_ns = e->offer_ns, .row = row, .lists = e->lists,
                               .offered = e->offered, .print = s->list_print, .mixed = mixed };
    e->open[free] = recent_number(&h->runs, r);
    return r;
}

/* --- what is found --- */

/* Of whom others_have() knows nothing more than that they have it. */
static void write_offered(const struct history_run *r, char *out, size_t room)
{
    char until[FINDING_TIME];
    finding_time(r->until_ns, until);
    int n = snprintf(out, room, "offered in %u of %u sessions until %s, in 0 of %u of this client network since; ",
                     (unsigned)r->offered, (unsigned)r->lists, until, (unsigned)r->n);
    if (r->mixed)
        snprintf(out + n, room - (size_t)n, "other networks lack it, too");
    else if (r->have_n)
        snprintf(out + n, room - (size_t)n, "%s%u other network%s still see%s it", r->seen_n == HISTORY_SEEN ? "at least " : "",
                 (unsigned)r->seen_n, r->seen_n == 1 ? "" : "s", r->seen_n == 1 ? "s" : "");
    else
        snprintf(out + n, room - (size_t)n, "no other network is known to see it in such a list since");
}

static void write_refused(const struct history_run *r, char *out, size_t room)
{
    char since[FINDING_TIME], last[FINDING_TIME];
    finding_time(r->since_ns, since);
    finding_time(r->last_ns, last);
    snprintf(out, room, "refused for now in each of %u tries of this client network from %s to %s, while %u sessions of other"
             " networks upgraded%s", (unsigned)r->n, since, last, (unsigned)r->upgraded,
             r->mixed ? "; but others were refused, too" : "");
}

static struct finding finding_of(const struct history_run *r, enum grade grade, int64_t row, uint64_t at_ns)
{
    struct finding f = { .row = row, .kind = (enum evidence)r->key.kind, .grade = grade, .at_ns = at_ns };
    if (f.kind == EVIDENCE_OFFER_WITHDRAWN)
        write_offered(r, f.words, sizeof f.words);
    else
        write_refused(r, f.words, sizeof f.words);
    return f;
}

/* Tells of all of a run that are not older than a day. */
static void tell(struct history *h, struct history_run *r, enum grade grade, const struct session *now, const char *why)
{
    struct finding f = finding_of(r, grade, r->row, now->first_ns);

    r->grade = (uint8_t)grade;
    f.path = true;
    f.server.port = r->key.port;
    memcpy(f.server.addr, r->key.server, sizeof f.server.addr);
    memcpy(f.network, r->key.network, sizeof f.network);
    f.since_ns = r->since_ns + day_ns > r->last_ns ? r->since_ns : r->last_ns - day_ns;
    if (why) {
        size_t n = strlen(f.words);
        snprintf(f.words + n, sizeof f.words - n, "; %s", why);
    }
    h->sink.found(h->sink.ctx, &f);
}

/* Whether so many others had it within a day of the run's last session. */
static bool others_have_it(const struct history_run *r)
{
    uint32_t oldest = r->have_n >= HISTORY_HAVE ? r->have[r->have_n % HISTORY_HAVE] : 0;
    return oldest && oldest + 86400 >= seconds(r->last_ns);
}

static enum grade grade_of(const struct history_run *r)
{
    bool withdrawn = r->key.kind == EVIDENCE_OFFER_WITHDRAWN;
    bool enough = withdrawn ? r->n >= LACKS_LEAST && others_have_it(r)
                            : r->n >= TRIES_LEAST && r->last_ns >= r->since_ns + hour_ns && r->upgraded >= UPGRADED_LEAST;
    return enough && !r->mixed ? GRADE_LIKELY : GRADE_POSSIBLE;
}

/* Something has come that may speak against those before, too. */
static void judge_again(struct history *h, struct history_run *r, const struct session *now)
{
    recent_change(&h->runs, r);
    enum grade grade = grade_of(r);
    if (grade > r->grade || (r->mixed && grade < r->grade))
        tell(h, r, grade, now, NULL);
}

/* One more of a run. */
static struct finding add_to_run(struct history *h, struct history_run *r, const struct session *s, int64_t row)
{
    recent_change(&h->runs, r);
    r->n++;
    r->last_ns = s->first_ns > r->last_ns ? s->first_ns : r->last_ns;
    enum grade grade = grade_of(r);
    if (r->n > 1 && grade > r->grade)
        tell(h, r, grade, s, NULL);
    if (r->n == 1 || grade > r->grade)
        r->grade = (uint8_t)grade;
    return finding_of(r, grade, row, s->first_ns);
}

static void end_run(struct history *h, struct history_run *r, const struct session *s, bool take_back, const char *why)
{
    if (take_back && r->grade == GRADE_LIKELY)
        tell(h, r, GRADE_POSSIBLE, s, why);
    recent_change(&h->runs, r);
    r->n = 0;
}

/* --- what others have --- */

static void note_network(struct history_run *r, const uint8_t network[16])
{
    uint16_t hash = (uint16_t)finding_network(network);
    for (unsigned i = 0; i < r->seen_n; i++)
        if (r->seen[i] == hash)
            return;
    if (r->seen_n < HISTORY_SEEN)
        r->seen[r->seen_n++] = hash;
}

enum other { OTHER_HAS, OTHER_LACKS };

/* A session of one network tells something of the runs of all others. */
static void note_others(struct history *h, struct history_server *e, const struct session *s, enum evidence kind, enum other what)
{
    const struct history_key key = key_of(s, kind);
    for (unsigned i = 0; i < HISTORY_OPEN; i++) {
        struct history_run *r = open_run(h, e, i, kind);
        if (!is_of_others(r, &key, s->first_ns) || (what == OTHER_HAS && s->first_ns < r->since_ns))
            continue;
        if (what == OTHER_LACKS) {
            r->mixed = true;
        } else if (kind == EVIDENCE_REFUSED_FOR_NOW) {
            r->upgraded++;
        } else if (r->print && s->list_print == r->print) {
            r->have[r->have_n++ % HISTORY_HAVE] = seconds(s->first_ns);
            note_network(r, key.network);
        }
        judge_again(h, r, s);
    }
}

/* --- lists --- */

static void push(struct history_server *e, bool offered)
{
    e->last = (e->last << 1 | offered) & ((1u << HISTORY_LISTS) - 1);
    e->last_n += e->last_n < HISTORY_LISTS;
    e->lists++;
    e->offered += offered;
}

static bool used_to_offer(const struct history_server *e)
{
    unsigned n = 0;
    for (uint32_t bits = e->last; bits; bits &= bits - 1)
        n++;
    return e->last_n == HISTORY_LISTS && n >= OFFERED_LEAST;
}

static void take_offer(struct history *h, struct history_server *e, const struct session *s)
{
    struct history_run *r = run_of(h, s, EVIDENCE_OFFER_WITHDRAWN);
    if (r && s->first_ns >= r->since_ns)        /* unlike servers behind one address have it now and then */
        end_run(h, r, s, r->n < LACKS_SURE, "but then this network saw it again");
    e->offer_ns = s->first_ns > e->offer_ns ? s->first_ns : e->offer_ns;
    push(e, true);
    note_others(h, e, s, EVIDENCE_OFFER_WITHDRAWN, OTHER_HAS);
}

/* After a day in which nobody has it the server is one that does not offer. */
static bool has_changed(const struct history_run *r, const struct session *s)
{
    uint32_t newest = r->have_n ? r->have[(r->have_n - 1) % HISTORY_HAVE] : 0;
    return s->first_ns > r->since_ns + day_ns && newest + 86400 < seconds(s->first_ns);
}

/* True: *out is about this session. */
static bool take_lack(struct history *h, struct history_server *e, const struct session *s, int64_t row, struct finding *out)
{
    struct history_run *r = run_of(h, s, EVIDENCE_OFFER_WITHDRAWN);

    note_others(h, e, s, EVIDENCE_OFFER_WITHDRAWN, OTHER_LACKS);
    if (r && has_changed(r, s)) {
        end_run(h, r, s, false, NULL);
        e->last = 0;
        r = NULL;
    }
    if (s->first_ns + day_ns < e->last_ns)      /* from an older capture: its time is not that of what is known */
        return false;
    if (!r && !used_to_offer(e)) {
        push(e, false);
        return false;
    }
    if (!r)
        r = begin_run(h, e, s, row, EVIDENCE_OFFER_WITHDRAWN);
    if (!r) {
        push(e, false);
        return false;
    }
    if (r->print != s->list_print)
        r->print = r->have_n = 0;       /* which of the others' lists is the same is not known then */
    *out = add_to_run(h, r, s, row);
    return true;
}

static bool take_list(struct history *h, struct history_server *e, const struct session *s, int64_t row, struct finding *out)
{
    if (!(s->facts & FACT_LIST_WHOLE) || (s->marks & (MARK_ONE_SIDED | MARK_MIDSTREAM)))
        return false;
    e->hellos += s->protocol == PROTOCOL_SMTP;
    if (!(s->facts & FACT_OFFERED))
        return take_lack(h, e, s, row, out);
    take_offer(h, e, s);
    return false;
}

/* --- refusals --- */

/* True: *out is about this session. */
static bool take_refusal(struct history *h, struct history_server *e, const struct session *s, int64_t row, struct finding *out)
{
    struct history_run *r = run_of(h, s, EVIDENCE_REFUSED_FOR_NOW);

    note_others(h, e, s, EVIDENCE_REFUSED_FOR_NOW, OTHER_LACKS);
    if (r && r->last_ns + day_ns < s->first_ns) {
        end_run(h, r, s, false, NULL);
        r = NULL;
    }
    if (!r && !(r = begin_run(h, e, s, row, EVIDENCE_REFUSED_FOR_NOW)))
        return false;
    *out = add_to_run(h, r, s, row);
    return out->grade == GRADE_LIKELY;  /* that it is possible is known of the session alone */
}

/* A try that was not refused for now, or of which it was not seen. */
static void take_try(struct history *h, struct history_server *e, const struct session *s)
{
    struct history_run *r = run_of(h, s, EVIDENCE_REFUSED_FOR_NOW);
    if (r && s->first_ns >= r->since_ns)
        end_run(h, r, s, true, "but then one was not");
    if (s->facts & FACT_TLS_DONE)
        note_others(h, e, s, EVIDENCE_REFUSED_FOR_NOW, OTHER_HAS);
}

/* --- the rest --- */

static bool take_hello(const struct history_server *e, const struct session *s, int64_t row, struct finding *out)
{
    bool refused = (s->facts & FACT_HELO_INSTEAD) && !evidence_grade(s->evidence, EVIDENCE_HELLO_REFUSED);
    if (!refused || !e->hellos)
        return false;
    *out = (struct finding){ .row = row, .kind = EVIDENCE_HELLO_REFUSED, .grade = GRADE_POSSIBLE, .at_ns = s->first_ns };
    snprintf(out->words, sizeof out->words, "this server answered EHLO with a list in %u session%s before", (unsigned)e->hellos,
             e->hellos == 1 ? "" : "s");
    return true;
}

/* Section 3: the highest version that this server chose with anybody in the last day. */
static uint16_t chosen_lately(const struct history_server *e, uint64_t ns)
{
    for (unsigned i = HISTORY_VERSIONS; i-- > 0;)
        if (e->chose[i] && e->chose[i] + 86400u >= seconds(ns) && e->chose[i] <= seconds(ns) + 86400u)
            return (uint16_t)(0x300 + i);
    return 0;
}

static void take_version(struct history_server *e, struct session *s)
{
    struct tls_seen *t = &s->tls;
    uint16_t highest = chosen_lately(e, s->first_ns);

    if (!t->server_hello)
        return;
    if (highest > t->server_max)
        t->server_max = highest;
    if (t->client_max && t->version < (t->client_max < t->server_max ? t->client_max : t->server_max)) {
        t->downgraded = true;
        s->incidents |= INCIDENT_TLS_DOWNGRADE;
    }
    unsigned i = t->version - 0x300u;
    if ((s->facts & FACT_TLS_DONE) && i < HISTORY_VERSIONS && seconds(s->first_ns) > e->chose[i])
        e->chose[i] = seconds(s->first_ns);
}

/* What is known of a server, and the runs that go on with it. */
static void forget(struct history *h, struct history_server *e)
{
    for (unsigned i = 0; i < HISTORY_OPEN; i++)
        if (is_open(h, e, i)) {
            struct history_run *r = recent_at(&h->runs, e->open[i]);
            r->n = 0;
            recent_change(&h->runs, r);
        }
    memset((uint8_t *)e + h->servers.key, 0, sizeof *e - h->servers.key);
}

unsigned history_take(struct history *h, struct session *s, int64_t row, struct finding out[HISTORY_FINDINGS])
{
    struct history_server key = { .port = s->server.port };
    unsigned n = 0;

    memcpy(key.address, s->server.addr, sizeof key.address);
    struct history_server *e = recent_get(&h->servers, &key);
    if (lies_ahead(e->last_ns, s))
        forget(h, e);
    n += take_hello(e, s, row, &out[n]);
    n += take_list(h, e, s, row, &out[n]);
    if (evidence_grade(s->evidence, EVIDENCE_REFUSED_FOR_NOW))
        n += take_refusal(h, e, s, row, &out[n]);
    else if (s->facts & (FACT_ATTEMPTED | FACT_ACCEPTED | FACT_TLS_DONE))
        take_try(h, e, s);
    take_version(e, s);
    e->accepted += (s->facts & FACT_ACCEPTED) != 0;
    e->upgraded += (s->facts & FACT_TLS_DONE) && !(s->facts & FACT_TLS_FIRST);
    if (!e->first_ns || s->first_ns < e->first_ns)
        e->first_ns = s->first_ns;
    e->last_ns = s->first_ns > e->last_ns ? s->first_ns : e->last_ns;
    return n;
}

void history_server_mend(struct history_server *e)
{
    e->last_n = e->last_n > HISTORY_LISTS ? HISTORY_LISTS : e->last_n;
}

void history_run_mend(struct history *h, struct history_run *r)
{
    struct history_server key = { .port = r->key.port };
    r->seen_n = r->seen_n > HISTORY_SEEN ? HISTORY_SEEN : r->seen_n;
    r->grade %= GRADE_N;
    r->row = r->row < 1 ? 1 : r->row;
    memcpy(key.address, r->key.server, sizeof key.address);
    struct history_server *e = recent_find(&h->servers, &key);
    bool kind = r->key.kind == EVIDENCE_OFFER_WITHDRAWN || r->key.kind == EVIDENCE_REFUSED_FOR_NOW;
    uint32_t number = recent_number(&h->runs, r);
    if (!e || !kind)
        r->n = 0;
    for (unsigned i = 0; i < HISTORY_OPEN && r->n; i++)
        if (e->open[i] == number || !is_open(h, e, i)) {
            e->open[i] = number;
            return;
        }
    r->n = 0;
}
