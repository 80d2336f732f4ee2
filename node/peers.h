/* SPDX-License-Identifier: MIT */
/*
 * node/peers.h -- the other parties: the glue between links (rpc/links.h), which carry frames between numbered peers, and
 * protocols (mpc/), which talk to parties of a context.
 *
 *   frame      u8 kind | context id (32) | what the kind brings
 *
 *   session    an envelope (mpc/wire.h), to the inbox of the context
 *   opening    records of openings (mpc/async_open.h), to the decryptions
 *   announce   a ceremony that the sender has begun (node/announce.h)
 *   delegation a part of an answer is asked for, or given (delegate/ask.h)
 *   settings   what the sender has set, where all must have the same (node/settings.h)
 *   clock      what time it is is asked, or told (node/clocks.h): zeros for a context, for it is the same in all
 *   news       that a shared key is with the parties of another context (node/group_news.h)
 *
 * Settings and news have zeros for a context, and its id in front of the rest: who does not know of these frames takes them for some of
 * a context that it has not.
 *
 * Who sent a frame is known from the certificate of the link, never from the frame.  A node that is in several contexts
 * under one name and one CA has one link.  What a peer may leave lying here is bounded; beyond that its link is told to wait.
 *
 * A committee is a context at work.  It stays valid until peers_free, also after peers_leave.
 */
#ifndef ARCA_NODE_PEERS_H
#define ARCA_NODE_PEERS_H

#include "mpc/async_open.h"
#include "mpc/inbox.h"
#include "node/contexts.h"
#include "node/seams.h"
#include "rpc/links.h"

typedef struct peers peers;

typedef enum frame_kind { FRAME_SESSION = 1, FRAME_OPENING, FRAME_ANNOUNCE, FRAME_DELEGATION, FRAME_SETTINGS, FRAME_CLOCK, FRAME_NEWS, FRAME_KINDS } frame_kind;

enum { FRAME_HEADER_BYTES = 1 + 32, MAX_FRAME_PAYLOAD = LINKS_URGENT_MAX - FRAME_HEADER_BYTES };

typedef struct committee {
	const mpc_context *context;
	peers   *of;
	inbox   *in;
	unsigned number[MAX_PARTIES + 1];        /* of each party's link; 0: none */
	_Atomic uint64_t wrong[MAX_PARTIES + 1]; /* wrong shares and other lies of each     */
	_Atomic uint64_t odd[MAX_PARTIES + 1];   /* ceremonies in which it was silent or odd */
	_Atomic uint64_t corrupt[MAX_PARTIES + 1];           /* and all parties saw it fail  */
	_Atomic int64_t  told_ms[MAX_PARTIES + 1];
	buf      settings;                       /* this node's (settings.h), once they were wanted; the links' thread's own, as */
	int64_t  settings_ms[MAX_PARTIES + 1];   /* when each party last had others */
	_Atomic bool gone;
	struct committee *next;
} committee;

/* Where frames go.  All on the links' thread; none may block. */
typedef struct peers_listener {
	void *ctx;
	bool (*opening)(void *ctx, committee *c, party from, slice records);       /* false: it is asked again soon */
	void (*announced)(void *ctx, committee *c, party from, slice what);
	void (*up)(void *ctx, committee *c, party who);                            /* a link came, or the party restarted */
	bool (*delegation)(void *ctx, committee *c, party from, slice frame);      /* false: it is none */
	bool (*settings)(void *ctx, committee *c, party from, slice settings);     /* false: they are none */
	bool (*news)(void *ctx, committee *c, party from, slice news);             /* likewise */
} peers_listener;

typedef struct peers_parts {
	const node_config *config;
	const char *name;                        /* in our certificate: its CN */
	slice       certificate_pem, key_pem;
	peers_listener listener;
	const node_seams *seams;                 /* NULL: none */
} peers_parts;

/* Listens.  ERR_REQUEST: the certificate is of no use; ERR_IO: the address is taken. */
err  peers_new(peers **out, const peers_parts *parts);

/* Ends every session, also those that begin later.  NULL-safe. */
void peers_cancel(peers *p);

/* Ends every link: no listener is called afterwards.  Requires: nobody runs a session or sends.  NULL-safe. */
void peers_close(peers *p);
void peers_free(peers **p);

unsigned peers_port(const peers *p);

/* The context's parties are linked from now on, each as soon as it is there.  Nothing if this node is not in it.  ERR_REQUEST: a
 * certificate or address is none; ERR_NOMEM. */
err  peers_join(peers *p, const mpc_context *c);
void peers_leave(peers *p, const mpc_context *c);

/* ERR_STATE if this node is not in the context. */
err  peers_committee(committee **out, peers *p, const mpc_context *c);

/* ---- sending: any thread -------------------------------------------------------------------------------------- */

/* Lost, and no error, if the party cannot be reached; waits up to wait_ms for room.  The payload is in two pieces. */
void peers_send(committee *c, party to, frame_kind kind, slice head, slice body, int64_t wait_ms);

/* A party's envelopes, for sessions. */
wire peers_wire(committee *c);

bool peers_is_up(committee *c, party who);

/* Is half of what may wait for it waiting?  Then what it can do without is better not sent. */
bool peers_is_crowded(committee *c, party who);

/* ---- blame: any thread ---------------------------------------------------------------------------------------- */

/* Counts a lie, and says so in the log, but not more than once a second for one party.  why: a static sentence. */
void peers_blame(committee *c, party who, const char *why);

/* The same for what a ceremony showed: agreed among all, or seen by this party alone, which may be a failing network. */
void peers_ceremony_showed(committee *c, party who, bool agreed, const char *why);

/* ---- how they are: any thread ---------------------------------------------------------------------------------- */

typedef struct peer_state {
	party       id;
	const char *identity;
	char        endpoint[LINKS_HOST_MAX + 9], error[LINKS_ERROR_ROOM];       /* also of one that is reachable: its clock is far off */
	bool        reachable;
	uint32_t    latency_ms;
} peer_state;

/* of[1 .. n]; this node among them, reachable.  Returns how many are reachable. */
unsigned peers_states(peers *p, const mpc_context *c, peer_state *of);

/* Appends what there is to count, for Prometheus. */
void peers_metrics(buf *out, peers *p);

/* For measurements. */
links *peers_links(peers *p);

#endif
