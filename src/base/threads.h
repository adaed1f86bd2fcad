/* Threads, and the queues between them: all that is known of <pthread.h>. */
#ifndef MAILSEAL_BASE_THREADS_H
#define MAILSEAL_BASE_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker;

/* Runs a function in a thread of its own. NULL: there is no thread, or no memory, to be had. */
struct worker *worker_start(void (*run)(void *ctx), void *ctx);
/* Waits until it has returned; gives the CPU time it took, in nanoseconds. */
uint64_t worker_join(struct worker *);

uint64_t thread_cpu_ns(void);           /* CPU time of the calling thread so far */
uint64_t wall_clock_ns(void);           /* a clock that nobody sets; only differences mean something */
unsigned cpu_cores(void);               /* that this process may use; at least 1 */

/* One caller at a time in the whole process. */
void one_at_a_time(void (*run)(void *ctx), void *ctx);

/* Pointers, first in, first out, at most `room` of them. What was written before a pointer was put is there for who
 * takes it. Any number of threads at either end. */
struct queue;

struct queue *queue_new(size_t room);   /* at least 1; NULL: no memory */
void queue_free(struct queue *);        /* nobody may use it any more; NULL is allowed */
void queue_put(struct queue *, void *); /* waits while it is full; NULL may be put */
void *queue_take(struct queue *);       /* waits while it is empty */
bool queue_try(struct queue *, void **);        /* as queue_take(); false: it is empty */

/* How often, and how long in nanoseconds, it was waited for room to put, and for something to take. */
struct queue_wait {
    uint64_t times, ns;
};
struct queue_waits {
    struct queue_wait put, taken;
};
struct queue_waits queue_waits(struct queue *);

#endif
