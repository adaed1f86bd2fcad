/* Which word was meant by one that is none: a command, an option, a setting. */
#ifndef MAILSEAL_APP_NEAREST_H
#define MAILSEAL_APP_NEAREST_H

struct nearest {
    const char *wrong, *best;           /* best: the caller's word, NULL while none was tried */
    unsigned distance;
};

struct nearest nearest_to(const char *wrong);
void nearest_try(struct nearest *, const char *word);   /* words of more than 32 letters are never near */
/* NULL: none of those that were tried is near enough to be named. */
const char *nearest_word(const struct nearest *);

#endif
