/* SPDX-License-Identifier: MIT */
/*
 * mpc/hello.c -- how a ceremony begins: a nonce that was never there before.                        t < n/3
 *
 * All honest parties get the same nonce; since fresh bytes of an honest party are hashed into it, it does not repeat,
 * however often and with whatever liars the ceremony is started again.  It need not be uniform: rushing parties may bias it.
 *
 * Cost: 1 broadcast of 16 bytes.          nonce = SHA-256(the bytes of P_1 .. P_n, 16 zeros for who says nothing)[0..16)
 */
#include "mpc/mpc.h"
#include "sym/sha2.h"

err hello(session *s, session_id *sid, uint8_t nonce[static SID_NONCE], const ceremony *c)
{
	static const uint8_t ZEROS[SID_NONCE];
	const session_id under = sid_hello(c);
	uint8_t mine[SID_NONCE];
	slice all[MAX_PARTIES + 1];

	ASSERT(sid_eq_var(&s->sid, &under) && c->parties == parties_all(s->n) && c->t == s->t);

	/* Everybody broadcasts fresh bytes. */
	rng_fill(s->random, mine, sizeof mine);
	TRY(s->p->bcast(s, slice_of(mine, sizeof mine), sizeof mine, all));

	/* The nonce is the hash of all. */
	AUTO(sha256_stream) x = sha256_begin();
	FOR_EACH_PARTY(i, s) sha256_add(&x, slice_of(all[i].n == SID_NONCE ? all[i].p : ZEROS, SID_NONCE));
	const hash32 h = sha256_end(&x);
	memcpy(nonce, h.b, SID_NONCE);
	*sid = sid_of_ceremony(c, nonce);
	return OK;
}
