/* Tables, views and words of a database, from the files of sql/ and the lists of facts/. */
#ifndef MAILSEAL_STORE_SCHEMA_H
#define MAILSEAL_STORE_SCHEMA_H

#include "store/db.h"

/* The grade of stripping as `rate` and `session` store it: a grade, or this. */
enum { STRIP_ALLOWED = 4 };

/* Within a transaction of the caller; SQLite's result codes. */

/* Runs the files of sql/schema with a number above `version`, for a new database (0) all in one piece, and sets
 * user_version. */
int schema_migrate(sqlite3 *, int version);
/* Makes the views as sql/views has them and the words as C has them. Writes nothing where
 * nothing has changed. */
int schema_refresh(sqlite3 *);

/* Puts the program's own views before those of the file, for this connection only. */
int schema_shadow_views(sqlite3 *);

#endif
