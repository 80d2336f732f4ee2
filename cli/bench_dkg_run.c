/* SPDX-License-Identifier: MIT */
/* cli/bench_dkg_run.c -- looks now and then, and what was different at the ends of phases. */
#include "cli/bench_dkg_run.h"
#include <stdlib.h>
#include "bench/bench.h"
#include "rpc/fetch.h"

enum { MAX_METRICS = 1 << 20, ANSWER_MS = 5000 };

/* ---- phases -------------------------------------------------------------------------------------------------------- */

static void ends(dkg_watched *w, dkg_phase p, const dkg_sight *s)
{
	if (w->has[p]) return;
	w->has[p] = true;
	w->end[p] = *s;
}

/* The first bytes of a key are made after the preprocessing, and its last ones before it is tried. */
void dkg_watch_saw(dkg_watched *w, const dkg_sight *s)
{
	const bool making = strcmp(s->step.step, "made") == 0;

	if (making) ends(w, DKG_PREPROCESSING, s);
	if (making && s->step.done >= 1) ends(w, DKG_GENERATION, s);
	if (!making && w->has[DKG_GENERATION]) ends(w, DKG_TRIAL, s);
	w->last = *s;
}

/* ---- what nodes say ------------------------------------------------------------------------------------------------ */

/* line: how lines begin, up to their labels or into them. */
static double sum_of(const char *metrics, const char *line)
{
	const size_t n = strlen(line);
	double sum = 0;

	for (const char *at = metrics; (at = strstr(at, line)); at += n) {
		const char *value = strpbrk(at, "}\n");
		if ((at == metrics || at[-1] == '\n') && value && *value == '}') sum += strtod(value + 1, NULL);
	}
	return sum;
}

static const char SENT[] = "arca_peer_wire_sent_bytes_total{";

static double seconds_of(const char *metrics, const char *operation)
{
	char line[128];

	snprintf(line, sizeof line, "kms_operation_duration_ms_sum{operation_type=\"%s\"", operation);
	return sum_of(metrics, line) / 1e3;
}

static err ask(buf *metrics, const bench_devnet *d, size_t i)
{
	AUTO(buf) url = { 0 };

	buf_printf(&url, "%s/metrics", d->net.party[i].http);
	return fetch_url(metrics, buf_str(&url), MAX_METRICS, ANSWER_MS);
}

/* What a party has counted: seconds of its ceremonies, bytes that it sent, how often it blamed another one. */
typedef struct counted { double preprocessing_s, generation_s, epoch_s, bytes, blamed; } counted;

static err count(counted *out, const bench_devnet *d)
{
	for (size_t i = 0; i < d->net.parties; i++) {
		AUTO(buf) text = { 0 };
		TRY(ask(&text, d, i));
		const char *m = buf_str(&text);
		out[i] = (counted){
			.preprocessing_s = seconds_of(m, "keygen_preproc_request"),
			.generation_s = seconds_of(m, "standard_compressed_keygen"),
			.epoch_s = seconds_of(m, "new_mpc_epoch"),
			.bytes = sum_of(m, SENT),
			.blamed = sum_of(m, "arca_peer_wrong_shares_total{") + sum_of(m, "arca_peer_silent_total{") +
			          sum_of(m, "arca_peer_corrupt_total{"),
		};
	}
	return OK;
}

static err see(dkg_sight *out, const bench_devnet *d)
{
	AUTO(buf) text = { 0 };

	*out = (dkg_sight){ .at_s = bench_seconds(BENCH_WALL) };
	TRY(ask(&text, d, 0));
	out->bytes = sum_of(buf_str(&text), SENT);
	out->step = key_step_read(buf_str(&text));
	for (size_t i = 0; i < d->net.parties; i++) {
		double core_s;
		TRY(bench_devnet_spent(&core_s, d, i));
		out->core_s += core_s;
	}
	return OK;
}

typedef struct watching { const bench_devnet *d; dkg_watched seen; } watching;

/* A look that a busy node does not answer is one look less. */
static void look(void *ctx)
{
	watching *w = ctx;
	dkg_sight s;

	if (see(&s, w->d) == OK) dkg_watch_saw(&w->seen, &s);
	else err_clear();
}

/* ---- a run --------------------------------------------------------------------------------------------------------- */

static err phases_of(dkg_run *out, const dkg_watched *w, const dkg_sight *begin, size_t parties)
{
	for (dkg_phase p = 0; p < DKG_PHASES; p++) {
		if (!w->has[p]) return err_fail(ERR_STATE, "party 1 did not tell how far it was");
		const dkg_sight *before = p ? &w->end[p - 1] : begin;
		out->phase_s[p] = w->end[p].at_s - before->at_s;
		out->core_s[p] = (w->end[p].core_s - before->core_s) / (double)parties;
		out->bytes[p] = w->end[p].bytes - before->bytes;
	}
	return OK;
}

static double most(double x, double y) { return x > y ? x : y; }

/* Nodes measure their ceremonies; what is seen divides the generation. */
static err time_it(dkg_run *out, const counted *before, const counted *after, size_t parties)
{
	double preprocessing_s = 0, generation_s = 0;

	for (size_t i = 0; i < parties; i++) {
		preprocessing_s = most(preprocessing_s, after[i].preprocessing_s - before[i].preprocessing_s);
		generation_s = most(generation_s, after[i].generation_s - before[i].generation_s);
		out->sent = most(out->sent, after[i].bytes - before[i].bytes);
		out->blamed += (unsigned)(after[i].blamed - before[i].blamed);
	}
	if (preprocessing_s <= 0 || generation_s <= 0) return err_fail(ERR_STATE, "the nodes did not tell how long they took");
	if (out->phase_s[DKG_TRIAL] > generation_s) out->phase_s[DKG_TRIAL] = generation_s;        /* seen late */
	out->total_s = preprocessing_s + generation_s;
	out->phase_s[DKG_PREPROCESSING] = preprocessing_s;
	out->phase_s[DKG_GENERATION] = generation_s - out->phase_s[DKG_TRIAL];
	return OK;
}

static err remember(dkg_run *out, const bench_devnet *d)
{
	for (size_t i = 0; i < d->net.parties; i++) {
		double mib;
		TRY(bench_devnet_memory(&mib, d, i));
		out->memory_mib = most(out->memory_mib, mib);
	}
	return OK;
}

err dkg_run_once(dkg_run *out, const bench_devnet *d, int every_ms)
{
	watching w = { .d = d };
	const bench_watch watch = { look, &w, every_ms };
	counted before[MAX_PARTIES], after[MAX_PARTIES];
	dkg_sight begin;
	dkg_run r = { 0 };

	TRY(count(before, d));
	TRY(see(&begin, d));
	TRY(bench_devnet_arca(d, (const char *const[]){ "arca", "keygen", "--devnet", d->dir, "--json", NULL }, &watch));
	look(&w);
	TRY(phases_of(&r, &w.seen, &begin, d->net.parties));
	TRY(count(after, d));
	TRY(time_it(&r, before, after, d->net.parties));
	TRY(remember(&r, d));
	*out = r;
	return OK;
}

err dkg_reshare_once(double *seconds, const bench_devnet *d, const id32 *from, const id32 *to)
{
	counted before[MAX_PARTIES], after[MAX_PARTIES];
	char old[ID_TEXT], new[ID_TEXT];
	double s = 0;

	id_text(old, from);
	id_text(new, to);
	TRY(count(before, d));
	TRY(bench_devnet_arca(d, (const char *const[]){ "arca", "epoch", "new", "--devnet", d->dir, "--epoch", new,
	                      "--from", old, "--json", NULL }, NULL));
	TRY(count(after, d));
	for (size_t i = 0; i < d->net.parties; i++) s = most(s, after[i].epoch_s - before[i].epoch_s);
	if (s <= 0) return err_fail(ERR_STATE, "the nodes did not tell how long they took");
	*seconds = s;
	return OK;
}
