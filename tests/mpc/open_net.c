/* SPDX-License-Identifier: MIT */
/* tests/mpc/open_net.c -- see open_net.h. */
#include "tests/mpc/open_net.h"
#include "share/shamir.h"
#include <stdlib.h>

static void make_task(task *x, unsigned n, unsigned t, uint32_t elements)
{
	const ring *R = ring_of(128, D);
	share s[MAX_PARTIES + 1];

	rng_fill(test_rng(), x->h.b, sizeof x->h.b);
	x->elements = elements;
	for (uint32_t e = 0; e < elements; e++) {
		const gr secret = gr_random(R, test_rng());
		memcpy(x->secret + e * D, secret.c, D * sizeof(u128));
		shamir_deal(s, R, n, t, secret, test_rng());
		for (party i = 1; i <= n; i++) gr_write(R, x->share[i] + e * ELEMENT, s[i].v);
	}
}

slice share_of(const task *x, party i)
{
	return slice_of(x->share[i], x->elements * ELEMENT);
}

/* ---- letters and tricks ----------------------------------------------------------------------------------------- */

static const task *task_of(const net *w, const hash32 *h)
{
	for (size_t k = 0; k < w->tasks; k++)
		if (hash32_eq_var(w->task[k].h, *h)) return &w->task[k];
	return NULL;
}

static void post(net *w, party from, party to, slice bytes, bool slow)
{
	if (w->lost) return;
	if (w->letters == w->room) {
		w->room = w->room ? 2 * w->room : 256;
		w->letter = realloc(w->letter, w->room * sizeof *w->letter);
	}
	letter *l = &w->letter[w->letters++];
	*l = (letter){ from, to, slow, bytes.n, malloc(bytes.n) };
	memcpy(l->bytes, bytes.p, bytes.n);
}

static void add_element(uint8_t *bytes, gr x)
{
	const ring *R = ring_of(128, D);
	gr_write(R, bytes, gr_add(R, gr_read(R, bytes), x));
}

/* What a liar sends in place of a record with its share.  b is a copy of the record with room behind it. */
static void lie(member *m, party to, uint8_t *b, size_t n)
{
	net *w = m->net;
	uint8_t *elements = b + OPEN_SHARES_HEAD;
	const uint32_t count = (uint32_t)((n - OPEN_SHARES_HEAD) / ELEMENT);
	const ring *R = ring_of(128, D);
	uint8_t other[OPEN_SHARES_HEAD + ELEMENT] = { 0 };

	switch (m->trick) {
	case ADDS:
		for (uint32_t e = 0; e < count; e++) add_element(elements + e * ELEMENT, gr_random(R, test_rng()));
		break;
	case FLIPS_A_HIGH_BIT:
		elements[(count - 1) * ELEMENT + 15] ^= 0x80;
		break;
	case SILENT:
	case SAYS_GONE:
		return;
	case TWO_FACED:
		if (test_below(2)) elements[0] ^= 1;
		break;
	case SENDS_TWICE:
		post(w, m->me, to, slice_of(b, n), false);
		elements[3] ^= 4;
		break;
	case OTHER_IDENTITY:
		b[1] ^= 1;
		break;
	case WRONG_LENGTH:
		store32(b + OPEN_HEAD, count + 1);
		n += ELEMENT;
		break;
	case FLOODS:
		for (unsigned k = 0; k < 40; k++) {
			open_shares_head_write(other, &(hash32){ { 1 } }, 1);
			rng_fill(test_rng(), other + 1, 32);
			post(w, m->me, to, slice_of(other, sizeof other), false);
		}
		break;
	case GARBAGE:
		b[0] = (uint8_t)(4 + test_below(250));
		break;
	case ON_ANOTHER_POLYNOMIAL:
		for (uint32_t e = 0; e < count; e++) add_element(elements + e * ELEMENT, gr_eval_at(R, w->delta, w->t, m->me));
		break;
	case HONEST: case SLOW: case TRICKS:
		break;
	}
	post(w, m->me, to, slice_of(b, n), m->trick == SLOW);
}

static void on_send(void *ctx, party_set to, slice record)
{
	member *m = ctx;
	reader r = reader_of(record);
	open_record x;

	assert_true(open_record_read(&x, &r, ELEMENT) && read_done(&r));
	m->sent[x.kind]++;
	if (m->trick == HONEST && x.kind == OPEN_SHARES)        /* nothing but the one masked share ever leaves: no Check */
		assert_true(slice_eq_var(x.share, share_of(task_of(m->net, &x.h), m->me)));
	FOR_EACH_IN(i, to) {
		uint8_t b[OPEN_SHARES_HEAD + (MOST + 1) * ELEMENT] = { 0 };
		memcpy(b, record.p, record.n);
		if (m->trick == HONEST || (x.kind != OPEN_SHARES && m->trick != SILENT)) post(m->net, m->me, i, record, false);
		else if (x.kind == OPEN_SHARES) lie(m, i, b, record.n);
		if (m->trick == SAYS_GONE) {
			b[0] = OPEN_GONE;
			post(m->net, m->me, i, slice_of(b, OPEN_HEAD), false);
		}
	}
}

static void on_done(void *ctx, const hash32 *h, const u128 *secret, uint32_t elements, party_set wrong)
{
	member *m = ctx;
	const task *x = task_of(m->net, h);

	assert_non_null(x);
	m->done[x - m->net->task]++;
	if (m->trick != HONEST) return;
	assert_int_equal(elements, x->elements);
	assert_memory_equal(secret, x->secret, elements * D * sizeof(u128));
	FOR_EACH_IN(i, wrong) assert_int_not_equal(m->net->member[i].trick, HONEST);
}

static void on_suspect(void *ctx, party who, open_suspicion why, const hash32 *h)
{
	member *m = ctx;
	assert_true((h == NULL) == (why == OPEN_MALFORMED));
	m->told++;
	add_to(&m->suspects[why], who);
	add_to(&m->suspects[4], who);
}

static void on_stuck(void *ctx, const hash32 *h, party_set without)
{
	member *m = ctx;
	assert_non_null(h);
	assert_true(size_of_set(without) > 0);
	m->stuck++;
}

void net_engine(member *m, const open_limits *limits)
{
	const open_hooks hooks = { m, on_send, on_done, on_suspect, on_stuck };
	assert_ok(async_open_new(&m->engine, m->net->n, m->net->t, D, m->me, limits, &hooks, test_rng(), m->net->now));
}

net net_new(unsigned n, unsigned t, size_t tasks, uint32_t elements)
{
	net w = { .n = n, .t = t, .tasks = tasks, .task = calloc(tasks, sizeof(task)) };

	for (size_t k = 0; k < tasks; k++) make_task(&w.task[k], n, t, elements ? elements : 1 + (uint32_t)test_below(MOST));
	for (unsigned j = 0; j <= t; j++) w.delta[j] = gr_random(ring_of(128, D), test_rng());
	return w;
}

void net_start(net *w, const open_limits *limits)
{
	for (party i = 1; i <= w->n; i++) {
		w->member[i].net = w;
		w->member[i].me = i;
		w->member[i].done = calloc(w->tasks, sizeof(unsigned));
		net_engine(&w->member[i], limits);
	}
}

void net_free(net *w)
{
	for (party i = 1; i <= w->n; i++) {
		async_open_free(&w->member[i].engine);
		free(w->member[i].done);
	}
	for (size_t k = 0; k < w->letters; k++) free(w->letter[k].bytes);
	free(w->letter);
	free(w->task);
}

void net_begin(net *w, party i, size_t k)
{
	assert_int_equal(async_open_begin(w->member[i].engine, &w->task[k].h, share_of(&w->task[k], i), false), OPEN_BEGUN);
}

void net_turn(net *w)
{
	for (party i = 1; i <= w->n; i++) async_open_turn(w->member[i].engine, w->now);
}

/* Slow ones wait until there are no others. */
static size_t choose_letter(const net *w)
{
	for (unsigned attempt = 0; attempt < 64; attempt++) {
		const size_t k = (size_t)test_below(w->letters);
		if (!w->letter[k].slow) return k;
	}
	for (size_t k = 0; k < w->letters; k++)
		if (!w->letter[k].slow) return k;
	return (size_t)test_below(w->letters);
}

void net_deliver_one(net *w)
{
	const size_t k = choose_letter(w);
	const letter l = w->letter[k];

	w->letter[k] = w->letter[--w->letters];
	async_open_message(w->member[l.to].engine, l.from, slice_of(l.bytes, l.n));
	free(l.bytes);
}

void net_deliver(net *w)
{
	unsigned since_turn = 0;

	while (w->letters) {
		net_deliver_one(w);
		if (w->turn_each || ++since_turn == 50 || !w->letters) {
			net_turn(w);
			since_turn = 0;
		}
	}
}

void net_pass(net *w, int64_t ms)
{
	w->now += ms;
	net_turn(w);
	net_deliver(w);
}

void assert_all_done(const net *w, unsigned times)
{
	for (party i = 1; i <= w->n; i++)
		for (size_t k = 0; k < w->tasks && w->member[i].trick == HONEST; k++) assert_int_equal(w->member[i].done[k], times);
}
