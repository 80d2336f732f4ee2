/* SPDX-License-Identifier: MIT */
/* What a key may be made from: keys of the same parameters whose lives and origins allow it. */
#include "node/admit.h"
#include "tests/vault/folder.h"

enum { N = 4, T = 1, ME = 2 };

static const id32 EPOCH = {{ 8, [31] = 1 }};

typedef struct world { vault *v; keys *k; } world;

static void add_key(world *w, uint8_t key, key_state state, uint8_t marks)
{
	static const uint8_t digest[32] = { 9 };
	const id32 id = {{ 4, [31] = key }};
	const share_holder holder = { id, EPOCH, N, T, ring_degree(N), ME };
	const key_record record = {
		.state = state, .marks = marks, .fhe_parameter = PARAMS_TEST.fhe_parameter,
		.metadata = { .key_id = id, .digests = 1, .digest = { { PUB_COMPRESSED_XOF_KEY_SET, slice_of(digest, sizeof digest) } },
		              .external_signature = slice_str("signature") },
	};
	key_share mine;

	assert_ok(key_share_new(&mine, &holder, &PARAMS_TEST, ONLINE_SECRETS));
	assert_ok(keys_add_part(w->k, &mine, &record));
	key_share_free(&mine);
}

/* In which key 0 is one that nobody had whole, 1 another, 2 a dealer's, 3 may only be read with, 4 not even that. */
static void open_world(world *w, void **state)
{
	static const struct { key_state state; uint8_t marks; } KEYS[] = {
		{ KEY_ACTIVE, 0 }, { KEY_ACTIVE, KEY_RESHARED }, { KEY_ACTIVE, KEY_INSECURE }, { KEY_DEACTIVATED, 0 }, { KEY_COMPROMISED, 0 },
	};
	assert_ok(vault_open(&w->v, below(state, "PUB"), below(state, "PRIV")));
	assert_ok(keys_open_parts(&w->k, w->v));
	assert_ok(keys_begin_epoch(w->k, &EPOCH));
	for (uint8_t i = 0; i < COUNT(KEYS); i++) add_key(w, i, KEYS[i].state, KEYS[i].marks);
}

static void close_world(world *w)
{
	keys_free(&w->k);
	vault_free(&w->v);
}

static request asks(uint32_t type, uint32_t secrets)
{
	return (request){ .kind = REQUEST_KEYGEN, .context_id = ID_DEFAULT_CONTEXT, .epoch_id = EPOCH,
	                  .keygen = { .params = &PARAMS_TEST, .keyset = { .type = type, .secrets = secrets } } };
}

static err between(world *w, uint8_t from, uint8_t to)
{
	request r = asks(KEYSET_DECOMPRESSION, SECRETS_NEW);

	r.keygen.from = (id32){{ 4, [31] = from }};
	r.keygen.to = (id32){{ 4, [31] = to }};
	return admit(w->k, NULL, &r);
}

static void refused(err e, err want, const char *field, const char *why)
{
	assert_int_equal(e, want);
	if (!strstr(err_text(), field) || !strstr(err_text(), why)) print_error("%s\n", err_text());
	assert_non_null(strstr(err_text(), field));
	assert_non_null(strstr(err_text(), why));
	err_clear();
}

static const char FROM[] = "from_keyset_id_decompression_only: ", TO[] = "to_keyset_id_decompression_only: ";

static void a_decompression_key_leads_between_keys_that_are_there_and_may_be_used(void **state)
{
	world w;

	open_world(&w, state);
	assert_ok(between(&w, 0, 1));
	assert_ok(between(&w, 1, 0));
	assert_ok(between(&w, 3, 0));
	refused(between(&w, 9, 0), ERR_NOT_FOUND, FROM, "there is no key");
	refused(between(&w, 0, 9), ERR_NOT_FOUND, TO, "there is no key");
	refused(between(&w, 4, 0), ERR_STATE, FROM, "may not be used to decrypt");
	refused(between(&w, 0, 3), ERR_STATE, TO, "may not be used to encrypt");
	request r = asks(KEYSET_DECOMPRESSION, SECRETS_NEW);
	r.keygen.from = r.keygen.to = (id32){{ 4 }};
	r.keygen.params = &PARAMS_DEFAULT;
	refused(admit(w.k, NULL, &r), ERR_REQUEST, FROM, "not for");
	close_world(&w);
}

/* It would hand over to the dealer of the second what nobody could read alone; the other way round nothing is lost. */
static void a_decompression_key_never_leads_from_a_key_that_nobody_has_to_a_dealers(void **state)
{
	world w;

	open_world(&w, state);
	refused(between(&w, 0, 2), ERR_STATE, TO, "one party dealt that key");
	refused(between(&w, 1, 2), ERR_STATE, TO, "one party dealt that key");
	assert_ok(between(&w, 2, 0));
	assert_ok(between(&w, 2, 2));
	close_world(&w);
}

static void secrets_are_taken_from_keys_that_may_be_read_with(void **state)
{
	world w;
	request r = asks(KEYSET_STANDARD, SECRETS_EXISTING);

	open_world(&w, state);
	r.keygen.existing = (id32){{ 4, [31] = 3 }};
	assert_ok(admit(w.k, NULL, &r));
	r.keygen.existing.b[31] = 4;
	refused(admit(w.k, NULL, &r), ERR_STATE, "existing_keyset_id: ", "may not be used to decrypt");
	close_world(&w);
}

TESTS(TEST_IN_FOLDER(a_decompression_key_leads_between_keys_that_are_there_and_may_be_used),
      TEST_IN_FOLDER(a_decompression_key_never_leads_from_a_key_that_nobody_has_to_a_dealers),
      TEST_IN_FOLDER(secrets_are_taken_from_keys_that_may_be_read_with))
