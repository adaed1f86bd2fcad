#include "dialogue/client_name.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "proto/imap.h"

/* Words of what programs give as their name in ID, or in the name of their bundle or package, one behind the other; in any
 * case, and whatever is between them. The first that fits counts. */
static const struct {
    const char *words;
    enum client_name is;
} programs[] = {
    { "thunderbird", CLIENT_NAME_THUNDERBIRD }, { "betterbird", CLIENT_NAME_THUNDERBIRD },
    { "mac os x mail", CLIENT_NAME_APPLE }, { "macos mail", CLIENT_NAME_APPLE }, { "iphone mail", CLIENT_NAME_APPLE },
    { "ipad mail", CLIENT_NAME_APPLE }, { "apple mail", CLIENT_NAME_APPLE }, { "ios mail", CLIENT_NAME_APPLE },
    { "com.apple", CLIENT_NAME_APPLE },
    { "outlook", CLIENT_NAME_OUTLOOK }, { "windows mail", CLIENT_NAME_OUTLOOK }, { "windows live", CLIENT_NAME_OUTLOOK },
    { "hxmail", CLIENT_NAME_OUTLOOK },
    { "android", CLIENT_NAME_ANDROID }, { "k-9", CLIENT_NAME_ANDROID }, { "k9", CLIENT_NAME_ANDROID },
    { "fairemail", CLIENT_NAME_ANDROID }, { "eu.faircode", CLIENT_NAME_ANDROID }, { "samsung email", CLIENT_NAME_ANDROID },
    { "samsung mail", CLIENT_NAME_ANDROID }, { "aquamail", CLIENT_NAME_ANDROID }, { "aqua mail", CLIENT_NAME_ANDROID },
    { "bluemail", CLIENT_NAME_ANDROID }, { "com.google.gmail", CLIENT_NAME_PROGRAM }, { "com.google", CLIENT_NAME_ANDROID },
    { "roundcube", CLIENT_NAME_WEBMAIL }, { "squirrelmail", CLIENT_NAME_WEBMAIL }, { "horde", CLIENT_NAME_WEBMAIL },
    { "snappymail", CLIENT_NAME_WEBMAIL }, { "rainloop", CLIENT_NAME_WEBMAIL }, { "nextcloud", CLIENT_NAME_WEBMAIL },
    { "sogo", CLIENT_NAME_WEBMAIL }, { "webmail", CLIENT_NAME_WEBMAIL },
    { "offlineimap", CLIENT_NAME_FETCHER }, { "isync", CLIENT_NAME_FETCHER }, { "mbsync", CLIENT_NAME_FETCHER },
    { "imapsync", CLIENT_NAME_FETCHER }, { "fetchmail", CLIENT_NAME_FETCHER }, { "getmail", CLIENT_NAME_FETCHER },
    { "mailstore", CLIENT_NAME_FETCHER }, { "gmail", CLIENT_NAME_FETCHER },
    { "nginx", CLIENT_NAME_PROXY }, { "dovecot", CLIENT_NAME_PROXY }, { "perdition", CLIENT_NAME_PROXY },
    { "zimbra", CLIENT_NAME_PROXY }, { "cyrus", CLIENT_NAME_PROXY },
    { "javamail", CLIENT_NAME_LIBRARY }, { "mailkit", CLIENT_NAME_LIBRARY }, { "imapflow", CLIENT_NAME_LIBRARY },
    { "node-imap", CLIENT_NAME_LIBRARY }, { "imaplib", CLIENT_NAME_LIBRARY }, { "imapclient", CLIENT_NAME_LIBRARY },
    { "libcurl", CLIENT_NAME_LIBRARY }, { "php", CLIENT_NAME_LIBRARY },
    { "evolution", CLIENT_NAME_DESKTOP }, { "kmail", CLIENT_NAME_DESKTOP }, { "kontact", CLIENT_NAME_DESKTOP },
    { "akonadi", CLIENT_NAME_DESKTOP }, { "claws", CLIENT_NAME_DESKTOP }, { "sylpheed", CLIENT_NAME_DESKTOP },
    { "mutt", CLIENT_NAME_DESKTOP }, { "neomutt", CLIENT_NAME_DESKTOP }, { "alpine", CLIENT_NAME_DESKTOP }, { "geary", CLIENT_NAME_DESKTOP },
    { "em client", CLIENT_NAME_DESKTOP }, { "emclient", CLIENT_NAME_DESKTOP }, { "the bat", CLIENT_NAME_DESKTOP },
    { "mailmate", CLIENT_NAME_DESKTOP }, { "mailspring", CLIENT_NAME_DESKTOP }, { "trojit", CLIENT_NAME_DESKTOP },
    { "trojita", CLIENT_NAME_DESKTOP },
    { "seamonkey", CLIENT_NAME_DESKTOP }, { "postbox", CLIENT_NAME_DESKTOP }, { "spark", CLIENT_NAME_DESKTOP },
    { "airmail", CLIENT_NAME_DESKTOP }, { "vivaldi", CLIENT_NAME_DESKTOP }, { "opera", CLIENT_NAME_DESKTOP },
};

/* Names that programs give instead of their machine's. */
static const struct {
    const char *name;
    enum client_name is;
} own_names[] = {
    { "ehlo.thunderbird.net", CLIENT_NAME_THUNDERBIRD }, { "smtpclient.apple", CLIENT_NAME_APPLE },
    { "localhost", CLIENT_NAME_LOCALHOST }, { "localhost.localdomain", CLIENT_NAME_LOCALHOST },
    { "[127.0.0.1]", CLIENT_NAME_LOOPBACK }, { "[IPv6:::1]", CLIENT_NAME_LOOPBACK },
};

/* Last labels that no one has in the DNS: RFC 6762 and its appendix G, RFC 8375, RFC 2606, and what is met. */
static const char *const private_zones[] = { "local", "localdomain", "lan", "home", "internal", "intranet", "private", "corp",
                                             "home.arpa", "fritz.box", "localnet", "workgroup", "domain" };

static bool is_address(struct span text)
{
    char copy[INET6_ADDRSTRLEN];
    uint8_t address[16];
    if (!text.n || text.n >= sizeof copy)
        return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    return inet_pton(AF_INET, copy, address) == 1 || inet_pton(AF_INET6, copy, address) == 1;
}

static enum client_name of_literal(struct span name)
{
    if (name.n < 2 || name.p[name.n - 1] != ']')
        return CLIENT_NAME_MALFORMED;
    struct span inside = span_first(span_skip(name, 1), name.n - 2);
    if (span_starts_nocase(inside, "IPv6:"))
        inside = span_skip(inside, 5);
    return is_address(inside) ? CLIENT_NAME_LITERAL : CLIENT_NAME_MALFORMED;
}

static bool is_letter_or_digit(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Labels of letters, digits and hyphens (RFC 1123 section 2.1). *dots: how many. */
static bool is_domain(struct span name, size_t *dots)
{
    *dots = 0;
    if (name.n > 255)
        return false;
    for (size_t i = 0, begin = 0; i <= name.n; i++) {
        if (i < name.n && name.p[i] != '.') {
            if (!is_letter_or_digit(name.p[i]) && (name.p[i] != '-' || i == begin))
                return false;
            continue;
        }
        if (i == begin || i - begin > 63 || name.p[i - 1] == '-')
            return false;
        *dots += i < name.n;
        begin = i + 1;
    }
    return true;
}

static bool is_private(struct span name)
{
    for (size_t i = 0; i < sizeof private_zones / sizeof *private_zones; i++) {
        size_t n = strlen(private_zones[i]);
        if (name.n > n + 1 && name.p[name.n - n - 1] == '.' && span_eq_nocase(span_skip(name, name.n - n), private_zones[i]))
            return true;
    }
    return false;
}

/* As captures that are kept as evidence have it in its place. */
static bool is_blanked(struct span name)
{
    size_t n = 0;
    while (n < name.n && name.p[n] == 'x')
        n++;
    return n == name.n;
}

enum client_name client_name_of_hello(struct span name)
{
    size_t dots;

    if (!name.n)
        return CLIENT_NAME_MALFORMED;
    if (is_blanked(name))
        return CLIENT_NAME_NONE;
    if (name.p[name.n - 1] == '.')
        name.n--;
    for (size_t i = 0; i < sizeof own_names / sizeof *own_names; i++)
        if (span_eq_nocase(name, own_names[i].name))
            return own_names[i].is;
    if (name.n && name.p[0] == '[')
        return of_literal(name);
    if (is_address(name))
        return CLIENT_NAME_ADDRESS;
    if (!is_domain(name, &dots))
        return CLIENT_NAME_MALFORMED;
    return !dots ? CLIENT_NAME_LABEL : is_private(name) ? CLIENT_NAME_PRIVATE : CLIENT_NAME_HOST;
}

/* The next run of letters and digits; empty: there is none. */
static struct span next_word(struct span *rest)
{
    size_t begin = 0, end;
    while (begin < rest->n && !is_letter_or_digit(rest->p[begin]))
        begin++;
    for (end = begin; end < rest->n && is_letter_or_digit(rest->p[end]); end++)
        ;
    struct span word = span_first(span_skip(*rest, begin), end - begin);
    *rest = span_skip(*rest, end);
    return word;
}

/* The number of a version may be behind it. */
static bool is_word_with_number(struct span said, struct span word)
{
    size_t n = said.n;
    while (n > word.n && said.p[n - 1] >= '0' && said.p[n - 1] <= '9')
        n--;
    return n == word.n && strncasecmp((const char *)said.p, (const char *)word.p, n) == 0;
}

static bool begins_with_words(struct span said, struct span words)
{
    for (struct span word; (word = next_word(&words)).n;)
        if (!is_word_with_number(next_word(&said), word))
            return false;
    return true;
}

static bool has_words(struct span said, const char *words)
{
    struct span want = span_of(words, strlen(words));
    for (struct span rest = said; rest.n; next_word(&rest))
        if (begins_with_words(rest, want))
            return true;
    return false;
}

static enum client_name of_program(struct span value)
{
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (has_words(value, programs[i].words))
            return programs[i].is;
    return CLIENT_NAME_PROGRAM;
}

enum client_name client_name_of_id(struct span arguments)
{
    struct span field, value;
    bool literal;

    if (!arguments.n || arguments.p[0] != '(')
        return CLIENT_NAME_NONE;
    arguments = span_skip(arguments, 1);
    while (imap_argument(&arguments, &field, &literal) && !literal && imap_argument(&arguments, &value, &literal) && !literal) {
        if (span_eq_nocase(field, "\"name\""))
            return value.p[0] == '"' ? of_program(value) : CLIENT_NAME_NONE;
    }
    return CLIENT_NAME_NONE;
}
