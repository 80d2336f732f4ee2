/* SPDX-License-Identifier: MIT */
/*
 * mpc/prss_check.c -- PRSS.Check and PRZS.Check: what everybody's shares of some values from PRSS must be.    t < n/3
 *
 * Whatever t parties do: all honest parties get the right shares of all parties; a party that publishes another PRF output
 * than its fellows is added to s->corrupt.  The values are public from then on: they may serve nothing else.  A mask has no
 * Check, because what it hides would be public too.
 *
 * Cost: 1 broadcast of C(n-1,t) outputs a value and party.
 *
 * Notation     A    a set of n - t parties: at most t of them lie, and more than t do not
 */
#include "mpc/mpc.h"

typedef struct outputs {
	size_t     C, held, total;       /* sets; sets of one party; elements in its broadcast           */
	party_set *A;
	uint16_t  *rank;                 /* [a (n + 1) + i]: how many sets before A[a] contain P_i       */
	slice      all[MAX_PARTIES + 1];
} outputs;

static err outputs_new(outputs *o, session *s)
{
	uint16_t before[MAX_PARTIES + 1] = { 0 };

	*o = (outputs){ .C = binomial(s->n, s->t), .held = binomial(s->n - 1u, s->t) };
	TRY(arena_new(&s->arena, &o->A, o->C));
	TRY(arena_new(&s->arena, &o->rank, o->C * (s->n + 1u)));
	prss_sets(o->A, s->n, s->t);
	for (size_t a = 0; a < o->C; a++) FOR_EACH_IN(i, o->A[a]) o->rank[a * (s->n + 1u) + i] = before[i]++;
	return OK;
}

/* What P_i published for the a-th set, in which it is: `width` elements; `at` is where those of the value begin. */
static slice said_by(const outputs *o, const session *s, party i, size_t at, size_t a, size_t width)
{
	const size_t e = s->R->bytes;

	return slice_of(o->all[i].p + (at + o->rank[a * (s->n + 1u) + i] * width) * e, width * e);
}

/* The outputs that most members published; the others are accused. */
static err agreed(slice *out, session *s, const outputs *o, size_t at, size_t a, size_t width)
{
	const party_set members = o->A[a] & live(s);
	unsigned most = 0;

	FOR_EACH_IN(i, members) {
		const slice said = said_by(o, s, i, at, a, width);
		unsigned count = 0;
		FOR_EACH_IN(j, members) count += slice_eq_var(said, said_by(o, s, j, at, a, width));
		if (count > most) most = count, *out = said;
	}
	if (most <= s->t) return err_fail(ERR_STATE, "more than %u of %u parties publish wrong outputs of PRSS", s->t, s->n);
	FOR_EACH_IN(i, members)
		if (!slice_eq_var(said_by(o, s, i, at, a, width), *out)) accuse(s, i, "published a wrong output of PRSS");
	return OK;
}

static err publish(session *s, outputs *o, const prss_use *use, size_t m)
{
	gr *mine;
	msg all;

	TRY(msg_new(s, &all, o->total));
	for (size_t k = 0; k < m; k++) {
		const size_t count = o->held * prss_output_count(s->t, use[k].domain);
		TRY(arena_new(&s->arena, &mine, count));
		prss_outputs(mine, s->prss, s->R, use[k].domain, s->sid.b, use[k].ctr);
		put_n(&all, mine, count);
	}
	TRY(s->p->bcast(s, msg_slice(&all), all.n, o->all));
	FOR_EACH_IN(i, live(s))
		if (!is_elements(s, o->all[i], o->total)) accuse(s, i, "published outputs of PRSS of the wrong number");
	return OK;
}

err prss_check(session *s, gr *value, const prss_use *use, size_t m)
{
	IN_SCOPE(s);
	outputs o;
	gr *of_set;

	ASSERT(s->prss);
	TRY(outputs_new(&o, s));
	for (size_t k = 0; k < m; k++) {
		if (use[k].domain == PRSS_PHI)
			return err_fail(ERR_REQUEST, "a mask is not checked: that would publish what it hides");
		o.total += o.held * prss_output_count(s->t, use[k].domain);
	}
	TRY(arena_new(&s->arena, &of_set, o.C * s->t));

	/* Everybody broadcasts its outputs for every set that it is in. */
	TRY(publish(s, &o, use, m));

	/* Of each set, what more than t members say is true; from that, the shares of all. */
	for (size_t k = 0, at = 0; k < m; k++) {
		const size_t width = prss_output_count(s->t, use[k].domain);
		for (size_t a = 0; a < o.C; a++) {
			slice said;
			TRY(agreed(&said, s, &o, at, a, width));
			for (size_t i = 0; i < width; i++) of_set[a * width + i] = nth(s, said, width, i);
		}
		FOR_EACH_PARTY(i, s)
			value[k * (s->n + 1u) + i] = prss_share_of(s->R, s->n, s->t, i, use[k].domain, of_set);
		at += o.held * width;
	}
	return within_model(s);
}
