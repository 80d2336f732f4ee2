/* SPDX-License-Identifier: MIT */
/* A vault whose process is killed at any step: what was told is there, what was under way is whole or absent, and nothing is left over. */
#include "tests/crash_points.h"
#include "tests/vault/far_memory.h"
#include "tests/vault/spools.h"
#include "vault/signing_key.h"
#include "vault/wrapped_key.h"

/* In blocks, for what is sealed is written whole. */
#define NEEDLE "these bytes are nobody's business"
static const char OLD[] = NEEDLE " and were here before", NEW[] = NEEDLE " and are to be here",
                  PUBLISHED[] = "everybody sees this", NEWS[] = "and this";

static const vault_key FIRST = {{ 1, 2, 3 }}, SECOND = {{ 4, 5, 6 }};
static const id32 THREE = {{ [31] = 3 }};

/* How it is opened before the operation, and from then on. */
static const vault_key *key_before, *key, *former;
static memory *far_priv, *far_pub;                 /* NULL: in folders only */

static vault *opened_vault;

static err open_by(void **state, const vault_key *k, const vault_key *f)
{
	far_store priv, pub;
	clock_source clock;
	vault_far far = { .host = "here" };
	vault_opened what;

	if (far_priv) {
		static far_store kept[2];
		static clock_source kept_clock;
		priv = memory_store(far_priv), pub = memory_store(far_pub), clock = memory_clock(far_priv);
		kept[0] = priv, kept[1] = pub, kept_clock = clock;
		far = (vault_far){ .private_store = &kept[0], .public_store = &kept[1], .host = "here", .clock = &kept_clock };
	}
	return vault_open_with(&opened_vault, &what, &(vault_opening){ below(state, "PUB"), below(state, "PRIV"), k, f, test_rng(),
	                                                               far_priv ? &far : NULL });
}

static err opens(void **state)
{
	TRY(open_by(state, key, former));
	vault_free(&opened_vault);
	return OK;
}

static err put_old(void)
{
	bool existed;

	TRY(vault_put_private(opened_vault, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, slice_str(OLD), &existed));
	TRY(vault_put_private(opened_vault, PRIV_CONTEXT, NULL, &THREE, slice_str(OLD), &existed));
	TRY(vault_put_private(opened_vault, PRIV_UNFINISHED_KEY, &EPOCH, &THREE, (slice){ 0 }, &existed));
	return vault_put_public(opened_vault, PUB_PUBLIC_KEY, &ONE, slice_str(PUBLISHED), &existed);
}

static void with_old(void **state)
{
	if (far_priv) memset(far_priv->object, 0, sizeof far_priv->object), memset(far_pub->object, 0, sizeof far_pub->object);
	assert_ok(open_by(state, key_before, NULL));
	assert_ok(put_old());
	vault_free(&opened_vault);
}

static void with_nothing(void **state) { (void)state; }

/* ---- what is there, and is not --------------------------------------------------------------------------------------- */

typedef enum is { IS_ABSENT, IS_THERE, IS_EITHER } is;

static void whole_or_absent(is want, err e, const buf *b, const char *bytes)
{
	if (want != IS_THERE && e == ERR_NOT_FOUND) return err_clear();
	assert_ok(e);
	assert_int_not_equal(want, IS_ABSENT);
	assert_true(slice_eq_var(buf_slice(b), slice_str(bytes)));
}

static void private_is(is want, const id32 *epoch, const id32 *id, priv_type t, const char *bytes)
{
	AUTO(buf) b = { 0 };
	whole_or_absent(want, vault_get_private(&b, opened_vault, t, epoch, id, 1000), &b, bytes);
}

static void public_is(is want, const id32 *id, const char *bytes)
{
	AUTO(buf) b = { 0 };
	whole_or_absent(want, vault_get_public(&b, opened_vault, PUB_PUBLIC_KEY, id, 1000), &b, bytes);
}

static const char *plain_in;

static int must_not_show(const char *path, const struct stat *s, int kind, struct FTW *w)
{
	(void)s, (void)w;
	if (kind != FTW_F) return 0;
	AUTO(buf) b = test_read(path);
	if (b.n && memmem(b.p, b.n, NEEDLE, sizeof NEEDLE - 1)) plain_in = "there is one";
	return 0;
}

/* Is anything private written anywhere that should be sealed, or gone? */
static bool shows(void **state)
{
	plain_in = NULL;
	assert_int_equal(nftw(below(state, "PRIV"), must_not_show, 16, FTW_PHYS), 0);
	return plain_in;
}

/* What was there, but for the object that goes. */
static void old_but(void **state, is one)
{
	bool marked;

	assert_ok(open_by(state, key, former));
	private_is(one, &EPOCH, &ONE, PRIV_FHE_KEY_INFO, OLD);
	private_is(IS_THERE, NULL, &THREE, PRIV_CONTEXT, OLD);
	assert_ok(vault_has_private(&marked, opened_vault, PRIV_UNFINISHED_KEY, &EPOCH, &THREE));
	assert_true(marked);
	if (key) assert_false(shows(state));
}

static is fresh(unsigned told, bool ended) { return told || ended ? IS_THERE : IS_EITHER; }
static is going(unsigned told, bool ended) { return told || ended ? IS_ABSENT : IS_EITHER; }

/* ---- private --------------------------------------------------------------------------------------------------------- */

static err puts_private(void **state)
{
	bool existed;

	TRY(open_by(state, key, former));
	TRY(vault_put_private(opened_vault, PRIV_FHE_KEY_INFO, &EPOCH, &TWO, slice_str(NEW), &existed));
	crash_told();
	vault_free(&opened_vault);
	return OK;
}
static void has_private(void **state, unsigned told, bool ended)
{
	old_but(state, IS_THERE);
	public_is(IS_THERE, &ONE, PUBLISHED);
	private_is(fresh(told, ended), &EPOCH, &TWO, PRIV_FHE_KEY_INFO, NEW);
	vault_free(&opened_vault);
}

static err puts_private_again(void **state)
{
	bool existed = false;

	TRY(open_by(state, key, former));
	TRY(vault_put_private(opened_vault, PRIV_FHE_KEY_INFO, &EPOCH, &ONE, slice_str(NEW), &existed));
	ASSERT(existed);
	vault_free(&opened_vault);
	return OK;
}
static void has_old(void **state, unsigned told, bool ended)
{
	(void)told, (void)ended;
	old_but(state, IS_THERE);
	public_is(IS_THERE, &ONE, PUBLISHED);
	vault_free(&opened_vault);
}

static err removes_private(void **state)
{
	TRY(open_by(state, key, former));
	TRY(vault_remove_private(opened_vault, PRIV_FHE_KEY_INFO, &EPOCH, &ONE));
	crash_told();
	TRY(vault_remove_private(opened_vault, PRIV_FHE_KEY_INFO, &EPOCH, &TWO));
	vault_free(&opened_vault);
	return OK;
}
static void has_no_private(void **state, unsigned told, bool ended)
{
	old_but(state, going(told, ended));
	public_is(IS_THERE, &ONE, PUBLISHED);
	vault_free(&opened_vault);
}

static err removes_mark(void **state)
{
	TRY(open_by(state, key, former));
	TRY(vault_remove_private(opened_vault, PRIV_UNFINISHED_KEY, &EPOCH, &THREE));
	crash_told();
	vault_free(&opened_vault);
	return OK;
}
static void has_no_mark(void **state, unsigned told, bool ended)
{
	bool there;

	assert_ok(open_by(state, key, former));
	assert_ok(vault_has_private(&there, opened_vault, PRIV_UNFINISHED_KEY, &EPOCH, &THREE));
	assert_false(there && (told || ended));
	private_is(IS_THERE, &EPOCH, &ONE, PRIV_FHE_KEY_INFO, OLD);
	vault_free(&opened_vault);
}

/* ---- public ---------------------------------------------------------------------------------------------------------- */

static err puts_public(void **state)
{
	bool existed;

	TRY(open_by(state, key, former));
	TRY(vault_put_public(opened_vault, PUB_PUBLIC_KEY, &TWO, slice_str(NEWS), &existed));
	crash_told();
	TRY(vault_put_public(opened_vault, PUB_PUBLIC_KEY, &ONE, slice_str(NEWS), &existed));
	vault_free(&opened_vault);
	return OK;
}

static err keeps_draft(void **state)
{
	draft *d = NULL;
	bool existed;

	TRY(open_by(state, key, former));
	TRY(vault_draft_public(&d, opened_vault, PUB_PUBLIC_KEY, &TWO, strlen(NEWS)));
	memcpy(draft_bytes(d), NEWS, strlen(NEWS));
	TRY(vault_keep_public(opened_vault, PUB_PUBLIC_KEY, &TWO, d, &existed));
	crash_told();
	draft_free(&d);
	vault_free(&opened_vault);
	return OK;
}
static void has_public(void **state, unsigned told, bool ended)
{
	old_but(state, IS_THERE);
	public_is(IS_THERE, &ONE, PUBLISHED);
	public_is(fresh(told, ended), &TWO, NEWS);
	vault_free(&opened_vault);
}

static err removes_public(void **state)
{
	TRY(open_by(state, key, former));
	TRY(vault_remove_public(opened_vault, PUB_PUBLIC_KEY, &ONE));
	crash_told();
	vault_free(&opened_vault);
	return OK;
}
static void has_no_public(void **state, unsigned told, bool ended)
{
	old_but(state, IS_THERE);
	public_is(going(told, ended), &ONE, PUBLISHED);
	vault_free(&opened_vault);
}

static const crash_story OF_OBJECTS[] = {
	{ "a private object", with_old, puts_private, opens, has_private },
	{ "a private object that exists", with_old, puts_private_again, opens, has_old },
	{ "a private object that goes", with_old, removes_private, opens, has_no_private },
	{ "a private mark that goes", with_old, removes_mark, opens, has_no_mark },
	{ "a public object", with_old, puts_public, opens, has_public },
	{ "a public object in place", with_old, keeps_draft, opens, has_public },
	{ "a public object that goes", with_old, removes_public, opens, has_no_public },
};

static void objects_are_whole_or_absent(void **state)
{
	key_before = key = former = NULL;
	crash_keeps_secret(slice_str(NEEDLE));
	crash_everywhere(state, OF_OBJECTS, COUNT(OF_OBJECTS));
}

static void sealed_ones_too(void **state)
{
	key_before = key = &FIRST, former = NULL;
	crash_keeps_secret(slice_str(NEEDLE));
	crash_everywhere(state, OF_OBJECTS, COUNT(OF_OBJECTS));
}

static void and_ones_that_are_elsewhere_too(void **state)
{
	key_before = key = &FIRST, former = NULL;
	far_priv = memory_new(), far_pub = memory_new();
	crash_everywhere(state, OF_OBJECTS, COUNT(OF_OBJECTS));
	memory_free(far_priv), memory_free(far_pub);
	far_priv = far_pub = NULL;
}

/* ---- keys of the vault ------------------------------------------------------------------------------------------------ */

/* Killed anywhere, it is opened with the same keys until it is done. */
static void a_change_of_keys_goes_on(void **state)
{
	static const crash_story CHANGE[] = { { "another key", with_old, opens, opens, has_old } };
	static const vault_key *const TURNS[][3] = { { NULL, &FIRST, NULL }, { &FIRST, &SECOND, &FIRST }, { &FIRST, NULL, &FIRST } };

	for (size_t i = 0; i < COUNT(TURNS); i++) {
		key_before = TURNS[i][0], key = TURNS[i][1], former = TURNS[i][2];
		crash_keeps_secret(slice_str(NEEDLE));
		crash_everywhere(state, CHANGE, COUNT(CHANGE));
	}
}

/* ---- the first start ---------------------------------------------------------------------------------------------------- */

static err new_key(void *ctx, vault_key *out, buf *wrapped)
{
	(void)ctx;
	*out = FIRST;
	buf_put(wrapped, out->b, sizeof out->b);
	return OK;
}
static err open_key(void *ctx, vault_key *out, slice name, slice wrapped)
{
	(void)ctx, (void)name;
	memcpy(out->b, wrapped.p, sizeof out->b);
	return OK;
}

static err start(void **state, bool publishes)
{
	const key_service service = { NULL, "a service", new_key, open_key };
	vault_key k;
	signer *s = NULL;
	bool made;

	TRY(wrapped_key_open(&k, &made, below(state, "PRIV"), NULL, &service));
	TRY(open_by(state, &k, NULL));
	TRY(signing_key_open(&s, &made, opened_vault, test_rng()));
	if (publishes) TRY(signing_key_publish(s, opened_vault, "0x1234"));
	signer_free(&s);
	vault_free(&opened_vault);
	return OK;
}

static err starts(void **state) { return start(state, false); }
static err publishes(void **state) { return start(state, true); }

/* That it is who it was published to be, the second start asks itself. */
static void is_somebody(void **state, unsigned told, bool ended)
{
	(void)told, (void)ended;
	assert_int_equal(files_in(below(state, "PRIV/SigningKey")), 1);
}

static void a_first_start_is_one(void **state)
{
	static const crash_story START[] = { { "a first start", with_nothing, starts, starts, is_somebody },
	                                     { "a first start that publishes", with_nothing, publishes, starts, is_somebody } };

	key_before = key = former = NULL;
	crash_everywhere(state, START, COUNT(START));
}

/* ---- preprocessings ----------------------------------------------------------------------------------------------------- */

static const spool_shape SMALL = { .streams = 2, .stream = { { 3, 32 }, { 2, 8 } }, .tag = { (const uint8_t *)"a tag", 5 } };
static bool will_use;

static err makes_spool(const id32 *id)
{
	uint8_t bytes[3 * 32];
	spool *s = NULL;

	TRY(spool_new(&s, opened_vault, &EPOCH, id, &SMALL, test_rng()));
	for (unsigned i = 0; i < SMALL.streams; i++) {
		samples_of(bytes, &SMALL, i, 0, SMALL.stream[i].samples);
		TRY(spool_put(s, i, 0, SMALL.stream[i].samples, bytes));
	}
	TRY(spool_finish(s));
	spool_free(&s);
	return OK;
}

static void with_spool(void **state)
{
	with_old(state);
	assert_ok(open_by(state, key, former));
	assert_ok(makes_spool(&ONE));
	if (will_use) assert_ok(makes_spool(&TWO));
	vault_free(&opened_vault);
}

static err opens_spools(void **state)
{
	TRY(open_by(state, key, former));
	TRY(spool_clean(opened_vault));
	vault_free(&opened_vault);
	return OK;
}

static err makes(void **state)
{
	bool there;

	TRY(open_by(state, key, former));
	TRY(spool_clean(opened_vault));
	TRY(spool_exists(&there, opened_vault, &EPOCH, &TWO));
	if (!there) TRY(makes_spool(&TWO));
	crash_told();
	vault_free(&opened_vault);
	return OK;
}

static err use(void)
{
	uint8_t bytes[3 * 32];
	spool *s = NULL;

	TRY(spool_use(&s, opened_vault, &EPOCH, &TWO, &SMALL));
	crash_told();
	for (unsigned i = 0; i < SMALL.streams; i++) TRY(spool_take(s, i, 0, SMALL.stream[i].samples, bytes));
	spool_free(&s);
	return OK;
}

static err uses(void **state)
{
	bool there;

	TRY(open_by(state, key, former));
	TRY(spool_clean(opened_vault));
	TRY(spool_exists(&there, opened_vault, &EPOCH, &TWO));
	if (there) TRY(use());
	vault_free(&opened_vault);
	return OK;
}

static err removes(void **state)
{
	TRY(open_by(state, key, former));
	TRY(spool_remove(opened_vault, &EPOCH, &TWO));
	crash_told();
	vault_free(&opened_vault);
	return OK;
}

/* Whole, with its key; or neither. */
static void spool_is(void **state, is two)
{
	assert_ok(open_by(state, key, former));
	assert_true(exists(opened_vault, &ONE));
	const bool there = exists(opened_vault, &TWO);
	assert_true(two == IS_EITHER || there == (two == IS_THERE));
	assert_int_equal(files_in(below(state, FOLDER_OF)), 2 + 2 * there);
	vault_free(&opened_vault);
}
static void has_spool(void **state, unsigned told, bool ended) { spool_is(state, fresh(told, ended)); }
static void has_no_spool(void **state, unsigned told, bool ended) { spool_is(state, going(told, ended)); }

static void a_preprocessing_is_there_once(void **state)
{
	static const crash_story MAKE[] = { { "making a preprocessing", with_spool, makes, opens_spools, has_spool } },
	                         USE[] = { { "using a preprocessing", with_spool, uses, opens_spools, has_no_spool },
	                                   { "removing a preprocessing", with_spool, removes, opens_spools, has_no_spool } };

	for (unsigned sealed = 0; sealed < 2; sealed++) {
		key_before = key = sealed ? &FIRST : NULL, former = NULL;
		will_use = false;
		crash_everywhere(state, MAKE, COUNT(MAKE));
		will_use = true;
		crash_everywhere(state, USE, COUNT(USE));
	}
}

TESTS(TEST_OF_CRASHES(objects_are_whole_or_absent), TEST_OF_CRASHES(sealed_ones_too), TEST_OF_CRASHES(and_ones_that_are_elsewhere_too),
      TEST_OF_CRASHES(a_change_of_keys_goes_on), TEST_OF_CRASHES(a_first_start_is_one), TEST_OF_CRASHES(a_preprocessing_is_there_once))
