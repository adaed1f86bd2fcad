/* links: dialogue/copies.o dialogue/mask.o proto/imap.o proto/smtp.o proto/pop3.o proto/line.o base/bytes.o */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dialogue/copies.h"
#include "dialogue/mask.h"

#define COUNT(table) (sizeof table / sizeof *table)

static struct span text(const char *s) { return span_of(s, strlen(s)); }

/* --- single words --- */

static const struct {
    const char *word, *keyword;
    enum mask mask;
} words[] = {
    { "XXXXXXXX", "STARTTLS", MASK_KEYWORD },
    { "XXXXXXXA", "STARTTLS", MASK_KEYWORD },       /* the last letter is free */
    { "XXXXXXXB", "STARTTLS", MASK_KEYWORD },
    { "********", "STARTTLS", MASK_KEYWORD },
    { "XTARTTLS", "STARTTLS", MASK_KEYWORD },
    { "STARTTLX", "STARTTLS", MASK_KEYWORD },
    { "STARTXXX", "STARTTLS", MASK_KEYWORD },
    { "XXXX", "STLS", MASK_KEYWORD },
    { "XXXA", "STLS", MASK_KEYWORD },
    { "****", "STLS", MASK_KEYWORD },
    { "XTLS", "STLS", MASK_KEYWORD },
    { "XXXXXXX", "STARTTLS", MASK_OTHER_LENGTH },
    { "XXXXXXXXX", "STARTTLS", MASK_OTHER_LENGTH },
    { "XXXXXXXXXXXXXXXXXXXXXXXX", "STARTTLS", MASK_OTHER_LENGTH },
    { "XXXX", "STARTTLS", MASK_OTHER_LENGTH },
    { "XXXXXXXX", "STLS", MASK_OTHER_LENGTH },
    { "*****", "STLS", MASK_OTHER_LENGTH },
    { "STARTTLS", "STARTTLS", MASK_NONE },
    { "STLS", "STLS", MASK_NONE },
    { "xxxxxxxx", "STARTTLS", MASK_NONE },          /* anonymised by a person */
    { "xxxx", "STLS", MASK_NONE },
    { "XxXxXxXx", "STARTTLS", MASK_NONE },
    { "starttls", "STARTTLS", MASK_NONE },
    { "XXXXYYYY", "STARTTLS", MASK_NONE },
    { "X-EXAMPL", "STARTTLS", MASK_NONE },
    { "X-EXPS", "STARTTLS", MASK_NONE },
    { "XEXCH50", "STARTTLS", MASK_NONE },
    { "XX", "STARTTLS", MASK_NONE },
    { "X", "STLS", MASK_NONE },
    { "", "STLS", MASK_NONE },
    { "88888888", "STARTTLS", MASK_NONE },
};

static void words_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        enum mask m = mask_of(text(words[i].word), words[i].keyword);
        if (m != words[i].mask)
            fail_msg("%s for %s: %d", words[i].word, words[i].keyword, m);
    }
}

/* Every real word of a capability list, by the registries of IANA and what servers print beyond
 * them: none may be taken for a mask of either keyword. */
static const char *const real[] = {
    /* SMTP service extensions */
    "SEND", "SOML", "SAML", "VRFY", "EXPN", "HELP", "TURN", "8BITMIME", "SIZE", "VERB", "ONEX", "CHUNKING",
    "BINARYMIME", "CHECKPOINT", "DELIVERBY", "PIPELINING", "DSN", "ETRN", "ENHANCEDSTATUSCODES", "STARTTLS",
    "NO-SOLICITING", "MTRK", "SUBMITTER", "ATRN", "AUTH", "BURL", "FUTURERELEASE", "CONPERM", "CONNEG",
    "SMTPUTF8",
    "MT-PRIORITY", "RRVS", "REQUIRETLS", "LIMITS", "UTF8SMTP",
    /* not registered */
    "AUTH=LOGIN", "AUTH=PLAIN", "XCLIENT", "XFORWARD", "X-EXPS", "X-EXPS=LOGIN", "X-LINK2STATE", "XEXCH50",
    "XRDST",
    "X-ANONYMOUSTLS", "X-EXPS", "XOORG", "XPROXY", "XPROXYFROM", "XPROXYTO", "XADR", "XSTA", "XCIR", "XGEN",
    "XAUTH",
    "XVERP", "XREMOTEQUEUE", "X-RCPTLIMIT", "XSHADOW", "XSHADOWREQUEST", "XMESSAGECONTEXT", "XTURN",
    "XXXXTLS1",
    "PRDR", "TLS", "OK", "HELO", "EHLO", "NOOP", "RSET", "QUIT", "DATA", "MAIL", "RCPT", "IE8BITMIME",
    "DELIVERBY",
    "XDFLG", "X-NETSCAPE-EMAIL", "XFILTERED", "XUSR",
    /* IMAP capabilities */
    "IMAP4", "IMAP4rev1", "IMAP4rev2", "ACL", "ANNOTATE-EXPERIMENT-1", "APPENDLIMIT", "AUTH=GSSAPI", "BINARY",
    "CATENATE", "CHILDREN", "COMPRESS=DEFLATE", "CONDSTORE", "CONTEXT=SEARCH", "CONTEXT=SORT", "CONVERT",
    "CREATE-SPECIAL-USE", "ENABLE", "ESEARCH", "ESORT", "FILTERS", "I18NLEVEL=1", "ID", "IDLE", "IMAPSIEVE=",
    "INPROGRESS", "JMAPACCESS", "LANGUAGE", "LIST-EXTENDED", "LIST-METADATA", "LIST-MYRIGHTS", "LIST-STATUS",
    "LITERAL+", "LITERAL-", "LOGIN-REFERRALS", "LOGINDISABLED", "MAILBOX-REFERRALS", "MESSAGELIMIT",
    "METADATA",
    "METADATA-SERVER", "MOVE", "MULTIAPPEND", "MULTISEARCH", "NAMESPACE", "NOTIFY", "OBJECTID", "PARTIAL",
    "PREVIEW",
    "QRESYNC", "QUOTA", "QUOTASET", "REPLACE", "RIGHTS=texk", "SASL-IR", "SAVEDATE", "SAVELIMIT", "SEARCHRES",
    "SORT",
    "SORT=DISPLAY", "SPECIAL-USE", "STATUS=SIZE", "THREAD", "THREAD=REFS", "UIDBATCHES", "UIDONLY", "UIDPLUS",
    "UNAUTHENTICATE", "UNSELECT", "URL-PARTIAL", "URLAUTH", "URLAUTH=BINARY", "UTF8=ACCEPT", "UTF8=ONLY",
    "WITHIN",
    "XLIST", "X-GM-EXT-1", "XYZZY", "XAPPLEPUSHSERVICE", "XSNIPPET=FUZZY", "XCONVERSATIONS", "XMAGIC",
    "X-NETSCAPE",
    /* POP3 capabilities */
    "TOP", "LOGIN-DELAY", "EXPIRE", "UIDL", "IMPLEMENTATION", "RESP-CODES", "AUTH-RESP-CODE", "STLS", "USER",
    "SASL",
    "UTF8", "LANG", "CAPA", "APOP", "XTND", "XOAUTH2", "MANGLE", "X-MANGLE", "X-MACRO", "X-LOCALTIME", "XOIP",
    "XAUT",
    /* ManageSieve capabilities */
    "SIEVE", "VERSION", "MAXREDIRECTS", "OWNER", "RENAME", "EXTLISTS",
};

static void no_real_word_is_a_mask(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(real); i++) {
        if (strcmp(real[i], "STARTTLS") != 0 && mask_of(text(real[i]), "STARTTLS") != MASK_NONE)
            fail_msg("%s for STARTTLS: %d", real[i], mask_of(text(real[i]), "STARTTLS"));
        if (mask_of(text(real[i]), "STLS") != MASK_NONE)
            fail_msg("%s for STLS: %d", real[i], mask_of(text(real[i]), "STLS"));
    }
}

/* --- whose place a masked word stands in --- */

static struct word_order order_of(const char *lines)
{
    struct word_order o = { 0 };
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        uint8_t *copy = malloc(n ? n : 1);
        memcpy(copy, lines, n);
        order_add(&o, span_of(copy, n));
        free(copy);
        lines += n + (lines[n] == '\n');
    }
    return o;
}

static const struct {
    const char *name, *lines;
    bool another;
} orders[] = {
    { "Postfix, at STARTTLS", "PIPELINING\nSIZE 10240000\nVRFY\nETRN\nXXXXXXXA\nENHANCEDSTATUSCODES\n"
      "8BITMIME\nDSN",
      false },
    { "Postfix, at 8BITMIME", "PIPELINING\nSIZE 10240000\nVRFY\nETRN\nENHANCEDSTATUSCODES\nXXXXXXXX\nDSN\n"
      "SMTPUTF8",
      true },
    { "Postfix, at CHUNKING", "PIPELINING\nSIZE 1\nENHANCEDSTATUSCODES\n8BITMIME\nDSN\nSMTPUTF8\nXXXXXXXX",
      true },
    { "Postfix, all after ETRN", "PIPELINING\nSIZE 1\nETRN\nXXXXXXXX\nXXXXXXXX\nDSN\nXXXXXXXX\nXXXXXXXX",
      false },
    { "Postfix, with AUTH", "PIPELINING\nSIZE 1\nVRFY\nETRN\nXXXXXXXA\nAUTH PLAIN\nAUTH=PLAIN\n"
      "ENHANCEDSTATUSCODES",
      false },
    { "Postfix, masked behind AUTH", "PIPELINING\nSIZE 1\nAUTH PLAIN\nENHANCEDSTATUSCODES\nXXXXXXXX\nDSN",
      true },
    { "Microsoft, at TLS and STARTTLS",
      "TURN\nSIZE\nETRN\nPIPELINING\nDSN\nENHANCEDSTATUSCODES\n8bitmime\nBINARYMIME\nCHUNKING\nVRFY\nXXX\n"
      "XXXXXXXX\n"
      "X-EXPS GSSAPI\nX-LINK2STATE\nXEXCH50\nOK", false },
    { "Microsoft, at CHUNKING",
      "TURN\nSIZE\nETRN\nPIPELINING\nDSN\nENHANCEDSTATUSCODES\n8bitmime\nBINARYMIME\nXXXXXXXX\nVRFY\nOK",
      true },
    { "Microsoft, at 8bitmime",
      "TURN\nSIZE\nETRN\nPIPELINING\nDSN\nENHANCEDSTATUSCODES\nXXXXXXXX\nBINARYMIME\nCHUNKING\nVRFY\nOK",
      true },
    { "unknown software", "PIPELINING\nXPARAMETERS\nENHANCEDSTATUSCODES\nXXXXXXXX", false },
    { "another order", "8BITMIME\nPIPELINING\nXXXXXXXX", false },
    { "alone", "XXXXXXXX", false },
    { "no mask, known order", "PIPELINING\nSIZE 1\nDSN", true },
    { "nothing", "", false },
};

static void whose_place_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(orders); i++) {
        struct word_order o = order_of(orders[i].lines);
        if (mask_hides_another(&o) != orders[i].another)
            fail_msg("%s", orders[i].name);
    }
}

/* A hostile list must not make the search long: masks of all lengths, as many as there is room. */
static void hostile_lists_are_quick(void **state)
{
    static const char *const masks[] = { "XXX", "XXXX", "XXXXXXXX", "XXXXXXXXX",
        "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXX" };
    struct timespec start, end;
    (void)state;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    for (size_t m = 0; m < COUNT(masks); m++)
        for (unsigned n = 0; n <= 60; n++) {
            struct word_order o = { 0 };
            for (unsigned i = 0; i < n; i++)
                order_add(&o, text(masks[(m + (n & 1) * i) % COUNT(masks)]));
            mask_hides_another(&o);
        }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    assert_true(end.tv_sec - start.tv_sec <= 1);
}

static void masked_greetings(void **state)
{
    static const struct {
        const char *line;
        bool masked, asterisk;
    } cases[] = {
        { "220 **************************2002*****0*00", true, true },
        { "220 ****", true, true },
        { "220-*****", true, true },
        { "220 2002", true, false },
        { "220 mail.example ESMTP", false, false },
        { "220 *** mail ***", false, false },
        { "", true, false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool asterisk = false;
        assert_int_equal(greeting_is_masked(text(cases[i].line), &asterisk), cases[i].masked);
        if (cases[i].masked)
            assert_int_equal(asterisk, cases[i].asterisk);
    }
}

/* --- two readings of the same lines --- */

static const struct {
    unsigned dir;
    enum protocol protocol;
    const char *first, *other;
    bool offer, answer;
} conflicts[] = {
    { TO_CLIENT, PROTOCOL_SMTP, "250-STARTTLS\r\n", "250-XXXXXXXX\r\n", true, false },
    { TO_CLIENT, PROTOCOL_SMTP, "250 XXXXXXXX\r\n", "250 starttls\r\n", true, false },
    { TO_CLIENT, PROTOCOL_SMTP, "250-mx\r\n250-STARTTLS\r\n", "250-mx\r\n250-XXXXXXXX\r\n", true, false },
    { TO_CLIENT, PROTOCOL_SMTP, "250-STARTTLS\r\n250 DSN\r\n", "250-STARTTLS\r\n250 XXX\r\n", false, false },
    { TO_CLIENT, PROTOCOL_SMTP, "250-XSTARTTLS\r\n", "250-XXXXXXXXX\r\n", false, false },
    { TO_CLIENT, PROTOCOL_SMTP, "500 STARTTLS what\r\n", "500 XXXXXXXX what\r\n", false, false },
    { TO_SERVER, PROTOCOL_SMTP, "STARTTLS\r\n", "XXXXXXXX\r\n", true, false },
    { TO_SERVER, PROTOCOL_SMTP, "NOOP STARTTLS\r\n", "NOOP XXXXXXXX\r\n", false, false },
    { TO_CLIENT, PROTOCOL_SMTP, "220 go ahead\r\n", "454 not now\r\n", false, true },
    { TO_CLIENT, PROTOCOL_SMTP, "220 go ahead\r\n", "220 GO AHEAD\r\n", false, false },
    { TO_CLIENT, PROTOCOL_SMTP, "454 not now\r\n", "554 not now\r\n", false, false },
    { TO_CLIENT, PROTOCOL_POP3, "STLS\r\n", "XXXX\r\n", true, false },
    { TO_SERVER, PROTOCOL_POP3, "STLS\r\n", "XXXX\r\n", true, false },
    { TO_SERVER, PROTOCOL_POP3, "USER STLS\r\n", "USER XXXX\r\n", false, false },
    { TO_CLIENT, PROTOCOL_POP3, "+OK go\r\n", "-ERR n\r\n", false, true },
    { TO_CLIENT, PROTOCOL_IMAP, "* CAPABILITY IMAP4rev1 STARTTLS\r\n", "* CAPABILITY IMAP4rev1 XXXXXXXX\r\n",
      true, false },
    { TO_CLIENT, PROTOCOL_IMAP, "* OK [CAPABILITY STARTTLS] x\r\n", "* OK [CAPABILITY XXXXXXXX] x\r\n", true,
      false },
    { TO_CLIENT, PROTOCOL_IMAP, "* 1 FETCH (STARTTLS)\r\n", "* 1 FETCH (XXXXXXXX)\r\n", false, false },
    { TO_SERVER, PROTOCOL_IMAP, "a STARTTLS\r\n", "a XXXXXXXX\r\n", true, false },
    { TO_SERVER, PROTOCOL_IMAP, "a SELECT STARTTLS\r\n", "a SELECT XXXXXXXX\r\n", false, false },
    { TO_CLIENT, PROTOCOL_IMAP, "a OK go\r\n", "a NO go\r\n", false, true },
    { TO_CLIENT, PROTOCOL_IMAP, "* OK go\r\n", "* NO go\r\n", false, false },
    { TO_CLIENT, PROTOCOL_SIEVE, "\"STARTTLS\"\r\n", "\"XXXXXXXX\"\r\n", true, false },
    { TO_CLIENT, PROTOCOL_SIEVE, "OK\r\n", "NO\r\n", false, true },
    { TO_CLIENT, PROTOCOL_SIEVE, "\"SIEVE\" \"x\"\r\n", "\"SIEVE\" \"y\"\r\n", false, false },
    { TO_CLIENT, PROTOCOL_SMTP, "", "", false, false },
    { TO_CLIENT, PROTOCOL_UNKNOWN, "220 a\r\n", "454 a\r\n", false, false },
};

static void conflicts_of_each_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(conflicts); i++) {
        struct span a = text(conflicts[i].first), b = text(conflicts[i].other);
        enum protocol p = conflicts[i].protocol;
        if (conflict_is_offer_or_command(conflicts[i].dir, p, a, b) != conflicts[i].offer ||
            conflict_is_offer_or_command(conflicts[i].dir, p, b, a) != conflicts[i].offer)
            fail_msg("offer: %s", conflicts[i].first);
        if (conflict_is_answer(p, a, b) != conflicts[i].answer || conflict_is_answer(p, b,
            a) != conflicts[i].answer)
            fail_msg("answer: %s", conflicts[i].first);
    }
}

static const struct {
    enum protocol protocol;
    const char *first, *other;
    bool lacks, answers;
} shifted[] = {
    { PROTOCOL_SMTP, "250-mx\r\n250-STARTTLS\r\n250 DSN\r\n", "250-mx\r\n250 DSN\r\n", true, false },
    { PROTOCOL_SMTP, "250-mx\r\n250-STARTTLS\r\n250-SIZE\r\n250 DSN\r\n250 2.1.0 Ok\r\n", "250-mx\r\n250-SIZE\r\n250 DSN\r\n", true, false },
    { PROTOCOL_SMTP, "250-mx\r\n250-SIZE\r\n250 STARTTLS\r\n", "250-mx\r\n250 SIZE\r\n", true, false },
    { PROTOCOL_SMTP, "250-mx\r\n250-SIZE\r\n250 STARTTLS\r\n250 Ok\r\n", "250-mx\r\n250 SIZE\r\n", true, false },
    { PROTOCOL_SMTP, "250-mx\r\n250 SIZE\r\n250 Ok\r\n", "250-mx\r\n250-SIZE\r\n250 STARTTLS\r\n", true, false },
    { PROTOCOL_SMTP, "250-mx\r\n250-SIZE\r\n250 STARTTLS\r\n", "250-mx\r\n250 SIZE\r\n250 Ok\r\n", false, false },     /* what the copy goes on with is not known */
    { PROTOCOL_SMTP, "250-mx\r\n250-STARTTLS\r\n250 DSN\r\n", "250-mx\r\n", false, false },         /* cut off */
    { PROTOCOL_SMTP, "250-mx\r\n250-STARTTLS\r\n250 DSN\r\n", "250-mx\r\n250 DS", false, false },
    { PROTOCOL_SMTP, "250-mx\r\n250-STARTTLS\r\n250 DSN\r\n", "250 DSN\r\n", false, false },        /* nothing before */
    { PROTOCOL_SMTP, "250-mx\r\n250-STARTTLS\r\n250 DSN\r\n", "250-mx\r\n250 HELP\r\n", false, false },
    { PROTOCOL_SMTP, "250-mx\r\n250-SIZE\r\n250 DSN\r\n", "250-mx\r\n250 DSN\r\n", false, false },  /* another line */
    { PROTOCOL_SMTP, "250-mx\r\n250-STARTTLS\r\n250 DSN\r\n", "250-mx\r\n250-STARTTLS\r\n250 DSN\r\n", false, false },
    { PROTOCOL_SMTP, "250-mx\r\n250-SIZE\r\n250 STARTTLS\r\n", "250-mx\r\n250 SIZE 1\r\n", false, false },
    { PROTOCOL_POP3, "+OK\r\nTOP\r\nSTLS\r\nSASL\r\n.\r\n", "+OK\r\nTOP\r\nSASL\r\n.\r\n", true, false },
    { PROTOCOL_POP3, "+OK\r\nTOP\r\nSTLS\r\nSASL\r\n.\r\n", "+OK\r\nTOP\r\n", false, false },
    { PROTOCOL_SIEVE, "\"SIEVE\" \"x\"\r\n\"STARTTLS\"\r\nOK\r\n", "\"SIEVE\" \"x\"\r\nOK\r\n", true, false },
    { PROTOCOL_IMAP, "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi\r\n", "* OK [CAPABILITY IMAP4rev1] hi\r\n", true, false },
    { PROTOCOL_IMAP, "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\na OK\r\n", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na OK\r\n", true, false },
    { PROTOCOL_IMAP, "* CAPABILITY IMAP4rev1 STARTTLS\r\na OK\r\n", "* CAPABILITY IMAP4rev1\r\na OK\r\n", true, false },
    { PROTOCOL_IMAP, "* CAPABILITY IMAP4rev1 STARTTLS\r\na OK\r\n", "* CAPABILITY IMAP4rev1\r\n", false, false },
    { PROTOCOL_IMAP, "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n", "* CAPABILITY IMAP4rev1 AUTH=LOGIN\r\n", false, false },
    { PROTOCOL_IMAP, "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n", "* CAPABILITY IMAP4rev1 AUTH=PLAIN X\r\n", false, false },
    { PROTOCOL_IMAP, "* CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN\r\n", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", false, false },
    { PROTOCOL_SMTP, "220 2.0.0 Ready to start TLS\r\n", "454 4.7.0 not now\r\n", false, true },
    { PROTOCOL_SMTP, "220 2.0.0 Ready to start TLS\r\n", "550-no\r\n550 not here\r\n", false, true },
    { PROTOCOL_SMTP, "220 2.0.0 Ready to start TLS\r\n", "454 4.7.0 not n", false, false },
    { PROTOCOL_SMTP, "220 2.0.0 Ready to start TLS\r\n", "250 Ok\r\n", false, false },
    { PROTOCOL_SMTP, "454 4.7.0 not now\r\n", "502 5.5.1 what\r\n", false, false },
    { PROTOCOL_POP3, "+OK\r\n", "-ERR unknown command\r\n", false, true },
    { PROTOCOL_POP3, "+OK\r\n", "-ERR unknown command\r\n.\r\n", false, false },
    { PROTOCOL_IMAP, "a2 OK go\r\n", "a2 BAD unknown command\r\n", false, true },
    { PROTOCOL_IMAP, "a2 OK go\r\n", "a3 BAD unknown command\r\n", false, false },
    { PROTOCOL_SIEVE, "OK \"go\"\r\n", "NO\r\n", false, true },
    { PROTOCOL_SMTP, "", "", false, false },
    { PROTOCOL_IMAP, "\r\n", "\n", false, false },
};

/* What is said behind the command stands in its place. */
static void commands_taken_away(void **state)
{
    static const struct {
        enum protocol protocol;
        const char *first, *other;
        bool lacks;
    } taken[] = {
        { PROTOCOL_SMTP, "STARTTLS\r\nMAIL FROM:<>\r\nQUIT\r\n", "MAIL FROM:<>\r\n", true },
        { PROTOCOL_SMTP, "STARTTLS\r\nMAIL FROM:<>\r\nQUIT\r\n", "MAIL FROM:<>\r\nQUIT\r\n", true },
        { PROTOCOL_SMTP, "STARTTLS\r\nQUIT\r\n", "QUIT\r\n", true },
        { PROTOCOL_SMTP, "STARTTLS\r\nQUIT\r\n", "QUIT", false },               /* too little */
        { PROTOCOL_SMTP, "STARTTLS\r\nMAIL FROM:<>\r\n", "MAIL FROM:<a>\r\n", false },
        { PROTOCOL_SMTP, "STARTTLS\r\nMAIL", "MAIL FROM:<>\r\n", false },       /* more than was said */
        { PROTOCOL_SMTP, "STARTTLS\r\nSTARTTLS\r\n", "STARTTLS\r\n", false }, /* a copy of itself */
        { PROTOCOL_SMTP, "NOOP\r\nMAIL FROM:<>\r\n", "MAIL FROM:<>\r\n", false },
        { PROTOCOL_SMTP, "STARTTLS", "MAIL FROM:<>\r\n", false },
        { PROTOCOL_SMTP, "", "MAIL FROM:<>\r\n", false },
        { PROTOCOL_IMAP, "a1 STARTTLS\r\na2 LOGIN x y\r\n", "a2 LOGIN x y\r\n", true },
        { PROTOCOL_IMAP, "a1 STARTTLS\r\na2 LOGIN x y\r\n", "a3 LOGIN x y\r\n", false },
        { PROTOCOL_POP3, "STLS\r\nUSER x\r\n", "USER x\r\n", true },
        { PROTOCOL_SIEVE, "STARTTLS\r\nLOGOUT\r\n", "LOGOUT\r\n", true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        struct span a = span_of(taken[i].first, strlen(taken[i].first)), b = span_of(taken[i].other, strlen(taken[i].other));
        if (copies_lack_command(taken[i].protocol, a, b) != taken[i].lacks)
            fail_msg("%s and %s", taken[i].first, taken[i].other);
    }
}

static void copies_of_unlike_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(shifted); i++) {
        struct span a = text(shifted[i].first), b = text(shifted[i].other);
        enum protocol p = shifted[i].protocol;
        if (copies_lack_offer(p, a, b) != shifted[i].lacks)
            fail_msg("offer: %s and %s", shifted[i].first, shifted[i].other);
        if (copies_answer_unlike(p, a, b) != shifted[i].answers)
            fail_msg("answer: %s and %s", shifted[i].first, shifted[i].other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_by_hand),
        cmocka_unit_test(no_real_word_is_a_mask),
        cmocka_unit_test(whose_place_it_is),
        cmocka_unit_test(hostile_lists_are_quick),
        cmocka_unit_test(masked_greetings),
        cmocka_unit_test(conflicts_of_each_kind),
        cmocka_unit_test(commands_taken_away),
        cmocka_unit_test(copies_of_unlike_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
