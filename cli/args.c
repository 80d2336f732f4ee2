/* SPDX-License-Identifier: MIT */
/* cli/args.c -- one pass over the words, then the rules of the table. */
#include "cli/args.h"
#include <stdlib.h>

/* ---- what was meant ------------------------------------------------------------------------------------------ */

enum { MAX_WORD = 32 };

size_t word_distance(const char *a, const char *b, size_t most)
{
	size_t n = strlen(a), m = strlen(b), row[MAX_WORD + 1];

	if (n > MAX_WORD || m > MAX_WORD) return most + 1;
	for (size_t j = 0; j <= m; j++) row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			row[j] = size_min(change, 1 + size_min(row[j], row[j - 1]));
		}
	}
	return size_min(row[m], most + 1);
}

size_t word_nearness(const char *word, const char *b)
{
	size_t n = strlen(word);

	if (n >= 3 && strncmp(word, b, n) == 0) return 1;
	size_t near = 1 + n / 4, d = word_distance(word, b, near);
	return d <= near ? d : SIZE_MAX;
}

static const option *nearest(const option *options, const char *word)
{
	const option *best = NULL;
	size_t least = SIZE_MAX;

	for (const option *o = options; o->name; o++) {
		size_t d = word_nearness(word, o->name);
		if (d < least) least = d, best = o;
	}
	return best;
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

static const option *find(const option *options, slice name)
{
	for (const option *o = options; o->name; o++)
		if (slice_eq_var(slice_str(o->name), name)) return o;
	return NULL;
}

static err unknown(const option *options, const char *word)
{
	const option *o = nearest(options, word + 2);

	if (o) return err_fail(ERR_REQUEST, "there is no option %s; did you mean --%s?", word, o->name);
	return err_fail(ERR_REQUEST, "there is no option %s", word);
}

static err take_option(args *a, size_t *i, size_t count, char *const *words)
{
	const char *word = words[*i], *equals = strchr(word, '=');
	slice name = slice_of(word + 2, equals ? (size_t)(equals - word - 2) : strlen(word + 2));
	const option *o = find(a->options, name);

	if (!o) return unknown(a->options, word);
	if (o->rule != REPEATED && args_has(a, o->name)) return err_fail(ERR_REQUEST, "--%s is given twice", o->name);
	const char *value = "";
	if (o->value) {
		if (equals) value = equals + 1;
		else if (*i + 1 < count) value = words[++*i];
		else return err_fail(ERR_REQUEST, "--%s wants a value: --%s %s", o->name, o->name, o->value);
	} else if (equals) {
		return err_fail(ERR_REQUEST, "--%s takes no value", o->name);
	}
	a->given[a->givens++] = (given){ o, value };
	return OK;
}

static err check_rules(const args *a)
{
	const option *first = NULL, *last = NULL;
	size_t of_one = 0;

	for (const option *o = a->options; o->name; o++) {
		if (o->rule == REQUIRED && !args_has(a, o->name))
			return err_fail(ERR_REQUEST, "--%s %s is missing", o->name, o->value);
		if (o->rule == ONE_OF) {
			if (!first) first = o;
			last = o;
			of_one += args_has(a, o->name);
		}
	}
	if (first && of_one != 1)
		return err_fail(ERR_REQUEST, "give %s of --%s %s and --%s %s", of_one ? "only one" : "one",
		                first->name, first->value, last->name, last->value);
	return OK;
}

err args_read(args *out, const option *options, const char *plain_name, size_t most_plain,
              size_t count, char *const *words)
{
	args a = { .options = options };
	bool plain_only = false;
	err e = OK;

	a.given = calloc(count + 1, sizeof *a.given);
	a.plain = calloc(count + 1, sizeof *a.plain);
	ASSERT(a.given && a.plain);
	for (size_t i = 0; i < count && e == OK; i++) {
		const char *word = words[i];
		if (!plain_only && strcmp(word, "--") == 0) {
			plain_only = true;
		} else if (!plain_only && strncmp(word, "--", 2) == 0) {
			e = take_option(&a, &i, count, words);
		} else if (!plain_only && word[0] == '-' && word[1]) {
			e = err_fail(ERR_REQUEST, "there is no option %s; options are words, like --help", word);
		} else if (a.plains == most_plain) {
			e = most_plain ? err_fail(ERR_REQUEST, "'%s' is one %s too many", word, plain_name)
			               : err_fail(ERR_REQUEST, "'%s' stands alone: every value follows the option it belongs to", word);
		} else {
			a.plain[a.plains++] = word;
		}
	}
	if (e == OK) e = check_rules(&a);
	if (e != OK) args_free(&a);
	else *out = a;
	return e;
}

void args_free(args *a)
{
	free(a->given);
	free(a->plain);
	*a = (args){ 0 };
}

/* ---- asking -------------------------------------------------------------------------------------------------- */

const char *args_nth(const args *a, const char *name, size_t i)
{
	ASSERT(find(a->options, slice_str(name)));
	for (size_t k = 0; k < a->givens; k++)
		if (strcmp(a->given[k].option->name, name) == 0 && i-- == 0) return a->given[k].value;
	return NULL;
}

size_t args_count(const args *a, const char *name)
{
	size_t n = 0;

	while (args_nth(a, name, n)) n++;
	return n;
}

bool args_has(const args *a, const char *name)
{
	return args_nth(a, name, 0) != NULL;
}

const char *args_text(const args *a, const char *name)
{
	return args_nth(a, name, 0);
}

err args_number(int64_t *out, const args *a, const char *name, int64_t least, int64_t most, int64_t otherwise)
{
	const char *text = args_text(a, name);
	char *end = NULL;

	if (!text) {
		*out = otherwise;
		return OK;
	}
	long long x = strspn(text, "0123456789") == strlen(text) && strlen(text) <= 18 ? strtoll(text, &end, 10) : 0;
	if (!end || end == text || x < least || x > most)
		return err_fail(ERR_REQUEST, "--%s %s: wants a whole number from %lld to %lld", name, text,
		                (long long)least, (long long)most);
	*out = x;
	return OK;
}
