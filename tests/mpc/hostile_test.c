/* SPDX-License-Identifier: MIT */
/* Liars who aim at the machine under the protocols: its clock, its memory, its loops.  --wrap=xof_squeeze32 counts hashes. */
#include <stdlib.h>
#include "tests/test.h"
#include "sim/sim.h"

enum { OUTER = 7 };

typedef struct io {
	party_set after_hello;
	uint8_t   r[MAX_PRSS_SETS][PRSS_KEY];
	err       second;                /* of what followed a first failure */
	arena     used;                  /* at the end of a broadcast        */
} io;

static sim *net;
static sim_party p[MAX_PARTIES + 1];
static io *v[MAX_PARTIES + 1];

static int end(void **state)
{
	(void)state;
	sim_free(&net);
	for (party i = 1; i <= MAX_PARTIES; i++) free(v[i]), v[i] = NULL;
	return 0;
}

static void begin(unsigned n, unsigned t, party_set corrupt)
{
	assert_ok(sim_new(&net, &(sim_setup){ .n = n, .t = t, .corrupt = corrupt, .seed = 5 }));
	memset(p, 0, sizeof p);
	for (party i = 1; i <= n; i++) {
		v[i] = calloc(1, sizeof *v[i]);
		assert_non_null(v[i]);
		p[i].arg = v[i];
	}
}

static void everybody_runs(unsigned n, program run)
{
	const session_id sid = sim_sid(OUTER);

	for (party i = 1; i <= n; i++) p[i].run = run;
	sim_run(net, p, &sid);
}

/* ---- one clock ----------------------------------------------------------------------------------------------------- */

static ceremony what(const session *s)
{
	return (ceremony){ .operation = "prss", .parties = parties_all(s->n), .t = s->t };
}

/* A ceremony: hello, then the keys. */
static err hello_and_setup(session *s, void *arg)
{
	io *mine = arg;
	const ceremony c = what(s);
	const session_id under = sid_hello(&c);
	uint8_t nonce[SID_NONCE];
	session_id sid;
	session h, next;

	TRY(session_follow(&h, s, &under));
	err e = hello(&h, &sid, nonce, &c);
	mine->after_hello = h.corrupt;
	if (e == OK) e = session_follow(&next, &h, &sid);
	session_close(&h);
	TRY(e);
	e = prss_setup(&next, mine->r);
	session_resume(s, &next);
	session_close(&next);
	return e;
}

/* P_1 is the king of the last round of the hello at (4,1): it makes P_2, and nobody else, wait for that round's end. */
static void tap_keep_from_one(void *ctx, sim *x, const envelope *e)
{
	const session s = { .n = 4, .t = 1 };
	const ceremony c = what(&s);
	const session_id under = sid_hello(&c);

	(void)ctx;
	if (e->from == 1 && e->to == 2 && e->round == bcast_rounds(1) && sid_eq_var(&e->sid, &under)) return;
	sim_pass(x, e);
}

static void a_king_silent_to_one_party_at_the_end_of_the_hello_does_not_make_it_late(void **state)
{
	(void)state;
	begin(4, 1, 1 << 1);
	sim_set_tap(net, tap_keep_from_one, NULL);
	everybody_runs(4, hello_and_setup);
	for (party i = 2; i <= 4; i++) {
		assert_int_equal(p[i].result, OK);
		assert_int_equal(p[i].corrupt & ~(party_set)(1 << 1), 0);
	}
	/* The sets of (4,1) are 123 124 134 234: P_2 and P_3 share the first of P_2 and of P_3. */
	assert_memory_equal(v[2]->r[0], v[3]->r[0], PRSS_KEY);
	assert_memory_equal(v[2]->r[2], v[3]->r[2], PRSS_KEY);
	assert_memory_equal(v[2]->r[2], v[4]->r[2], PRSS_KEY);
}

/* The whole's clock runs already when a part takes three rounds; without session_resume the next round of the whole would be
 * over before it began. */
static err whole_and_part(session *s, void *arg)
{
	const session_id sid = sid_sub(&s->sid, 1);
	session part;
	slice m;

	(void)arg;
	next_round(s);
	TRY(mpc_recv(s, 1, &m, 1));              /* silent: so long does a round take */
	TRY(session_follow(&part, s, &sid));
	for (unsigned r = 0; r < 3; r++) {
		next_round(&part);
		TRY(mpc_recv(&part, 1, &m, 1));
	}
	session_resume(s, &part);
	session_close(&part);
	next_round(s);
	TRY(mpc_send(s, 3, slice_str("x")));
	if (s->me != 3) return OK;
	TRY(mpc_recv(s, 2, &m, 1));
	return m.n == 1 ? OK : ERR_INTERNAL;
}

static void tap_slow(void *ctx, sim *x, const envelope *e)
{
	(void)ctx;
	sim_pass_later(x, e, SIM_ROUND_MS / 2);
}

static void a_part_gives_its_time_back_to_the_whole(void **state)
{
	const session_id sid = sim_sid(OUTER);

	(void)state;
	begin(4, 1, 0);
	sim_set_tap(net, tap_slow, NULL);
	for (party i = 2; i <= 4; i++) p[i].run = whole_and_part;
	sim_run(net, p, &sid);
	for (party i = 2; i <= 4; i++) assert_int_equal(p[i].result, OK);
}

/* ---- out of the model ---------------------------------------------------------------------------------------------- */

static err alone(session *s, void *arg)
{
	io *mine = arg;
	const ceremony c = what(s);
	const session_id under = sid_hello(&c);
	uint8_t nonce[SID_NONCE];
	session_id sid;
	session h, next;

	TRY(session_follow(&h, s, &under));
	err e = hello(&h, &sid, nonce, &c);
	if (e == ERR_STATE && !is_sound(&h)) mine->second = session_follow(&next, &h, &(session_id){ { 1 } });
	session_close(&h);
	return e;
}

static void a_party_that_is_alone_learns_that_and_goes_no_further(void **state)
{
	const session_id sid = sim_sid(OUTER);

	(void)state;
	begin(4, 1, parties_all(4) & ~(party_set)(1 << 2));
	p[2].run = alone;
	sim_run(net, p, &sid);
	assert_int_equal(p[2].result, ERR_STATE);
	assert_non_null(strstr(p[2].text, "cut off"));
	assert_int_equal(v[2]->second, ERR_STATE);
}

static err broadcast_alone(session *s, void *arg)
{
	slice all[MAX_PARTIES + 1];

	(void)arg;
	return bcast(s, slice_str("x"), 1, all);
}

static void a_broadcast_that_only_its_sender_hears_fails(void **state)
{
	const session_id sid = sim_sid(OUTER);

	(void)state;
	begin(4, 1, parties_all(4) & ~(party_set)(1 << 2));
	p[2].run = broadcast_alone;
	sim_run(net, p, &sid);
	assert_int_equal(p[2].result, ERR_STATE);
	assert_int_equal(p[2].rounds, bcast_rounds(1));
}

static unsigned which;

/* Protocols begun with more accused than there may be, or with oneself among them. */
static err begin_unsound(session *s, void *arg)
{
	slice all[MAX_PARTIES + 1];
	share x = { GR_ZERO };
	gr value;

	(void)arg;
	if (which % 2) s->corrupt = (party_set)1 << s->me;
	else s->corrupt = parties_all(s->t + 1);
	return which / 2 ? open_sync(s, &value, NULL, &x, NULL, 1, s->t) : bcast(s, slice_str("x"), 1, all);
}

static void no_protocol_begins_outside_the_model(void **state)
{
	(void)state;
	for (which = 0; which < 4; which++) {
		begin(4, 1, 0);
		everybody_runs(4, begin_unsound);
		for (party i = 1; i <= 4; i++) {
			assert_int_equal(p[i].result, ERR_STATE);
			assert_int_equal(p[i].rounds, 0);
		}
		end(NULL);
	}
}

static void no_session_opens_outside_the_model(void **state)
{
	session s;
	session_plan plan = { .sid = { { 9 } }, .me = 4, .n = 4, .t = 1, .k = 64, .round_ms = 1, .random = rng_os() };

	(void)state;
	begin(4, 1, 0);
	plan.in = sim_inbox(net, 4);
	plan.corrupt = parties_all(2);
	assert_err(ERR_STATE, session_open(&s, &plan));
	plan.corrupt = 1 << 4;
	assert_err(ERR_STATE, session_open(&s, &plan));
	plan.corrupt = 1 << 1;
	assert_ok(session_open(&s, &plan));
	session_close(&s);
}

/* ---- memory -------------------------------------------------------------------------------------------------------- */

static err broadcast_little(session *s, void *arg)
{
	io *mine = arg;
	slice all[MAX_PARTIES + 1];
	const err e = bcast(s, slice_of(&s->me, 1), 16, all);

	mine->used = s->arena;
	return e;
}

/* So many bytes in this round. */
typedef struct bigness { size_t n; uint64_t round; } bigness;
enum { BIG = 1 << 22 };

static void rush_big(void *ctx, sim *x, envelope *held, size_t count)
{
	const bigness *big = ctx;
	const uint8_t *bytes = sim_bytes(x, big->n);

	for (size_t i = 0; i < count; i++) if (held[i].round == big->round) held[i].body = slice_of(bytes, big->n);
}

static void long_messages_take_no_room_in_the_arena(void **state)
{
	bigness big[] = { { BIG, 1 }, { 17, 1 }, { BIG, 2 } };

	(void)state;
	for (unsigned k = 0; k < COUNT(big); k++) {
		begin(10, 3, parties_all(3));
		sim_set_rush(net, rush_big, &big[k]);
		everybody_runs(10, broadcast_little);
		for (party i = 4; i <= 10; i++) {
			assert_int_equal(p[i].result, OK);
			assert_int_equal(p[i].corrupt, big[k].round == 1 ? parties_all(3) : 0);
			assert_int_equal(p[i].suspects & ~parties_all(3), 0);
			assert_true(v[i]->used.used < (size_t)1 << 20);
		}
		end(NULL);
	}
}

static err receive_at_most(session *s, void *arg)
{
	party who;
	slice m;

	(void)arg;
	next_round(s);
	if (s->me == 1) {
		TRY(mpc_send(s, 2, slice_str("four")));
		TRY(mpc_send(s, 3, slice_str("four")));
		return mpc_send_type(s, 3, MSG_VALUE, slice_str("four"));
	}
	if (s->me == 4) return OK;
	TRY(mpc_recv(s, 1, &m, s->me == 2 ? 4 : 3));
	if (s->me == 2) return m.n == 4 && !s->suspects ? OK : ERR_INTERNAL;
	if (m.p || m.n || s->suspects != 1 << 1) return ERR_INTERNAL;
	TRY(mpc_recv_any(s, &who, &m, 3, MSG_VALUE, 1 << 1, 0));
	return who == 1 && !m.p && !m.n ? OK : ERR_INTERNAL;
}

static void what_is_longer_than_the_protocol_allows_is_not_there(void **state)
{
	(void)state;
	begin(4, 1, 0);
	everybody_runs(4, receive_at_most);
	for (party i = 1; i <= 4; i++) assert_int_equal(p[i].result, OK);
	assert_int_equal(p[3].evidence_count, 1);
	assert_string_equal(p[3].evidence[0].why, "sent a message that is too long");
}

static void a_peer_may_keep_so_much_for_future_rounds(void **state)
{
	session s;
	const session_plan plan = { .sid = { { 9 } }, .me = 4, .n = 4, .t = 1, .k = 64, .round_ms = 1, .random = rng_os() };
	session_plan mine = plan;
	envelope e = { .sid = plan.sid, .from = 1, .to = 4, .type = MSG_ROUND };
	slice m;

	(void)state;
	begin(4, 1, 0);
	mine.in = sim_inbox(net, 4);
	assert_ok(session_open(&s, &mine));
	e.body = slice_of(sim_bytes(net, MAX_BODY), MAX_BODY);
	for (e.round = 1; e.round <= 3; e.round++)
		assert_int_equal(inbox_put(mine.in, 1, &e), e.round <= INBOX_AHEAD_BYTES / MAX_BODY ? INBOX_KEPT : INBOX_FULL);
	e.from = 2;
	assert_int_equal(inbox_put(mine.in, 2, &e), INBOX_KEPT);        /* another peer has room */
	next_round(&s);
	e.from = 1, e.round = 3;
	assert_int_equal(inbox_put(mine.in, 1, &e), INBOX_KEPT);        /* what belongs to the round that began counts no more */
	assert_ok(mpc_recv(&s, 1, &m, MAX_BODY));
	assert_int_equal(m.n, MAX_BODY);
	session_close(&s);
}

/* ---- loops --------------------------------------------------------------------------------------------------------- */

enum { LONG = 1000, ENTRIES = 3000000 };
typedef enum gift { NO_GIFT, TOO_LONG, SHORT_VALUES, ONE_VALUE_OFTEN, SHORTER_VALUE, WRONG_VALUE, GIFTS } gift;

static unsigned hashes;
hash32 __real_xof_squeeze32(xof *x);
hash32 __wrap_xof_squeeze32(xof *x);
hash32 __wrap_xof_squeeze32(xof *x) { return hashes++, __real_xof_squeeze32(x); }

static err broadcast_long(session *s, void *arg)
{
	slice all[MAX_PARTIES + 1];
	uint8_t *mine;

	TRY(arena_new(&s->arena, &mine, LONG));
	memset(mine, s->me, LONG);
	TRY(bcast(s, slice_of(mine, LONG), LONG, all));
	((io *)arg)->used = s->arena;
	FOR_EACH_PARTY(i, s) if (all[i].p && (all[i].n != LONG || all[i].p[0] != i)) return ERR_INTERNAL;
	return OK;
}

static void put_values(buf *m, unsigned count, size_t n)
{
	static const uint8_t WRONG[LONG];

	while (count--) {
		buf_put_u8(m, 1);
		buf_put_u32(m, (uint32_t)n);
		buf_put(m, WRONG, n);
	}
}

/* P_1's message does not reach P_4, which then needs it from the others; P_1 gives nonsense before they do. */
static void tap_give_nonsense(void *ctx, sim *x, const envelope *e)
{
	const gift kind = *(const gift *)ctx;
	AUTO(buf) m = { 0 };
	envelope given = *e;

	if (e->from == 1 && e->to == 4 && e->round == 1) return;
	sim_pass(x, e);
	if (e->from != 1 || e->to != 4 || e->round != bcast_rounds(1) || e->type != MSG_ROUND) return;
	if (kind == NO_GIFT) return;
	if (kind == TOO_LONG) put_values(&m, ENTRIES, 0);
	if (kind == SHORT_VALUES) put_values(&m, 4, 200);
	if (kind == ONE_VALUE_OFTEN) put_values(&m, 3, 300);
	if (kind == SHORTER_VALUE) put_values(&m, 1, 300);
	if (kind == WRONG_VALUE) put_values(&m, 1, LONG);
	given.type = MSG_VALUE;
	given.body = buf_slice(&m);
	sim_pass(x, &given);
}

static void nonsense_in_place_of_a_missing_value_costs_one_hash(void **state)
{
	unsigned usual = 0;

	(void)state;
	for (gift kind = NO_GIFT; kind < GIFTS; kind++) {
		begin(4, 1, 1 << 1);
		sim_set_tap(net, tap_give_nonsense, &kind);
		hashes = 0;
		everybody_runs(4, broadcast_long);
		if (kind == NO_GIFT) usual = hashes;
		assert_true(hashes <= usual + (kind >= ONE_VALUE_OFTEN));
		for (party i = 2; i <= 4; i++) {
			assert_int_equal(p[i].result, OK);
			assert_int_equal(p[i].corrupt, 0);
			assert_true(v[i]->used.used < (size_t)1 << 20);
		}
		end(NULL);
	}
}

#define ENDING(f) cmocka_unit_test_teardown(f, end)
TESTS(
	ENDING(a_king_silent_to_one_party_at_the_end_of_the_hello_does_not_make_it_late),
	ENDING(a_part_gives_its_time_back_to_the_whole),
	ENDING(a_party_that_is_alone_learns_that_and_goes_no_further),
	ENDING(a_broadcast_that_only_its_sender_hears_fails),
	ENDING(no_protocol_begins_outside_the_model),
	ENDING(no_session_opens_outside_the_model),
	ENDING(long_messages_take_no_room_in_the_arena),
	ENDING(what_is_longer_than_the_protocol_allows_is_not_there),
	ENDING(a_peer_may_keep_so_much_for_future_rounds),
	ENDING(nonsense_in_place_of_a_missing_value_costs_one_hash)
)
