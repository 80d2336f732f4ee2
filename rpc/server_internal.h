/* SPDX-License-Identifier: MIT */
/* rpc/server_internal.h -- what server.c (connections) and call.c (calls) share, and what tests attach to. */
#ifndef ARCA_RPC_SERVER_INTERNAL_H
#define ARCA_RPC_SERVER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "rpc/h2.h"
#include "rpc/server.h"

struct rpc_server {
	h2_group    group;
	reactor    *reactor;
	rpc_method *methods;                 /* sorted by path */
	size_t      n_methods;
	const transport_maker *maker;

	int           listener;              /* -1: none */
	unsigned      port;
	reactor_watch watch;
	reactor_timer again;

	_Atomic unsigned references;         /* its user's, and one a call */
	pthread_mutex_t  lock;               /* guards what follows */
	pthread_cond_t   quiet;              /* no connections, nothing held */
	unsigned connections, held;
	bool     closed;
};

extern const h2_role SERVER_ROLE;

/* A server that does not listen. */
err  server_new(rpc_server **out, reactor *r, const rpc_method *methods, size_t n_methods, const rpc_limits *limits);

/* One more connection, in the place of an idle one if there are too many; takes the transport in any case.
 * ERR_BUSY if none is idle.  On the reactor's thread. */
err  server_attach(rpc_server *s, transport *t, h2 **out);

const rpc_method *server_method(const rpc_server *s, const char *path);     /* NULL: none */
void server_connection_down(h2_group *g, h2 *c);
void server_count(rpc_server *s, unsigned *counter, int change);
void server_release(rpc_server *s);

#endif
