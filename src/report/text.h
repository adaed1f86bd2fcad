/* Text that came off the wire or a command line, made fit to be shown. */
#ifndef MAILSEAL_REPORT_TEXT_H
#define MAILSEAL_REPORT_TEXT_H

#include "base/bytes.h"

#include <stdio.h>

/* Cuts the next character off *s. Returns its code point and takes all its bytes, or -1 and
 * takes one byte when the bytes are not UTF-8 (RFC 3629: overlong, surrogates and all). */
long text_next(struct span *s);

/* Within quotes, as a JSON string (RFC 8259 section 7): always valid UTF-8; what is not becomes
 * U+FFFD. */
void text_json(FILE *, struct span);

/* A CSV field of text (RFC 4180 section 2), quoted where need be. Control characters but TAB, CR and LF are shown as
 * \x1b, what is not UTF-8 as U+FFFD; what a spreadsheet would take for a formula has an apostrophe in front. */
void text_csv(FILE *, struct span);

/* Within an element or an attribute of HTML and XML: what is hidden or not UTF-8 is shown as for a terminal. */
void text_html(FILE *, struct span);

/* For a terminal: what could move the cursor, change colours or turn the writing direction is
 * shown as \x1b or \u202e, and so is what is not UTF-8. With out == NULL nothing is written.
 * Returns the columns it takes. */
size_t text_terminal(FILE *out, struct span);

#endif
