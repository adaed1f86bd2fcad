#include "store/tally.h"

static void forget_days(struct tally *t)
{
    for (size_t i = 0; i < TALLY_DAYS; i++)
        t->days[i].rows = -1;
}

bool tally_open(struct tally *t, sqlite3 *db, const struct tally_shape *shape,
                const struct tally_owner *owner)
{
    t->shape = shape;
    t->owner = owner;
    sums_init(&t->sums, shape->nkey, shape->nvalue);
    forget_days(t);
    t->add = db_prepare(db, shape->add);
    t->known = shape->limit ? db_prepare(db, shape->known) : NULL;
    t->count = shape->limit ? db_prepare(db, shape->count) : NULL;
    return t->add && (!shape->limit || (t->known && t->count));
}

void tally_close(struct tally *t)
{
    sqlite3_finalize(t->add);
    sqlite3_finalize(t->known);
    sqlite3_finalize(t->count);
}

/* How many rows the day has; counted in the database when it has no place here, for which all
 * that is gathered must be there first. */
static int64_t *rows_of(struct tally *t, int64_t day, int *rc)
{
    size_t i = (size_t)(day / 86400) % TALLY_DAYS;

    if (t->days[i].rows >= 0 && t->days[i].day == day)
        return &t->days[i].rows;
    if ((*rc = tally_write(t)) != SQLITE_OK)
        return NULL;
    struct binder b = binder_of(t->count);
    bind_int(&b, t->owner->sensor);
    bind_int(&b, t->owner->database);
    bind_int(&b, day);
    *rc = bound_value(&b, &t->days[i].rows);
    if (*rc != SQLITE_ROW)
        return NULL;
    *rc = SQLITE_OK;
    t->days[i].day = day;
    return &t->days[i].rows;
}

static int is_known(struct tally *t, const int64_t *key, bool *known)
{
    int64_t one;
    struct binder b = binder_of(t->known);
    bind_int(&b, t->owner->sensor);
    bind_int(&b, t->owner->database);
    for (size_t i = 0; i < t->shape->nkey; i++)
        bind_int(&b, key[i]);
    int rc = bound_value(&b, &one);
    *known = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* A key that is new to a full day becomes that of the others, which are few and always fit. */
static int fit(struct tally *t, int64_t *key)
{
    bool known;
    int rc;
    int64_t *rows;

    if (sums_find(&t->sums, key))
        return SQLITE_OK;
    if (!(rows = rows_of(t, key[0], &rc)) || (rc = is_known(t, key, &known)) != SQLITE_OK)
        return rc;
    if (known)
        return SQLITE_OK;
    if (*rows < t->shape->limit)
        ++*rows;
    else
        t->shape->others(key);
    return SQLITE_OK;
}

int64_t *tally_at(struct tally *t, int64_t *key, bool *fresh, int *rc)
{
    *rc = t->shape->limit ? fit(t, key) : SQLITE_OK;
    if (*rc != SQLITE_OK)
        return NULL;
    int64_t *values = sums_at(&t->sums, key, fresh);
    if (values)
        return values;
    *rc = tally_write(t);
    return *rc == SQLITE_OK ? sums_at(&t->sums, key, fresh) : NULL;
}

int tally_write(struct tally *t)
{
    size_t width = t->shape->nkey + t->shape->nvalue;

    sums_sort(&t->sums);
    for (size_t i = 0; i < sums_count(&t->sums); i++) {
        const int64_t *row = sums_row(&t->sums, i);
        struct binder b = binder_of(t->add);
        bind_int(&b, t->owner->sensor);
        bind_int(&b, t->owner->database);
        bind_int(&b, t->owner->revision);
        for (size_t k = 0; k < width; k++)
            bind_int(&b, row[k]);
        int rc = bound_run(&b);
        if (rc != SQLITE_OK)
            return rc;
    }
    sums_clear(&t->sums);
    return SQLITE_OK;
}

void tally_drop(struct tally *t)
{
    sums_clear(&t->sums);
    forget_days(t);
}
