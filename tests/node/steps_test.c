/* SPDX-License-Identifier: MIT */
/*
 * What a node keeps, killed at every step of the disk: contexts, epochs, attempts, keys, shares of delegation keys, nonces and the journal
 * are as they were before or after, and a start puts in order what is between.
 */
#include "tests/crash_points.h"
#include "tests/delegate/threshold.h"
#include "tests/node/journal_samples.h"
#include "delegate/nonces.h"
#include "node/epochs.h"
#include "node/group_store.h"
#include "node/key_import.h"
#include "node/keys_internal.h"
#include "node/used_sids.h"
#include "tests/delegate/clock.h"

#define NEEDLE "nobody sees it"

static const id32 EPOCH = {{ [0] = 8, [31] = 1 }}, NEXT_EPOCH = {{ [0] = 8, [31] = 2 }}, KEY = {{ [0] = 4, [31] = 77 }};

static vault *v;

static err open_vault(void **state) { return vault_open(&v, below(state, "PUB"), below(state, "PRIV")); }

static err stop(err e)
{
	vault_free(&v);
	return e;
}

static bool stored(priv_type t, const id32 *in, const id32 *id)
{
	bool there;
	assert_ok(vault_has_private(&there, v, t, in, id));
	return there;
}

static bool publishes(pub_type t)
{
	bool there;
	assert_ok(vault_has_public(&there, v, t, &KEY));
	return there;
}

/* ---- contexts, epochs, attempts ---------------------------------------------------------------------------------------- */

static contexts *known;
static epochs *all;

static const uint8_t MASK_KEYS[3][PRSS_KEY] = { NEEDLE, { 2 }, { 3 } };
static const id32 CONTEXT = {{ 7, [31] = 1 }}, OTHER_CONTEXT = {{ 7, [31] = 2 }};

static context_info context_of(const id32 *id)
{
	static const char *const NAMES[] = { "one", "two", "three", "four" };
	static char url[4][32];
	static uint8_t address[4][20];
	static node_info node[4];

	for (size_t i = 0; i < COUNT(node); i++) {
		snprintf(url[i], sizeof url[i], "https://[::1]:%zu", 6000 + i);
		memset(address[i], (int)i + 1, 20);
		node[i] = (node_info){ .mpc_identity = slice_str(NAMES[i]), .external_url = slice_str(url[i]), .party_id = (uint32_t)i + 1,
		                       .digests = 1, .digest = { { 0, slice_of(address[i], 20) } } };
	}
	return (context_info){ .id = *id, .version = { .major = 1 }, .threshold = 1, .nodes = COUNT(node), .node = node };
}

static err open_epochs(void **state)
{
	static const char CONFIG[] = "[public_vault.storage.file]\npath = \"/a\"\n[private_vault.storage.file]\npath = \"/b\"\n";
	static const own_identity TWO = { {{ 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2 }}, "two" };
	char *const nothing[] = { NULL };
	static node_config c;

	node_config_free(&c);
	TRY(open_vault(state));
	TRY(node_config_read(&c, "node.toml", slice_str(CONFIG), nothing));
	TRY(contexts_open(&known, v, &c, &TWO));
	return epochs_open(&all, v, known);
}

static err stop_epochs(err e)
{
	epochs_free(&all);
	contexts_free(&known);
	return stop(e);
}

static err opens_epochs(void **state) { return stop_epochs(open_epochs(state)); }

static err make_epoch(const id32 *id)
{
	const epoch_data d = { *id, CONTEXT, 4, 1, 4, 2, 5, 3, MASK_KEYS };
	const mpc_context *c;

	TRY(contexts_find(&c, known, &CONTEXT));
	TRY(epochs_begin(all, id, c));
	return epochs_finish(all, &d, c);
}

static void with_epoch(void **state)
{
	const context_info one = context_of(&CONTEXT);
	const mpc_context *c;

	assert_ok(open_epochs(state));
	assert_ok(contexts_add(&c, known, &one));
	assert_ok(make_epoch(&EPOCH));
	assert_ok(attempt_record(v, ATTEMPT_EPOCH, &EPOCH, 1));
	assert_ok(attempt_record(v, ATTEMPT_EPOCH, &EPOCH, 7));
	assert_ok(stop_epochs(OK));
}

static void with_two_epochs(void **state)
{
	with_epoch(state);
	assert_ok(open_epochs(state));
	const context_info other = context_of(&OTHER_CONTEXT);
	const mpc_context *c;
	assert_ok(contexts_add(&c, known, &other));
	assert_ok(make_epoch(&NEXT_EPOCH));
	assert_ok(stop_epochs(OK));
}

static err makes_context_and_epoch(void **state)
{
	const context_info other = context_of(&OTHER_CONTEXT);
	const mpc_context *c;

	TRY(open_epochs(state));
	if (contexts_find(&c, known, &OTHER_CONTEXT) != OK) {
		err_clear();
		TRY(contexts_add(&c, known, &other));
	}
	crash_told();
	const epoch *held = NULL;
	if (epochs_hold(&held, all, &NEXT_EPOCH, NULL) != OK) {
		err_clear();
		TRY(make_epoch(&NEXT_EPOCH));
	}
	epochs_release(all, &held);
	crash_told();
	return stop_epochs(OK);
}

static void are_there(void **state, unsigned least_contexts, unsigned most_contexts, unsigned least_epochs, unsigned most_epochs)
{
	uint32_t last;

	assert_ok(open_epochs(state));
	assert_in_range(contexts_count(known), least_contexts, most_contexts);
	assert_in_range(epochs_count(all), least_epochs, most_epochs);
	assert_ok(attempt_last(&last, v, ATTEMPT_EPOCH, &EPOCH));
	assert_int_equal(last, 7);
	assert_ok(stop_epochs(OK));
}

static void has_context_and_epoch(void **state, unsigned done, bool ended)
{
	are_there(state, done || ended ? 2 : 1, 2, done > 1 || ended ? 2 : 1, 2);
}

static err destroys_context_and_epoch(void **state)
{
	TRY(open_epochs(state));
	TRY(epochs_destroy(all, &NEXT_EPOCH));
	crash_told();
	if (contexts_remove(known, &OTHER_CONTEXT) != OK) err_clear();
	crash_told();
	TRY(attempts_bury(v, &EPOCH));
	crash_told();
	return stop_epochs(OK);
}

static void has_no_context_and_epoch(void **state, unsigned done, bool ended)
{
	are_there(state, 1, done > 1 || ended ? 1 : 2, 1, done || ended ? 1 : 2);
}

static void contexts_and_epochs_are_whole_or_absent(void **state)
{
	static const crash_story STORIES[] = {
		{ "a context and an epoch", with_epoch, makes_context_and_epoch, opens_epochs, has_context_and_epoch },
		{ "a context and an epoch that go", with_two_epochs, destroys_context_and_epoch, opens_epochs, has_no_context_and_epoch },
	};

	crash_keeps_secret(slice_str(NEEDLE));
	crash_everywhere(state, STORIES, COUNT(STORIES));
}

/* ---- keys ------------------------------------------------------------------------------------------------------------- */

/* Of files that mean nothing: marks are put in order, and records of what is only published are loaded. */
static keys *table_of_keys;

static err open_keys(void **state)
{
	TRY(open_vault(state));
	TRY(keys_table_new(&table_of_keys, v));
	TRY(keys_each_object(table_of_keys, PRIV_UNFINISHED_KEY, key_clear_mark));
	TRY(keys_each_object(table_of_keys, PRIV_DECOMPRESSION_KEY_INFO, decompression_load));
	return additions_load(table_of_keys);
}

static err stop_keys(err e)
{
	keys_free(&table_of_keys);
	return stop(e);
}

static err opens_keys(void **state) { return stop_keys(open_keys(state)); }

static void with_vault(void **state) { assert_ok(stop(open_vault(state))); }

static err draft_from(draft **out, pub_type t)
{
	TRY(vault_draft_public(out, v, t, &KEY, 5000));
	memset(draft_bytes(*out), 'x', 5000);
	return OK;
}

static err makes_key(void **state)
{
	TRY(open_keys(state));
	if (!stored(PRIV_FHE_KEY_INFO, &EPOCH, &KEY)) {
		new_files f = { slice_str(NEEDLE), slice_str("a public key"), slice_str("a record"), .keyset_type = PUB_COMPRESSED_XOF_KEY_SET };
		TRY(draft_from(&f.keyset, PUB_COMPRESSED_XOF_KEY_SET));
		const err e = keys_store(table_of_keys, &EPOCH, &KEY, &f);
		draft_free(&f.keyset);
		TRY(e);
	}
	crash_told();
	return stop_keys(OK);
}

static void key_is(void **state, bool must)
{
	assert_ok(open_vault(state));
	const bool there = stored(PRIV_FHE_KEY_INFO, &EPOCH, &KEY);
	assert_true(there || !must);
	assert_int_equal(stored(PRIV_FHE_PRIVATE_KEY, &EPOCH, &KEY), there);
	assert_int_equal(publishes(PUB_PUBLIC_KEY), there);
	assert_int_equal(publishes(PUB_COMPRESSED_XOF_KEY_SET), there);
	assert_false(stored(PRIV_UNFINISHED_KEY, &EPOCH, &KEY));
	assert_ok(stop(OK));
}
static void has_key(void **state, unsigned done, bool ended) { key_is(state, done || ended); }

static key_record record_of(const uint8_t digest[static KEY_DIGEST_BYTES], bool added)
{
	const stored_digest d = { added ? PUB_COMPRESSED_XOF_KEY_SET : PUB_DECOMPRESSION_KEY, slice_of(digest, KEY_DIGEST_BYTES) };
	const stored_digest first = { PUB_PUBLIC_KEY, d.digest };
	return (key_record){ .state = KEY_ACTIVE, .fhe_parameter = PARAMS_TEST.fhe_parameter, .created_ms = 1, .metadata = {
		.key_id = KEY, .digests = added ? 2 : 1, .digest = { added ? first : d, d }, .external_signature = slice_str("signature") } };
}

static err makes_decompression_key(void **state)
{
	uint8_t digest[KEY_DIGEST_BYTES];
	draft *d = NULL;

	TRY(open_keys(state));
	if (!keys_has_decompression(table_of_keys, &KEY)) {
		TRY(draft_from(&d, PUB_DECOMPRESSION_KEY));
		tkms_key_digest_draft(digest, d);
		const key_record r = record_of(digest, false);
		const err e = keys_create_decompression(table_of_keys, &EPOCH, d, &r);
		draft_free(&d);
		TRY(e);
	}
	crash_told();
	return stop_keys(OK);
}
static void has_decompression_key(void **state, unsigned done, bool ended)
{
	assert_ok(open_keys(state));
	const bool there = keys_has_decompression(table_of_keys, &KEY);
	assert_true(there || !(done || ended));
	assert_int_equal(publishes(PUB_DECOMPRESSION_KEY), there);
	assert_false(stored(PRIV_UNFINISHED_KEY, &EPOCH, &KEY));
	assert_ok(stop_keys(OK));
}

static void with_public_key(void **state)
{
	uint8_t digest[KEY_DIGEST_BYTES];
	draft *d = NULL;
	bool existed;

	assert_ok(open_vault(state));
	assert_ok(draft_from(&d, PUB_PUBLIC_KEY));
	tkms_key_digest_draft(digest, d);
	assert_ok(vault_keep_public(v, PUB_PUBLIC_KEY, &KEY, d, &existed));
	draft_free(&d);
	assert_ok(stop(OK));
}

static err adds_key_set(void **state)
{
	uint8_t digest[KEY_DIGEST_BYTES];
	const key_record *had;
	draft *d = NULL;

	TRY(open_keys(state));
	if (!keys_added(&had, table_of_keys, &KEY)) {
		TRY(draft_from(&d, PUB_COMPRESSED_XOF_KEY_SET));
		tkms_key_digest_draft(digest, d);
		const key_record r = record_of(digest, true);
		const err e = keys_add_key_set(table_of_keys, d, &r);
		draft_free(&d);
		TRY(e);
	}
	crash_told();
	return stop_keys(OK);
}
static void has_key_set(void **state, unsigned done, bool ended)
{
	const key_record *r;

	assert_ok(open_keys(state));
	const bool there = keys_added(&r, table_of_keys, &KEY);
	assert_true(there || !(done || ended));
	assert_int_equal(publishes(PUB_COMPRESSED_XOF_KEY_SET), there);
	assert_false(stored(PRIV_UNFINISHED_ADDITION, NULL, &KEY));
	assert_ok(stop_keys(OK));
}

static void keys_are_whole_or_absent(void **state)
{
	static const crash_story STORIES[] = {
		{ "a key", with_vault, makes_key, opens_keys, has_key },
		{ "a decompression key", with_vault, makes_decompression_key, opens_keys, has_decompression_key },
		{ "a key set of a key", with_public_key, adds_key_set, opens_keys, has_key_set },
	};

	crash_keeps_secret(slice_str(NEEDLE));
	crash_everywhere(state, STORIES, COUNT(STORIES));
}

/* Parts of an epoch that come, and go: with the epoch or not at all. */
static err clear_epochs(void **state)
{
	keys *k = NULL;

	TRY(open_vault(state));
	const err e = keys_open_parts(&k, v);
	keys_free(&k);
	return e;
}
static err opens_parts(void **state) { return stop(clear_epochs(state)); }

static err put_secret(priv_type t, const id32 *in, const id32 *id)
{
	bool existed;
	return vault_put_private(v, t, in, id, slice_str(NEEDLE), &existed);
}

static void with_part(void **state)
{
	assert_ok(open_vault(state));
	assert_ok(put_secret(PRIV_EPOCH_DATA, NULL, &EPOCH));
	assert_ok(put_secret(PRIV_GIVEN_KEY, &EPOCH, &KEY));
	assert_ok(stop(OK));
}

/* As cluster.c orders it; what a given key says stands for parts, which are larger. */
static err destroys_parts(void **state)
{
	keys *k = NULL;

	TRY(clear_epochs(state));
	TRY(keys_table_new(&k, v));
	TRY(keys_begin_epoch(k, &EPOCH));
	TRY(vault_remove_private(v, PRIV_EPOCH_DATA, NULL, &EPOCH));
	TRY(keys_drop_epoch(k, &EPOCH));
	crash_told();
	keys_free(&k);
	return stop(OK);
}
static void has_no_parts(void **state, unsigned done, bool ended)
{
	assert_ok(open_vault(state));
	const bool there = stored(PRIV_EPOCH_DATA, NULL, &EPOCH);
	assert_false(there && (done || ended));
	assert_int_equal(stored(PRIV_GIVEN_KEY, &EPOCH, &KEY), there);
	assert_false(stored(PRIV_UNFINISHED_EPOCH, NULL, &EPOCH));
	assert_ok(stop(OK));
}

static void parts_of_keys_go_with_their_epoch(void **state)
{
	static const crash_story STORY[] = { { "parts of an epoch", with_part, destroys_parts, opens_parts, has_no_parts } };

	crash_keeps_secret(slice_str(NEEDLE));
	crash_everywhere(state, STORY, COUNT(STORY));
}

/* ---- shares of a delegation key ----------------------------------------------------------------------------------------- */

enum { N = 4, T = 1, CHAIN = 31337, ME = 2, EPOCHS = 4 };

static secp *curve;
static struct { group_record r; group_share held; } made[EPOCHS];
static const id32 HERE = { { 7, [31] = 1 } }, THERE = { { 7, [31] = 2 } };
static group_store g;

static void make_shares(void)
{
	static const secp_scalar SECRET = { { [31] = 7 } };

	for (uint32_t e = 0; e < EPOCHS; e++) {
		secp_pk A[T + 1];
		feldman_poly f;
		group_record *r = &made[e].r;
		*r = (group_record){ .key = { .key_id = { { 3 } }, .chain_id = CHAIN, .epoch = e, .n = N, .T = T }, .roster = { .n = N } };
		feldman_random(&f, T, &SECRET, test_rng());
		feldman_commit(A, &f, curve);
		r->key.P = A[0];
		for (party i = 1; i <= N; i++) assert_true(feldman_public_var(&r->key.Y[i], A, T, i));
		r->key.roster = group_roster_hash(&r->roster);
		made[e].held = (group_share){ ME, sk_of(feldman_share(&f, ME)) };
	}
}

static err open_group(void **state)
{
	TRY(open_vault(state));
	g = (group_store){ .vault = v, .curve = curve, .chain_id = CHAIN, .home = { .context = HERE }, .taken = HERE };
	return OK;
}

static err opens_group(void **state)
{
	static group_holding have;
	group_home home, begun;

	TRY(open_group(state));
	TRY(group_store_look_at(&have, &home, &begun, &g));
	TRY(group_store_settle(&have, &g, &home));
	return stop(OK);
}

static void with_share(void **state)
{
	assert_ok(open_group(state));
	assert_ok(group_store_prepare(&g, &made[0].r, &made[0].held));
	assert_ok(group_store_finish(&g, &made[0].r));
	assert_ok(stop(OK));
}

static err share_once(uint32_t number)
{
	const err e = group_store_prepare(&g, &made[number].r, &made[number].held);
	if (e == ERR_EXISTS) return err_clear(), OK;
	return e;
}

static err refreshes(void **state)
{
	TRY(open_group(state));
	TRY(share_once(1));
	crash_told();
	TRY(group_store_finish(&g, &made[1].r));
	crash_told();
	return stop(OK);
}

static err takes(void **state)
{
	TRY(open_group(state));
	TRY(group_store_take(&g, &made[2].r));
	crash_told(), crash_told();
	return stop(OK);
}

static err leaves(void **state)
{
	TRY(open_group(state));
	g.home = (group_home){ .context = THERE };
	TRY(group_store_leave(&g, &made[0].r));
	crash_told(), crash_told();
	return stop(OK);
}

static unsigned held_of(uint32_t number)
{
	const hash32 digest = group_digest(&made[number].r.key);
	static group_record of;
	group_share mine;
	const err e = group_store_load(&g, &mine, &of, &digest);

	if (e == ERR_NOT_FOUND) return err_clear(), 0;
	assert_ok(e);
	return memcmp(&mine.s, &made[number].held.s, sizeof mine.s) == 0;
}

static size_t objects(priv_type t)
{
	id32 *id = NULL;
	size_t n = 0;

	assert_ok(vault_list_private(&id, &n, v, t, &made[0].r.key.key_id));
	free(id);
	return n;
}

static void look_at_group(void **state, group_holding *have, group_home *home)
{
	group_home begun;

	assert_ok(open_group(state));
	assert_ok(group_store_look_at(have, home, &begun, &g));
	assert_true(have->certified);
	assert_int_equal(objects(PRIV_DELEGATION_KEY), 1);
}

/* A share that is prepared stays until others say whether it counts. */
static void has_new_share(void **state, unsigned done, bool ended)
{
	static group_holding have;
	group_home home;

	look_at_group(state, &have, &home);
	const uint32_t newest = have.newest.key.epoch;
	assert_true(newest == 1 || (newest == 0 && done < 2 && !ended));
	assert_true(held_of(newest));
	assert_true(held_of(1) || done == 0);
	assert_int_equal(objects(PRIV_DELEGATION_SHARE), newest == 1 ? 1 : 1 + held_of(1));
	vault_free(&v);
}

static void has_taken(void **state, unsigned done, bool ended)
{
	static group_holding have;
	group_home home;

	look_at_group(state, &have, &home);
	const bool taken = have.newest.key.epoch == 2;
	assert_true(taken || (done < 2 && !ended));
	assert_int_equal(objects(PRIV_DELEGATION_SHARE), !taken);
	vault_free(&v);
}

static void has_left(void **state, unsigned done, bool ended)
{
	static group_holding have;
	group_home home;

	look_at_group(state, &have, &home);
	const bool left = home.state == KEY_DESTROYED;
	assert_true(left || (done < 2 && !ended));
	if (left) assert_int_equal(objects(PRIV_DELEGATION_SHARE), 0);
	vault_free(&v);
}

static void of_shares_none_is_lost_and_none_stays_that_was_superseded(void **state)
{
	static const crash_story STORIES[] = {
		{ "a refresh", with_share, refreshes, opens_group, has_new_share },
		{ "a certificate of others", with_share, takes, opens_group, has_taken },
		{ "a key that leaves", with_share, leaves, opens_group, has_left },
	};

	crash_everywhere(state, STORIES, COUNT(STORIES));
}

/* ---- a whole key that nodes share by now ------------------------------------------------------------------------------- */

static void with_key_file(void **state)
{
	AUTO(buf) text = { 0 };

	with_share(state);
	for (unsigned i = 1; i < SECP_SK; i++) buf_put_str(&text, "00");
	buf_put_str(&text, "07\n");
	assert_ok(file_write_atomic(below(state, "key"), buf_slice(&text), 0600));
}

static err imports(void **state)
{
	delegate_chain chain = { .id = CHAIN };
	key_import x;

	TRY(open_vault(state));
	const err e = key_import_open(&x, &chain, below(state, "key"), v, test_rng());
	key_import_close(&x);
	return stop(e);
}

static void has_empty_file(void **state, unsigned done, bool ended)
{
	(void)done, (void)ended;
	assert_true(file_exists(below(state, "key")));
	assert_int_equal(size_of(below(state, "key")), 0);
}

static void the_file_of_a_shared_key_is_erased_to_its_end(void **state)
{
	static const crash_story STORY[] = { { "a file that is erased", with_key_file, imports, imports, has_empty_file } };

	crash_keeps_secret(slice_str("000007"));
	crash_everywhere(state, STORY, COUNT(STORY));
}

/* ---- nonces, and the journal --------------------------------------------------------------------------------------------- */

enum { NOW = 1767225600, NONCES = 5 };

static set_clock now;

static hash32 nonce(uint64_t i)
{
	hash32 h = { 0 };
	store64(h.b, i);
	return h;
}

static err open_nonces(nonces **n, void **state)
{
	TRY(open_vault(state));
	return nonces_open(n, below(state, "PRIV/delegation.nonces"), set_clock_at(&now, NOW));
}

static err opens_nonces(void **state)
{
	nonces *n = NULL;
	const err e = open_nonces(&n, state);
	nonces_free(&n);
	return stop(e);
}

static err uses_nonces(void **state)
{
	nonces *n = NULL;

	TRY(open_nonces(&n, state));
	for (uint64_t i = nonces_count(n); i < NONCES; i++) {
		const hash32 h = nonce(i);
		TRY(nonces_use(n, CHAIN, &h, NOW + 300));
		crash_told();
	}
	nonces_free(&n);
	return stop(OK);
}

/* One more may be used up than was done. */
static void has_nonces(void **state, unsigned done, bool ended)
{
	nonces *n = NULL;

	assert_ok(open_nonces(&n, state));
	assert_in_range(nonces_count(n), ended ? NONCES : done, size_min(done + 1, NONCES));
	nonces_free(&n);
	vault_free(&v);
}

static err open_journal(journal **j, requests **t, void **state)
{
	uint64_t cut;

	*t = table(100);
	TRY(open_vault(state));
	return journal_open(j, &cut, below(state, "PRIV/journal"), *t);
}

static err opens_journal(void **state)
{
	journal *j = NULL;
	requests *t = NULL;
	const err e = open_journal(&j, &t, state);

	journal_free(&j);
	requests_free(&t);
	return stop(e);
}

enum { REQUESTS = 4 };

static err takes_requests(void **state)
{
	journal *j = NULL;
	requests *t = NULL;
	found f;

	TRY(open_journal(&j, &t, state));
	for (unsigned i = 0; i < REQUESTS; i++) {
		if (look(t, i, &f)) continue;
		TRY(take_in(j, i, slice_str("a message")));
		crash_told();
	}
	journal_free(&j);
	requests_free(&t);
	return stop(OK);
}

static void has_requests(void **state, unsigned done, bool ended)
{
	journal *j = NULL;
	requests *t = NULL;
	found f;
	unsigned n = 0;

	assert_ok(open_journal(&j, &t, state));
	while (n < REQUESTS && look(t, n, &f)) n++;
	assert_in_range(n, ended ? REQUESTS : done, REQUESTS);
	journal_free(&j);
	requests_free(&t);
	vault_free(&v);
}

static void what_was_written_down_stays(void **state)
{
	static const crash_story STORIES[] = {
		{ "nonces", with_vault, uses_nonces, opens_nonces, has_nonces },
		{ "a journal", with_vault, takes_requests, opens_journal, has_requests },
	};

	crash_everywhere(state, STORIES, COUNT(STORIES));
}

static int set_up(void **state)
{
	(void)state;
	assert_ok(secp_new(&curve, test_rng()));
	make_shares();
	return 0;
}
static int take_down(void **state) { (void)state; secp_free(&curve); return 0; }

static const struct CMUnitTest tests[] = { TEST_OF_CRASHES(contexts_and_epochs_are_whole_or_absent), TEST_OF_CRASHES(keys_are_whole_or_absent),
	TEST_OF_CRASHES(parts_of_keys_go_with_their_epoch), TEST_OF_CRASHES(of_shares_none_is_lost_and_none_stays_that_was_superseded),
	TEST_OF_CRASHES(the_file_of_a_shared_key_is_erased_to_its_end), TEST_OF_CRASHES(what_was_written_down_stays) };

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down); }
