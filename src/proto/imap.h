/* IMAP (RFC 9051, RFC 3501) on the wire: command and answer lines. */
#ifndef MAILSEAL_PROTO_IMAP_H
#define MAILSEAL_PROTO_IMAP_H

#include "proto/proto.h"

/* id, word, whether it gives access to a mailbox */
#define IMAP_VERBS(V)                                                                   \
    V(CAPABILITY, "CAPABILITY", 0) V(NOOP, "NOOP", 0) V(LOGOUT, "LOGOUT", 0)            \
    V(STARTTLS, "STARTTLS", 0) V(AUTHENTICATE, "AUTHENTICATE", 0) V(LOGIN, "LOGIN", 0)  \
    V(ID, "ID", 0)                      /* RFC 2971 */                                  \
    V(ENABLE, "ENABLE", 0) V(COMPRESS, "COMPRESS", 0) V(LANGUAGE, "LANGUAGE", 0)        \
    V(SELECT, "SELECT", 1) V(EXAMINE, "EXAMINE", 1) V(CREATE, "CREATE", 1)              \
    V(DELETE, "DELETE", 1) V(RENAME, "RENAME", 1) V(SUBSCRIBE, "SUBSCRIBE", 1)          \
    V(UNSUBSCRIBE, "UNSUBSCRIBE", 1) V(LIST, "LIST", 1) V(LSUB, "LSUB", 1)              \
    V(XLIST, "XLIST", 1) V(NAMESPACE, "NAMESPACE", 1) V(STATUS, "STATUS", 1)            \
    V(APPEND, "APPEND", 1) V(IDLE, "IDLE", 1) V(CHECK, "CHECK", 1) V(CLOSE, "CLOSE", 1) \
    V(UNSELECT, "UNSELECT", 1) V(EXPUNGE, "EXPUNGE", 1) V(SEARCH, "SEARCH", 1)          \
    V(FETCH, "FETCH", 1) V(STORE, "STORE", 1) V(COPY, "COPY", 1) V(MOVE, "MOVE", 1)     \
    V(UID, "UID", 1) V(SORT, "SORT", 1) V(THREAD, "THREAD", 1) V(NOTIFY, "NOTIFY", 1)   \
    V(GETQUOTA, "GETQUOTA", 1) V(GETQUOTAROOT, "GETQUOTAROOT", 1) V(SETQUOTA, "SETQUOTA", 1) \
    V(GETACL, "GETACL", 1) V(SETACL, "SETACL", 1) V(DELETEACL, "DELETEACL", 1)          \
    V(MYRIGHTS, "MYRIGHTS", 1) V(LISTRIGHTS, "LISTRIGHTS", 1)                           \
    V(GETMETADATA, "GETMETADATA", 1) V(SETMETADATA, "SETMETADATA", 1)

#define V(id, word, mail) IMAP_##id,
enum imap_verb { IMAP_UNKNOWN, IMAP_VERBS(V) IMAP_VERB_N };
#undef V

struct imap_command {
    struct span tag, word, args;        /* args: behind the verb, blanks before it taken off */
    enum imap_verb verb;
};
/* The first line of a command. False: it has no tag and word. */
bool imap_command_parse(struct span line, struct imap_command *out);
bool imap_speaks_mail(enum imap_verb);

enum imap_answer_kind { IMAP_UNTAGGED, IMAP_CONTINUE, IMAP_TAGGED };
enum imap_status { IMAP_NO_STATUS, IMAP_OK, IMAP_NO, IMAP_BAD, IMAP_PREAUTH, IMAP_BYE };

struct imap_answer {
    enum imap_answer_kind kind;
    enum imap_status status;
    struct span tag, text;              /* text: behind the status, or all behind "* " or "+ " */
    struct span code;                   /* inside [ ] at the start of text; empty: none */
};
/* RFC 9051 section 7. False: not an answer line. */
bool imap_answer_parse(struct span line, struct imap_answer *out);

/* Whether an untagged answer's text is about a mailbox: "3 EXISTS", "LIST …", "FLAGS …". */
bool imap_is_mailbox_data(struct span text);
/* "3 FETCH …": a message, or part of one. */
bool imap_is_fetch(struct span text);

/* Takes the next argument off *args: an atom, a quoted string or an announced literal. False:
 * there is none. *literal: it was the announcement of one. */
bool imap_argument(struct span *args, struct span *out, bool *literal);

#endif
