/* SPDX-License-Identifier: MIT */
/* tests/tkms/server_key_test.c -- an uncompressed ServerKey: size, bytes, and that everything works with it as with the
 * compressed set. */
#include <stdlib.h>
#include "tests/test.h"
#include "base/hex.h"
#include "lattice/decrypt.h"
#include "lattice/keygen.h"
#include "tfhers/inspect.h"
#include "tfhers/tables.h"
#include "tkms/server_key.h"
#include "tkms/tkms.h"
#include "tkms/trial.h"

static const id32 TAG = {{ [0] = 4, [31] = 77 }};
static const uint8_t SEED[] = "a set that is published uncompressed";

static secret_keys secret;
static public_set compressed;
static draft *file;
static seeded_keyset set;
static buf public_key_file;

static draft *made(const seeded_keyset *from, pool *cores)
{
	draft *d;
	assert_ok(draft_in_memory(&d, tkms_server_key_bytes(from->params)));
	assert_ok(tkms_server_key_fill(d, from, &TAG, cores, NULL));
	return d;
}

static int make_keys(void **state)
{
	(void)state;
	slice tag;
	assert_ok(keys_from_seed(&secret, &compressed, &PARAMS_TEST, slice_of(SEED, 32), NULL));
	assert_ok(tkms_public_key_file(&public_key_file, &compressed.set, &TAG));
	file = made(&compressed.set, NULL);
	assert_ok(tfhers_read_keyset(&set, &tag, draft_slice(file)));
	assert_true(slice_eq_var(tag, id_slice(&TAG)));
	assert_ptr_equal(set.params, &PARAMS_TEST);
	return 0;
}

static int drop_keys(void **state)
{
	(void)state;
	draft_free(&file);
	buf_free(&public_key_file);
	public_set_free(&compressed);
	secret_keys_free(&secret);
	return 0;
}

/* ---- bytes ------------------------------------------------------------------------------------------------------------ */

static void sizes_are_known_beforehand_and_production_fits_what_clients_read(void **state)
{
	(void)state;
	assert_int_equal(tkms_server_key_bytes(&PARAMS_TEST), 5318451);
	assert_int_equal(tkms_server_key_bytes(&PARAMS_DEFAULT), 2122640027);
	assert_true(tkms_server_key_bytes(&PARAMS_DEFAULT) < MAX_TFHERS_FILE);
}

static void parts_stand_apart_inside_the_file(void **state)
{
	(void)state;
	typedef struct range { size_t at, end; } range;
	const server_key_layout l = tfhers_server_key_layout(&PARAMS_DEFAULT, sizeof TAG.b);
	range r[KEY_PARTS * 4];
	size_t n = 0;

	for (key_part i = 0; i < KEY_PARTS; i++)
		for (size_t a = 0; a < 4 && l.part[i].at[a]; a++) {
			const size_t bytes = part_stored_bytes(part_shape_of(&PARAMS_DEFAULT, i), l.part[i].form);
			r[n++] = (range){ l.part[i].at[a], l.part[i].at[a] + bytes };
		}
	assert_int_equal(n, 9 + 3);               /* without the public key and two lists of zeros; four arrays of the squash key */
	for (size_t i = 0; i < n; i++) {
		assert_true(r[i].end <= l.bytes);
		for (size_t j = 0; j < i; j++) assert_true(r[i].end <= r[j].at || r[j].end <= r[i].at);
	}
}

/* Every party signs these bytes: whatever the threads, and once and for all. */
static void the_same_set_makes_the_same_file_with_any_number_of_threads(void **state)
{
	(void)state;
	char digest[2 * KEY_DIGEST_BYTES + 1];
	uint8_t d[KEY_DIGEST_BYTES];
	pool *cores;

	assert_ok(pool_new(&cores, 3));
	draft *again = made(&compressed.set, cores);
	assert_true(slice_eq_var(draft_slice(again), draft_slice(file)));
	tkms_key_digest(d, draft_slice(file));
	hex_write(digest, slice_of(d, sizeof d));
	assert_string_equal(digest, "ff8a7bec472ed8dc9b61d55e85c6da00677840e225f38c92f0143c0b3b2e3ad1");
	draft_free(&again);
	pool_free(&cores);
}

/* The version words in front of each part, by their places in the tree: a slip in a table moves or changes one. */
static void inspect_names_it_and_the_tree_begins_as_the_sources_say(void **state)
{
	static const uint32_t WORDS[] = { 3 /* ServerKey */, 9 /* IntegerServerKey */, 1 /* integer */, 2 /* shortint */,
	                                  0, 0 /* pattern, Standard */, 0, 2 /* keyswitch key */ };
	AUTO(buf) page = { 0 };
	(void)state;

	assert_ok(tfhers_inspect(&page, draft_slice(file), false));
	assert_non_null(strstr(buf_str(&page), "high_level_api::ServerKey"));
	assert_non_null(strstr(buf_str(&page), "bootstrap 4, decompression 1024, pseudo random function 4"));
	const uint8_t *at = draft_slice(file).p + 26 + 8 + strlen("high_level_api::ServerKey");
	for (size_t i = 0; i < COUNT(WORDS); i++) assert_int_equal(load32(at + 4 * i), WORDS[i]);
	assert_int_equal(load64(at + 4 * COUNT(WORDS)), 256 * 2);         /* words of the keyswitch key */
}

/*
 * TFHE-rs publishes the size of a server key that its release 1.3 wrote, without optional parts and tag: n = 2, one level of
 * 2^23 over N = 2048, keyswitch of four levels, centred mean.  Release 1.7 has two more parts that may be absent.
 */
static void the_tree_has_the_size_of_a_file_that_tfhe_rs_wrote(void **state)
{
	enum { SIZE_1_3 = 328045, MORE_OPTIONS = 2 };
	const tf_server_key k = { .key.key.ap.standard = {
		.ksk.data = { NULL, (size_t)2048 * 4 * 3 * 8 },
		.bsk = { .bsk.fourier = { 2048, { NULL, (size_t)2 * 4 * schema_spectrum(2048) } }, .ms.variant = MS_CENTERED_MEAN } } };
	(void)state;

	assert_int_equal(schema_length(&T_SERVER_KEY, &k), SIZE_1_3 + MORE_OPTIONS);
}

/* ---- rows ------------------------------------------------------------------------------------------------------------- */

static u128 distance(u128 a, u128 b)
{
	return a - b < b - a ? a - b : b - a;
}

static void rows_are_those_of_the_set_but_for_what_doubles_cannot_hold(void **state)
{
	(void)state;
	for (key_part i = 0; i < KEY_PARTS; i++) {
		const part_shape s = part_shape_of(&PARAMS_TEST, i);
		const size_t words = s.mask + s.body, count = size_min(s.rows, 40);
		const u128 near = s.kind != KIND_BSK ? 1 : s.bits == 64 ? 1 << 13 : (u128)1 << 26;
		if (s.rows == 0) continue;
		assert_int_equal(part_present(&set, i), i == PART_PKE ? ERR_REQUEST : OK);
		if (i == PART_PKE) continue;
		void *a = calloc(count * words, 16), *b = calloc(count * words, 16);
		const size_t first = s.rows - count;
		if (s.bits == 64) part_rows64(a, s, &compressed.set.part[i], first, count), part_rows64(b, s, &set.part[i], first, count);
		else part_rows128(a, s, &compressed.set.part[i], 0, first, count), part_rows128(b, s, &set.part[i], 0, first, count);
		for (size_t c = 0; c < count * words; c++) {
			/* In the upper half, differences wrap as they should. */
			const u128 x = s.bits == 64 ? (u128)((uint64_t *)a)[c] << 64 : ((u128 *)a)[c],
			           y = s.bits == 64 ? (u128)((uint64_t *)b)[c] << 64 : ((u128 *)b)[c];
			assert_true(distance(x, y) < (s.bits == 64 ? near << 64 : near));
		}
		free(a);
		free(b);
	}
	err_clear();
}

/* ---- use -------------------------------------------------------------------------------------------------------------- */

/* Encrypted with the public key, expanded, squashed and compressed with this file, decrypted. */
static void every_key_in_it_works(void **state)
{
	(void)state;
	assert_ok(tkms_try_keyset(buf_slice(&public_key_file), draft_slice(file), &secret, NULL, test_rng()));
}

#ifdef ARCA_TEST_PARAMS
/* The polynomials and engines of production: the squash key loses its low bits after it came from spectra. */
static void so_it_does_with_polynomials_of_full_size(void **state)
{
	AUTO(secret_keys) mini = { 0 };
	AUTO(public_set) pub = { 0 };
	AUTO(buf) pk = { 0 };
	pool *cores;
	(void)state;

	assert_ok(pool_new(&cores, 0));
	assert_ok(keys_from_seed(&mini, &pub, &PARAMS_MINI, slice_of(SEED, 32), cores));
	assert_ok(tkms_public_key_file(&pk, &pub.set, &TAG));
	draft *d = made(&pub.set, cores);
	assert_ok(tkms_try_keyset(buf_slice(&pk), draft_slice(d), &mini, cores, test_rng()));
	draft_free(&d);
	pool_free(&cores);
}
#endif

static void another_keys_set_does_not(void **state)
{
	AUTO(secret_keys) other = { 0 };
	AUTO(public_set) pub = { 0 };
	(void)state;

	assert_ok(keys_from_seed(&other, &pub, &PARAMS_TEST, slice_of(SEED, 31), NULL));
	assert_true(tkms_try_keyset(buf_slice(&public_key_file), draft_slice(file), &other, NULL, test_rng()) != OK);
	err_clear();
}

/* ---- damage ----------------------------------------------------------------------------------------------------------- */

static void a_file_that_is_cut_or_has_other_numbers_is_refused_with_a_sentence(void **state)
{
	(void)state;
	const server_key_layout l = tfhers_server_key_layout(&PARAMS_TEST, sizeof TAG.b);
	AUTO(buf) copy = { 0 };
	seeded_keyset got;
	slice tag;

	buf_put_slice(&copy, draft_slice(file));
	for (size_t cut = 1; cut < copy.n; cut = 3 * cut + 1)
		assert_err(ERR_REQUEST, tfhers_read_keyset(&got, &tag, slice_of(copy.p, copy.n - cut)));
	/* The heads: elements, N and polynomials before the first one, N/2 in front of each. */
	const size_t heads[] = { l.part[PART_BSK].at[0] - 24, l.part[PART_BSK].at[0] - 16, l.part[PART_BSK].at[0] - 8,
	                         l.part[PART_BSK].at[0], l.part[PART_DECOMP_BSK].at[0] + 2056 * 1023,
	                         l.part[PART_SNS_BSK].at[2] - 8 };
	for (size_t i = 0; i < COUNT(heads); i++)
		for (int bit = 0; bit < 64; bit += 9) {
			copy.p[heads[i] + (size_t)bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_err(ERR_REQUEST, tfhers_read_keyset(&got, &tag, buf_slice(&copy)));
			copy.p[heads[i] + (size_t)bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	assert_ok(tfhers_read_keyset(&got, &tag, buf_slice(&copy)));
}

static const struct CMUnitTest all[] = {
	TEST(sizes_are_known_beforehand_and_production_fits_what_clients_read),
	TEST(parts_stand_apart_inside_the_file),
	TEST(the_same_set_makes_the_same_file_with_any_number_of_threads),
	TEST(inspect_names_it_and_the_tree_begins_as_the_sources_say),
	TEST(the_tree_has_the_size_of_a_file_that_tfhe_rs_wrote),
	TEST(rows_are_those_of_the_set_but_for_what_doubles_cannot_hold),
	TEST(every_key_in_it_works),
#ifdef ARCA_TEST_PARAMS
	TEST(so_it_does_with_polynomials_of_full_size),
#endif
	TEST(another_keys_set_does_not),
	TEST(a_file_that_is_cut_or_has_other_numbers_is_refused_with_a_sentence),
};

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, all, COUNT(all), make_keys, drop_keys); }
