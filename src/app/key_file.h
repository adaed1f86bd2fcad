/* The key of the stored addresses, in a file of its own: 64 hexadecimal digits. Whoever has it can find out whose
 * pseudonym is whose, by trying: there are not many addresses. */
#ifndef MAILSEAL_APP_KEY_FILE_H
#define MAILSEAL_APP_KEY_FILE_H

#include <stdint.h>

#include "base/disguise.h"

/* Reads it into pages that are left out of core files, and out of swap where that is allowed. One that is not there is
 * made, with mode 0600, if the mode of the addresses is asked for (make), and then said so unless quiet. What others than
 * its owner may read is refused, but for the group where somebody else, such as root, owns it. 0 and *key, else a
 * complaint's status. */
int key_file_read(const char *path, bool make, bool quiet, uint8_t **key);
/* Wipes and gives back; NULL is allowed. Each process that has it does so. */
void key_file_wipe(uint8_t **key);

#endif
