/* SPDX-License-Identifier: MIT */
/*
 * tests/mpc/joint_keys_test.c -- a key that no party ever has is made in the simulator from nothing, and looked at as a whole
 * by whoever has all shares; then it is used.
 */
#include <math.h>
#include <stdlib.h>
#include "lattice/bootstrap.h"
#include "lattice/compact.h"
#include "lattice/compress.h"
#include "lattice/decrypt.h"
#include "lattice/engine.h"
#include "lattice/lwe.h"
#include "lattice/squash.h"
#include "mpc/random_bits.h"
#include "sym/sha2.h"
#include "tests/mpc/key_oracle.h"
#include "tests/mpc/theorem.h"

/* The key of the test set: made once, by (4,1). */
static world whole;
static play prepared, generated;
static secret_keys keys;
static const seeded_keyset *set;

static int make_it(void **state)
{
	(void)state;
	prepared.session = 1, generated.session = 2;
	world_new(&whole, &PARAMS_TEST, 4, 1);
#ifdef ARCA_CHECKS
	prss_ledger_reset();
#endif
	world_prepare(&whole, &prepared);
	world_generate(&whole, &generated);
	set = &whole.m[1].set;
	oracle_secrets(&keys, &whole, parties_all(4));
	return 0;
}

static int end_it(void **state)
{
	(void)state;
	secret_keys_free(&keys);
	play_end(&prepared), play_end(&generated);
	world_free(&whole);
	return 0;
}

/* ---- right --------------------------------------------------------------------------------------------------------- */

static void every_bit_and_every_coefficient_of_a_test_key_is_right(void **state)
{
	secret_keys again;

	(void)state;
	assert_int_equal(keygen_plan_bits(&whole.plan, 0), 729638);
	assert_int_equal(keygen_plan_samples(&whole.plan, 0), 265746);
	oracle_whole_key(&again, &generated);
	secret_keys_free(&again);
#ifdef ARCA_CHECKS
	assert_int_equal(prss_ledger_reused(), 0);
#endif
}

/* Noise as wide as production's, at two sizes of clusters and with slabs that end in the middle of a part. */
static void noise_of_production_is_right_in_parts_of_a_few_rows(void **state)
{
	(void)state;
	for (unsigned n = 4; n <= (test_is_short() ? 4 : 7); n += 3) {
		secret_keys k;
		world w;
		play one = { .session = 3 }, two = { .session = 4 };

		world_new(&w, &SMALL, n, (n - 1) / 3);
		w.size = (work_sizes){ .lanes = 3, .chunk = 700, .batch = 4096, .slab = 300 };
		world_prepare(&w, &one);
		world_generate(&w, &two);
		oracle_whole_key(&k, &two);
		secret_keys_free(&k);
		play_end(&one), play_end(&two);
		world_free(&w);
	}
}

/* The oracle finds the same secrets, and noise and masks that are new. */
static void secrets_that_exist_get_new_public_parts(void **state)
{
	secret_keys before, after;
	world old, w;
	play one = { .session = 5 }, two = { .session = 6 }, three = { .session = 7 }, four = { .session = 8 };

	(void)state;
	world_new(&old, &SMALL, 4, 1);
	old.size = (work_sizes){ .lanes = 3, .chunk = 700, .batch = 4096, .slab = 300 };
	world_prepare(&old, &one);
	world_generate(&old, &two);
	oracle_secrets(&before, &old, parties_all(4));
	world_new_public(&w, &old);
	world_prepare(&w, &three);
	world_generate(&w, &four);
	oracle_whole_key(&after, &four);
	for (secret_id id = 0; id < SECRETS; id++) assert_memory_equal(after.bit[id], before.bit[id], secret_length(&SMALL, id));
	assert_memory_not_equal(w.m[1].set.part[PART_PKE].seed.xof, old.m[1].set.part[PART_PKE].seed.xof, PUBLIC_SEED_BYTES);
	assert_memory_not_equal(w.m[1].set.part[PART_PKE].bodies.p, old.m[1].set.part[PART_PKE].bodies.p, w.m[1].set.part[PART_PKE].bodies.n);
	secret_keys_free(&before), secret_keys_free(&after);
	play_end(&one), play_end(&two), play_end(&three), play_end(&four);
	world_free(&old), world_free(&w);
}

static err take_nothing(void *ctx, unsigned need, uint64_t first, size_t count, void *element)
{
	(void)ctx, (void)need, (void)first, (void)count, (void)element;
	return err_fail(ERR_IO, "the test says that there are no samples");
}

static err without_samples(session *s, void *arg)
{
	member *m = arg;
	joint_keygen_job job = world_keygen_job(m->w, m->me);

	job.from.take = take_nothing;
	return joint_keygen(s, &m->set, &job);
}

/* Everything is new but one secret of each set: the oracle finds the bits of the one under the other, with masks from the first
 * on.  A failure wipes what is there. */
static void a_decompression_key_is_of_one_sets_bits_under_another_set(void **state)
{
	const session_id sid = sim_sid(13);
	secret_keys k[3];
	static world w[3];                               /* large, as what follows */
	static play run[] = { { .session = 9 }, { .session = 10 }, { .session = 11 }, { .session = 12 } };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		world_new(&w[i], &SMALL, 4, 1);
		w[i].size = (work_sizes){ .lanes = 3, .chunk = 700, .batch = 4096, .slab = 300 };
		world_deal(&w[i]);
		world_generate(&w[i], &run[i]);
		oracle_secrets(&k[i], &w[i], parties_all(4));
	}
	assert_memory_not_equal(k[0].bit[SECRET_BIG], k[1].bit[SECRET_BIG], secret_length(&SMALL, SECRET_BIG));
	world_new_between(&w[2], &w[0], &w[1]);
	world_prepare(&w[2], &run[2]);
	world_generate(&w[2], &run[3]);
	oracle_whole_key(&k[2], &run[3]);
	assert_memory_equal(k[2].bit[SECRET_COMP], k[0].bit[SECRET_COMP], secret_length(&SMALL, SECRET_COMP));
	assert_memory_equal(k[2].bit[SECRET_BIG], k[1].bit[SECRET_BIG], secret_length(&SMALL, SECRET_BIG));
	const mask_seed masks = w[2].m[1].set.part[PART_DECOMP_BSK].seed;
	assert_true(masks.first.block == 0 && masks.first.byte == 0);

	static sim_party p[5];
	sim *x;
	assert_ok(sim_new(&x, &(sim_setup){ .n = 4, .t = 1, .k = 128, .seed = 13 }));
	for (party i = 1; i <= 4; i++) p[i] = (sim_party){ .run = without_samples, .arg = &w[2].m[i] };
	sim_run(x, p, &sid);
	for (party i = 1; i <= 4; i++) {
		assert_int_equal(p[i].result, ERR_IO);
		for (size_t c = 0; c < secret_length(&SMALL, SECRET_BIG) * w[2].d; c++) assert_true(w[2].m[i].word[SECRET_BIG][c] == 0);
	}
	sim_free(&x);
	for (unsigned i = 0; i < 3; i++) secret_keys_free(&k[i]), world_free(&w[i]);
	for (unsigned i = 0; i < COUNT(run); i++) play_end(&run[i]);
}

/* Bits of all keys together, and pairs of neighbours: even, and independent.  Limits: five deviations. */
static void T_BITS_the_bits_of_keys_are_even_and_independent(void **state)
{
	double ones = 0, same = 0, n = 0;

	(void)state;
	for (secret_id id = 0; id < SECRETS; id++) for (size_t b = 0; b < secret_length(&PARAMS_TEST, id); b++) {
		ones += keys.bit[id][b];
		same += b && keys.bit[id][b] == keys.bit[id][b - 1];
		n++;
	}
	assert_int_equal((int)n, 1538);
	assert_true(fabs(ones - n / 2) < 2.5 * sqrt(n));
	assert_true(fabs(same - n / 2) < 2.5 * sqrt(n) + SECRETS);
}

/* ---- counted ------------------------------------------------------------------------------------------------------- */

/* The batches of all lanes, and the meetings between them: what the rounds of each sub-session tell. */
static void batches_of(const play *x, uint64_t *batches, uint64_t *meetings)
{
	*batches = *meetings = 0;
	for (size_t i = 0; i < x->parts; i++) {
		uint64_t b = 0;
		while (random_bits_rounds(1, b, 1) < x->part[i].last) b++;
		assert_int_equal(random_bits_rounds(1, b, 1), x->part[i].last);
		*batches += b, *meetings += random_bits_meetings(b);
	}
}

/* Kings of broadcasts, the first t + 1 parties, say more than others. */
static void bytes_and_rounds_are_those_of_the_formulas(void **state)
{
	const preproc_job before = world_preproc_job(&whole, 1);
	const joint_keygen_job job = world_keygen_job(&whole, 1);
	const joint_keygen_cost cost = joint_keygen_costs(&job, 4, 4);
	const uint64_t head = ENVELOPE_HEADER, meeting = 3 * (head + 1);
	uint64_t batches, meetings, words = 0;

	(void)state;
	batches_of(&prepared, &batches, &meetings);
	assert_int_equal(prepared.parts, 2 * whole.size.lanes);
	assert_int_equal(prepared.bytes[4], key_preproc_bytes(&before, 4, 1, 4));
	for (unsigned need = 0; need < whole.plan.needs; need++) words += whole.plan.need[need].bits * (whole.plan.need[need].k / 8);
	for (party i = 1; i <= 4; i++) {
		const uint64_t around = batches * (3 * head + bcast_bytes(4, 1, i, 1)) + meetings * meeting;
		/* Bits fill up the last word of a batch, and d bits share a word as long as one of them would be. */
		assert_in_range(prepared.bytes[i], around + 3 * words, around + 3 * (words + batches * 3 * 16));
		assert_int_equal(generated.bytes[i], cost.bytes + 3 * head * cost.messages + cost.votes * bcast_bytes(4, 1, i, 1) +
		                 cost.meetings * meeting);
		assert_int_equal(prepared.p[i].suspects | generated.p[i].suspects, 0);
	}
	/* d coefficients a word; ten zeros of a bootstrap key take three. */
	assert_int_equal(cost.opened[0] + cost.opened[1], (265746 - 10) / 4 + 3 + 1);
	/* The squash's key has two levels. */
	assert_int_equal(cost.zeros[0] + cost.zeros[1], (keygen_plan_products(&whole.plan) + 256) / 4);
	assert_int_equal(generated.rounds, cost.messages + cost.votes * bcast_rounds(1) + cost.meetings);
}

static hash32 digest_of(const member *m)
{
	AUTO(sha256_stream) h = sha256_begin();

	for (key_part part = 0; part < KEY_PARTS; part++) {
		sha256_add(&h, slice_of(m->set.part[part].seed.xof, PUBLIC_SEED_BYTES));
		if (m->set.part[part].bodies.n) sha256_add(&h, m->set.part[part].bodies);
	}
	return sha256_end(&h);
}

static void digests_are_the_same_at_all_parties(void **state)
{
	(void)state;
	for (party i = 2; i <= 4; i++) assert_true(hash32_eq_var(digest_of(&whole.m[i]), digest_of(&whole.m[1])));
	/* and those of a set that is expanded from the seed and bodies alone: masks begin where a dealer's would. */
	for (key_part part = 0; part < KEY_PARTS; part++) {
		if (!set->part[part].bodies.n) continue;
		const mask_seed m = keygen_masks(&PARAMS_TEST, set->part[part].seed.xof, part);
		assert_int_equal(set->part[part].seed.kind, m.kind);
		assert_memory_equal(set->part[part].seed.domain, m.domain, MASK_DOMAIN);
		assert_int_equal(set->part[part].seed.xof_n, m.xof_n);
		assert_true(set->part[part].seed.first.block == m.first.block);
		assert_int_equal(set->part[part].seed.first.byte, m.first.byte);
	}
}

/* ---- used ---------------------------------------------------------------------------------------------------------- */

enum { BLOCKS = 24, BIG = 256 };

static void assert_blocks(const uint8_t *value, const uint8_t *block)
{
	for (size_t i = 0; i < BLOCKS; i++) assert_int_equal(value[i / 4] >> (2 * (i % 4)) & 3, block[i]);
}

static void values_go_the_whole_way_under_the_joint_key(void **state)
{
	AUTO(arena) a = arena_with_limit((size_t)1 << 28);
	const unsigned all = SQUASH_PARTS | COMPACT_EXPAND_PARTS | COMPRESS64_PARTS | DECOMPRESS64_PARTS | COMPRESS128_PARTS;
	uint64_t pk[2 * 512];
	uint8_t block[BLOCKS], value[BLOCKS];
	lwe64_run fresh = { BLOCKS, BIG, NULL }, back = fresh;
	lwe128_run squashed = { squashed_count(BLOCKS), BIG, NULL };
	compact_list list;
	packed64 packed;
	packed128 small;
	eval_keys eval;

	(void)state;
	for (size_t i = 0; i < BLOCKS; i++) block[i] = (uint8_t)test_below(4);
	compact_key_expand(pk, pk + 512, &set->part[PART_PKE], 512);
	assert_ok(compact_encrypt(&list, &a, &(compact_key){ 512, PARAMS_TEST.pke.noise, pk, pk + 512 }, block, BLOCKS, test_rng()));
	assert_ok(decrypt_compact(value, &keys, &list));
	assert_memory_equal(value, block, BLOCKS);

	assert_ok(eval_keys_new(&eval, set, all, EXACT, NULL, NULL));
	assert_ok(arena_new(&a, &fresh.w, BLOCKS * (BIG + 1)));
	assert_ok(arena_new(&a, &back.w, BLOCKS * (BIG + 1)));
	assert_ok(arena_new(&a, &squashed.w, squashed.count * (BIG + 1)));
	assert_ok(compact_expand(fresh, &eval, &list, 0, false, NULL));
	assert_ok(decrypt_lwe64(value, &keys, fresh, BLOCKS, false));
	assert_blocks(value, block);

	assert_ok(compress64_var(&packed, &a, &eval, fresh, NULL));
	assert_ok(decrypt_packed64(value, &keys, packed, BLOCKS, false));
	assert_blocks(value, block);
	assert_ok(decompress64_var(back, &eval, packed, NULL));
	assert_ok(decrypt_lwe64(value, &keys, back, BLOCKS, false));
	assert_blocks(value, block);

	assert_ok(squash_var(squashed, &eval, back, NULL));
	assert_ok(decrypt_lwe128(value, &keys, squashed, BLOCKS, false));
	assert_blocks(value, block);
	assert_ok(compress128_var(&small, &a, &eval, squashed, NULL));
	assert_ok(decrypt_packed128(value, &keys, small, BLOCKS, false));
	assert_blocks(value, block);
	eval_keys_free(&eval);
}

/* The two parts that no value above goes through: a public key of BIG, and a bootstrap whose input is under OPRF. */
static void re_randomization_and_pseudo_random_functions_work_under_it(void **state)
{
	enum { SLOTS = 16, PHASES = 2 * BIG };
	AUTO(arena) a = arena_with_limit((size_t)1 << 26);
	uint64_t pk[2 * BIG], lwe[BIG + 1], lut[BIG];
	uint8_t block[8], f[SLOTS], value;
	lwe64_run out = { 1, BIG, lwe };
	compact_list list;
	eval_keys eval;

	(void)state;
	for (size_t i = 0; i < COUNT(block); i++) block[i] = (uint8_t)test_below(4);
	compact_key_expand(pk, pk + BIG, &set->part[PART_RERAND], BIG);
	assert_ok(compact_encrypt(&list, &a, &(compact_key){ BIG, 0, pk, pk + BIG }, block, COUNT(block), test_rng()));
	for (size_t i = 0; i < COUNT(block) / 2; i++) {
		compact_lwe(lwe, &list, i);
		const uint64_t phase = lwe64_phase(lwe, keys.bit[SECRET_BIG], BIG) + ((uint64_t)1 << 58);
		assert_int_equal(phase >> 59, block[2 * i] + 4 * block[2 * i + 1]);
	}

	for (unsigned i = 0; i < SLOTS; i++) f[i] = (uint8_t)(i * 5 % 4);
	lut64(lut, BIG, f, SLOTS, DELTA_LOG_64);
	assert_ok(eval_keys_new(&eval, set, PART_BIT(PART_OPRF_BSK), EXACT, NULL, NULL));
	for (unsigned i = 0; i < SLOTS; i++) {
		const uint32_t mask = (uint32_t)test_below(PHASES), covered = keys.bit[SECRET_OPRF][0] ? mask : 0;
		const uint32_t switched[2] = { mask, (i * (PHASES / 2 / SLOTS) + covered) % PHASES };
		assert_ok(boot_rotate64(out, eval.boot[PART_OPRF_BSK], switched, lut, NULL));
		assert_ok(decrypt_lwe64(&value, &keys, out, 1, false));
		assert_int_equal(value, f[i]);
	}
	eval_keys_free(&eval);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(every_bit_and_every_coefficient_of_a_test_key_is_right), TEST(T_BITS_the_bits_of_keys_are_even_and_independent),
		TEST(bytes_and_rounds_are_those_of_the_formulas), TEST(digests_are_the_same_at_all_parties),
		TEST(values_go_the_whole_way_under_the_joint_key), TEST(re_randomization_and_pseudo_random_functions_work_under_it),
		TEST(noise_of_production_is_right_in_parts_of_a_few_rows), TEST(secrets_that_exist_get_new_public_parts), TEST(a_decompression_key_is_of_one_sets_bits_under_another_set),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), make_it, end_it);
}
