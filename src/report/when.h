/* Points in time as people write them. */
#ifndef MAILSEAL_REPORT_WHEN_H
#define MAILSEAL_REPORT_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/* A date ("2026-03-01": its beginning, UTC) or an RFC 3339 time ("2026-03-01T12:00:00Z",
 * "2026-03-01 13:00:00.5+01:00") as unix seconds; a part of a second counts up, so that
 * "from then on" leaves out what was before. */
bool when_parse(const char *text, int64_t *seconds);

#endif
