#include "report/when.h"

#include "base/bytes.h"

/* Exactly n digits. */
static int digits(struct cursor *c, size_t n)
{
    struct span s = get_bytes(c, n);
    int value = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!ascii_digit(s.p[i]))
            c->bad = true;
        value = value * 10 + (s.p[i] - '0');
    }
    return value;
}

static void expect(struct cursor *c, const char *one_of)
{
    uint8_t byte = get_u8(c);
    if (!byte || !strchr(one_of, byte))
        c->bad = true;
}

static int days_in(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar, counted in years from March. */
static int64_t days_since_1970(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

static bool fraction(struct cursor *c)
{
    bool more = false;
    if (!c->rest.n || c->rest.p[0] != '.')
        return false;
    get_u8(c);
    do {
        uint8_t byte = get_u8(c);
        c->bad = c->bad || !ascii_digit(byte);
        more = more || byte != '0';
    } while (!c->bad && c->rest.n && ascii_digit(c->rest.p[0]));
    return more;
}

/* Seconds east of UTC. */
static int64_t offset(struct cursor *c)
{
    uint8_t sign = get_u8(c);
    if (sign == 'Z' || sign == 'z')
        return 0;
    int hours = digits(c, 2);
    expect(c, ":");
    int minutes = digits(c, 2);
    if ((sign != '+' && sign != '-') || hours > 23 || minutes > 59)
        c->bad = true;
    return (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

/* RFC 3339 5.6: date-time = full-date "T" full-time */
bool when_parse(const char *text, int64_t *seconds)
{
    struct cursor c = cursor_of(span_of(text, strlen(text)));
    int year = digits(&c, 4);
    expect(&c, "-");
    int month = digits(&c, 2);
    expect(&c, "-");
    int day = digits(&c, 2);

    if (c.bad || month < 1 || month > 12 || day < 1 || day > days_in(year, month))
        return false;
    *seconds = days_since_1970(year, month, day) * 86400;
    if (!c.rest.n)
        return true;
    expect(&c, "Tt ");
    int hour = digits(&c, 2);
    expect(&c, ":");
    int minute = digits(&c, 2);
    expect(&c, ":");
    int second = digits(&c, 2);
    bool more = fraction(&c);
    *seconds += hour * 3600 + minute * 60 + second + more - offset(&c);
    return !c.bad && !c.rest.n && hour <= 23 && minute <= 59 && second <= 60;
}
