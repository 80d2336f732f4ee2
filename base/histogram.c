/* SPDX-License-Identifier: MIT */
/* base/histogram.c -- steps, and their text. */
#include "base/histogram.h"

void histogram_add(histogram *h, const histogram_scale *scale, uint64_t x)
{
	unsigned i = 0;

	while (i < scale->n && x > scale->upto[i]) i++;
	atomic_fetch_add(&h->step[i], 1);
	atomic_fetch_add(&h->sum, x);
}

static void put_number(buf *out, uint64_t x, uint64_t unit)
{
	if (unit == 1) buf_printf(out, "%llu", (unsigned long long)x);
	else buf_printf(out, "%.12g", (double)x / (double)unit);
}

void histogram_print(buf *out, const char *name, const char *label, const histogram *h, const histogram_scale *scale)
{
	const char *comma = label[0] ? "," : "", *open = label[0] ? "{" : "", *close = label[0] ? "}" : "";
	unsigned long long all = 0;

	for (unsigned i = 0; i <= scale->n; i++) {
		all += atomic_load(&h->step[i]);
		buf_printf(out, "%s_bucket{%s%sle=\"", name, label, comma);
		if (i < scale->n) put_number(out, scale->upto[i], scale->unit);
		else buf_put_str(out, "+Inf");
		buf_printf(out, "\"} %llu\n", all);
	}
	buf_printf(out, "%s_sum%s%s%s ", name, open, label, close);
	put_number(out, atomic_load(&h->sum), scale->unit);
	buf_printf(out, "\n%s_count%s%s%s %llu\n", name, open, label, close, all);
}
