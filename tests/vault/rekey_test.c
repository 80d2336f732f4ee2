/* SPDX-License-Identifier: MIT */
/* Another key for a sealed vault, or none: everything is there afterwards, whenever it is killed and whatever is lost meanwhile. */
#include <sys/stat.h>
#include <sys/time.h>
#include "base/file.h"
#include "tests/vault/far_memory.h"
#include "tests/vault/spools.h"
#include "vault/lease.h"

static const vault_key BEFORE = {{ 1, 2, 3 }}, AFTER = {{ 4, 5, 6 }}, STRANGE = {{ 7 }};

enum { OBJECTS = 8, FEW = 3, LONG = 5000 };        /* FEW: where each opening says much to a bucket */

typedef struct world {
	void **state;
	memory *there;                         /* the bucket, NULL: none */
	far_store store;
	clock_source clock;
	unsigned folder, objects;
	vault_opened what;
} world;

static err open_keys(vault **v, world *w, const vault_key *key, const vault_key *former)
{
	char pub[32], priv[32];
	const vault_far far = { .private_store = &w->store, .host = "here", .clock = &w->clock };

	snprintf(pub, sizeof pub, "%u/PUB", w->folder), snprintf(priv, sizeof priv, "%u/PRIV", w->folder);
	return vault_open_with(v, &w->what, &(vault_opening){ below(w->state, pub), below(w->state, priv), key, former, test_rng(),
	                                                      w->there ? &far : NULL });
}

static vault *open_now(world *w, const vault_key *key, const vault_key *former, uint64_t changed)
{
	vault *v = NULL;

	assert_ok(open_keys(&v, w, key, former));
	assert_int_equal(w->what.changed, changed);
	return v;
}

static void refused(world *w, const vault_key *key, const vault_key *former, const char *why)
{
	vault *v = NULL;
	const err e = open_keys(&v, w, key, former);

	assert_int_not_equal(e, OK);
	if (!strstr(err_text(), why)) print_error("%s\n", err_text());
	assert_non_null(strstr(err_text(), why));
	assert_non_null(strstr(err_text(), "Nothing was changed"));
	err_clear();
}

static id32 id_of(unsigned i) { return (id32){{ [0] = 5, [31] = (uint8_t)(i + 1) }}; }

/* A different text each, one of them longer. */
static buf text_of(unsigned i)
{
	buf b = { 0 };
	buf_printf(&b, "the secret number %u ", i);
	if (i == 1) memset(buf_grow(&b, LONG), 'x', LONG);
	return b;
}

static void put_all(vault *v, unsigned objects)
{
	bool existed;

	for (unsigned i = 0; i < objects; i++) {
		const id32 id = id_of(i);
		buf text = text_of(i);
		assert_ok(vault_put_private(v, i % 2 ? PRIV_FHE_KEY_INFO : PRIV_EPOCH_DATA, i % 2 ? &EPOCH : NULL, &id, buf_slice(&text), &existed));
		buf_free(&text);
	}
	assert_ok(vault_put_private(v, PRIV_USED_SESSION, &EPOCH, &ONE, (slice){ 0 }, &existed));
}

static void is_whole(const world *w, vault *v)
{
	bool there;

	for (unsigned i = 0; i < w->objects; i++) {
		AUTO(buf) got = { 0 };
		const id32 id = id_of(i);
		buf text = text_of(i);
		assert_ok(vault_get_private(&got, v, i % 2 ? PRIV_FHE_KEY_INFO : PRIV_EPOCH_DATA, i % 2 ? &EPOCH : NULL, &id, 2 * LONG));
		assert_true(slice_eq_var(buf_slice(&got), buf_slice(&text)));
		buf_free(&text);
	}
	assert_ok(vault_has_private(&there, v, PRIV_USED_SESSION, &EPOCH, &ONE));
	assert_true(there);
}

static world sealed_world(void **state, memory *there)
{
	static unsigned folders;
	world w = { .state = state, .there = there, .folder = ++folders, .objects = there ? FEW : OBJECTS };

	if (there) w.store = memory_store(there), w.clock = memory_clock(there);
	vault *v = open_now(&w, &BEFORE, NULL, 0);
	put_all(v, w.objects);
	vault_free(&v);
	return w;
}

/* ---- how many files are sealed with which key ------------------------------------------------------------------------ */

static unsigned sealed_files, plain_files;
static const char *sought;

static int count_file(const char *path, const struct stat *s, int kind, struct FTW *f)
{
	char id[KEY_ID_TEXT];
	(void)s, (void)f;

	if (kind != FTW_F) return 0;
	buf b = test_read(path);
	if (b.n && !sealed_begins(buf_slice(&b))) plain_files++;
	else if (b.n && sealed_key_id(id, buf_slice(&b)) == OK && !strcmp(id, sought)) sealed_files++;
	buf_free(&b);
	return 0;
}

/* Objects and the mark. */
static unsigned sealed_with(const world *w, const vault_key *k)
{
	char id[KEY_ID_TEXT], folder[32];

	vault_key_id(id, k);
	sought = id;
	sealed_files = plain_files = 0;
	snprintf(folder, sizeof folder, "%u/PRIV", w->folder);
	assert_int_equal(nftw(below(w->state, folder), count_file, 16, FTW_PHYS), 0);
	return sealed_files;
}

/* ---- in peace ---------------------------------------------------------------------------------------------------------- */

static void every_object_gets_the_other_key_and_the_one_before_opens_nothing(void **state)
{
	world w = sealed_world(state, NULL);

	refused(&w, &AFTER, NULL, "the vault is sealed with the key");
	refused(&w, &AFTER, &STRANGE, "the vault is sealed with the key");
	assert_int_equal(sealed_with(&w, &BEFORE), OBJECTS + 1);
	vault *v = open_now(&w, &AFTER, &BEFORE, OBJECTS);
	is_whole(&w, v);
	vault_free(&v);
	assert_int_equal(sealed_with(&w, &AFTER), OBJECTS + 1);
	assert_int_equal(sealed_with(&w, &BEFORE), 0);
	refused(&w, &BEFORE, NULL, "the vault is sealed with the key");
	for (unsigned again = 0; again < 2; again++) {           /* needed no more, and no harm */
		v = open_now(&w, &AFTER, again ? &BEFORE : NULL, 0);
		is_whole(&w, v);
		vault_free(&v);
	}
}

static void a_preprocessing_is_used_once_under_the_other_key(void **state)
{
	world w = sealed_world(state, NULL);
	vault *v = open_now(&w, &BEFORE, NULL, 0);
	spool *s;

	make(v, &ONE);
	vault_free(&v);
	v = open_now(&w, &AFTER, &BEFORE, OBJECTS + 1);
	assert_ok(spool_use(&s, v, &EPOCH, &ONE, &SHAPE));
	spool_free(&s);
	vault_free(&v);
}

static void sealing_is_taken_away_and_put_back(void **state)
{
	world w = sealed_world(state, NULL);

	refused(&w, NULL, NULL, "none was given");
	vault *v = open_now(&w, NULL, &BEFORE, OBJECTS);
	is_whole(&w, v);
	vault_free(&v);
	assert_int_equal(sealed_with(&w, &BEFORE), 0);
	assert_int_equal(plain_files, OBJECTS);
	for (unsigned again = 0; again < 2; again++) {
		v = open_now(&w, NULL, again ? &BEFORE : NULL, 0);
		is_whole(&w, v);
		vault_free(&v);
	}
	v = open_now(&w, &AFTER, NULL, 0);
	assert_int_equal(w.what.sealed, OBJECTS);
	is_whole(&w, v);
	vault_free(&v);
}

/* Somebody who can write there has no business in the place of a sealed object. */
static void a_plain_object_in_a_sealed_vault_does_not_become_a_sealed_one(void **state)
{
	char path[200], id[ID_TEXT];
	const id32 first = id_of(0);
	world w = sealed_world(state, NULL);
	vault *v = NULL;

	id_text(id, &first);
	snprintf(path, sizeof path, "%u/PRIV/EpochData/%s", w.folder, id);
	assert_ok(file_write_atomic(below(state, path), slice_str("a stranger's"), 0600));
	assert_int_equal(open_keys(&v, &w, &AFTER, &BEFORE), ERR_STATE);
	assert_non_null(strstr(err_text(), "is not sealed, but the vault was"));
	err_clear();
}

/* ---- killed ------------------------------------------------------------------------------------------------------------ */

static int64_t now_us(void)
{
	struct timeval t;
	gettimeofday(&t, NULL);
	return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

/* Opens in a child that a timer kills after so long, without a last word; 0: it is left alone.  Was it killed? */
static bool change_and_die(world *w, const vault_key *key, const vault_key *former, int64_t after_us)
{
	int how;
	const pid_t child = fork();

	if (child == 0) {
		vault *v = NULL;
		const struct itimerval timer = { .it_value = { after_us / 1000000, after_us % 1000000 } };
		if (setitimer(ITIMER_REAL, &timer, NULL)) _exit(1);
		_exit(open_keys(&v, w, key, former) != OK);
	}
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFSIGNALED(how) || WEXITSTATUS(how) == 0);
	return WIFSIGNALED(how);
}

/* With the key alone it is as before, or done, or refused for want of the other; never something else. */
static void is_refused_or_done(world *w, const vault_key *key)
{
	vault *v = NULL;
	const err e = open_keys(&v, w, key, NULL);

	if (e == OK) {
		is_whole(w, v);
		vault_free(&v);
		return;
	}
	assert_non_null(strstr(err_text(), "Nothing was changed"));
	err_clear();
}

static void killed_at_any_moment_it_goes_on(void **state)
{
	const unsigned rounds = test_is_long() ? 400 : 40;
	unsigned killed = 0, half = 0;

	for (unsigned none = 0; none < 2; none++) {
		const vault_key *const key = none ? NULL : &AFTER;
		world w = sealed_world(state, NULL);
		const int64_t began = now_us();
		assert_false(change_and_die(&w, key, &BEFORE, 0));
		const int64_t takes = now_us() - began;
		for (unsigned round = 0; round < rounds; round++) {
			w = sealed_world(state, NULL);
			bool died = change_and_die(&w, key, &BEFORE, 1 + takes * round / rounds);
			killed += died;
			const unsigned left = sealed_with(&w, &BEFORE);
			half += left > 0 && left < OBJECTS + 1;
			if (key) is_refused_or_done(&w, key);
			if (died && round % 2) died = change_and_die(&w, key, &BEFORE, 1 + takes * (round / 2) / rounds);
			vault *v = NULL;
			assert_ok(open_keys(&v, &w, key, &BEFORE));
			is_whole(&w, v);
			vault_free(&v);
			assert_int_equal(sealed_with(&w, &BEFORE), 0);
			v = open_now(&w, key, NULL, 0);
			is_whole(&w, v);
			vault_free(&v);
		}
	}
	print_message("# killed %u times, %u of them in the middle\n", killed, half);
	assert_true(killed > 0);
}

/* ---- with a bucket ----------------------------------------------------------------------------------------------------- */

static void in_another_folder(world *w) { w->folder += 100000; }

static void the_bucket_has_the_other_key_too(void **state)
{
	world w = sealed_world(state, memory_new());
	vault *v = open_now(&w, &AFTER, &BEFORE, FEW);

	is_whole(&w, v);
	vault_free(&v);
	in_another_folder(&w);
	refused(&w, &BEFORE, NULL, "the vault is sealed with the key");
	v = open_now(&w, &AFTER, NULL, 0);
	is_whole(&w, v);
	vault_free(&v);
	memory_free(w.there);
}

static void what_is_in_a_bucket_stays_sealed(void **state)
{
	world w = sealed_world(state, memory_new());
	vault *v = NULL;

	assert_int_equal(open_keys(&v, &w, NULL, &BEFORE), ERR_REQUEST);
	assert_non_null(strstr(err_text(), "only sealed"));
	err_clear();
	v = open_now(&w, &BEFORE, NULL, 0);
	is_whole(&w, v);
	vault_free(&v);
	memory_free(w.there);
}

/* It dies before or after the k-th word to the bucket, for every k; then it goes on, or its disk is gone as well. */
static void wherever_it_dies_between_here_and_there_it_goes_on(void **state)
{
	static const harm HOW[] = { HARM_DIE_BEFORE, HARM_DIE_AFTER };

	for (unsigned lost = 0; lost < 2; lost++)
		for (size_t h = 0; h < COUNT(HOW); h++)
			for (unsigned k = 1, harmed = 1; harmed; k++) {
				int how;
				world w = sealed_world(state, memory_new());
				memory_harm(w.there, k, HOW[h], false);
				const pid_t child = fork();
				if (child == 0) {
					vault *v = NULL;
					_exit(open_keys(&v, &w, &AFTER, &BEFORE) == OK ? 2 : 1);
				}
				assert_int_equal(waitpid(child, &how, 0), child);
				assert_true(WIFEXITED(how) && WEXITSTATUS(how) != 1);
				harmed = WEXITSTATUS(how) == 0;
				memory_harm(w.there, 0, HARM_NONE, false);
				if (lost) memory_pass(w.there, LEASE_S + 1), in_another_folder(&w);
				vault *v = NULL;
				assert_ok(open_keys(&v, &w, &AFTER, &BEFORE));
				is_whole(&w, v);
				vault_free(&v);
				assert_int_equal(sealed_with(&w, &BEFORE), 0);
				in_another_folder(&w);
				v = open_now(&w, &AFTER, NULL, 0);
				is_whole(&w, v);
				vault_free(&v);
				memory_free(w.there);
			}
}

TESTS(TEST_IN_FOLDER(every_object_gets_the_other_key_and_the_one_before_opens_nothing),
      TEST_IN_FOLDER(a_preprocessing_is_used_once_under_the_other_key),
      TEST_IN_FOLDER(sealing_is_taken_away_and_put_back),
      TEST_IN_FOLDER(a_plain_object_in_a_sealed_vault_does_not_become_a_sealed_one),
      TEST_IN_FOLDER(killed_at_any_moment_it_goes_on),
      TEST_IN_FOLDER(the_bucket_has_the_other_key_too),
      TEST_IN_FOLDER(what_is_in_a_bucket_stays_sealed),
      TEST_IN_FOLDER(wherever_it_dies_between_here_and_there_it_goes_on))
