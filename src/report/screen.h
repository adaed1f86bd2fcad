/* A database at a glance, for a terminal: the last minute and hour by hop and verdict, rates, what each link brought and
 * lost, the newest incidents. All from the reports now, links and news. */
#ifndef MAILSEAL_REPORT_SCREEN_H
#define MAILSEAL_REPORT_SCREEN_H

#include "report/report.h"

/* Writes lines of at most `width` columns, and at most `height` of them; 0: as many as there are. behind: what ends each
 * line, its newline included. 0, or a status and a sentence, as in report.h. */
int screen_write(const char *path, unsigned width, unsigned height, const char *behind, FILE *out, char error[REPORT_ERROR]);

#endif
