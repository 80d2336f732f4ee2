/* SPDX-License-Identifier: MIT */
/* tests/evm/attestation_test.c -- recorded attestations, ones of ours, and everything that makes one worthless. */
#include "evm/attestation.h"
#include <stdlib.h>
#include "tests/evm/connector_vectors.h"

static json_t *ALL;

static int load(void **state)
{
	(void)state;
	ALL = json_vector("connector/attestation_vectors.json");
	return 0;
}

static int unload(void **state)
{
	(void)state;
	json_decref(ALL);
	return 0;
}

static const json_t *header_of(size_t i) { return json_member(json_member(json_array_get(ALL, i), "header"), "x-amz-meta-ct-attestation"); }

static abi_word handle_of(size_t i)
{
	abi_word h;
	json_bytes_of(h.b, sizeof h.b, json_array_get(ALL, i), "handle");
	return h;
}

static void recorded_attestations_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < json_array_size(ALL); i++) {
		const json_t *v = json_array_get(ALL, i);
		const abi_word handle = handle_of(i);
		hash32 digest, body = keccak256(json_text_of(v, "body_utf8"));
		attestation a;

		assert_ok(attestation_read(&a, &handle, json_text(header_of(i))));
		json_bytes_of(digest.b, sizeof digest.b, v, "digest");
		assert_memory_equal(attestation_digest(&a.claim, &handle).b, digest.b, sizeof digest.b);
		assert_memory_equal(a.claim.squashed.b, body.b, sizeof body.b);
		assert_int_equal(a.claim.key_id.b[0], 4), assert_int_equal(a.claim.key_id.b[31], 1);
		assert_int_equal(a.claim.format, ATTESTED_COMPRESSED_CPU);
		assert_true(attested_compressed(&a.claim));
	}
}

static void two_coprocessors_say_the_same_by_different_names(void **state)
{
	const abi_word handle = handle_of(0);
	attestation a, b;

	(void)state;
	assert_ok(attestation_read(&a, &handle, json_text(header_of(0))));
	assert_ok(attestation_read(&b, &handle, json_text(header_of(1))));
	assert_memory_equal(&a.claim, &b.claim, sizeof a.claim);
	assert_false(eth_address_eq_var(a.signer, b.signer));
}

/* The recorded header with one member set to this, or taken out. */
static void refused(const char *member, json_t *value, const char *words)
{
	const abi_word handle = handle_of(0);
	attestation out = { .claim.format = 77 };

	json_t *j = json_loads(json_string_value(header_of(0)), 0, NULL);
	if (value) json_object_set_new(j, member, value);
	else json_object_del(j, member);
	char *text = json_dumps(j, JSON_COMPACT);
	assert_int_equal(attestation_read(&out, &handle, slice_str(text)), ERR_REQUEST);
	if (!strstr(err_text(), words)) fail_msg("%s: %s", member, err_text());
	err_clear();
	assert_int_equal(out.claim.format, 77);
	free(text);
	json_decref(j);
}

static void what_is_missing_or_unknown_is_named(void **state)
{
	static const char *const MEMBERS[] = { "version", "key_id", "ciphertext_digest", "sns_ciphertext_digest", "format", "signer", "signature" };

	(void)state;
	for (size_t i = 0; i < COUNT(MEMBERS); i++) {
		refused(MEMBERS[i], NULL, MEMBERS[i]);
		refused(MEMBERS[i], json_null(), MEMBERS[i]);
		refused(MEMBERS[i], json_string("0x"), MEMBERS[i]);
		refused(MEMBERS[i], json_string("zz"), MEMBERS[i]);
	}
	refused("version", json_integer(2), "version");
	refused("format", json_string("compressed_on_tpu"), "format");
}

static void everything_that_is_said_is_signed(void **state)
{
	const json_t *recorded = header_of(0);
	abi_word other = handle_of(0);
	attestation out;

	(void)state;
	refused("key_id", json_string("0x2"), "not signed");
	refused("ciphertext_digest", json_string("0x0000000000000000000000000000000000000000000000000000000000000001"), "not signed");
	refused("sns_ciphertext_digest", json_string("0x0000000000000000000000000000000000000000000000000000000000000001"), "not signed");
	refused("format", json_string("uncompressed_on_cpu"), "not signed");
	refused("signer", json_string("0xa951f315d5fd35cac111dfb5250df231fb8ef905"), "not signed");
	other.b[31] ^= 1;                                                 /* an attestation of another handle's ciphertext */
	assert_err(ERR_REQUEST, attestation_read(&out, &other, json_text(recorded)));
}

static void what_is_no_object_or_too_long_is_refused(void **state)
{
	static const char *const TEXTS[] = { "", "null", "[]", "7", "{", "{\"version\":1,\"version\":1}", "{}x" };
	const abi_word handle = handle_of(0);
	AUTO(buf) long_ = { 0 };
	attestation out;

	(void)state;
	for (size_t i = 0; i < COUNT(TEXTS); i++) assert_err(ERR_REQUEST, attestation_read(&out, &handle, slice_str(TEXTS[i])));
	buf_put_slice(&long_, json_text(header_of(0)));
	while (long_.n <= MAX_ATTESTATION) buf_put_u8(&long_, ' ');
	assert_err(ERR_REQUEST, attestation_read(&out, &handle, buf_slice(&long_)));
	long_.n = MAX_ATTESTATION;
	assert_ok(attestation_read(&out, &handle, buf_slice(&long_)));
}

static const struct CMUnitTest TESTS_[] = {
	cmocka_unit_test(recorded_attestations_are_read), cmocka_unit_test(two_coprocessors_say_the_same_by_different_names),
	cmocka_unit_test(what_is_missing_or_unknown_is_named), cmocka_unit_test(everything_that_is_said_is_signed),
	cmocka_unit_test(what_is_no_object_or_too_long_is_refused),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, TESTS_, COUNT(TESTS_), load, unload);
}
