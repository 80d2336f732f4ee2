/* SPDX-License-Identifier: MIT */
/* The key of a vault as a service gives it back: made once, found again on either side, and refused when it is not it. */
#include "vault/wrapped_key.h"
#include <sys/stat.h>
#include "base/file.h"
#include "tests/vault/far_memory.h"
#include "tests/vault/vaults.h"

/* It wraps by adding one to every byte. */
typedef struct service { bool refuses, lies; unsigned made; } service;

static err new_key(void *ctx, vault_key *out, buf *wrapped)
{
	service *s = ctx;

	if (s->refuses) return err_fail(ERR_STATE, "KMS refused");
	s->made++;
	rng_fill(test_rng(), out->b, sizeof out->b);
	for (size_t i = 0; i < sizeof out->b; i++) buf_put_u8(wrapped, (uint8_t)(out->b[i] + 1));
	return OK;
}

static err open_key(void *ctx, vault_key *out, slice name, slice wrapped)
{
	const service *s = ctx;

	if (s->refuses) return err_fail(ERR_STATE, "KMS refused");
	assert_true(slice_eq_var(name, slice_str("alias/vault")) && wrapped.n == sizeof out->b);
	for (size_t i = 0; i < sizeof out->b; i++) out->b[i] = (uint8_t)(wrapped.p[i] - !s->lies);
	return OK;
}

static key_service seam(service *s) { return (key_service){ s, "alias/vault", new_key, open_key }; }

static void a_key_is_made_once_and_found_again(void **state)
{
	service s = { .refuses = true };
	const key_service k = seam(&s);
	vault_key one, two;
	struct stat st;
	bool made = false, fresh;

	assert_err(ERR_STATE, wrapped_key_open(&one, &made, below(state, "PRIV"), NULL, &k));
	assert_false(made);
	s.refuses = false;
	assert_ok(wrapped_key_open(&one, &made, below(state, "PRIV"), NULL, &k));
	assert_true(made);
	assert_ok(wrapped_key_open(&two, &made, below(state, "PRIV"), NULL, &k));
	assert_false(made);
	assert_int_equal(s.made, 1);
	assert_memory_equal(&one, &two, sizeof one);
	assert_int_equal(stat(below(state, "PRIV/WrappedKey"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* The file is the vault's own. */
	vault *v = NULL;
	uint64_t sealed;
	assert_ok(vault_open_sealed(&v, &sealed, below(state, "PUB"), below(state, "PRIV"), &one, test_rng()));
	assert_ok(vault_is_fresh(&fresh, v));
	assert_true(fresh);
	vault_free(&v);
	/* Without it, a sealed vault gets no new one. */
	assert_int_equal(unlink(below(state, "PRIV/WrappedKey")), 0);
	assert_err(ERR_STATE, wrapped_key_open(&two, &made, below(state, "PRIV"), NULL, &k));
	assert_int_equal(s.made, 1);
}

static void it_is_on_both_sides(void **state)
{
	service s = { 0 };
	const key_service k = seam(&s);
	vault_key one, two;
	bool made;
	memory *m = memory_new();
	const far_store far = memory_store(m);

	assert_ok(wrapped_key_open(&one, &made, below(state, "a"), NULL, &k));         /* here only, and then there */
	assert_ok(wrapped_key_open(&two, &made, below(state, "a"), &far, &k));
	assert_false(made);
	assert_ok(wrapped_key_open(&two, &made, below(state, "b"), &far, &k));         /* there only, and then here */
	assert_false(made);
	assert_memory_equal(&one, &two, sizeof one);
	assert_ok(wrapped_key_open(&two, &made, below(state, "b"), NULL, &k));
	assert_int_equal(s.made, 1);
	assert_ok(wrapped_key_open(&one, &made, below(state, "c"), NULL, &k));
	assert_true(made);
	assert_err(ERR_STATE, wrapped_key_open(&two, &made, below(state, "c"), &far, &k));
	memory_free(m);
}

/* Two nodes that begin at once on one store have one key; a store that fails leaves nothing half. */
static void whatever_fails_there_is_one_key(void **state)
{
	static const harm HOW[] = { HARM_BEFORE, HARM_AFTER, HARM_CUT };
	char folder[16];

	for (size_t h = 0; h < COUNT(HOW); h++)
		for (unsigned at = 1, harmed = 1; harmed; at++) {
			service s = { 0 };
			const key_service k = seam(&s);
			vault_key one, two;
			bool made;
			memory *m = memory_new();
			const far_store far = memory_store(m);
			snprintf(folder, sizeof folder, "h%zuk%u", h, at);
			memory_harm(m, at, HOW[h], false);
			const err e = wrapped_key_open(&one, &made, below(state, folder), &far, &k);
			harmed = m->operations >= at;
			assert_true(harmed || e == OK);
			err_clear();
			memory_harm(m, 0, HARM_NONE, false);
			assert_ok(wrapped_key_open(&two, &made, below(state, folder), &far, &k));
			if (e == OK) assert_memory_equal(&one, &two, sizeof one);
			memory_free(m);
		}
}

static void a_service_that_refuses_or_lies_is_told(void **state)
{
	service s = { .refuses = true };
	const key_service k = seam(&s);
	vault_key one;
	bool made;

	assert_err(ERR_STATE, wrapped_key_open(&one, &made, below(state, "PRIV"), NULL, &k));
	assert_false(file_exists(below(state, "PRIV/WrappedKey")));
	s.refuses = false;
	assert_ok(wrapped_key_open(&one, &made, below(state, "PRIV"), NULL, &k));
	s.refuses = true;
	assert_int_equal(wrapped_key_open(&one, &made, below(state, "PRIV"), NULL, &k), ERR_STATE);
	assert_non_null(strstr(err_text(), "KMS refused"));
	s = (service){ .lies = true };
	assert_err(ERR_STATE, wrapped_key_open(&one, &made, below(state, "PRIV"), NULL, &k));
}

static void another_file_is_no_wrapped_key(void **state)
{
	const vault_key k = {{ 7 }};
	AUTO(buf) file = { 0 };
	wrapped_key w;
	(void)state;

	wrapped_key_write(&file, &k, slice_str("alias/vault"), slice_str("wrapped"));
	assert_ok(wrapped_key_read(&w, buf_slice(&file)));
	assert_true(slice_eq_var(w.name, slice_str("alias/vault")) && slice_eq_var(w.wrapped, slice_str("wrapped")));
	for (size_t n = 0; n < file.n; n++) assert_err(ERR_STATE, wrapped_key_read(&w, slice_of(file.p, n)));
	for (size_t i = 0; i < 9; i++) {
		file.p[i] ^= 1;
		assert_err(ERR_STATE, wrapped_key_read(&w, buf_slice(&file)));
		file.p[i] ^= 1;
	}
	buf_put_u8(&file, 0);
	assert_err(ERR_STATE, wrapped_key_read(&w, buf_slice(&file)));
}

TESTS(TEST_IN_FOLDER(a_key_is_made_once_and_found_again), TEST_IN_FOLDER(it_is_on_both_sides), TEST_IN_FOLDER(whatever_fails_there_is_one_key),
      TEST_IN_FOLDER(a_service_that_refuses_or_lies_is_told), TEST(another_file_is_no_wrapped_key))
