/* SPDX-License-Identifier: MIT */
/*
 * mpc/reshare_terms.c -- what the parties of a resharing agree on before, and the ids that follow from it.
 *
 * The binding is SHAKE256 behind `RESHARET`, each field after its length, 32 bytes.
 */
#include "mpc/reshare.h"
#include "sym/dsep.h"

reshare_sets reshare_same(unsigned n, unsigned t)
{
	reshare_sets x = { .n1 = n, .t1 = t, .n2 = n, .t2 = t };

	for (party j = 1; j <= n; j++) x.at[j] = j;
	return x;
}

err reshare_sets_check(const reshare_sets *x)
{
	party_set seen = 0, above;

	if (!parties_allowed(x->n1, x->t1) || !parties_allowed(x->n2, x->t2))
		return err_fail(ERR_REQUEST, "a key cannot go from %u parties, of which %u may be corrupt, to %u and %u", x->n1, x->t1,
		                x->n2, x->t2);
	if (ring_degree(x->n1) != ring_degree(x->n2))
		return err_fail(ERR_UNSUPPORTED, "shares of %u parties are in a ring of degree %u, those of %u in one of degree %u: "
		                "resharing does not cross degrees", x->n1, ring_degree(x->n1), x->n2, ring_degree(x->n2));
	for (party j = 1; j <= x->n1; j++)
		if (x->at[j] >= 1 && x->at[j] <= MAX_PARTIES) add_to(&seen, x->at[j]);
	above = (seen & ~parties_all(x->n2)) >> x->n2 >> 1;
	if (size_of_set(seen) != x->n1 || (above & (above + 1)))
		return err_fail(ERR_REQUEST, "the %u parties of the old set are not numbered as members of both sets must be", x->n1);
	return OK;
}

static void field(xof *x, slice bytes)
{
	xof_absorb_u64(x, bytes.n);
	xof_absorb(x, bytes);
}

static void field_u64(xof *x, uint64_t v)
{
	uint8_t b[8];

	store64(b, v);
	field(x, slice_of(b, sizeof b));
}

id32 reshare_binding(const reshare_terms *x)
{
	const id32 *ids[] = { &x->request, &x->old_context, &x->new_context, &x->old_epoch, &x->new_epoch };
	const unsigned numbers[] = { x->sets.n1, x->sets.t1, x->sets.n2, x->sets.t2, x->keys };
	xof hash = dsep_begin("RESHARET");
	id32 out;

	for (unsigned i = 0; i < COUNT(ids); i++) field(&hash, id_slice(ids[i]));
	for (unsigned i = 0; i < COUNT(numbers); i++) field_u64(&hash, numbers[i]);
	field(&hash, slice_of(&x->sets.at[1], x->sets.n1));
	field(&hash, slice_of(x->old_role, x->sets.n1 * sizeof *x->old_role));
	field(&hash, slice_of(x->new_role, x->sets.n2 * sizeof *x->new_role));
	field(&hash, slice_of(x->key, x->keys * sizeof *x->key));
	xof_squeeze(&hash, out.b, sizeof out.b);
	return out;
}

session_id reshare_route(const id32 *binding, uint32_t attempt, unsigned key)
{
	uint8_t b[8 + sizeof *binding + 4 + 4] = "reshare";

	memcpy(b + 8, binding->b, sizeof binding->b);
	store32(b + 8 + sizeof *binding, attempt);
	store32(b + 12 + sizeof *binding, key);
	return sid_route(slice_of(b, sizeof b));
}

size_t reshare_most(const reshare_sets *x)
{
	return MAX_BODY / (x->t1 * ring_of(128, ring_degree(x->n2))->bytes);
}

uint64_t reshare_rounds(const reshare_sets *x, size_t N)
{
	const size_t each = RESHARE_OPENED / (x->n1 - x->t1 - 1);

	return 2 + bcast_rounds(x->t2) + (N + each - 1) / each;
}
