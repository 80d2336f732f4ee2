/* SPDX-License-Identifier: MIT */
/* A vault that is elsewhere, too: both sides agree, whatever fails and wherever a node dies. */
#include <sys/stat.h>
#include "base/file.h"
#include "tests/vault/conform.h"
#include "tests/vault/far_memory.h"
#include "vault/lease.h"

static const vault_key KEY = {{ 1, 2, 3 }}, OTHER_KEY = {{ 4, 5, 6 }};

typedef struct world {
	void **state;
	memory *here_and_there;                /* private objects */
	memory *published;
	far_store priv, pub;
	clock_source clock;
	char folder[64];
	vault_opened what;
} world;

static void world_begin(world *w, void **state)
{
	*w = (world){ .state = state, .here_and_there = memory_new(), .published = memory_new(), .folder = "a" };
	w->priv = memory_store(w->here_and_there), w->pub = memory_store(w->published);
	w->clock = memory_clock(w->here_and_there);
}

static void world_end(world *w) { memory_free(w->here_and_there), memory_free(w->published); }

static err open_with(vault **v, world *w, const vault_key *key)
{
	char pub[96], priv[96];

	snprintf(pub, sizeof pub, "%s/PUB", w->folder), snprintf(priv, sizeof priv, "%s/PRIV", w->folder);
	const vault_far far = { .public_store = &w->pub, .private_store = &w->priv, .host = w->folder, .clock = &w->clock };
	return vault_open_with(v, &w->what, &(vault_opening){ below(w->state, pub), below(w->state, priv), .key = key, .random = test_rng(),
	                                                      .far = &far });
}

static vault *open_world(world *w)
{
	vault *v = NULL;
	assert_ok(open_with(&v, w, &KEY));
	return v;
}

/* ---- as any vault ------------------------------------------------------------------------------------------------------- */

static vault *home_open(void *ctx) { return open_world(ctx); }
static void home_lose(void *ctx)
{
	world *w = ctx;
	static unsigned folders;
	snprintf(w->folder, sizeof w->folder, "f%u", ++folders);
}
static void home_begin(void *ctx)
{
	world *w = ctx;
	home_lose(w);
	for (size_t i = 0; i < MEMORY_OBJECTS; i++) w->here_and_there->object[i].there = w->published->object[i].there = false;
}

static void it_is_a_vault(void **state)
{
	world w;
	world_begin(&w, state);
	conform(&(conform_home){ &w, home_open, home_begin, home_lose, 6000 });
	world_end(&w);
}

static void file_begin(void *ctx)
{
	static unsigned folders;
	snprintf(((world *)ctx)->folder, sizeof ((world *)ctx)->folder, "p%u", ++folders);
}
static vault *file_open(void *ctx)
{
	world *w = ctx;
	char pub[96], priv[96];
	vault *v = NULL;
	snprintf(pub, sizeof pub, "%s/PUB", w->folder), snprintf(priv, sizeof priv, "%s/PRIV", w->folder);
	assert_ok(vault_open(&v, below(w->state, pub), below(w->state, priv)));
	return v;
}
static vault *sealed_open(void *ctx)
{
	world *w = ctx;
	char pub[96], priv[96];
	uint64_t sealed;
	vault *v = NULL;
	snprintf(pub, sizeof pub, "%s/PUB", w->folder), snprintf(priv, sizeof priv, "%s/PRIV", w->folder);
	assert_ok(vault_open_sealed(&v, &sealed, below(w->state, pub), below(w->state, priv), &KEY, test_rng()));
	return v;
}

static void so_is_one_of_files_sealed_or_not(void **state)
{
	world w = { .state = state };
	conform(&(conform_home){ &w, file_open, file_begin, NULL, 3 << 20 });
	conform(&(conform_home){ &w, sealed_open, file_begin, NULL, 3 << 20 });
}

/* ---- what goes there, and what does not ---------------------------------------------------------------------------------- */

static void private_objects_are_sealed_there(void **state)
{
	static const char TEXT[] = "nobody else may read this";
	bool existed;
	world w;

	world_begin(&w, state);
	vault *v = open_world(&w);
	assert_ok(vault_put_private(v, PRIV_SIGNING_KEY, NULL, &ONE, slice_str(TEXT), &existed));
	for (size_t i = 0; i < MEMORY_OBJECTS; i++) {
		const memory_object *o = &w.here_and_there->object[i];
		if (o->there) assert_null(memmem(o->bytes, o->n, TEXT, sizeof TEXT - 1));
		if (o->there && strcmp(o->name, LEASE_NAME)) assert_true(sealed_begins(slice_of(o->bytes, o->n)));
	}
	assert_int_equal(memory_count(w.here_and_there), 3);       /* it, the mark, the lease */
	vault_free(&v);
	assert_int_equal(memory_count(w.here_and_there), 2);
	vault_opened what;
	const vault_far far = { .private_store = &w.priv, .host = "x", .clock = &w.clock };
	assert_err(ERR_REQUEST, vault_open_with(&v, &what, &(vault_opening){ below(state, "x/PUB"), below(state, "x/PRIV"), .random = test_rng(),
	                                                                     .far = &far }));
	world_end(&w);
}

static void a_preprocessing_stays_here(void **state)
{
	bool existed, there;
	world w;

	world_begin(&w, state);
	vault *v = open_world(&w);
	const unsigned before = memory_count(w.here_and_there);
	assert_ok(vault_put_private(v, PRIV_PREPROCESSING, &EPOCH, &ONE, slice_str("used up once"), &existed));
	assert_int_equal(memory_count(w.here_and_there), before);
	conform_reopen(&(conform_home){ &w, home_open, home_begin, home_lose, 0 }, &v, false);
	assert_ok(vault_has_private(&there, v, PRIV_PREPROCESSING, &EPOCH, &ONE));
	assert_true(there);
	assert_ok(vault_remove_private(v, PRIV_PREPROCESSING, &EPOCH, &ONE));
	assert_ok(vault_has_private(&there, v, PRIV_PREPROCESSING, &EPOCH, &ONE));
	assert_false(there);
	vault_free(&v);
	world_end(&w);
}

/* A vault of files, plain, gets a key and a bucket. */
static void a_vault_that_was_here_only_is_sealed_and_sent(void **state)
{
	bool existed;
	world w;

	world_begin(&w, state);
	vault *v = file_open(&w);
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, slice_str("one"), &existed));
	assert_ok(vault_put_private(v, PRIV_USED_SESSION, NULL, &ONE, (slice){ 0 }, &existed));
	assert_ok(vault_put_public(v, PUB_CRS, &ONE, slice_str("crs"), &existed));
	vault_free(&v);
	v = open_world(&w);
	assert_int_equal(w.what.sealed, 1);
	assert_int_equal(w.what.sent, 3);
	assert_int_equal(w.what.fetched, 0);
	conform_reopen(&(conform_home){ &w, home_open, home_begin, home_lose, 0 }, &v, true);
	assert_int_equal(w.what.fetched, 3);
	conform_is(v, &EPOCH, &ONE, slice_str("one"));
	vault_free(&v);
	world_end(&w);
}

static void the_vault_of_another_is_refused_and_not_changed(void **state)
{
	bool existed;
	world w;

	world_begin(&w, state);
	vault *v = open_world(&w);
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, slice_str("one"), &existed));
	vault_free(&v);
	const unsigned there = memory_count(w.here_and_there);
	home_lose(&w);
	assert_err(ERR_STATE, open_with(&v, &w, &OTHER_KEY));
	/* A folder with plain objects, and the right key. */
	home_lose(&w);
	v = file_open(&w);
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &TWO, slice_str("plain"), &existed));
	vault_free(&v);
	assert_err(ERR_STATE, open_with(&v, &w, &KEY));
	assert_int_equal(memory_count(w.here_and_there), there);
	v = file_open(&w);
	conform_is(v, &EPOCH, &TWO, slice_str("plain"));
	vault_free(&v);
	world_end(&w);
}

static void an_object_of_another_length_is_told(void **state)
{
	bool existed;
	world w;

	world_begin(&w, state);
	vault *v = open_world(&w);
	assert_ok(vault_put_public(v, PUB_CRS, &ONE, slice_str("crs"), &existed));
	vault_free(&v);
	for (size_t i = 0; i < MEMORY_OBJECTS; i++)
		if (w.published->object[i].there) w.published->object[i].n--;
	assert_int_equal(open_with(&v, &w, &KEY), ERR_STATE);
	assert_non_null(strstr(err_text(), "one of them is damaged"));
	err_clear();
	world_end(&w);
}

static void what_was_put_there_first_counts(void **state)
{
	AUTO(buf) got = { 0 };
	char name[FAR_NAME], id[ID_TEXT];
	far_stamp stamp;
	bool existed;
	world w;

	world_begin(&w, state);
	vault *v = open_world(&w);
	id_text(id, &ONE);
	snprintf(name, sizeof name, "CRS/%s", id);
	assert_ok(memory_put(w.published, &stamp, name, slice_str("theirs"), FAR_IF_NONE, NULL));
	assert_ok(vault_put_public(v, PUB_CRS, &ONE, slice_str("ours"), &existed));
	assert_true(existed);
	assert_ok(vault_get_public(&got, v, PUB_CRS, &ONE, 100));
	assert_true(slice_eq_var(buf_slice(&got), slice_str("theirs")));
	vault_free(&v);
	world_end(&w);
}

/* ---- two nodes ---------------------------------------------------------------------------------------------------------------- */

static void a_second_node_is_refused_until_the_first_is_gone(void **state)
{
	bool existed;
	vault *second = NULL;
	world w, x;

	world_begin(&w, state);
	vault *v = open_world(&w);
	x = w;
	home_lose(&x);
	assert_int_equal(open_with(&second, &x, &KEY), ERR_BUSY);
	assert_non_null(strstr(err_text(), "used by another node, on a, until 2023-11-14T22:14:20Z"));
	err_clear();
	vault_free(&v);
	second = open_world(&x);
	/* It dies: a minute later the first may have it, and then the second, which did not die, writes nothing. */
	memory_pass(w.here_and_there, LEASE_S - 1);
	assert_err(ERR_BUSY, open_with(&v, &w, &KEY));
	memory_pass(w.here_and_there, 2);
	v = open_world(&w);
	assert_err(ERR_STATE, vault_put_private(second, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, slice_str("late"), &existed));
	assert_err(ERR_STATE, vault_put_public(second, PUB_CRS, &ONE, slice_str("late"), &existed));
	assert_ok(vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, slice_str("one"), &existed));
	assert_false(existed);
	assert_err(ERR_STATE, vault_remove_private(second, PRIV_FHE_KEY_INFO, &EPOCH, &ONE));
	vault_free(&second);                   /* and leaves the lease of the other alone */
	assert_non_null(memory_find(w.here_and_there, LEASE_NAME));
	vault_free(&v);
	assert_null(memory_find(w.here_and_there, LEASE_NAME));
	world_end(&w);
}

/* ---- harm --------------------------------------------------------------------------------------------------------------------- */

enum { DONE_ONE = 1, DONE_TWO = 2, DONE_CRS = 4, DONE_REMOVED = 8, DONE_DRAFT = 16 };

/* Some work; which parts of it were acknowledged. */
static void work(uint8_t *done, vault *v)
{
	bool existed;
	draft *d = NULL;

	if (vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, slice_str("one"), &existed) == OK) *done |= DONE_ONE;
	if (vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &TWO, slice_str("two"), &existed) == OK) *done |= DONE_TWO;
	if (vault_put_public(v, PUB_CRS, &ONE, slice_str("crs"), &existed) == OK) *done |= DONE_CRS;
	if (vault_remove_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE) == OK) *done |= DONE_REMOVED;
	if (vault_draft_public(&d, v, PUB_PUBLIC_KEY, &ONE, 1000) == OK) {
		memset(draft_bytes(d), 7, 1000);
		if (vault_keep_public(v, PUB_PUBLIC_KEY, &ONE, d, &existed) == OK) *done |= DONE_DRAFT;
		draft_free(&d);
	}
	err_clear();
}

static void holds(vault *v, const id32 *id, bool must, bool may, const char *text)
{
	AUTO(buf) got = { 0 };
	bool there;

	assert_ok(vault_has_private(&there, v, PRIV_FHE_KEY_INFO, &EPOCH, id));
	assert_true(may || !there);
	assert_true(there || !must);
	if (!there) return;
	assert_ok(vault_get_private(&got, v, PRIV_FHE_KEY_INFO, &EPOCH, id, 100));
	assert_true(slice_eq_var(buf_slice(&got), slice_str(text)));
}

/* What was acknowledged is there, what was removed is not, the rest is whole or absent; here, and in an empty folder. */
static void check_world(world *w, uint8_t done)
{
	memory_harm(w->here_and_there, 0, HARM_NONE, false), memory_harm(w->published, 0, HARM_NONE, false);
	for (unsigned lost = 0; lost < 2; lost++) {
		AUTO(buf) got = { 0 };
		slice view;
		vault *v = open_world(w);
		holds(v, &ONE, false, !(done & DONE_REMOVED), "one");      /* a removal that fails may have done its work */
		holds(v, &TWO, done & DONE_TWO, true, "two");
		err e = vault_get_public(&got, v, PUB_CRS, &ONE, 100);
		assert_true(e == OK || (e == ERR_NOT_FOUND && !(done & DONE_CRS)));
		if (e == OK) assert_true(slice_eq_var(buf_slice(&got), slice_str("crs")));
		e = vault_map_public(&view, v, PUB_PUBLIC_KEY, &ONE, 5000);
		assert_true(e == OK || (e == ERR_NOT_FOUND && !(done & DONE_DRAFT)));
		for (size_t i = 0; e == OK && i < view.n; i++) assert_true(view.n == 1000 && view.p[i] == 7);
		if (e == OK) file_unmap(&view);
		err_clear();
		vault_free(&v);
		home_lose(w);
	}
}

/* The k-th operation, for every k, of one side and then of the other. */
static void whatever_fails_nothing_acknowledged_is_lost(void **state)
{
	static const struct { harm how; bool lasting; } HOW[] = { { HARM_BEFORE, false }, { HARM_AFTER, false }, { HARM_CUT, false }, { HARM_BEFORE, true } };

	for (unsigned side = 0; side < 2; side++)
		for (size_t h = 0; h < COUNT(HOW); h++)
			for (unsigned k = 1, harmed = 1; harmed; k++) {
				uint8_t done = 0;
				vault *v = NULL;
				world w;
				world_begin(&w, state);
				home_lose(&w);
				memory *m = side ? w.published : w.here_and_there;
				memory_harm(m, k, HOW[h].how, HOW[h].lasting);
				if (open_with(&v, &w, &KEY) == OK) work(&done, v);
				err_clear();
				harmed = m->operations >= k;
				if (!harmed) assert_int_equal(done, DONE_ONE | DONE_TWO | DONE_CRS | DONE_REMOVED | DONE_DRAFT);
				vault_free(&v);
				check_world(&w, done);
				world_end(&w);
			}
}

/* The same where the second opening, which has much to fetch, is what is harmed. */
static void an_opening_that_fails_can_be_repeated(void **state)
{
	static const harm HOW[] = { HARM_BEFORE, HARM_AFTER, HARM_CUT };

	for (unsigned side = 0; side < 2; side++)
		for (size_t h = 0; h < COUNT(HOW); h++)
			for (unsigned k = 1, harmed = 1; harmed; k++) {
				uint8_t done = 0;
				world w;
				world_begin(&w, state);
				home_lose(&w);
				vault *v = open_world(&w);
				work(&done, v);
				vault_free(&v);
				home_lose(&w);
				memory *m = side ? w.published : w.here_and_there;
				memory_harm(m, k, HOW[h], false);
				const err e = open_with(&v, &w, &KEY);
				harmed = m->operations >= k;
				assert_true(harmed || e == OK);
				err_clear();
				vault_free(&v);
				check_world(&w, done);
				world_end(&w);
			}
}

static void wherever_it_dies_nothing_acknowledged_is_lost(void **state)
{
	static const harm HOW[] = { HARM_DIE_BEFORE, HARM_DIE_AFTER };
	uint8_t *done = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (unsigned side = 0; side < 2; side++)
		for (size_t h = 0; h < COUNT(HOW); h++)
			for (unsigned k = 1, harmed = 1; harmed; k++) {
				world w;
				int how;
				world_begin(&w, state);
				home_lose(&w);
				memory *m = side ? w.published : w.here_and_there;
				memory_harm(m, k, HOW[h], false);
				*done = 0;
				const pid_t child = fork();
				if (child == 0) {
					vault *v = NULL;
					if (open_with(&v, &w, &KEY) != OK) _exit(1);
					work(done, v);
					_exit(2);
				}
				waitpid(child, &how, 0);
				assert_true(WIFEXITED(how) && WEXITSTATUS(how) != 1);
				harmed = WEXITSTATUS(how) == 0;
				check_world(&w, *done);
				world_end(&w);
			}
	munmap(done, 1);
}

/* What was begun is not found again, and the next opening ends it on both sides. */
static void a_removal_that_was_cut_short_is_gone_on_with(void **state)
{
	static const harm HOW[] = { HARM_BEFORE, HARM_AFTER, HARM_DIE_BEFORE, HARM_DIE_AFTER };

	for (size_t h = 0; h < COUNT(HOW); h++) {
		bool existed, there;
		world w;
		int how;
		world_begin(&w, state);
		home_lose(&w);
		const pid_t child = fork();
		if (child == 0) {
			vault *v = open_world(&w);
			if (vault_put_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, slice_str("one"), &existed) != OK) _exit(1);
			memory_harm(w.here_and_there, 1, HOW[h], false);
			const err e = vault_remove_private(v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE);
			_exit(e == ERR_IO && vault_has_private(&there, v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE) == OK && !there ? 0 : 1);
		}
		waitpid(child, &how, 0);
		assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
		memory_harm(w.here_and_there, 0, HARM_NONE, false);
		vault *v = open_world(&w);
		assert_ok(vault_has_private(&there, v, PRIV_FHE_KEY_INFO, &EPOCH, &ONE));
		assert_false(there);
		assert_int_equal(memory_count(w.here_and_there), 2);       /* the mark and the lease */
		vault_free(&v);
		world_end(&w);
	}
}

TESTS(TEST_IN_FOLDER(it_is_a_vault), TEST_IN_FOLDER(so_is_one_of_files_sealed_or_not), TEST_IN_FOLDER(private_objects_are_sealed_there),
      TEST_IN_FOLDER(a_preprocessing_stays_here), TEST_IN_FOLDER(a_vault_that_was_here_only_is_sealed_and_sent),
      TEST_IN_FOLDER(the_vault_of_another_is_refused_and_not_changed), TEST_IN_FOLDER(an_object_of_another_length_is_told),
      TEST_IN_FOLDER(what_was_put_there_first_counts), TEST_IN_FOLDER(a_second_node_is_refused_until_the_first_is_gone),
      TEST_IN_FOLDER(whatever_fails_nothing_acknowledged_is_lost), TEST_IN_FOLDER(an_opening_that_fails_can_be_repeated),
      TEST_IN_FOLDER(a_removal_that_was_cut_short_is_gone_on_with),
      TEST_IN_FOLDER(wherever_it_dies_nothing_acknowledged_is_lost))
