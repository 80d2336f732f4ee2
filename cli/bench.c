/* SPDX-License-Identifier: MIT */
/* cli/bench.c -- arca bench: which rows, and how they are printed. */
#include <unistd.h>
#include "cli/bench_connector.h"
#include "cli/bench_delegate.h"
#include "cli/bench_dkg.h"
#include "cli/bench_e2e.h"
#include "cli/cli.h"

static const option OPTIONS[] = {
	{ "seconds", "S",  OPTIONAL, "how long to measure each row; without it, 1" },
	{ "parties", "N",  OPTIONAL, "for the rows that run a cluster; without it, 4" },
	{ "threads", "K",  OPTIONAL, "for the rows that work in parallel; without it, what suits them" },
	{ "list",    NULL, OPTIONAL, "name the rows and measure nothing" },
	{ "json",    NULL, OPTIONAL, "print the rows as JSON" },
	OPTIONS_END
};

enum { MOST_NAMES = 64 };

/* Those of bench/, then ours: a group for each place, NULL behind the last. */
static const bench_group *group_at(size_t i)
{
	static const bench_group *const OWN[] = { &BENCH_E2E, &BENCH_DELEGATE_HTTP, &BENCH_CONNECTOR, &BENCH_DKG_TEST, &BENCH_DKG_DEFAULT };
	size_t n = 0;

	while (BENCH_GROUPS[n]) n++;
	return i < n ? BENCH_GROUPS[i] : i - n < COUNT(OWN) ? OWN[i - n] : NULL;
}

/* ---- which rows ------------------------------------------------------------------------------------------------- */

static bool is_chosen(const args *a, const bench_row *row)
{
	for (size_t i = 0; i < a->plains; i++)
		if (bench_is_named(row, a->plain[i])) return true;
	return a->plains == 0;
}

/* What takes minutes is measured for those who name it. */
static bool is_measured(const args *a, const bench_group *g, const bench_row *row)
{
	return g == &BENCH_CALIBRATION || (is_chosen(a, row) && (a->plains || g != &BENCH_DKG_DEFAULT));
}

static err check_names(cli *c)
{
	for (size_t i = 0; i < c->args.plains; i++) {
		bool known = false;
		const bench_group *g;
		for (size_t n = 0; (g = group_at(n)); n++)
			for (size_t k = 0; k < g->rows; k++) known |= bench_is_named(&g->row[k], c->args.plain[i]);
		if (!known) return cli_usage(c, "there is no row '%s'; 'arca bench --list' names them", c->args.plain[i]);
	}
	return OK;
}

static err list(const cli *c)
{
	json_t *rows = json_array();
	const bench_group *g;

	for (size_t n = 0; (g = group_at(n)); n++)
		for (size_t k = 0; k < g->rows; k++) {
			const bench_row *r = &g->row[k];
			if (!is_chosen(&c->args, r)) continue;
			if (!args_has(&c->args, "json")) printf("%-26s %-10s %s\n", r->name, r->unit, r->line);
			json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "name", r->name, "unit", r->unit, "line", r->line));
		}
	if (args_has(&c->args, "json")) print_json(rows);
	else json_decref(rows);
	return OK;
}

/* ---- measuring and printing ------------------------------------------------------------------------------------- */

/* Four digits that count. */
static void put_figure(char out[static 32], double x)
{
	const int decimals = x >= 1000 ? 0 : x >= 100 ? 1 : x >= 10 ? 2 : 3;
	snprintf(out, 32, "%.*f", decimals, x);
}

static void print_head(void)
{
	printf("%-26s %12s %-10s %12s %12s %8s %8s  %s\n", "row", "value", "unit", "min", "median", "runs", "threads", "variant");
}

static void print_row(const bench_result *r)
{
	char value[32], min[32], median[32];

	put_figure(value, r->value);
	put_figure(min, r->min);
	put_figure(median, r->median);
	printf("%-26s %12s %-10s %12s %12s %8zu %8u  %s\n", r->row->name, value, r->row->unit, min, median, r->runs, r->threads,
	       r->variant);
	fflush(stdout);
}

static json_t *row_json(const bench_result *r)
{
	return json_pack("{s:s, s:s, s:f, s:f, s:f, s:I, s:s, s:i}", "name", r->row->name, "unit", r->row->unit, "value", r->value,
	                 "min", r->min, "median", r->median, "runs", (json_int_t)r->runs, "variant", r->variant,
	                 "threads", (int)r->threads);
}

/* A row that cannot be measured is told and passed over, so that a long run is not lost. */
static void measure_row(cli *c, json_t *rows, const bench_row *row, void *state, const bench_options *o)
{
	bench_result r;

	if (bench_run(&r, row, state, o) != OK) {
		fprintf(stderr, "%s\n", err_text());
		err_clear();
		c->code = EXIT_PARTLY;
		return;
	}
	if (rows) json_array_append_new(rows, row_json(&r));
	else print_row(&r);
}

static void measure_group(cli *c, json_t *rows, const bench_group *g, const bench_options *o)
{
	void *state = NULL;
	bool opened = false;

	for (size_t k = 0; k < g->rows && !signals_came(); k++) {
		if (!is_measured(&c->args, g, &g->row[k])) continue;
		if (!opened && g->open && g->open(&state, o) != OK) {
			fprintf(stderr, "%s: %s\n", g->row[k].name, err_text());
			err_clear();
			c->code = EXIT_PARTLY;
			return;
		}
		opened = true;
		measure_row(c, rows, &g->row[k], state, o);
	}
	if (opened && g->close) g->close(state);
}

static void tell(const char *sentence)
{
	if (isatty(STDERR_FILENO)) fprintf(stderr, "  %s\n", sentence);
}

static err run(cli *c)
{
	int64_t seconds, parties, threads;
	const bench_group *g;

	TRY(check_names(c));
	TRY_USAGE(c, args_number(&seconds, &c->args, "seconds", 1, 3600, 1));
	TRY_USAGE(c, args_number(&parties, &c->args, "parties", 1, 63, 0));
	TRY_USAGE(c, args_number(&threads, &c->args, "threads", 1, 32, 0));
	if (args_has(&c->args, "list")) return list(c);

	const bench_options o = { .seconds = (double)seconds, .parties = (unsigned)parties, .threads = (unsigned)threads,
	                          .tell = tell };
	json_t *rows = args_has(&c->args, "json") ? json_array() : NULL;
	signals_catch();
	if (!rows) print_head();
	for (size_t n = 0; (g = group_at(n)); n++) measure_group(c, rows, g, &o);
	if (rows) print_json(rows);
	if (signals_came()) return err_fail(ERR_CANCELLED, "stopped by a signal");
	return OK;
}

const command COMMAND_BENCH = {
	.noun = "bench", .run = run, .options = OPTIONS, .plain = "NAME", .plains = MOST_NAMES, .plains_optional = true,
	.line = "measure how fast this machine is with arca",
	.help =
	"Measures the rows that are named, or all but those of production keys that parties make.\n"
	"A name without its part behind the slash means every row of it. The calibration rows\n"
	"(cal/...) are always measured first: they say what the machine is like, and figures of\n"
	"two machines are compared by them.\n"
	"\n"
	"value is the figure to quote: the median of all runs, unless the row's name says\n"
	"otherwise (p99). Times of kernels are those of the thread, not of the wall. Results are\n"
	"checked; a row that is wrong or cannot be measured here is told on stderr, is absent\n"
	"from the output, and the exit code is 2.\n"
	"\n"
	"connector rows run arca-connector between stubs of a chain, a bucket and a node, with a\n"
	"PostgreSQL server of their own (initdb and postgres must be there) or SQLite.\n"
	"\n"
	"dkg rows run nodes that make a key together, and tell of its phases; reshare rows have\n"
	"it shared anew. dkg/default and reshare/default are of production parameters and only\n"
	"measured if they are named: the key takes many minutes, and some 3 GB for each node in\n"
	"the folder TMPDIR, or /tmp. From it follows dkg/default/13-4, how long 13 parties with 64\n"
	"cores each and 1 Gb/s would need.\n",
	.examples =
	"  arca bench\n"
	"  arca bench --list\n"
	"  arca bench open prss-mask/13-4 --seconds 5 --json\n"
	"  arca bench connector --seconds 60\n"
	"  arca bench dkg/test --parties 13\n"
	"  arca bench dkg --json\n",
};
