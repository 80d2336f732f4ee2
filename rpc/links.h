/* SPDX-License-Identifier: MIT */
/*
 * rpc/links.h -- frames of bytes between numbered peers, over mutual TLS 1.3.
 *
 *   links *l;
 *   links_config c = links_config_default();        ... who we are, where we listen, whom to call
 *   TRY(links_new(&l, &c));
 *   TRY(links_put_peer(l, &peer));                  ... from then on it is dialled until it answers
 *   TRY(links_send(l, 2, LINKS_URGENT, head, body, 0));
 *
 * Numbers are the caller's own and are never sent: two processes may number the same peers differently.  A peer is
 * known by its certificate, which must be signed by the CA certificate of exactly that peer and carry its name as the
 * only CN and as a DNS name; of anybody else not one byte is looked at.
 *
 * A link is a connection in each direction, dialled by the one who has frames to send.  It has two lanes.  Within a
 * lane, frames arrive in the order of sending; between lanes there is no order: urgent frames pass bulk ones, even
 * in the middle of a large one, and cannot starve them.  Frames are kept until the other side has them, so that
 * each arrives exactly once however often the connection is cut, as long as both processes live.  When the peer has
 * restarted (LINKS_RESTARTED) it gets what it had not acknowledged and what comes after; what the former process
 * had taken is gone with it.  When we restart, our queues are gone.
 *
 * Memory.  Towards a peer: what links_config.queued allows for each lane (and up to a third more, for records lie whole
 * in chunks of memory), then links_send says ERR_EXHAUSTED.  From a peer: for each lane one frame that is not complete,
 * and what links_config.held allows of frames that on_frame did not take yet; the peer is told to send no more of that
 * lane until it is taken.
 */
#ifndef ARCA_RPC_LINKS_H
#define ARCA_RPC_LINKS_H

#include "base/base.h"
#include "base/clock.h"
#include "rpc/reactor.h"

typedef struct links links;

typedef enum links_lane { LINKS_URGENT, LINKS_BULK, LINKS_LANES } links_lane;

typedef enum links_event {
	LINKS_UP,                            /* what we send gets there */
	LINKS_DOWN,                          /* it does not, at present */
	LINKS_RESTARTED,                     /* after UP: the process there is another one than before */
} links_event;

enum {
	LINKS_URGENT_MAX = 1 << 20,          /* bytes of one frame; longer things are cut into frames by the caller */
	LINKS_BULK_MAX = 64 << 20,
	LINKS_NAME_MAX = 64,                 /* of a certificate's CN */
	LINKS_HOST_MAX = 253,
	LINKS_PEERS_MAX = 1024,
	LINKS_ERROR_ROOM = 640,
};

typedef struct links_config {
	reactor    *reactor;                 /* NULL: one with a thread of its own */
	const clock_source *clock;           /* NULL: the system's; for own threads, and the validity of certificates */
	int64_t   (*now_us)(void *ctx);      /* for latencies, monotonic; NULL: the system's */
	void       *now_ctx;
	const rng  *rng;                     /* NULL: the operating system's */

	const char *name;                    /* ours: the CN of our certificate */
	slice       certificate_pem, key_pem;
	const char *address;                 /* to listen on */
	unsigned    port;                    /* 0: any free one, see links_port */

	/* All on the links' thread; none may block.  ctx is theirs. */
	void *ctx;
	/* False: not now.  The frame and those after it in its lane wait until links_resume. */
	bool (*on_frame)(void *ctx, unsigned from, links_lane lane, slice frame);
	void (*on_change)(void *ctx, unsigned peer, links_event what);         /* may be NULL */
	/* The last word on a certificate that is otherwise in order, in either direction; may be NULL. */
	err  (*approve)(void *ctx, unsigned peer, slice certificate_der);
	/* Somebody was turned away, and why; at most once a second; may be NULL. */
	void (*on_refused)(void *ctx, const char *sentence);

	size_t   queued[LINKS_LANES];        /* bytes towards one peer; at least the longest frame and its headers */
	size_t   held[LINKS_LANES];          /* bytes of one peer that on_frame did not take yet; at least 16 KiB */
	unsigned half_open;                  /* connections that have not shown who they are; one more ends the oldest */
	int64_t  handshake_ms;               /* from dialling or accepting to the first word of the other side */
	int64_t  retry_ms, retry_most_ms;    /* back-off: the first and the longest wait, give or take a quarter */
	unsigned retry_percent;              /* of the wait before */
	int64_t  ping_ms;                    /* how often the latency is measured */
	int64_t  silence_ms;                 /* nothing heard for so long: the connection is given up; > 2 ping_ms */
	int64_t  keep_ms;                    /* a peer is down: each time so long has passed, what waits for it is dropped */
	uint64_t bench_payload, bench_in_flight;       /* limits of links_bench, bytes */
	unsigned bench_sessions;
	int64_t  bench_ms;
} links_config;

static inline links_config links_config_default(void)
{
	return (links_config){
		.address = "0.0.0.0", .queued = { 8 << 20, 96 << 20 }, .held = { 1 << 20, 8 << 20 }, .half_open = 64,
		.handshake_ms = 10000, .retry_ms = 100, .retry_most_ms = 60000, .retry_percent = 110,
		.ping_ms = 5000, .silence_ms = 20000, .keep_ms = 900000, .bench_payload = 256 << 20, .bench_in_flight = 1 << 30, .bench_sessions = 256,
		.bench_ms = 60000,
	};
}

typedef struct links_peer {
	unsigned    number;                  /* 1 or more */
	const char *name;                    /* in its certificate */
	const char *host;                    /* where it listens */
	unsigned    port;
	slice       ca_pem;                  /* exactly one self-signed certificate */
} links_peer;

/* Everything in the config is copied.  ERR_REQUEST: certificate or key is of no use, and why. */
err  links_new(links **out, const links_config *config);
void links_free(links **l);                          /* NULL-safe; not on the links' thread; no callback after it */

unsigned links_port(const links *l);

/* ---- peers: any thread, but not within a callback ------------------------------------------------------------- */

/* Adds the peer, or gives the one of that number another name, place or CA: its connections are made anew, its queues
 * stay.  ERR_REQUEST, ERR_EXISTS (the same name and CA under another number) with a sentence. */
err  links_put_peer(links *l, const links_peer *p);
void links_drop_peer(links *l, unsigned number);     /* with all that waits for it; nothing if there is none */

/* ---- frames: any thread --------------------------------------------------------------------------------------- */

/*
 * Queues head and body as one frame, copying both.  While the lane's queue is full it waits up to wait_ms for room
 * (0 on the links' thread), then ERR_EXHAUSTED.  ERR_NOT_FOUND: no such peer.  ERR_REQUEST: too long a frame.
 */
err  links_send(links *l, unsigned to, links_lane lane, slice head, slice body, int64_t wait_ms);

/* on_frame has room again for the frames of this peer. */
void links_resume(links *l, unsigned from);

/* ---- health: any thread --------------------------------------------------------------------------------------- */

typedef struct links_health {
	unsigned number;
	char     name[LINKS_NAME_MAX + 1];
	char     endpoint[LINKS_HOST_MAX + 9];           /* host:port, [host]:port for an IPv6 address */
	bool     up;                                     /* what we send gets there       */
	bool     heard;                                  /* what it sends gets here       */
	int64_t  latency_us;                             /* of the last ping and its answer; -1: none yet */
	char     error[LINKS_ERROR_ROOM];                /* the last failure; "" while up */
	uint64_t frames_out, bytes_out;                  /* taken by links_send           */
	uint64_t frames_in, bytes_in;                    /* taken by on_frame             */
	uint64_t wire_out;                               /* bytes of TLS written to it: of frames, but also what is sent again, greetings,
	                                                  * acknowledgements, pings, handshakes; not the headers of TCP and below */
	uint64_t exhausted;                              /* frames that found the queue full */
	uint64_t dropped;                                /* bytes given up after keep_ms  */
	uint64_t writes;                                 /* to the connection; frames_out / writes are coalesced */
	uint64_t connects, restarts;
	size_t   queued[LINKS_LANES];                    /* bytes not acknowledged        */
} links_health;

static inline int64_t links_latency_ms(const links_health *h)
{
	return h->latency_us < 0 ? -1 : (h->latency_us + 500) / 1000;
}

err  links_health_of(links *l, links_health *out, unsigned number);      /* ERR_NOT_FOUND */

typedef struct links_totals {
	uint64_t refused;                                /* connections turned away          */
	uint64_t half_open_dropped;                      /* for want of room, or time        */
} links_totals;

links_totals links_totals_of(const links *l);

/* ---- bandwidth ------------------------------------------------------------------------------------------------ */

typedef struct links_bench {
	uint64_t payload;                                /* bytes that a session sends before it waits for the answer */
	unsigned sessions;                               /* that do so at once, to each peer */
	int64_t  duration_ms;                            /* each again and again for so long; 0: each once */
} links_bench;

typedef struct links_bench_result {
	unsigned number;
	uint64_t bytes_sent;                             /* of payloads that were acknowledged */
	int64_t  duration_ms;
	uint64_t answers, lost;                          /* lost: no answer before the end, or the connection broke */
	int64_t  average_us, p50_us, p90_us, p99_us, slowest_us, fastest_us;
} links_bench_result;

/*
 * Sends throw-away bytes, behind all frames, to these peers at once and measures how long each payload takes until
 * its acknowledgement.  Blocks; not on the links' thread.  ERR_REQUEST: beyond a limit; ERR_BUSY: another one is running.
 */
err  links_bench_run(links *l, links_bench_result *out, const unsigned *peers, size_t n, const links_bench *what);

#endif
