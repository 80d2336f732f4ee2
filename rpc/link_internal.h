/* SPDX-License-Identifier: MIT */
/*
 * rpc/link_internal.h -- what the files behind links.h share.
 *
 *   links.c      the object, frames from any thread
 *   link_peers.c the table of peers
 *   link_conn.c  a connection: handshake, records in, bytes out, the end
 *   link_out.c   a peer that we dial: greeting, sending, acknowledgements, pings, back-off
 *   link_in.c    who dials us: proof of identity, greeting, delivering, acknowledging
 *   link_bench.c throw-away bytes
 *
 * Everything runs on the links' thread but what links.h offers to others.  The lock guards what those touch: the table
 * of peers, lanes towards peers, and the fields so marked.  The links' thread alone changes the table, and so reads it
 * without the lock.
 */
#ifndef ARCA_RPC_LINK_INTERNAL_H
#define ARCA_RPC_LINK_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include "base/list.h"
#include "rpc/certs.h"
#include "rpc/link_dial.h"
#include "rpc/link_inflow.h"
#include "rpc/link_outflow.h"
#include "rpc/links.h"
#include "rpc/tls.h"

enum {
	LINK_IN_ROOM = 64 << 10,             /* bytes of one connection that are read and not understood yet */
	LINK_SLICE = 64 << 10,               /* bytes written in one go */
	LINK_CONTROL_ROOM = 64 << 10,        /* answers that the other side does not read */
	LINK_ACK_BYTES = 64 << 10, LINK_ACK_MS = 5,          /* acknowledged after so much, or so long */
	LINK_ENDPOINT = LINKS_HOST_MAX + 9,
};

typedef struct link_conn link_conn;
typedef struct link_peer link_peer;
typedef struct link_bench link_bench;

/* ---- connections ---------------------------------------------------------------------------------------------- */

/* What the two ends of a connection do differently.  A reason (a sentence without its subject) ends the connection. */
typedef struct link_role {
	bool server;
	err  (*judge)(void *conn, const certs_certificate *leaf);
	const char *(*shaken)(link_conn *c);                 /* TLS is up */
	const char *(*record)(link_conn *c, const link_record *r);
	slice (*next)(link_conn *c);                         /* records to write; they stay until written() */
	void (*written)(link_conn *c, size_t n);
	int64_t (*tick)(link_conn *c, const char **why);     /* when to look again; may name a reason to end */
	void (*gone)(link_conn *c, const char *why);         /* it has ended; NULL: we wanted that */
} link_role;

typedef enum link_state { LINK_SHAKING, LINK_GREETING, LINK_OPEN, LINK_ENDED } link_state;

struct link_conn {
	links     *l;
	link_peer *peer;                     /* NULL: not known yet */
	const link_role *role;
	link_state state;
	tls_site   site;
	transport *t;
	list       link;                     /* of l->strangers, until it is open; dialled ones are in no list */
	char       from[80];                 /* the address at the other end */

	reactor_watch watch;
	reactor_timer timer;
	reactor_task  task;
	bool       touched;
	io         read_waits, write_waits;

	uint8_t   *in;                       /* LINK_IN_ROOM */
	size_t     in_n;
	buf        control, control_out;     /* records of ours to come; those being written */
	slice      writing;                  /* libssl insists on the same bytes until it took them */
	bool       writing_control;

	bool       offended;                 /* the other side does not keep to the protocol */
	uint64_t   wire_counted;             /* of tls_bytes_out, among its peer's */

	int64_t    born_ms, heard_ms;
	unsigned   lane;                     /* of `writing`; link_out.c */
	int64_t    credit[LINKS_LANES + 1];  /* bytes before the lanes behind it have a turn; link_out.c */
	buf        filler;                   /* records of a benchmark being written: they may outlive it; link_out.c */
	int64_t    ping_ms;                  /* when the next ping is due */
	uint64_t   pings, ping_token;        /* sent; of the one under way, 0: none */
	int64_t    ping_us;                  /* when that was */
	uint64_t   told[LINKS_LANES];        /* places acknowledged; link_in.c */
	bool       ack_due;
	reactor_timer ack_timer;
	char       why[LINKS_ERROR_ROOM];
};

/* Takes the socket in any case.  NULL when memory runs out. */
link_conn *link_conn_new(links *l, const link_role *role, link_peer *peer, int fd, const char *from);

/* It has something to do, soon. */
void link_conn_touch(link_conn *c);

/* Writes what waits, now.  Not from within its role. */
void link_conn_flush(link_conn *c);

/* The connection ends now, role->gone is told, *c is freed soon.  Not on itself from within its role. */
void link_conn_end(link_conn *c, const char *why);

/* A reason, composed. */
const char *link_conn_why(link_conn *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

extern const link_role LINK_DIALLED, LINK_ACCEPTED;

/* ---- peers ---------------------------------------------------------------------------------------------------- */

struct link_peer {
	links   *l;
	unsigned number;
	char     name[LINKS_NAME_MAX + 1], host[LINKS_HOST_MAX + 1], endpoint[LINK_ENDPOINT];
	unsigned port;
	certs_certificate *ca;

	/* towards it: link_out.c */
	link_dial     dial;
	link_conn    *out;
	reactor_timer retry;
	int64_t       wait_ms, down_ms;      /* the next wait; down, and nothing dropped, since */
	bool          dialling;
	uint8_t       stream[LINK_ID];
	uint8_t       process[LINK_ID];      /* the one that answered last */
	bool          met;
	struct link_bench_peer *bench;       /* NULL: none is running */

	/* from it: link_in.c */
	link_conn    *in;
	link_inflow   inflow[LINKS_LANES];
	uint8_t       their_stream[LINK_ID];
	bool          known;

	/* under the lock */
	link_outflow  outflow[LINKS_LANES];
	bool          fresh;                 /* frames came in since the links' thread looked */
	bool          resume;
	bool          up;
	char          error[LINKS_ERROR_ROOM];

	_Atomic bool     heard;
	_Atomic int64_t  latency_us;
	_Atomic uint64_t frames_out, bytes_out, frames_in, bytes_in, wire_out, exhausted, dropped, writes, connects, restarts;
};

struct links {
	links_config config;                 /* strings and slices in it are not ours after links_new */
	char     name[LINKS_NAME_MAX + 1];
	reactor *reactor;
	bool     own_reactor;
	tls     *tls;
	uint8_t  process[LINK_ID];
	bool     stopping;
	bool     calling;                    /* a callback of the caller's is running: peers may not come or go */

	pthread_mutex_t lock;
	pthread_cond_t  room;                /* a lane has become shorter */
	unsigned        waiting;             /* for that */
	link_peer     **peers;               /* by number */
	size_t          n_peers;
	bool            kicked;
	reactor_task    kick;

	reactor_watch listener;              /* link_in.c */
	reactor_timer listen_again;
	unsigned      port;
	list          strangers;
	unsigned      n_strangers;
	int64_t       refusal_ms;            /* when the last one was told */
	_Atomic uint64_t refused, half_open_dropped;

	link_bench   *bench;                 /* under the lock */
};

static inline void link_count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline int64_t link_now_ms(const links *l) { return reactor_now_ms(l->reactor); }
int64_t link_now_us(const links *l);
int64_t link_unix_ms(const links *l);
void    link_event(link_peer *p, links_event what);
err     link_approve(links *l, link_peer *p, const certs_certificate *leaf);
link_peer *link_find(const links *l, unsigned number);         /* under the lock, or on the links' thread */
void    link_peer_free(link_peer *p);                /* NULL-safe; out of the table, its connections ended */

/* link_out.c */
void link_out_start(link_peer *p);                   /* dials, now */
void link_out_stop(link_peer *p);                    /* ends it, with neither event nor retry */
void link_out_new_stream(link_peer *p);              /* drops what waits; returns nothing to the sender */

/* link_in.c */
err  link_in_start(links *l);                        /* listens; any thread */
void link_in_open(links *l);                         /* and accepts */
void link_in_stop(links *l);
void link_in_forget(link_peer *p);                   /* ends what the peer has towards us */
void link_in_offer(link_peer *p);                    /* on_frame may take held frames */

/* link_bench.c */
void link_bench_next(link_peer *p, buf *out);        /* appends records of filler, if there are any to send */
void  link_bench_answer(link_peer *p, uint64_t token);
void  link_bench_lost(link_peer *p);                 /* the connection is down */
void  link_bench_stop(links *l);                     /* the one under way, if any, has its result now */

#endif
