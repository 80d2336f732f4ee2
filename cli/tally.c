/* SPDX-License-Identifier: MIT */
/* cli/tally.c -- counting by value, and reconstructing from shares. */
#include "cli/tally.h"

const char *standing_name(standing s)
{
	static const char *const NAMES[] = { "silent", "absent", "refused", "wrong", "good" };

	return NAMES[s];
}

void tally_free(tally *t)
{
	for (unsigned i = 1; i <= MAX_PARTIES; i++) {
		buf_free(&t->of[i].share);
		wipe(&t->of[i].value, sizeof t->of[i].value);
	}
}

void tally_note(tally *t, unsigned from, standing as, const char *why)
{
	heard *h = &t->of[from];

	h->as = as;
	snprintf(h->why, sizeof h->why, "%s", why);
}

void tally_value(tally *t, unsigned from, const plaintext *value, const secp_rsig *signature)
{
	heard *h = &t->of[from];

	h->as = STANDING_GOOD;
	h->value = *value;
	h->signature = *signature;
}

void tally_share(tally *t, unsigned from, buf *sealed)
{
	heard *h = &t->of[from];

	h->as = STANDING_GOOD;
	h->share = *sealed;
	*sealed = (buf){ 0 };
}

party_set tally_who(const tally *t, standing as)
{
	party_set who = 0;

	for (unsigned i = 1; i <= t->net->parties; i++)
		if (t->of[i].as == as) add_to(&who, (party)i);
	return who;
}

/* ---- public ---------------------------------------------------------------------------------------------------- */

static bool same_value(const plaintext *a, const plaintext *b)
{
	return a->type == b->type && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static party_set who_says(const tally *t, const plaintext *value)
{
	party_set who = 0;

	FOR_EACH_IN(i, tally_who(t, STANDING_GOOD))
		if (same_value(&t->of[i].value, value)) add_to(&who, i);
	return who;
}

err tally_public(plaintext *out, party_set *who, const tally *t)
{
	const plaintext *best = NULL;
	party_set by_best = 0;
	size_t believed = 0;

	for (party_set rest = tally_who(t, STANDING_GOOD); rest;) {          /* value after value */
		const plaintext *value = &t->of[first_of(rest)].value;
		const party_set by = who_says(t, value);
		rest &= ~by;
		believed += size_of_set(by) >= cluster_believed(t->net);
		if (size_of_set(by) > size_of_set(by_best)) by_best = by, best = value;
	}
	if (believed > 1)
		return err_fail(ERR_INTERNAL, "more than %u parties lie: different values were signed by more than that many each",
		                t->net->threshold);
	if (!believed) return err_fail(ERR_BUSY, "no value is signed by %zu parties", cluster_believed(t->net));
	*out = *best;
	*who = by_best;
	return OK;
}

void tally_blame(tally *t, const plaintext *value)
{
	FOR_EACH_IN(i, tally_who(t, STANDING_GOOD))
		if (!same_value(&t->of[i].value, value)) tally_note(t, i, STANDING_WRONG, "it signed another value");
}

/* ---- user ------------------------------------------------------------------------------------------------------ */

err tally_user(plaintext *out, tally *t, const fhe_type *type, const hash32 *link)
{
	const party_set good = tally_who(t, STANDING_GOOD);
	const user_request q = { .n = (unsigned)t->net->parties, .t = t->net->threshold, .link = *link, .slots = 1, .type = &type };
	user_share slot[MAX_PARTIES];
	user_answer answer[MAX_PARTIES];
	party_set wrong = 0;
	size_t n = 0;

	if (size_of_set(good) < cluster_quorum(t->net))
		return err_fail(ERR_BUSY, "%u parties gave a share, and %zu are needed", size_of_set(good), cluster_quorum(t->net));
	FOR_EACH_IN(i, good) {
		slot[n] = (user_share){ type->number, packing_factor_of(type), buf_slice(&t->of[i].share) };
		answer[n] = (user_answer){ .from = i, .degree = t->net->threshold, .link = *link, .slots = 1, .slot = &slot[n] };
		n++;
	}
	err e = reconstruct(out, &wrong, &q, answer, n);
	if (e != OK) {
		err_context("the shares of %zu parties do not give a value: ", n);
		return e == ERR_REQUEST ? ERR_BUSY : e;              /* further shares may show which ones are wrong */
	}
	FOR_EACH_IN(i, wrong & good) tally_note(t, i, STANDING_WRONG, "its share does not belong to the value");
	return OK;
}
