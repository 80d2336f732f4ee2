/* SPDX-License-Identifier: MIT */
/* node/offering.c -- see offering.h.  Q: the new set; P: the old one. */
#include "node/offering.h"
#include "mpc/crossing.h"
#include "node/extras.h"
#include "node/majority.h"
#include "sym/sha2.h"

enum { GIVES = 1, LACKS_FILES = 2, VOTE_BYTES = 32 + 1, MESSAGE = 2 * OFFER_BYTES };        /* keys, extras */

static hash32 digest_of(slice bytes) { return sha256(bytes); }

/* Those of the old set that are not in the new one, as the connections number them. */
static party_set outsiders(const reshare_sets *x)
{
	party_set out = 0;

	for (party j = 1; j <= x->n1; j++) if (x->at[j] > x->n2) add_to(&out, x->at[j]);
	return out;
}

static err send_all(crossing *c, party_set to, slice m)
{
	FOR_EACH_IN(i, to) TRY(crossing_send(c, i, m));
	return OK;
}

static void write_message(uint8_t out[static MESSAGE], const offering *x)
{
	offer_write(out, x->mine);
	offer_write(out + OFFER_BYTES, x->mine ? x->extras : NULL);
}

/* ---- in the new set ------------------------------------------------------------------------------------------------ */

/* got[j]: P_j's keys; more[j]: its extras. */
static err exchange(session *s, crossing *c, const offering *x, slice *got, slice *more)
{
	static const uint8_t ask = 1;
	slice at[MAX_PARTIES + 1];
	party_set from = 0;
	uint8_t *m;

	next_round(s);
	crossing_next_round(c);
	TRY(send_all(c, outsiders(x->sets), slice_of(&ask, 1)));
	crossing_next_round(c);
	if (x->as) {
		TRY(arena_new(&s->arena, &m, MESSAGE));
		write_message(m, x);
		TRY(send_all(c, live(s), slice_of(m, MESSAGE)));
	}
	next_round(s);
	const crossing_wait wait = { .until_ms = session_round_ends_ms(s) };
	for (party j = 1; j <= x->sets->n1; j++)
		if (x->sets->at[j] > x->sets->n2 || has(live(s), x->sets->at[j])) add_to(&from, x->sets->at[j]);
	TRY(crossing_gather(c, at, &s->arena, from, MESSAGE, &wait));
	for (party j = 1; j <= x->sets->n1; j++) {
		const slice said = has(from, x->sets->at[j]) ? at[x->sets->at[j]] : (slice){ 0 };
		if (!said.p) continue;
		got[j] = slice_of(said.p, OFFER_BYTES);
		more[j] = slice_of(said.p + OFFER_BYTES, OFFER_BYTES);
	}
	return OK;
}

static unsigned count_same(const slice *got, unsigned n, slice what)
{
	unsigned same = 0;

	for (party j = 1; j <= n; j++) same += got[j].p && slice_eq_var(got[j], what);
	return same;
}

/* The offer that most make, more than t1 and such as was asked for; {NULL, 0}: none.  why_not: of what was not asked for. */
static slice choose(const offering *x, const slice *got, char *why_not, size_t room)
{
	unsigned most = x->sets->t1;
	slice best = { 0 };

	why_not[0] = '\0';
	for (party j = 1; j <= x->sets->n1; j++) {
		const unsigned same = got[j].p ? count_same(got, x->sets->n1, got[j]) : 0;
		if (same <= most || !offer_read(x->agreed, got[j])) continue;
		if (offer_is_wanted(x->agreed, x->request) != OK) {
			snprintf(why_not, room, "%s", err_text());
			err_clear();
			continue;
		}
		most = same;
		best = got[j];
	}
	return best;
}

static err no_majority(const session *s, const offering *x, const slice *got)
{
	const unsigned n1 = x->sets->n1;
	unsigned most = 0;
	char from[ID_TEXT];

	for (party j = 1; j <= n1; j++) {
		const unsigned same = got[j].p && got[j].p[0] ? count_same(got, n1, got[j]) : 0;
		if (same > most) most = same;
	}
	id_text(from, &x->request->epoch.from);
	return err_fail(ERR_STATE, "previous_epoch: of the %u parties of its context %u have epoch %s with the same keys, as this "
	                "party heard, and fewer than %u of the new one's %u parties take the same keys from them", n1, most, from, s->n - s->t, s->n);
}

static err be_told(const session *s, party_set same, const char *why_not)
{
	char who[256];

	majority_list(who, sizeof who, same);
	if (has(same, s->me)) return OK;
	return err_fail(ERR_STATE, "parties %s take other keys than this party was asked for%s%s; ask it for the same under a fresh id", who,
	                why_not[0] ? ": " : "", why_not);
}

static err read_votes(session *s, offering *x, const slice *all, party_set same)
{
	x->fetching = false;
	x->lacking = 0;
	FOR_EACH_IN(i, live(s) & ~same) accuse(s, i, "takes other keys than the rest");
	TRY(within_model(s));
	FOR_EACH_IN(i, same) x->fetching |= all[i].p[32] & LACKS_FILES;
	for (party j = 1; j <= x->sets->n1; j++)
		if (has(same, x->sets->at[j]) && !(all[x->sets->at[j]].p[32] & GIVES)) add_to(&x->lacking, j);
	if (size_of_set(x->lacking) <= x->sets->t1) return OK;
	return err_fail(ERR_STATE, "%u of the %u parties that hold the keys of the old epoch do not have them all; no more than %u may lack "
	                "some", size_of_set(x->lacking), x->sets->n1, x->sets->t1);
}

static err vote(session *s, offering *x, const slice *got, hash32 *taken)
{
	uint8_t mine[VOTE_BYTES] = { 0 };
	slice all[MAX_PARTIES + 1], digest[MAX_PARTIES + 1];
	char why_not[256];
	bool lacks = false;
	const slice best = choose(x, got, why_not, sizeof why_not);

	if (best.p) {
		if (!offer_read(x->agreed, best)) return err_fail(ERR_INTERNAL, "an offer that was read cannot be read again");
		const hash32 h = digest_of(best);
		memcpy(mine, h.b, sizeof h.b);
		TRY(x->lacks(x->ctx, &lacks, x->agreed));
		x->gives = x->as && x->mine && got[x->as].p && slice_eq_var(got[x->as], best);
		mine[32] = (uint8_t)((x->gives ? GIVES : 0) | (lacks ? LACKS_FILES : 0));
	}
	TRY(s->p->bcast(s, slice_of(mine, sizeof mine), sizeof mine, all));
	FOR_EACH_PARTY(i, s) digest[i] = all[i].n == VOTE_BYTES ? slice_of(all[i].p, 32) : (slice){ 0 };
	const party_set same = majority_of(s, digest, 32);
	const hash32 none = { 0 };
	if (size_of_set(same) < s->n - s->t || slice_eq_var(digest[first_of(same)], hash32_slice(&none)))
		return no_majority(s, x, got);
	memcpy(taken->b, digest[first_of(same)].p, sizeof taken->b);
	TRY(be_told(s, same, why_not));
	return read_votes(s, x, all, same);
}

err offering_run(session *s, offering *x)
{
	__attribute__((cleanup(crossing_close))) crossing c = { 0 };
	slice got[MAX_PARTIES + 1] = { 0 }, more[MAX_PARTIES + 1] = { 0 };
	hash32 taken;

	TRY(crossing_open(&c, &x->route, s->me, s->inbox, s->out));
	TRY(exchange(s, &c, x, got, more));
	extras_choose(x->heard, more, x->sets->n1, x->sets->t1);
	TRY(vote(s, x, got, &taken));
	crossing_next_round(&c);
	return send_all(&c, outsiders(x->sets), hash32_slice(&taken));
}

/* ---- in the old set only ------------------------------------------------------------------------------------------- */

static err hear_answers(crossing *c, arena *a, const reshare_giver *g, const reshare_sets *sets, const hash32 *mine)
{
	const crossing_wait wait = { crossing_now_ms(c) + g->patience_ms, sets->n2 - sets->t2, g->round_ms };
	const party_set Q = parties_all(sets->n2);
	slice got[MAX_PARTIES + 1];
	unsigned spoke = 0, same = 0;

	TRY(crossing_gather(c, got, a, Q, sizeof *mine, &wait));
	FOR_EACH_IN(i, Q) spoke += got[i].p != NULL, same += slice_eq_var(got[i], hash32_slice(mine));
	if (same > sets->t2) return OK;
	if (spoke > sets->t2)
		return err_fail(ERR_STATE, "the new set takes other keys than this party has; it needs nothing from this one");
	return err_fail(ERR_STATE, "of the %u parties of the new set only %u said which keys they take", sets->n2, spoke);
}

static err offer_mine(crossing *c, arena *a, const reshare_giver *g, const offering *x)
{
	const crossing_wait wait = { crossing_now_ms(c) + g->patience_ms, x->sets->t2 + 1, 0 };
	const party_set Q = parties_all(x->sets->n2);
	slice asked[MAX_PARTIES + 1];
	uint8_t *m;

	crossing_next_round(c);
	TRY(crossing_gather(c, asked, a, Q, 1, &wait));
	crossing_next_round(c);
	TRY(arena_new(a, &m, MESSAGE));
	write_message(m, x);
	TRY(send_all(c, Q, slice_of(m, MESSAGE)));
	crossing_next_round(c);
	const hash32 mine = digest_of(slice_of(m, OFFER_BYTES));
	return hear_answers(c, a, g, x->sets, &mine);
}

err offering_give(const reshare_giver *g, const offering *x)
{
	__attribute__((cleanup(crossing_close))) crossing c = { 0 };
	arena a = arena_with_limit(1 << 20);

	TRY(crossing_open(&c, &x->route, g->me, g->in, g->out));
	err e = offer_mine(&c, &a, g, x);
	arena_free(&a);
	return e;
}
