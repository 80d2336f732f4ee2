/* SPDX-License-Identifier: MIT */
/* node/desk_internal.h -- one request between its coming in and its end: what desk.c, desk_end.c and desk_restore.c share. */
#ifndef ARCA_NODE_DESK_INTERNAL_H
#define ARCA_NODE_DESK_INTERNAL_H

#include <pthread.h>
#include "base/list.h"
#include "node/desk.h"

struct desk {
	desk_parts      p;
	pthread_mutex_t lock;
	pthread_cond_t  idle;
	size_t          running, held;       /* requests, and bytes of them */
	bool            closed;
	list            abortable;           /* jobs */
};

typedef struct desk_job {
	desk    *desk;
	request *request;
	buf      facts;
	int64_t  started_ms;
	int64_t  taken_ns, work_ns, worked_ns;     /* for traces: since 1970 */
	stop_flag stop;
	backlog_part waits;
	list     abortable;

	/* Once the work has ended. */
	err      failed;
	char     why[512];
	buf      response;
} desk_job;

static inline int64_t desk_now_ms(const desk *d) { return clock_now_ms(d->p.engine->clock); }

/* ---- coming in: desk.c ----------------------------------------------------------------------------------------- */

/* One more, of so many bytes.  ERR_BUSY when the node is stopping, ERR_EXHAUSTED when the requests there are fill the memory. */
err  desk_count_in(desk *d, size_t bytes);
void desk_count_out(desk *d, size_t bytes);

/* The job has the request from here on, which is told of its stop flag and of its part of the backlog. */
desk_job *desk_job_new(desk *d, request *r);
backlog_lane desk_lane_of(const request *r);

/* The request is in the table: from here on it ends by its job, which is no longer the caller's. */
void desk_send_to_work(desk *d, desk_job *j);

/* Before anybody is told how it ended. */
void desk_no_longer_abortable(desk *d, desk_job *j);

/* ---- ending: desk_end.c ---------------------------------------------------------------------------------------- */

void desk_job_run(void *job);                  /* the work, and then the end */
void desk_job_free(desk_job *j);
void desk_job_end(desk_job *j);                /* the last thing of a request that was taken in: frees it and counts it out */

/* Failed, as the thread's sentence says: to the journal, then to the table.  desk_job_fail: gives its price back as well. */
void desk_fail(desk *d, operation what, request_view who, err cause);
void desk_job_fail(desk *d, const desk_job *j, err cause);

operation desk_operation(request_kind kind);   /* what metrics call the work */

#endif
