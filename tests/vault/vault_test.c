/* SPDX-License-Identifier: MIT */
#include "tests/test.h"
#include <limits.h>
#include <sys/stat.h>
#include "base/file.h"
#include "base/hex.h"
#include "tests/vault/vaults.h"
#include "vault/signing_key.h"

static bool has_public(vault *v, pub_type t, const id32 *id)
{
	bool there = false;
	assert_ok(vault_has_public(&there, v, t, id));
	return there;
}

static bool has_private(vault *v, priv_type t, const id32 *epoch, const id32 *id)
{
	bool there = false;
	assert_ok(vault_has_private(&there, v, t, epoch, id));
	return there;
}

static unsigned mode_of(const char *path)
{
	struct stat s;
	assert_int_equal(stat(path, &s), 0);
	return s.st_mode & 0777;
}

static void what_was_put_is_read_back_from_the_published_place(void **state)
{
	vault *v = open_vault(state);
	bool existed = true;
	buf b = { 0 };

	assert_ok(vault_put_public(v, PUB_COMPRESSED_XOF_KEY_SET, &ONE, slice_str("set"), &existed));
	assert_false(existed);
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, slice_str("info"), &existed));
	assert_false(existed);
	assert_true(file_exists(below(state, "PUB/CompressedXofKeySet/0000000000000000000000000000000000000000000000000000000000000001")));
	assert_ok(vault_get_private(&b, v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, 100));
	assert_true(slice_eq_var(buf_slice(&b), slice_str("info")));
	assert_err(ERR_NOT_FOUND, vault_get_private(&b, v, PRIV_FHE_KEY_INFO, &EPOCH, &TWO, 100));
	assert_err(ERR_NOT_FOUND, vault_get_private(&b, v, PRIV_FHE_KEY_INFO, NULL, &ONE, 100));
	assert_err(ERR_REQUEST, vault_get_private(&b, v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, 3));
	assert_true(has_public(v, PUB_COMPRESSED_XOF_KEY_SET, &ONE));
	assert_false(has_public(v, PUB_PUBLIC_KEY, &ONE));
	buf_free(&b);
	vault_free(&v);
}

static void a_second_write_is_skipped_and_reported(void **state)
{
	vault *v = open_vault(state);
	bool existed;
	buf b = { 0 };

	assert_ok(vault_put_public(v, PUB_CRS, &ONE, slice_str("first"), &existed));
	assert_ok(vault_put_public(v, PUB_CRS, &ONE, slice_str("second"), &existed));
	assert_true(existed);
	assert_ok(vault_get_public(&b, v, PUB_CRS, &ONE, 100));
	assert_true(slice_eq_var(buf_slice(&b), slice_str("first")));
	assert_ok(vault_remove_public(v, PUB_CRS, &ONE));
	assert_ok(vault_remove_public(v, PUB_CRS, &ONE));
	assert_false(has_public(v, PUB_CRS, &ONE));
	buf_free(&b);
	vault_free(&v);
}

static void private_material_is_closed_to_others_whatever_the_umask(void **state)
{
	mode_t before = umask(0);
	vault *v = open_vault(state);
	bool existed;

	assert_ok(vault_put_private(v, PRIV_FHE_PRIVATE_KEY, &EPOCH, &ONE, slice_str("k"), &existed));
	assert_ok(vault_put_public(v, PUB_PUBLIC_KEY, &ONE, slice_str("k"), &existed));
	umask(before);
	assert_int_equal(mode_of(below(state, "PRIV")), 0700);
	assert_int_equal(mode_of(below(state, "PRIV/FhePrivateKey")), 0700);
	assert_int_equal(mode_of(below(state, "PRIV/FhePrivateKey/0800000000000000000000000000000000000000000000000000000000000001"
	                                      "/0000000000000000000000000000000000000000000000000000000000000001")), 0600);
	assert_int_equal(mode_of(below(state, "PUB/PublicKey/0000000000000000000000000000000000000000000000000000000000000001")), 0644);
	vault_free(&v);
}

static void a_vault_whose_private_files_are_open_to_others_is_refused(void **state)
{
	vault *v = open_vault(state);
	bool existed;
	const char *file = below(state, "PRIV/SigningKey/0000000000000000000000000000000000000000000000000000000000000001");

	assert_ok(vault_put_private(v, PRIV_SIGNING_KEY, NULL, &ONE, slice_str("k"), &existed));
	vault_free(&v);
	assert_int_equal(chmod(file, 0640), 0);
	assert_int_equal(vault_open(&v, below(state, "PUB"), below(state, "PRIV")), ERR_STATE);
	assert_non_null(strstr(err_text(), "chmod"));
	assert_non_null(strstr(err_text(), file));
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(chmod(below(state, "PRIV"), 0755), 0);
	assert_err(ERR_STATE, vault_open(&v, below(state, "PUB"), below(state, "PRIV")));
	assert_int_equal(chmod(below(state, "PRIV"), 0700), 0);
	v = open_vault(state);
	vault_free(&v);
}

static void a_vault_has_one_holder(void **state)
{
	vault *v = open_vault(state), *second = NULL;

	assert_err(ERR_STATE, vault_open(&second, below(state, "PUB"), below(state, "PRIV")));
	vault_free(&v);
	v = open_vault(state);
	vault_free(&v);
}

static void what_an_interrupted_write_left_is_removed_and_nothing_else(void **state)
{
	vault *v = open_vault(state);
	bool existed;
	const char *torn = below(state, "PRIV/SigningKey/0000000000000000000000000000000000000000000000000000000000000002.unfinished-aB3xYz");
	const char *own = below(state, "PRIV/SigningKey/0000000000000000000000000000000000000000000000000000000000000002.backup");

	assert_ok(vault_put_private(v, PRIV_SIGNING_KEY, NULL, &ONE, slice_str("k"), &existed));
	vault_free(&v);
	assert_ok(file_write_atomic(torn, slice_str("half a"), 0600));
	assert_ok(file_write_atomic(own, slice_str("somebody's copy"), 0600));
	v = open_vault(state);
	assert_false(file_exists(torn));
	assert_true(file_exists(own));
	assert_true(has_private(v, PRIV_SIGNING_KEY, NULL, &ONE));
	vault_free(&v);
}

static void ids_are_listed_in_order_and_foreign_names_passed_over(void **state)
{
	vault *v = open_vault(state);
	bool existed;
	id32 *ids;
	size_t n;

	assert_ok(vault_list_private(&ids, &n, v, PRIV_FHE_KEY_INFO, &EPOCH));
	assert_int_equal(n, 0);
	free(ids);
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &TWO, slice_str("2"), &existed));
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, slice_str("1"), &existed));
	assert_ok(file_write_atomic(below(state, "PRIV/FheKeyInfo/0800000000000000000000000000000000000000000000000000000000000001/notes.txt"),
	                            slice_str("x"), 0600));
	assert_ok(vault_list_private(&ids, &n, v, PRIV_FHE_KEY_INFO, &EPOCH));
	assert_int_equal(n, 2);
	assert_true(id_eq_var(&ids[0], &ONE) && id_eq_var(&ids[1], &TWO));
	free(ids);
	assert_ok(vault_list_epochs(&ids, &n, v, PRIV_FHE_KEY_INFO));
	assert_int_equal(n, 1);
	assert_true(id_eq_var(&ids[0], &EPOCH));
	free(ids);
	vault_free(&v);
}

static void an_unwritable_place_is_a_sentence(void **state)
{
	vault *v = NULL;

	assert_ok(file_write_atomic(below(state, "file"), slice_str("x"), 0600));
	assert_err(ERR_IO, vault_open(&v, below(state, "PUB"), below(state, "file/PRIV")));
	assert_null(v);
}

enum { OBJECT = 1 << 20 };

static void write_objects(void **state, unsigned round, int end)
{
	static uint8_t bytes[OBJECT];
	vault *v = open_vault_or_exit(state);
	bool existed;

	memset(bytes, 0x5a, sizeof bytes);
	for (id32 id = {{ [30] = (uint8_t)(round + 1) }};; id.b[31]++)
		if (vault_put_private(v, PRIV_CONTEXT, NULL, &id, slice_of(bytes, OBJECT), &existed) != OK || write(end, "", 1) != 1) _exit(1);
}

static void a_killed_writer_leaves_whole_objects(void **state)
{
	enum { ROUNDS = 20, MOST = 6 };

	for (unsigned round = 0; round < ROUNDS; round++) {
		kill_while(state, write_objects, round, MOST);
		vault *v = open_vault(state);
		id32 *ids;
		size_t n;
		assert_ok(vault_list_private(&ids, &n, v, PRIV_CONTEXT, NULL));
		for (size_t i = 0; i < n; i++) {
			buf b = { 0 };
			assert_ok(vault_get_private(&b, v, PRIV_CONTEXT, NULL, &ids[i], OBJECT));
			assert_int_equal(b.n, OBJECT);
			buf_free(&b);
			assert_ok(vault_remove_private(v, PRIV_CONTEXT, NULL, &ids[i]));
		}
		free(ids);
		vault_free(&v);
	}
}

static void a_signing_key_is_made_once(void **state)
{
	vault *v = open_vault(state);
	signer *k = NULL, *again = NULL;
	bool fresh;
	id32 id;
	char text[ID_TEXT];

	signing_key_id(&id);
	id_text(text, &id);
	assert_string_equal(text, "60b7070add74be3827160aa635fb255eeeeb88586c4debf7ab1134ddceb4beee");
	assert_ok(signing_key_open(&k, &fresh, v, test_rng()));
	assert_true(fresh);
	assert_ok(signing_key_publish(k, v, "0x00"));
	assert_ok(signing_key_publish(k, v, "0x00"));
	assert_err(ERR_STATE, signing_key_publish(k, v, "0x01"));
	vault_free(&v);

	v = open_vault(state);
	assert_ok(signing_key_open(&again, &fresh, v, test_rng()));
	assert_false(fresh);
	assert_memory_equal(signer_pk(k)->b, signer_pk(again)->b, SECP_PK);
	buf published = { 0 };
	secp_pk read;
	assert_ok(vault_get_public(&published, v, PUB_VERF_KEY, &id, MAX_SIG_KEY_FILE));
	assert_ok(public_key_read(&read, buf_slice(&published)));
	assert_memory_equal(signer_pk(k)->b, read.b, SECP_PK);
	buf_free(&published);
	signer_free(&k);
	signer_free(&again);
	vault_free(&v);
}

static void what_is_published_of_every_scheme_has_its_place(void **state)
{
	static const char *const ID[MAX_SCHEMES] = {
		"60b7070add74be3827160aa635fb255eeeeb88586c4debf7ab1134ddceb4beee",
		"ab71324874cb68940288a7262f9af0f984a2a55c529d9728d03310dfc91a2b41",
		"d424162ac21b8e361ce5531b94d450816d837db859e263534a201354c76f21cc",
		"5d9a570b2fb0befb80010da93e1c5109ae6d0eac45a20dc313fda76f2220c42a",
		"49cb8dfab84a16bbeca9938a3b5fc365a4067e9cfe1ea2abfba2d5b9de6356ab",
	};
	vault *v = open_vault(state);
	AUTO(signer) *k = NULL;
	bool fresh, existed;

	assert_ok(signing_key_open(&k, &fresh, v, test_rng()));
	assert_ok(signing_key_publish(k, v, "0x00"));
	for (uint32_t scheme = 0; scheme < MAX_SCHEMES; scheme++) {
		uint8_t key[MAX_TYPED_KEY], digest[32];
		buf file = { 0 }, text = { 0 };
		uint32_t read;
		slice is;
		id32 id;
		char name[ID_TEXT];
		signing_key_id_of(&id, scheme);
		id_text(name, &id);
		assert_string_equal(name, ID[scheme]);
		assert_ok(vault_get_public(&file, v, PUB_TYPED_VERF_KEY, &id, MAX_SIG_KEY_FILE));
		assert_ok(unified_public_key_read(&read, &is, buf_slice(&file)));
		typed_key(key, k, scheme);
		assert_int_equal(read, scheme);
		assert_true(slice_eq_var(is, slice_of(key, scheme_key_bytes(scheme))));
		assert_ok(vault_get_public(&text, v, PUB_TYPED_VERF_ADDRESS, &id, 256));
		if (scheme == SCHEME_ECDSA256K1) assert_true(slice_eq_var(buf_slice(&text), slice_str("0x00")));
		else {
			const hash32 h = typed_identity(scheme, is);
			assert_int_equal(text.n, 66);
			assert_true(hex_read(digest, sizeof digest, buf_slice(&text)));
			assert_memory_equal(digest, h.b, sizeof digest);
		}
		buf_free(&file), buf_free(&text);
	}

	/* What an older version did not publish is added; what belongs to another key is not, nor anything beside it. */
	id32 ed, dsa;
	signing_key_id_of(&ed, SCHEME_ED25519), signing_key_id_of(&dsa, SCHEME_MLDSA65);
	assert_ok(vault_remove_public(v, PUB_TYPED_VERF_KEY, &ed));
	assert_ok(signing_key_publish(k, v, "0x00"));
	assert_true(has_public(v, PUB_TYPED_VERF_KEY, &ed));
	assert_ok(vault_remove_public(v, PUB_TYPED_VERF_KEY, &ed));
	assert_ok(vault_remove_public(v, PUB_TYPED_VERF_KEY, &dsa));
	assert_ok(vault_put_public(v, PUB_TYPED_VERF_KEY, &dsa, slice_str("another"), &existed));
	assert_err(ERR_STATE, signing_key_publish(k, v, "0x00"));
	assert_false(has_public(v, PUB_TYPED_VERF_KEY, &ed));
	vault_free(&v);
}

static void a_damaged_signing_key_is_not_replaced(void **state)
{
	vault *v = open_vault(state);
	signer *k = NULL;
	id32 id;
	bool existed, fresh;

	signing_key_id(&id);
	assert_ok(vault_put_private(v, PRIV_SIGNING_KEY, NULL, &id, slice_str("rubbish"), &existed));
	assert_err(ERR_STATE, signing_key_open(&k, &fresh, v, test_rng()));
	vault_free(&v);
}

/* Opening with no key must say why, and leave the private folder without one. */
static void refused_to_make(void **state, const char *why)
{
	vault *v = open_vault(state);
	signer *k = NULL;
	bool fresh;
	id32 id;

	signing_key_id(&id);
	assert_int_equal(signing_key_open(&k, &fresh, v, test_rng()), ERR_STATE);
	assert_non_null(strstr(err_text(), why));
	err_clear();
	assert_null(k);
	assert_false(has_private(v, PRIV_SIGNING_KEY, NULL, &id));
	vault_free(&v);
}

static void a_lost_signing_key_is_not_replaced(void **state)
{
	vault *v = open_vault(state);
	signer *k = NULL;
	bool fresh, existed;
	id32 id;

	signing_key_id(&id);
	assert_ok(signing_key_open(&k, &fresh, v, test_rng()));
	assert_ok(signing_key_publish(k, v, "0x00"));
	assert_ok(vault_remove_private(v, PRIV_SIGNING_KEY, NULL, &id));
	signer_free(&k);
	vault_free(&v);
	refused_to_make(state, "PUB");

	/* Any of what is published is enough, */
	v = open_vault(state);
	assert_ok(vault_remove_public(v, PUB_VERF_KEY, &id));
	assert_ok(vault_remove_public(v, PUB_VERF_ADDRESS, &id));
	assert_ok(vault_remove_public(v, PUB_TYPED_VERF_KEY, &id));
	vault_free(&v);
	refused_to_make(state, "PUB");
	v = open_vault(state);
	assert_ok(vault_remove_public(v, PUB_TYPED_VERF_ADDRESS, &id));

	/* and so is any private file: a key, */
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, slice_str("record"), &existed));
	vault_free(&v);
	refused_to_make(state, "PRIV");
	v = open_vault(state);
	assert_ok(vault_remove_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE));
	vault_free(&v);
	/* or a journal. */
	assert_ok(file_write_atomic(below(state, "PRIV/journal"), slice_str("x"), 0600));
	refused_to_make(state, "PRIV");
	assert_int_equal(unlink(below(state, "PRIV/journal")), 0);

	/* Empty folders do not matter. */
	v = open_vault(state);
	assert_ok(signing_key_open(&k, &fresh, v, test_rng()));
	assert_true(fresh);
	signer_free(&k);
	vault_free(&v);
}

static void nothing_is_published_beside_what_another_key_published(void **state)
{
	vault *v = open_vault(state);
	signer *k = NULL;
	bool fresh, existed;
	id32 id;

	signing_key_id(&id);
	assert_ok(signing_key_open(&k, &fresh, v, test_rng()));
	assert_ok(vault_put_public(v, PUB_TYPED_VERF_ADDRESS, &id, slice_str("0x01"), &existed));
	assert_err(ERR_STATE, signing_key_publish(k, v, "0x00"));
	assert_false(has_public(v, PUB_VERF_KEY, &id));
	assert_false(has_public(v, PUB_VERF_ADDRESS, &id));
	signer_free(&k);
	vault_free(&v);
}

/* A loop of links stands for whatever keeps a disk from answering. */
static void what_cannot_be_looked_for_is_not_taken_for_absent(void **state)
{
	vault *v = open_vault(state);
	bool there = true;
	id32 *ids = NULL;
	size_t n;

	assert_int_equal(symlink("FheKeyInfo", below(state, "PRIV/FheKeyInfo")), 0);
	assert_int_equal(symlink("PublicKey", below(state, "PUB/PublicKey")), 0);
	assert_err(ERR_IO, vault_has_private(&there, v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE));
	assert_err(ERR_IO, vault_has_public(&there, v, PUB_PUBLIC_KEY, &ONE));
	assert_true(there);
	assert_err(ERR_IO, vault_list_private(&ids, &n, v, PRIV_FHE_KEY_INFO, &EPOCH));
	assert_err(ERR_IO, vault_list_epochs(&ids, &n, v, PRIV_FHE_KEY_INFO));
	assert_err(ERR_IO, vault_remove_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE));
	assert_err(ERR_IO, vault_remove_public(v, PUB_PUBLIC_KEY, &ONE));
	assert_null(ids);
	vault_free(&v);
}

static void a_path_that_is_too_long_is_a_sentence(void **state)
{
	char path[PATH_MAX + 8];
	vault *v = NULL;

	(void)state;
	memset(path, 'p', sizeof path - 1);
	path[0] = '/', path[sizeof path - 1] = '\0';
	assert_err(ERR_REQUEST, vault_open(&v, path, path));
	assert_null(v);
}

TESTS(TEST_IN_FOLDER(a_lost_signing_key_is_not_replaced), TEST_IN_FOLDER(nothing_is_published_beside_what_another_key_published),
      TEST_IN_FOLDER(what_cannot_be_looked_for_is_not_taken_for_absent), TEST_IN_FOLDER(a_path_that_is_too_long_is_a_sentence),
      TEST_IN_FOLDER(what_was_put_is_read_back_from_the_published_place), TEST_IN_FOLDER(a_second_write_is_skipped_and_reported),
      TEST_IN_FOLDER(private_material_is_closed_to_others_whatever_the_umask),
      TEST_IN_FOLDER(a_vault_whose_private_files_are_open_to_others_is_refused), TEST_IN_FOLDER(a_vault_has_one_holder),
      TEST_IN_FOLDER(what_an_interrupted_write_left_is_removed_and_nothing_else),
      TEST_IN_FOLDER(ids_are_listed_in_order_and_foreign_names_passed_over), TEST_IN_FOLDER(an_unwritable_place_is_a_sentence),
      TEST_IN_FOLDER(a_killed_writer_leaves_whole_objects), TEST_IN_FOLDER(a_signing_key_is_made_once), TEST_IN_FOLDER(what_is_published_of_every_scheme_has_its_place),
      TEST_IN_FOLDER(a_damaged_signing_key_is_not_replaced))
