/* SPDX-License-Identifier: MIT */
#include "tests/delegate/known.h"

#define SIG_64 "0101010101010101010101010101010101010101010101010101010101010101" \
               "0202020202020202020202020202020202020202020202020202020202020202"
#define BODY "{\"ephemeralPubKey\":\"0x02\",\"targetPubKey\":\"0x30\"}"

static const delegate_call GOOD = {
	.authorization = "Bearer 0x" SIG_64 "1b", .content_type = "application/json",
	.body = { (const uint8_t *)BODY, sizeof BODY - 1 },
};

/* The status; 200 if it was read. */
static unsigned status_of(const delegate_call *c)
{
	delegate_request r = { 0 };
	unsigned status = 200;
	secp_rsig sig;

	err e = delegate_request_read(&r, &status, c);
	if (e == OK) e = delegate_request_signature(&sig, &status, c);
	delegate_request_free(&r);
	assert_true(e == OK ? status == 200 : err_text()[0] && status >= 400);
	err_clear();
	return status;
}

static void chain_salt_signature_and_members_are_read(void **state)
{
	delegate_call c = GOOD;
	delegate_request r;
	unsigned status;
	secp_rsig sig;

	(void)state;
	c.chain_id = "4294967295";
	c.salt = "0x00000000000000000000000000000000000000000000000000000000000000Ff";
	assert_ok(delegate_request_read(&r, &status, &c));
	assert_true(r.has_chain && r.chain_id == UINT32_MAX && r.salted && r.salt[31] == 0xff && r.salt[0] == 0);
	assert_ok(delegate_request_signature(&sig, &status, &c));
	assert_true(sig.b[0] == 1 && sig.b[32] == 2 && sig.b[64] == 27);
	assert_true(slice_eq_var(r.ephemeral, slice_str("0x02")) && slice_eq_var(r.target, slice_str("0x30")));
	delegate_request_free(&r);
	assert_ok(delegate_request_read(&r, &status, &GOOD));
	assert_false(r.has_chain || r.salted);
	delegate_request_free(&r);
}

static void the_query_is_numbers_and_hexadecimal_or_400(void **state)
{
	static const char *const CHAINS[] = { "", "x", "-1", "+1", " 1", "01", "1 ", "4294967296", "99999999999", "0x1", "1.0" };
	static const char *const SALTS[] = {
		"", "0x", "0x00", "zz",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0x00000000000000000000000000000000000000000000000000000000000000",
		"0x000000000000000000000000000000000000000000000000000000000000000g",
		"0X0000000000000000000000000000000000000000000000000000000000000000",
		"0x000000000000000000000000000000000000000000000000000000000000000000",
	};
	delegate_call c = GOOD;

	(void)state;
	for (size_t i = 0; i < COUNT(CHAINS); i++) c.chain_id = CHAINS[i], assert_int_equal(status_of(&c), 400);
	c.chain_id = "0";
	assert_int_equal(status_of(&c), 200);
	for (size_t i = 0; i < COUNT(SALTS); i++) c.salt = SALTS[i], assert_int_equal(status_of(&c), 400);
}

static void the_scheme_and_the_prefix_of_a_signature_are_forgiven_and_nothing_else(void **state)
{
	static const char *const TAKEN[] = {
		"bearer 0x" SIG_64 "1c", "BEARER " SIG_64 "1C", "Bearer   0x" SIG_64 "00", "Bearer 0x" SIG_64 "01",
	};
	static const char *const REFUSED[] = {
		"", "Bearer", "Bearer ", "Bearer0x" SIG_64 "1b", "Basic 0x" SIG_64 "1b", SIG_64 "1b", "0x" SIG_64 "1b",
		"Bearer 0x" SIG_64, "Bearer 0x" SIG_64 "1", "Bearer 0x" SIG_64 "1b00", "Bearer 0x" SIG_64 "1g",
		"Bearer 0X" SIG_64 "1b", "Bearer 0x" SIG_64 "1b ", "Bearer 0x0x" SIG_64 "1b",
		"Bearer 0x" SIG_64 "02", "Bearer 0x" SIG_64 "1a", "Bearer 0x" SIG_64 "1d", "Bearer 0x" SIG_64 "ff",
		"Bearer 0x" SIG_64 "25", "Bearer 0x" SIG_64 "26",          /* as EIP-155 has them for chain 1 */
	};
	delegate_call c = GOOD;

	(void)state;
	for (size_t i = 0; i < COUNT(TAKEN); i++) c.authorization = TAKEN[i], assert_int_equal(status_of(&c), 200);
	for (size_t i = 0; i < COUNT(REFUSED); i++) c.authorization = REFUSED[i], assert_int_equal(status_of(&c), 401);
}

static void another_content_type_is_415(void **state)
{
	static const char *const REFUSED[] = { "", "text/plain", "application/jsonx", "application/x-www-form-urlencoded", "json" };
	delegate_call c = GOOD;

	(void)state;
	for (size_t i = 0; i < COUNT(REFUSED); i++) c.content_type = REFUSED[i], assert_int_equal(status_of(&c), 415);
	c.content_type = "Application/JSON; charset=utf-8";
	assert_int_equal(status_of(&c), 200);
}

static void malformed_json_is_400_and_json_without_the_members_422(void **state)
{
	static const struct { const char *body; unsigned status; } CASES[] = {
		{ "", 400 }, { "{", 400 }, { BODY "x", 400 }, { BODY "{}", 400 }, { "\xff", 400 }, { "{\"a\":\"\xc0\x80\"}", 400 },
		{ "{\"ephemeralPubKey\":\"0x02\",\"ephemeralPubKey\":\"0x03\",\"targetPubKey\":\"0x30\"}", 400 },
		{ "{\"ephemeralPubKey\":\"0x02\\u0000\",\"targetPubKey\":\"0x30\"}", 400 },
		{ "[]", 422 }, { "{}", 422 }, { "{\"ephemeralPubKey\":\"0x02\"}", 422 },
		{ "{\"targetPubKey\":\"0x30\"}", 422 }, { "{\"ephemeralPubKey\":2,\"targetPubKey\":\"0x30\"}", 422 },
		{ "{\"ephemeralPubKey\":\"0x02\",\"targetPubKey\":null}", 422 },
		{ "{\"ephemeralPubKey\":\"0x02\",\"targetPubKey\":\"0x30\",\"more\":1}", 200 },
	};
	static const char ZERO[] = "{\"ephemeralPubKey\":\"0x02\0\",\"targetPubKey\":\"0x30\"}";
	delegate_call c = GOOD;

	(void)state;
	for (size_t i = 0; i < COUNT(CASES); i++) {
		c.body = slice_str(CASES[i].body);
		assert_int_equal(status_of(&c), CASES[i].status);
	}
	c.body = slice_of(ZERO, sizeof ZERO - 1);
	assert_int_equal(status_of(&c), 400);
}

static void deep_json_and_a_long_body_are_refused(void **state)
{
	AUTO(buf) deep = { 0 };
	delegate_call c = GOOD;

	(void)state;
	memset(buf_grow(&deep, MAX_DELEGATE_BODY), '[', MAX_DELEGATE_BODY);
	c.body = buf_slice(&deep);
	assert_int_equal(status_of(&c), 400);
	buf_put_u8(&deep, ' ');
	c.body = buf_slice(&deep);
	assert_int_equal(status_of(&c), 413);
}

TESTS(TEST(chain_salt_signature_and_members_are_read), TEST(the_query_is_numbers_and_hexadecimal_or_400),
      TEST(the_scheme_and_the_prefix_of_a_signature_are_forgiven_and_nothing_else), TEST(another_content_type_is_415),
      TEST(malformed_json_is_400_and_json_without_the_members_422), TEST(deep_json_and_a_long_body_are_refused))
