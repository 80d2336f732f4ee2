/* SPDX-License-Identifier: MIT */
/*
 * vault/lease.h -- one node at a time writes to a far store: an object "lease" that says who, and until when.
 *
 *   arca-lease 1 <owner: 32 hexadecimal digits> <until: seconds since 1970> <host>
 *
 * It is taken by a conditional put: where there is none, or in the place of one that has ended, and renewed at a third of its life
 * in the place of what was put last.  Time is the store's, as its answers date it, so that nodes need no common clock; a holder
 * counts the life from before it asked, by its own monotonic clock, and by the other one where that has gone further: a machine that
 * slept has lost the lease, or takes it again in the store's time.  A lease that was let go is removed; that of a node that died ends
 * LEASE_S seconds after it was renewed, and until then others are told when.  Its owner is a name for a folder on a machine between two
 * of its starts: who has the folder's lock there knows that whoever wrote that name is dead, and does not wait.
 *
 * What it can do: a second node that is started on the same vault is refused, and one that was cut off longer than a lease lasts
 * writes nothing more.  What it cannot: S3 does not look at the lease when it takes something else, so a write that was checked
 * before the lease ended may arrive after (a process that stood still in between).  Such a write can add an object under a name
 * that had none, or remove one; it cannot change any, for objects are written once.  A server that ignores conditions is found
 * out at the beginning, by a put that must be refused, and refused.
 */
#ifndef ARCA_VAULT_LEASE_H
#define ARCA_VAULT_LEASE_H

#include "base/clock.h"
#include "vault/far.h"

enum { LEASE_S = 60, LEASE_RENEW_S = LEASE_S / 3, LEASE_AGAIN_S = 5, LEASE_MARGIN_S = 5, LEASE_HOST = 64, LEASE_OWNER = 16 };

#define LEASE_NAME "lease"

typedef struct lease lease;

/* ERR_BUSY: another holds it, with its host and until when; ERR_UNSUPPORTED: the store keeps no conditions; ERR_IO; ERR_STATE. */
err  lease_take(lease **out, const far_store *store, const uint8_t owner[static LEASE_OWNER], const char *host,
                const clock_source *clock);

/* A thread of its own takes a turn every LEASE_RENEW_S, or LEASE_AGAIN_S after one that failed, until lease_free. */
err  lease_keep(lease *l);
/* A turn: it is renewed, and `changed` is called if the answer of lease_check has become another, with the sentence of that as
 * the thread's error.  Gives the seconds to the next.  Before lease_keep, if at all: lease_tell. */
int64_t lease_turn(lease *l);
void lease_tell(lease *l, void (*changed)(void *ctx, err e), void *ctx);
/* Once, now, even if it has ended meanwhile.  ERR_STATE: another has taken it, for good; ERR_IO: not known, to be tried again. */
err  lease_renew(lease *l);
/* The same if a third of its life has passed: for who works long before there is a thread. */
err  lease_refresh(lease *l);

/* May the holder write, for the next LEASE_MARGIN_S at least?  ERR_STATE with a sentence if not. */
err  lease_check(lease *l);

/* Lets it go if it is still held.  NULL-safe. */
void lease_free(lease **l);

/* What the object says.  ERR_REQUEST.  For the fuzzer, too. */
typedef struct lease_text { char owner[2 * LEASE_OWNER + 1], host[LEASE_HOST + 1]; int64_t until_s; } lease_text;
err  lease_read(lease_text *out, slice bytes);

#endif
