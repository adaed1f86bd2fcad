/* Which bytes of a dialogue may be seen by others: what a dialogue shows of its clear bytes to who keeps packets as
 * evidence. Nothing is shown but what is named here: words of the protocols, codes, numbers that count bytes, what a
 * server says of itself before anything else (greeting, capability lists), hellos and certificates of servers, and
 * what separates words where a reader would else count others. Never arguments that may be a secret, a user name, a
 * mailbox name, an address, or bytes of a message. */
#ifndef MAILSEAL_DIALOGUE_SHOWING_H
#define MAILSEAL_DIALOGUE_SHOWING_H

#include "base/bytes.h"

struct dialogue;

/* Who wants to see it; zeroed: nobody. seq: of the first of the bytes, in its direction. */
struct showing {
    void (*show)(void *ctx, unsigned dir, uint32_t seq, struct span bytes);
    /* The same of the newest copy alone, which differs there from what was shown. */
    void (*differ)(void *ctx, unsigned dir, uint32_t seq, struct span bytes);
    void *ctx;
    struct span window;                 /* what is being read; empty: nothing is */
    uint32_t end;                       /* sequence number behind it */
    unsigned dir;
    bool thrown;                        /* the line being read is thrown away by a careful server */
};

/* Each takes bytes of the window; others are not shown. */
void show(struct dialogue *, struct span);
/* From the beginning of one up to the beginning of the other. */
void show_between(struct dialogue *, const uint8_t *from, const uint8_t *to);
void show_blanks(struct dialogue *, struct span);
/* The quotes around it, if there are, or the quotes that it is between. */
void show_quotes(struct dialogue *, struct span quoted);
/* The announcement of a literal at its end. */
void show_literal(struct dialogue *, struct span line);
/* A text that is looked for in an answer, where it stands. */
void show_text(struct dialogue *, struct span in, const char *text);
/* What an error quotes of a masked command. */
void show_echo(struct dialogue *, struct span text, const char *keyword);
/* A code in brackets: a public word of it, or all of it if that is CAPABILITY. */
void show_code(struct dialogue *, struct span code);
/* What an untagged answer is about: a number, a public word. */
void show_data(struct dialogue *, struct span text);
/* The word of a command, the blanks behind it and those of its arguments. */
void show_command(struct dialogue *, struct span word, struct span args, bool blanks);
/* The command in a line that is not read. */
void show_thrown(struct dialogue *, struct span line);
void show_mechanism(struct dialogue *, struct span name);
/* What of a response is no secret: that it is empty, cancels, or is of NTLM's third kind. */
void show_response(struct dialogue *, struct span response);
/* The dot line that may end a body, at the end of these bytes. */
void show_dot_line(struct dialogue *, struct span body);
/* The second copy of lines: what of it may be shown. other: of the same length; sequence number of its first byte. */
void show_conflict_of(struct dialogue *, unsigned dir, uint32_t seq, struct span first, struct span other);

#endif
