/* SPDX-License-Identifier: MIT */
/*
 * mpc/open_words.c -- consistent words in one pass, the others one by one; liars are left out as soon as they are known.
 * A word that is consistent among D + 1 + t - |corrupt| parties is accepted: the rule of share/code.h without errors.
 */
#include "mpc/open_words.h"

enum { BAD, GOOD };                                      /* what a party says of words */

void word_opener_free(word_opener *x)
{
	unanimous_free(&x->all_agree);
	code_free(&x->code);
}

/* ---- by messages --------------------------------------------------------------------------------------------------- */

err words_exchange(session *s, slice *sent, slice mine)
{
	next_round(s);
	FOR_EACH_IN(j, live(s)) if (j != s->me) TRY(mpc_send(s, j, mine));
	FOR_EACH_PARTY(j, s) sent[j] = (slice){ 0 };
	sent[s->me] = mine;
	FOR_EACH_IN(j, live(s)) {
		slice m;
		if (j == s->me) continue;
		TRY(mpc_recv(s, j, &m, mine.n));
		if (m.p && m.n == mine.n) sent[j] = m;
		else if (m.p) suspect(s, j, "sent words of the wrong number", m);
	}
	return OK;
}

static party_set who_sent(const word_opener *x, const slice *sent)
{
	party_set who = 0;

	FOR_EACH_IN(i, live(x->s)) if (sent[i].p) add_to(&who, i);
	return who;
}

/* Words first .. end - 1 at once, if the shares of `who` are on polynomials of degree D. */
static err consistent(word_opener *x, bool *opened, uint8_t *V, const slice *sent, party_set who, size_t first, size_t end)
{
	const session *s = x->s;
	const size_t at = first * s->R->bytes;
	const uint8_t *y[MAX_PARTIES + 1] = { 0 };

	if (x->of != who) {
		unanimous_free(&x->all_agree);
		x->of = 0;
		TRY(unanimous_new(&x->all_agree, s->R, x->D, who));
		x->of = who;
	}
	FOR_EACH_IN(i, who) y[i] = sent[i].p + at;
	*opened = unanimous_open_var(x->all_agree, V + at, y, end - first);
	return OK;
}

err words_all_agree(word_opener *x, bool *opened, uint8_t *V, const slice *sent, size_t words)
{
	const party_set who = who_sent(x, sent);

	*opened = false;
	return who == live(x->s) ? consistent(x, opened, V, sent, who, 0, words) : OK;
}

/* *opened: word e is accepted.  Who is off an accepted word of a broadcast is accused, which is as public as that. */
static err decode(word_opener *x, bool *opened, uint8_t *V, const slice *sent, party_set who, size_t e)
{
	session *s = x->s;
	const size_t at = e * s->R->bytes;
	gr y[MAX_PARTIES + 1], value;
	party_set wrong;

	if (!x->code) TRY(code_new(&x->code, s->R, s->n, x->D));
	FOR_EACH_IN(i, who) y[i] = gr_read(s->R, sent[i].p + at);
	*opened = code_decode_var(&value, NULL, &wrong, x->code, y, who, s->t - size_of_set(s->corrupt));
	if (!*opened) return OK;
	gr_write(s->R, V + at, value);
	x->off |= wrong;
	FOR_EACH_IN(i, wrong) {
		if (x->agreed) accuse(s, i, x->wrong);
		else suspect(s, i, x->wrong, sent[i]);
	}
	return within_model(s);
}

err words_open(word_opener *x, size_t *at, uint8_t *V, const slice *sent, size_t end)
{
	bool opened = true;

	TRY(within_model(x->s));
	while (*at < end && opened) {
		const party_set who = who_sent(x, sent) & ~x->off, before = x->off;
		opened = false;
		if (size_of_set(who) > x->D + x->s->t - size_of_set(x->s->corrupt))
			TRY(consistent(x, &opened, V, sent, who, *at, end));
		if (opened) *at = end;

		/* Without those who are found to be wrong, the rest may be consistent. */
		for (opened = true; *at < end && opened && x->off == before;) {
			TRY(decode(x, &opened, V, sent, who, *at));
			*at += opened;
		}
	}
	return OK;
}

err words_agree(session *s, bool *good, bool mine)
{
	const uint8_t verdict = mine ? GOOD : BAD;
	const party_set voters = live(s);
	slice all[MAX_PARTIES + 1];

	TRY(s->p->bcast(s, slice_of(&verdict, 1), 1, all));
	*good = true;
	FOR_EACH_IN(j, voters) *good &= all[j].n == 1 && all[j].p[0] == GOOD;
	return OK;
}

/* ---- by broadcast -------------------------------------------------------------------------------------------------- */

/*
 * Word e does not open: what everybody's share of it must be is computed from PRF outputs that all publish, and whoever
 * broadcast another one is accused.
 */
static err check(word_opener *x, const slice *told, size_t e, const word_recipe *r)
{
	session *s = x->s;
	IN_SCOPE(s);
	const party_set before = s->corrupt;
	prss_use use[GR_MAX_DEGREE + 1];
	gr *value, of_party[GR_MAX_DEGREE + 1];

	ASSERT(r->values <= COUNT(use));
	TRY(arena_new(&s->arena, &value, r->values * (s->n + 1u)));
	for (unsigned j = 0; j < r->values; j++) use[j] = r->use(r->ctx, e, j);
	TRY(prss_check(s, value, use, r->values));
	FOR_EACH_IN(i, live(s)) {
		for (unsigned j = 0; j < r->values; j++) of_party[j] = value[j * (s->n + 1u) + i];
		if (!gr_eq_var(r->word(s->R, of_party), gr_read(s->R, told[i].p + e * s->R->bytes))) accuse(s, i, x->wrong);
	}
	TRY(within_model(s));
	if (s->corrupt == before) return err_fail(ERR_STATE, "shares that were broadcast do not fit, and yet all are right");
	return OK;
}

err words_broadcast(word_opener *x, uint8_t *V, bool *lost, slice mine, const slice *sent, const word_recipe *r)
{
	session *s = x->s;
	const size_t words = mine.n / s->R->bytes;
	slice told[MAX_PARTIES + 1];

	ASSERT(x->D == 2 * s->t && x->agreed);
	TRY(s->p->bcast(s, mine, mine.n, told));
	FOR_EACH_IN(i, live(s)) {
		if (told[i].n != mine.n) accuse(s, i, "broadcast words of the wrong number");
		else if (sent && sent[i].p && !slice_eq_var(sent[i], told[i])) suspect(s, i, "broadcast other words than it sent", sent[i]);
	}
	for (size_t at = 0;; lost[at++] = true) {
		TRY(words_open(x, &at, V, told, words));
		if (at == words) return OK;
		TRY(check(x, told, at, r));
	}
}
