/* Words overwritten at their own length: how a box that must keep TCP's sequence numbers takes
 * STARTTLS out of a dialogue (doc/measurement.md section 5). */
#ifndef MAILSEAL_DIALOGUE_MASK_H
#define MAILSEAL_DIALOGUE_MASK_H

#include "dialogue/dialogue.h"

enum mask {
    MASK_NONE,
    MASK_KEYWORD,                       /* of exactly the keyword's length and pattern */
    MASK_OTHER_LENGTH                   /* a run of filler of another length */
};

/* keyword in capitals. A word is masked when each letter is the keyword's or one and the same
 * filler, the last letter free; capitals, digits-free fillers only. */
enum mask mask_of(struct span word, const char *keyword);

/* Records a list's word with its length for mask_hides_another(): word and its parameters. */
void order_add(struct word_order *, struct span line);
/* Whether the list follows the order of a known server software by which no masked word of
 * eight letters can have been STARTTLS. */
bool mask_hides_another(const struct word_order *);

/* Whether an error quotes a masked command. */
bool mask_is_echoed(struct span text, const char *keyword);

/* SMTP greeting of nothing but 2, 0, blanks and at least one asterisk (Cisco PIX). */
bool greeting_is_masked(struct span line, bool *asterisk);

#endif
