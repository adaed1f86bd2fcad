#include "store/tally.h"

#include <string.h>

/* The keys of the others take places, too; beyond so many they are not remembered. */
static int64_t keys_of_a_day(const struct tally_shape *shape) { return shape->limit + shape->limit / 8; }

void tally_forget(struct tally *t)
{
    for (size_t i = 0; i < TALLY_DAYS; i++)
        t->days[i].rows = -1;
    if (t->shape->limit)
        known_clear(&t->known);
}

bool tally_open(struct tally *t, sqlite3 *db, const struct tally_shape *shape,
                const struct tally_owner *owner)
{
    t->shape = shape;
    t->owner = owner;
    sums_init(&t->sums, shape->nkey, shape->nvalue);
    t->add = db_prepare(db, shape->add);
    t->keys = shape->limit ? db_prepare(db, shape->keys) : NULL;
    if (!t->add || (shape->limit && (!t->keys || !known_open(&t->known, TALLY_DAYS * (size_t)keys_of_a_day(shape)))))
        return false;
    tally_forget(t);
    return true;
}

void tally_close(struct tally *t)
{
    sqlite3_finalize(t->add);
    sqlite3_finalize(t->keys);
    known_close(&t->known);
}

/* Remembers the keys that the database has of a day. */
static int read_day(struct tally *t, int64_t day, int64_t *rows)
{
    struct binder b = binder_of(t->keys);
    int64_t key[SUMS_WIDTH];
    int rc = SQLITE_ROW;

    bind_int(&b, t->owner->sensor);
    bind_int(&b, t->owner->database);
    bind_int(&b, day);
    bind_int(&b, keys_of_a_day(t->shape));
    for (*rows = 0; b.rc == SQLITE_OK && (rc = sqlite3_step(t->keys)) == SQLITE_ROW; ++*rows) {
        for (size_t i = 0; i < t->shape->nkey; i++)
            key[i] = sqlite3_column_int64(t->keys, (int)i);
        known_add(&t->known, key, t->shape->nkey);
    }
    sqlite3_reset(t->keys);
    return b.rc != SQLITE_OK ? b.rc : rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* How many rows the day has; looked up in the database when it has no place here, for which all
 * that is gathered must be there first. */
static int64_t *rows_of(struct tally *t, int64_t day, int *rc)
{
    size_t i = (size_t)(day / 86400) % TALLY_DAYS;

    if (t->days[i].rows >= 0 && t->days[i].day == day)
        return &t->days[i].rows;
    if ((*rc = tally_write(t)) != SQLITE_OK)
        return NULL;
    if (t->days[i].rows >= 0)
        tally_forget(t);                /* the keys of one day cannot be taken out of the set */
    if ((*rc = read_day(t, day, &t->days[i].rows)) != SQLITE_OK) {
        t->days[i].rows = -1;
        return NULL;
    }
    t->days[i].day = day;
    return &t->days[i].rows;
}

/* A key that is new to a full day becomes that of the others, which are few and always fit. */
static int fit(struct tally *t, int64_t *key)
{
    int rc;
    int64_t *rows;

    if (sums_find(&t->sums, key))
        return SQLITE_OK;
    if (!(rows = rows_of(t, key[0], &rc)))
        return rc;
    if (known_has(&t->known, key, t->shape->nkey))
        return SQLITE_OK;
    if (*rows >= t->shape->limit) {
        t->shape->others(key);
        return SQLITE_OK;
    }
    known_add(&t->known, key, t->shape->nkey);
    ++*rows;
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

/* Numbers out of a database may be any: they wrap. */
static int add_coarser(struct tally *t, const int64_t *row)
{
    const struct tally_shape *shape = t->shape;
    int64_t key[SUMS_WIDTH], *values;
    bool fresh;
    int rc;

    memcpy(key, row, shape->nkey * sizeof *key);
    key[0] = shape->coarser(row[0]);
    values = tally_at(t->coarser, key, &fresh, &rc);
    for (size_t i = 0; values && i < shape->nvalue; i++)
        values[i] = (int64_t)((uint64_t)values[i] + (uint64_t)row[shape->nkey + i]);
    return values ? SQLITE_OK : rc;
}

int tally_write(struct tally *t)
{
    size_t rows = sums_count(&t->sums);
    struct binder b = binder_of(t->add);

    if (!rows)
        return SQLITE_OK;
    sums_sort(&t->sums);
    *t->owner->gathered = (struct gathered){ sums_row(&t->sums, 0), rows, t->shape->nkey + t->shape->nvalue };
    bind_int(&b, t->owner->sensor);
    bind_int(&b, t->owner->database);
    bind_int(&b, t->owner->revision);
    int rc = bound_run(&b);
    for (size_t i = 0; t->coarser && i < rows && rc == SQLITE_OK; i++)
        rc = add_coarser(t, sums_row(&t->sums, i));
    if (rc == SQLITE_OK)
        sums_clear(&t->sums);
    return rc;
}

void tally_drop(struct tally *t)
{
    sums_clear(&t->sums);
    tally_forget(t);
}
