/* SPDX-License-Identifier: MIT */
/*
 * Keys from ceremony to ceremony: whoever dies when, some epoch is always there of which enough parties have shares, and which
 * somebody can show to be the newest.
 */
#include <stdlib.h>
#include "tests/delegate/group_oracle.h"
#include "tests/mpc/theorem.h"
#include "delegate/group_ceremony.h"

enum { CHAIN = 31337, MOST = 8 };

/* A party's disk. */
typedef struct disk {
	bool         certified;
	group_record newest;
	unsigned     held;
	group_share  share[MOST];
	group_record of[MOST];
	unsigned     taken, dies;        /* how often it took a record; when it dies in the next ceremony */
} disk;
enum { LIVES, DIES_BEFORE_SIGNING, DIES_AFTER_SIGNING };

typedef struct world { unsigned n, t; group_roster roster; signer *wallet[MAX_PARTIES + 1]; disk disk[MAX_PARTIES + 1]; uint64_t seed; } world;

static secp *curve;
static world *w;

static void world_new(unsigned n, unsigned t)
{
	w = calloc(1, sizeof *w);
	assert_non_null(w);
	w->n = n, w->t = t, w->roster.n = n;
	for (party i = 1; i <= n; i++) {
		secp_sk sk;
		secp_sk_random(&sk, test_rng());
		assert_ok(signer_new(&w->wallet[i], &sk, test_rng()));
		w->roster.wallet[i] = *signer_address(w->wallet[i]);
	}
}

static void world_end(void)
{
	for (party i = 1; i <= w->n; i++) signer_free(&w->wallet[i]);
	free(w);
}

/* ---- what a node does with its disk ---------------------------------------------------------------------------------- */

static err load(void *ctx, group_share *out, group_record *r, const hash32 *digest)
{
	const disk *d = ctx;

	for (unsigned i = 0; i < d->held; i++) {
		const hash32 is = group_digest(&d->of[i].key);
		if (hash32_eq_var(is, *digest)) return *out = d->share[i], *r = d->of[i], OK;
	}
	return err_fail(ERR_NOT_FOUND, "no such share");
}

static void certify(disk *d, const group_record *r)
{
	d->certified = true;
	d->newest = *r;
	unsigned kept = 0;
	for (unsigned i = 0; i < d->held; i++)
		if (d->of[i].key.epoch >= r->key.epoch) d->of[kept] = d->of[i], d->share[kept++] = d->share[i];
	d->held = kept;
}

static err take(void *ctx, const group_record *r)
{
	disk *d = ctx;
	certify(d, r);
	d->taken++;
	return OK;
}

static err prepare(void *ctx, const group_record *r, const group_share *held)
{
	disk *d = ctx;
	assert_int_equal(r->signers, 0);
	assert_true(d->held < MOST && group_share_is_right(held, &r->key, curve));
	d->of[d->held] = *r, d->share[d->held++] = *held;
	return d->dies == DIES_BEFORE_SIGNING ? err_fail(ERR_IO, "died") : OK;
}

static err finish(void *ctx, const group_record *r)
{
	disk *d = ctx;
	if (d->dies == DIES_AFTER_SIGNING) return err_fail(ERR_IO, "died");
	assert_true(group_is_certified_var(r, &w->roster, w->t));
	certify(d, r);
	return OK;
}

static group_holding holding_of(const disk *d)
{
	group_holding h = { .certified = d->certified, .held = d->held };

	if (d->certified) h.newest = d->newest, h.prepared = d->newest.key.epoch + 1;
	for (unsigned i = 0; i < d->held; i++) {
		h.digest[i] = group_digest(&d->of[i].key);
		if (d->of[i].key.epoch + 1 > h.prepared) h.prepared = d->of[i].key.epoch + 1;
	}
	return h;
}

/* ---- ceremonies ------------------------------------------------------------------------------------------------------- */

typedef struct job { program run; const group_holding *says; party owner, signs_as; const secp_sk *d; } job;

static err run(session *s, void *arg)
{
	const job *j = arg;
	group_holding have = j->says ? *j->says : holding_of(&w->disk[s->me]);
	group_ceremony c = { .chain_id = CHAIN, .wallet = w->wallet[j->signs_as ? j->signs_as : s->me], .curve = curve, .have = &have,
	                     .ctx = &w->disk[s->me], .load = load, .take = take, .prepare = prepare, .finish = finish };
	group_import_job import = { &c, j->owner, j->d };

	have.wallet = w->roster.wallet[s->me];
	return j->run(s, j->run == group_import ? (void *)&import : &c);
}

static party_set all_but(party i) { return parties_all(w->n) & ~((party_set)1 << i); }

static party_set lying(const job *own)
{
	party_set out = 0;

	for (party i = 1; own && i <= w->n; i++) if (own[i].says) add_to(&out, i);
	return out;
}

/* Of all but `absent`, who are silent.  results[i]. */
static void ceremony_of(program what, party_set absent, const job *own, err *results)
{
	sim_party *p = calloc(w->n + 1u, sizeof *p);
	job each[MAX_PARTIES + 1];
	sim *s = NULL;

	assert_non_null(p);
	assert_ok(sim_new(&s, &(sim_setup){ .n = w->n, .t = w->t, .corrupt = absent, .seed = ++w->seed }));
	for (party i = 1; i <= w->n; i++) {
		each[i] = own && own[i].run ? own[i] : (job){ .run = what, .owner = own ? own[0].owner : 0 };
		p[i] = (sim_party){ .run = has(absent, i) ? NULL : run, .arg = &each[i] };
	}
	const session_id sid = sim_sid(1000 + w->seed);
	sim_run(s, p, &sid);
	for (party i = 1; i <= w->n; i++) {
		results[i] = p[i].result;
		if (!has(absent, i) && p[i].result == OK) assert_int_equal(p[i].corrupt & ~absent & ~lying(own), 0);
	}
	sim_free(&s);
	free(p);
	err_clear();
}

/* All parties but `absent` end well. */
static void must(program what, party_set absent)
{
	err e[MAX_PARTIES + 1];

	ceremony_of(what, absent, NULL, e);
	for (party i = 1; i <= w->n; i++) if (!has(absent, i)) assert_int_equal(e[i], OK);
}

/* The honest have one certified key of this epoch, and those of `with` shares of it that make it up. */
static void must_have(uint32_t epoch, party_set with)
{
	const group_record *r = &w->disk[first_of(with)].newest;
	group_share held[MAX_PARTIES + 1];
	static group_record prepared;

	FOR_EACH_IN(i, with) {
		const hash32 digest = group_digest(&r->key);
		const disk *d = &w->disk[i];
		assert_true(d->certified && group_is_certified_var(&d->newest, &w->roster, w->t));
		assert_int_equal(d->newest.key.epoch, epoch);
		const hash32 theirs = group_digest(&d->newest.key);
		assert_true(hash32_eq_var(digest, theirs));
		assert_ok(load(&w->disk[i], &held[i], &prepared, &digest));
	}
	const char *wrong = group_violated(&r->key, held, with, curve);
	if (wrong) fail_msg("%s", wrong);
}

static const struct { unsigned n, t; } TRIED[] = { { 4, 1 }, { 7, 2 } };

static void a_key_is_made_once_and_shared_anew_often(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(TRIED); c++) {
		err e[MAX_PARTIES + 1];
		world_new(TRIED[c].n, TRIED[c].t);
		ceremony_of(group_refresh, 0, NULL, e);
		for (party i = 1; i <= w->n; i++) assert_int_equal(e[i], ERR_NOT_FOUND);
		must(group_create, 0);
		must_have(0, parties_all(w->n));
		const secp_pk P = w->disk[1].newest.key.P;
		const id32 id = w->disk[1].newest.key.key_id;
		ceremony_of(group_create, 0, NULL, e);
		for (party i = 1; i <= w->n; i++) assert_int_equal(e[i], ERR_EXISTS);
		for (uint32_t epoch = 1; epoch <= 3; epoch++) {
			must(group_refresh, 0);
			must_have(epoch, parties_all(w->n));
			assert_memory_equal(&w->disk[1].newest.key.P, &P, sizeof P);
			assert_true(id_eq_var(&w->disk[1].newest.key.key_id, &id));
			assert_int_equal(w->disk[1].held, 1);
		}
		world_end();
	}
}

static void without_T_parties_it_goes_on_and_they_get_shares_afterwards(void **state)
{
	(void)state;
	for (size_t c = 0; c < COUNT(TRIED); c++) {
		world_new(TRIED[c].n, TRIED[c].t);
		const party_set absent = last_parties(w->n, w->t), others = parties_all(w->n) & ~absent;
		must(group_create, absent);
		must_have(0, others);
		must(group_refresh, absent);
		must_have(1, others);
		must(group_refresh, 0);
		must_have(2, parties_all(w->n));
		FOR_EACH_IN(i, absent) assert_int_equal(w->disk[i].taken, 1);
		world_end();
	}
}

static void who_dies_after_signing_learns_in_the_next_ceremony_how_it_ended(void **state)
{
	err e[MAX_PARTIES + 1];

	(void)state;
	world_new(4, 1);
	must(group_create, 0);
	w->disk[2].dies = DIES_AFTER_SIGNING;
	ceremony_of(group_refresh, 0, NULL, e);
	assert_int_equal(e[2], ERR_IO);
	assert_int_equal(w->disk[2].newest.key.epoch, 0);
	assert_int_equal(w->disk[2].held, 2);            /* the old share and the new one */
	must_have(1, all_but(2));
	w->disk[2].dies = LIVES;
	must(group_refresh, 0);
	must_have(2, parties_all(4));
	assert_int_equal(w->disk[2].taken, 1);
	world_end();
}

/* Whoever saw the end may have told the world: the others go on with that key, though it is away and they have not seen the end. */
static void a_first_key_that_only_one_party_saw_certified_stays_the_key(void **state)
{
	err e[MAX_PARTIES + 1];

	(void)state;
	for (unsigned prepared = 1; prepared <= 3; prepared++) {
		world_new(4, 1);
		for (party i = 2; i <= 4; i++) w->disk[i].dies = DIES_AFTER_SIGNING;
		ceremony_of(group_create, 0, NULL, e);
		for (party i = 2; i <= 4; i++) {
			w->disk[i].dies = LIVES;
			if (i > 1 + prepared) w->disk[i].held = 0;       /* as if it had died before its share was there */
		}
		const secp_pk P = w->disk[1].newest.key.P;
		must(group_create, 1 << 1);
		must_have(prepared > 1 ? 1 : 0, all_but(1));
		assert_int_equal(memcmp(&w->disk[2].newest.key.P, &P, sizeof P) == 0, prepared > 1);
		if (prepared > 1) {
			must(group_refresh, 0);                          /* who was away has seen an older epoch of it */
			must_have(2, parties_all(4));
		}
		world_end();
	}
}

/* One honest party has prepared a key that came to nothing; a liar says it has, too, and then deals nothing right. */
static void a_first_key_that_nobody_can_have_seen_is_made_again(void **state)
{
	static group_holding says;
	err e[MAX_PARTIES + 1];

	(void)state;
	world_new(4, 1);
	for (party i = 1; i <= 4; i++) w->disk[i].dies = DIES_BEFORE_SIGNING;
	ceremony_of(group_create, 0, NULL, e);
	for (party i = 1; i <= 4; i++) w->disk[i].dies = LIVES, w->disk[i].held = i == 2 || i == 3;
	says = holding_of(&w->disk[3]);
	w->disk[3].share[0] = (group_share){ 3, { { [31] = 5 } } };
	const job own[MAX_PARTIES + 1] = { [3] = { .run = group_create, .says = &says } };
	ceremony_of(group_create, 0, own, e);
	must_have(0, all_but(3));
	world_end();
}

/* Too many die in the middle: the old epoch stays, and the next has another number, so that two never have one. */
static void a_ceremony_that_nobody_ended_counts_for_nobody(void **state)
{
	err e[MAX_PARTIES + 1];

	(void)state;
	for (unsigned dies = DIES_BEFORE_SIGNING; dies <= DIES_AFTER_SIGNING; dies++) {
		world_new(4, 1);
		must(group_create, 0);
		for (party i = 1; i <= 4; i++) w->disk[i].dies = i == 4 && dies == DIES_BEFORE_SIGNING ? LIVES : dies;
		ceremony_of(group_refresh, 0, NULL, e);
		for (party i = 1; i <= 4; i++) {
			assert_int_not_equal(e[i], OK);
			assert_int_equal(w->disk[i].newest.key.epoch, 0);
			assert_int_equal(w->disk[i].held, 2);
			w->disk[i].dies = LIVES;
		}
		must_have(0, parties_all(4));
		must(group_refresh, 0);
		must_have(2, parties_all(4));
		assert_int_equal(w->disk[1].held, 1);
		world_end();
	}
}

static void a_key_that_too_few_have_signed_is_none(void **state)
{
	err e[MAX_PARTIES + 1];

	(void)state;
	for (party strange = 0; strange <= 2; strange++) {
		job own[MAX_PARTIES + 1] = { 0 };
		world_new(4, 1);
		for (party i = 1; i <= strange; i++) own[i] = (job){ .run = group_create, .signs_as = 4 };
		ceremony_of(group_create, 0, own, e);
		for (party i = 1; i <= 4; i++) {
			assert_int_equal(e[i], strange <= 1 ? OK : ERR_STATE);
			assert_int_equal(w->disk[i].certified, strange <= 1);
		}
		world_end();
	}
}

/* Three of four have seen the end, and have erased what was before; the fourth has prepared, but not seen. */
static void the_newest_certificate_decides_whoever_shows_it(void **state)
{
	err e[MAX_PARTIES + 1];

	(void)state;
	world_new(4, 1);
	must(group_create, 0);
	for (party i = 2; i <= 4; i++) w->disk[i].dies = DIES_AFTER_SIGNING;
	ceremony_of(group_refresh, 0, NULL, e);
	assert_int_equal(w->disk[1].held, 1);
	for (party i = 2; i <= 4; i++) w->disk[i].dies = LIVES;
	must(group_refresh, 0);
	must_have(2, parties_all(4));
	world_end();
}

/* ---- liars -------------------------------------------------------------------------------------------------------------- */

static void no_record_is_believed_that_this_roster_has_not_signed(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 4; how++) {
		err e[MAX_PARTIES + 1];
		static group_holding says;
		world_new(4, 1);
		must(group_create, 0);
		must(group_refresh, 0);
		says = holding_of(&w->disk[3]);
		if (how == 0) says.newest.key.epoch = 77;                        /* nobody has signed that */
		if (how == 1) says.newest.signers &= ~(party_set)(1 << 1 | 1 << 2);
		if (how == 2) {                                                  /* a roster of its own, which has signed */
			says.newest.key.epoch = 99;
			for (party i = 1; i <= 4; i++) says.newest.roster.wallet[i] = w->roster.wallet[3];
			says.newest.key.roster = group_roster_hash(&says.newest.roster);
			const hash32 digest = group_digest(&says.newest.key);
			for (party i = 1; i <= 4; i++) says.newest.signature[i] = sign_external(w->wallet[3], &digest);
		}
		if (how == 3) says.prepared = UINT32_MAX;                        /* to use up all epochs */
		job own[MAX_PARTIES + 1] = { [3] = { .run = group_refresh, .says = &says } };
		ceremony_of(group_refresh, 0, own, e);
		for (party i = 1; i <= 4; i++) if (i != 3) assert_int_equal(e[i], OK);
		must_have(2, all_but(3));
		world_end();
	}
}

/*
 * T liars show a key that only they know, of a made-up roster in which they themselves keep their wallets, and say that it takes one less
 * than T + 1 to vouch for it.
 */
static void how_many_may_lie_is_not_for_a_record_to_say(void **state)
{
	const party_set liars = 1 << 3 | 1 << 6;
	job own[MAX_PARTIES + 1] = { 0 };
	err e[MAX_PARTIES + 1];
	static group_holding says;

	(void)state;
	world_new(7, 2);
	must(group_create, 0);
	says = holding_of(&w->disk[3]);
	says.newest.key.epoch = 77, says.newest.key.T = 1;
	FOR_EACH_IN(i, parties_all(7) & ~liars) says.newest.roster.wallet[i] = w->roster.wallet[3];
	says.newest.key.roster = group_roster_hash(&says.newest.roster);
	const hash32 digest = group_digest(&says.newest.key);
	FOR_EACH_IN(i, parties_all(7)) says.newest.signature[i] = sign_external(w->wallet[i == 6 ? 6 : 3], &digest);
	says.newest.signers = parties_all(7);
	FOR_EACH_IN(i, liars) own[i] = (job){ .run = group_refresh, .says = &says };
	ceremony_of(group_refresh, 0, own, e);
	FOR_EACH_IN(i, parties_all(7) & ~liars) assert_int_equal(e[i], OK);
	must_have(1, parties_all(7) & ~liars);
	world_end();
}

static void an_old_record_does_not_bring_an_old_epoch_back(void **state)
{
	static group_holding says;
	err e[MAX_PARTIES + 1];

	(void)state;
	world_new(4, 1);
	must(group_create, 0);
	says = holding_of(&w->disk[3]);
	must(group_refresh, 0);
	const job own[MAX_PARTIES + 1] = { [3] = { .run = group_refresh, .says = &says } };
	ceremony_of(group_refresh, 0, own, e);
	must_have(2, all_but(3));
	world_end();
}

static void a_key_of_one_node_becomes_one_of_all(void **state)
{
	const party_set absent = 1 << 2 | 1 << 7;
	err e[MAX_PARTIES + 1];
	secp_sk d;

	(void)state;
	world_new(7, 2);
	secp_sk_random(&d, test_rng());
	const secp_pk P = secp_pk_of(curve, &d);
	job own[MAX_PARTIES + 1] = { [0] = { .owner = 5 }, [5] = { .run = group_import, .owner = 5, .d = &d } };
	ceremony_of(group_import, absent, own, e);
	must_have(0, parties_all(7) & ~absent);
	assert_memory_equal(&w->disk[1].newest.key.P, &P, sizeof P);
	must(group_refresh, 0);
	must_have(1, parties_all(7));
	assert_memory_equal(&w->disk[2].newest.key.P, &P, sizeof P);
	world_end();
}

/* Whoever saw the end may have emptied the owner's file, and is away now: what was begun is the key, and no other shares of it are made. */
static void an_import_that_only_one_party_saw_the_end_of_is_gone_on_with(void **state)
{
	err e[MAX_PARTIES + 1];
	secp_sk d;

	(void)state;
	world_new(4, 1);
	secp_sk_random(&d, test_rng());
	const secp_pk P = secp_pk_of(curve, &d);
	job own[MAX_PARTIES + 1] = { [0] = { .owner = 3 }, [3] = { .run = group_import, .owner = 3, .d = &d } };
	for (party i = 2; i <= 4; i++) w->disk[i].dies = DIES_AFTER_SIGNING;
	ceremony_of(group_import, 0, own, e);
	assert_true(w->disk[1].certified && !w->disk[3].certified);
	const id32 id = w->disk[1].newest.key.key_id;
	for (party i = 2; i <= 4; i++) w->disk[i].dies = LIVES;
	ceremony_of(group_import, 1 << 1, own, e);
	must_have(1, all_but(1));
	assert_memory_equal(&w->disk[2].newest.key.P, &P, sizeof P);
	assert_true(id_eq_var(&w->disk[2].newest.key.key_id, &id));
	must(group_refresh, 0);
	must_have(2, parties_all(4));
	world_end();
}

static int set_up(void **state) { (void)state; assert_ok(secp_new(&curve, test_rng())); return 0; }
static int take_down(void **state) { (void)state; secp_free(&curve); return 0; }

static const struct CMUnitTest tests[] = {
	TEST(a_key_is_made_once_and_shared_anew_often), TEST(without_T_parties_it_goes_on_and_they_get_shares_afterwards),
	TEST(who_dies_after_signing_learns_in_the_next_ceremony_how_it_ended), TEST(a_ceremony_that_nobody_ended_counts_for_nobody),
	TEST(a_first_key_that_only_one_party_saw_certified_stays_the_key), TEST(a_first_key_that_nobody_can_have_seen_is_made_again),
	TEST(a_key_that_too_few_have_signed_is_none), TEST(the_newest_certificate_decides_whoever_shows_it), TEST(no_record_is_believed_that_this_roster_has_not_signed),
	TEST(how_many_may_lie_is_not_for_a_record_to_say), TEST(an_old_record_does_not_bring_an_old_epoch_back), TEST(a_key_of_one_node_becomes_one_of_all),
	TEST(an_import_that_only_one_party_saw_the_end_of_is_gone_on_with),
};

int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, take_down); }
