/* SPDX-License-Identifier: MIT */
/* A vault with a key: nothing private is plain on its disk, and what is there is what was put there, or is refused. */
#include <sys/stat.h>
#include "base/file.h"
#include "tests/vault/spools.h"
#include "vault/signing_key.h"

static const vault_key KEY = {{ 7, 7, 7 }}, OTHER_KEY = {{ 8 }};

#define ID_1 "0000000000000000000000000000000000000000000000000000000000000001"
#define ID_2 "0000000000000000000000000000000000000000000000000000000000000002"
#define IN_EPOCH "0800000000000000000000000000000000000000000000000000000000000001/"
#define MARK_FILE "PRIV/Sealed/0000000000000000000000000000000000000000000000000000000000000000"
static const char SHARE_1[] = "PRIV/FheKeyInfo/" IN_EPOCH ID_1, SHARE_2[] = "PRIV/FheKeyInfo/" IN_EPOCH ID_2;
static const char SECRET_TEXT[] = "a secret that stands nowhere on the disk ";

enum { TIMES = 2000 };                               /* of the text, in an object of 80 KB */

static slice secret(unsigned number)
{
	static uint8_t bytes[TIMES * sizeof SECRET_TEXT];
	const size_t n = sizeof SECRET_TEXT - 1;

	for (size_t i = 0; i < TIMES; i++) memcpy(bytes + i * n, SECRET_TEXT, n);
	bytes[0] = (uint8_t)number;
	return slice_of(bytes, TIMES * n);
}

static err open_with(vault **v, uint64_t *sealed, void **state, const vault_key *key)
{
	return vault_open_sealed(v, sealed, below(state, "PUB"), below(state, "PRIV"), key, test_rng());
}

static vault *open_sealed(void **state, uint64_t expected)
{
	vault *v = NULL;
	uint64_t sealed;

	assert_ok(open_with(&v, &sealed, state, &KEY));
	assert_int_equal(sealed, expected);
	return v;
}

static void put_share(vault *v, const id32 *id, unsigned number)
{
	bool existed;
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, id, secret(number), &existed));
	assert_false(existed);
}

static err get_share(buf *b, vault *v, const id32 *id) { return vault_get_private(b, v, PRIV_FHE_KEY_INFO, &EPOCH, id, 1 << 20); }

static void has_share(vault *v, const id32 *id, unsigned number)
{
	AUTO(buf) b = { 0 };
	assert_ok(get_share(&b, v, id));
	assert_true(slice_eq_var(buf_slice(&b), secret(number)));
}

/* Not synced: whoever changes a file behind a vault's back need not. */
static void write_over(const char *path, slice bytes)
{
	const int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.n), bytes.n);
	close(fd);
}

static unsigned plain_files, files;

static int look_for_secret(const char *path, const struct stat *s, int kind, struct FTW *w)
{
	(void)w, (void)s;
	if (kind != FTW_F) return 0;
	buf b = test_read(path);
	files++;
	plain_files += b.n && memmem(b.p, b.n, SECRET_TEXT, sizeof SECRET_TEXT - 1) != NULL;
	buf_free(&b);
	return 0;
}

/* How many files below the vault's private folder have the text in them. */
static unsigned plain_in(void **state)
{
	plain_files = files = 0;
	assert_int_equal(nftw(below(state, "PRIV"), look_for_secret, 16, FTW_PHYS), 0);
	return plain_files;
}

/* ---- with a key from the beginning -------------------------------------------------------------------------------- */

static void what_was_put_comes_back_and_is_nowhere_in_the_clear(void **state)
{
	vault *v = open_sealed(state, 0);
	AUTO(buf) b = { 0 };
	bool existed, fresh;

	assert_ok(vault_is_fresh(&fresh, v));
	assert_true(fresh);
	put_share(v, &ONE, 1);
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, secret(2), &existed));
	assert_true(existed);
	assert_ok(vault_is_fresh(&fresh, v));
	assert_false(fresh);
	has_share(v, &ONE, 1);
	assert_int_equal(plain_in(state), 0);
	assert_err(ERR_REQUEST, vault_get_private(&b, v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, 1000));
	assert_err(ERR_NOT_FOUND, get_share(&b, v, &TWO));
	assert_int_equal(b.n, 0);
	vault_free(&v);
	v = open_sealed(state, 0);
	has_share(v, &ONE, 1);
	vault_free(&v);
}

/* Marks have no bytes to seal, and are listed as before. */
static void marks_stay_empty_files(void **state)
{
	vault *v = open_sealed(state, 0);
	bool existed;
	id32 *id;
	size_t n;

	assert_ok(vault_put_private(v, PRIV_USED_SESSION, &EPOCH, &ONE, (slice){ 0 }, &existed));
	assert_int_equal(size_of_file(below(state, "PRIV/UsedSession/" IN_EPOCH ID_1)), 0);
	assert_ok(vault_list_private(&id, &n, v, PRIV_USED_SESSION, &EPOCH));
	assert_int_equal(n, 1);
	free(id);
	vault_free(&v);
}

static void a_node_keeps_its_identity(void **state)
{
	vault *v = open_sealed(state, 0);
	signer *s;
	bool fresh;

	assert_ok(signing_key_open(&s, &fresh, v, test_rng()));
	assert_true(fresh);
	const eth_address first = *signer_address(s);
	signer_free(&s);
	vault_free(&v);
	v = open_sealed(state, 0);
	assert_ok(signing_key_open(&s, &fresh, v, test_rng()));
	assert_false(fresh);
	assert_memory_equal(&first, signer_address(s), sizeof first);
	signer_free(&s);
	vault_free(&v);
}

/* Its key is a private object; it is sealed like the others, and gone once it is used. */
static void preprocessing_is_used_once(void **state)
{
	vault *v = open_sealed(state, 0);
	spool *s;

	make(v, &ONE);
	buf key = test_read(below(state, KEY_OF));
	assert_true(sealed_begins(buf_slice(&key)));
	buf_free(&key);
	assert_ok(spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
	take_range(s, &SHAPE, 2, 0, 100, 100);
	spool_free(&s);
	assert_err(ERR_NOT_FOUND, spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
	vault_free(&v);
}

/* ---- without the key, or with another ----------------------------------------------------------------------------- */

static void is_refused(void **state, const vault_key *key, const char *sentence)
{
	vault *v = NULL;
	uint64_t sealed;

	assert_int_equal(open_with(&v, &sealed, state, key), ERR_STATE);
	assert_null(v);
	if (!strstr(err_text(), sentence)) print_error("%s\n", err_text());
	assert_non_null(strstr(err_text(), sentence));
	err_clear();
}

static void the_missing_key_is_named_and_nothing_is_touched(void **state)
{
	char id[KEY_ID_TEXT], left[300];
	vault *v = open_sealed(state, 0);

	put_share(v, &ONE, 1);
	vault_free(&v);
	snprintf(left, sizeof left, "%s.unfinished-aB3xYz", SHARE_1);
	assert_ok(file_write_atomic(below(state, left), secret(3), 0600));
	buf before = test_read(below(state, SHARE_1)), mark = test_read(below(state, MARK_FILE));
	vault_key_id(id, &KEY);
	is_refused(state, NULL, id);
	is_refused(state, NULL, "private_vault.keychain");
	is_refused(state, &OTHER_KEY, id);
	vault_key_id(id, &OTHER_KEY);
	is_refused(state, &OTHER_KEY, id);
	buf after = test_read(below(state, SHARE_1)), mark_after = test_read(below(state, MARK_FILE));
	assert_true(slice_eq_var(buf_slice(&before), buf_slice(&after)));
	assert_true(slice_eq_var(buf_slice(&mark), buf_slice(&mark_after)));
	assert_true(file_exists(below(state, left)));
	buf_free(&before), buf_free(&after), buf_free(&mark), buf_free(&mark_after);
	v = open_sealed(state, 0);
	has_share(v, &ONE, 1);
	assert_false(file_exists(below(state, left)));
	vault_free(&v);
}

/* The mark is gone: with the key that is said; without it the vault opens, and what is sealed is not taken for plain. */
static void without_its_mark_a_sealed_vault_is_refused(void **state)
{
	vault *v = open_sealed(state, 0);
	AUTO(buf) b = { 0 };

	put_share(v, &ONE, 1);
	vault_free(&v);
	assert_int_equal(rename(below(state, MARK_FILE), below(state, "mark")), 0);
	is_refused(state, &KEY, "restore it");
	v = open_vault(state);
	assert_err(ERR_STATE, get_share(&b, v, &ONE));
	assert_int_equal(b.n, 0);
	vault_free(&v);
	assert_int_equal(rename(below(state, "mark"), below(state, MARK_FILE)), 0);
	v = open_sealed(state, 0);
	has_share(v, &ONE, 1);
	vault_free(&v);
}

static void a_damaged_mark_is_refused(void **state)
{
	vault *v = open_sealed(state, 0);

	vault_free(&v);
	buf mark = test_read(below(state, MARK_FILE));
	for (size_t at = 0; at < mark.n; at++) {
		mark.p[at] ^= 4;
		write_over(below(state, MARK_FILE), buf_slice(&mark));
		is_refused(state, &KEY, "Sealed");
		mark.p[at] ^= 4;
	}
	buf_free(&mark);
}

/* ---- whatever is done to an object -------------------------------------------------------------------------------- */

static void an_object_in_the_place_of_another_is_refused(void **state)
{
	vault *v = open_sealed(state, 0);
	AUTO(buf) b = { 0 };

	put_share(v, &ONE, 1);
	put_share(v, &TWO, 2);
	assert_int_equal(rename(below(state, SHARE_1), below(state, "held")), 0);
	assert_int_equal(rename(below(state, SHARE_2), below(state, SHARE_1)), 0);
	assert_int_equal(rename(below(state, "held"), below(state, SHARE_2)), 0);
	assert_err(ERR_STATE, get_share(&b, v, &ONE));
	assert_err(ERR_STATE, get_share(&b, v, &TWO));
	assert_int_equal(b.n, 0);
	vault_free(&v);
}

static void a_changed_or_shorter_object_is_refused(void **state)
{
	vault *v = open_sealed(state, 0);
	AUTO(buf) b = { 0 };

	put_share(v, &ONE, 1);
	buf file = test_read(below(state, SHARE_1));
	for (size_t at = 0; at < file.n; at += at < 80 ? 1 : 4999) {
		file.p[at] ^= 1;
		write_over(below(state, SHARE_1), buf_slice(&file));
		assert_err(ERR_STATE, get_share(&b, v, &ONE));
		file.p[at] ^= 1;
		write_over(below(state, SHARE_1), slice_of(file.p, at));
		assert_err(ERR_STATE, get_share(&b, v, &ONE));
	}
	assert_int_equal(b.n, 0);
	buf_free(&file);
	vault_free(&v);
}

/* Who can write to the disk does not get his own key used: neither in the running vault nor at its next opening. */
static void a_plain_object_in_a_sealed_vault_is_refused(void **state)
{
	vault *v = open_sealed(state, 0);
	AUTO(buf) b = { 0 };

	put_share(v, &ONE, 1);
	write_over(below(state, SHARE_1), secret(9));
	assert_err(ERR_STATE, get_share(&b, v, &ONE));
	vault_free(&v);
	v = open_sealed(state, 0);
	assert_err(ERR_STATE, get_share(&b, v, &ONE));
	assert_int_equal(b.n, 0);
	vault_free(&v);
}

/* ---- a key for a vault that has objects --------------------------------------------------------------------------- */

static void plain_objects_are_sealed_and_overwritten(void **state)
{
	vault *v = open_vault(state);
	bool existed;
	signer *s;

	assert_ok(signing_key_open(&s, &existed, v, test_rng()));
	const eth_address first = *signer_address(s);
	signer_free(&s);
	put_share(v, &ONE, 1);
	put_share(v, &TWO, 2);
	assert_ok(vault_put_private(v, PRIV_CONTEXT, NULL, &ONE, secret(3), &existed));
	assert_ok(vault_put_private(v, PRIV_USED_SESSION, &EPOCH, &ONE, (slice){ 0 }, &existed));
	make(v, &ONE);
	vault_free(&v);
	assert_int_equal(plain_in(state), 3);
	assert_int_equal(link(below(state, SHARE_1), below(state, "held")), 0);        /* as if somebody read the disk's blocks */

	v = open_sealed(state, 5);                           /* these, the signing key and the key of a spool; a mark has nothing */
	assert_int_equal(plain_in(state), 0);
	buf held = test_read(below(state, "held"));
	for (size_t i = 0; i < held.n; i++) assert_int_equal(held.p[i], 0);
	buf_free(&held);
	has_share(v, &ONE, 1);
	has_share(v, &TWO, 2);
	assert_ok(signing_key_open(&s, &existed, v, test_rng()));
	assert_memory_equal(&first, signer_address(s), sizeof first);
	signer_free(&s);
	vault_free(&v);
	v = open_sealed(state, 0);
	spool *sp;
	assert_ok(spool_use(&sp, v, &EPOCH, &ONE, &SHAPE));
	spool_free(&sp);
	vault_free(&v);
}

enum { OBJECTS = 4 };

static id32 id_of(unsigned i) { return (id32){{ [0] = 5, [31] = (uint8_t)(i + 1) }}; }

/* Each seal draws one salt; this process does not survive the last of so many. */
static void fill_or_die(void *ctx, uint8_t *out, size_t n)
{
	unsigned *left = ctx;

	if (--*left == 0) raise(SIGKILL);
	rng_fill(test_rng(), out, n);
}

static void seal_and_die(void **state, unsigned seal)
{
	int how;
	const pid_t child = fork();

	if (child == 0) {
		vault *v;
		uint64_t sealed;
		const rng random = { &seal, fill_or_die };
		_exit(vault_open_sealed(&v, &sealed, below(state, "PUB"), below(state, "PRIV"), &KEY, &random) != OK);
	}
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFSIGNALED(how));
}

/* Before the first mark, before each object, before the last mark. */
static void a_crash_while_sealing_loses_nothing_and_leaves_nothing(void **state)
{
	for (unsigned seal = 1; seal <= OBJECTS + 2; seal++) {
		const unsigned plain = seal == 1 ? OBJECTS : OBJECTS + 2 - seal;
		vault *v = open_vault(state);
		for (unsigned i = 0; i < OBJECTS; i++) {
			const id32 id = id_of(i);
			put_share(v, &id, i);
		}
		vault_free(&v);
		seal_and_die(state, seal);
		assert_int_equal(plain_in(state), plain);
		v = open_sealed(state, plain);
		assert_int_equal(plain_in(state), 0);
		assert_int_equal(files, OBJECTS + 2);            /* lock and mark */
		for (unsigned i = 0; i < OBJECTS; i++) {
			const id32 id = id_of(i);
			has_share(v, &id, i);
		}
		vault_free(&v);
		for (unsigned i = 0; i < OBJECTS; i++) {
			char text[ID_TEXT], path[300];
			const id32 id = id_of(i);
			id_text(text, &id);
			snprintf(path, sizeof path, "PRIV/FheKeyInfo/" IN_EPOCH "%s", text);
			assert_int_equal(unlink(below(state, path)), 0);
		}
		assert_int_equal(unlink(below(state, MARK_FILE)), 0);
	}
}

/* Both halves of one step, as a crash leaves them. */
static void every_half_of_a_step_is_finished(void **state)
{
	char left[300];
	vault *v = open_vault(state);

	put_share(v, &ONE, 1);
	put_share(v, &TWO, 2);
	vault_free(&v);
	snprintf(left, sizeof left, "%s.unfinished-aB3xYz", SHARE_1);
	buf plain = test_read(below(state, SHARE_1));
	v = open_sealed(state, 2);
	vault_free(&v);
	buf sealed = test_read(below(state, SHARE_1));
	assert_ok(file_write_atomic(below(state, left), buf_slice(&plain), 0600));        /* exchanged, not overwritten */
	v = open_sealed(state, 0);
	assert_false(file_exists(below(state, left)));
	assert_int_equal(plain_in(state), 0);
	has_share(v, &ONE, 1);
	vault_free(&v);
	assert_ok(file_write_atomic(below(state, left), buf_slice(&sealed), 0600));       /* written, not exchanged */
	v = open_sealed(state, 0);
	assert_false(file_exists(below(state, left)));
	has_share(v, &ONE, 1);
	vault_free(&v);
	buf_free(&plain), buf_free(&sealed);
}

TESTS(TEST_IN_FOLDER(what_was_put_comes_back_and_is_nowhere_in_the_clear), TEST_IN_FOLDER(marks_stay_empty_files),
      TEST_IN_FOLDER(a_node_keeps_its_identity), TEST_IN_FOLDER(preprocessing_is_used_once),
      TEST_IN_FOLDER(the_missing_key_is_named_and_nothing_is_touched), TEST_IN_FOLDER(without_its_mark_a_sealed_vault_is_refused),
      TEST_IN_FOLDER(a_damaged_mark_is_refused), TEST_IN_FOLDER(an_object_in_the_place_of_another_is_refused),
      TEST_IN_FOLDER(a_changed_or_shorter_object_is_refused), TEST_IN_FOLDER(a_plain_object_in_a_sealed_vault_is_refused),
      TEST_IN_FOLDER(plain_objects_are_sealed_and_overwritten), TEST_IN_FOLDER(a_crash_while_sealing_loses_nothing_and_leaves_nothing),
      TEST_IN_FOLDER(every_half_of_a_step_is_finished))
