/* SPDX-License-Identifier: MIT */
/* Key shares: what the dealer makes of a key, and how it is stored. */
#include "tests/test.h"
#include "lattice/keygen.h"
#include "share/shamir.h"
#include "tkms/dealer.h"

static secret_keys keys;

static int make_keys(void **state)
{
	(void)state;
	assert_ok(secret_keys_generate(&keys, &PARAMS_TEST, test_rng()));
	return 0;
}

static int drop_keys(void **state)
{
	(void)state;
	secret_keys_free(&keys);
	return 0;
}

static share_holder holder_of(unsigned n, unsigned t)
{
	return (share_holder){ .key_id = { { 4, 5, 6 } }, .epoch_id = { { 8, 9 } }, .n = n, .t = t, .d = ring_degree(n) };
}

static void drop_shares(key_share *s, unsigned n)
{
	for (party i = 1; i <= n; i++) key_share_free(&s[i]);
}

static gr element(const key_share *s, secret_id id, size_t i)
{
	gr a = GR_ZERO;
	memcpy(a.c, s->word[id] + i * s->holder.d, s->holder.d * sizeof(u128));
	return a;
}

/* ---- the dealer ------------------------------------------------------------------------------------------------- */

/* Any t + 1 shares give the bit, all lie on one polynomial of degree t, and t do not give it. */
static void every_bit_is_shared_with_degree_t(void **state)
{
	(void)state;
	static const struct { unsigned n, t; } SIZES[] = { { 4, 1 }, { 7, 2 }, { 13, 4 }, { 16, 4 } };
	for (unsigned s = 0; s < COUNT(SIZES); s++) {
		const unsigned n = SIZES[s].n, t = SIZES[s].t;
		const share_holder holder = holder_of(n, t);
		const ring *R = ring_of(128, holder.d);
		key_share dealt[17];
		assert_ok(dealer_share_out(dealt, &keys, &holder, ALL_SECRETS, test_rng()));
		for (party i = 1; i <= n; i++) assert_int_equal(dealt[i].holder.me, i);
		for (secret_id id = 0; id < SECRETS; id++)
			for (size_t b = 0; b < secret_length(&PARAMS_TEST, id); b += 1 + test_below(40)) {
				gr y[MAX_PARTIES + 1];
				party_set low = 0, high = 0;
				for (party i = 1; i <= n; i++) y[i] = element(&dealt[i], id, b);
				for (party i = 1; i <= t + 1; i++) add_to(&low, i), add_to(&high, (party)(n + 1 - i));
				const gr bit = gr_scalar(R, keys.bit[id][b]);
				assert_true(gr_eq_var(interpolate_unchecked(R, y, low), bit));
				assert_true(gr_eq_var(interpolate_unchecked(R, y, high), bit));
				assert_true(gr_eq_var(interpolate_unchecked(R, y, parties_all(n)), bit));
				take_from(&low, 1);
				assert_false(gr_eq_var(interpolate_unchecked(R, y, low), bit));
			}
		drop_shares(dealt, n);
	}
}

/* A dealer who drew coefficients from the integers would show the bit: coefficients 1 to d - 1 of a share must be noise. */
static void single_shares_are_uniform_in_every_coefficient(void **state)
{
	(void)state;
	const share_holder holder = holder_of(4, 1);
	key_share dealt[5];
	unsigned ones[4][128] = { 0 }, total = 0;

	assert_ok(dealer_share_out(dealt, &keys, &holder, ALL_SECRETS, test_rng()));
	for (party i = 1; i <= 4; i++)
		for (secret_id id = 0; id < SECRETS; id++)
			for (size_t b = 0; b < secret_length(&PARAMS_TEST, id); b++, total++) {
				const gr y = element(&dealt[i], id, b);
				for (unsigned c = 0; c < 4; c++)
					for (unsigned bit = 0; bit < 128; bit++) ones[c][bit] += y.c[c] >> bit & 1;
			}
	for (unsigned c = 0; c < 4; c++)
		for (unsigned bit = 0; bit < 128; bit++)         /* six deviations of a fair coin, squared */
			assert_true(4.0 * (ones[c][bit] - total / 2.0) * (ones[c][bit] - total / 2.0) / total < 36);
	drop_shares(dealt, 4);
}

static void only_the_secrets_asked_for_are_dealt(void **state)
{
	(void)state;
	const share_holder holder = holder_of(4, 1);
	key_share dealt[5];
	secret_keys poor = keys;

	assert_ok(dealer_share_out(dealt, &keys, &holder, ONLINE_SECRETS, test_rng()));
	for (secret_id id = 0; id < SECRETS; id++)
		assert_true((dealt[2].word[id] != NULL) == (id == SECRET_SNS || id == SECRET_SNSCOMP));
	drop_shares(dealt, 4);

	poor.bit[SECRET_SNSCOMP] = NULL;
	assert_err(ERR_STATE, dealer_share_out(dealt, &poor, &holder, ONLINE_SECRETS, test_rng()));
	for (party i = 1; i <= 4; i++) assert_null(dealt[i].memory);
	assert_ok(dealer_share_out(dealt, &poor, &holder, SECRET_BIT(SECRET_SNS), test_rng()));

	online_key online;
	assert_err(ERR_STATE, online_key_new(&online, &dealt[1]));
	drop_shares(dealt, 4);
}

/* ---- stored ----------------------------------------------------------------------------------------------------- */

static void a_stored_share_comes_back(void **state)
{
	(void)state;
	static const unsigned sets[] = { ALL_SECRETS, ONLINE_SECRETS, SECRET_BIT(SECRET_PKE) };
	for (unsigned k = 0; k < COUNT(sets); k++) {
		const share_holder holder = holder_of(16, 4);
		key_share dealt[17], back;
		AUTO(buf) file = { 0 };
		assert_ok(dealer_share_out(dealt, &keys, &holder, sets[k], test_rng()));
		key_share_write(&file, &dealt[11]);
		assert_ok(key_share_read(&back, buf_slice(&file)));
		assert_memory_equal(&back.holder.key_id, &holder.key_id, 32);
		assert_memory_equal(&back.holder.epoch_id, &holder.epoch_id, 32);
		assert_true(back.holder.n == 16 && back.holder.t == 4 && back.holder.d == 5 && back.holder.me == 11);
		assert_ptr_equal(back.params, &PARAMS_TEST);
		for (secret_id id = 0; id < SECRETS; id++) {
			assert_true((back.word[id] != NULL) == (sets[k] >> id & 1));
			if (back.word[id])
				assert_memory_equal(back.word[id], dealt[11].word[id], secret_length(&PARAMS_TEST, id) * 5 * sizeof(u128));
		}
		key_share_free(&back);
		drop_shares(dealt, 16);
	}
}

/* Byte 0 and those of the header's numbers; the shares themselves can be anything. */
static void what_cannot_be_is_refused(void **state)
{
	(void)state;
	enum { NUMBER = 65, N = 69, T, D, ME, WHICH, HEADER };
	static const struct { unsigned at; uint8_t value; const char *word; } wrong[] = {
		{ 0, 0, "version" }, { 0, 2, "version" }, { NUMBER, 77, "FheParameter" }, { NUMBER + 3, 0x80, "FheParameter" },
		{ N, 3, "cannot be" }, { N, 0, "cannot be" }, { N, 200, "cannot be" }, { T, 0, "cannot be" }, { T, 2, "cannot be" },
		{ D, 3, "cannot be" }, { D, 5, "cannot be" }, { ME, 0, "cannot be" }, { ME, 5, "cannot be" }, { WHICH, 0x80, "secrets" },
		{ WHICH, 1, "promises" }, { NUMBER, 0, "promises" },
	};
	const share_holder holder = holder_of(4, 1);
	key_share dealt[5], back = { .memory = NULL };
	AUTO(buf) file = { 0 };

	assert_ok(dealer_share_out(dealt, &keys, &holder, ALL_SECRETS, test_rng()));
	key_share_write(&file, &dealt[3]);
	assert_int_equal(file.n, HEADER + 1538 * 64);
	for (unsigned k = 0; k < COUNT(wrong); k++) {
		const uint8_t kept = file.p[wrong[k].at];
		file.p[wrong[k].at] = wrong[k].value;
		assert_int_equal(key_share_read(&back, buf_slice(&file)), ERR_REQUEST);
		assert_non_null(strstr(err_text(), wrong[k].word));
		err_clear();
		file.p[wrong[k].at] = kept;
	}
	for (size_t n = 0; n < HEADER; n++) assert_err(ERR_REQUEST, key_share_read(&back, slice_of(file.p, n)));
	assert_err(ERR_REQUEST, key_share_read(&back, slice_of(file.p, file.n - 1)));
	buf_put_u8(&file, 0);
	assert_err(ERR_REQUEST, key_share_read(&back, buf_slice(&file)));
	assert_null(back.memory);
	static const uint8_t huge[MAX_KEY_SHARE_FILE + 1];
	assert_err(ERR_REQUEST, key_share_read(&back, slice_of(huge, sizeof huge)));
	drop_shares(dealt, 4);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(every_bit_is_shared_with_degree_t),
		TEST(single_shares_are_uniform_in_every_coefficient),
		TEST(only_the_secrets_asked_for_are_dealt),
		TEST(a_stored_share_comes_back),
		TEST(what_cannot_be_is_refused),
	};
	return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), make_keys, drop_keys);
}
