/* SPDX-License-Identifier: MIT */
#include "tests/delegate/threshold.h"

static secp *curve;
static int set_up(void **state) { (void)state; assert_ok(secp_new(&curve, test_rng())); return 0; }
static int take_down(void **state) { (void)state; secp_free(&curve); return 0; }

static void any_three_of_five_known_parties_answer_as_one(void **state)
{
	threshold_known x = threshold_known_read();
	const hash32 request = known_hash(json_member(x.json, "dleq"), "request_digest");
	const secp_pk S = json_point(json_member(json_array_get(json_member(x.json, "combine"), 0), "S"));
	group_partial p[5], of[5];
	char name[8];

	(void)state;
	for (party i = 1; i <= 5; i++) {
		group_partial_make(&p[i - 1], &x.key, &x.share[i], &x.K, &request, curve, test_rng());
		assert_true(group_partial_ok_var(&p[i - 1], &x.key, &x.K, &request));
		snprintf(name, sizeof name, "%u", i);
		const secp_pk D = json_point(json_member(json_member(x.json, "partials"), name));
		assert_memory_equal(&p[i - 1].D, &D, sizeof D);
	}
	for (unsigned Q = 1; Q < 32; Q++) {
		secp_pk sum = { { 9 } };
		size_t n = 0;
		for (unsigned i = 0; i < 5; i++) if (Q >> i & 1) of[n++] = p[i];
		if (n < 3) assert_err(ERR_REQUEST, group_combine(&sum, &x.key, of, n));
		else assert_ok(group_combine(&sum, &x.key, of, n));
		assert_int_equal(memcmp(&sum, &S, sizeof S) == 0, n >= 3);
	}
	const shared_x known = shared_x_of(&S);
	assert_memory_equal(known.b, S.b + 1, sizeof known.b);
	json_decref(x.json);
}

static void the_proof_of_a_partial_answer_is_the_known_one(void **state)
{
	threshold_known x = threshold_known_read();
	const json_t *v = json_member(x.json, "dleq");
	const hash32 request = known_hash(v, "request_digest");
	group_partial p = { .index = 2, .epoch = 7, .D = secp_pk_times(&x.K, &x.share[2].s) };

	(void)state;
	p.proof = (dleq){ json_scalar(json_member(v, "c")), json_scalar(json_member(v, "z")) };
	assert_true(group_partial_ok_var(&p, &x.key, &x.K, &request));
	json_decref(x.json);
}

static void a_partial_answer_is_of_one_party_key_epoch_and_request(void **state)
{
	threshold_known x = threshold_known_read();
	hash32 request = known_hash(json_member(x.json, "dleq"), "request_digest");
	const group_key key = x.key;
	group_partial p, w;

	(void)state;
	group_partial_make(&p, &key, &x.share[2], &x.K, &request, curve, test_rng());
	w = p, w.index = 3, assert_false(group_partial_ok_var(&w, &key, &x.K, &request));
	w = p, w.index = 0, assert_false(group_partial_ok_var(&w, &key, &x.K, &request));
	w = p, w.index = 6, assert_false(group_partial_ok_var(&w, &key, &x.K, &request));
	w = p, w.epoch++, assert_false(group_partial_ok_var(&w, &key, &x.K, &request));
	x.key.epoch++, w.epoch = x.key.epoch, assert_false(group_partial_ok_var(&w, &x.key, &x.K, &request));
	x.key = key, x.key.key_id.b[0] ^= 1, assert_false(group_partial_ok_var(&p, &x.key, &x.K, &request));
	w = p, w.D = key.P, assert_false(group_partial_ok_var(&w, &key, &x.K, &request));
	assert_false(group_partial_ok_var(&p, &key, &key.P, &request));
	request.b[0] ^= 1, assert_false(group_partial_ok_var(&p, &key, &x.K, &request));
	json_decref(x.json);
}

static void answers_of_several_epochs_or_of_one_party_twice_are_not_combined(void **state)
{
	threshold_known x = threshold_known_read();
	const hash32 request = { { 0 } };
	group_partial p[3];
	secp_pk S;

	(void)state;
	for (party i = 1; i <= 3; i++) group_partial_make(&p[i - 1], &x.key, &x.share[i], &x.K, &request, curve, test_rng());
	p[1].epoch--;
	assert_err(ERR_REQUEST, group_combine(&S, &x.key, p, 3));
	p[1] = p[0];
	assert_err(ERR_REQUEST, group_combine(&S, &x.key, p, 3));
	p[1].index = 6;
	assert_err(ERR_REQUEST, group_combine(&S, &x.key, p, 3));
	json_decref(x.json);
}

static void a_partial_answer_comes_back_from_its_bytes_and_from_no_others(void **state)
{
	threshold_known x = threshold_known_read();
	uint8_t bytes[GROUP_PARTIAL_BYTES], w[GROUP_PARTIAL_BYTES + 1];
	const hash32 request = { { 0 } };
	group_partial p, again;

	(void)state;
	group_partial_make(&p, &x.key, &x.share[4], &x.K, &request, curve, test_rng());
	group_partial_write(bytes, &p);
	assert_int_equal(GROUP_PARTIAL_BYTES, 104);
	assert_memory_equal(bytes, "\1\0\4\0\0\0\7", 7);
	assert_ok(group_partial_read(&again, slice_of(bytes, sizeof bytes)));
	assert_true(group_partial_ok_var(&again, &x.key, &x.K, &request));
	for (size_t n = 0; n <= sizeof w; n++) {
		memset(w, 0, sizeof w), memcpy(w, bytes, size_min(n, sizeof bytes));
		if (n != sizeof bytes) assert_err(ERR_REQUEST, group_partial_read(&again, slice_of(w, n)));
	}
	for (size_t at = 0; at < 3; at++) {
		memcpy(w, bytes, sizeof bytes), w[at] = 64;
		assert_err(ERR_REQUEST, group_partial_read(&again, slice_of(w, sizeof bytes)));
	}
	for (size_t at = 7; at < sizeof bytes; at += at == 7 ? SECP_PK : SECP_SK) {      /* D, c, z: more than any number */
		memcpy(w, bytes, sizeof bytes), memset(w + at, 0xff, 32);
		assert_err(ERR_REQUEST, group_partial_read(&again, slice_of(w, sizeof bytes)));
	}
	json_decref(x.json);
}

static const struct CMUnitTest tests[] = {
	TEST(any_three_of_five_known_parties_answer_as_one), TEST(the_proof_of_a_partial_answer_is_the_known_one),
	TEST(a_partial_answer_is_of_one_party_key_epoch_and_request),
	TEST(answers_of_several_epochs_or_of_one_party_twice_are_not_combined),
	TEST(a_partial_answer_comes_back_from_its_bytes_and_from_no_others),
};

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down); }
