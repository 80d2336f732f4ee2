/* SPDX-License-Identifier: MIT */
/* rpc/link_inflow.c -- assembling, delivering and holding the frames of a lane. */
#include "rpc/link_inflow.h"
#include <stdlib.h>

static link_held *held_new(size_t n)
{
	link_held *h = malloc(sizeof *h + n);        /* pages are touched as bytes come */
	if (h) h->next = NULL, h->n = n, h->cost = 0;
	return h;
}

static void held_free(link_held *h, size_t used)
{
	if (!h) return;
	wipe(h->bytes, used);
	free(h);
}

void link_inflow_init(link_inflow *i, links_lane lane, size_t window)
{
	*i = (link_inflow){ .lane = lane, .window = window, .until = window };
	i->end = &i->first;
}

static void drop_open(link_inflow *i)
{
	held_free(i->open, i->got);
	i->open = NULL;
	i->got = 0;
}

void link_inflow_free(link_inflow *i)
{
	drop_open(i);
	for (link_held *h = i->first, *next; h; h = next) {
		next = h->next;
		held_free(h, h->n);
	}
	link_inflow_init(i, i->lane, i->window);
}

void link_inflow_begin(link_inflow *i, uint64_t place)
{
	drop_open(i);
	i->at = i->until = place;
	i->midway = true;
}

uint64_t link_inflow_until(const link_inflow *i)
{
	uint64_t now = i->held < i->window ? i->at + (i->window - i->held) : i->at;
	return now > i->until ? now : i->until;
}

static void hold(link_inflow *i, link_held *h, size_t cost)
{
	h->cost = cost;
	*i->end = h;
	i->end = &h->next;
	i->held += cost;
}

/* A frame that lies in the record. */
static const char *deliver(link_inflow *i, slice frame, size_t cost, const link_taker *taker)
{
	if (!i->first && taker->take(taker->ctx, i->lane, frame)) return NULL;
	link_held *h = held_new(frame.n);
	if (!h) return "there is no memory for its frames";
	if (frame.n) memcpy(h->bytes, frame.p, frame.n);
	hold(i, h, cost);
	return NULL;
}

/* The frame that is now complete.  Its cost counts from here on: until now it did not narrow the window. */
static void deliver_open(link_inflow *i, const link_taker *taker)
{
	link_held *h = i->open;
	i->open = NULL;
	i->got = 0;
	if (!i->first && taker->take(taker->ctx, i->lane, slice_of(h->bytes, h->n))) held_free(h, h->n);
	else hold(i, h, h->n);
}

const char *link_inflow_piece(link_inflow *i, const link_record *r, const link_taker *taker)
{
	if (i->until < i->at || r->size > i->until - i->at) return "it sent more than it was allowed to";
	const bool fits = r->part == LINK_CONTINUES ? i->open || i->midway : !i->open;
	if (!fits) return "the pieces of its frames do not fit";
	if (i->open && r->bytes.n > i->open->n - i->got) return "a frame of it is longer than was said";

	if (r->part == LINK_WHOLE) {
		const char *why = deliver(i, r->bytes, r->size, taker);
		if (why) return why;
	} else if (r->part == LINK_OPENS || i->open) {
		if (r->part == LINK_OPENS) i->open = held_new(r->total);
		if (!i->open) return "there is no memory for its frames";
		memcpy(i->open->bytes + i->got, r->bytes.p, r->bytes.n);
		i->got += r->bytes.n;
		if (i->got == i->open->n) deliver_open(i, taker);
	}
	if (r->part != LINK_CONTINUES) i->midway = false;
	i->at += r->size;
	return NULL;
}

bool link_inflow_offer(link_inflow *i, const link_taker *taker)
{
	bool any = false;
	while (i->first && taker->take(taker->ctx, i->lane, slice_of(i->first->bytes, i->first->n))) {
		link_held *h = i->first;
		i->first = h->next;
		if (!i->first) i->end = &i->first;
		i->held -= h->cost;
		held_free(h, h->n);
		any = true;
	}
	return any;
}
