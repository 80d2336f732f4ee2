/* SPDX-License-Identifier: MIT */
/* connector/queue_pick.c -- taking rows under a lease; those that cannot be read are failed and counted. */
#include "connector/queue_internal.h"

#include <stdlib.h>

void queue_batch_free(queue_batch *b)
{
	if (!b) return;
	store_rows_free(&b->rows);
	arena_free(&b->memory);
	*b = (queue_batch){ 0 };
}

static int by_arrival(const void *a, const void *b)
{
	const int64_t x = ((const queue_item *)a)->seq, y = ((const queue_item *)b)->seq;
	return (x > y) - (x < y);
}

/* What nobody can read must not come again and again.  If that fails it comes when its lease ran out: no harm to the others. */
static void fail_broken(queue *q, queue_kind kind, const int64_t *seq, size_t n)
{
	queue_change c[32];

	for (size_t done = 0; done < n;) {
		size_t k = 0;
		for (; k < COUNT(c) && done < n; k++)
			c[k] = (queue_change){ .verb = QUEUE_KILL, .kind = kind, .seq = seq[done++], .reason = "its row in the database cannot be read" };
		if (queue_apply(q, c, k, NULL) != OK) err_clear();
	}
}

static err read_batch(queue_batch *out, queue *q, queue_kind kind)
{
	int64_t *broken;

	TRY(arena_new(&out->memory, &out->item, out->rows.n + 1));
	TRY(arena_new(&out->memory, &broken, out->rows.n + 1));
	for (size_t i = 0; i < out->rows.n; i++) {
		store_row r = store_row_of(&out->rows, i);
		if (queue_read_item(&out->item[out->n], kind, &r)) out->n++;
		else broken[out->broken++] = out->item[out->n].seq;
	}
	qsort(out->item, out->n, sizeof *out->item, by_arrival);
	fail_broken(q, kind, broken, out->broken);
	return OK;
}

err queue_pick(queue_batch *out, queue *q, queue_kind kind, size_t n, int64_t lease_ms)
{
	int64_t now;

	ASSERT(n > 0 && n <= QUEUE_PICK_MAX);
	if (store_committer_behind(q->committer))
		return err_fail(ERR_IO, "the database was away, and what is to be written there goes before anything is picked");
	TRY(store_now_ms(&now, q->picks));
	*out = (queue_batch){ .memory = arena_with_limit(64 << 20) };
	const store_value v[] = { store_text(q->owner), store_int(now + lease_ms), store_int(now), store_int((int64_t)n),
	                          store_int(queue_never_ms(now, lease_ms)) };
	err e = store_query(&out->rows, q->picks, &q->sql->of_kind[kind][SQL_PICK], v, COUNT(v));
	if (e == OK) e = read_batch(out, q, kind);
	if (e != OK) queue_batch_free(out);
	return e;
}
