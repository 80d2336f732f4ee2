/* SPDX-License-Identifier: MIT */
/* delegate/combiner_asks.c -- whom a request asks next, and what. */
#include "delegate/combiner_internal.h"

/* The next party that was not asked: those that are up first, and not always the same. */
static party whom_next(combiner *c, const pending *p)
{
	const unsigned n = p->group->key.n;
	party down = 0;

	for (unsigned i = 0; i < n; i++) {
		const party who = (party)(1 + (c->turn + i) % n);
		if (has(p->asked, who) || !group_has_share(&p->group->key, who)) continue;
		if (c->p.is_up(c->p.ctx, p->q.chain->c.id, who)) return who;
		if (!down) down = who;
	}
	return down;
}

ask_frame combiner_question(const pending *p)
{
	return (ask_frame){ .number = p->number, .chain_id = p->q.chain->c.id, .epoch = p->group->key.epoch, .authorization = p->q.authorization,
	          .form = p->q.once ? ASK_ONCE : p->q.text == TYPED_BARE ? ASK_TEXT_BARE : ASK_TEXT_AS_SENT, .v1 = p->q.v1,
	          .ephemeral = slice_of(p->q.ephemeral, sizeof p->q.ephemeral), .target = slice_of(p->q.target, p->q.target_n) };
}

void combiner_add_own(pending *p)
{
	const group_share *own = &p->group->share;

	if (!own->index) return;
	p->good[p->goods++] = (group_partial){ .index = own->index, .epoch = p->group->key.epoch, .D = secp_pk_times(&p->q.K, &own->s) };
	add_to(&p->asked, own->index);
	add_to(&p->heard, own->index);
}

bool combiner_ask_more(combiner *c, pending *p, unsigned more)
{
	AUTO(buf) frame = { 0 };
	const ask_frame a = combiner_question(p);

	ask_write(&frame, &a);
	while (more) {
		const party who = whom_next(c, p);
		if (!who) return false;
		add_to(&p->asked, who);
		atomic_fetch_add(&c->asks, 1);
		c->p.ask(c->p.ctx, p->q.chain->c.id, who, buf_slice(&frame));
		more--;
	}
	return true;
}

bool combiner_is_hopeless(combiner *c, const pending *p) { return p->asked == p->heard && whom_next(c, p) == 0; }

/* ---- between two epochs ------------------------------------------------------------------------------------------------ */

/* Who was asked, has said nothing yet, and may. */
static unsigned expected(const combiner *c, const pending *p)
{
	unsigned n = 0;

	FOR_EACH_IN(i, p->asked & ~p->heard) n += c->p.is_up(c->p.ctx, p->q.chain->c.id, i);
	return n;
}

bool combiner_is_between(combiner *c, const pending *p)
{
	const unsigned T = p->group->key.T;

	if (p->q.once || p->ended || !p->elsewhere || (p->arrived & ~p->heard)) return false;
	return whom_next(c, p) == 0 && p->goods + expected(c, p) <= T;
}

void combiner_ask_anew(combiner *c, pending *p, uint64_t number)
{
	kms_group *now = kms_group_hold(c->p.kms, p->q.chain);

	if (!now || kms_group_is_whole(now)) {
		kms_group_release(now);                    /* it has gone to others: in the end there is no answer */
		return;
	}
	kms_group_release(p->group);
	p->group = now;
	p->number = number;
	p->asked = p->arrived = p->heard = p->elsewhere = 0;
	p->goods = 0;
	wipe(p->good, sizeof p->good);
	combiner_add_own(p);
	(void)combiner_ask_more(c, p, now->key.T + 2 - p->goods);
}
