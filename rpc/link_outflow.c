/* SPDX-License-Identifier: MIT */
/* rpc/link_outflow.c -- a list of chunks with two cursors. */
#include "rpc/link_outflow.h"
#include <stdlib.h>

enum { CHUNK = 64 << 10 };

static link_chunk *chunk_new(uint64_t start)
{
	link_chunk *c = malloc(sizeof *c + CHUNK);
	if (c) c->next = NULL, c->start = start, c->n = 0, c->room = CHUNK;
	return c;
}

static void chunk_free(link_chunk *c)
{
	wipe(c->bytes, c->n);
	free(c);
}

static uint64_t chunk_end(const link_chunk *c)
{
	return c->start + c->n;
}

void link_outflow_init(link_outflow *o, links_lane lane)
{
	*o = (link_outflow){ .lane = lane };
}

void link_outflow_clear(link_outflow *o)
{
	for (link_chunk *c = o->first, *next; c; c = next) {
		next = c->next;
		chunk_free(c);
	}
	o->first = o->last = o->at = NULL;
	o->acked = o->sent = o->end;
}

/* ---- frames in ------------------------------------------------------------------------------------------------ */

/* What the next piece of a frame carries when `done` bytes have gone and `left` are to go, beside its header. */
static size_t piece_total(size_t done, size_t left)
{
	return done == 0 && left > LINK_BODY_MAX ? LINK_TOTAL : 0;
}

static size_t piece_bytes(size_t done, size_t left)
{
	return size_min(left, LINK_BODY_MAX - piece_total(done, left));
}

static size_t piece_cost(size_t done, size_t left)
{
	return LINK_HEADER + piece_total(done, left) + piece_bytes(done, left);
}

size_t link_outflow_cost(size_t n)
{
	if (n <= LINK_BODY_MAX) return LINK_HEADER + n;
	return n + LINK_TOTAL + LINK_HEADER * ((n + LINK_TOTAL + LINK_BODY_MAX - 1) / LINK_BODY_MAX);
}

/* Copies n bytes of head and body, from byte `done` of the two. */
static void copy_out(uint8_t *to, slice head, slice body, size_t done, size_t n)
{
	size_t from_head = done < head.n ? size_min(n, head.n - done) : 0;
	if (from_head) memcpy(to, head.p + done, from_head);
	if (n > from_head) memcpy(to + from_head, body.p + (done + from_head - head.n), n - from_head);
}

/* Chunks for the frame behind those there are; false, and none, when memory runs out. */
static bool make_room(link_outflow *o, size_t total)
{
	link_chunk *made = NULL, **end = &made;
	size_t room = o->last ? o->last->room - o->last->n : 0, done = 0;

	do {
		size_t cost = piece_cost(done, total - done);
		if (room < cost) {
			*end = chunk_new(0);
			if (!*end) {
				for (link_chunk *next; made; made = next) next = made->next, chunk_free(made);
				return false;
			}
			room = (*end)->room;
			end = &(*end)->next;
		}
		room -= cost;
		done += piece_bytes(done, total - done);
	} while (done < total);
	if (!made) return true;
	if (o->last) o->last->next = made;
	else o->first = o->last = made, made->start = o->end;
	return true;
}

err link_outflow_add(link_outflow *o, slice head, slice body)
{
	const size_t total = head.n + body.n;
	size_t done = 0;

	if (!make_room(o, total)) return err_fail(ERR_NOMEM, "no memory for a frame of %zu bytes", total);
	if (!o->at) o->at = o->first;
	do {
		const size_t left = total - done, n = piece_bytes(done, left), cost = piece_cost(done, left);
		const link_part part = done ? LINK_CONTINUES : n < total ? LINK_OPENS : LINK_WHOLE;
		link_chunk *c = o->last;
		if (c->room - c->n < cost) {
			c = o->last = c->next;
			c->start = o->end;
		}
		uint8_t *p = c->bytes + c->n;
		copy_out(p + link_piece_header(p, o->lane, part, n, total), head, body, done, n);
		c->n += cost;
		o->end += cost;
		done += n;
	} while (done < total);
	return OK;
}

void link_outflow_join(link_outflow *o, link_outflow *more)
{
	ASSERT(more->sent == more->acked && more->lane == o->lane);
	for (link_chunk *c = more->first; c; c = c->next) {
		c->start = o->end;
		o->end += c->n;
	}
	if (more->first) {
		if (o->last) o->last->next = more->first;
		else o->first = more->first;
		o->last = more->last;
		if (!o->at) o->at = o->first;
	}
	link_outflow_init(more, o->lane);
}

/* ---- records out ---------------------------------------------------------------------------------------------- */

/* The chunk that holds the byte at `sent`, if there is such a byte. */
static const link_chunk *sending(const link_outflow *o)
{
	const link_chunk *c = o->at;
	while (c && o->sent == chunk_end(c) && c->next) c = c->next;
	return c;
}

slice link_outflow_next(const link_outflow *o, size_t most)
{
	const link_chunk *c = sending(o);
	size_t n = 0;

	if (!c) return (slice){ 0 };
	const uint8_t *p = c->bytes + (size_t)(o->sent - c->start);
	const size_t there = (size_t)(chunk_end(c) - o->sent);
	while (n < there) {
		size_t size = link_record_size(p + n);
		if (n > 0 && n + size > most) break;
		if (o->until < o->sent || n + size > o->until - o->sent) break;
		n += size;
	}
	return slice_of(p, n);
}

void link_outflow_sent(link_outflow *o, size_t n)
{
	while (o->at && o->sent == chunk_end(o->at) && o->at->next) o->at = o->at->next;
	o->sent += n;
	ASSERT(o->at && o->sent <= chunk_end(o->at));
}

/*
 * The chunk that ends or holds `place`, NULL if there is no such chunk or the place is within a record: what a peer
 * names must never make us take the inside of a record for its beginning.  Time: each record is looked at once between
 * two places that were acknowledged.
 */
static link_chunk *find(const link_outflow *o, uint64_t place)
{
	link_chunk *c = o->first;
	while (c && place > chunk_end(c)) c = c->next;
	if (!c) return NULL;
	uint64_t at = o->acked > c->start ? o->acked : c->start;
	if (place == chunk_end(c)) return c;
	while (at < place) at += link_record_size(c->bytes + (size_t)(at - c->start));
	return at == place ? c : NULL;
}

bool link_outflow_ack(link_outflow *o, uint64_t place)
{
	if (place < o->acked || place > o->sent) return false;
	if (place == o->acked) return true;
	if (!find(o, place)) return false;
	o->acked = place;
	while (chunk_end(o->first) <= place) {
		link_chunk *c = o->first;
		if (c == o->last) {                          /* stays for the frames that come next */
			wipe(c->bytes, c->n);
			c->n = 0, c->start = place;
			break;
		}
		o->first = c->next;
		if (o->at == c) o->at = c->next;
		chunk_free(c);
	}
	return true;
}

bool link_outflow_resume(link_outflow *o, uint64_t place)
{
	if (place < o->acked || place > o->sent) return false;
	if (o->first) {
		link_chunk *c = find(o, place);
		if (!c) return false;
		o->at = c;
	}
	o->sent = place;
	return link_outflow_ack(o, place);
}
