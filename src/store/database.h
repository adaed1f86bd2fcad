/* Opening a database file: whose it is, which version, and bringing it up to date. */
#ifndef MAILSEAL_STORE_DATABASE_H
#define MAILSEAL_STORE_DATABASE_H

#include "base/disguise.h"
#include "store/db.h"

#include <stdbool.h>

enum { DATABASE_APPLICATION_ID = 0x4d53454c };              /* "MSEL"; sql/schema/001_origin.sql */

/* How long to wait for another program's lock, in milliseconds. */
enum { DATABASE_WAIT = 5000 };

/* Bytes of a value, or of a row; what is larger is refused, for none of ours comes near. */
enum { DATABASE_VALUE = 1 << 20 };

/* How a database stores addresses: half a one of whole addresses, or two halves by two keys, nobody wants. */
struct address_choice {
    enum address_mode mode;             /* in: what a new one gets and an old one must have; out: what it has */
    const uint8_t *mark;                /* of the key, as disguise_mark() gives it; NULL: there is none */
};

/* Opens a file for reading and writing, makes it (mode 0600) if it is not there, and brings
 * tables, views and words up to date in one transaction. What is not an own database, a newer
 * one, a damaged or locked one is left as it is, and so is one of which the choice is not true. live: others read
 * while it is written (WAL).
 * Returns 0 and *out, else a status of <sysexits.h> and one sentence. */
int database_open(const char *path, struct address_choice *, bool live, sqlite3 **out, char error[DB_ERROR]);

/* The same of a database that is there already. */
int database_open_own(const char *path, sqlite3 **out, char error[DB_ERROR]);

/* Opens an own database of this version for reading only; same results. What an interrupted run
 * left half done is rolled back first. Views are the program's own, whatever stands in the file. */
int database_open_read(const char *path, sqlite3 **out, char error[DB_ERROR]);

/* Opens a copy of such a database as it stands, to be written: a temporary file that nobody sees and that goes when it is
 * closed. The file itself is only read, and whoever writes to it does not wait, but for a commit in DELETE mode. */
int database_open_copy(const char *path, sqlite3 **out, char error[DB_ERROR]);

/* Whether a revision or the number of a session can be one: another may follow. */
static inline bool database_number_valid(int64_t n) { return n >= 0 && n <= INT64_C(1) << 62; }

/* Number of the last file of sql/schema. */
int database_version(void);

#endif
