/* SPDX-License-Identifier: MIT */
/* tests/connector/queues.h -- queues on fresh databases, a clock that stands still, and requests to put into them. */
#ifndef ARCA_TESTS_CONNECTOR_QUEUES_H
#define ARCA_TESTS_CONNECTOR_QUEUES_H

#include "connector/queue.h"
#include "tests/store/databases.h"
#include "tests/store/faults.h"
#include "tests/test.h"

extern int64_t TIME_MS;                  /* moved by hand */
const clock_source *test_clock(void);

/* On a fresh database of that dialect. */
queue *fresh_queue(store_dialect d);
/* Another one on the database that the last fresh queue has; owner NULL: made up. */
queue *second_queue(const char *owner, const store_driver *driver);
const char *queue_url(void);
void queue_use(const char *database);            /* for second_queue */
/* On a server of its own, that may be killed (test_database_kill). */
queue *queue_alone(void);
#define AUTO_QUEUE __attribute__((cleanup(queue_close))) queue

/* A request for a public decryption, the n-th; everything it points to is constant or static. */
queue_item public_request(unsigned n);
queue_item public_answer(void);
void add_requests(queue *q, unsigned first, unsigned n);

/* Applies one change and tells whether it did something. */
bool change(queue *q, queue_change c);
uint64_t rows_in(queue *q, queue_kind k, queue_status s);

/* For a minute.  One: it must be there; its number. */
queue_batch pick(queue *q, queue_kind kind, size_t n);
int64_t     pick_one(queue *q, queue_kind kind);
size_t      pick_count(queue *q, queue_kind kind);

extern store_dialect SQLITE, POSTGRES;
#define ON(f, d) { .name = #f ", on " #d, .test_func = f, .initial_state = &d }
#define BOTH(f) ON(f, SQLITE), ON(f, POSTGRES)
#define DIALECT(state) (*(const store_dialect *)*(state))

#endif
