/* The files of sql/, put into the program by tools/embed-sql. */
#ifndef MAILSEAL_STORE_SQL_H
#define MAILSEAL_STORE_SQL_H

struct sql_text {
    const char *path;                   /* below sql/: "reports/share.sql" */
    const char *text;                   /* as in the file, NUL-terminated */
};
/* Sorted by path; ended by an entry whose path is NULL. */
extern const struct sql_text sql_texts[];

/* NULL: there is no such file. */
const char *sql_find(const char *path);

/* The first of the comment lines a file begins with, without its "-- "; length in *n. */
const char *sql_summary(const char *text, int *n);

#endif
