/* SPDX-License-Identifier: MIT */
/* node/peers_internal.h -- what peers.c and peers_health.c share. */
#ifndef ARCA_NODE_PEERS_INTERNAL_H
#define ARCA_NODE_PEERS_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include "node/peers.h"

/* Whom a link of this number leads to, and in how many committees it serves. */
typedef struct linked_peer {
	char     name[LINKS_NAME_MAX + 1];
	hash32   ca;
	unsigned uses;
} linked_peer;

struct peers {
	pthread_mutex_t lock;                    /* of joining and leaving */
	const node_config *config;
	peers_listener listener;
	const node_seams *seams;
	reactor   *reactor;
	reactor_timer resume;
	links     *links;                        /* NULL once it is closed */
	committee *first;
	linked_peer linked[LINKS_PEERS_MAX + 1];
	bool       paused[LINKS_PEERS_MAX + 1];  /* the links' thread's own, as is the next */
	int64_t    full_since[LINKS_PEERS_MAX + 1];
	_Atomic uint64_t strays;
};

#endif
