/* Contract of the parsers in this folder:
 *   - a pure function of its bytes: no I/O, no allocation, no clock, no globals;
 *   - returns bytes used (> 0) with *out filled, PARSE_MORE when the element is not whole yet,
 *     PARSE_BAD when no further byte could make it valid;
 *   - spans in *out point into `in` and live as long as it does;
 *   - the same bytes, cut anywhere, give the same elements;
 *   - never copies a secret. */
#ifndef MAILSEAL_PROTO_PROTO_H
#define MAILSEAL_PROTO_PROTO_H

#include "base/bytes.h"

enum { PARSE_MORE = 0, PARSE_BAD = -1 };

/* A line up to its LF; *line is without CR and LF. A bare LF ends a line too: servers take it. */
long line_parse(struct span in, struct span *line);

/* The literal announced at the end of an IMAP line: "{123}" or "{123+}", also behind "~"
 * (RFC 9051 section 4.3, RFC 7888, RFC 3516). False: none. */
struct literal {
    uint64_t n;
    bool waits;                         /* without "+": the other side has to say go ahead */
};
bool literal_announced(struct span line, struct literal *out);

/* The end of a message body in SMTP (RFC 5321 section 4.1.1.4) or of a multi-line answer in POP3
 * (RFC 1939 section 3): a line that is one dot. Kept between calls, zero at the start of a line. */
struct body {
    bool within_line, last_cr;          /* where the bytes used so far ended */
    bool bare_lf;                       /* the line before ended in LF without CR */
};
enum body_end {
    BODY_GOES_ON,
    BODY_ENDS,                          /* CRLF . CRLF */
    BODY_MAY_END                        /* a dot line with a bare LF before or behind it: servers differ */
};
/* Uses bytes of a body up to and with its end; at most 2 bytes are left for the next call. */
size_t body_skip(struct body *, struct span in, enum body_end *end);

#endif
