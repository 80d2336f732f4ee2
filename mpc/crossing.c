/* SPDX-License-Identifier: MIT */
/* mpc/crossing.c -- see crossing.h. */
#include "mpc/crossing.h"

err crossing_open(crossing *x, const session_id *sid, party me, inbox *in, wire out)
{
	*x = (crossing){ .sid = *sid, .me = me, .inbox = in, .out = out };
	return box_open(&x->in, in, sid);
}

void crossing_close(crossing *x) { box_close(&x->in); }

void crossing_next_round(crossing *x) { box_begin_round(x->in, ++x->round); }

err crossing_send(crossing *x, party to, slice m)
{
	const envelope e = { .sid = x->sid, .round = x->round, .from = x->me, .to = to, .type = MSG_ROUND, .body = m };

	if (m.n > MAX_BODY)
		return err_fail(ERR_UNSUPPORTED, "a message of %zu bytes is longer than the %d of a round", m.n, MAX_BODY);
	if (to == x->me) {
		if (inbox_put(x->inbox, to, &e) != INBOX_KEPT)
			return err_fail(ERR_NOMEM, "a message to oneself, of %zu bytes, does not fit into the inbox", m.n);
		return OK;
	}
	x->sent_messages++;
	x->sent_bytes += ENVELOPE_HEADER + m.n;
	return x->out.send(x->out.ctx, to, &e);
}

err crossing_gather(crossing *x, slice *got, arena *a, party_set from, size_t size, const crossing_wait *wait)
{
	int64_t until_ms = wait->until_ms, soon;
	unsigned came = 0;

	FOR_EACH_IN(i, from) got[i] = (slice){ 0 };
	while (from) {
		party who;
		slice m;
		TRY(box_take(x->in, &who, &m, a, size, x->round, MSG_ROUND, from, until_ms));
		if (!who) break;
		take_from(&from, who);
		if (m.n == size) got[who] = m;
		if (++came == wait->enough && (soon = crossing_now_ms(x) + wait->more_ms) < until_ms) until_ms = soon;
	}
	return OK;
}

int64_t crossing_now_ms(const crossing *x) { return box_now_ms(x->in); }
