/* What a figure shows, said in tables, and how it is written: a title, a sentence, pictures, and the rows they are
 * drawn from. */
#ifndef MAILSEAL_PAGE_FIGURE_H
#define MAILSEAL_PAGE_FIGURE_H

#include "page/scale.h"
#include "page/view.h"

/* One line, or one colour of a stack. Columns are those of the report; those of intervals may be NULL. */
struct series {
    const char *label;
    const char *style;                  /* class of style.css: colour, pattern, marker */
    const char *value;
    const char *low, *high;             /* 95 % interval */
    const char *lower, *upper;          /* bounds */
};

enum format { FORMAT_TEXT, FORMAT_COUNT, FORMAT_SHARE, FORMAT_POINTS };
struct column {
    const char *name, *title;
    enum format format;
};

enum panel_kind {
    PANEL_LINES,                        /* over time */
    PANEL_STACK,                        /* columns over time */
    PANEL_PARTS,                        /* the same, each of 100 % */
    PANEL_DOTS,                         /* days as circles by size, a lane for each hop */
    PANEL_RANK,                         /* a bar for each row */
    PANEL_VALUES                        /* a bar for each series, of the first row */
};
enum { PANEL_SERIES = 8, PANEL_COLUMNS = 4 };

struct panel {
    enum panel_kind kind;
    const char *title;                  /* "": the figure has only this one */
    const char *column, *word;          /* rows with this word; NULL: all */
    const char *axis;                   /* what is on the vertical one, with its unit */
    enum scale_unit unit;
    struct series series[PANEL_SERIES]; /* ended by an empty one */
    struct column name[PANEL_COLUMNS], note[PANEL_COLUMNS];    /* of a bar: before and behind it */
};

enum { FIGURE_PANELS = 4, FIGURE_COLUMNS = 14 };

struct figure {
    const char *group;                  /* heading above it, of the first of several; NULL: none */
    const char *id, *title, *sentence;
    const char *report;
    bool by, direction, recent;         /* asked with; recent: of the latest 30 days */
    bool only_if_any;                   /* left out when there are no rows */
    bool split;                         /* its rows are split by direction: only one of these is shown */
    struct panel panel[FIGURE_PANELS];
    const char *fitted[PANEL_SERIES];   /* the verdict whose part the first series are, "": all that is encrypted; what curves
                                         * say of these stands below the pictures */
    struct column column[FIGURE_COLUMNS];   /* of the table */
};

enum { PAGE_DAY = 16 };

/* What is the same for all figures of a page. */
struct page {
    FILE *out;
    struct book *book;
    const struct report_request *request;
    char by[SHEET_NAME];                /* width of buckets */
    char recent[PAGE_DAY];              /* the day at which the latest ones begin; "": there is none */
    struct timeline time;
    struct sheet sheet, beside;         /* beside: what is read beside the rows that are shown */
    struct view view;
};

/* 0, or a status and a sentence. */
int figure_write(struct page *, const struct figure *, char error[REPORT_ERROR]);

/* --- parts --- */

/* Writes a text, an attribute's too. */
void html(FILE *, const char *text);
/* A text in which dates are kept on one line. */
void html_days(FILE *, struct span text);
size_t panel_series(const struct panel *);
/* The value of a cell as people read it. */
void figure_value(FILE *, const struct sheet *, size_t row, int column, enum format);
void figure_lines(FILE *, const struct panel *, const struct view *);
void figure_stack(FILE *, const struct panel *, const struct view *);
void figure_dots(FILE *, const struct panel *, const struct view *);
void figure_bars(FILE *, const struct panel *, const struct view *);
/* The rows of the view. */
void figure_table(struct page *, const struct figure *);

#endif
