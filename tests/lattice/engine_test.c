/* SPDX-License-Identifier: MIT */
/*
 * tests/lattice/engine_test.c -- blind rotations by every engine, on every CPU variant, in batches of every size, give the
 * bits of doc/notes/squash.md; also when the prepared key has been damaged.  Mini parameters.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include "tests/base/scarce.h"
#include "tests/lattice/streams.h"
#include "base/cpu.h"
#include "lattice/bootstrap.h"
#include "lattice/engine.h"
#include "lattice/keyswitch.h"
#include "lattice/lwe.h"
#include "lattice/memory.h"

#define MINI (&PARAMS_MINI)
#define SQUASHED "1d66a38d4d6959b8933b28ed86212ba50eba690d0f32a25963a9cbc81ac70e1f"
#define DECOMPRESSED "dec321438a6dcf197789bc159c03d6cd90c546db50819641e25382897c8b3671"

enum { MANY = 17, SNS_STEPS = 40, SNS_DIM = 4096, COMP_STEPS = 256, BIG_DIM = 2048 };

/* Inputs of rotations; the first and the last are those of the known answer, the rest is drawn. */
static struct inputs {
	arena memory;
	seeded_keyset set;
	uint32_t sns[MANY * (SNS_STEPS + 1)], comp[MANY * (COMP_STEPS + 1)];
	u128     lut128[2048], sns_expected[MANY * (SNS_DIM + 1)];
	uint64_t lut64[2048], comp_expected[MANY * (BIG_DIM + 1)];
} in;

static void prepare_squash(void)
{
	static const uint8_t identity[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	uint64_t *block = stream_u64s(&in.memory, 5, 2 * 2049), small[SNS_STEPS + 1], *rows;
	const part_shape s = part_shape_of(MINI, PART_KSK);

	assert_ok(arena_new(&in.memory, &rows, s.rows * (s.mask + s.body)));
	part_rows64(rows, s, &in.set.part[PART_KSK], 0, s.rows);
	const key_rows ksk = { s, rows };
	for (size_t c = 0; c < 2049; c++) block[c] += 4 * block[2049 + c];
	keyswitch_var(small, block, &ksk);
	modulus_switch_var(in.sns, small, SNS_STEPS, 2048, MS_CENTERED_MEAN);
	lut128(in.lut128, 2048, identity, 16, DELTA_LOG_128);
}

static void prepare_decompression(void)
{
	static const uint8_t identity[4] = { 0, 1, 2, 3 };
	uint64_t *packed = stream_u64s(&in.memory, 8, 257), lwe[257];

	packed64_extract(lwe, (packed64){ 1, 256, 1, packed }, 0);
	modulus_switch_var(in.comp, lwe, COMP_STEPS, 2048, MS_STANDARD);
	lut64(in.lut64, 2048, identity, 4, DELTA_LOG_64);
}

static void draw(uint32_t *switched, size_t width)
{
	for (size_t i = width; i < (MANY - 1) * width; i++) switched[i] = (uint32_t)test_below(4096);
	/* One that stands still often: its first steps are nobody's, or only the others'. */
	for (size_t i = 0; i < width / 2; i++) switched[3 * width + i] = 0;
	memcpy(switched + (MANY - 1) * width, switched, width * sizeof *switched);
}

static boot_key *key_by(key_part part, boot_engine engine, const limb_kernel *kernel, void **memory, size_t *bytes)
{
	const boot_form f = boot_form_of(MINI, part, engine, kernel);
	const size_t keys = round_up(f.steps * f.step_bytes, 64);
	boot_key *k;
	uint8_t *m;

	*bytes = keys + round_up(f.steps * f.check_bytes, 64) + 64;
	assert_ok(memory_take(memory, *bytes, "a test"));
	m = *memory;
	assert_ok(boot_make(m, m + keys, &f, &in.set.part[part], 0, f.steps));
	assert_ok(boot_key_new(&k, &f, m, m + keys, &in.set.part[part]));
	return k;
}

static void drop(boot_key *k, void *memory, size_t bytes)
{
	boot_key_free(&k);
	memory_give_back(memory, bytes);
}

static int set_up(void **state)
{
	(void)state;
	void *memory;
	size_t bytes;

	in.memory = arena_with_limit((size_t)1 << 28);
	in.set.params = MINI;
	stream_part(&in.set, &in.memory, PART_KSK, 1);
	stream_part(&in.set, &in.memory, PART_SNS_BSK, 3);
	stream_part(&in.set, &in.memory, PART_DECOMP_BSK, 6);
	prepare_squash();
	prepare_decompression();
	draw(in.sns, SNS_STEPS + 1);
	draw(in.comp, COMP_STEPS + 1);
	boot_key *k = key_by(PART_SNS_BSK, ENGINE_NTT, NULL, &memory, &bytes);
	assert_ok(boot_rotate128((lwe128_run){ MANY, SNS_DIM, in.sns_expected }, k, in.sns, in.lut128, NULL));
	drop(k, memory, bytes);
	k = key_by(PART_DECOMP_BSK, ENGINE_NTT, NULL, &memory, &bytes);
	assert_ok(boot_rotate64((lwe64_run){ MANY, BIG_DIM, in.comp_expected }, k, in.comp, in.lut64, NULL));
	drop(k, memory, bytes);
	return 0;
}

static int take_down(void **state)
{
	(void)state;
	arena_free(&in.memory);
	return 0;
}

/* The last `count` inputs, of which the very last is known from the note. */
static void assert_squashes(boot_key *k, size_t count, pool *p)
{
	const size_t first = MANY - count;
	u128 *out = malloc(count * (SNS_DIM + 1) * sizeof *out);

	assert_non_null(out);
	assert_ok(boot_rotate128((lwe128_run){ count, SNS_DIM, out }, k, in.sns + first * (SNS_STEPS + 1), in.lut128, p));
	assert_memory_equal(out, in.sns_expected + first * (SNS_DIM + 1), count * (SNS_DIM + 1) * sizeof *out);
	free(out);
}

static void assert_decompresses(boot_key *k, size_t count, pool *p)
{
	const size_t first = MANY - count;
	uint64_t *out = malloc(count * (BIG_DIM + 1) * sizeof *out);

	assert_non_null(out);
	assert_ok(boot_rotate64((lwe64_run){ count, BIG_DIM, out }, k, in.comp + first * (COMP_STEPS + 1), in.lut64, p));
	assert_memory_equal(out, in.comp_expected + first * (BIG_DIM + 1), count * (BIG_DIM + 1) * sizeof *out);
	free(out);
}

/* ---- the same bits ----------------------------------------------------------------------------------------------- */

static void the_exact_transforms_give_the_known_answers(void **state)
{
	(void)state;
	assert_digest128(SQUASHED, in.sns_expected, SNS_DIM + 1);
	assert_digest64(DECOMPRESSED, in.comp_expected, BIG_DIM + 1);
	assert_memory_equal(in.sns_expected, in.sns_expected + (MANY - 1) * (SNS_DIM + 1), (SNS_DIM + 1) * sizeof(u128));
}

/* A few steps of one ciphertext: the definition takes a quarter of a second for each.  Whole rotations: mini_test. */
static void the_exact_transforms_are_the_definition(void **state)
{
	(void)state;
	static uint32_t few[SNS_STEPS + 1], few64[COMP_STEPS + 1];
	static u128 out[2][SNS_DIM + 1];
	static uint64_t out64[2][BIG_DIM + 1];
	static const boot_engine engine[2] = { ENGINE_SCHOOLBOOK, ENGINE_NTT };
	void *memory;
	size_t bytes;

	few[SNS_STEPS] = 1234, few[0] = 1, few[17] = 2048, few[39] = 4095;
	few64[COMP_STEPS] = 4095, few64[1] = 2047, few64[2] = 1, few64[255] = 3000;
	for (unsigned e = 0; e < 2; e++) {
		boot_key *k = key_by(PART_SNS_BSK, engine[e], NULL, &memory, &bytes);
		assert_ok(boot_rotate128((lwe128_run){ 1, SNS_DIM, out[e] }, k, few, in.lut128, NULL));
		drop(k, memory, bytes);
		k = key_by(PART_DECOMP_BSK, engine[e], NULL, &memory, &bytes);
		assert_ok(boot_rotate64((lwe64_run){ 1, BIG_DIM, out64[e] }, k, few64, in.lut64, NULL));
		drop(k, memory, bytes);
	}
	assert_memory_equal(out[0], out[1], sizeof out[0]);
	assert_memory_equal(out64[0], out64[1], sizeof out64[0]);
}

static void limbs_of_every_variant_and_batches_of_every_size_give_the_same_bits(void **state)
{
	(void)state;
	static const size_t counts[] = { 1, 2, 3, 5, 7, 8, 9, MANY };
	const boot_counts before = boot_counters();
	void *memory;
	size_t bytes;

	for (const limb_kernel *const *k = LIMBS_ALL; *k; k++) {
		if (!cpu_can((*k)->needs)) continue;
		/* The portable one is a hundred times slower: one size. */
		const bool slow = *k == &LIMBS_PORTABLE;
		boot_key *key = key_by(PART_SNS_BSK, ENGINE_LIMBS, *k, &memory, &bytes);
		for (size_t i = 0; i < COUNT(counts); i++)
			if (!slow || counts[i] == 3) assert_squashes(key, counts[i], NULL);
		drop(key, memory, bytes);
		key = key_by(PART_DECOMP_BSK, ENGINE_LIMBS, *k, &memory, &bytes);
		for (size_t i = 0; i < COUNT(counts); i++)
			if (!slow || counts[i] == 2) assert_decompresses(key, counts[i], NULL);
		drop(key, memory, bytes);
	}
	assert_int_equal(boot_counters().guarded, before.guarded);
	assert_int_equal(boot_counters().wrong, before.wrong);
	assert_true(boot_counters().samples > before.samples);
}

static void threads_do_not_change_the_bits(void **state)
{
	(void)state;
	void *memory;
	size_t bytes;
	boot_key *key = key_by(PART_SNS_BSK, ENGINE_LIMBS, NULL, &memory, &bytes);

	for (unsigned threads = 1; threads <= 4; threads++) {
		pool *p;
		assert_ok(pool_new(&p, threads));
		for (size_t count = 1; count <= MANY; count += count < 4 ? 1 : 4) assert_squashes(key, count, p);
		pool_free(&p);
	}
	drop(key, memory, bytes);
}

typedef struct client { boot_key *key; pool *cores; size_t count; } client;

static void *rotate_often(void *arg)
{
	const client *c = arg;
	for (unsigned i = 0; i < 4; i++) assert_squashes(c->key, c->count, c->cores);
	return NULL;
}

/* Some alone, some in batches, all on the same threads with the same key. */
static void many_rotations_at_a_time_share_key_and_threads(void **state)
{
	(void)state;
	enum { CLIENTS = 5 };
	void *memory;
	size_t bytes;
	pthread_t thread[CLIENTS];
	client c[CLIENTS];
	boot_key *key = key_by(PART_SNS_BSK, ENGINE_LIMBS, NULL, &memory, &bytes);
	pool *p;

	assert_ok(pool_new(&p, 3));
	for (unsigned i = 0; i < CLIENTS; i++) {
		c[i] = (client){ key, p, i * i % 11 + 1 };
		assert_int_equal(pthread_create(&thread[i], NULL, rotate_often, &c[i]), 0);
	}
	for (unsigned i = 0; i < CLIENTS; i++) pthread_join(thread[i], NULL);
	pool_free(&p);
	drop(key, memory, bytes);
}

static void no_ciphertexts_are_no_work(void **state)
{
	(void)state;
	void *memory;
	size_t bytes;
	boot_key *key = key_by(PART_DECOMP_BSK, ENGINE_LIMBS, NULL, &memory, &bytes);

	assert_ok(boot_rotate64((lwe64_run){ 0, BIG_DIM, NULL }, key, NULL, in.lut64, NULL));
	drop(key, memory, bytes);
}

/* ---- damage ------------------------------------------------------------------------------------------------------ */

/* Numbers of one GGSW that are no transform of whole numbers any more: what they multiply is not near whole numbers. */
static void a_step_whose_guard_speaks_is_done_again_exactly(void **state)
{
	(void)state;
	void *memory;
	size_t bytes;
	boot_key *key = key_by(PART_SNS_BSK, ENGINE_LIMBS, NULL, &memory, &bytes);
	const size_t step = boot_key_form(key)->step_bytes;
	const boot_counts before = boot_counters();

	for (size_t i = 0; i < step; i++) ((uint8_t *)memory)[7 * step + i] ^= (uint8_t)(i % 97 == 0);
	assert_squashes(key, 9, NULL);
	const boot_counts after = boot_counters();
	assert_int_equal(after.guarded, before.guarded + 9);
	assert_int_equal(after.wrong, before.wrong);
	drop(key, memory, bytes);
}

/* What is no number, or far too large, is no whole number either. */
static void numbers_beyond_all_bounds_do_not_pass_the_guard(void **state)
{
	(void)state;
	static const double damage[] = { 1e300, -1e200, __builtin_inf(), __builtin_nan("") };
	void *memory;
	size_t bytes;
	boot_key *key = key_by(PART_DECOMP_BSK, ENGINE_LIMBS, NULL, &memory, &bytes);
	const size_t words = boot_key_form(key)->step_bytes / sizeof(double);

	for (size_t i = 0; i < COUNT(damage); i++) {
		const boot_counts before = boot_counters();
		double *at = (double *)memory + 5 * words + 11 + 1000 * i, was = *at;
		*at = damage[i];
		assert_decompresses(key, 2, NULL);
		*at = was;
		assert_int_equal(boot_counters().guarded, before.guarded + 2);
	}
	drop(key, memory, bytes);
}

/* Bodies of one step with limbs all alike, which words from nobody have not: fixed point ends below their spectrum. */
static void a_key_without_room_for_a_step_has_it_done_exactly(void **state)
{
	(void)state;
	enum { BOTH = 2, STEP = 7, ROW_BYTES = 2048 * 16 };
	static u128 expected[BOTH * (SNS_DIM + 1)], out[BOTH * (SNS_DIM + 1)];
	const slice drawn = in.set.part[PART_SNS_BSK].bodies;
	uint8_t *bodies = malloc(drawn.n);
	const boot_counts before = boot_counters();
	void *memory;
	size_t bytes;

	assert_non_null(bodies);
	memcpy(bodies, drawn.p, drawn.n);
	for (size_t i = 0; i < 2048; i++) store128(bodies + STEP * 9 * ROW_BYTES + 16 * i, (u128)0x1ffff << 20);
	in.set.part[PART_SNS_BSK].bodies = slice_of(bodies, drawn.n);
	for (unsigned e = 0; e < 2; e++) {
		boot_key *key = key_by(PART_SNS_BSK, e ? ENGINE_LIMBS : ENGINE_NTT, NULL, &memory, &bytes);
		assert_ok(boot_rotate128((lwe128_run){ BOTH, SNS_DIM, e ? out : expected }, key, in.sns, in.lut128, NULL));
		drop(key, memory, bytes);
	}
	in.set.part[PART_SNS_BSK].bodies = drawn;
	free(bodies);
	assert_memory_equal(out, expected, sizeof out);
	if (limbs_chosen()->fixed) assert_int_equal(boot_counters().guarded, before.guarded + BOTH);
	assert_int_equal(boot_counters().wrong, before.wrong);
}

/* Whole numbers, but those of another step: only a sample can see that, and then nothing of the batch is believed. */
static void a_wrong_sample_has_the_whole_batch_done_again(void **state)
{
	(void)state;
	void *memory;
	size_t bytes;
	boot_key *key = key_by(PART_SNS_BSK, ENGINE_LIMBS, NULL, &memory, &bytes);
	const size_t step = boot_key_form(key)->step_bytes;
	const boot_counts before = boot_counters();
	pool *p;

	memcpy(memory, (uint8_t *)memory + step, step);
	assert_squashes(key, 5, NULL);
	assert_int_equal(boot_counters().wrong, before.wrong + 1);
	assert_ok(pool_new(&p, 2));
	assert_squashes(key, 1, p);
	assert_squashes(key, MANY, p);
	pool_free(&p);
	assert_int_equal(boot_counters().guarded, before.guarded);
	assert_int_equal(boot_counters().wrong, before.wrong + 1 + 1 + 3);
	drop(key, memory, bytes);
}

/* Damage in the middle is seen too, by the sample of whichever ciphertext has its turn. */
static void samples_go_round_all_ciphertexts_of_a_batch(void **state)
{
	(void)state;
	void *memory;
	size_t bytes;
	boot_key *key = key_by(PART_DECOMP_BSK, ENGINE_LIMBS, NULL, &memory, &bytes);
	const size_t step = boot_key_form(key)->step_bytes;
	static const unsigned where[] = { 64, 128, 192 };
	static uint8_t kept[1 << 20];

	assert_true(step <= sizeof kept);
	for (size_t i = 0; i < COUNT(where); i++) {
		uint8_t *at = (uint8_t *)memory + where[i] * step;
		const boot_counts before = boot_counters();
		memcpy(kept, at, step);
		memcpy(at, memory, step);
		assert_decompresses(key, 2, NULL);
		memcpy(at, kept, step);
		assert_int_equal(boot_counters().wrong, before.wrong + 1);
	}
	drop(key, memory, bytes);
}

/* ---- which engine ------------------------------------------------------------------------------------------------ */

static void every_part_has_its_engine(void **state)
{
	(void)state;
	const lat_params *const full[] = { MINI, &PARAMS_DEFAULT };

	for (size_t i = 0; i < COUNT(full); i++) {
		assert_int_equal(engine_for(full[i], PART_SNS_BSK, EXACT), ENGINE_LIMBS);
		assert_int_equal(engine_for(full[i], PART_SNS_BSK, APPROXIMATE), ENGINE_LIMBS);
		for (key_part part = 0; part < KEY_PARTS; part++) {
			const part_shape s = part_shape_of(full[i], part);
			if (s.kind != KIND_BSK || s.bits != 64) continue;
			assert_int_equal(engine_for(full[i], part, EXACT), ENGINE_LIMBS);
			assert_int_equal(engine_for(full[i], part, APPROXIMATE), ENGINE_F64);
		}
		assert_false(engine_can(full[i], PART_KSK, ENGINE_SCHOOLBOOK));
	}
	assert_int_equal(engine_for(&PARAMS_TEST, PART_SNS_BSK, EXACT), ENGINE_SCHOOLBOOK);
	assert_int_equal(engine_for(&PARAMS_TEST, PART_BSK, APPROXIMATE), ENGINE_SCHOOLBOOK);
	assert_true(engine_can(&PARAMS_TEST, PART_DECOMP_BSK, ENGINE_NTT));
}

/* Not the same bits, but the same value: the bodies differ by less than a box of the table. */
static void the_approximate_engine_is_near(void **state)
{
	(void)state;
	void *memory;
	size_t bytes;
	uint64_t *out = malloc(MANY * (BIG_DIM + 1) * sizeof *out);
	boot_key *key = key_by(PART_DECOMP_BSK, ENGINE_F64, NULL, &memory, &bytes);

	assert_non_null(out);
	assert_ok(boot_rotate64((lwe64_run){ MANY, BIG_DIM, out }, key, in.comp, in.lut64, NULL));
	/* One step: later ones start from different words, whose digits differ at once. */
	uint32_t *once = calloc(COMP_STEPS + 1, sizeof *once);
	uint64_t *exact = malloc((BIG_DIM + 1) * sizeof *exact);
	assert_non_null(once);
	assert_non_null(exact);
	once[9] = 777, once[COMP_STEPS] = 55;
	assert_ok(boot_rotate64((lwe64_run){ 1, BIG_DIM, out }, key, once, in.lut64, NULL));
	drop(key, memory, bytes);
	key = key_by(PART_DECOMP_BSK, ENGINE_LIMBS, NULL, &memory, &bytes);
	assert_ok(boot_rotate64((lwe64_run){ 1, BIG_DIM, exact }, key, once, in.lut64, NULL));
	drop(key, memory, bytes);
	for (size_t i = 0; i <= BIG_DIM; i++) {
		const int64_t e = (int64_t)(out[i] - exact[i]);
		assert_true(e < (int64_t)1 << 45 && e > -((int64_t)1 << 45));
	}
	free(once);
	free(exact);
	free(out);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* A set whose bodies are as long as they must be, and nowhere: too little memory is said before anything is read. */
static void too_little_memory_is_said_before_the_start(void **state)
{
	(void)state;
	static const uint8_t nothing[1];
	const rlim_t room = (rlim_t)2000 << 20;
	seeded_keyset set = { .params = &PARAMS_DEFAULT };
	struct rlimit was, small;
	eval_keys keys = { 0 };

	for (key_part part = 0; part < KEY_PARTS; part++)
		set.part[part].bodies = slice_of(nothing, part_body_bytes(part_shape_of(&PARAMS_DEFAULT, part)));
	assert_int_equal(getrlimit(RLIMIT_AS, &was), 0);
	small = was;
	small.rlim_cur = room;
	assert_int_equal(setrlimit(RLIMIT_AS, &small), 0);
	err e = eval_keys_new(&keys, &set, PART_BIT(PART_SNS_BSK), EXACT, NULL, NULL);
	assert_int_equal(setrlimit(RLIMIT_AS, &was), 0);
	assert_int_equal(e, ERR_NOMEM);
	assert_non_null(strstr(err_text(), " MB of memory"));
	assert_non_null(strstr(err_text(), "ulimit -v"));
	err_clear();
}

/* Once its memory is there, a rotation of any length takes a list of batches and one of jobs; without them it does not begin. */
static void a_rotation_allocates_its_two_lists_and_nothing_else(void **state)
{
	(void)state;
	enum { LISTS = 2 };
	static const size_t counts[] = { 1, 8, MANY };
	static uint64_t out[MANY * (BIG_DIM + 1)];
	void *memory;
	size_t bytes;
	boot_key *key = key_by(PART_DECOMP_BSK, ENGINE_LIMBS, NULL, &memory, &bytes);

	assert_decompresses(key, 1, NULL);
	for (size_t i = 0; i < COUNT(counts); i++) {
		const lwe64_run to = { counts[i], BIG_DIM, out };
		allocations_left = LISTS;
		const err e = boot_rotate64(to, key, in.comp, in.lut64, NULL);
		allocations_left = -1;
		assert_ok(e);
		assert_memory_equal(out, in.comp_expected, counts[i] * (BIG_DIM + 1) * sizeof *out);
		for (int left = 0; left < LISTS; left++) {
			allocations_left = left;
			const err without = boot_rotate64(to, key, in.comp, in.lut64, NULL);
			allocations_left = -1;
			assert_err(ERR_NOMEM, without);
		}
	}
	drop(key, memory, bytes);
}

static const struct CMUnitTest tests[] = {
	TEST(the_exact_transforms_give_the_known_answers),
	TEST(the_exact_transforms_are_the_definition),
	TEST(limbs_of_every_variant_and_batches_of_every_size_give_the_same_bits),
	TEST(threads_do_not_change_the_bits),
	TEST(many_rotations_at_a_time_share_key_and_threads),
	TEST(no_ciphertexts_are_no_work),
	TEST(a_step_whose_guard_speaks_is_done_again_exactly),
	TEST(a_key_without_room_for_a_step_has_it_done_exactly),
	TEST(numbers_beyond_all_bounds_do_not_pass_the_guard),
	TEST(a_wrong_sample_has_the_whole_batch_done_again),
	TEST(samples_go_round_all_ciphertexts_of_a_batch),
	TEST(every_part_has_its_engine),
	TEST(the_approximate_engine_is_near),
	TEST(too_little_memory_is_said_before_the_start),
	TEST(a_rotation_allocates_its_two_lists_and_nothing_else),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down);
}
