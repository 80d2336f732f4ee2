/* SPDX-License-Identifier: MIT */
/* node/deal.c -- waiting, header, pieces, agreement; first the dealer, then everybody else. */
#include "node/deal.h"
#include "node/frames.h"
#include "tkms/encrypt.h"

void deal_clear(deal *d)
{
	for (unsigned i = 0; i <= MAX_PARTIES; i++) key_share_free(&d->share[i]);
	new_key_clear(&d->mine);
	draft_free(&d->plain);
}

/* ---- the dealer ----------------------------------------------------------------------------------------------------- */

/* Rounds pass while the key is being made, so that nobody takes the dealer for gone. */
static err say_wait(session *s, deal *d)
{
	static const uint8_t WAIT[] = { DEAL_WAIT };
	bool made;

	TRY(d->made(d->ctx, &made));
	while (!made) {
		next_round(s);
		FOR_EACH_PARTY(i, s)
			if (i != s->me) TRY(mpc_send(s, i, slice_of(WAIT, sizeof WAIT)));
		TRY(d->made(d->ctx, &made));
	}
	return OK;
}

/* The message to one party: the header that all get, and its own share. */
static err deal_to(session *s, const deal *d, party to)
{
	const new_key *mine = &d->mine;
	deal_header h = { .public_key_bytes = mine->public_key.n, .keyset_bytes = draft_slice(mine->keyset).n };
	buf part = { 0 }, m = { 0 };

	memcpy(h.public_key_digest, mine->public_key_digest, KEY_DIGEST_BYTES);
	memcpy(h.keyset_digest, mine->keyset_digest, KEY_DIGEST_BYTES);
	key_share_write(&part, &d->share[to]);
	h.share = buf_slice(&part);
	deal_header_write(&m, &h);
	err e = mpc_send(s, to, buf_slice(&m));
	buf_free(&part);
	buf_free(&m);
	return e;
}

static err deal_headers(session *s, const deal *d)
{
	session_restart_clock(s);
	next_round(s);
	session_allow(s, DEAL_PIECE_MS);
	FOR_EACH_IN(i, live(s))
		if (i != s->me) TRY(deal_to(s, d, i));
	return OK;
}

/* *here: who has answered so far.  What fast rounds leave is no time for slow ones: a laggard may not collect it. */
static err deal_piece(session *s, slice piece, party_set *here)
{
	IN_SCOPE(s);
	party_set still = 0;
	slice m;

	session_restart_clock(s);
	next_round(s);
	session_allow(s, DEAL_PIECE_MS);
	FOR_EACH_IN(i, *here) TRY(mpc_send(s, i, piece));
	FOR_EACH_IN(i, *here) {
		TRY(mpc_recv(s, i, &m, 1));
		if (m.n == 1) add_to(&still, i);
	}
	*here = still;
	return OK;
}

static slice piece_at(const deal *d, size_t at)
{
	const slice all = draft_slice(d->mine.keyset);
	return slice_of(all.p + at, size_min(d->piece, all.n - at));
}

static err deal_out(session *s, deal *d)
{
	const draft *keyset;
	party_set here = live(s);

	TRY(say_wait(s, d));
	keyset = d->mine.keyset;
	TRY(deal_headers(s, d));
	take_from(&here, s->me);
	TRY(deal_piece(s, buf_slice(&d->mine.public_key), &here));
	for (size_t at = 0, all = draft_slice(keyset).n; at < all; at += d->piece) {
		const slice piece = piece_at(d, at);
		TRY(deal_piece(s, piece, &here));
		draft_release(keyset, at, piece.n);
		progress_tell(d->told, at + piece.n, all);
	}
	d->mine.share = d->share[s->me];
	d->share[s->me] = (key_share){ 0 };
	return OK;
}

/* ---- everybody else --------------------------------------------------------------------------------------------------- */

static err not_served(const char *what)
{
	return err_fail(ERR_STATE, "party %d, which deals the key, sent this party %s", DEALER, what);
}

static bool holder_is(const share_holder *a, const share_holder *b)
{
	return id_eq_var(&a->key_id, &b->key_id) && id_eq_var(&a->epoch_id, &b->epoch_id) && a->n == b->n && a->t == b->t &&
	       a->d == b->d && a->me == b->me;
}

/* False: the dealer sends nonsense.  h borrows from m. */
static bool take_header(deal_header *h, deal *d, slice m)
{
	key_share part;

	if (!deal_header_read(h, m) || h->keyset_bytes != tkms_keyset_bytes(d->params)) return false;
	if (key_share_read(&part, h->share) != OK) {
		err_clear();
		return false;
	}
	if (!holder_is(&part.holder, &d->holder) || part.params != d->params) {
		key_share_free(&part);
		return false;
	}
	d->mine.share = part;
	memcpy(d->mine.public_key_digest, h->public_key_digest, KEY_DIGEST_BYTES);
	memcpy(d->mine.keyset_digest, h->keyset_digest, KEY_DIGEST_BYTES);
	return true;
}

/* The dealer, which waits for the slowest of all, may need as long as it leaves that one, and a piece needs its way. */
static void begin_round(session *s)
{
	session_restart_clock(s);
	next_round(s);
	session_allow(s, 2 * DEAL_PIECE_MS);
}

/* Rounds in which the dealer only says that it computes leave no patience to those that come. */
static err await_header(session *s, deal *d, size_t *public_key_bytes)
{
	const int64_t until = box_now_ms(s->in) + DEAL_MOST_WAIT_MS;

	while (box_now_ms(s->in) < until) {
		IN_SCOPE(s);
		deal_header h;
		slice m;
		begin_round(s);
		TRY(mpc_recv(s, DEALER, &m, MAX_DEAL_HEADER));
		if (m.n == 1 && m.p[0] == DEAL_WAIT) continue;
		if (m.n == 0) return not_served("nothing");
		if (!take_header(&h, d, m)) return not_served("a share or a key set that is not of this key, party and epoch");
		*public_key_bytes = h.public_key_bytes;
		return OK;
	}
	return not_served("nothing but that it was computing, for too long");
}

/* The next piece, which has `wanted` bytes, goes to `to`. */
static err take_piece(session *s, uint8_t *to, size_t wanted)
{
	static const uint8_t HAVE_IT[] = { 1 };
	IN_SCOPE(s);
	slice m;

	begin_round(s);
	TRY(mpc_recv(s, DEALER, &m, wanted));
	if (m.n != wanted) return not_served("only a part of the key set");
	memcpy(to, m.p, m.n);
	return mpc_send(s, DEALER, slice_of(HAVE_IT, sizeof HAVE_IT));
}

static err take_keyset(session *s, const deal *d)
{
	const draft *keyset = d->mine.keyset;
	const size_t all = draft_slice(keyset).n;
	uint8_t digest[KEY_DIGEST_BYTES];
	xof x = tkms_key_digest_begin();

	for (size_t at = 0; at < all; at += d->piece) {
		const slice piece = piece_at(d, at);
		TRY(take_piece(s, draft_bytes(keyset) + at, piece.n));
		xof_absorb(&x, piece);
		draft_release(keyset, at, piece.n);
		progress_tell(d->told, at + piece.n, all);
	}
	tkms_key_digest_end(digest, &x);
	return memcmp(digest, d->mine.keyset_digest, sizeof digest) == 0 ? OK : not_served("a key set that has not the digest it told");
}

static err receive(session *s, deal *d)
{
	uint8_t digest[KEY_DIGEST_BYTES];
	size_t public_key_bytes = 0;

	TRY(await_header(s, d, &public_key_bytes));
	TRY(d->room(d->ctx, &d->mine.keyset));
	ASSERT(draft_slice(d->mine.keyset).n == tkms_keyset_bytes(d->params));
	TRY(take_piece(s, buf_grow(&d->mine.public_key, public_key_bytes), public_key_bytes));
	tkms_key_digest(digest, buf_slice(&d->mine.public_key));
	if (memcmp(digest, d->mine.public_key_digest, sizeof digest) != 0) return not_served("a public key that has not the digest it told");
	return take_keyset(s, d);
}

/* ---- agreement -------------------------------------------------------------------------------------------------------- */

/* All begin when they have been served, and another one may need longer. */
static err uncompress(session *s, deal *d)
{
	enum { SLOWEST = 10 };
	const int64_t began_ms = box_now_ms(s->in);

	TRY(new_key_uncompress(&d->mine, &d->plain, d->cores));
	session_allow(s, SLOWEST * (box_now_ms(s->in) - began_ms));
	return OK;
}

err deal_run(session *s, void *arg)
{
	deal *d = arg;

	if (s->me == DEALER) TRY(deal_out(s, d));
	else TRY(receive(s, d));
	if (d->plain) TRY(uncompress(s, d));
	/* Whoever was served last may be a round behind, and the dealer waits for one that fell silent with the last piece. */
	session_restart_clock(s);
	session_allow(s, 2 * DEAL_PIECE_MS);
	return new_key_agree(s, &d->mine, &d->holder.key_id);
}
