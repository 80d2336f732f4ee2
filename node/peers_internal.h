/* SPDX-License-Identifier: MIT */
/* node/peers_internal.h -- what peers.c and peers_health.c share. */
#ifndef ARCA_NODE_PEERS_INTERNAL_H
#define ARCA_NODE_PEERS_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include "node/clocks.h"
#include "node/peers.h"

/* Whom a link of this number leads to, and in how many committees it serves. */
typedef struct linked_peer {
	char     name[LINKS_NAME_MAX + 1];
	hash32   ca;
	unsigned uses;
} linked_peer;

/* What time it is there; the links' thread's own, but for the atomic ones. */
typedef struct peer_clock {
	clock_view view;
	int64_t    told_ms;                      /* when it was told to be far off; 0: it is not */
	_Atomic bool forget;
} peer_clock;

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
	peer_clock clock[LINKS_PEERS_MAX + 1];
	reactor_timer clock_round;
};

/* Of the newest context in which the link of this number leads to a party; NULL: there is none. */
committee *peers_find(party *who, peers *p, unsigned number);

/* ---- clocks (peers_clock.c): the links' thread ------------------------------------------------------------------ */

void peers_clock_up(peers *p, unsigned number);
bool peers_clock_take(peers *p, unsigned from, slice word);      /* false: it is none */
void peers_clock_round(void *arg);

#endif
