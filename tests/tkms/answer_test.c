/* SPDX-License-Identifier: MIT */
/* tests/tkms/answer_test.c -- payloads byte for byte: those of vectors that a real client accepted, and one by hand. */
#include "tests/kat/json.h"
#include "tkms/answer.h"

static secp_pk public_key_of(const json_t *secret)
{
	uint8_t bytes[SECP_SK];
	secp_sk sk;
	secp *s;

	json_bytes(bytes, sizeof bytes, secret);
	assert_ok(secp_sk_read(&sk, bytes));
	assert_ok(secp_new(&s, test_rng()));
	const secp_pk pk = secp_pk_of(s, &sk);
	secp_free(&s);
	return pk;
}

static slice counted(reader *r)
{
	return read_bytes(r, (size_t)read_u64(r));
}

enum { SLOTS = 2 };

typedef struct about { int fhe_type; const json_t *handle; uint32_t packing; } about;

/* Only the sealed values are taken from the payload; all else comes from the rest of the vector. */
static void rebuild(const json_t *payload, const json_t *secret, const json_t *link, const about *of, size_t count,
                    uint32_t party_id, uint32_t degree)
{
	const secp_pk pk = public_key_of(secret);
	AUTO(buf) expected = json_hex(payload), made = { 0 };
	buf handle[SLOTS] = { 0 };
	user_slot slot[SLOTS];
	uint8_t linked[32];
	reader r = reader_of(buf_slice(&expected));

	assert_true(count <= SLOTS);
	(void)counted(&r), (void)counted(&r), (void)read_u64(&r);                /* key, link, how many */
	for (size_t i = 0; i < count; i++) {
		(void)read_u32(&r);
		handle[i] = json_hex(of[i].handle);
		slot[i] = (user_slot){ of[i].fhe_type, counted(&r), buf_slice(&handle[i]), of[i].packing };
		(void)counted(&r), (void)read_u32(&r);
	}
	json_bytes(linked, sizeof linked, link);
	answer_user_payload(&made, &pk, linked, slot, count, party_id, degree);
	assert_int_equal(made.n, expected.n);
	assert_memory_equal(made.p, expected.p, made.n);
	for (size_t i = 0; i < count; i++) buf_free(&handle[i]);
}

static void user_payloads_are_those_of_the_vectors(void **state)
{
	(void)state;
	json_t *one = json_vector("kms-service/central_user_decrypt.json");
	json_t *four = json_vector("kms-service/threshold_n4_t1_user_decrypt.json");
	const json_t *handles = json_member(json_member(four, "request"), "ciphertext_handles");
	const about byte = { FHE_UINT8, json_member(one, "handle"), 1 };
	const about both[] = { { FHE_UINT8, json_array_get(handles, 0), 1 }, { FHE_UINT64, json_array_get(handles, 1), 2 } };

	rebuild(json_member(one, "payload"), json_member(one, "server_sk"), json_member(one, "link"), &byte, 1, 1, 0);
	for (uint32_t party = 1; party <= 4; party++)
		rebuild(json_member(json_array_get(json_member(four, "responses"), party - 1), "payload"),
		        json_array_get(json_member(four, "server_sks"), party - 1), json_member(four, "link"), both, 2, party, 1);
	json_decref(one);
	json_decref(four);
}

/* { verification_key, vec of { bytes, i32 }, option of { string } }: counts are u64, an option that is there begins
 * with 1. */
static void a_public_payload_is_its_fields_in_order(void **state)
{
	(void)state;
	const secp_pk pk = {{ 2, [1] = 0xaa, [32] = 0xbb }};
	const plaintext value[] = {
		{ .type = fhe_type_by_number_var(FHE_UINT16), .bytes = { 0x34, 0x12 } },
		{ .type = fhe_type_by_number_var(FHE_BOOL), .bytes = { 1 } },
	};
	const id32 request = {{ 1, [31] = 0xfe }};
	static const char expected[] =
		"2900000000000000" "2100000000000000" "02aa" "000000000000000000000000000000000000000000000000000000000000" "bb"
		"0200000000000000"
		"0200000000000000" "3412" "03000000"
		"0100000000000000" "01" "00000000"
		"01" "4000000000000000"
		/* the 64 digits of the id, as text: "01", 60 zeros, "fe" */
		"3031" "3030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030"
		"30303030" "6665";
	AUTO(buf) made = { 0 }, bytes = { 0 };

	assert_true(hex_read_all(&bytes, slice_str(expected)));
	answer_public_payload(&made, &pk, value, COUNT(value), &request);
	assert_int_equal(made.n, bytes.n);
	assert_memory_equal(made.p, bytes.p, made.n);
}

TESTS(TEST(user_payloads_are_those_of_the_vectors), TEST(a_public_payload_is_its_fields_in_order))
