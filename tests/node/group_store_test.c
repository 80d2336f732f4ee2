/* SPDX-License-Identifier: MIT */
/* What a party has of a shared key on its disk, whenever it was killed. */
#include "node/group_store.h"
#include "tests/delegate/threshold.h"
#include "tests/vault/folder.h"

enum { N = 4, T = 1, CHAIN = 31337, OTHER_CHAIN = 1, ME = 2 };

static secp *curve;

typedef struct made { group_record r; group_share held; } made;

/* A key in this epoch; its shares are other ones in each. */
static made made_of(uint32_t chain_id, uint32_t epoch)
{
	static const secp_scalar SECRET = { { [31] = 7 } };
	made m = { .r = { .key = { .key_id = { { 3 } }, .chain_id = chain_id, .epoch = epoch, .n = N, .T = T }, .roster = { .n = N } } };
	secp_pk A[T + 1];
	feldman_poly f;

	m.r.key.key_id.b[1] = (uint8_t)chain_id;
	feldman_random(&f, T, &SECRET, test_rng());
	feldman_commit(A, &f, curve);
	m.r.key.P = A[0];
	for (party i = 1; i <= N; i++) assert_true(feldman_public_var(&m.r.key.Y[i], A, T, i));
	m.r.key.roster = group_roster_hash(&m.r.roster);
	m.held = (group_share){ ME, sk_of(feldman_share(&f, ME)) };
	return m;
}

static void must_hold(const group_store *g, unsigned held, uint32_t newest, const made *m)
{
	static group_holding have;
	static group_record of;
	const hash32 digest = group_digest(&m->r.key);
	group_share mine;

	assert_ok(group_store_look(&have, g));
	assert_true(have.certified);
	assert_int_equal(have.newest.key.epoch, newest);
	assert_int_equal(have.held, held);
	assert_ok(group_store_load((void *)(uintptr_t)g, &mine, &of, &digest));
	assert_memory_equal(&mine.s, &m->held.s, sizeof mine.s);
}

static void what_a_certificate_superseded_goes_even_if_a_crash_came_between(void **state)
{
	static const id32 SECOND = { { 1, [31] = 1 } };
	static made first, second, third, elsewhere;
	AUTO(buf) certificate = { 0 };
	vault *v = NULL;
	bool existed;

	assert_ok(vault_open(&v, below(state, "public"), below(state, "private")));
	group_store g = { .vault = v, .curve = curve, .chain_id = CHAIN }, other = { .vault = v, .curve = curve, .chain_id = OTHER_CHAIN };
	first = made_of(CHAIN, 0), second = made_of(CHAIN, 1), third = made_of(CHAIN, 2), elsewhere = made_of(OTHER_CHAIN, 0);
	assert_ok(group_store_prepare(&other, &elsewhere.r, &elsewhere.held));
	assert_ok(group_store_finish(&other, &elsewhere.r));
	assert_ok(group_store_prepare(&g, &first.r, &first.held));
	assert_ok(group_store_finish(&g, &first.r));
	must_hold(&g, 1, 0, &first);
	assert_ok(group_store_prepare(&g, &second.r, &second.held));
	must_hold(&g, 2, 0, &first);
	group_record_write(&certificate, &second.r);       /* killed when this is on the disk */
	assert_ok(vault_put_private(v, PRIV_DELEGATION_KEY, &second.r.key.key_id, &SECOND, buf_slice(&certificate), &existed));
	must_hold(&g, 2, 1, &second);
	assert_ok(group_store_prepare(&g, &third.r, &third.held));

	assert_ok(group_store_tidy(&g, &second.r));
	must_hold(&g, 2, 1, &second);                      /* it, and the one whose end is not known */
	must_hold(&g, 2, 1, &third);
	assert_ok(group_store_tidy(&g, &second.r));
	must_hold(&other, 1, 0, &elsewhere);
	vault_free(&v);
}

/* A record of a context whose parties have become corrupt since the key left them. */
static void what_others_show_is_the_same_key_and_newer_or_changes_nothing(void **state)
{
	static made first, second, third;
	static group_holding have;
	vault *v = NULL;

	assert_ok(vault_open(&v, below(state, "public"), below(state, "private")));
	group_store g = { .vault = v, .curve = curve, .chain_id = CHAIN };
	first = made_of(CHAIN, 0), second = made_of(CHAIN, 1), third = made_of(CHAIN, 2);
	assert_ok(group_store_prepare(&g, &second.r, &second.held));
	assert_ok(group_store_finish(&g, &second.r));
	assert_ok(group_store_take(&g, &first.r));
	must_hold(&g, 1, 1, &second);
	static made other;
	other = third;
	other.r.key.key_id.b[5] ^= 1;
	assert_err(ERR_STATE, group_store_take(&g, &other.r));
	other = third;
	other.r.key.P = other.r.key.Y[1];
	assert_err(ERR_STATE, group_store_take(&g, &other.r));
	assert_err(ERR_STATE, group_store_prepare(&g, &other.r, &other.held));          /* another cluster's comes with a new epoch */
	must_hold(&g, 1, 1, &second);
	assert_ok(group_store_take(&g, &third.r));
	assert_ok(group_store_look(&have, &g));
	assert_int_equal(have.newest.key.epoch, 2);
	vault_free(&v);
}

static void where_a_key_is_stands_beside_it_and_who_has_left_it_has_no_share(void **state)
{
	static const id32 HERE = { { 7, [31] = 1 } }, THERE = { { 7, [31] = 2 } }, CEREMONY = { { 5 } };
	static made first, second, third, fourth;
	static group_holding have;
	group_home home, begun;
	vault *v = NULL;

	assert_ok(vault_open(&v, below(state, "public"), below(state, "private")));
	group_store g = { .vault = v, .curve = curve, .chain_id = CHAIN, .home = { .context = HERE } };
	first = made_of(CHAIN, 0), second = made_of(CHAIN, 1), third = made_of(CHAIN, 2);
	assert_ok(group_store_prepare(&g, &first.r, &first.held));
	assert_ok(group_store_look_at(&have, &home, &begun, &g));
	assert_false(have.certified);
	assert_true(begun.state == KEY_PRE_ACTIVATION && id_eq_var(&begun.context, &HERE));
	assert_ok(group_store_finish(&g, &first.r));
	g.home = (group_home){ .context = THERE, .by = CEREMONY };
	assert_ok(group_store_prepare(&g, &second.r, &second.held));
	assert_ok(group_store_look_at(&have, &home, &begun, &g));
	assert_true(home.state == KEY_ACTIVE && id_eq_var(&home.context, &HERE) && id_eq_var(&begun.by, &CEREMONY));

	assert_ok(group_store_leave(&g, &first.r));
	assert_ok(group_store_leave(&g, &first.r));         /* after a stop in the middle */
	assert_ok(group_store_look_at(&have, &home, &begun, &g));
	assert_true(have.certified && home.state == KEY_DESTROYED && id_eq_var(&home.context, &THERE));
	assert_int_equal(have.held, 0);
	assert_int_equal(have.newest.key.epoch, 0);

	assert_ok(group_store_prepare(&g, &third.r, &third.held));         /* it is back among them */
	assert_ok(group_store_finish(&g, &third.r));
	assert_ok(group_store_look_at(&have, &home, &begun, &g));
	assert_true(home.state == KEY_ACTIVE && id_eq_var(&home.by, &CEREMONY));
	must_hold(&g, 1, 2, &third);

	fourth = made_of(CHAIN, 3);
	g.home.by = (id32){ 0 };                            /* a refresh changes no parties */
	assert_ok(group_store_prepare(&g, &fourth.r, &fourth.held));
	assert_ok(group_store_finish(&g, &fourth.r));
	assert_ok(group_store_look_at(&have, &home, &begun, &g));
	assert_true(id_eq_var(&home.context, &THERE) && id_eq_var(&home.by, &CEREMONY));
	vault_free(&v);
}

/* The key went from HERE while it was away, with epoch 2; it may have had part in that, as far as storing. */
static void who_missed_that_it_went_keeps_only_what_came_with_it(void **state)
{
	static const id32 HERE = { { 7, [31] = 1 } }, THERE = { { 7, [31] = 2 } }, CEREMONY = { { 5 } };
	static made first, attempt, moved, back;
	static group_holding have;
	group_home home, begun;
	vault *v = NULL;

	assert_ok(vault_open(&v, below(state, "public"), below(state, "private")));
	group_store g = { .vault = v, .curve = curve, .chain_id = CHAIN, .home = { .context = HERE } };
	first = made_of(CHAIN, 0), attempt = made_of(CHAIN, 3), moved = made_of(CHAIN, 2), back = made_of(CHAIN, 4);
	assert_ok(group_store_prepare(&g, &first.r, &first.held));
	assert_ok(group_store_fall_behind(&g, NULL, &THERE, 0));            /* those of another context know nothing of it */
	assert_ok(group_store_look(&have, &g));
	assert_true(!have.certified && have.held == 1);
	assert_ok(group_store_finish(&g, &first.r));
	assert_ok(group_store_prepare(&g, &attempt.r, &attempt.held));      /* a refresh that failed */
	g.home = (group_home){ .context = THERE, .by = CEREMONY };
	assert_ok(group_store_prepare(&g, &moved.r, &moved.held));
	g.home.by = (id32){ 0 };
	assert_ok(group_store_fall_behind(&g, &first.r, &HERE, 2));
	assert_ok(group_store_fall_behind(&g, &first.r, NULL, 1));          /* as at a start */
	assert_ok(group_store_look_at(&have, &home, &begun, &g));
	assert_true(home.state == KEY_DESTROYED && id_eq_var(&home.context, &THERE) && have.newest.key.epoch == 0);
	must_hold(&g, 1, 0, &moved);

	assert_ok(group_store_leave(&g, &first.r));                         /* not even that, if the others say that they are done */
	assert_ok(group_store_look(&have, &g));
	assert_int_equal(have.held, 0);
	g.home.by = CEREMONY;
	assert_ok(group_store_prepare(&g, &back.r, &back.held));            /* killed before it is certified */
	assert_ok(group_store_fall_behind(&g, &first.r, NULL, 1));
	must_hold(&g, 1, 0, &back);
	vault_free(&v);
}

static int set_up(void **state) { (void)state; assert_ok(secp_new(&curve, test_rng())); return 0; }
static int take_down(void **state) { (void)state; secp_free(&curve); return 0; }

static const struct CMUnitTest tests[] = { TEST_IN_FOLDER(what_a_certificate_superseded_goes_even_if_a_crash_came_between),
	TEST_IN_FOLDER(what_others_show_is_the_same_key_and_newer_or_changes_nothing),
	TEST_IN_FOLDER(where_a_key_is_stands_beside_it_and_who_has_left_it_has_no_share),
	TEST_IN_FOLDER(who_missed_that_it_went_keeps_only_what_came_with_it) };

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down); }
