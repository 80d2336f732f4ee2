/* SPDX-License-Identifier: MIT */
/* delegate/combiner_parts.c -- what others answer: right or not, signed or not, and what right parts make up. */
#include "delegate/combiner_internal.h"

static slice partial_of(const ask_answer *a) { return slice_of(a->partial, sizeof a->partial); }

bool combiner_part_is_right(group_partial *out, const combiner *c, const pending *p, party from, const ask_answer *a)
{
	const bool read = group_partial_read(out, partial_of(a)) == OK;
	AUTO(buf) ask = { 0 };

	err_clear();
	if (read && out->index == from && group_partial_ok_var(out, &p->group->key, &p->q.K, &p->q.request)) return true;
	const ask_frame question = combiner_question(p);
	ask_write(&ask, &question);
	c->p.lied(c->p.ctx, &(combiner_evidence){ from, buf_slice(&ask), partial_of(a), a->signature });
	return false;
}

bool combiner_part_is_signed(const combiner *c, const pending *p, party from, const ask_answer *a)
{
	const hash32 what = keccak256(partial_of(a)), digest = typed_v1_response(&p->q.v1, &p->q.request, &what);
	eth_address by, wanted;

	return c->p.wallet(c->p.ctx, &wanted, p->q.chain->c.id, from) && sign_external_by_var(&by, &a->signature, &digest)
	    && eth_address_eq_var(by, wanted);
}

/* JSON members that say which nodes took part, and their signatures. */
static void put_nodes(buf *out, const pending *p)
{
	uint8_t bytes[GROUP_PARTIAL_BYTES];
	bool first = true;

	buf_put_str(out, ",\"nodes\":[");
	for (unsigned i = 0; i < p->goods; i++) {
		if (p->signature[i].b[SECP_SIG] == 0) continue;
		group_partial_write(bytes, &p->good[i]);
		const hash32 h = keccak256(slice_of(bytes, sizeof bytes));
		buf_printf(out, "%s{\"index\":%u,\"partialHash\":\"", first ? "" : ",", p->good[i].index);
		kms_put_hex(out, h.b, sizeof h.b);
		buf_put_str(out, "\",\"signature\":\"");
		kms_put_hex(out, p->signature[i].b, sizeof p->signature[i].b);
		buf_put_str(out, "\"}");
		first = false;
	}
	wipe(bytes, sizeof bytes);
	buf_put_str(out, "]");
}

err combiner_make_answer(buf *body, const combiner *c, const pending *p)
{
	AUTO(buf) sealed = { 0 }, nodes = { 0 };
	secp_pk S;

	TRY(group_combine(&S, &p->group->key, p->good, p->goods));
	shared_x x = shared_x_of(&S);
	kms_seal(&sealed, c->p.kms, &p->q, slice_of(x.b, sizeof x.b));
	wipe(&S, sizeof S);
	wipe(&x, sizeof x);
	if (p->q.once) put_nodes(&nodes, p);
	kms_put_answer(body, c->p.kms, &p->q, buf_slice(&sealed), buf_str(&nodes));
	return OK;
}
