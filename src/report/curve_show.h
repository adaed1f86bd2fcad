/* What a fitted curve says, in words, lines and JSON. */
#ifndef MAILSEAL_REPORT_CURVE_SHOW_H
#define MAILSEAL_REPORT_CURVE_SHOW_H

#include "fit/curve.h"
#include "report/series.h"

enum { CURVE_SENTENCE = 400, DAY_TEXT = 16 };

struct curve_result {
    const struct series *series;
    struct samples samples;             /* of the series */
    struct curve curve;
    int days;                           /* width of a bucket; 0: not known */
};

/* "2014-09-12"; "?" outside the years 1 to 9999. */
const char *day_text(double day, char out[DAY_TEXT]);
/* The first day of the day or week that point i is the middle of; without a width the day itself. */
double point_begin(const struct curve_result *, size_t i);
/* 2014.68 */
double day_year(double day);

/* The answer, without a full stop. */
void curve_sentence(const struct curve_result *, char out[CURVE_SENTENCE]);

/* The sentence and what it stands on. */
void curve_text(const struct curve_result *, FILE *);
/* One object. */
void curve_json(const struct curve_result *, FILE *);

#endif
