/* SPDX-License-Identifier: MIT */
/* tests/mpc/bcast_liars.c -- what liars say of each sender to each party, as bytes of a broadcast's rounds. */
#include "tests/mpc/bcast_liars.h"
#include "sym/dsep.h"
#include "sym/sha2.h"

/* What a liar says about one sender: nothing, none, or the digest of its left or right message (or of one that nobody has). */
typedef enum word { SAY_NOTHING, SAY_NONE, SAY_LEFT, SAY_RIGHT, SAY_FOREIGN, WORDS } word;

/* A sender's left message is what it sends, or would if it were honest; its right one is as long, and another. */
static struct { slice left, right; hash32 digest[WORDS]; } known[MAX_PARTIES + 1];

static hash32 digest(const session_id *sid, uint32_t number, party sender, slice m)
{
	uint8_t about[5];
	xof h = dsep_begin("BRACHABC");

	store32(about, number);
	about[4] = sender;
	xof_absorb(&h, slice_of(sid->b, SID_BYTES));
	xof_absorb(&h, slice_of(about, sizeof about));
	xof_absorb_u64(&h, m.n);
	xof_absorb(&h, m);
	return xof_squeeze32(&h);
}

/* In Round 1, when the honest have spoken: what everybody says. */
static void learn(const trial *x, sim *s, const envelope *held, size_t count)
{
	memset(known, 0, sizeof known);
	FOR_EACH_IN(i, honest(x)) {
		const envelope *e = sim_seen(s, i, first_of(x->corrupt), 1, MSG_ROUND);
		if (e) known[i].left = e->body;
	}
	for (size_t k = 0; k < count; k++) if (held[k].round == 1 && held[k].type == MSG_ROUND) known[held[k].from].left = held[k].body;
	for (party i = 1; i <= x->n; i++) {
		const size_t n = known[i].left.n;
		known[i].right = slice_of(memset(sim_bytes(s, n + 1), 0xee, n + 1), n);
		known[i].digest[SAY_LEFT] = digest(&held->sid, 1, i, known[i].left);
		known[i].digest[SAY_RIGHT] = digest(&held->sid, 1, i, known[i].right);
		known[i].digest[SAY_FOREIGN] = digest(&held->sid, 1, 0, known[i].right);
	}
}

static slice message(party sender, word w) { return w == SAY_LEFT ? known[sender].left : known[sender].right; }

/* The opinions of a liar as bytes; full: short messages travel themselves, as in the first echo. */
static slice say(const trial *x, sim *s, const word *w, bool full)
{
	uint8_t *p = sim_bytes(s, BCAST_HEADER + x->n * (BCAST_SHORT + BCAST_LENGTH + 32)), *at = p + BCAST_HEADER;
	party_set sets[3] = { 0 };

	for (unsigned pass = 0; pass < 2; pass++)
		for (party i = 1; i <= x->n; i++) {
			if (w[i] == SAY_NOTHING) continue;
			if (w[i] == SAY_NONE) {
				add_to(&sets[1], i);
				continue;
			}
			const slice m = message(i, w[i]);
			const bool whole = full && m.n <= BCAST_SHORT && w[i] != SAY_FOREIGN;
			if (whole != (pass == 1)) continue;
			add_to(&sets[whole ? 2 : 0], i);
			if (whole) {
				*at++ = (uint8_t)m.n, *at++ = (uint8_t)(m.n >> 8);
				if (m.n) memcpy(at, m.p, m.n);
				at += m.n;
			} else {
				memcpy(at, known[i].digest[w[i]].b, sizeof(hash32)), at += sizeof(hash32);
			}
		}
	for (unsigned i = 0; i < 3; i++) store64(p + 8 * i, sets[i]);
	return slice_of(p, (size_t)(at - p));
}

/* Which word liar `from` tells `to` about `sender` in the round (2 and later); round 1: which message it sends. */
typedef word (*tongue)(const trial *x, sim *s, party from, party to, party sender, uint64_t round);

static void speak(const trial *x, sim *s, envelope *held, size_t count, tongue t)
{
	if (count && held->round == 1) learn(x, s, held, count);
	for (size_t k = 0; k < count; k++) {
		envelope *e = &held[k];
		word w[MAX_PARTIES + 1];
		if (e->type != MSG_ROUND || e->round > bcast_rounds(x->t)) continue;
		if (e->round == 1) {
			const word which = t(x, s, e->from, e->to, e->from, 1);
			if (which == SAY_NOTHING || which == SAY_NONE) e->to = 0;
			else e->body = message(e->from, which);
			continue;
		}
		for (party i = 1; i <= x->n; i++) w[i] = t(x, s, e->from, e->to, i, e->round);
		e->body = say(x, s, w, e->round == 2);
	}
}

static bool a_king_speaks(uint64_t round) { return round % 3 == 1; }

/* Left message to `variant` of the honest, the other one to the rest; to each, the liars confirm what it got. */
static word split(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	(void)s, (void)from, (void)round;
	if (!has(x->corrupt, sender)) return SAY_LEFT;
	return size_of_set(honest(x) & parties_all(to)) <= x->variant ? SAY_LEFT : SAY_RIGHT;
}
static void rush_split(void *x, sim *s, envelope *held, size_t count) { speak(x, s, held, count, split); }

/*
 * T-ECHO: the left message goes to one honest party more than needed for nothing; one party gets enough echoes to propose it,
 * another one enough proposals, and so on: each round the liars help a single party, a different one.
 */
static word one_by_one(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	const unsigned rank = size_of_set(honest(x) & parties_all(to));          /* 1, 2, ... among the honest */
	const unsigned holders = x->n - 2 * x->t;

	(void)s, (void)from;
	if (!has(x->corrupt, sender)) return SAY_LEFT;
	if (round == 1) return rank <= holders ? SAY_LEFT : SAY_NOTHING;
	return (rank + x->variant) % (x->n - x->t) == round % (x->n - x->t) ? SAY_LEFT : SAY_NOTHING;
}
static void rush_one_by_one(void *x, sim *s, envelope *held, size_t count) { speak(x, s, held, count, one_by_one); }

/* T-VOTE: in every round the liars propose what nobody sent, for everybody, and as kings command it. */
static word foreign(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	(void)x, (void)s, (void)from, (void)to, (void)sender;
	return round == 1 ? SAY_LEFT : SAY_FOREIGN;
}
static void rush_foreign(void *x, sim *s, envelope *held, size_t count) { speak(x, s, held, count, foreign); }

/* They deny having got anything from anybody, and as kings say the same. */
static word deny(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	(void)x, (void)s, (void)from, (void)to, (void)sender;
	return round == 1 ? SAY_LEFT : SAY_NONE;
}
static void rush_deny(void *x, sim *s, envelope *held, size_t count) { speak(x, s, held, count, deny); }

/* Kings of two minds: honest until then, a corrupt king tells half of the parties left and half none; about itself too. */
static word king_splits(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	if (round == 1 && has(x->corrupt, sender)) return split(x, s, from, to, sender, round);
	if (!a_king_speaks(round)) return split(x, s, from, to, sender, round);
	return (to + x->variant) % 2 ? SAY_LEFT : SAY_NONE;
}
static void rush_king_splits(void *x, sim *s, envelope *held, size_t count) { speak(x, s, held, count, king_splits); }

/* Among parties of two minds, what no honest party holds is confirmed by all liars, first of all by kings. */
static word king_of_nothing(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	(void)s, (void)from, (void)to;
	if (!has(x->corrupt, sender)) return SAY_LEFT;
	if (round > 1) return SAY_FOREIGN;
	return has(honest(x), to) && to % 2 ? SAY_LEFT : SAY_NOTHING;
}
static void rush_king_of_nothing(void *x, sim *s, envelope *held, size_t count) { speak(x, s, held, count, king_of_nothing); }

/* Whatever comes to their minds; the variant says how often what. */
static word at_random(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	uint8_t dice[2];

	(void)from, (void)to, (void)round;
	rng_fill(sim_rng(s), dice, sizeof dice);
	if (!has(x->corrupt, sender) && dice[1] % 4) return SAY_LEFT;
	if (x->variant % 2) return dice[0] % 3 ? SAY_LEFT : SAY_NOTHING;
	return (word)(dice[0] % WORDS);
}
void rush_at_random(void *x, sim *s, envelope *held, size_t count) { speak(x, s, held, count, at_random); }

/* Long messages go to just so many that they are accepted: the rest must get them from others.  The liars, if asked, lie. */
static word withhold(const trial *x, sim *s, party from, party to, party sender, uint64_t round)
{
	(void)s, (void)from;
	if (round > 1 || !has(x->corrupt, sender)) return SAY_LEFT;
	return size_of_set(honest(x) & parties_all(to)) <= x->n - 2 * x->t ? SAY_LEFT : SAY_NOTHING;
}
void rush_withhold(void *ctx, sim *s, envelope *held, size_t count)
{
	const trial *x = ctx;

	speak(x, s, held, count, withhold);
	for (size_t k = 0; k < count; k++) {
		if (held[k].round != bcast_rounds(x->t) || !held[k].to) continue;
		envelope junk = held[k];
		junk.type = MSG_VALUE;
		junk.body = slice_of(memset(sim_bytes(s, 40), 0x01, 40), 40);
		sim_pass(s, &junk);
	}
}

const lie BCAST_LIES[9] = {
	{ .name = "split", .rush = rush_split, .variants = 10 },
	{ .name = "one by one (T-ECHO)", .rush = rush_one_by_one, .variants = 4 },
	{ .name = "propose what nobody sent (T-VOTE)", .rush = rush_foreign },
	{ .name = "deny", .rush = rush_deny },
	{ .name = "kings of two minds", .rush = rush_king_splits, .variants = 6 },
	{ .name = "kings of nothing", .rush = rush_king_of_nothing },
	{ .name = "at random", .rush = rush_at_random, .variants = 24 },
	{ .name = "withhold", .rush = rush_withhold },
	{ .name = "silent", .silent = true },
};
