/* SPDX-License-Identifier: MIT */
/* The keys of a node on disk: what is removed, and what never is. */
#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "base/file.h"
#include "base/hex.h"
#include "node/keys.h"
#include "tests/vault/folder.h"

static const id32 EPOCH = {{ [0] = 8, [31] = 1 }}, KEY = {{ [0] = 4, [31] = 77 }};

#define EPOCH_TEXT "0800000000000000000000000000000000000000000000000000000000000001"
#define KEY_TEXT   "040000000000000000000000000000000000000000000000000000000000004d"
static const char SECRET[] = "PRIV/FhePrivateKey/" EPOCH_TEXT "/" KEY_TEXT, RECORD[] = "PRIV/FheKeyInfo/" EPOCH_TEXT "/" KEY_TEXT,
                  MARK[] = "PRIV/UnfinishedKey/" EPOCH_TEXT "/" KEY_TEXT, PUBLIC_KEY[] = "PUB/PublicKey/" KEY_TEXT,
                  KEYSET[] = "PUB/CompressedXofKeySet/" KEY_TEXT, SERVER_KEY[] = "PUB/ServerKey/" KEY_TEXT;

static key_files files;

static int make_files(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	return tkms_keygen(&files, NULL, &PARAMS_TEST, &KEY, test_rng(), NULL) == OK ? 0 : -1;
}

static int drop_files(void **state)
{
	(void)state;
	key_files_free(&files);
	return 0;
}

static key_record record_of_key(void)
{
	return (key_record){
		.state = KEY_ACTIVE, .fhe_parameter = PARAMS_TEST.fhe_parameter, .created_ms = 1, .body = {{ 6 }},
		.metadata = {
			.key_id = KEY, .digests = 2,
			.digest = { { PUB_PUBLIC_KEY, slice_of(files.public_key_digest, KEY_DIGEST_BYTES) },
			            { PUB_COMPRESSED_XOF_KEY_SET, slice_of(files.xof_keyset_digest, KEY_DIGEST_BYTES) } },
			.external_signature = slice_str("signature"),
		},
	};
}

typedef struct world { vault *v; keys *k; } world;

static err open_keys(world *w, void **state)
{
	*w = (world){ 0 };
	assert_ok(vault_open(&w->v, below(state, "PUB"), below(state, "PRIV")));
	return keys_open(&w->k, w->v);
}

static void close_keys(world *w)
{
	keys_free(&w->k);
	vault_free(&w->v);
}

static err create(world *w)
{
	const key_record r = record_of_key();
	return keys_create(w->k, &EPOCH, &files, &r);
}

/* A key that was made in peace. */
static void live_key(void **state)
{
	world w;
	assert_ok(open_keys(&w, state));
	assert_ok(create(&w));
	close_keys(&w);
}

static bool there(void **state, const char *name)
{
	return file_exists(below(state, name));
}

static void a_key_is_there_after_a_restart_and_nothing_is_left_of_its_making(void **state)
{
	world w;
	const secret_keys *s;

	live_key(state);
	assert_false(there(state, MARK));
	assert_ok(open_keys(&w, state));
	assert_int_equal(keys_count(w.k), 1);
	assert_ok(keys_for_decryption(&s, w.k, &EPOCH, &KEY));
	assert_err(ERR_EXISTS, create(&w));
	close_keys(&w);
	assert_ok(open_keys(&w, state));
	assert_int_equal(keys_count(w.k), 1);
	close_keys(&w);
}

static void a_key_that_lost_its_record_is_kept_and_the_start_refused(void **state)
{
	world w;

	live_key(state);
	assert_int_equal(rename(below(state, "PRIV/FheKeyInfo"), below(state, "elsewhere")), 0);
	assert_int_equal(open_keys(&w, state), ERR_STATE);
	assert_non_null(strstr(err_text(), RECORD));
	err_clear();
	close_keys(&w);
	assert_true(there(state, SECRET) && there(state, PUBLIC_KEY) && there(state, KEYSET));
	assert_int_equal(rename(below(state, "elsewhere"), below(state, "PRIV/FheKeyInfo")), 0);
	assert_ok(open_keys(&w, state));
	close_keys(&w);
}

/* A loop of links stands for a disk that does not answer. */
static void a_key_whose_record_cannot_be_looked_for_is_kept_though_it_is_marked(void **state)
{
	world w;

	live_key(state);
	assert_ok(vault_open(&w.v, below(state, "PUB"), below(state, "PRIV")));
	bool existed;
	assert_ok(vault_put_private(w.v, PRIV_UNFINISHED_KEY, &EPOCH, &KEY, (slice){ 0 }, &existed));
	vault_free(&w.v);
	assert_int_equal(rename(below(state, "PRIV/FheKeyInfo"), below(state, "elsewhere")), 0);
	assert_int_equal(symlink("FheKeyInfo", below(state, "PRIV/FheKeyInfo")), 0);
	assert_err(ERR_IO, open_keys(&w, state));
	close_keys(&w);
	assert_true(there(state, SECRET) && there(state, PUBLIC_KEY) && there(state, KEYSET) && there(state, MARK));
}

static void marked_pieces_are_removed_and_a_marked_key_is_not(void **state)
{
	world w;
	bool existed;

	for (unsigned whole = 0; whole < 2; whole++) {
		live_key(state);
		assert_ok(vault_open(&w.v, below(state, "PUB"), below(state, "PRIV")));
		assert_ok(vault_put_private(w.v, PRIV_UNFINISHED_KEY, &EPOCH, &KEY, (slice){ 0 }, &existed));
		if (!whole) assert_ok(vault_remove_private(w.v, PRIV_FHE_KEY_INFO, &EPOCH, &KEY));
		vault_free(&w.v);
		assert_ok(open_keys(&w, state));
		assert_int_equal(keys_count(w.k), whole);
		close_keys(&w);
		assert_false(there(state, MARK));
		assert_int_equal(there(state, SECRET), whole);
		assert_int_equal(there(state, PUBLIC_KEY), whole);
		assert_int_equal(there(state, KEYSET), whole);
	}
}

/* ---- decompression keys ------------------------------------------------------------------------------------------------ */

static const char DECOMPRESSION[] = "PUB/DecompressionKey/" KEY_TEXT, DECOMPRESSION_RECORD[] = "PRIV/DecompressionKeyInfo/" EPOCH_TEXT "/" KEY_TEXT;

static void count_one(void *ctx, const key_record *r)
{
	assert_true(id_eq_var(&r->metadata.key_id, &KEY));
	++*(unsigned *)ctx;
}

static unsigned decompression_keys(const world *w)
{
	unsigned n = 0;
	keys_each_decompression(w->k, count_one, &n);
	return n;
}

/* The bytes of the file mean nothing here. */
static err create_decompression(world *w)
{
	uint8_t digest[KEY_DIGEST_BYTES];
	draft *room = NULL;

	TRY(keys_draft_decompression(&room, w->k, &KEY, &PARAMS_TEST));
	rng_fill(test_rng(), draft_bytes(room), draft_slice(room).n);
	tkms_key_digest_draft(digest, room);
	const key_record r = { .state = KEY_ACTIVE, .fhe_parameter = PARAMS_TEST.fhe_parameter, .created_ms = 1, .metadata = {
		.key_id = KEY, .digests = 1, .digest = { { PUB_DECOMPRESSION_KEY, slice_of(digest, sizeof digest) } },
		.external_signature = slice_str("signature") } };
	const err e = keys_create_decompression(w->k, &EPOCH, room, &r);
	draft_free(&room);
	return e;
}

/* With its record it is there, whatever else a crash left; without, its file goes with the mark. */
static void a_decompression_key_is_there_with_its_record_and_gone_without(void **state)
{
	world w;
	bool existed;

	assert_ok(open_keys(&w, state));
	assert_ok(create_decompression(&w));
	assert_int_equal(decompression_keys(&w), 1);
	assert_int_equal(keys_count(w.k), 0);
	assert_err(ERR_EXISTS, create_decompression(&w));
	assert_err(ERR_EXISTS, create(&w));
	assert_false(there(state, MARK) || there(state, SECRET) || there(state, RECORD) || there(state, PUBLIC_KEY));
	for (unsigned whole = 2; whole--;) {
		assert_ok(vault_put_private(w.v, PRIV_UNFINISHED_KEY, &EPOCH, &KEY, (slice){ 0 }, &existed));
		if (!whole) assert_ok(vault_remove_private(w.v, PRIV_DECOMPRESSION_KEY_INFO, &EPOCH, &KEY));
		close_keys(&w);
		assert_ok(open_keys(&w, state));
		assert_int_equal(decompression_keys(&w), whole);
		assert_false(there(state, MARK));
		assert_int_equal(there(state, DECOMPRESSION), whole);
		assert_int_equal(there(state, DECOMPRESSION_RECORD), whole);
	}
	assert_ok(create_decompression(&w));
	close_keys(&w);
	assert_ok(file_write_atomic(below(state, DECOMPRESSION), slice_str("another"), 0644));
	assert_err(ERR_STATE, open_keys(&w, state));
	close_keys(&w);
}

static err create_with_room(world *w, size_t largest_file)
{
	struct rlimit before;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	const struct rlimit small = { largest_file, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	err e = create(w);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	return e;
}

/* A limit on the size of files stands for a full disk. */
static void a_full_disk_leaves_nothing_of_a_key(void **state)
{
	const size_t room[] = { 0, files.client_key.n - 1, files.public_key.n - 1, draft_slice(files.xof_keyset).n - 1 };
	world w;

	assert_ok(open_keys(&w, state));
	for (size_t i = 0; i < COUNT(room); i++) {
		assert_err(ERR_IO, create_with_room(&w, room[i]));
		assert_false(there(state, SECRET) || there(state, PUBLIC_KEY) || there(state, KEYSET) || there(state, RECORD) || there(state, MARK));
		assert_int_equal(keys_count(w.k), 0);
	}
	assert_ok(create(&w));
	close_keys(&w);
}

static void a_file_that_was_there_before_survives_a_refused_key(void **state)
{
	static const char *const EACH[] = { PUBLIC_KEY, KEYSET, SERVER_KEY };
	world w;

	assert_ok(open_keys(&w, state));
	assert_ok(dir_make(below(state, "PUB/PublicKey"), 0755));
	assert_ok(dir_make(below(state, "PUB/ServerKey"), 0755));
	assert_ok(dir_make(below(state, "PUB/CompressedXofKeySet"), 0755));
	for (size_t i = 0; i < COUNT(EACH); i++) {
		assert_ok(file_write_atomic(below(state, EACH[i]), slice_str("another's"), 0644));
		assert_err(ERR_EXISTS, create_with_room(&w, 0));
		assert_err(ERR_EXISTS, create(&w));
		assert_true(there(state, EACH[i]));
		assert_false(there(state, SECRET) || there(state, RECORD) || there(state, MARK));
		assert_int_equal(unlink(below(state, EACH[i])), 0);
	}
	close_keys(&w);
}

/* ---- made where it stays ---------------------------------------------------------------------------------------------- */

static unsigned unfinished(void **state)
{
	unsigned n = 0;
	DIR *d = opendir(below(state, "PUB/CompressedXofKeySet"));
	for (struct dirent *f; d && (f = readdir(d));) n += strstr(f->d_name, ".unfinished-") != NULL;
	if (d) closedir(d);
	return n;
}

static key_files made_in(draft **room)
{
	key_files f;
	assert_ok(tkms_keygen_into(&f, room, NULL, &PARAMS_TEST, &KEY, test_rng(), NULL));
	assert_null(*room);
	return f;
}

static err create_from(world *w, key_files *f)
{
	memcpy(files.public_key_digest, f->public_key_digest, KEY_DIGEST_BYTES);
	memcpy(files.xof_keyset_digest, f->xof_keyset_digest, KEY_DIGEST_BYTES);
	const key_record r = record_of_key();
	return keys_create(w->k, &EPOCH, f, &r);
}

static void a_key_set_made_in_the_vault_only_gets_its_name(void **state)
{
	world w;
	draft *room;
	const key_files before = files;

	assert_ok(open_keys(&w, state));
	assert_ok(keys_draft(&room, w.k, &KEY, &PARAMS_TEST));
	assert_int_equal(unfinished(state), 1);
	key_files f = made_in(&room);
	assert_ok(create_from(&w, &f));
	assert_int_equal(unfinished(state), 0);
	buf file = test_read(below(state, KEYSET));
	assert_true(slice_eq_var(buf_slice(&file), draft_slice(f.xof_keyset)));
	buf_free(&file);
	key_files_free(&f);
	assert_err(ERR_EXISTS, keys_draft(&room, w.k, &KEY, &PARAMS_TEST));
	close_keys(&w);
	assert_ok(open_keys(&w, state));
	assert_int_equal(keys_count(w.k), 1);
	close_keys(&w);
	files = before;
}

/* As a crash leaves it at each step: a draft; the mark and a draft; mark, secret and a draft; mark, secret, both files. */
static void whatever_a_crash_leaves_of_a_key_in_the_making_is_gone_after_the_next_start(void **state)
{
	for (unsigned step = 0; step < 5; step++) {
		world w;
		draft *room;
		bool existed;
		const int pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			assert_ok(open_keys(&w, state));
			assert_ok(keys_draft(&room, w.k, &KEY, &PARAMS_TEST));
			key_files f = made_in(&room);
			if (step >= 1) assert_ok(vault_put_private(w.v, PRIV_UNFINISHED_KEY, &EPOCH, &KEY, (slice){ 0 }, &existed));
			if (step >= 2) assert_ok(vault_put_private(w.v, PRIV_FHE_PRIVATE_KEY, &EPOCH, &KEY, buf_slice(&f.client_key), &existed));
			if (step >= 3) assert_ok(vault_put_public(w.v, PUB_PUBLIC_KEY, &KEY, buf_slice(&f.public_key), &existed));
			if (step >= 4) assert_ok(vault_keep_public(w.v, PUB_COMPRESSED_XOF_KEY_SET, &KEY, f.xof_keyset, &existed));
			kill(getpid(), SIGKILL);
		}
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		assert_int_equal(unfinished(state), step < 4);
		assert_ok(open_keys(&w, state));
		assert_int_equal(keys_count(w.k), 0);
		assert_false(there(state, SECRET) || there(state, PUBLIC_KEY) || there(state, KEYSET) || there(state, RECORD) || there(state, MARK));
		assert_int_equal(unfinished(state), 0);
		close_keys(&w);
	}
}

static key_files made_uncompressed(world *w)
{
	draft *room, *plain;

	assert_ok(keys_draft(&room, w->k, &KEY, &PARAMS_TEST));
	key_files f = made_in(&room);
	assert_ok(keys_draft_server_key(&plain, w->k, &KEY, &PARAMS_TEST));
	assert_ok(tkms_keygen_uncompress(&f, &plain, NULL, test_rng()));
	assert_null(plain);
	return f;
}

static key_record uncompressed_record(const key_files *f)
{
	key_record r = record_of_key();
	r.metadata.digest[0] = (stored_digest){ PUB_SERVER_KEY, slice_of(f->xof_keyset_digest, KEY_DIGEST_BYTES) };
	r.metadata.digest[1] = (stored_digest){ PUB_PUBLIC_KEY, slice_of(f->public_key_digest, KEY_DIGEST_BYTES) };
	return r;
}

/* Whole, or in pieces that a crash left. */
static void a_key_that_is_published_uncompressed_is_kept_and_removed_like_any_other(void **state)
{
	for (unsigned whole = 0; whole < 2; whole++) {
		world w;
		bool existed;
		assert_ok(open_keys(&w, state));
		key_files f = made_uncompressed(&w);
		const key_record r = uncompressed_record(&f);
		if (whole) {
			assert_ok(keys_create(w.k, &EPOCH, &f, &r));
		} else {
			assert_ok(vault_put_private(w.v, PRIV_UNFINISHED_KEY, &EPOCH, &KEY, (slice){ 0 }, &existed));
			assert_ok(vault_put_public(w.v, PUB_PUBLIC_KEY, &KEY, buf_slice(&f.public_key), &existed));
			assert_ok(vault_keep_public(w.v, PUB_SERVER_KEY, &KEY, f.xof_keyset, &existed));
		}
		assert_true(there(state, SERVER_KEY) && there(state, PUBLIC_KEY));
		assert_false(there(state, KEYSET));
		key_files_free(&f);
		close_keys(&w);
		assert_ok(open_keys(&w, state));
		assert_int_equal(keys_count(w.k), whole);
		assert_int_equal(there(state, SERVER_KEY), whole);
		assert_int_equal(there(state, PUBLIC_KEY), whole);
		assert_false(there(state, MARK));
		close_keys(&w);
	}
}

/* ---- added key sets ---------------------------------------------------------------------------------------------------- */

static const char ADDED[] = "PRIV/AddedKeySet/" KEY_TEXT, ADDED_MARK[] = "PRIV/UnfinishedAddition/" KEY_TEXT;

/* The bytes of the file mean nothing here. */
static err add_key_set(world *w)
{
	uint8_t digest[KEY_DIGEST_BYTES];
	draft *room = NULL;
	key_record r;

	TRY(keys_draft_addition(&room, w->k, &KEY, &PARAMS_TEST));
	rng_fill(test_rng(), draft_bytes(room), draft_slice(room).n);
	tkms_key_digest_draft(digest, room);
	err e = keys_addition(&r, w->k, &EPOCH, &KEY, digest);
	r.metadata.external_signature = slice_str("another signature");
	if (e == OK) e = keys_add_key_set(w->k, room, &r);
	draft_free(&room);
	return e;
}

static bool has_added(const world *w)
{
	const key_record *r;

	if (!keys_added(&r, w->k, &KEY)) return false;
	assert_int_equal(r->metadata.digest[0].type, PUB_PUBLIC_KEY);
	assert_int_equal(r->metadata.digest[1].type, PUB_COMPRESSED_XOF_KEY_SET);
	assert_true(slice_eq_var(r->metadata.external_signature, slice_str("another signature")));
	return true;
}

static void make_uncompressed(world *w)
{
	key_files f = made_uncompressed(w);
	const key_record r = uncompressed_record(&f);
	assert_ok(keys_create(w->k, &EPOCH, &f, &r));
	key_files_free(&f);
}

static void a_key_set_is_added_once_and_nothing_else_changes(void **state)
{
	world w;
	const char *const same[] = { SERVER_KEY, PUBLIC_KEY, RECORD, SECRET };
	buf before[COUNT(same)];

	assert_ok(open_keys(&w, state));
	assert_false(has_added(&w));
	make_uncompressed(&w);
	for (size_t i = 0; i < COUNT(same); i++) before[i] = test_read(below(state, same[i]));
	assert_ok(add_key_set(&w));
	for (unsigned restarted = 0; restarted < 2; restarted++) {
		assert_true(has_added(&w));
		assert_true(there(state, KEYSET) && there(state, ADDED));
		assert_false(there(state, ADDED_MARK));
		assert_err(ERR_STATE, keys_may_add(w.k, &KEY));
		assert_err(ERR_STATE, add_key_set(&w));
		close_keys(&w);
		assert_ok(open_keys(&w, state));
	}
	close_keys(&w);
	for (size_t i = 0; i < COUNT(same); i++) {
		buf after = test_read(below(state, same[i]));
		assert_true(slice_eq_var(buf_slice(&before[i]), buf_slice(&after)));
		buf_free(&before[i]), buf_free(&after);
	}
	assert_ok(file_write_atomic(below(state, KEYSET), slice_str("another"), 0644));
	assert_err(ERR_STATE, open_keys(&w, state));
	close_keys(&w);
}

static void a_key_that_is_published_compressed_gets_no_other_set(void **state)
{
	world w;

	assert_ok(open_keys(&w, state));
	assert_ok(create(&w));
	assert_int_equal(add_key_set(&w), ERR_STATE);
	assert_non_null(strstr(err_text(), "what is published never changes"));
	err_clear();
	assert_false(there(state, ADDED) || there(state, ADDED_MARK));
	close_keys(&w);
}

/* As a crash leaves it: the mark; mark and file; mark, file and record. */
static void what_a_crash_leaves_of_an_addition_is_removed_unless_it_is_whole(void **state)
{
	bool existed;
	world w;

	assert_ok(open_keys(&w, state));
	make_uncompressed(&w);
	for (unsigned step = 0; step < 3; step++) {
		if (step == 2) assert_ok(add_key_set(&w));
		assert_ok(vault_put_private(w.v, PRIV_UNFINISHED_ADDITION, NULL, &KEY, (slice){ 0 }, &existed));
		if (step == 1) assert_ok(vault_put_public(w.v, PUB_COMPRESSED_XOF_KEY_SET, &KEY, slice_str("half of it"), &existed));
		close_keys(&w);
		assert_ok(open_keys(&w, state));
		assert_false(there(state, ADDED_MARK));
		assert_int_equal(there(state, KEYSET), step == 2);
		assert_int_equal(has_added(&w), step == 2);
		assert_int_equal(keys_count(w.k), 1);
	}
	close_keys(&w);
}

static void a_full_disk_leaves_nothing_of_an_addition(void **state)
{
	struct rlimit before;
	world w;

	assert_ok(open_keys(&w, state));
	make_uncompressed(&w);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	const struct rlimit small = { tkms_keyset_bytes(&PARAMS_TEST) - 1, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	const err e = add_key_set(&w);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_err(ERR_IO, e);
	assert_false(there(state, KEYSET) || there(state, ADDED) || there(state, ADDED_MARK));
	assert_ok(add_key_set(&w));
	close_keys(&w);
}

static void a_disk_without_room_for_a_key_set_says_so_before_anything_is_made(void **state)
{
	struct rlimit before;
	world w;
	draft *room = NULL;

	assert_ok(open_keys(&w, state));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	const struct rlimit small = { tkms_keyset_bytes(&PARAMS_TEST) - 1, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	const err e = keys_draft(&room, w.k, &KEY, &PARAMS_TEST);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(e, ERR_IO);
	assert_non_null(strstr(err_text(), "2661273 bytes"));
	err_clear();
	assert_null(room);
	assert_int_equal(unfinished(state), 0);
	close_keys(&w);
}

/* ---- published files that are not what was signed ----------------------------------------------------------------------- */

static void a_published_file_that_was_changed_is_refused_by_name_digest_and_remedy(void **state)
{
	static const char *const EACH[] = { PUBLIC_KEY, KEYSET };
	char digest[2][2 * KEY_DIGEST_BYTES + 1];
	world w;

	hex_write(digest[0], slice_of(files.public_key_digest, KEY_DIGEST_BYTES));
	hex_write(digest[1], slice_of(files.xof_keyset_digest, KEY_DIGEST_BYTES));
	live_key(state);
	for (size_t i = 0; i < COUNT(EACH); i++) {
		buf whole = test_read(below(state, EACH[i]));
		const size_t at[] = { 0, whole.n / 2, whole.n - 1 };
		for (size_t k = 0; k <= COUNT(at); k++) {                /* one flipped bit; the last time, one byte too few */
			if (k < COUNT(at)) whole.p[at[k]] ^= 0x10;
			assert_ok(file_write_atomic(below(state, EACH[i]), slice_of(whole.p, whole.n - (k == COUNT(at))), 0644));
			assert_int_equal(open_keys(&w, state), ERR_STATE);
			assert_non_null(strstr(err_text(), KEY_TEXT));
			assert_non_null(strstr(err_text(), EACH[i]));
			assert_non_null(strstr(err_text(), digest[i]));
			assert_non_null(strstr(err_text(), "restore it from a copy, such as another node's /PUB/"));
			err_clear();
			close_keys(&w);
			if (k < COUNT(at)) whole.p[at[k]] ^= 0x10;
		}
		assert_ok(file_write_atomic(below(state, EACH[i]), buf_slice(&whole), 0644));
		buf_free(&whole);
	}
	assert_ok(open_keys(&w, state));
	close_keys(&w);
}

static const struct CMUnitTest all_tests[] = {
	TEST_IN_FOLDER(a_key_is_there_after_a_restart_and_nothing_is_left_of_its_making),
	TEST_IN_FOLDER(a_key_that_lost_its_record_is_kept_and_the_start_refused),
	TEST_IN_FOLDER(a_key_whose_record_cannot_be_looked_for_is_kept_though_it_is_marked),
	TEST_IN_FOLDER(marked_pieces_are_removed_and_a_marked_key_is_not),
	TEST_IN_FOLDER(a_decompression_key_is_there_with_its_record_and_gone_without),
	TEST_IN_FOLDER(a_full_disk_leaves_nothing_of_a_key),
	TEST_IN_FOLDER(a_file_that_was_there_before_survives_a_refused_key),
	TEST_IN_FOLDER(a_key_set_made_in_the_vault_only_gets_its_name),
	TEST_IN_FOLDER(whatever_a_crash_leaves_of_a_key_in_the_making_is_gone_after_the_next_start),
	TEST_IN_FOLDER(a_key_that_is_published_uncompressed_is_kept_and_removed_like_any_other),
	TEST_IN_FOLDER(a_key_set_is_added_once_and_nothing_else_changes),
	TEST_IN_FOLDER(a_key_that_is_published_compressed_gets_no_other_set),
	TEST_IN_FOLDER(what_a_crash_leaves_of_an_addition_is_removed_unless_it_is_whole),
	TEST_IN_FOLDER(a_full_disk_leaves_nothing_of_an_addition),
	TEST_IN_FOLDER(a_disk_without_room_for_a_key_set_says_so_before_anything_is_made),
	TEST_IN_FOLDER(a_published_file_that_was_changed_is_refused_by_name_digest_and_remedy),
};

int main(int argc, char **argv)
{
	return test_main_with(argc, argv, __FILE__, all_tests, COUNT(all_tests), make_files, drop_files);
}
