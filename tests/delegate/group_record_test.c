/* SPDX-License-Identifier: MIT */
#include "tests/delegate/threshold.h"
#include "delegate/group_ceremony.h"

enum { N = 4, T = 1 };

static secp *curve;
static signer *wallet[N + 1];
static group_record r;
static group_share held;

static int set_up(void **state)
{
	secp_pk A[T + 1];
	feldman_poly f;

	(void)state;
	assert_ok(secp_new(&curve, test_rng()));
	feldman_random(&f, T, NULL, test_rng());
	feldman_commit(A, &f, curve);
	r = (group_record){ .key = { .key_id = { { 3 } }, .chain_id = 5, .epoch = 6, .n = N, .T = T, .P = A[0] }, .roster = { .n = N } };
	for (party i = 1; i <= N; i++) {
		secp_sk sk;
		secp_sk_random(&sk, test_rng());
		assert_ok(signer_new(&wallet[i], &sk, test_rng()));
		r.roster.wallet[i] = *signer_address(wallet[i]);
		assert_true(feldman_public_var(&r.key.Y[i], A, T, i));
	}
	held = (group_share){ 2, sk_of(feldman_share(&f, 2)) };
	r.key.roster = group_roster_hash(&r.roster);
	const hash32 digest = group_digest(&r.key);
	for (party i = 1; i <= N; i++) r.signature[i] = sign_external(wallet[i], &digest);
	r.signers = parties_all(N);
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	for (party i = 1; i <= N; i++) signer_free(&wallet[i]);
	secp_free(&curve);
	return 0;
}

static void a_record_counts_with_the_signatures_of_all_but_T_of_its_roster(void **state)
{
	group_record w;

	(void)state;
	for (party_set by = 0; by <= parties_all(N); by += 2) {
		w = r, w.signers = by;
		assert_int_equal(group_is_certified_var(&w, &r.roster, T), size_of_set(by) >= N - T);
	}
	w = r, w.signature[2] = w.signature[1];
	assert_true(group_is_certified_var(&w, &r.roster, T));
	w.signature[3] = w.signature[1];
	assert_false(group_is_certified_var(&w, &r.roster, T));
	group_roster other = r.roster;
	other.wallet[3].b[0] ^= 1, other.wallet[4].b[0] ^= 1;
	assert_true(group_is_certified_var(&r, &other, T));          /* T + 1 of them have signed */
	other.wallet[1].b[0] ^= 1;
	assert_false(group_is_certified_var(&r, &other, T));
	w = r, w.roster.wallet[1].b[0] ^= 1, w.signers &= ~(party_set)2;
	assert_false(group_is_certified_var(&w, &r.roster, T));      /* what was signed is another roster */
	assert_false(group_is_certified_var(&r, &r.roster, T + 1));  /* a record of another T */
}

static void every_field_of_a_key_is_signed(void **state)
{
	group_key k = r.key;

	(void)state;
	const hash32 digest = group_digest(&k);
	uint8_t *at[] = { k.key_id.b, (uint8_t *)&k.chain_id, (uint8_t *)&k.epoch, (uint8_t *)&k.T, k.roster.b, k.P.b, k.Y[1].b, k.Y[N].b };
	for (size_t i = 0; i < COUNT(at); i++) {
		*at[i] ^= 1;
		assert_false(hash32_eq_var(digest, group_digest(&k)));
		*at[i] ^= 1;
	}
	assert_true(hash32_eq_var(digest, group_digest(&k)));
}

static void records_and_shares_come_back_from_their_bytes_and_from_no_others(void **state)
{
	AUTO(buf) record = { 0 }, file = { 0 };
	group_record again;
	group_share share_again;

	(void)state;
	group_record_write(&record, &r);
	group_share_write(&file, &held, &r);
	assert_ok(group_share_read(&share_again, &again, buf_slice(&file)));
	assert_memory_equal(&share_again, &held, sizeof held);
	assert_true(group_is_certified_var(&again, &r.roster, T) && group_share_is_right(&share_again, &again.key, curve));
	share_again.index = 1;
	assert_false(group_share_is_right(&share_again, &again.key, curve));
	for (size_t n = 0; n < record.n; n++) assert_err(ERR_REQUEST, group_record_read(&again, slice_of(record.p, n)));
	for (size_t n = 0; n < file.n; n += 7) assert_err(ERR_REQUEST, group_share_read(&share_again, &again, slice_of(file.p, n)));
	buf_put_u8(&record, 0);
	assert_err(ERR_REQUEST, group_record_read(&again, buf_slice(&record)));
	record.n--;
	const struct { size_t at; uint8_t is; } WRONG[] = { { 0, 2 }, { 41, 3 }, { 41, 64 }, { 42, 0 }, { 42, 2 }, { 43 + 20 * N, 4 } };
	for (size_t i = 0; i < COUNT(WRONG); i++) {
		const uint8_t was = record.p[WRONG[i].at];
		record.p[WRONG[i].at] = WRONG[i].is;
		assert_err(ERR_REQUEST, group_record_read(&again, buf_slice(&record)));
		record.p[WRONG[i].at] = was;
	}
	assert_ok(group_record_read(&again, buf_slice(&record)));
}

static void a_party_without_a_share_is_one_whose_point_is_missing(void **state)
{
	AUTO(buf) record = { 0 };
	group_record w = r, again;

	(void)state;
	w.key.Y[3] = (secp_pk){ { 0 } };
	group_record_write(&record, &w);
	assert_ok(group_record_read(&again, buf_slice(&record)));
	assert_memory_equal(&again.key.Y[3], &w.key.Y[3], SECP_PK);
}

static void what_somebody_has_comes_back_from_its_bytes(void **state)
{
	AUTO(buf) b = { 0 };
	static group_holding h, again;

	(void)state;
	h = (group_holding){ .certified = true, .newest = r, .prepared = 9, .held = 2, .digest = { { { 1 } }, { { 2 } } } };
	group_offer_write(&b, &h);
	assert_ok(group_offer_read(&again, buf_slice(&b)));
	assert_true(again.certified && again.prepared == 9 && again.held == 2 && hash32_eq_var(again.digest[1], h.digest[1]));
	for (size_t n = 0; n < b.n; n += 5) assert_err(ERR_REQUEST, group_offer_read(&again, slice_of(b.p, n)));
	buf_clear(&b);
	h = (group_holding){ 0 };
	group_offer_write(&b, &h);
	assert_int_equal(b.n, 20 + 9);
	assert_ok(group_offer_read(&again, buf_slice(&b)));
	assert_true(!again.certified && !again.held);
	b.p[20 + 8] = MAX_HELD + 1;
	assert_err(ERR_REQUEST, group_offer_read(&again, buf_slice(&b)));
}

static const struct CMUnitTest tests[] = {
	TEST(a_record_counts_with_the_signatures_of_all_but_T_of_its_roster), TEST(every_field_of_a_key_is_signed),
	TEST(records_and_shares_come_back_from_their_bytes_and_from_no_others), TEST(a_party_without_a_share_is_one_whose_point_is_missing),
	TEST(what_somebody_has_comes_back_from_its_bytes),
};

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down); }
