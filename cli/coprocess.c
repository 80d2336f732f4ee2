/* SPDX-License-Identifier: MIT */
/* cli/coprocess.c -- arca coprocess: a client's list to ciphertexts that a KMS decrypts. */
#include "cli/cli.h"
#include "base/file.h"
#include "base/hex.h"
#include "cli/ticker.h"
#include "tkms/coprocess.h"

static const option OPTIONS[] = {
	{ "keyset",  "FILE|URL", REQUIRED, "what a node serves as /PUB/CompressedXofKeySet/<key id> (or ServerKey)" },
	{ "in",      "LIST",     REQUIRED, "a compact list, with or without proof, made by any client" },
	{ "format",  "F",        REPEATED, "small-expanded, small-compressed, big-expanded or big-compressed" },
	{ "out-dir", "DIR",      REQUIRED, "where the files go; made if need be" },
	{ "json",    NULL,       OPTIONAL, "print the files as JSON" },
	OPTIONS_END
};

typedef struct work {
	cli        *c;
	ct_format   format;
	const char *dir;
	json_t     *files;           /* NULL: print lines */
	ticker      ticker;
	size_t      done, all;       /* blocks: what takes time */
} work;

/* One value arrives: a file, and a line that says which. */
static err take_value(void *ctx, size_t i, const fhe_type *type, slice file)
{
	work *w = ctx;
	AUTO(buf) path = { 0 };

	if (type) {
		buf_printf(&path, "%s/%zu.bin", w->dir, i);
		TRY(output_write(w->c, buf_str(&path), file));
	}
	const char *name = type ? type->name : NULL, *to = type ? buf_str(&path) : NULL;
	ticker_end(&w->ticker);
	if (!w->files) printf("%zu %s %s\n", i, name ? name : "other", to ? to : "-"), fflush(stdout);
	else json_array_append_new(w->files, json_pack("{s:I, s:s?, s:s, s:s?, s:I}", "index", (json_int_t)i, "type", name,
	                           "format", ct_format_name(w->format), "file", to, "bytes", (json_int_t)file.n));
	w->done += type ? type->blocks : 0;
	ticker_parts(&w->ticker, w->done, w->all);
	return OK;
}

static err one_format(work *w, pool *cores, const coprocessor *p, slice list)
{
	const char *in = args_text(&w->c->args, "in");

	if (dir_make(w->dir, 0755) != OK) {
		w->c->code = EXIT_IO;
		return err_at(ERR_IO, __FILE__, __LINE__);
	}
	err e = coprocess_list(p, cores, list, w->format, take_value, w);
	if (e == ERR_REQUEST) err_context("%s: ", in);
	return e;
}

static void tell_keys(void *ctx, uint64_t done, uint64_t of)
{
	ticker_parts(ctx, done >> 20, of >> 20);
}

/* The keys in the form in which they are used, once for all formats. */
static err prepare(coprocessor *p, work *w, const seeded_keyset *set, const ct_format *format, size_t formats, pool *cores)
{
	ticker t = ticker_begin("keys, MiB", w->files != NULL);
	const progress told = { &t, tell_keys };
	unsigned which = 0;

	for (size_t i = 0; i < formats; i++) which |= FORMAT_BIT(format[i]);
	err e = coprocessor_new(p, set, which, cores, &told);
	ticker_end(&t);
	if (e != OK) err_context("%s: ", args_text(&w->c->args, "keyset"));
	return e;
}

/* The blocks to bring over, so that the ticker knows its end.  Also refuses a malformed list before keys are expanded. */
static err look_at_list(size_t *blocks, slice *tag, const char *name, slice list)
{
	client_list l;
	arena a = arena_with_limit(MAX_TFHERS_FILE);

	err e = tfhers_read_list(&l, &a, list);
	if (e != OK) err_context("%s: ", name);
	else *tag = l.tag;
	for (size_t i = 0; e == OK && i < l.values; i++) {
		const data_kind *k = &l.value[i];
		const bool boolean = k->id == DATA_BOOL, known = boolean || k->id == DATA_UNSIGNED;
		if (known && fhe_type_by_blocks_var(boolean, k->blocks)) *blocks += k->blocks;
	}
	arena_free(&a);
	return e;
}

/* Keys and what is encrypted under them carry a tag.  Different ones may still fit (a key that was published again). */
static void note_tags(slice list, slice keyset)
{
	AUTO(buf) text = { 0 };

	if (list.n == 0 || keyset.n == 0 || slice_eq_var(list, keyset)) return;
	buf_put_str(&text, "note: the list is tagged ");
	buf_put_hex(&text, list);
	buf_put_str(&text, ", the key set ");
	buf_put_hex(&text, keyset);
	fprintf(stderr, "%s: if they are of different keys, the results are worthless\n", buf_str(&text));
}

static err every_format(work *w, slice keyset, slice list, const ct_format *format, size_t formats)
{
	const args *a = &w->c->args;
	coprocessor p = { 0 };
	seeded_keyset set;
	slice tag, list_tag;
	pool *cores;
	size_t blocks = 0;

	TRY(look_at_list(&blocks, &list_tag, args_text(a, "in"), list));
	err e = tfhers_read_keyset(&set, &tag, keyset);
	if (e != OK) err_context("%s: ", args_text(a, "keyset"));
	TRY(e);
	note_tags(list_tag, tag);
	TRY(pool_new(&cores, 0));
	e = prepare(&p, w, &set, format, formats, cores);
	w->ticker = ticker_begin("blocks", args_has(a, "json"));
	w->all = blocks * formats;
	ticker_parts(&w->ticker, 0, w->all);
	for (size_t i = 0; i < formats && e == OK; i++) {
		AUTO(buf) dir = { 0 };
		buf_put_str(&dir, args_text(a, "out-dir"));
		if (formats > 1) buf_printf(&dir, "/%s", ct_format_name(format[i]));
		w->format = format[i];
		w->dir = buf_str(&dir);
		e = one_format(w, cores, &p, list);
	}
	ticker_end(&w->ticker);
	coprocessor_free(&p);
	pool_free(&cores);
	return e;
}

static err read_formats(ct_format *out, size_t *count, cli *c)
{
	*count = args_count(&c->args, "format");
	if (*count == 0) return cli_usage(c, "--format F is missing");
	if (*count > CT_FORMATS) return cli_usage(c, "--format is given %zu times; there are four", *count);
	for (size_t i = 0; i < *count; i++) {
		const char *name = args_nth(&c->args, "format", i);
		if (!ct_format_by_name_var(&out[i], slice_str(name)))
			return cli_usage(c, "--format %s: there are small-expanded, small-compressed, big-expanded and big-compressed",
			                 name);
		for (size_t k = 0; k < i; k++)
			if (out[k] == out[i]) return cli_usage(c, "--format %s is given twice", name);
	}
	return OK;
}

static err run(cli *c)
{
	ct_format format[CT_FORMATS];
	size_t formats;
	input keyset, list;
	work w = { .c = c, .files = args_has(&c->args, "json") ? json_array() : NULL };

	err e = read_formats(format, &formats, c);
	if (e == OK) e = input_read(&list, c, args_text(&c->args, "in"), MAX_TFHERS_FILE, false);
	if (e == OK) {
		e = input_read(&keyset, c, args_text(&c->args, "keyset"), MAX_TFHERS_FILE, true);
		if (e == OK) {
			e = every_format(&w, keyset.bytes, list.bytes, format, formats);
			input_free(&keyset);
		}
		input_free(&list);
	}
	if (e == OK && w.files) print_json(w.files);
	else json_decref(w.files);
	return e;
}

const command COMMAND_COPROCESS = {
	.noun = "coprocess", .run = run, .options = OPTIONS,
	.line = "turn a client's list into ciphertexts that a KMS decrypts",
	.help =
	"What the coprocessor of a chain does with a client's input before a KMS sees it:\n"
	"expands the list with the published key set, one bootstrap a block, then squashes\n"
	"and compresses as the format asks. No secret is involved.\n"
	"\n"
	"Writes DIR/0.bin, DIR/1.bin, ... in the order of the list and prints a line for\n"
	"each: index, type, file. A value of a type that a KMS does not decrypt is passed\n"
	"over: its line says 'other -'.\n"
	"With several --format the files go to DIR/<format>/0.bin and so on.\n"
	"\n"
	"The keys are prepared first. With production parameters this takes seconds, and for\n"
	"the big formats 3 GB of memory; then a squashed block takes a tenth of a second of\n"
	"one core. Several formats in one call prepare the keys once.\n",
	.examples =
	"  arca coprocess --keyset keyset.bin --in list.bin --format big-compressed --out-dir cts\n"
	"  arca coprocess --keyset http://127.0.0.1:9646/PUB/CompressedXofKeySet/04... \\\n"
	"      --in list.bin --format small-expanded --format big-expanded --out-dir cts --json\n",
};
