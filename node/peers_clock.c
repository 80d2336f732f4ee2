/* SPDX-License-Identifier: MIT */
/* node/peers_clock.c -- asking the other parties what time it is, and naming who is far off.  On the links' thread. */
#include "node/peers_internal.h"
#include "base/log.h"
#include "base/rng.h"

enum { ASK_AGAIN_MS = 60 * 1000, TELL_CLOCK_AGAIN_MS = 3600 * 1000 };

static void send_word(peers *p, unsigned number, const clock_word *w)
{
	uint8_t word[CLOCK_WORD_BYTES];
	AUTO(buf) frame = { 0 };

	clock_word_write(word, w);
	buf_put_u8(&frame, FRAME_CLOCK);
	buf_put_slice(&frame, id_slice(&(id32){ 0 }));
	buf_put(&frame, word, sizeof word);
	if (p->seams && p->seams->frame && !p->seams->frame(p->seams->ctx, 0, &frame)) return;
	if (links_send(p->links, number, LINKS_URGENT, buf_slice(&frame), (slice){ 0 }, 0) != OK) err_clear();
}

/* A number may come to mean another peer. */
static peer_clock *clock_of(peers *p, unsigned number)
{
	peer_clock *c = &p->clock[number];

	if (!atomic_exchange(&c->forget, false)) return c;
	atomic_store(&c->view.ahead_ms, 0);
	c->view.answers = false;
	c->told_ms = 0;
	return c;
}

static void ask(peers *p, unsigned number)
{
	const clock_word w = clock_ask(&clock_of(p, number)->view, rng_u64(rng_os()), reactor_now_ms(p->reactor));
	send_word(p, number, &w);
}

/* Whose clocks are as far off, and to the same side: if these are most of the others, it is rather this node's that is wrong. */
static bool most_say_so(peers *p, const committee *c, int64_t ahead_ms)
{
	unsigned n = 0;

	for (party i = 1; i <= c->context->n; i++) {
		const int64_t a = c->number[i] ? atomic_load(&p->clock[c->number[i]].view.ahead_ms) : 0;
		n += clock_is_far(a) && (a < 0) == (ahead_ms < 0);
	}
	return 2 * n > c->context->n - 1u;
}

static void tell_far(peers *p, const committee *c, party who, int64_t ahead_ms)
{
	char text[CLOCK_TEXT];

	clock_text(text, ahead_ms);
	log_warn("the clock of party %u, %s, is %s%s; 'timedatectl' shows how a clock is kept", who, c->context->member[who].identity, text,
	         most_say_so(p, c, ahead_ms) ? ", and so are those of most others: correct this node's" : ": correct the one that is wrong");
}

static void tell(peers *p, unsigned number)
{
	const int64_t now = reactor_now_ms(p->reactor);
	peer_clock *k = &p->clock[number];
	const int64_t ahead_ms = atomic_load(&k->view.ahead_ms);
	party who = 0;
	const committee *c = peers_find(&who, p, number);

	if (!c || (clock_is_far(ahead_ms) ? k->told_ms && now - k->told_ms < TELL_CLOCK_AGAIN_MS : !k->told_ms)) return;
	if (clock_is_far(ahead_ms)) tell_far(p, c, who, ahead_ms);
	else log_info("the clocks of party %u, %s, and of this node agree again", who, c->context->member[who].identity);
	k->told_ms = clock_is_far(ahead_ms) ? now : 0;
}

bool peers_clock_take(peers *p, unsigned from, slice word)
{
	clock_word w;

	if (!clock_word_read(&w, word)) return false;
	if (!w.answer) {
		w = (clock_word){ true, w.token, clock_unix_ms(clock_system()) };
		send_word(p, from, &w);
	} else if (clock_hear(&clock_of(p, from)->view, &w, reactor_now_ms(p->reactor), clock_unix_ms(clock_system()))) {
		tell(p, from);
	}
	return true;
}

void peers_clock_up(peers *p, unsigned number) { ask(p, number); }

/* Clocks drift while links stay.  Who has never answered is of a version that does not. */
void peers_clock_round(void *arg)
{
	peers *p = arg;
	links_health h;

	for (unsigned i = 1; i <= LINKS_PEERS_MAX; i++) {
		if (!clock_of(p, i)->view.answers) continue;
		if (links_health_of(p->links, &h, i) != OK) err_clear();
		else if (h.up) ask(p, i);
	}
	reactor_timer_set(p->reactor, &p->clock_round, reactor_now_ms(p->reactor) + ASK_AGAIN_MS);
}
