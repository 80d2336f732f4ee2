/* SPDX-License-Identifier: MIT */
#include "tests/delegate/known.h"
#include "tests/evm/scripted.h"
#include "delegate/on_chain.h"

#define GATEWAY "00000000000000000000000000000000000000000000000000000000000000aa"
#define KEY_HEAD "00000000000000000000000000000000000000000000000000000000000000200000000000000000000000000000000000000000000000000000000000000021"
#define KEY_TAIL "00000000000000000000000000000000000000000000000000000000000000"
#define G "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define TWO_G "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
#define KEY KEY_HEAD G KEY_TAIL
#define BOTH(gateway, key) "[{\"id\":@0,\"result\":\"0x" gateway "\"},{\"id\":@1,\"result\":\"0x" key "\"}]"

static const eth_address CONTRACT = { { [19] = 0xcc } }, OURS = { { [19] = 0xaa } };

static secp_pk point(const char *hex)
{
	uint8_t b[SECP_PK];
	secp_pk pk;

	assert_true(hex_read(b, sizeof b, slice_str(hex)));
	assert_ok(secp_pk_read(&pk, slice_of(b, sizeof b)));
	return pk;
}

/* What comes of this answer; says: a part of the sentence. */
static void answered(const char *body, bool with_key, err expected, const char *says)
{
	const scripted_line lines[] = { { .body = "{\"jsonrpc\":\"2.0\",\"id\":@0,\"result\":\"0x1\"}" }, { .body = body } };
	const secp_pk key = point(G);
	providers *p = NULL;
	scripted s;
	jrpc *r = scripted_start(&s, lines, 2, 10);

	assert_ok(providers_new(&p, &(providers_config){ .each = &r, .n = 1, .chain_id = 1, .clock = &s.clock }));
	const err e = on_chain_check(p, &CONTRACT, &OURS, with_key ? &key : NULL);
	if (e != expected || !strstr(err_text(), says)) fail_msg("%s: %s", err_name(e), err_text());
	err_clear();
	providers_free(&p);
	assert_int_equal(s.at, 2);
	buf_free(&s.asked);
}

static void the_contracts_gateway_and_key_must_be_ours(void **state)
{
	(void)state;
	answered(BOTH(GATEWAY, KEY), true, OK, "");
	answered("{\"id\":@0,\"result\":\"0x" GATEWAY "\"}", false, OK, "");
	answered(BOTH("00000000000000000000000000000000000000000000000000000000000000ab", KEY), true, ERR_STATE,
	         "gateway() is 0x00000000000000000000000000000000000000AB, and 0x00000000000000000000000000000000000000AA is believed here");
	answered(BOTH(GATEWAY, KEY_HEAD TWO_G KEY_TAIL), true, ERR_STATE, "kmsPublicKey() is 0x" TWO_G ", and 0x" G " is the key here");
	answered(BOTH("0000000000000000000000000000000000000000000000000000000000000000", KEY), true, ERR_STATE, "no gateway yet");
}

static void a_contract_of_another_kind_is_told_apart(void **state)
{
	(void)state;
	answered(BOTH("", KEY), true, ERR_REQUEST, "no such contract");
	answered(BOTH(GATEWAY, ""), true, ERR_REQUEST, "no such contract");
	answered(BOTH("ff" , KEY), true, ERR_REQUEST, "gateway() returned is malformed");
	answered(BOTH(GATEWAY, KEY_HEAD), true, ERR_REQUEST, "kmsPublicKey() returned is malformed");
	answered(BOTH(GATEWAY, "0000000000000000000000000000000000000000000000000000000000000020"
	              "0000000000000000000000000000000000000000000000000000000000000000"), true, ERR_NOT_FOUND, "no key yet");
	answered(BOTH(GATEWAY, KEY_HEAD "020000000000000000000000000000000000000000000000000000000000000005" KEY_TAIL), true, ERR_REQUEST,
	         "not a point");
	answered("[{\"id\":@0,\"error\":{\"code\":3,\"message\":\"execution reverted\"}},{\"id\":@1,\"result\":\"0x" KEY "\"}]", true, ERR_REQUEST,
	         "gateway()");
}

static void a_key_may_be_written_uncompressed(void **state)
{
	static const char LONG[] = "0000000000000000000000000000000000000000000000000000000000000020"
		"0000000000000000000000000000000000000000000000000000000000000041"
		"0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
		"483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b800000000000000000000000000000000000000000000000000000000000000";
	AUTO(buf) b = { 0 };
	const secp_pk expected = point(G);
	secp_pk pk;

	(void)state;
	assert_true(hex_read_all(&b, slice_str(LONG)));
	assert_ok(on_chain_key_read(&pk, buf_slice(&b)));
	assert_memory_equal(pk.b, expected.b, sizeof pk.b);
}

TESTS(TEST(the_contracts_gateway_and_key_must_be_ours), TEST(a_contract_of_another_kind_is_told_apart), TEST(a_key_may_be_written_uncompressed))
