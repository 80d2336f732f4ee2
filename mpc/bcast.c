/* SPDX-License-Identifier: MIT */
/*
 * mpc/bcast.c -- synchronous reliable broadcast, every party a sender.                            t < n/3
 *
 * Whatever t parties do: (1) the honest parties put out the same for each sender; (2) for an honest sender, what it sent.  A
 * sender for whom nothing is put out is added to s->corrupt.
 *
 * The message of a sender goes to all; then they agree on its digest by the king algorithm [BGP89], for all senders in the
 * same messages.  An honest sender's digest is held by all from the start, which no king can change.  Against a corrupt
 * sender t phases suffice, with t kings other than the sender: one of them is honest, and after its phase all hold the same.
 *
 * Cost: 3t + 1 rounds, always; |m| bytes, and then 32 a sender and round, to each other party.  Among those not known to be
 * corrupt: with c known, n and t below stand for n - c and t - c.
 *
 * Notation     L      the parties not known to be corrupt
 *   v_s        the digest that a party holds for the message of P_s; "none" is a value too
 *   p_s        the value that a party proposes, if any
 *   x_s        the value that most parties proposed, of grade 2, 1 or 0
 *
 * Departure: votes whose threshold grows by one a round would take t + 3 rounds, but do not agree for any t: in the last
 * round the sender's friends complete n - t votes at some parties and leave the others one short.
 */
#include "mpc/mpc.h"
#include "sym/dsep.h"
#include "sym/sha2.h"

/* What a party says of a sender's message. */
typedef struct opinion {
	enum { NOTHING, NONE, DIGEST } is;
	hash32 h;
	slice  value;                    /* the message itself, where it travels in full */
} opinion;

typedef opinion opinions[MAX_PARTIES + 1];               /* by sender */

static bool same(const opinion *a, const opinion *b)
{
	return a->is == b->is && (a->is != DIGEST || hash32_eq_var(a->h, b->h));
}

static opinion opinion_of(const session *s, party sender, slice m)
{
	uint8_t about[4 + 1];
	opinion o = { .is = NONE };

	if (!m.p) return o;
	store32(about, s->broadcasts);
	about[4] = sender;
	xof x = dsep_begin("BRACHABC");
	xof_absorb(&x, slice_of(s->sid.b, SID_BYTES));
	xof_absorb(&x, slice_of(about, sizeof about));
	xof_absorb_u64(&x, m.n);
	xof_absorb(&x, m);
	return (opinion){ .is = DIGEST, .h = xof_squeeze32(&x) };
}

/* ---- opinions as bytes: three sets of senders (digest, none, in full), digests, messages behind their lengths ---- */

static err write_opinions(session *s, slice *out, const opinion *o)
{
	party_set sets[3] = { 0 };
	size_t n = BCAST_HEADER;
	uint8_t *p;

	FOR_EACH_PARTY(i, s) {
		const unsigned set = o[i].value.p ? 2 : o[i].is == NONE ? 1 : 0;
		if (o[i].is == NOTHING) continue;
		add_to(&sets[set], i);
		n += set == 2 ? BCAST_LENGTH + o[i].value.n : set == 0 ? sizeof o[i].h : 0;
	}
	TRY(arena_new(&s->arena, &p, n));
	*out = slice_of(p, n);
	for (unsigned set = 0; set < 3; set++, p += 8) store64(p, sets[set]);
	FOR_EACH_IN(i, sets[0]) {
		memcpy(p, o[i].h.b, sizeof o[i].h);
		p += sizeof o[i].h;
	}
	FOR_EACH_IN(i, sets[2]) {
		*p++ = (uint8_t)o[i].value.n;
		*p++ = (uint8_t)(o[i].value.n >> 8);
		if (o[i].value.n) memcpy(p, o[i].value.p, o[i].value.n);
		p += o[i].value.n;
	}
	return OK;
}

/* Nonsense is NOTHING about anybody. */
static void read_opinions(const session *s, opinion *o, slice m, party_set L)
{
	static const uint8_t EMPTY;
	reader r = reader_of(m);
	party_set sets[3];

	memset(o, 0, sizeof(opinions));
	for (unsigned set = 0; set < 3; set++) sets[set] = read_u64(&r);
	if (((sets[0] | sets[1] | sets[2]) & ~L) || (sets[0] & sets[1]) || ((sets[0] | sets[1]) & sets[2])) return;
	FOR_EACH_IN(i, sets[1]) o[i].is = NONE;
	FOR_EACH_IN(i, sets[0]) {
		const slice h = read_bytes(&r, sizeof o[i].h);
		if (h.p) memcpy(o[i].h.b, h.p, h.n), o[i].is = DIGEST;
	}
	FOR_EACH_IN(i, sets[2]) {
		const unsigned low = read_u8(&r);
		const size_t n = low | (unsigned)read_u8(&r) << 8;
		slice value = read_bytes(&r, n);
		if (!read_ok(&r)) break;
		if (!n) value.p = &EMPTY;
		o[i] = opinion_of(s, i, value);
		o[i].value = value;
	}
	if (!read_done(&r)) memset(o, 0, sizeof(opinions));
}

/* The longest that write_opinions makes of n opinions. */
static size_t most_opinions(unsigned n) { return BCAST_HEADER + n * (BCAST_LENGTH + (size_t)BCAST_SHORT); }

/* One round in which `speakers` tell all what they think.  Who was silent once is not waited for again. */
static err tell(session *s, opinions *said, const opinion *mine, party_set speakers, party_set *silent)
{
	const party_set L = live(s);
	slice m;

	next_round(s);
	if (has(speakers, s->me)) {
		TRY(write_opinions(s, &m, mine));
		FOR_EACH_IN(j, L) TRY(mpc_send(s, j, m));
	}
	FOR_EACH_IN(j, L) {
		m = (slice){ 0 };
		if (has(speakers & ~*silent, j)) {
			TRY(mpc_recv(s, j, &m, most_opinions(size_of_set(L))));
			if (!m.p) add_to(silent, j);
		}
		read_opinions(s, said[j], m, L);
	}
	return OK;
}

/* The opinion on P_s that most parties hold, and how many do. */
static unsigned most_say(opinion *out, opinions *said, party_set L, party sender)
{
	unsigned most = 0;

	*out = (opinion){ .is = NOTHING };
	FOR_EACH_IN(i, L) {
		unsigned count = 0;
		FOR_EACH_IN(j, L) count += same(&said[i][sender], &said[j][sender]);
		if (said[i][sender].is != NOTHING && count > most) most = count, *out = said[i][sender];
	}
	out->value = (slice){ 0 };
	return most;
}

static unsigned how_many_say(const opinion *o, opinions *said, party_set L, party sender)
{
	unsigned count = 0;

	FOR_EACH_IN(j, L) count += same(o, &said[j][sender]);
	return count;
}

static party nth_of(party_set set, unsigned k)           /* from 1 */
{
	while (--k) take_from(&set, first_of(set));
	return first_of(set);
}

/* ---- the values behind digests ----------------------------------------------------------------------------------- */

enum { GIVEN_HEAD = 1 + 4 };                             /* sender, length */

/*
 * Whoever echoed another digest than the one agreed on lacks the message: give it what we have, unasked.  An honest party
 * lacks at most what t corrupt senders withheld; one that claims more is lying.
 */
static err give_values(session *s, const opinion *v, opinions *echo, const slice *got, unsigned t)
{
	const party_set L = live(s);

	FOR_EACH_IN(j, L & ~((party_set)1 << s->me)) {
		party_set lacks = 0;
		bool spoke = false;
		FOR_EACH_IN(i, L) {
			spoke |= echo[j][i].is != NOTHING;
			if (got[i].n > BCAST_SHORT && same(&v[i], &echo[s->me][i]) && !same(&v[i], &echo[j][i])) add_to(&lacks, i);
		}
		if (!lacks || !spoke || size_of_set(lacks) > t) continue;
		AUTO(buf) m = { 0 };
		FOR_EACH_IN(i, lacks) {
			buf_put_u8(&m, i);
			buf_put_u32(&m, (uint32_t)got[i].n);
			buf_put_slice(&m, got[i]);
		}
		TRY(mpc_send_type(s, j, MSG_VALUE, buf_slice(&m)));
	}
	return OK;
}

/* What j gave us of what is missing: as give_values makes it, or nothing from there on.  Each value costs a hash. */
static void take_given(session *s, slice *got, party_set *missing, const opinion *v, slice m, unsigned t)
{
	party_set seen = 0;

	for (reader r = reader_of(m); read_left(&r) && size_of_set(seen) < t;) {
		const party i = read_u8(&r);
		const slice value = read_bytes(&r, read_u32(&r));
		if (!read_ok(&r) || i > MAX_PARTIES || !has(live(s) & ~seen, i) || value.n <= BCAST_SHORT) return;
		add_to(&seen, i);
		if (!has(*missing, i)) continue;
		const opinion o = opinion_of(s, i, value);
		if (same(&o, &v[i])) got[i] = value, take_from(missing, i);
	}
}

/* got[i] for i in missing, from those who hold it: one honest party does. */
static err take_values(session *s, slice *got, party_set missing, const opinion *v, size_t most, unsigned t)
{
	party_set from = live(s);

	while (missing) {
		party who;
		slice m;
		TRY(mpc_recv_any(s, &who, &m, t * (GIVEN_HEAD + most), MSG_VALUE, from, s->round_ms));
		if (!who) return err_fail(ERR_STATE, "a broadcast was agreed on, but nobody who holds it sent it in time");
		take_from(&from, who);
		take_given(s, got, &missing, v, m, t);
	}
	return OK;
}

/* got[]: what came in Round 1; becomes the messages whose digests are v. */
static err find_values(session *s, slice *got, const opinion *v, opinions *echo, size_t most, unsigned t)
{
	party_set missing = 0;

	TRY(give_values(s, v, echo, got, t));
	FOR_EACH_PARTY(i, s) {
		if (is_corrupt(s, i) || v[i].is != DIGEST) {
			got[i] = (slice){ 0 };
			continue;
		}
		if (same(&v[i], &echo[s->me][i])) continue;
		got[i] = (slice){ 0 };
		FOR_EACH_IN(j, live(s)) if (same(&v[i], &echo[j][i]) && echo[j][i].value.p) got[i] = echo[j][i].value;
		if (!got[i].p) add_to(&missing, i);
	}
	return take_values(s, got, missing, v, most, t);
}

static void record(session *s, const opinion *v)
{
	AUTO(sha256_stream) x = sha256_begin();

	sha256_add(&x, hash32_slice(&s->transcript));
	FOR_EACH_PARTY(i, s) sha256_add(&x, v[i].is == DIGEST ? hash32_slice(&v[i].h) : slice_str("none"));
	s->transcript = sha256_end(&x);
}

/* ---- the protocol ------------------------------------------------------------------------------------------------ */

/* One phase: v becomes what the honest agree on, if they agree already or the king of a sender is honest.  echo: Round A. */
static err phase(session *s, opinion *v, opinions *echo, opinions *said, unsigned k, unsigned t, party_set *silent)
{
	const party_set L = live(s);
	const unsigned n = size_of_set(L);
	opinions p = { 0 }, x = { 0 };
	unsigned grade[MAX_PARTIES + 1] = { 0 };

	/* Round A.  Everybody sends v.  Propose what n - t parties sent. */
	TRY(tell(s, echo, v, L, silent));
	FOR_EACH_IN(i, L) {
		if (most_say(&p[i], echo, L, i) < n - t) p[i].is = NOTHING;
		v[i].value = (slice){ 0 };
	}

	/* Round B.  Everybody sends p.  Honest proposals do not differ, so t + 1 of them show what it is. */
	TRY(tell(s, said, p, L, silent));
	FOR_EACH_IN(i, L) {
		const unsigned count = most_say(&x[i], said, L, i);
		grade[i] = count >= n - t ? 2 : count >= t + 1 ? 1 : 0;
		if (!grade[i]) x[i].is = NONE;
	}

	/* Round C.  The kings send x.  Below grade 2, take the king's: but no digest that no honest party holds. */
	const party_set kings = (party_set)1 << nth_of(L, k) | (party_set)1 << nth_of(L, k + 1);
	TRY(tell(s, said, x, kings, silent));
	FOR_EACH_IN(i, L) {
		const opinion *royal = &said[nth_of(L & ~((party_set)1 << i), k)][i];
		v[i] = x[i];
		const bool held = royal->is == DIGEST && how_many_say(royal, echo, L, i) >= t + 1;
		if (grade[i] < 2 && (held || royal->is == NONE)) v[i] = *royal;
		v[i].value = (slice){ 0 };
	}
	return OK;
}

err bcast(session *s, slice mine, size_t most, slice *all)
{
	static const uint8_t EMPTY;
	opinions v = { 0 }, *first_echo, *echo, *said;
	party_set silent = 0;

	TRY(within_model(s));
	const party_set L = live(s);
	const unsigned t = s->t - size_of_set(s->corrupt);
	if (most > bcast_limit(s->t) || mine.n > most)
		return err_fail(ERR_UNSUPPORTED, "%zu bytes are more than one broadcast of %u parties carries", size_max(most, mine.n), s->n);
	TRY(arena_new(&s->arena, &first_echo, s->n + 1u));
	TRY(arena_new(&s->arena, &echo, s->n + 1u));
	TRY(arena_new(&s->arena, &said, s->n + 1u));
	memset(all, 0, (s->n + 1u) * sizeof *all);
	if (!mine.n) mine.p = &EMPTY;
	DECLASSIFY(mine.p, mine.n, "what is broadcast is public");
	s->broadcasts++;

	/* Round 1.  Everybody sends its message; v is the digest of what came.  Short ones are echoed in full. */
	next_round(s);
	FOR_EACH_IN(j, L) TRY(mpc_send(s, j, mine));
	FOR_EACH_IN(j, L) {
		TRY(mpc_recv(s, j, &all[j], most));
		if (!all[j].p) add_to(&silent, j);
		v[j] = opinion_of(s, j, all[j]);
		if (all[j].n <= BCAST_SHORT) v[j].value = all[j];
	}

	for (unsigned k = 1; k <= t; k++) TRY(phase(s, v, k == 1 ? first_echo : echo, said, k, t, &silent));

	/* Output the messages of these digests; a sender without one is corrupt. */
	record(s, v);
	if (t) TRY(find_values(s, all, v, first_echo, most, t));
	FOR_EACH_IN(i, L) if (!all[i].p) accuse(s, i, "broadcast nothing that others could agree on");
	return within_model(s);
}
