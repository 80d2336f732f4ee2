/* SPDX-License-Identifier: MIT */
/* cli/ticker.c */
#include "cli/ticker.h"
#include <stdio.h>
#include <unistd.h>
#include "base/clock.h"

ticker ticker_begin(const char *what, bool quiet)
{
	return (ticker){ what, clock_now_ms(clock_system()), !quiet && isatty(STDERR_FILENO) };
}

double ticker_seconds(const ticker *t)
{
	return (double)(clock_now_ms(clock_system()) - t->began_ms) / 1000;
}

void ticker_parts(const ticker *t, size_t done, size_t all)
{
	if (!t->shown) return;
	double s = ticker_seconds(t);
	fprintf(stderr, "\r\033[K%s: %zu of %zu", t->what, done, all);
	if (done && done < all) fprintf(stderr, ", about %.0f s to go", s * (double)(all - done) / (double)done);
	fflush(stderr);
}

void ticker_time(const ticker *t)
{
	if (!t->shown) return;
	fprintf(stderr, "\r\033[K%s: %.0f s", t->what, ticker_seconds(t));
	fflush(stderr);
}

void ticker_step(const ticker *t, const char *step, double done, double left_s)
{
	if (!t->shown) return;
	fprintf(stderr, "\r\033[K%s: %.0f s; %.0f %% %s", t->what, ticker_seconds(t), 100 * done, step);
	if (left_s >= 0) fprintf(stderr, ", about %.0f s to go", left_s);
	fflush(stderr);
}

void ticker_end(const ticker *t)
{
	if (t->shown) fputs("\r\033[K", stderr);
}
