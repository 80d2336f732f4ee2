/* SPDX-License-Identifier: MIT */
/* Two contexts numbered together; and what parties of the old one offer to the new one. */
#include "node/crossed.h"
#include "node/extras.h"
#include "node/offer.h"
#include "tests/test.h"

static void refused(err e, err expected, const char *part)
{
	assert_int_equal(e, expected);
	if (!strstr(err_text(), part)) print_error("%s\n", err_text());
	assert_non_null(strstr(err_text(), part));
	err_clear();
}

/* ---- contexts ------------------------------------------------------------------------------------------------------- */

typedef struct made { mpc_context c; member of[MAX_PARTIES + 1]; char name[MAX_PARTIES + 1][8]; } made;

/* Parties are called as the letters are. */
static void make(made *x, uint8_t id, const char *letters, unsigned t, party me)
{
	*x = (made){ .c = { .id = {{ 7, [31] = id }}, .n = (unsigned)strlen(letters), .t = t, .me = me } };
	x->c.makes = x->c.id;
	x->c.member = x->of;
	for (party i = 1; i <= x->c.n; i++) {
		x->name[i][0] = letters[i - 1];
		x->of[i] = (member){ .id = i, .identity = x->name[i], .host = "h", .port = i, .ca_pem = slice_str(x->name[i]), .storage = "" };
	}
}

static unsigned joined;
static err joins;
static err join(void *ctx, const mpc_context *united)
{
	(void)ctx;
	if (joins != OK) return err_fail(joins, "no room for links");
	joined += united->n;
	return OK;
}

static crossings *all_of_them(void)
{
	crossings *k;

	joined = 0, joins = OK;
	assert_ok(crossings_new(&k, &(crossings_parts){ NULL, join }));
	return k;
}

static void the_new_set_comes_first_and_who_leaves_follows(void **state)
{
	(void)state;
	static made old, new;
	const crossed *x, *again;
	crossings *k = all_of_them();

	make(&old, 1, "abcd", 1, 2), make(&new, 2, "fdbec", 1, 3);
	old.of[1].storage = "http://a/PUB", old.of[2].storage = "http://b/PUB";
	assert_ok(crossings_get(&x, k, &old.c, &new.c));
	assert_int_equal(x->all->n, 6);
	assert_int_equal(x->all->me, 3);
	assert_true(id_eq_var(&x->all->makes, &new.c.id));
	assert_false(id_eq_var(&x->all->id, &new.c.id));
	assert_memory_equal(&x->sets.at[1], ((party[]){ 6, 3, 5, 2 }), 4);
	assert_string_equal(x->all->member[6].identity, "a");
	assert_string_equal(x->all->member[6].storage, "http://a/PUB");
	assert_string_equal(x->all->member[3].storage, "http://b/PUB");
	assert_ok(crossings_get(&again, k, &old.c, &new.c));
	assert_ptr_equal(x, again);
	assert_int_equal(joined, 6);
	crossings_free(&k);
}

static void from_a_context_to_itself_it_serves_itself(void **state)
{
	(void)state;
	static made same;
	const crossed *x;
	crossings *k = all_of_them();

	make(&same, 1, "abcd", 1, 4);
	assert_ok(crossings_get(&x, k, &same.c, &same.c));
	assert_ptr_equal(x->all, &same.c);
	assert_memory_equal(&x->sets.at[1], ((party[]){ 1, 2, 3, 4 }), 4);
	assert_int_equal(joined, 0);
	crossings_free(&k);
}

static void who_is_in_one_only_has_its_number_in_both(void **state)
{
	(void)state;
	static made old, new, stranger;
	const crossed *x;
	crossings *k = all_of_them();

	make(&old, 1, "abcd", 1, 1), make(&new, 2, "bcde", 1, 0);
	assert_ok(crossings_get(&x, k, &old.c, &new.c));
	assert_int_equal(x->all->me, 5);
	make(&stranger, 3, "wxyz", 1, 0);
	assert_ok(crossings_get(&x, k, &stranger.c, &new.c));
	assert_int_equal(x->all->me, 0);
	crossings_free(&k);
}

static void what_does_not_go_together_is_refused_and_not_kept(void **state)
{
	(void)state;
	static made old, new, large;
	const crossed *x;
	crossings *k = all_of_them();

	make(&old, 1, "abcd", 1, 2), make(&new, 2, "bcde", 1, 1);
	new.of[1].ca_pem = slice_str("another");
	refused(crossings_get(&x, k, &old.c, &new.c), ERR_REQUEST, "both called b");
	make(&new, 2, "cbde", 1, 1);
	refused(crossings_get(&x, k, &old.c, &new.c), ERR_REQUEST, "under different names");
	make(&new, 2, "bcde", 1, 1), make(&large, 3, "bcdefghijklmnopqrs", 2, 1);
	refused(crossings_get(&x, k, &old.c, &large.c), ERR_UNSUPPORTED, "degree");
	joins = ERR_EXHAUSTED;
	refused(crossings_get(&x, k, &old.c, &new.c), ERR_EXHAUSTED, "no room");
	joins = OK;
	assert_ok(crossings_get(&x, k, &old.c, &new.c));
	crossings_free(&k);
}

static void count(void *ctx, const mpc_context *united)
{
	(void)united;
	++*(unsigned *)ctx;
}

static void those_that_a_context_was_in_go_with_it(void **state)
{
	(void)state;
	static made a, b, c;
	const crossed *x, *y;
	crossings *k = all_of_them();
	unsigned gone = 0;

	make(&a, 1, "abcd", 1, 1), make(&b, 2, "abce", 1, 1), make(&c, 3, "abcf", 1, 1);
	assert_ok(crossings_get(&x, k, &a.c, &b.c));
	assert_ok(crossings_get(&x, k, &b.c, &c.c));
	assert_ok(crossings_get(&x, k, &a.c, &a.c));
	assert_ok(crossings_get(&x, k, &a.c, &c.c));
	crossings_drop(k, &b.c, count, &gone);
	assert_int_equal(gone, 2);
	assert_ok(crossings_get(&y, k, &a.c, &c.c));
	assert_ptr_equal(x, y);
	crossings_free(&k);
}

/* ---- offers --------------------------------------------------------------------------------------------------------- */

static void two_keys(offer *x)
{
	memset(x, 0, sizeof *x);
	for (uint8_t i = 0; i < 2; i++, x->keys++)
		x->key[i] = (offered_key){ .key_id = {{ 4, [31] = i }}, .prep_id = {{ 3, [31] = i }}, .params = params_by_number_var(1), .marks = i,
		                          .files = 2, .file = { { PUB_PUBLIC_KEY, 5, {{ 1 }} }, { PUB_COMPRESSED_XOF_KEY_SET, 1 << 20, {{ i }} } } };
}

static void an_offer_is_read_as_it_was_written(void **state)
{
	(void)state;
	static uint8_t bytes[OFFER_BYTES], again[OFFER_BYTES];
	static offer x, got;

	two_keys(&x);
	offer_write(bytes, &x);
	assert_true(offer_read(&got, slice_of(bytes, sizeof bytes)));
	offer_write(again, &got);
	assert_memory_equal(bytes, again, sizeof bytes);
	assert_int_equal(got.key[1].file[1].bytes, 1 << 20);
	assert_int_equal(offer_key_set_type(&got.key[1]), PUB_COMPRESSED_XOF_KEY_SET);
	got.key[1].file[0].type = PUB_SERVER_KEY;
	assert_int_equal(offer_key_set_type(&got.key[1]), PUB_SERVER_KEY);
	offer_write(bytes, NULL);
	assert_false(offer_read(&got, slice_of(bytes, sizeof bytes)));
}

static bool is_read_with(size_t at, uint8_t value)
{
	static uint8_t bytes[OFFER_BYTES];
	static offer x, got;

	two_keys(&x);
	offer_write(bytes, &x);
	bytes[at] = value;
	return offer_read(&got, slice_of(bytes, sizeof bytes));
}

static void an_offer_that_nobody_writes_is_none(void **state)
{
	(void)state;
	enum { FIRST = 2, SECOND = FIRST + OFFER_KEY_BYTES, PARAMETERS = 64, FILES = 69, TYPE = 70 };
	static offer got;
	static const uint8_t zeros[OFFER_BYTES];

	assert_true(is_read_with(SECOND + 30, 9));
	assert_false(is_read_with(0, 2));
	assert_false(is_read_with(1, MAX_RESHARED_KEYS + 1));
	assert_false(is_read_with(1, 1));                        /* what follows the first is not 0 */
	assert_false(is_read_with(SECOND, 3));                   /* not ascending                   */
	assert_false(is_read_with(FIRST + PARAMETERS, 77));
	assert_false(is_read_with(FIRST + FILES, MAX_OFFER_FILES + 1));
	assert_false(is_read_with(FIRST + TYPE, PUB_TYPES));
	assert_false(is_read_with(FIRST + TYPE, PUB_COMPRESSED_XOF_KEY_SET));        /* twice */
	assert_false(is_read_with(FIRST + TYPE + 1, 0));         /* a file of no bytes              */
	assert_false(is_read_with(FIRST + TYPE + 8, 1));         /* one of more than there can be   */
	assert_false(is_read_with(OFFER_BYTES - 1, 1));
	assert_false(offer_read(&got, slice_of(zeros, sizeof zeros - 1)));
}

/* Of a decompression key with this number. */
static offered_key an_extra(uint8_t number, uint8_t digest)
{
	return (offered_key){ .key_id = {{ 4, [31] = number }}, .params = params_by_number_var(1), .files = 1,
	                      .file = { { PUB_DECOMPRESSION_KEY, 7, {{ digest }} } } };
}

/* Two different parties of four may each have missed another one; a liar's are not taken, nor what is no extra. */
static void what_more_than_t_parties_have_beside_keys_is_taken(void **state)
{
	(void)state;
	enum { PARTIES = 4 };
	static uint8_t bytes[PARTIES + 1][OFFER_BYTES];
	static offer x[PARTIES + 1], out;
	slice said[PARTIES + 1] = { 0 };

	for (unsigned j = 1; j <= PARTIES; j++) {
		x[j] = (offer){ 0 };
		if (j != 3) x[j].key[x[j].keys++] = an_extra(1, 1);
		if (j != 4) x[j].key[x[j].keys++] = an_extra(2, 2);
		x[j].key[x[j].keys++] = an_extra(3, j == 2 ? 9 : 3);             /* it has another */
		if (j == 2) x[j].key[x[j].keys++] = an_extra(5, 5);              /* that nobody else has */
		x[j].key[x[j].keys] = an_extra(6, 6);
		x[j].key[x[j].keys++].file[0].type = PUB_PUBLIC_KEY;
		offer_write(bytes[j], &x[j]);
		said[j] = slice_of(bytes[j], OFFER_BYTES);
	}
	extras_choose(&out, said, PARTIES, 1);
	assert_int_equal(out.keys, 3);
	for (uint8_t i = 0; i < 3; i++) {
		assert_int_equal(out.key[i].key_id.b[31], i + 1);
		assert_int_equal(out.key[i].file[0].digest.b[0], i + 1);
	}
	bytes[1][0] = 9, said[4] = (slice){ 0 };                                 /* unreadable; silent: 2 and 3 are left */
	extras_choose(&out, said, PARTIES, 1);
	assert_int_equal(out.keys, 1);
	assert_int_equal(out.key[0].key_id.b[31], 2);
}

static void keys_are_those_that_were_asked_for(void **state)
{
	(void)state;
	static offer x;
	uint8_t digest[32] = { 1 };
	wanted_key want[2] = { { .key_id = {{ 4, [31] = 1 }}, .preproc_id = {{ 3, [31] = 1 }}, .params = params_by_number_var(1) },
	                       { .key_id = {{ 4 }}, .preproc_id = {{ 3 }}, .params = params_by_number_var(1) } };
	request r = { .kind = REQUEST_NEW_EPOCH };

	want[0].digest[want[0].digests++] = (stored_digest){ PUB_PUBLIC_KEY, slice_of(digest, sizeof digest) };
	two_keys(&x);
	assert_ok(offer_is_wanted(&x, &r));
	r.epoch.key = want, r.epoch.keys = 2;
	assert_ok(offer_is_wanted(&x, &r));
	r.epoch.keys = 1;
	refused(offer_is_wanted(&x, &r), ERR_REQUEST, "other keys");
	r.epoch.keys = 2, digest[31] = 1;
	refused(offer_is_wanted(&x, &r), ERR_REQUEST, "keys_info[0]: key_digests[0]");
	digest[31] = 0, want[1].preproc_id.b[5] = 1;
	refused(offer_is_wanted(&x, &r), ERR_REQUEST, "keys_info[1]: preproc_id");
	want[1].preproc_id.b[5] = 0, want[1].key_id.b[5] = 1;
	refused(offer_is_wanted(&x, &r), ERR_NOT_FOUND, "keys_info[1]: key_id: there is no key");
}

TESTS(
	TEST(the_new_set_comes_first_and_who_leaves_follows),
	TEST(from_a_context_to_itself_it_serves_itself),
	TEST(who_is_in_one_only_has_its_number_in_both),
	TEST(what_does_not_go_together_is_refused_and_not_kept),
	TEST(those_that_a_context_was_in_go_with_it),
	TEST(an_offer_is_read_as_it_was_written),
	TEST(an_offer_that_nobody_writes_is_none),
	TEST(keys_are_those_that_were_asked_for),
	TEST(what_more_than_t_parties_have_beside_keys_is_taken)
)
