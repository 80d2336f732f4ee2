/* SPDX-License-Identifier: MIT */
/*
 * rpc/link_dial.h -- connecting without blocking: an address is taken as it is, a name is looked up on a thread of its
 * own, which may outlive the one who asked.
 *
 * Of several addresses, those that refuse at once are passed over; one that does not answer is left to the caller's
 * patience, and the next attempt begins behind it.
 */
#ifndef ARCA_RPC_LINK_DIAL_H
#define ARCA_RPC_LINK_DIAL_H

#include "rpc/reactor.h"

typedef struct link_dial {
	reactor *reactor;
	const char *host;                    /* the caller's, like the two below; stay while it dials */
	unsigned port;
	void (*done)(void *arg, int fd, const char *why);      /* a connected, non-blocking socket; or -1 and a reason */
	void *arg;

	/* from here on link_dial.c's */
	struct link_lookup *lookup;
	struct addrinfo *all, *at;
	unsigned behind;                     /* how many addresses the next attempt leaves for later */
	int fd;
	reactor_watch watch;
} link_dial;

/* Everything but the first five fields is zero at first.  done is called once, perhaps before this returns, unless it
 * is cancelled. */
void link_dial_start(link_dial *d);
void link_dial_cancel(link_dial *d);     /* idempotent */

#endif
