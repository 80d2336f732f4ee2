/* SPDX-License-Identifier: MIT */
/*
 * connector/roles.h -- the roles that a process plays, each with what it needs, started and stopped together.
 *
 *   listener    one for each chain that is followed
 *   worker      with its threads
 *   sender      with its wallet
 *
 * Roles meet in the database only: a process may play one, and others the rest, on other machines.
 */
#ifndef ARCA_CONNECTOR_ROLES_H
#define ARCA_CONNECTOR_ROLES_H

#include <pthread.h>
#include "connector/listener.h"
#include "connector/onlooker.h"
#include "connector/sender.h"
#include "connector/worker.h"

typedef struct roles {
	const connector_config *config;
	const char *commit;                      /* that the program was built from */
	unsigned    played;                      /* connector_role, or-ed */
	atomic_bool stop, up;                    /* up: all of it is there, and may be looked at from other threads */
	queue      *queue;                       /* of listeners and who looks on; others have their own, and wait for nobody's commit */
	queue      *worker_queue, *sender_queue;
	onlooker   *onlooker;
	tracing    *tracing;                     /* NULL: no collector is named */
	listener   *listener[QUEUE_CHAINS];
	worker     *worker;
	queue_bell *worker_bell, *sender_bell;
	sender     *sender;
	wallet     *wallet;
	waiter     *waiter;                      /* NULL: nobody waits for transactions */
	providers  *chain[QUEUE_CHAINS];         /* the sender's */
	pthread_t   worker_thread, sender_thread;
	bool        worker_runs, sender_runs;
} roles;

/* config stays as long as the roles.  Nothing is opened yet. */
void roles_init(roles *r, const connector_config *config, unsigned played, const char *commit);

/* Reads the sender's key, if it is in a file or in the configuration, where its text is wiped: then it can be closed.  No thread yet. */
err  roles_read_key(roles *r, connector_config *config);

/* config is that of roles_init, whose key was read.  After a failure roles_stop ends what was begun. */
err  roles_start(roles *r, connector_config *config);

/* What is under way is waited for some seconds. */
void roles_stop(roles *r);

#endif
