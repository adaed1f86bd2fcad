/* Whether another sensor stores the same links under the same name in the same database: each packet counts twice then. */
#ifndef MAILSEAL_APP_TWIN_H
#define MAILSEAL_APP_TWIN_H

#include "app/sensor.h"

/* Says which links another process that lives has marked so, and marks the others of this one, until it ends. It keeps
 * the database's file open: to close it would take SQLite's locks away. Standard input is not marked. */
void twin_look(const struct sensor *);

#endif
