/* SPDX-License-Identifier: MIT */
/*
 * Threshold decryption from end to end in memory: what n parties, t of them liars, make of ciphertexts that a coprocessor
 * made; and the traps around masks, noise and padding.
 */
#include "tests/tkms/threshold.h"
#include <math.h>
#include "base/hex.h"
#include "tkms/finish.h"
#include "tkms/reconstruct.h"
#include "tkms/tkms.h"

/* ---- a key set, and values in every format --------------------------------------------------------------------- */

enum { VALUES = 9 };

static secret_keys keys;
static eval_keys   eval;
static key_files   files;
static plaintext   value[VALUES];
static buf         file[CT_FORMATS][VALUES];
static squashed    read[CT_FORMATS][VALUES];         /* once for all parties: they get the same bits */
static arena       memory;

/* Decompression is slow here, as the schoolbook does it: the first three types stand for all. */
static unsigned values_in(ct_format f)
{
	return f == SMALL_COMPRESSED ? 3 : VALUES;
}

static err keep(void *ctx, size_t i, const fhe_type *type, slice bytes)
{
	assert_ptr_equal(type, value[i].type);
	buf_put_slice((buf *)ctx + i, bytes);
	return OK;
}

static int make_values(void **state)
{
	(void)state;
	static const int number[VALUES] = { FHE_BOOL, FHE_UINT8, FHE_UINT16, FHE_UINT32, FHE_BOOL, FHE_UINT64, FHE_UINT128, FHE_ADDRESS,
	                                    FHE_UINT256 };
	const id32 id = { { 4, 1, 1 } };
	seeded_keyset set;
	slice tag;
	AUTO(buf) list = { 0 };

	memory = arena_with_limit((size_t)1 << 28);
	assert_ok(tkms_keygen(&files, NULL, &PARAMS_TEST, &id, test_rng(), NULL));
	assert_ok(tfhers_read_client_key(&keys, &tag, buf_slice(&files.client_key)));
	assert_ok(tfhers_read_keyset(&set, &tag, draft_slice(files.xof_keyset)));
	assert_ok(eval_keys_new(&eval, &set, SMALL_FORMAT_PARTS, EXACT, NULL, NULL));
	for (unsigned i = 0; i < VALUES; i++) {
		value[i] = (plaintext){ .type = fhe_type_by_number_var(number[i]) };
		rng_fill(test_rng(), value[i].bytes, value[i].type->bytes);
		if (number[i] == FHE_BOOL) value[i].bytes[0] = i == 0;
	}
	assert_ok(tkms_encrypt(&list, buf_slice(&files.public_key), value, VALUES, test_rng()));
	for (ct_format f = 0; f < CT_FORMATS; f++) {
		coprocessor c;
		assert_ok(coprocessor_new(&c, &set, FORMAT_BIT(f), NULL, NULL));
		assert_ok(coprocess_list(&c, NULL, buf_slice(&list), f, keep, file[f]));
		coprocessor_free(&c);
		for (unsigned i = 0; i < values_in(f); i++) {
			assert_ok(squash_file(&read[f][i], &memory, &PARAMS_TEST, value[i].type, f, buf_slice(&file[f][i]), &eval, NULL));
			assert_int_equal(read[f][i].blocks, squashed_count(value[i].type->blocks));
		}
	}
	return 0;
}

static int drop_values(void **state)
{
	(void)state;
	for (ct_format f = 0; f < CT_FORMATS; f++)
		for (unsigned i = 0; i < VALUES; i++) buf_free(&file[f][i]);
	arena_free(&memory);
	eval_keys_free(&eval);
	secret_keys_free(&keys);
	key_files_free(&files);
	return 0;
}

static party_set some_parties(unsigned n, unsigned count)
{
	party_set who = 0;
	while (size_of_set(who) < count) add_to(&who, (party)(1 + test_below(n)));
	return who;
}

/* ---- every value ------------------------------------------------------------------------------------------------ */

static void assert_value(const plaintext *got, const plaintext *want)
{
	assert_ptr_equal(got->type, want->type);
	assert_memory_equal(got->bytes, want->bytes, FHE_MAX_BYTES);
}

static void decrypt_publicly(const parties *p, ct_format f)
{
	for (unsigned i = 0; i < values_in(f); i++) {
		u128 y[MOST_WORDS];
		plaintext got;
		const size_t opened = parties_open(y, NULL, p, DECRYPT_PUBLIC, &read[f][i], some_parties(p->n, p->t));
		assert_ok(finish_value(&got, value[i].type, p->n, p->t, p->d, y, opened / p->d));
		assert_value(&got, &value[i]);
	}
}

/* All values in one request; every party answers, t of them wrongly. */
static void decrypt_for_a_user(const parties *p, ct_format f)
{
	enum { BLOCKS = 1 + 2 + 4 + 8 + 1 + 16 + 32 + 40 + 64 };
	AUTO(arena) a = arena_with_limit(p->n * partial_decrypt_memory(p->d, BLOCKS, VALUES));
	const party_set liars = some_parties(p->n, p->t);
	const unsigned values = values_in(f);
	const fhe_type *type[VALUES];
	user_share slot[MOST_PARTIES][VALUES];
	user_answer answer[MOST_PARTIES];
	buf vector[MOST_PARTIES][VALUES] = { 0 };
	plaintext got[VALUES];
	party_set wrong;

	for (unsigned i = 0; i < values; i++) type[i] = value[i].type;
	for (unsigned j = 0; j < p->n; j++) {
		masked m[VALUES];
		assert_ok(partial_decrypt(m, &a, &p->key[j + 1], p->masks[j + 1], DECRYPT_USER, read[f], values));
		for (unsigned i = 0; i < values; i++) {
			share_vector_write(&vector[j][i], &m[i], p->d);
			if (has(liars, (party)(j + 1))) vector[j][i].p[8 + test_below(vector[j][i].n - 8)] ^= 0x40;
			slot[j][i] = (user_share){ type[i]->number, packing_factor_of(type[i]), buf_slice(&vector[j][i]) };
		}
		answer[j] = (user_answer){ .from = (party)(j + 1), .degree = p->t, .slots = values, .slot = slot[j] };
	}
	const user_request request = { .n = p->n, .t = p->t, .slots = values, .type = type };
	assert_ok(reconstruct(got, &wrong, &request, answer, p->n));
	assert_true(wrong == liars);
	for (unsigned i = 0; i < values; i++) assert_value(&got[i], &value[i]);
	for (unsigned j = 0; j < p->n; j++)
		for (unsigned i = 0; i < values; i++) buf_free(&vector[j][i]);
}

static void every_type_comes_back_from_every_format_for_all_and_for_one(void **state)
{
	(void)state;
	for (unsigned c = 0; c < COUNT(COMMITTEES); c++) {
		parties p;
		parties_new(&p, COMMITTEES[c].n, COMMITTEES[c].t, &keys);
		for (ct_format f = 0; f < CT_FORMATS; f++) {
			decrypt_publicly(&p, f);
			decrypt_for_a_user(&p, f);
		}
		parties_free(&p);
	}
}

static void a_promise_that_the_file_breaks_is_refused(void **state)
{
	(void)state;
	const fhe_type *byte = fhe_type_by_number_var(FHE_UINT8), *word = fhe_type_by_number_var(FHE_UINT16);

	for (ct_format f = 0; f < CT_FORMATS; f++) {
		AUTO(arena) a = arena_with_limit((size_t)1 << 26);
		const slice bytes = buf_slice(&file[f][1]);
		squashed ct = { .blocks = 77 };
		assert_err(ERR_REQUEST, squash_file(&ct, &a, &PARAMS_TEST, word, f, bytes, &eval, NULL));
		assert_err(ERR_REQUEST, squash_file(&ct, &a, &PARAMS_TEST, byte, (f + 1) % CT_FORMATS, bytes, &eval, NULL));
		assert_err(ERR_REQUEST, squash_file(&ct, &a, &PARAMS_TEST, byte, f, slice_of(bytes.p, bytes.n - 1), &eval, NULL));
		assert_err(ERR_REQUEST, squash_file(&ct, &a, &PARAMS_DEFAULT, byte, f, bytes, NULL, NULL));
		if (ct_format_is_small(f))
			assert_err(ERR_UNSUPPORTED, squash_file(&ct, &a, &PARAMS_TEST, byte, f, bytes, NULL, NULL));
		else
			assert_ok(squash_file(&ct, &a, &PARAMS_TEST, byte, f, bytes, NULL, NULL));
	}
}

static void a_batch_gives_what_each_alone_gives(void **state)
{
	(void)state;
	parties p;
	parties_new(&p, 7, 2, &keys);
	for (ct_format f = BIG_COMPRESSED; f < CT_FORMATS; f++) {
		AUTO(arena) a = arena_with_limit((size_t)1 << 24);
		masked together[VALUES], alone;
		assert_ok(partial_decrypt(together, &a, &p.key[3], p.masks[3], DECRYPT_PUBLIC, read[f], VALUES));
		for (unsigned i = 0; i < VALUES; i++) {
			assert_ok(partial_decrypt(&alone, &a, &p.key[3], p.masks[3], DECRYPT_PUBLIC, &read[f][i], 1));
			assert_true(hash32_eq_var(alone.h, together[i].h));
			assert_int_equal(alone.elements, together[i].elements);
			assert_memory_equal(alone.bytes, together[i].bytes, alone.elements * p.d * 16);
		}
	}
	parties_free(&p);
}

/* Production dimensions: 6 x 1024 for lists, of which short ones go block by block and long ones by one product, 4096. */
static void production_ciphertexts_come_back(void **state)
{
	(void)state;
	static const struct { int number; bool list; } known[] = {
		{ FHE_UINT8, true }, { FHE_UINT32, true }, { FHE_UINT64, true }, { FHE_ADDRESS, true }, { FHE_UINT256, true }, { FHE_UINT16, false } };
	secret_keys production;
	parties p;

	secrets_new(&production, &PARAMS_DEFAULT);
	parties_new(&p, 7, 2, &production);
	for (unsigned k = 0; k < COUNT(known); k++) {
		AUTO(arena) a = arena_with_limit((size_t)1 << 22);
		const fhe_type *type = fhe_type_by_number_var(known[k].number);
		const uint32_t blocks = type->blocks / 2;
		plaintext want = { .type = type }, got;
		uint8_t v[MAX_SQUASHED];
		i128 noise[MAX_SQUASHED];
		u128 y[MOST_WORDS];
		squashed ct;
		rng_fill(test_rng(), want.bytes, type->bytes);
		for (uint32_t i = 0; i < blocks; i++) {
			v[i] = want.bytes[i / 2] >> 4 * (i % 2) & 15;
			noise[i] = ((i128)test_below(UINT32_MAX) - (1 << 30)) * ((i128)1 << 37);      /* below 2^70 */
		}
		if (known[k].list) encrypt_list(&ct, &a, &production, v, noise, blocks);
		else               encrypt_expanded(&ct, &a, &production, v, noise, blocks);
		const size_t opened = parties_open(y, NULL, &p, DECRYPT_PUBLIC, &ct, some_parties(7, 2));
		assert_ok(finish_value(&got, type, 7, 2, p.d, y, opened / p.d));
		assert_value(&got, &want);
	}
	parties_free(&p);
	secret_keys_free(&production);
}

/* ---- T-SNSFP ---------------------------------------------------------------------------------------------------- */

/* The identity of a squashed ciphertext of the vectors: it changes if one bit of the squash does, on whatever machine.
 * Computed by the schoolbook squash. */
static void all_parties_squash_to_the_same_bits(void **state)
{
	(void)state;
	static const struct { const char *file; ct_format format; const char *h; } known[] = {
		{ "tfhe/xofset_test/sim/u8.bin", SMALL_EXPANDED, "30fa74ca0d830c079eeaabcb89512ae4fdd26d6afac4f5ca830c9882c29a5d7d" },
		{ "tfhe/xofset_test/sim/compressed_list_u8.bin", SMALL_COMPRESSED, "e319950fd743b4c0b01bda62bb67881e5f57add3cfc02d98256bb5d101279eed" },
	};
	AUTO(buf) set_file = test_read(test_vector("tfhe/xofset_test/compressed_xof_key_set.bin"));
	const fhe_type *byte = fhe_type_by_number_var(FHE_UINT8);
	const share_holder holder = { .key_id = { { 4 } }, .epoch_id = { { 8 } }, .n = 4, .t = 1, .d = 4, .me = 1 };
	seeded_keyset set;
	eval_keys one, other;
	pool *cores;
	slice tag;

	assert_ok(tfhers_read_keyset(&set, &tag, buf_slice(&set_file)));
	assert_ok(eval_keys_new(&one, &set, SMALL_FORMAT_PARTS, EXACT, NULL, NULL));
	assert_ok(eval_keys_new(&other, &set, SMALL_FORMAT_PARTS, EXACT, NULL, NULL));
	assert_ok(pool_new(&cores, 3));
	for (unsigned i = 0; i < COUNT(known); i++) {
		AUTO(buf) ct = test_read(test_vector(known[i].file));
		AUTO(arena) a = arena_with_limit(4 * squash_file_memory(&PARAMS_TEST, byte, buf_slice(&ct)));
		AUTO(sha256_stream) s = sha256_begin();
		AUTO(buf) text = { 0 };
		squashed x, y;
		assert_ok(squash_file(&x, &a, &PARAMS_TEST, byte, known[i].format, buf_slice(&ct), &one, NULL));
		assert_ok(squash_file(&y, &a, &PARAMS_TEST, byte, known[i].format, buf_slice(&ct), &other, cores));
		assert_memory_equal(x.lwe.w, y.lwe.w, x.blocks * (x.lwe.dim + 1) * sizeof(u128));
		const hash32 h = mask_identity(&s, &holder, DECRYPT_PUBLIC, &x);
		buf_put_hex(&text, hash32_slice(&h));
		assert_string_equal(buf_str(&text), known[i].h);
	}
	pool_free(&cores);
	eval_keys_free(&one);
	eval_keys_free(&other);
}

/* ---- masks ------------------------------------------------------------------------------------------------------ */

enum { MANY = 10000 };

/* y - v 2^123 in units of 2^110. */
static double noise_of(u128 y, uint8_t v)
{
	return ldexp((double)(i128)(y - ((u128)v << DELTA_LOG_128)), -PRSS_MASK_LOG);
}

/* noise[i] of `count` one-block ciphertexts, decrypted in batches. */
static void opened_noises(double *noise, const parties *p, const squashed *ct, const uint8_t *v, size_t count)
{
	enum { BATCH = 500 };
	static masked m[MOST_PARTIES + 1][BATCH];

	for (size_t from = 0; from < count; from += BATCH) {
		AUTO(arena) a = arena_with_limit(p->n * partial_decrypt_memory(p->d, BATCH, BATCH));
		const size_t here = size_min(BATCH, count - from);
		for (party i = 1; i <= p->n; i++)
			assert_ok(partial_decrypt(m[i], &a, &p->key[i], p->masks[i], DECRYPT_PUBLIC, ct + from, here));
		for (size_t k = 0; k < here; k++) {
			const uint8_t *shares[MOST_PARTIES + 1];
			u128 y[GR_MAX_DEGREE];
			party_set wrong = 0;
			for (party i = 1; i <= p->n; i++) shares[i] = m[i][k].bytes;
			assert_true(open_var(p->opener, y, &wrong, shares, parties_all(p->n), p->t, 1) && !wrong);
			for (unsigned c = 1; c < p->d; c++) assert_true(y[c] == 0);
			noise[from + k] = noise_of(y[0], v[from + k]);
		}
	}
}

/* The same message, freshly encrypted each time: what is opened around it is as wide as the masks, and no wider. */
static void opened_noise_has_the_width_of_the_masks(void **state)
{
	(void)state;
	static double noise[MANY];
	static squashed ct[MANY];
	static uint8_t v[MANY];

	for (unsigned c = 0; c < COUNT(COMMITTEES); c += 4) {           /* (4,1) and (13,4) */
		parties p;
		AUTO(arena) a = arena_with_limit((size_t)MANY * 5000);
		const unsigned C = binomial(COMMITTEES[c].n, COMMITTEES[c].t);
		double sum = 0, squares = 0, largest = 0;
		parties_new(&p, COMMITTEES[c].n, COMMITTEES[c].t, &keys);
		for (unsigned i = 0; i < MANY; i++) {
			v[i] = 7;
			encrypt_expanded(&ct[i], &a, &keys, &v[i], &(i128){ 0 }, 1);
		}
		opened_noises(noise, &p, ct, v, MANY);
		for (unsigned i = 0; i < MANY; i++) {
			sum += noise[i];
			squares += noise[i] * noise[i];
			largest = fmax(largest, fabs(noise[i]));
		}
		const double mean = sum / MANY, deviation = sqrt(squares / MANY - mean * mean), expected = sqrt(2.0 * C / 3);
		assert_true(fabs(deviation / expected - 1) < 0.03);
		assert_true(fabs(mean) < 5 * expected / sqrt(MANY));
		assert_true(largest <= 2.0 * C);
		parties_free(&p);
	}
}

/* Two ciphertexts never share a mask, although nothing else about the requests differs: not even if both were squashed from
 * one input, with noise that differs in one unit. */
static void ciphertexts_that_differ_have_masks_that_differ(void **state)
{
	(void)state;
	enum { PAIRS = 1000 };
	static double noise[2 * PAIRS];
	static squashed ct[2 * PAIRS];
	static uint8_t v[2 * PAIRS];
	AUTO(arena) a = arena_with_limit((size_t)2 * PAIRS * 5000);
	double squares = 0;
	parties p;

	parties_new(&p, 4, 1, &keys);
	for (unsigned i = 0; i < PAIRS; i++) {
		v[2 * i] = v[2 * i + 1] = 3;
		encrypt_expanded(&ct[2 * i], &a, &keys, &v[0], &(i128){ 0 }, 1);
		ct[2 * i + 1] = ct[2 * i];
		const size_t words = ct[0].lwe.dim + 1;
		assert_ok(arena_new(&a, &ct[2 * i + 1].lwe.w, words));
		memcpy(ct[2 * i + 1].lwe.w, ct[2 * i].lwe.w, words * sizeof(u128));
		ct[2 * i + 1].lwe.w[words - 1]++;
	}
	opened_noises(noise, &p, ct, v, 2 * PAIRS);
	for (unsigned i = 0; i < PAIRS; i++) {
		const double difference = noise[2 * i] - noise[2 * i + 1];
		squares += difference * difference;
	}
	assert_true(fabs(sqrt(squares / PAIRS) / sqrt(2 * 2.0 * 4 / 3) - 1) < 0.1);        /* about 2^111.2 */
	parties_free(&p);
}

static void a_ciphertext_decrypted_again_shows_nothing_new_and_users_see_another_mask(void **state)
{
	(void)state;
	AUTO(arena) a = arena_with_limit((size_t)1 << 20);
	const uint8_t v[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0 };
	const i128 none[16] = { 0 };
	u128 y[MOST_WORDS], again[MOST_WORDS], user[MOST_WORDS];
	hash32 h, h_again, h_user;
	squashed ct;
	parties p;

	parties_new(&p, 4, 1, &keys);
	encrypt_list(&ct, &a, &keys, v, none, 16);
	parties_open(y, &h, &p, DECRYPT_PUBLIC, &ct, 0);
	parties_open(again, &h_again, &p, DECRYPT_PUBLIC, &ct, (party_set)1 << 2);
	parties_open(user, &h_user, &p, DECRYPT_USER, &ct, 0);
	assert_memory_equal(y, again, 16 * sizeof *y);
	assert_true(hash32_eq_var(h, h_again) && !hash32_eq_var(h, h_user));
	for (unsigned i = 0; i < 16; i++) {
		assert_true(fabs(noise_of(y[i], v[i]) - noise_of(user[i], v[i])) > 1e-6);
		for (unsigned j = 0; j < i; j++) assert_true(noise_of(y[i], v[i]) != noise_of(y[j], v[j]));     /* one a block */
	}
	parties_free(&p);
}

/* ---- noise and padding ------------------------------------------------------------------------------------------ */

/* Both roads to the verdict on `ct`, which is of type uint8: all parties' and the user's.  NULL: accepted. */
static const char *verdict_on(const parties *p, const squashed *ct)
{
	static char first[256];
	const fhe_type *byte = fhe_type_by_number_var(FHE_UINT8);
	AUTO(arena) a = arena_with_limit(p->n * partial_decrypt_memory(p->d, ct->blocks, 1));
	u128 y[MOST_WORDS];
	plaintext out = { .bytes = { 99 } };
	buf vector[MOST_PARTIES] = { 0 };
	user_share slot[MOST_PARTIES];
	user_answer answer[MOST_PARTIES];

	const size_t words = parties_open(y, NULL, p, DECRYPT_PUBLIC, ct, 0);
	const err all = finish_value(&out, byte, p->n, p->t, p->d, y, words / p->d);
	snprintf(first, sizeof first, "%s", err_text());
	if (all != OK) assert_int_equal(out.bytes[0], 99);
	err_clear();

	for (unsigned j = 0; j < p->n; j++) {
		masked m;
		assert_ok(partial_decrypt(&m, &a, &p->key[j + 1], p->masks[j + 1], DECRYPT_USER, ct, 1));
		share_vector_write(&vector[j], &m, p->d);
		slot[j] = (user_share){ byte->number, 2, buf_slice(&vector[j]) };
		answer[j] = (user_answer){ .from = (party)(j + 1), .degree = p->t, .slots = 1, .slot = &slot[j] };
	}
	const user_request request = { .n = p->n, .t = p->t, .slots = 1, .type = &byte };
	const err one = reconstruct(&out, NULL, &request, answer, p->n);
	assert_int_equal(one, all);
	if (one != OK) {
		assert_non_null(strstr(err_text(), first));
		assert_true(out.type == NULL && out.bytes[0] == 0);
	}
	err_clear();
	for (unsigned j = 0; j < p->n; j++) buf_free(&vector[j]);
	return all == OK ? NULL : first;
}

static void noise_beyond_the_bound_is_refused_by_all_and_by_the_user(void **state)
{
	(void)state;
	static const struct { unsigned n, t; i128 noise; } known[] = { { 4, 1, (i128)1 << 115 }, { 13, 4, (i128)7 << 119 } };
	const uint8_t v[2] = { 5, 9 };

	for (unsigned k = 0; k < COUNT(known); k++) {
		parties p;
		parties_new(&p, known[k].n, known[k].t, &keys);
		for (int sign = -1; sign <= 1; sign++) {
			AUTO(arena) a = arena_with_limit((size_t)1 << 20);
			squashed expanded, list;
			encrypt_expanded(&expanded, &a, &keys, v, (i128[2]){ 0, sign * known[k].noise }, 2);
			encrypt_list(&list, &a, &keys, v, (i128[2]){ sign * known[k].noise, 0 }, 2);
			const squashed *both[] = { &expanded, &list };
			for (unsigned i = 0; i < 2; i++) {
				const char *said = verdict_on(&p, both[i]);
				if (sign == 0) assert_null(said);
				else           assert_non_null(strstr(said, "noise"));
			}
		}
		parties_free(&p);
	}
}

static void a_padding_bit_is_reported_and_no_value_given(void **state)
{
	(void)state;
	parties p;
	parties_new(&p, 4, 1, &keys);
	for (uint8_t v = 0; v < 32; v++) {
		AUTO(arena) a = arena_with_limit((size_t)1 << 20);
		squashed ct;
		encrypt_list(&ct, &a, &keys, (uint8_t[2]){ 3, v }, (i128[2]){ 0 }, 2);
		const char *said = verdict_on(&p, &ct);
		if (v < 16) assert_null(said);
		else        assert_non_null(strstr(said, "padding"));
	}
	parties_free(&p);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(every_type_comes_back_from_every_format_for_all_and_for_one),
		TEST(a_promise_that_the_file_breaks_is_refused),
		TEST(a_batch_gives_what_each_alone_gives),
		TEST(production_ciphertexts_come_back),
		TEST(all_parties_squash_to_the_same_bits),
		TEST(opened_noise_has_the_width_of_the_masks),
		TEST(ciphertexts_that_differ_have_masks_that_differ),
		TEST(a_ciphertext_decrypted_again_shows_nothing_new_and_users_see_another_mask),
		TEST(noise_beyond_the_bound_is_refused_by_all_and_by_the_user),
		TEST(a_padding_bit_is_reported_and_no_value_given),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), make_values, drop_values);
}
