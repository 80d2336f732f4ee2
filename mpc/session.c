/* SPDX-License-Identifier: MIT */
/* mpc/session.c -- what every protocol needs and none should repeat. */
#include "mpc/session.h"
#include "sym/sha2.h"

/* ---- from beginning to end --------------------------------------------------------------------------------------- */

err session_open(session *s, const session_plan *plan)
{
	*s = (session){
		.me = plan->me, .n = plan->n, .t = plan->t, .sid = plan->sid, .corrupt = plan->corrupt,
		.arena = arena_with_limit(plan->memory ? plan->memory : SESSION_MEMORY),
		.random = plan->random, .p = plan->p ? plan->p : &HONEST, .round_ms = plan->round_ms,
		.out = plan->out, .inbox = plan->in, .stop = plan->stop,
	};
	if (!parties_allowed(s->n, s->t) || s->me < 1 || s->me > s->n)
		return err_fail(ERR_REQUEST, "party %u cannot take part in a session of %u parties of which %u may be corrupt",
		                s->me, s->n, s->t);
	TRY(within_model(s));
	s->R = ring_of(plan->k, ring_degree(s->n));
	TRY(box_open(&s->in, s->inbox, &s->sid));
	box_hurry(s->in, s->t + 1, s->round_ms);
	box_heed(s->in, s->stop);
	return OK;
}

err session_follow(session *next, const session *s, const session_id *sid)
{
	const session_plan plan = {
		.sid = *sid, .me = s->me, .n = s->n, .t = s->t, .k = s->R->k, .corrupt = s->corrupt, .round_ms = s->round_ms,
		.memory = s->arena.limit, .random = s->random, .in = s->inbox, .out = s->out, .p = s->p, .stop = s->stop,
	};

	TRY(session_open(next, &plan));
	next->clock = s->clock;
	return OK;
}

void session_resume(session *s, const session *part)
{
	s->corrupt |= part->corrupt;
	s->clock = part->clock;
}

void session_close(session *s)
{
	for (unsigned i = 0; i < COUNT(s->codes); i++) code_free(&s->codes[i]);
	box_close(&s->in);
	arena_free(&s->arena);
	s->prss = NULL;
}

err session_use_prss(session *s, const prss *p, const sid_record *record)
{
	ASSERT(!s->prss);
	TRY(record->use(record->ctx, &s->sid));
	s->prss = p;
	return OK;
}

/* ---- rounds ------------------------------------------------------------------------------------------------------ */

void next_round(session *s)
{
	session_settle(s);
	s->round++;
	s->clock.allowed_ms += s->clock.step_ms ? s->clock.step_ms : s->round_ms;
	box_begin_round(s->in, s->round);
}

void session_allow(session *s, int64_t ms) { s->clock.allowed_ms += ms; }

void session_restart_clock(session *s) { s->clock.allowed_ms = s->clock.started ? box_now_ms(s->in) - s->clock.start_ms : 0; }

int64_t session_round_ends_ms(session *s)
{
	round_clock *c = &s->clock;

	if (!c->started) c->started = true, c->start_ms = box_now_ms(s->in);
	return c->start_ms + c->allowed_ms;
}

err within_model(const session *s)
{
	if (is_sound(s)) return OK;
	if (is_corrupt(s, s->me))
		return err_fail(ERR_STATE, "this party was cut off from the others: too few of %u were heard in the same rounds", s->n);
	return err_fail(ERR_STATE, "%u of %u parties are proven corrupt, and no more than %u are tolerated",
	                size_of_set(s->corrupt), s->n, s->t);
}

err mpc_send_type(session *s, party to, msg_type type, slice m)
{
	const envelope e = { .sid = s->sid, .round = s->round, .from = s->me, .to = to, .type = (uint8_t)type, .body = m };

	TRY(within_model(s));
	ASSERT(s->round > 0);
	if (m.n > MAX_BODY)
		return err_fail(ERR_UNSUPPORTED, "a message of %zu bytes is longer than the %d of a round", m.n, MAX_BODY);
	if (to == s->me) {
		if (inbox_put(s->inbox, to, &e) != INBOX_KEPT)
			return err_fail(ERR_NOMEM, "a message to oneself, of %zu bytes, does not fit into the inbox", m.n);
		return OK;
	}
	if (is_corrupt(s, to)) return OK;
	s->sent_messages++;
	s->sent_bytes += ENVELOPE_HEADER + m.n;
	return s->out.send(s->out.ctx, to, &e);
}

err mpc_send(session *s, party to, slice m) { return mpc_send_type(s, to, MSG_ROUND, m); }

err mpc_recv_any(session *s, party *who, slice *m, size_t most, msg_type type, party_set from, int64_t more_ms)
{
	TRY(within_model(s));
	*who = 0;
	*m = (slice){ 0 };
	from &= live(s);
	if (!from) return OK;
	TRY(box_take(s->in, who, m, &s->arena, most, s->round, type, from, session_round_ends_ms(s) + more_ms));
	if (*who && !m->p) suspect(s, *who, "sent a message that is too long", *m);
	return OK;
}

err mpc_recv(session *s, party from, slice *m, size_t most)
{
	party who;

	TRY(mpc_recv_any(s, &who, m, most, MSG_ROUND, (party_set)1 << from, 0));
	if (!who && !is_corrupt(s, from)) suspect(s, from, "was silent in a round", *m);
	return OK;
}

/* ---- messages of ring elements ----------------------------------------------------------------------------------- */

err msg_new(session *s, msg *m, size_t elements)
{
	*m = (msg){ .R = s->R, .room = elements * s->R->bytes };
	return arena_new(&s->arena, &m->p, m->room);
}

void put(msg *m, gr v)
{
	ASSERT(m->room - m->n >= m->R->bytes);
	gr_write(m->R, m->p + m->n, v);
	m->n += m->R->bytes;
}

void put_n(msg *m, const gr *v, size_t count)
{
	for (size_t i = 0; i < count; i++) put(m, v[i]);
}

bool is_elements(const session *s, slice m, size_t count) { return m.p && m.n == count * s->R->bytes; }

gr nth(const session *s, slice m, size_t count, size_t k)
{
	ASSERT(k < count);
	return is_elements(s, m, count) ? gr_read(s->R, m.p + k * s->R->bytes) : GR_ZERO;
}

/* ---- scopes ------------------------------------------------------------------------------------------------------ */

scope scope_enter(session *s)
{
	const scope x = { s, s->arena };

	s->arena = arena_with_limit(x.outer.limit - x.outer.used);
	return x;
}

void scope_free(scope *x)
{
	arena_free(&x->s->arena);
	x->s->arena = x->outer;
}

/* ---- blame ------------------------------------------------------------------------------------------------------- */

/* A liar may cause any number of suspicions; they leave room for the accusations, of which there are few. */
static void add_evidence(session *s, const evidence *e)
{
	const unsigned room = e->agreed ? MAX_EVIDENCE : MAX_EVIDENCE - MAX_PARTIES / 3;

	for (unsigned i = 0; i < s->evidence_count; i++)
		if (s->evidence[i].who == e->who && s->evidence[i].why == e->why) return;
	if (s->evidence_count < room) s->evidence[s->evidence_count++] = *e;
}

void accuse(session *s, party who, const char *why)
{
	if (is_corrupt(s, who)) return;
	add_to(&s->corrupt, who);
	add_evidence(s, &(evidence){ who, true, s->round, why, s->transcript });
}

void suspect(session *s, party who, const char *why, slice what)
{
	add_to(&s->suspects, who);
	add_evidence(s, &(evidence){ who, false, s->round, why, sha256(what) });
}

void session_take_evidence(session *s, const evidence *e, unsigned count)
{
	for (unsigned i = 0; i < count; i++) add_evidence(s, &e[i]);
}

void session_settle(session *s)
{
	contradiction found[MAX_CONTRADICTIONS];
	const unsigned count = box_contradictions(s->in, found, COUNT(found));

	for (unsigned i = 0; i < count; i++) {
		const hash32 both[] = { found[i].first, found[i].second };

		suspect(s, found[i].from, "sent two different messages for one place", slice_of(both, sizeof both));
	}
}
