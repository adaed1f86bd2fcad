#include "facts/host_name.h"

enum { LABEL_MOST = 63 };

/* A letter, small; a digit or hyphen as it is; 0: anything else. */
static char character(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c + 32);
    return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' ? (char)c : 0;
}

static bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

/* The label at the front of text, lower case. 0: it is none. */
static size_t read_label(struct span text, char *out, bool *letter)
{
    size_t n = 0;

    *letter = false;
    while (n < text.n && text.p[n] != '.') {
        if (n == LABEL_MOST || !(out[n] = character(text.p[n])))
            return 0;
        *letter = *letter || is_letter(out[n]);
        n++;
    }
    return n && out[0] != '-' && out[n - 1] != '-' ? n : 0;
}

bool host_name_read(struct span text, char out[HOST_NAME_TEXT])
{
    size_t at = 0, labels = 0;
    bool letter = false;

    for (; text.n < HOST_NAME_TEXT && at < text.n; labels++) {
        size_t n = read_label(span_skip(text, at), out + at, &letter);
        at += n;
        if (!n || (at < text.n && at + 1 == text.n))
            break;
        if (at < text.n)
            out[at++] = '.';
    }
    bool good = at && at == text.n && labels > 1 && letter;    /* of the last label, which in an address has none */
    out[good ? at : 0] = 0;
    return good;
}
