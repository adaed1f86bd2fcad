#include "app/request.h"

#include <string.h>
#include <sysexits.h>

#include "app/command.h"

bool request_option(struct report_request *q, int option, const char *text)
{
    const char **const places[] = {
        [REQUEST_DB - REQUEST_DB] = &q->path, [REQUEST_SINCE - REQUEST_DB] = &q->since,
        [REQUEST_UNTIL - REQUEST_DB] = &q->until, [REQUEST_BY - REQUEST_DB] = &q->by,
        [REQUEST_HOP - REQUEST_DB] = &q->hop, [REQUEST_DIRECTION - REQUEST_DB] = &q->direction,
        [REQUEST_GRADE - REQUEST_DB] = &q->grade, [REQUEST_SERVER - REQUEST_DB] = &q->server,
        [REQUEST_CLIENT - REQUEST_DB] = &q->client,
    };
    if (option < REQUEST_DB || option >= REQUEST_OWN)
        return false;
    *places[option - REQUEST_DB] = text;
    return true;
}

bool request_text_or(const char *text, const char *name, bool *is_name)
{
    *is_name = strcmp(text, name) == 0;
    if (*is_name || strcmp(text, "text") == 0)
        return true;
    complain(EX_USAGE, "--format: '%s' is neither text nor %s", text, name);
    return false;
}
