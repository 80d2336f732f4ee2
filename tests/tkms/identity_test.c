/* SPDX-License-Identifier: MIT */
/* The identity of a ciphertext is frozen, and every field of it counts. */
#include "tests/kat/kat.h"
#include "tkms/identity.h"

static const u128 STEP = (u128)0x9e3779b97f4a7c15 << 64 | 0xf39cc0605cedc835;

typedef struct sample {
	share_holder      holder;
	decrypt_operation operation;
	squashed          ct;
	u128             *word;
	size_t            words;
} sample;

static unsigned number(const kat *k, const char *name, size_t bytes)
{
	uint8_t b[2] = { 0 };
	kat_bytes(k, name, b + 2 - bytes, bytes);
	return (unsigned)b[0] << 8 | b[1];
}

static bool has_words(const kat *k)
{
	AUTO(buf) record = { 0 };
	buf_put(&record, k->text.p + k->record, k->end - k->record);
	return strstr(buf_str(&record), "\nwords = ");
}

static sample sample_of(const kat *k)
{
	const unsigned polynomials = number(k, "k", 1), N = number(k, "N", 2), m = number(k, "m", 2), mask = polynomials * N;
	const bool list = number(k, "secret", 1) == 2;
	sample s = { .holder = { .d = number(k, "d", 1) }, .operation = (decrypt_operation)number(k, "operation", 1),
	             .words = list ? mask + m : m * (mask + 1) };

	kat_bytes(k, "key_id", s.holder.key_id.b, 32);
	kat_bytes(k, "epoch_id", s.holder.epoch_id.b, 32);
	s.word = test_malloc(s.words * sizeof *s.word);
	uint8_t *bytes = test_malloc(16 * s.words);
	if (has_words(k)) kat_bytes(k, "words", bytes, 16 * s.words);
	for (size_t i = 0; i < s.words; i++) s.word[i] = has_words(k) ? load128(bytes + 16 * i) : i * STEP + 1;
	test_free(bytes);
	s.ct = (squashed){ .under = list ? SECRET_SNSCOMP : SECRET_SNS, .blocks = m };
	if (list) s.ct.packed = (packed128){ polynomials, N, m, s.word };
	else      s.ct.lwe = (lwe128_run){ m, mask, s.word };
	return s;
}

static hash32 identity_of(const sample *s)
{
	AUTO(sha256_stream) stream = sha256_begin();
	return mask_identity(&stream, &s->holder, s->operation, &s->ct);
}

static void identities_are_those_of_the_description(void **state)
{
	(void)state;
	kat k = kat_open("mask_identity.kat");
	unsigned records = 0;
	AUTO(sha256_stream) stream = sha256_begin();         /* one for all: it begins anew by itself */

	for (; kat_next(&k); records++) {
		sample s = sample_of(&k);
		uint8_t h[32];
		kat_bytes(&k, "h", h, sizeof h);
		const hash32 got = mask_identity(&stream, &s.holder, s.operation, &s.ct);
		assert_memory_equal(got.b, h, sizeof h);
		test_free(s.word);
	}
	assert_int_equal(records, 11);
	kat_close(&k);
}

static void assert_changes(const sample *s, hash32 before)
{
	assert_false(hash32_eq_var(identity_of(s), before));
}

static void every_field_changes_the_identity(void **state)
{
	(void)state;
	kat k = kat_open("mask_identity.kat");

	while (kat_next(&k)) {
		sample s = sample_of(&k);
		const hash32 h = identity_of(&s);
		sample x;
		if (s.words > 100) {
			test_free(s.word);
			continue;
		}
		for (unsigned bit = 0; bit < 256; bit++) {
			x = s, x.holder.key_id.b[bit / 8] ^= (uint8_t)(1 << bit % 8), assert_changes(&x, h);
			x = s, x.holder.epoch_id.b[bit / 8] ^= (uint8_t)(1 << bit % 8), assert_changes(&x, h);
		}
		x = s, x.holder.d++, assert_changes(&x, h);
		x = s, x.operation = (decrypt_operation)(3 - (int)s.operation), assert_changes(&x, h);
		for (size_t i = 0; i < s.words; i++)
			for (unsigned bit = 0; bit < 128; bit += 7) {
				s.word[i] ^= (u128)1 << bit;
				assert_changes(&s, h);
				s.word[i] ^= (u128)1 << bit;
			}

		/* The same words taken for something else: under the other secret, or as another number of blocks. */
		x = s;
		if (s.ct.under == SECRET_SNSCOMP) {
			const unsigned mask = s.ct.packed.k * s.ct.packed.N;
			x.ct = (squashed){ .under = SECRET_SNS, .blocks = 1, .lwe = { 1, (unsigned)s.words - 1, s.word } };
			assert_changes(&x, h);
			x.ct = (squashed){ .under = SECRET_SNSCOMP, .blocks = s.ct.blocks + 1, .packed = { 1, mask - 1, s.ct.blocks + 1, s.word } };
			assert_changes(&x, h);
		} else {
			x.ct = (squashed){ .under = SECRET_SNSCOMP, .blocks = 1, .packed = { 1, (unsigned)s.words - 1, 1, s.word } };
			assert_changes(&x, h);
		}
		assert_true(hash32_eq_var(identity_of(&s), h));
		test_free(s.word);
	}
	kat_close(&k);
}

/* Those of one length; whichever of them comes first, and whatever else they are. */
static void two_at_a_time_are_what_each_is(void **state)
{
	(void)state;
	kat k = kat_open("mask_identity.kat");
	sample s[11];
	unsigned n = 0, pairs = 0;

	while (kat_next(&k)) s[n++] = sample_of(&k);
	for (unsigned a = 0; a < n; a++)
		for (unsigned b = 0; b < n; b++) {
			const squashed ct[2] = { s[a].ct, s[b].ct };
			hash32 h[2];
			if (!mask_identities_pair(ct)) {
				assert_true(s[a].words != s[b].words || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__);
				continue;
			}
			mask_identity_pair(h, &s[a].holder, s[a].operation, ct);
			sample other = s[b];
			other.holder = s[a].holder;
			other.operation = s[a].operation;
			assert_true(hash32_eq_var(h[0], identity_of(&s[a])));
			assert_true(hash32_eq_var(h[1], identity_of(&other)));
			pairs += a != b;
		}
	assert_true(pairs > 0 || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__);
	for (unsigned i = 0; i < n; i++) test_free(s[i].word);
	kat_close(&k);
}

/* Who computes it, and how many others there are, does not enter: all parties get the same. */
static void the_party_does_not_enter(void **state)
{
	(void)state;
	kat k = kat_open("mask_identity.kat");
	assert_true(kat_next(&k));
	sample s = sample_of(&k);
	const hash32 h = identity_of(&s);
	s.holder.me = 3, s.holder.n = 7, s.holder.t = 2;
	assert_true(hash32_eq_var(identity_of(&s), h));
	test_free(s.word);
	kat_close(&k);
}

TESTS(TEST(identities_are_those_of_the_description), TEST(every_field_changes_the_identity),
      TEST(two_at_a_time_are_what_each_is), TEST(the_party_does_not_enter))
