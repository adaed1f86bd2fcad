/* A byte that names a parser, and its bytes. What every parser promises is checked: elements lie
 * within the bytes, and fewer bytes give PARSE_MORE or the same element. */
#include "fuzz.h"
#include "proto/imap.h"
#include "proto/pop3.h"
#include "proto/proxy.h"
#include "proto/smtp.h"
#include "proto/tls.h"
#include "proto/tls_fingerprint.h"

static void within(struct span part, struct span in)
{
    must(!part.n || (part.p >= in.p && part.p + part.n <= in.p + in.n));
}

static void line(struct span in)
{
    struct span whole = { NULL, 0 }, part;
    long used = line_parse(in, &whole);
    must(used >= 0 && (size_t)used <= in.n);
    if (!used)
        return;
    within(whole, in);
    must(in.p[used - 1] == '\n' && line_parse(span_first(in, (size_t)used - 1), &part) == PARSE_MORE);
}

static void literal(struct span in)
{
    struct literal l;
    if (literal_announced(in, &l))
        must(in.p[in.n - 1] == '}');
}

/* The body read whole and read in two parts must end at the same place. */
static void body(struct span in)
{
    struct body whole = { 0 }, parts = { 0 };
    enum body_end end, ended = BODY_GOES_ON;
    size_t cut = in.n / 2, used = body_skip(&whole, in, &end);

    must(used <= in.n && (end != BODY_GOES_ON || in.n - used <= 2));
    size_t n = body_skip(&parts, span_first(in, cut), &ended);
    if (ended == BODY_GOES_ON)
        n += body_skip(&parts, span_skip(in, n), &ended);
    must(n == used && ended == end);
}

static void smtp_command(struct span in)
{
    struct smtp_command c;
    uint64_t size;
    bool last;
    smtp_command_parse(in, &c);
    within(c.word, in);
    within(c.arg, in);
    must(c.verb < SMTP_VERB_N);
    smtp_speaks_mail(c.verb);
    smtp_bdat_parse(c.arg, &size, &last);
}

static void smtp_reply(struct span in)
{
    struct smtp_reply_line r;
    if (!smtp_reply_parse(in, &r))
        return;
    within(r.text, in);
    must(r.code >= 200 && r.code < 600);
}

static void imap_command(struct span in)
{
    struct imap_command c;
    struct span arg;
    bool is_literal;
    if (!imap_command_parse(in, &c))
        return;
    within(c.tag, in);
    within(c.word, in);
    within(c.args, in);
    for (size_t left = c.args.n; imap_argument(&c.args, &arg, &is_literal); left = c.args.n) {
        within(arg, in);
        must(c.args.n < left);
    }
}

static void imap_answer(struct span in)
{
    struct imap_answer a;
    if (!imap_answer_parse(in, &a))
        return;
    within(a.tag, in);
    within(a.text, in);
    within(a.code, in);
    imap_is_mailbox_data(a.text);
}

static void pop3(struct span in)
{
    struct pop3_command c;
    struct pop3_answer a;
    pop3_command_parse(in, &c);
    within(c.word, in);
    within(c.arg, in);
    must(c.verb < POP3_VERB_N);
    pop3_answers_lines(c.verb, c.arg.n > 0);
    if (pop3_answer_parse(in, &a))
        within(a.text, in);
}

static void tls_record(struct span in)
{
    struct tls_header h = { 0 }, part;
    struct tls_message_header m;
    long used = tls_header_parse(in, &h);
    must(used == PARSE_MORE || used == PARSE_BAD || used == TLS_HEADER);
    for (size_t n = 0; n < in.n && n < TLS_HEADER && used == TLS_HEADER; n++)
        must(tls_header_parse(span_first(in, n), &part) == PARSE_MORE);
    long begins = tls_begins(in);
    must(begins == 1 || begins == PARSE_MORE || begins == PARSE_BAD);
    for (size_t n = 0; n < in.n && n < 8 && begins == 1; n++)
        must(tls_begins(span_first(in, n)) != PARSE_BAD);
    tls_message_parse(in, &m);
}

static void fingerprint(struct span in)
{
    uint8_t ja3[DIGEST_MD5];
    char ja4[JA4_TEXT] = "";
    bool made = tls_fingerprint(NULL, in, ja3, ja4);
    must(strlen(ja4) == (made ? JA4_TEXT - 1 : 0));
    for (const char *p = ja4; *p; p++)
        must(*p == '_' || ascii_digit((uint8_t)*p) || (ascii_upper((uint8_t)*p) >= 'A' && ascii_upper((uint8_t)*p) <= 'Z'));
    for (unsigned i = 0; i < 2; i++) {          /* who remembers others says the same */
        static struct tls_fingerprints known;
        uint8_t again3[DIGEST_MD5];
        char again4[JA4_TEXT] = "";
        must(tls_fingerprint(&known, in, again3, again4) == made);
        must(strcmp(ja4, again4) == 0 && (!made || memcmp(ja3, again3, sizeof ja3) == 0));
    }
}

static void certificates(struct span in)
{
    uint32_t len = (uint32_t)in.n, end = tls_leaf_end(in, len);
    must(end <= len);
    within(tls_leaf(in, len), in);
    struct span leaf = tls_leaf(span_first(in, end), len);
    must(leaf.n == tls_leaf(in, len).n);        /* so much is enough */
    within(leaf, in);
    within(ssl2_certificate(in), in);
}

static void client_hello(struct span in)
{
    struct tls_client_hello h;
    fingerprint(in);
    if (tls_v2_hello_parse(in, &h))
        must(h.max_version);
    if (!tls_client_hello_parse(in, &h))
        return;
    within(h.session_id, in);
    within(h.sni, in);
    within(h.alpn, in);
    must(h.max_version <= TLS_1_3);
    tls_sni_valid(h.sni);
    for (struct span list = h.alpn, name; tls_next_name(&list, &name);)
        within(name, in);
}

static void server_hello(struct span in)
{
    struct tls_server_hello h;
    tls_named_curve(in);
    certificates(in);
    if (!tls_server_hello_parse(in, &h))
        return;
    within(h.session_id, in);
    within(h.alpn, in);
}

static void proxy(struct span in)
{
    struct proxy_header h, part;
    long used = proxy_parse(in, &h);
    must(used >= PARSE_BAD && used <= (long)in.n && (used <= 0 || h.rest <= 65535));
    for (size_t n = 0; n < in.n && n < PROXY_LINE_MAX && used > 0; n++)
        must(proxy_parse(span_first(in, n), &part) == ((long)n < used ? PARSE_MORE : used));
    proxy_could_begin(in);
}

static void (*const parsers[])(struct span) = {
    line, literal, body, smtp_command, smtp_reply, imap_command, imap_answer, pop3, tls_record, client_hello,
    server_hello, proxy,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n < 1)
        return 0;
    uint8_t *copy = exact_copy(bytes + 1, n - 1);
    parsers[bytes[0] % (sizeof parsers / sizeof *parsers)](span_of(copy, n - 1));
    free(copy);
    return 0;
}
