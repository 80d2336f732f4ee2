/* SPDX-License-Identifier: MIT */
/* rpc/limits.h -- what one peer, and all peers together, may cost us.  Start from rpc_limits_default(). */
#ifndef ARCA_RPC_LIMITS_H
#define ARCA_RPC_LIMITS_H

#include <stddef.h>
#include <stdint.h>

typedef struct rpc_limits {
	size_t   message;              /* bytes of one message, either direction                             */
	size_t   buffered;             /* requests held and answers unsent of one connection: 4/3 of message or more */
	size_t   buffered_all;         /* the same over all connections of a server                          */
	unsigned connections;          /* at once; one more takes the place of one that is idle, see h2_drop_idlest */
	unsigned streams;              /* calls open at once on a connection                                 */
	unsigned calls;                /* calls that handlers of a server hold unanswered                    */
	unsigned header_bytes;         /* names and values of a call's headers                               */
	int64_t  handshake_ms;         /* from accept or connect to the peer's first SETTINGS                */
	int64_t  receive_ms;           /* from a call's headers to its last byte                             */
	int64_t  call_ms;              /* from a call's headers to the last byte of its answer               */
	int64_t  untaken_ms;           /* answers wait, and the client takes no byte of them for so long: it is gone */
	int64_t  keepalive_ms;         /* nothing heard for so long: PING                                    */
	int64_t  keepalive_wait_ms;    /* and no sign of life after it: the peer is gone                     */
	int64_t  idle_ms;              /* no call for so long: a server tells the client to go               */
} rpc_limits;

static inline rpc_limits rpc_limits_default(void)
{
	return (rpc_limits){
		.message = (size_t)100 << 20, .buffered = (size_t)256 << 20, .buffered_all = (size_t)1 << 30,
		.connections = 256, .streams = 1000, .calls = 16384, .header_bytes = 16 << 10,
		.handshake_ms = 10000, .receive_ms = 120000, .call_ms = 3900000,
		.untaken_ms = 60000, .keepalive_ms = 60000, .keepalive_wait_ms = 20000, .idle_ms = 300000,
	};
}

#endif
