/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include "base/hex.h"
#include "mpc/sid.h"
#include "sym/keccak.h"

static ceremony example(void)
{
	ceremony c = { .operation = "keygen", .parties = parties_all(4), .t = 1, .attempt = 2 };

	memset(c.request.b, 0x11, 32);
	memset(c.context.b, 0x22, 32);
	memset(c.epoch.b, 0x33, 32);
	return c;
}

/* The definition, written out: SHAKE256 of `ARCA_SID` and then each field behind its length in eight bytes. */
static void an_id_is_the_hash_of_its_fields_behind_their_lengths(void **state)
{
	const ceremony c = example();
	uint8_t nonce[SID_NONCE], expected[SID_BYTES];
	AUTO(buf) b = { 0 };
	session_id sid;

	(void)state;
	memset(nonce, 0x44, sizeof nonce);
	buf_put_str(&b, "ARCA_SID");
	buf_put_u64(&b, 7), buf_put_str(&b, "session");
	buf_put_u64(&b, 6), buf_put_str(&b, "keygen");
	buf_put_u64(&b, 32), buf_put(&b, c.request.b, 32);
	buf_put_u64(&b, 32), buf_put(&b, c.context.b, 32);
	buf_put_u64(&b, 32), buf_put(&b, c.epoch.b, 32);
	buf_put_u64(&b, 8), buf_put_u64(&b, 0x1e);
	buf_put_u64(&b, 8), buf_put_u64(&b, 1);
	buf_put_u64(&b, 8), buf_put_u64(&b, 2);
	buf_put_u64(&b, 16), buf_put(&b, nonce, 16);
	shake256(expected, sizeof expected, buf_slice(&b));
	sid = sid_of_ceremony(&c, nonce);
	assert_memory_equal(sid.b, expected, sizeof expected);
}

static void every_field_and_every_purpose_gives_another_id(void **state)
{
	uint8_t nonce[SID_NONCE] = { 0 };
	ceremony c = example();
	session_id id[32];
	unsigned n = 0;

	(void)state;
	id[n++] = sid_hello(&c);
	id[n++] = sid_of_ceremony(&c, nonce);
	nonce[15] ^= 1, id[n++] = sid_of_ceremony(&c, nonce), nonce[15] ^= 1;
	c.request.b[31] ^= 1, id[n++] = sid_of_ceremony(&c, nonce), id[n++] = sid_hello(&c), c = example();
	c.context.b[31] ^= 1, id[n++] = sid_of_ceremony(&c, nonce), id[n++] = sid_hello(&c), c = example();
	c.epoch.b[0] ^= 1, id[n++] = sid_of_ceremony(&c, nonce), id[n++] = sid_hello(&c), c = example();
	c.parties ^= 2, id[n++] = sid_of_ceremony(&c, nonce), id[n++] = sid_hello(&c), c = example();
	c.t++, id[n++] = sid_of_ceremony(&c, nonce), id[n++] = sid_hello(&c), c = example();
	c.attempt++, id[n++] = sid_of_ceremony(&c, nonce), id[n++] = sid_hello(&c), c = example();
	strcpy(c.operation, "keygeN"), id[n++] = sid_of_ceremony(&c, nonce), id[n++] = sid_hello(&c);
	id[n++] = sid_sub(&id[0], 0), id[n++] = sid_sub(&id[0], 1), id[n++] = sid_sub(&id[1], 0);
	id[n++] = sid_coin(&id[0], 0), id[n++] = sid_coin(&id[0], 1);
	id[n++] = sid_route(slice_of(id[0].b, SID_BYTES)), id[n++] = sid_route(slice_str(""));
	assert_true(n <= COUNT(id));
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < i; j++) assert_false(sid_eq_var(&id[i], &id[j]));
}

TESTS(
	TEST(an_id_is_the_hash_of_its_fields_behind_their_lengths),
	TEST(every_field_and_every_purpose_gives_another_id)
)
