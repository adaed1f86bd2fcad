/* links: base/threads.o
 * Threads and the queues between them; make check-tsan looks for races in it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/threads.h"

enum { MANY = 20000, PRODUCERS = 3 };

struct note {
    unsigned from, number;
    struct note *next;
};

struct producer {
    struct queue *out;
    unsigned from;
};

static void produce(void *ctx)
{
    struct producer *p = ctx;
    for (unsigned i = 0; i < MANY; i++) {
        struct note *n = malloc(sizeof *n);
        *n = (struct note){ .from = p->from, .number = i };
        queue_put(p->out, n);
    }
    queue_put(p->out, NULL);
}

/* All that is put comes out, once, in the order in which each thread put it, with what it points to. */
static void what_is_put_is_taken(void **state)
{
    static const size_t rooms[] = { 1, 2, 7, 1000 };
    (void)state;
    for (size_t r = 0; r < sizeof rooms / sizeof *rooms; r++) {
        struct queue *q = queue_new(rooms[r]);
        struct producer p[PRODUCERS];
        struct worker *w[PRODUCERS];
        unsigned next[PRODUCERS] = { 0 }, left = PRODUCERS;
        for (unsigned i = 0; i < PRODUCERS; i++) {
            p[i] = (struct producer){ q, i };
            assert_non_null(w[i] = worker_start(produce, &p[i]));
        }
        while (left) {
            struct note *n = queue_take(q);
            if (!n) {
                left--;
                continue;
            }
            assert_int_equal(n->number, next[n->from]++);
            free(n);
        }
        for (unsigned i = 0; i < PRODUCERS; i++) {
            assert_true(worker_join(w[i]) > 0);
            assert_int_equal(next[i], MANY);
        }
        queue_free(q);
    }
}

struct ring {
    struct queue *there, *back;
};

static void send_back(void *ctx)
{
    struct ring *r = ctx;
    void *p;
    while ((p = queue_take(r->there)))
        queue_put(r->back, p);
}

/* A few things that go round: whoever has one may write to it. */
static void things_go_round(void **state)
{
    (void)state;
    struct ring r = { queue_new(4), queue_new(4) };
    struct worker *w = worker_start(send_back, &r);
    struct note note[4] = { { 0, 0, NULL } };
    for (unsigned i = 0; i < 4; i++)
        queue_put(r.there, &note[i]);
    for (unsigned i = 0; i < MANY; i++) {
        struct note *n = queue_take(r.back);
        n->number++;
        queue_put(r.there, n);
    }
    queue_put(r.there, NULL);
    worker_join(w);
    assert_int_equal(note[0].number + note[1].number + note[2].number + note[3].number, MANY);
    queue_free(r.there);
    queue_free(r.back);
}

static void put_late(void *ctx)
{
    usleep(30000);
    queue_put(ctx, ctx);
}

/* Nobody spins: who waits takes no CPU time, and the wait is counted. */
static void waiting_is_counted_and_costs_nothing(void **state)
{
    (void)state;
    struct queue *q = queue_new(1);
    uint64_t before = thread_cpu_ns();
    struct worker *w = worker_start(put_late, q);
    assert_ptr_equal(queue_take(q), q);
    assert_true(thread_cpu_ns() - before < 15000000);
    worker_join(w);
    struct queue_waits waits = queue_waits(q);
    assert_true(waits.taken.times >= 1 && waits.taken.ns > 10000000);
    assert_int_equal(waits.put.times, 0);
    queue_free(q);
}

static unsigned inside, most;

static void enter(void *ctx)
{
    (void)ctx;
    inside++;
    most = inside > most ? inside : most;
    for (volatile int i = 0; i < 1000; i++)
        ;
    inside--;
}

static void enter_often(void *ctx)
{
    for (int i = 0; i < 1000; i++)
        one_at_a_time(enter, ctx);
}

static void one_is_inside(void **state)
{
    (void)state;
    struct worker *w[PRODUCERS];
    for (unsigned i = 0; i < PRODUCERS; i++)
        w[i] = worker_start(enter_often, NULL);
    for (unsigned i = 0; i < PRODUCERS; i++)
        worker_join(w[i]);
    assert_int_equal(most, 1);
    assert_int_equal(inside, 0);
    assert_true(cpu_cores() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_taken),
        cmocka_unit_test(things_go_round),
        cmocka_unit_test(waiting_is_counted_and_costs_nothing),
        cmocka_unit_test(one_is_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
