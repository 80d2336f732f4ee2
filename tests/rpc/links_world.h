/* SPDX-License-Identifier: MIT */
/*
 * tests/rpc/links_world.h -- nodes with links in one thread and in a time of their own, and cables between them that
 * can be cut.
 *
 * Sockets are real, the clock is not: it moves by a step a turn.  Frames carry their number and bytes that follow from
 * it, so that a node notices one that is missing, twice there, out of order or changed.
 */
#ifndef ARCA_TESTS_RPC_LINKS_WORLD_H
#define ARCA_TESTS_RPC_LINKS_WORLD_H

#include "rpc/link_internal.h"

enum { WORLD_NODES = 4, CUTTER_PAIRS = 8, CUTTER_ROOM = 64 << 10 };

/* ---- identities ----------------------------------------------------------------------------------------------- */

typedef struct identity { char name[16]; certs_pair ca, leaf; } identity;

extern identity world_who[WORLD_NODES + 1];          /* node-1 ..; number 0 is a stranger */
extern identity world_twin;                          /* has the name of node-1, but a CA of its own */

int world_begin(void **state);                       /* makes them; a fixture */
int world_end(void **state);

/* ---- time ----------------------------------------------------------------------------------------------------- */

extern reactor *world_reactor;
extern _Atomic int64_t world_ms, world_us;           /* world_us moves only by hand */
extern const clock_source WORLD_CLOCK;

void world_turn(void);
bool world_until(bool (*done)(void *ctx), void *ctx);         /* false: it was not to be, after many turns */
void world_pass(int64_t ms);                         /* time goes by, in small steps */

/* ---- nodes ---------------------------------------------------------------------------------------------------- */

typedef struct node {
	unsigned number;                             /* 1 .. WORLD_NODES: all nodes number alike */
	links   *links;
	links_config config;
	uint64_t next_out[WORLD_NODES + 1][LINKS_LANES];      /* number of the next frame to each */
	uint64_t next_in[WORLD_NODES + 1][LINKS_LANES];       /* and from each */
	uint64_t from[WORLD_NODES + 1][LINKS_LANES];          /* frames that came */
	bool     gaps_allowed[WORLD_NODES + 1];               /* after a restart: numbers still grow */
	bool     full[LINKS_LANES];
	bool     careless;                           /* frames are whatever they are */
	unsigned ups, downs, restarts;
	unsigned refusals;
	char     refused[LINKS_ERROR_ROOM];
	const char *disapproval;                     /* what approve says, NULL: fine */
	unsigned approvals;
} node;

node *node_new(unsigned number);                     /* with the world's reactor and clock, retries at once */
node *node_new_with(unsigned number, const identity *who, void (*change)(links_config *c));
void  node_free(node **n);
void  node_meet(node *n, unsigned number, unsigned port);     /* links_put_peer, with that node's identity */
err   node_send(node *n, unsigned to, links_lane lane, size_t size);   /* the next frame; at least 8 bytes */
links_health node_health(node *n, unsigned of);
link_peer *node_peer(node *n, unsigned of);

/* ---- cables --------------------------------------------------------------------------------------------------- */

typedef struct cutter_pair {
	struct cutter *owner;
	int fd[2];                                   /* who connected, whom we connected to; -1: none */
	reactor_watch watch[2];
	uint8_t *held[2];                            /* bytes from that side */
	size_t at[2], n[2];
} cutter_pair;

typedef struct cutter {
	unsigned port, to;
	reactor_watch listener;
	cutter_pair pairs[CUTTER_PAIRS];
	uint64_t left;                               /* bytes until everything is cut */
	bool     stalled;                            /* bytes stay where they are */
	unsigned cuts;
} cutter;

cutter *cutter_new(unsigned to);                     /* cuts nothing yet */
void    cutter_cut(cutter *c);                       /* now */
void    cutter_stall(cutter *c, bool stalled);
void    cutter_free(cutter *c);

/* ---- node 1 and node 2 ---------------------------------------------------------------------------------------- */

typedef struct pair { node *a, *b; cutter *to_a, *to_b; } pair;        /* cutters: NULL where there is none */

pair pair_new(bool cables);
void pair_free(pair *p);

/* For world_until: has everything that was sent between the two arrived, and been acknowledged? are both links up? */
bool all_arrived(void *ctx);
bool both_up(void *ctx);

/* A plain connection to a port, non-blocking; a port where nobody listens. */
int      world_connect(unsigned port);
unsigned world_dead_port(void);

#endif
