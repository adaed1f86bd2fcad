#include "dialogue/copies.h"

#include "proto/imap.h"
#include "proto/pop3.h"
#include "proto/smtp.h"

/* --- two readings of the same lines --- */

static bool is_command_for_tls(enum protocol p, struct span line)
{
    struct smtp_command smtp;
    struct pop3_command pop3;
    struct imap_command imap;
    switch (p) {
    case PROTOCOL_SMTP:
    case PROTOCOL_LMTP:
        smtp_command_parse(line, &smtp);
        return smtp.verb == SMTP_STARTTLS;
    case PROTOCOL_POP3:
        pop3_command_parse(line, &pop3);
        return pop3.verb == POP3_STLS;
    case PROTOCOL_IMAP:
        return imap_command_parse(line, &imap) && imap.verb == IMAP_STARTTLS;
    case PROTOCOL_SIEVE:
        return span_eq_nocase(span_word(&line), "STARTTLS");
    case PROTOCOL_UNKNOWN:
    case PROTOCOL_N:
        break;
    }
    return false;
}

static bool imap_list_offers(struct span line)
{
    long list = span_find_nocase(line, "CAPABILITY ");
    struct span rest = span_skip(line, list < 0 ? line.n : (size_t)list), word;
    while ((word = span_word(&rest)).n)
        if (span_eq_nocase(word, "STARTTLS") || span_eq_nocase(word, "STARTTLS]"))
            return true;
    return false;
}

static bool is_offer_of_tls(enum protocol p, struct span line)
{
    struct smtp_reply_line reply;
    switch (p) {
    case PROTOCOL_SMTP:
    case PROTOCOL_LMTP:
        return smtp_reply_parse(line, &reply) && reply.code == 250 && span_eq_nocase(span_word(&reply.text), "STARTTLS");
    case PROTOCOL_POP3:
        return span_eq_nocase(line, "STLS");
    case PROTOCOL_IMAP:
        return line.n && line.p[0] != '+' && imap_list_offers(line);
    case PROTOCOL_SIEVE:
        return span_eq_nocase(line, "\"STARTTLS\"");
    case PROTOCOL_UNKNOWN:
    case PROTOCOL_N:
        break;
    }
    return false;
}

static bool names_tls(unsigned dir, enum protocol p, struct span lines)
{
    struct span line;
    for (long used; (used = line_parse(lines, &line)) > 0; lines = span_skip(lines, (size_t)used))
        if (dir == TO_SERVER ? is_command_for_tls(p, line) : is_offer_of_tls(p, line))
            return true;
    return false;
}

bool conflict_is_offer_or_command(unsigned dir, enum protocol p, struct span first, struct span other)
{
    return names_tls(dir, p, first) != names_tls(dir, p, other);
}

bool conflict_is_answer(enum protocol p, struct span a, struct span b)
{
    struct imap_answer x, y;
    if (!a.n || !b.n)
        return false;
    switch (p) {
    case PROTOCOL_SMTP:
    case PROTOCOL_LMTP:
        return span_starts(a, "220") != span_starts(b, "220") && ascii_digit(a.p[0]) && ascii_digit(b.p[0]);
    case PROTOCOL_POP3:
        return span_starts(a, "+OK") != span_starts(b, "+OK");
    case PROTOCOL_IMAP:
        return imap_answer_parse(a, &x) && imap_answer_parse(b, &y) && x.kind == IMAP_TAGGED && y.kind == IMAP_TAGGED &&
               (x.status == IMAP_OK) != (y.status == IMAP_OK);
    case PROTOCOL_SIEVE:
        return span_starts_nocase(a, "OK") != span_starts_nocase(b, "OK");
    case PROTOCOL_UNKNOWN:
    case PROTOCOL_N:
        break;
    }
    return false;
}

/* --- of unlike length --- */

/* Cuts the next line off, with its end; empty: there is no whole one. */
static struct span cut_line(struct span *in)
{
    const uint8_t *lf = in->n ? memchr(in->p, '\n', in->n) : NULL;
    struct span line = span_first(*in, lf ? (size_t)(lf - in->p) + 1 : 0);
    *in = span_skip(*in, line.n);
    return line;
}

static struct span without_end(struct span line)
{
    struct span text = line;
    line_parse(line, &text);
    return text;
}

static bool same(struct span a, struct span b) { return a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0); }

/* A word of a list in IMAP; the bracket behind it is one, too. */
static struct span cut_word(struct span *in)
{
    size_t n = 0;
    while (in->n && in->p[0] == ' ')
        *in = span_skip(*in, 1);
    while (n < in->n && in->p[n] != ' ' && in->p[n] != ']')
        n++;
    struct span word = span_first(*in, n || !in->n ? n : 1);
    *in = span_skip(*in, word.n);
    return word;
}

/* Whether a line is another one without the words of the offer. *behind: there is a word behind them. */
static bool lacks_words(struct span full, struct span less, bool *behind)
{
    struct span a, b = cut_word(&less);
    bool lacks = false;
    *behind = false;
    while ((a = cut_word(&full)).n) {
        if (same(a, b)) {
            *behind = lacks;
            b = cut_word(&less);
        } else if (span_eq_nocase(a, "STARTTLS") || span_eq_nocase(a, "LOGINDISABLED")) {
            lacks = true;
        } else {
            return false;
        }
    }
    return lacks && !b.n;
}

/* Where the offer was the last line of a reply, the one before it is the last now: "250 SIZE", not "250-SIZE". */
static bool is_now_last(struct span was, struct span is)
{
    return was.n == is.n && was.n > 4 && was.p[3] == '-' && is.p[3] == ' ' && memcmp(was.p, is.p, 3) == 0 &&
           memcmp(was.p + 4, is.p + 4, was.n - 4) == 0;
}

/* One of the two is the copy, all of which has to be used up. */
static bool lacks_lines(enum protocol p, struct span full, struct span less, bool full_is_copy)
{
    bool before = false, lacks = false, behind = false;
    struct span a, b;

    for (;;) {
        a = cut_line(&full);
        b = cut_line(&less);
        if (!lacks && p != PROTOCOL_IMAP && !same(a, b) && is_offer_of_tls(p, without_end(a))) {
            lacks = true;
            a = cut_line(&full);
        }
        if (!a.n || !b.n)
            break;
        if (same(a, b)) {
            before = true;
            behind = lacks;
        } else if (!lacks && p == PROTOCOL_IMAP && is_offer_of_tls(p, without_end(a)) && !is_offer_of_tls(p, without_end(b)) &&
                   lacks_words(without_end(a), without_end(b), &behind)) {
            before = lacks = true;
        } else if (!lacks && before && is_now_last(a, b)) {
            a = cut_line(&full);
            lacks = behind = is_offer_of_tls(p, without_end(a)) && a.n > 4 && a.p[3] == ' ';
            if (!lacks)
                return false;
            a = b = span_first(a, 0);
            break;
        } else {
            return false;
        }
    }
    return before && lacks && behind && (full_is_copy ? !a.n && !full.n : !b.n && !less.n);
}

bool copies_lack_offer(enum protocol p, struct span first, struct span other)
{
    return lacks_lines(p, first, other, false) || lacks_lines(p, other, first, true);
}

/* Not only no go-ahead, which conflict_is_answer() has seen to. */
static bool refuses(enum protocol p, struct span line)
{
    struct imap_answer a;
    if (p == PROTOCOL_SMTP || p == PROTOCOL_LMTP)
        return span_starts(line, "4") || span_starts(line, "5");
    if (p == PROTOCOL_IMAP)
        return imap_answer_parse(line, &a) && (a.status == IMAP_NO || a.status == IMAP_BAD);
    return p == PROTOCOL_POP3 ? span_starts(line, "-ERR") : span_starts_nocase(line, "NO");
}

static bool same_tag(struct span a, struct span b)
{
    struct imap_answer x, y;
    return imap_answer_parse(a, &x) && imap_answer_parse(b, &y) && same(x.tag, y.tag);
}

bool copies_answer_unlike(enum protocol p, struct span first, struct span other)
{
    struct span a = without_end(cut_line(&first)), b = without_end(cut_line(&other));

    bool smtp = p == PROTOCOL_SMTP || p == PROTOCOL_LMTP;

    /* Of these a refusal may have several lines. */
    if (!conflict_is_answer(p, a, b) || (other.n && (!smtp || other.p[other.n - 1] != '\n')))
        return false;
    return refuses(p, a) != refuses(p, b) && (p != PROTOCOL_IMAP || same_tag(a, b));
}

bool copies_lack_command(enum protocol p, struct span first, struct span other)
{
    enum { LEAST = 6 };                 /* bytes: QUIT */
    struct span line = cut_line(&first), next = other;
    return is_command_for_tls(p, without_end(line)) && other.n >= LEAST && other.n <= first.n &&
           memcmp(other.p, first.p, other.n) == 0 && !is_command_for_tls(p, without_end(cut_line(&next)));
}
