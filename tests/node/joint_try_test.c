/* SPDX-License-Identifier: MIT */
/*
 * The trial of a key set by four parties: one that is right passes, in spite of a liar; one of which any key is wrong does not,
 * and all honest parties say so.  The secret keys are dealt.
 */
#include "node/joint_try.h"
#include "sim/sim.h"
#include "tests/test.h"
#include "tkms/dealer.h"
#include "tkms/keygen.h"

#define PARAMS PARAMS_TEST

enum { N = 4, T = 1, SETS = 4 };

static const id32 KEY = {{ 4, [31] = 9 }}, EPOCH = {{ 8, [31] = 1 }};

static struct world {
	key_files files;
	key_share share[N + 1];
	prss     *masks[N + 1];
	joint_try at[N + 1];
	sim_party result[N + 1];
	uint64_t  number;
	bool      reshared;
} w;

static void deal_secrets(void)
{
	const share_holder holder = { KEY, EPOCH, N, T, ring_degree(N), 1 };
	secret_keys whole;
	unsigned which = 0;
	slice tag;

	assert_ok(tfhers_read_client_key(&whole, &tag, buf_slice(&w.files.client_key)));
	for (secret_id s = 0; s < SECRETS; s++)
		if (secret_length(&PARAMS, s)) which |= SECRET_BIT(s);
	assert_ok(dealer_share_out(w.share, &whole, &holder, which, test_rng()));
	secret_keys_free(&whole);
}

/* Keys of sets, as each member has them: all of one byte here. */
static void make_masks(void)
{
	uint8_t r[SETS][PRSS_KEY];
	party_set A[SETS];

	prss_sets(A, N, T);
	for (party i = 1; i <= N; i++) {
		unsigned held = 0;
		for (unsigned a = 0; a < SETS; a++)
			if (has(A[a], i)) memset(r[held++], (int)a, PRSS_KEY);
		assert_ok(prss_new(&w.masks[i], N, T, ring_degree(N), i, &EPOCH, (const uint8_t (*)[PRSS_KEY])r));
	}
}

static int make_world(void **state)
{
	(void)state;
	assert_ok(tkms_keygen(&w.files, NULL, &PARAMS, &KEY, test_rng(), NULL));
	deal_secrets();
	make_masks();
	return 0;
}

static int drop_world(void **state)
{
	(void)state;
	for (party i = 1; i <= N; i++) {
		key_share_free(&w.share[i]);
		prss_free(&w.masks[i]);
	}
	key_files_free(&w.files);
	return 0;
}

static err run(session *s, void *arg) { return joint_try_run(s, arg); }

static void go_for(slice pk, slice keyset, const decompression_files *between, const protocols *of_3)
{
	const session_id sid = sim_sid(++w.number);
	sim *x;

	for (party i = 1; i <= N; i++) {
		w.at[i] = (joint_try){ &w.share[i], w.masks[i], pk, keyset, between, NULL, w.reshared, 0 };
		w.result[i] = (sim_party){ .run = run, .arg = &w.at[i], .p = i == 3 ? of_3 : NULL };
	}
	assert_ok(sim_new(&x, &(sim_setup){ .n = N, .t = T, .corrupt = of_3 ? (party_set)1 << 3 : 0, .seed = w.number }));
	sim_run(x, w.result, &sid);
	sim_free(&x);
}

static void go(slice pk, slice keyset, const protocols *of_3) { go_for(pk, keyset, NULL, of_3); }

/* ---- right ---------------------------------------------------------------------------------------------------------- */

static void a_right_set_passes(void **state)
{
	(void)state;
	go(buf_slice(&w.files.public_key), draft_slice(w.files.xof_keyset), NULL);
	for (party i = 1; i <= N; i++) {
		if (w.result[i].result != OK) print_error("%u: %s\n", i, w.result[i].text);
		assert_int_equal(w.result[i].result, OK);
		assert_true(w.result[i].corrupt == 0 && w.result[i].suspects == 0);
	}
}

static err wrong_share(session *s, gr *value, bool *opened, const share *x, const party_set *to, size_t m, unsigned D)
{
	share *y;

	TRY(arena_new(&s->arena, &y, m));
	for (size_t i = 0; i < m; i++) y[i].v = gr_add(s->R, x[i].v, GR_ONE);
	return open_sync(s, value, opened, y, to, m, D);
}

static void a_liar_cannot_spoil_it(void **state)
{
	(void)state;
	protocols lying = HONEST;

	lying.open = wrong_share;
	go(buf_slice(&w.files.public_key), draft_slice(w.files.xof_keyset), &lying);
	for (party i = 1; i <= N; i++) {
		if (i == 3) continue;
		assert_int_equal(w.result[i].result, OK);
		assert_true(w.result[i].suspects == (party_set)1 << 3);
	}
}

/* ---- wrong ---------------------------------------------------------------------------------------------------------- */

static void assert_refused(void)
{
	for (party i = 1; i <= N; i++) {
		assert_int_equal(w.result[i].result, ERR_INTERNAL);
		assert_non_null(strstr(w.result[i].text, "the new key set is wrong"));
	}
}

static void a_set_with_any_key_wrong_is_refused_by_all(void **state)
{
	(void)state;
	static const key_part PARTS[] = {
		PART_RERAND, PART_CAST_KSK, PART_BSK, PART_OPRF_BSK, PART_COMP_PKSK, PART_DECOMP_BSK, PART_KSK, PART_SNS_BSK,
		PART_SNSCOMP_PKSK,
	};

	for (size_t k = 0; k < COUNT(PARTS); k += test_is_short() ? 3 : 1) {
		uint8_t *where[KEY_PARTS];
		buf spoilt = { 0 };
		buf_put_slice(&spoilt, draft_slice(w.files.xof_keyset));
		tkms_keyset_places(where, spoilt.p, &PARAMS);
		rng_fill(test_rng(), where[PARTS[k]], part_body_bytes(part_shape_of(&PARAMS, PARTS[k])));
		go(buf_slice(&w.files.public_key), buf_slice(&spoilt), NULL);
		assert_refused();
		buf_free(&spoilt);
	}
}

static void a_public_key_of_another_set_is_refused_by_all(void **state)
{
	(void)state;
	key_files other;

	assert_ok(tkms_keygen(&other, NULL, &PARAMS, &KEY, test_rng(), NULL));
	go(buf_slice(&other.public_key), draft_slice(w.files.xof_keyset), NULL);
	assert_refused();
	key_files_free(&other);
}

/* ---- shares that came by resharing -------------------------------------------------------------------------------------- */

/* The same error at all parties is one of the secret; at one party it is a wrong share.  By is 1, or -1 to take it back. */
static void spoil_share(party i, secret_id id, int by)
{
	w.share[i].word[id][0] += (u128)(i128)by * ((u128)0x123456789abcdef1 << 40);
}

/* All right; one party's wrong, under either secret, which it alone does not survive; and more than can be told from right ones. */
static void new_shares_pass_if_they_decrypt_and_who_has_a_wrong_one_fails_alone(void **state)
{
	(void)state;
	static const secret_id ONLINE[] = { SECRET_SNS, SECRET_SNSCOMP };
	const slice pk = buf_slice(&w.files.public_key), keyset = draft_slice(w.files.xof_keyset);

	w.reshared = true;
	go(pk, keyset, NULL);
	for (party i = 1; i <= N; i++) assert_int_equal(w.result[i].result, OK);
	for (size_t k = 0; k < COUNT(ONLINE); k++) {
		spoil_share(2, ONLINE[k], 1);
		go(pk, keyset, NULL);
		for (party i = 1; i <= N; i++) {
			assert_int_equal(w.result[i].result, i == 2 ? ERR_INTERNAL : OK);
			assert_int_equal(w.result[i].suspects, 1 << 2);
		}
		assert_non_null(strstr(w.result[2].text, "the new shares are wrong at this party"));
		spoil_share(2, ONLINE[k], -1);
	}
	for (party i = 1; i <= N; i++) spoil_share(i, SECRET_SNS, 1);
	go(pk, keyset, NULL);
	for (party i = 1; i <= N; i++) {
		assert_int_equal(w.result[i].result, ERR_INTERNAL);
		assert_non_null(strstr(w.result[i].text, "the new shares are wrong"));
	}
	for (party i = 1; i <= N; i++) spoil_share(i, SECRET_SNS, -1);
	w.reshared = false;
}

/* ---- between two sets ------------------------------------------------------------------------------------------------- */

/* From a set of others to the world's, whose shares decrypt: a right key passes, and no other that leads elsewhere. */
static void a_decompression_key_passes_only_between_its_own_two_sets(void **state)
{
	(void)state;
	AUTO(secret_keys) mine = { 0 };
	AUTO(secret_keys) theirs = { 0 };
	key_files other;
	draft *room = NULL;
	slice tag;

	assert_ok(tkms_keygen(&other, NULL, &PARAMS, &KEY, test_rng(), NULL));
	assert_ok(tfhers_read_client_key(&mine, &tag, buf_slice(&w.files.client_key)));
	assert_ok(tfhers_read_client_key(&theirs, &tag, buf_slice(&other.client_key)));
	assert_ok(draft_in_memory(&room, decompression_bytes(&PARAMS)));
	decompression_files f = { buf_slice(&other.public_key), draft_slice(other.xof_keyset), draft_slice(w.files.xof_keyset),
	                          draft_slice(room) };

	assert_ok(decompression_make(room, &theirs, &mine, NULL, test_rng(), NULL));
	assert_ok(decompression_try(&f, &mine, NULL, test_rng()));
	go_for((slice){ 0 }, (slice){ 0 }, &f, NULL);
	for (party i = 1; i <= N; i++) {
		if (w.result[i].result != OK) print_error("%u: %s\n", i, w.result[i].text);
		assert_int_equal(w.result[i].result, OK);
	}
	assert_ok(decompression_make(room, &mine, &theirs, NULL, test_rng(), NULL));
	const err e = decompression_try(&f, &mine, NULL, test_rng());
	assert_true(e == ERR_INTERNAL || e == ERR_REQUEST);
	err_clear();
	if (!test_is_short()) go_for((slice){ 0 }, (slice){ 0 }, &f, NULL);
	for (party i = 1; i <= N && !test_is_short(); i++) {
		assert_int_equal(w.result[i].result, ERR_INTERNAL);
		assert_non_null(strstr(w.result[i].text, "the new decompression key is wrong"));
	}
	draft_free(&room);
	key_files_free(&other);
}

static const struct CMUnitTest tests[] = {
	TEST(a_right_set_passes), TEST(a_liar_cannot_spoil_it), TEST(a_set_with_any_key_wrong_is_refused_by_all),
	TEST(a_public_key_of_another_set_is_refused_by_all),
	TEST(new_shares_pass_if_they_decrypt_and_who_has_a_wrong_one_fails_alone),
	TEST(a_decompression_key_passes_only_between_its_own_two_sets),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), make_world, drop_world);
}
