/* SPDX-License-Identifier: MIT */
/* tests/lattice/spectrum_test.c -- the order and the size of the numbers, against the definition; the way back; one file everywhere. */
#include "tests/test.h"
#include <math.h>
#include "base/hex.h"
#include "lattice/keygen.h"
#include "lattice/spectrum.h"
#include "sym/sha2.h"

enum { N_MOST = SPECTRUM_MAX, N_TINY = 16 };

static u128 random128(void)
{
	return (u128)rng_u64(test_rng()) << 64 | rng_u64(test_rng());
}

static double number(const uint8_t *p)
{
	const uint64_t bits = load64(p);
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* The four arrays of one polynomial, one behind the other. */
typedef struct spectrum128 { uint8_t b[4 * 4 * N_MOST]; uint8_t *part[SPECTRUM_ARRAYS]; } spectrum128;

static void place(spectrum128 *s, unsigned N)
{
	for (int i = 0; i < SPECTRUM_ARRAYS; i++) s->part[i] = s->b + (size_t)i * spectrum128_bytes(N);
}

/* The value at e^(i pi turn / N) of the polynomial whose words are the top 64 bits of p[]. */
static void value_at(long double out[2], const u128 *p, unsigned N, int turn)
{
	out[0] = out[1] = 0;
	for (unsigned j = 0; j < N; j++) {
		const unsigned turns = (unsigned)((turn + 2 * (int)N) * (int)(j % (N / 2))) % (2 * N);
		const long double c = (long double)(int64_t)(p[j] >> 64) * 0x1p-64L, angle = M_PIl * turns / N;
		const long double re = c * cosl(angle), im = c * sinl(angle);
		out[0] += j < N / 2 ? re : -im;
		out[1] += j < N / 2 ? im : re;
	}
}

static unsigned reversed(unsigned j, unsigned n)
{
	unsigned r = 0;
	for (unsigned bit = 1; bit < n; bit *= 2) r = 2 * r + !!(j & bit);
	return r;
}

static void the_numbers_are_the_values_at_the_roots_in_the_order_of_tfhe_rs(void **state)
{
	static spectrum128 wide;
	static uint8_t narrow[8 * N_MOST];
	static u128 p[N_MOST];
	static uint64_t p64[N_MOST];
	(void)state;

	for (unsigned N = 4; N <= N_MOST; N = N < 256 ? 2 * N : 8 * N) {
		for (unsigned j = 0; j < N; j++) p[j] = random128() & ~(u128)UINT64_MAX, p64[j] = (uint64_t)(p[j] >> 64);
		place(&wide, N);
		spectrum64_write(narrow, p64, N);
		spectrum128_write(wide.part, p, N);
		for (unsigned k = 0; k < N / 2; k += 1 + k / 40) {
			long double v[2];
			value_at(v, p, N, 1 - 4 * (int)k);
			for (int i = 0; i < 2; i++)
				assert_true(fabsl(v[i] - number(narrow + 16 * k + 8 * i)) < 1e-15L * (1 + fabsl(v[i])) + 1e-17L * N);
			value_at(v, p, N, 1 + 4 * (int)reversed(k, N / 2));
			for (int i = 0; i < 2; i++) {
				const double high = number(wide.part[2 * i] + 8 * k), low = number(wide.part[2 * i + 1] + 8 * k);
				assert_true(fabsl(v[i] - ((long double)high + low)) < 1e-18L * N);
				assert_true(high + low == high);
			}
		}
	}
}

/* (p_0, p_4) = (1/4, -1/8), all else zero, N = 8: every value is 1/4 - i/8. */
static void a_constant_has_the_same_value_everywhere(void **state)
{
	uint64_t p[8] = { [0] = (uint64_t)1 << 62, [4] = 0 - ((uint64_t)1 << 61) };
	uint8_t out[64];
	(void)state;

	spectrum64_write(out, p, 8);
	for (int k = 0; k < 4; k++) {
		assert_true(number(out + 16 * k) == 0.25);
		assert_true(number(out + 16 * k + 8) == -0.125);
	}
}

/* The values of X are roots: their power N/2 is i, to far more digits than a double has. */
static void the_roots_have_the_digits_of_two_doubles(void **state)
{
	static spectrum128 s;
	static u128 p[N_MOST] = { [1] = (u128)1 << 126 };
	(void)state;

	place(&s, N_MOST);
	spectrum128_write(s.part, p, N_MOST);
	for (unsigned k = 0; k < N_MOST / 2; k++) {
		__float128 re = 4 * ((__float128)number(s.part[0] + 8 * k) + number(s.part[1] + 8 * k)),
		           im = 4 * ((__float128)number(s.part[2] + 8 * k) + number(s.part[3] + 8 * k));
		for (unsigned power = 1; power < N_MOST / 2; power *= 2) {
			const __float128 square = re * re - im * im;
			im = 2 * re * im;
			re = square;
		}
		assert_true(re < 1e-27 && re > -1e-27 && im - 1 < 1e-27 && im - 1 > -1e-27);
	}
}

static uint64_t distance64(uint64_t a, uint64_t b)
{
	return a - b < b - a ? a - b : b - a;
}

static u128 distance128(u128 a, u128 b)
{
	return a - b < b - a ? a - b : b - a;
}

static void words_come_back_but_for_far_less_than_the_noise(void **state)
{
	static spectrum128 wide;
	static uint8_t narrow[8 * N_MOST];
	static u128 p[N_MOST], q[N_MOST];
	static uint64_t p64[N_MOST], q64[N_MOST];
	const unsigned rounds = test_is_long() ? 200 : 10;
	(void)state;

	for (unsigned r = 0; r < rounds; r++) {
		const unsigned N = r % 3 == 2 ? 256 : N_MOST;
		for (unsigned j = 0; j < N; j++) p[j] = random128(), p64[j] = (uint64_t)p[j];
		if (r == 0) for (unsigned j = 0; j < N; j++) p[j] = (u128)1 << 127, p64[j] = (uint64_t)1 << 63;     /* the edge */
		place(&wide, N);
		spectrum64_write(narrow, p64, N);
		spectrum64_read(q64, narrow, N);
		spectrum128_write(wide.part, p, N);
		spectrum128_read(q, (const uint8_t *const *)wide.part, N);
		for (unsigned j = 0; j < N; j++) {
			assert_true(distance64(p64[j], q64[j]) < (r ? 1u << 13 : 1u << 17));
			assert_true(distance128(p[j], q[j]) < (u128)1 << (r ? 26 : 30));
		}
	}
}

/* Parties sign these bytes: known answers, which every compiler and processor must reproduce. */
static void the_bytes_are_the_same_everywhere(void **state)
{
	static const char *const WANT[2] = {
		"34b3f0f9934ccf4bf023728b888dfea3e53970eb1f8f28b626acfe0282540a14",
		"741751637c8bc9fe293565964961a5f58998231951df2cea60159220110c9948" };
	static spectrum128 wide;
	static uint8_t narrow[8 * N_MOST];
	static u128 p[N_MOST];
	static uint64_t p64[N_MOST];
	char got[2 * sizeof(hash32) + 1];
	u128 x = 1;
	(void)state;

	/* check: 0x2360ed051fc65da44385df649fccf645 is the multiplier of a 128-bit congruential generator */
	for (unsigned j = 0; j < N_MOST; j++) {
		x = x * ((u128)0x2360ed051fc65da4 << 64 | 0x4385df649fccf645) + 12345;
		p[j] = x, p64[j] = (uint64_t)(x >> 64);
	}
	place(&wide, N_MOST);
	spectrum64_write(narrow, p64, N_MOST);
	spectrum128_write(wide.part, p, N_MOST);
	const hash32 h[2] = { sha256(slice_of(narrow, sizeof narrow)), sha256(slice_of(wide.b, sizeof wide.b)) };
	for (int i = 0; i < 2; i++) {
		hex_write(got, hash32_slice(&h[i]));
		assert_string_equal(got, WANT[i]);
	}
}

static void the_words_that_come_back_are_the_same_everywhere(void **state)
{
	static spectrum128 wide;
	static u128 p[N_MOST];
	static uint64_t q[N_MOST];
	char got[2 * sizeof(hash32) + 1];
	(void)state;

	place(&wide, N_MOST);
	for (unsigned j = 0; j < N_MOST; j++) p[j] = ((u128)j * 0x9e3779b97f4a7c15u << 64) + j;
	spectrum128_write(wide.part, p, N_MOST);
	spectrum128_read(p, (const uint8_t *const *)wide.part, N_MOST);
	const hash32 h = sha256(slice_of((const uint8_t *)p, sizeof p));
	hex_write(got, hash32_slice(&h));
	assert_string_equal(got, "7ae49ec25cdf06606d10b9ac583cba8a7194c5c70a807cdc1a7c562b0aaf75d5");
	spectrum64_read(q, wide.b, N_MOST);
	const hash32 h64 = sha256(slice_of((const uint8_t *)q, sizeof q));
	hex_write(got, hash32_slice(&h64));
	assert_string_equal(got, "28f6e93169b2a45eff369ad80e796c95a6e97582497033ee712e8741af489b8a");
}

static void numbers_that_no_key_has_count_as_zero(void **state)
{
	static const uint64_t STRANGE[] = { 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0xffffffffffffffff,
	                                    0x7fefffffffffffff, 0x40b0000000000000 /* 4096 */ };
	uint8_t file[8 * N_TINY], *part[SPECTRUM_ARRAYS];
	uint64_t words[N_TINY];
	u128 wide[N_TINY];
	(void)state;

	for (size_t s = 0; s < COUNT(STRANGE); s++) {
		for (unsigned j = 0; j < N_TINY; j++) store64(file + 8 * j, STRANGE[s]);
		for (int i = 0; i < SPECTRUM_ARRAYS; i++) part[i] = file;
		spectrum64_read(words, file, N_TINY);
		spectrum128_read(wide, (const uint8_t *const *)part, N_TINY);
		for (unsigned j = 0; j < N_TINY; j++) {
			assert_true(words[j] == 0);
			assert_true(wide[j] == 0);
		}
	}
}

/* ---- a real key ------------------------------------------------------------------------------------------------------- */

/*
 * kat/fourier.bin is from the memory of node-tfhe 1.7.0, in which TfheServerKey.new had made the server key of this ClientKey:
 * its bootstrap key (4 polynomials, in the order in which they are stored, for its plan sorts nothing here), and the four
 * arrays of its squash key (8 polynomials).  Decrypted, both are what their rows must be.
 */
enum { REAL_N = 256, REAL_NARROW = 4 * 8 * REAL_N, REAL_ARRAY = 8 * 4 * REAL_N };

static const uint8_t REAL_SEED[] = { 1, 2 };

/* phase = b - a s */
static void phase_of(u128 *phase, const u128 *a, const u128 *b, const uint8_t *s)
{
	for (unsigned c = 0; c < REAL_N; c++) {
		phase[c] = b[c];
		for (unsigned j = 0; j < REAL_N; j++)
			if (s[j]) phase[c] += j <= c ? -a[c - j] : a[REAL_N + c - j];
	}
}

/* Row 0 of a level hides - bit S, row 1 the bit, both times 2^weight. */
static u128 worst_of(const u128 *phase, const uint8_t *s, bool last, unsigned bit, unsigned weight)
{
	u128 worst = 0;

	for (unsigned c = 0; c < REAL_N; c++) {
		const u128 m = (u128)(last ? c == 0 : s[c]) * bit << weight, error = last ? phase[c] - m : phase[c] + m;
		const u128 size = error >> 127 ? -error : error;
		if (size > worst) worst = size;
	}
	return worst;
}

static void the_numbers_of_a_real_client_are_read_as_the_keys_that_they_are(void **state)
{
	AUTO(secret_keys) secret = { 0 };
	AUTO(public_set) pub = { 0 };
	static u128 a[REAL_N], b[REAL_N], phase[REAL_N];
	static uint64_t narrow[REAL_N];
	buf file = test_read(KAT_DIR "/fourier.bin");
	(void)state;

	assert_int_equal(file.n, REAL_NARROW + 4 * REAL_ARRAY);
	assert_ok(keys_from_seed(&secret, &pub, &PARAMS_TEST, slice_of(REAL_SEED, sizeof REAL_SEED), NULL));
	const unsigned bit = secret.bit[SECRET_SMALL][0];
	assert_int_equal(bit, 1);
	for (unsigned row = 0; row < 2; row++) {
		for (int half = 0; half < 2; half++) {
			spectrum64_read(narrow, file.p + (2 * row + (unsigned)half) * spectrum64_bytes(REAL_N), REAL_N);
			for (unsigned j = 0; j < REAL_N; j++) (half ? b : a)[j] = (u128)narrow[j] << 64;
		}
		phase_of(phase, a, b, secret.bit[SECRET_BIG]);
		assert_true(worst_of(phase, secret.bit[SECRET_BIG], row, bit, 128 - 24) < (u128)1 << (64 + 16));
	}
	for (unsigned row = 0; row < 4; row++) {
		for (unsigned half = 0; half < 2; half++) {
			const uint8_t *in[SPECTRUM_ARRAYS];
			for (unsigned i = 0; i < SPECTRUM_ARRAYS; i++)
				in[i] = file.p + REAL_NARROW + i * REAL_ARRAY + (2 * row + half) * spectrum128_bytes(REAL_N);
			spectrum128_read(half ? b : a, in, REAL_N);
		}
		phase_of(phase, a, b, secret.bit[SECRET_SNS]);
		assert_true(worst_of(phase, secret.bit[SECRET_SNS], row % 2, bit, row < 2 ? 128 - 66 : 128 - 33) < (u128)1 << 30);
	}
	buf_free(&file);
}

TESTS(
	TEST(the_numbers_are_the_values_at_the_roots_in_the_order_of_tfhe_rs),
	TEST(a_constant_has_the_same_value_everywhere),
	TEST(the_roots_have_the_digits_of_two_doubles),
	TEST(words_come_back_but_for_far_less_than_the_noise),
	TEST(the_bytes_are_the_same_everywhere),
	TEST(the_words_that_come_back_are_the_same_everywhere),
	TEST(numbers_that_no_key_has_count_as_zero),
	TEST(the_numbers_of_a_real_client_are_read_as_the_keys_that_they_are),
)
