/* SPDX-License-Identifier: MIT */
/* mpc/sid.c -- session ids: one hash, each field after its length. */
#include "mpc/sid.h"
#include "sym/dsep.h"

static void field(xof *x, const void *p, size_t n)
{
	xof_absorb_u64(x, n);
	xof_absorb(x, slice_of(p, n));
}

static void field_u64(xof *x, uint64_t v)
{
	uint8_t b[8];

	store64(b, v);
	field(x, b, sizeof b);
}

static xof begin(const char *label)
{
	xof x = dsep_begin("ARCA_SID");

	field(&x, label, strlen(label));
	return x;
}

static session_id end(xof *x)
{
	session_id sid;

	xof_squeeze(x, sid.b, sizeof sid.b);
	return sid;
}

static void ceremony_fields(xof *x, const ceremony *c)
{
	ASSERT(c->operation[0] && memchr(c->operation, 0, sizeof c->operation));
	field(x, c->operation, strlen(c->operation));
	field(x, c->request.b, sizeof c->request.b);
	field(x, c->context.b, sizeof c->context.b);
	field(x, c->epoch.b, sizeof c->epoch.b);
	field_u64(x, c->parties);
	field_u64(x, c->t);
	field_u64(x, c->attempt);
}

session_id sid_hello(const ceremony *c)
{
	xof x = begin("hello");

	ceremony_fields(&x, c);
	return end(&x);
}

session_id sid_of_ceremony(const ceremony *c, const uint8_t nonce[static SID_NONCE])
{
	xof x = begin("session");

	ceremony_fields(&x, c);
	field(&x, nonce, SID_NONCE);
	return end(&x);
}

static session_id derived(const char *label, const session_id *of, uint64_t index)
{
	xof x = begin(label);

	field(&x, of->b, sizeof of->b);
	field_u64(&x, index);
	return end(&x);
}

session_id sid_sub(const session_id *of, uint64_t index) { return derived("sub", of, index); }
session_id sid_coin(const session_id *of, uint64_t index) { return derived("coin", of, index); }

session_id sid_route(slice bytes)
{
	xof x = begin("route");

	field(&x, bytes.p, bytes.n);
	return end(&x);
}
