/* SPDX-License-Identifier: MIT */
/* connector/listener_internal.h -- what the steps and the thread of a listener share. */
#ifndef ARCA_CONNECTOR_LISTENER_INTERNAL_H
#define ARCA_CONNECTOR_LISTENER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include "connector/listener.h"

/* A range that was written, and that others may have written as well. */
typedef struct listener_doubt {
	bool         open;
	follow_range range;
	hash32       last;                   /* what we found its last block called */
} listener_doubt;

struct listener {
	listener_config config;
	uint64_t    from;
	follow      follow;
	bool        begun;
	uint64_t    once_more;               /* blocks up to this one are read although they were before; 0: none */
	uint64_t    passes_over;             /* to this block, as configured, until the database knows of it; 0: does not */
	bool        told;                    /* that a provider does not keep what comes next */
	listener_doubt doubt;

	pthread_t       thread;
	bool            running;
	pthread_mutex_t lock;                /* of what follows */
	pthread_cond_t  wake;
	bool            stop;
	listener_view   view;
};

void listener_threads_init(listener *l);
void listener_count(listener *l, const intake *in);
void listener_count_reorg(listener *l);
void listener_worked(listener *l, uint64_t head);
void listener_failed(listener *l, err e);          /* takes the sentence */

/* Reads the sentence of a provider that does not keep what comes next, and tells it unless l->told. */
void listener_pruned(listener *l);
/* A failure, in place of listener_failed: none keeps it. */
void listener_gone(listener *l);

#endif
