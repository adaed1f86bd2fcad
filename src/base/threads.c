#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t wall_clock_ns(void) { return read_clock(CLOCK_MONOTONIC); }
uint64_t thread_cpu_ns(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

unsigned cpu_cores(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > 1 ? (unsigned)n : 1;
}

/* --- threads --- */

struct worker {
    pthread_t thread;
    void (*run)(void *ctx);
    void *ctx;
    uint64_t cpu_ns;
};

static void *begin(void *worker)
{
    struct worker *w = worker;
    w->run(w->ctx);
    w->cpu_ns = thread_cpu_ns();
    return NULL;
}

struct worker *worker_start(void (*run)(void *ctx), void *ctx)
{
    struct worker *w = malloc(sizeof *w);
    if (!w)
        return NULL;
    *w = (struct worker){ .run = run, .ctx = ctx };
    if (pthread_create(&w->thread, NULL, begin, w) == 0)
        return w;
    free(w);
    return NULL;
}

uint64_t worker_join(struct worker *w)
{
    pthread_join(w->thread, NULL);
    uint64_t cpu_ns = w->cpu_ns;
    free(w);
    return cpu_ns;
}

void one_at_a_time(void (*run)(void *ctx), void *ctx)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    run(ctx);
    pthread_mutex_unlock(&lock);
}

/* --- queues --- */

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed[2];          /* there is room; there is something */
    unsigned waiting[2];                /* threads, for either */
    struct queue_waits waits;
    size_t room, n, from;
    void *slot[];                       /* a ring */
};

enum { ROOM, SOMETHING };

struct queue *queue_new(size_t room)
{
    struct queue *q = calloc(1, sizeof *q + room * sizeof q->slot[0]);
    if (!q)
        return NULL;
    q->room = room;
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->changed[ROOM], NULL);
    pthread_cond_init(&q->changed[SOMETHING], NULL);
    return q;
}

void queue_free(struct queue *q)
{
    if (!q)
        return;
    pthread_cond_destroy(&q->changed[ROOM]);
    pthread_cond_destroy(&q->changed[SOMETHING]);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

static void wait_for(struct queue *q, unsigned what, struct queue_wait *wait)
{
    uint64_t since = wall_clock_ns();
    wait->times++;
    q->waiting[what]++;
    pthread_cond_wait(&q->changed[what], &q->lock);
    q->waiting[what]--;
    wait->ns += wall_clock_ns() - since;
}

static void leave(struct queue *q, unsigned changed)
{
    unsigned waiting = q->waiting[changed];
    pthread_mutex_unlock(&q->lock);
    if (waiting)
        pthread_cond_signal(&q->changed[changed]);
}

void queue_put(struct queue *q, void *p)
{
    pthread_mutex_lock(&q->lock);
    while (q->n == q->room)
        wait_for(q, ROOM, &q->waits.put);
    q->slot[(q->from + q->n++) % q->room] = p;
    leave(q, SOMETHING);
}

static void *take(struct queue *q)
{
    void *p = q->slot[q->from];
    q->from = (q->from + 1) % q->room;
    q->n--;
    return p;
}

void *queue_take(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    while (!q->n)
        wait_for(q, SOMETHING, &q->waits.taken);
    void *p = take(q);
    leave(q, ROOM);
    return p;
}

bool queue_try(struct queue *q, void **out)
{
    pthread_mutex_lock(&q->lock);
    bool any = q->n > 0;
    if (any)
        *out = take(q);
    leave(q, ROOM);
    return any;
}

struct queue_waits queue_waits(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    struct queue_waits w = q->waits;
    pthread_mutex_unlock(&q->lock);
    return w;
}
