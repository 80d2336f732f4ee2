/* SPDX-License-Identifier: MIT */
/* rpc/h2_internal.h -- what h2.c (connections) and h2_stream.c (streams) share. */
#ifndef ARCA_RPC_H2_INTERNAL_H
#define ARCA_RPC_H2_INTERNAL_H

#include "rpc/h2.h"

/* The longest frame we send, with its header. */
enum { H2_FRAME_HEADER = 9, H2_FRAME_ROOM = H2_FRAME_HEADER + (16 << 10) };

typedef enum h2_state { H2_SHAKING, H2_OPEN, H2_LINGERING, H2_ENDED } h2_state;

struct h2 {
	h2_group        *group;
	list             link, streams;
	transport       *transport;
	nghttp2_session *session;
	h2_state         state;
	bool             settled;            /* the peer's SETTINGS came: it speaks HTTP/2 */
	bool             inside;             /* nghttp2 is on the stack: the connection must not be freed */
	size_t           buffered[H2_CLASSES];

	uint8_t *out;
	size_t   out_at, out_n;
	bool     out_answers;                /* of what is to be written, something belongs to an answer */
	unsigned answers;                    /* streams that are answered */
	int64_t  taken_ms;                   /* the peer took of an answer, or the first of them began to wait */
	io       read_waits, write_waits;
	reactor_watch watch;
	reactor_task  task;
	bool          touched;               /* the task is posted */

	reactor_timer timer;
	int64_t heard_ms, pinged_ms, idle_since_ms;      /* idle: since then without a stream, if it has none */
	bool    pinged;
	bool    parting;                     /* idle for too long, and told so */
};

const nghttp2_session_callbacks *h2_callbacks(void);

/* n bytes of the output buffer, or NULL if they do not fit now. */
uint8_t *h2_out_room(h2 *c, size_t n);

void h2_settled(h2 *c);

/* The stream has its answer: from now on the peer's time to take of it counts. */
void h2_answer_waits(h2 *c, h2_stream *s);

/* Server: is the rest of its request still to come, and not kept waiting by us? */
bool h2_stream_arrives(const h2_stream *s);

/* Takes the stream off its connection and reports it. */
void h2_stream_closed(h2_stream *s, uint32_t why);

#endif
