/* How long sessions are kept: the options, and what is said of it. */
#ifndef MAILSEAL_APP_KEEP_H
#define MAILSEAL_APP_KEEP_H

#include "store/retention.h"

/* 30 days, and 400 with evidence or an incident; sums by the hour 400 days. */
extern const struct store_keep keep_default;

/* Options of several commands; they complain, and give a status. Days of packet time, 0 being for ever; bytes of a
 * database, 0 being any number. */
int days_parse(const char *option, const char *text, uint32_t *out);
int size_limit_parse(const char *text, uint64_t *out);

/* What was let go of, or would be, as one sentence without a full stop. */
enum { LET_GO_TEXT = 400 };
void let_go_text(const struct store_let_go *, bool would, char out[LET_GO_TEXT]);

#endif
