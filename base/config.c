/* SPDX-License-Identifier: MIT */
/*
 * base/config.c -- three passes over one table: the environment, the file's leaves, the fallbacks.
 *
 * A pass never replaces what an earlier one of higher rank has set, so the environment goes first.
 */
#include "base/config.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include "base/duration.h"
#include "base/file.h"
#include "base/toml.h"

enum { MAX_KEYS = 256, MAX_KEY_NAME = MAX_CONFIG_KEY, WHERE = 256 };

typedef struct loading {
	const config_schema *schema;
	uint8_t *out;
	const char *name;                /* of the file */
	bool  set[MAX_KEYS];
	bool  from_environment[MAX_KEYS], from_file[MAX_KEYS];
	err   failed;
	struct loading *row;             /* of the table of a list that is being read; in it, NULL   */
	size_t row_key, row_at;          /* which one that is; row_key is the number of keys if none */
	char   row_name[WHERE];
	config_place *where;             /* of the first failure; its key is empty before */
	const char *list;                /* that the table being read lies in; NULL */
} loading;

static void blame(loading *l, const char *key, unsigned line)
{
	if (l->where->key[0]) return;
	snprintf(l->where->key, sizeof l->where->key, "%.100s%s%.150s", l->list ? l->list : "", l->list ? "." : "", key);
	l->where->line = line;
}

/* ---- one value ---------------------------------------------------------------------------------------------- */

/* `where` says which line or variable the value came from. */
static err set_int(loading *l, size_t k, int64_t v, const char *where)
{
	const config_key *key = &l->schema->key[k];

	if (v < key->min || v > key->max)
		return err_fail(ERR_REQUEST, "%s: %s is %jd; it must be from %jd to %jd", where, key->name, (intmax_t)v,
		                (intmax_t)key->min, (intmax_t)key->max);
	memcpy(l->out + key->offset, &v, sizeof v);
	return OK;
}

static err set_bool(loading *l, size_t k, bool v)
{
	memcpy(l->out + l->schema->key[k].offset, &v, sizeof v);
	return OK;
}

static err set_text(loading *l, size_t k, const char *v, const char *where)
{
	const config_key *key = &l->schema->key[k];
	const size_t n = strlen(v), most = key->max ? (size_t)key->max : MAX_CONFIG_TEXT;

	if (n < (size_t)key->min || n > most)
		return err_fail(ERR_REQUEST, "%s: %s has %zu characters; it must have from %jd to %zu", where, key->name, n,
		                (intmax_t)key->min, most);
	char *copy = strdup(v);
	if (!copy) return err_fail(ERR_NOMEM, "no memory for the configuration");
	memcpy(l->out + key->offset, &copy, sizeof copy);
	return OK;
}

static err set_duration(loading *l, size_t k, const char *v, const char *where)
{
	const config_key *key = &l->schema->key[k];
	char least[DURATION_TEXT], most[DURATION_TEXT];
	int64_t ms;

	if (!duration_read(&ms, v))
		return err_fail(ERR_REQUEST, "%s: %s must be a time with its unit, as \"500ms\", \"3s\" or \"1h 30m\"", where, key->name);
	duration_text(least, key->min), duration_text(most, key->max);
	if (ms < key->min || ms > key->max)
		return err_fail(ERR_REQUEST, "%s: %s is %.32s; it must be from %s to %s", where, key->name, v, least, most);
	memcpy(l->out + key->offset, &ms, sizeof ms);
	return OK;
}

static config_list *list_at(const loading *l, size_t k)
{
	return (config_list *)(void *)(l->out + l->schema->key[k].offset);
}

static err add_item(loading *l, size_t k, const char *v, size_t n, const char *where)
{
	const config_key *key = &l->schema->key[k];
	config_list *list = list_at(l, k);

	if (n == 0 || n > MAX_CONFIG_TEXT)
		return err_fail(ERR_REQUEST, "%s: an entry of %s has %zu characters; it must have from 1 to %d", where, key->name, n,
		                MAX_CONFIG_TEXT);
	if (list->n >= (size_t)key->max)
		return err_fail(ERR_REQUEST, "%s: %s has more than %jd entries", where, key->name, (intmax_t)key->max);
	if (!list->item) list->item = calloc((size_t)key->max, sizeof *list->item);
	char *copy = list->item ? strndup(v, n) : NULL;
	if (!copy) return err_fail(ERR_NOMEM, "no memory for the configuration");
	list->item[list->n++] = copy;
	return OK;
}

/* "a,b,c"; the empty text is the empty list. */
static err set_list(loading *l, size_t k, const char *v, const char *where)
{
	for (const char *end; *v; v = *end ? end + 1 : end) {
		end = strchrnul(v, ',');
		TRY(add_item(l, k, v, (size_t)(end - v), where));
	}
	return OK;
}

static err set_from_text(loading *l, size_t k, const char *v, const char *where)
{
	const config_key *key = &l->schema->key[k];
	char *end;

	switch (key->type) {
	case CONFIG_TEXT:
		return set_text(l, k, v, where);
	case CONFIG_BOOL:
		if (!strcmp(v, "true") || !strcmp(v, "false")) return set_bool(l, k, v[0] == 't');
		return err_fail(ERR_REQUEST, "%s: %s must be true or false", where, key->name);
	case CONFIG_INT:
		errno = 0;
		long long number = strtoll(v, &end, 10);
		if (end == v || *end || errno || isspace((unsigned char)v[0]))
			return err_fail(ERR_REQUEST, "%s: %s must be a whole number", where, key->name);
		return set_int(l, k, number, where);
	case CONFIG_DURATION:
		return set_duration(l, k, v, where);
	case CONFIG_LIST:
		return set_list(l, k, v, where);
	case CONFIG_SECTION:
		return err_fail(ERR_REQUEST, "%s: %s is a section: set the keys in it", where, key->name);
	case CONFIG_ROWS:
		return err_fail(ERR_REQUEST, "%s: %s is a list of tables, for which there must be a file", where, key->name);
	case CONFIG_ALIAS:                 /* find() is past it */
	case CONFIG_REFUSED:
		break;
	}
	return err_fail(ERR_REQUEST, "%s: %s: %s", where, key->name, key->help);
}

static err set_from_leaf(loading *l, size_t k, const toml_leaf *leaf, const char *where)
{
	static const char *const KIND[TOML_KINDS] = {
		[TOML_TEXT] = "a text", [TOML_INTEGER] = "a whole number", [TOML_FLOAT] = "a number with a fraction",
		[TOML_BOOL] = "true or false", [TOML_TIME] = "a time", [TOML_TABLE] = "a table",
	};
	static const toml_kind WANTED[] = { [CONFIG_BOOL] = TOML_BOOL, [CONFIG_INT] = TOML_INTEGER, [CONFIG_TEXT] = TOML_TEXT,
	                                    [CONFIG_DURATION] = TOML_TEXT, [CONFIG_LIST] = TOML_TEXT, [CONFIG_SECTION] = TOML_TABLE, [CONFIG_ROWS] = TOML_TABLE };
	const config_key *key = &l->schema->key[k];

	if (key->type == CONFIG_REFUSED) return err_fail(ERR_REQUEST, "%s: %s: %s", where, key->name, key->help);
	const toml_kind wanted = WANTED[key->type];
	if (key->type == CONFIG_LIST && leaf->kind == TOML_TABLE && !leaf->arrays) return OK;       /* the empty one */
	if (leaf->arrays > (key->type == CONFIG_LIST) || leaf->kind != wanted)
		return err_fail(ERR_REQUEST, "%s: %s must be %s, not %s%s", where, key->name, KIND[wanted],
		                leaf->arrays ? "a list with " : "", KIND[leaf->kind]);
	switch (key->type) {
	case CONFIG_BOOL: return set_bool(l, k, leaf->integer);
	case CONFIG_INT:  return set_int(l, k, leaf->integer, where);
	case CONFIG_TEXT: return set_text(l, k, leaf->text, where);
	case CONFIG_DURATION: return set_duration(l, k, leaf->text, where);
	case CONFIG_LIST: return leaf->arrays ? add_item(l, k, leaf->text, strlen(leaf->text), where) : set_list(l, k, leaf->text, where);
	case CONFIG_SECTION:               /* empty */
	case CONFIG_ROWS:
	case CONFIG_ALIAS:
	case CONFIG_REFUSED: break;
	}
	return OK;
}

/* ---- which key ---------------------------------------------------------------------------------------------- */

/* What `name` has behind `start`; NULL if it does not begin with it. */
static const char *behind(const char *name, const char *start)
{
	while (*start && *name == *start) name++, start++;
	return *start ? NULL : name;
}

/* The key of that name, or the refused one it lies below; schema->keys if there is none. */
static size_t find(const config_schema *s, const char *name)
{
	for (size_t k = 0; k < s->keys; k++) {
		const char *rest = behind(name, s->key[k].name);
		if (!rest || (*rest && (s->key[k].type != CONFIG_REFUSED || *rest != '.'))) continue;
		return s->key[k].type == CONFIG_ALIAS ? find(s, s->key[k].help) : k;
	}
	return s->keys;
}

/* Is it the name of a section, which may be empty? */
static bool is_section(const config_schema *s, const char *name)
{
	for (size_t k = 0; k < s->keys; k++) {
		const char *rest = behind(s->key[k].name, name);
		if (s->key[k].type != CONFIG_REFUSED && rest && *rest == '.') return true;
	}
	return false;
}

/* Is `name` that of the section or of something in it? */
static bool lies_in(const char *name, const char *section)
{
	const char *rest = behind(name, section);
	return rest && (*rest == '\0' || *rest == '.');
}

/* Something of that name was given, so the sections around it are there. */
static void set_sections(loading *l, const char *name)
{
	for (size_t k = 0; k < l->schema->keys; k++) {
		const config_key *key = &l->schema->key[k];
		if (key->type == CONFIG_SECTION && lies_in(name, key->name)) *(bool *)(l->out + key->offset) = true;
	}
}

bool config_left_out(const config_schema *s, const void *values, const config_key *key)
{
	for (size_t k = 0; k < s->keys; k++)
		if (s->key[k].type == CONFIG_SECTION && lies_in(key->name, s->key[k].name) &&
		    !*(const bool *)((const uint8_t *)values + s->key[k].offset)) return true;
	return false;
}

static bool take_leaf(void *ctx, const toml_leaf *leaf);
static err take_fallbacks(loading *l);

/* ---- lists of tables ---------------------------------------------------------------------------------------- */

static config_rows *rows_at(const loading *l, size_t k)
{
	return (config_rows *)(void *)(l->out + l->schema->key[k].offset);
}

/* The table that was being read, if any, is complete. */
static err end_row(loading *l)
{
	if (!l->row || l->row_key == l->schema->keys) return OK;
	l->row_key = l->schema->keys;
	return take_fallbacks(l->row);
}

static err begin_row(loading *l, size_t k, size_t at, const char *where)
{
	const config_key *key = &l->schema->key[k];
	config_rows *rows = rows_at(l, k);
	const size_t size = key->row_size;

	TRY(end_row(l));
	if (at != rows->n) return err_fail(ERR_REQUEST, "%s: %s is set a second time", where, key->name);
	if (rows->n >= (size_t)key->max)
		return err_fail(ERR_REQUEST, "%s: %s has more than %jd tables", where, key->name, (intmax_t)key->max);
	void *more = realloc(rows->row, (rows->n + 1) * size);
	if (!more) return err_fail(ERR_NOMEM, "no memory for the configuration");
	rows->row = more;
	uint8_t *fresh = (uint8_t *)more + rows->n++ * size;
	memset(fresh, 0, size);
	snprintf(l->row_name, sizeof l->row_name, "%.128s, %s, table %zu", l->name, key->name, rows->n);
	*l->row = (loading){ .schema = key->rows, .out = fresh, .name = l->row_name, .where = l->where, .list = key->name };
	l->row_key = k;
	l->row_at = at;
	return OK;
}

/* The leaf goes to the schema of its table, with the key that it has there. */
static err take_row_leaf(loading *l, size_t k, const toml_leaf *leaf, const char *where)
{
	toml_leaf inner = *leaf;

	if (leaf->arrays == 0) return set_from_leaf(l, k, leaf, where);
	if (l->row_key != k || l->row_at != leaf->row) TRY(begin_row(l, k, leaf->row, where));
	inner.key += leaf->list;
	inner.arrays--;
	if (*inner.key == '\0') {
		if (leaf->arrays == 1 && leaf->kind == TOML_TABLE) return OK;        /* an empty one */
		return err_fail(ERR_REQUEST, "%s: %s must be a list of tables", where, l->schema->key[k].name);
	}
	inner.key++;
	(void)take_leaf(l->row, &inner);
	return l->row->failed;
}

/* The list that the leaf lies in; schema->keys if it lies in none that is known. */
static size_t find_rows(const config_schema *s, const toml_leaf *leaf)
{
	for (size_t k = 0; k < s->keys; k++) {
		const config_key *key = &s->key[k];
		if (key->type != CONFIG_ROWS) continue;
		const char *rest = behind(leaf->key, key->name);
		if (rest && (leaf->arrays ? (size_t)(rest - leaf->key) == leaf->list : *rest == '\0')) return k;
	}
	return s->keys;
}

/* ---- the file ----------------------------------------------------------------------------------------------- */

/* One of the texts of a list, each of which is a leaf. */
static bool is_entry(const loading *l, size_t k, const toml_leaf *leaf)
{
	return l->schema->key[k].type == CONFIG_LIST && leaf->arrays;
}

static bool take_leaf(void *ctx, const toml_leaf *leaf)
{
	loading *l = ctx;
	char where[WHERE];

	snprintf(where, sizeof where, "%s, line %u", l->name, leaf->line);
	set_sections(l, leaf->key);
	const size_t rows = find_rows(l->schema, leaf);
	if (rows < l->schema->keys) {
		l->failed = take_row_leaf(l, rows, leaf, where);
		if (l->failed != OK) blame(l, leaf->key, leaf->line);
		return l->failed == OK;
	}
	if (leaf->kind == TOML_TABLE && !leaf->arrays && is_section(l->schema, leaf->key)) return true;
	size_t k = find(l->schema, leaf->key);
	if (k == l->schema->keys)
		l->failed = err_fail(ERR_REQUEST, "%s: there is no key %.*s", where, MAX_KEY_NAME, leaf->key);
	else if (l->from_file[k] && !is_entry(l, k, leaf))       /* two spellings of one name, which TOML takes for two keys */
		l->failed = err_fail(ERR_REQUEST, "%s: %s is set a second time", where, l->schema->key[k].name);
	else if (!l->from_environment[k])
		l->failed = set_from_leaf(l, k, leaf, where), l->set[k] = true;
	if (k < l->schema->keys) l->from_file[k] = true;
	if (l->failed != OK) blame(l, leaf->key, leaf->line);
	return l->failed == OK;
}

/* ---- the environment, and what nobody set ------------------------------------------------------------------- */

/* SERVICE__LISTEN_PORT to service.listen_port.  False if it does not fit. */
static bool key_name(char out[static MAX_KEY_NAME], slice variable)
{
	size_t n = 0;

	for (size_t i = 0; i < variable.n; i++) {
		if (n + 1 >= MAX_KEY_NAME) return false;
		bool dot = variable.p[i] == '_' && i + 1 < variable.n && variable.p[i + 1] == '_';
		out[n++] = dot ? '.' : (char)tolower(variable.p[i]);
		i += dot;
	}
	out[n] = '\0';
	return true;
}

static err take_variables(loading *l, const char *prefix, char *const *environment)
{
	const size_t skip = strlen(prefix);

	for (char *const *v = environment; v && *v; v++) {
		const char *equals = strchr(*v, '=');
		char name[MAX_KEY_NAME], where[WHERE];
		if (!equals || strncmp(*v, prefix, skip)) continue;

		snprintf(where, sizeof where, "environment variable %.*s", (int)size_min((size_t)(equals - *v), WHERE - 32), *v);
		size_t k = l->schema->keys;
		const bool fits = key_name(name, slice_of(*v + skip, (size_t)(equals - *v) - skip));
		if (fits) k = find(l->schema, name);
		err e = k < l->schema->keys ? OK : err_fail(ERR_REQUEST, "%s: there is no such key", where);
		if (e == OK && l->set[k]) continue;
		if (e == OK) e = set_from_text(l, k, equals + 1, where);
		if (e != OK) blame(l, fits ? name : "", 0);
		TRY(e);
		set_sections(l, l->schema->key[k].name);
		l->set[k] = l->from_environment[k] = true;
	}
	return OK;
}

/* Is it one whose value is secret?  equals: its sign. */
static bool is_secret(const config_schema *schema, const char *prefix, const char *variable, const char *equals)
{
	const size_t skip = strlen(prefix);
	char name[MAX_KEY_NAME];

	if (strncmp(variable, prefix, skip) || !key_name(name, slice_of(variable + skip, (size_t)(equals - variable) - skip))) return false;
	const size_t k = find(schema, name);
	return k < schema->keys && schema->key[k].secret;
}

void config_wipe_environment(const config_schema *schema, char *const *environment)
{
	for (char *const *v = environment; v && *v; v++) {
		char *equals = strchr(*v, '=');
		for (const char *const *p = schema->prefix; equals && *p; p++)
			if (is_secret(schema, *p, *v, equals)) wipe(equals + 1, strlen(equals + 1));
	}
}

static err take_fallbacks(loading *l)
{
	for (size_t k = 0; k < l->schema->keys; k++) {
		const config_key *key = &l->schema->key[k];
		if (l->set[k] || key->type == CONFIG_REFUSED || key->type == CONFIG_SECTION || key->type == CONFIG_ALIAS) continue;
		if (config_left_out(l->schema, l->out, key)) continue;
		if (key->type == CONFIG_ROWS) {
			if (rows_at(l, k)->n >= (size_t)key->min) continue;
			blame(l, key->name, 0);
			return err_fail(ERR_REQUEST, "%s: %s has %zu tables; at least %jd are needed: %s", l->name, key->name,
			                rows_at(l, k)->n, (intmax_t)key->min, key->help);
		}
		if (!key->fallback) {
			blame(l, key->name, 0);
			return err_fail(ERR_REQUEST, "%s: the key %s is missing: %s", l->name, key->name, key->help);
		}
		TRY(set_from_text(l, k, key->fallback, "default"));
	}
	for (size_t k = 0; k < l->schema->keys; k++) {
		const config_key *key = &l->schema->key[k];
		if (key->type != CONFIG_LIST || list_at(l, k)->n >= (size_t)key->min) continue;
		if (config_left_out(l->schema, l->out, key)) continue;
		blame(l, key->name, 0);
		return err_fail(ERR_REQUEST, "%s: %s has %zu entries; at least %jd are needed: %s", l->name, key->name, list_at(l, k)->n,
		                (intmax_t)key->min, key->help);
	}
	return OK;
}

static err load(loading *l, slice text, char *const *environment)
{
	char why[WHERE];

	for (const char *const *p = l->schema->prefix; *p; p++) TRY(take_variables(l, *p, environment));
	if (!toml_walk(why, sizeof why, (const char *)text.p, text.n, take_leaf, l)) {
		if (sscanf(why, "line %u", &l->where->line) != 1) l->where->line = 0;
		return err_fail(ERR_REQUEST, "%s is not TOML: %s", l->name, why);
	}
	TRY(l->failed);
	TRY(end_row(l));
	return take_fallbacks(l);
}

err config_read_where(config_place *where, void *out, const config_schema *schema, const char *name, slice text,
                      char *const *environment)
{
	loading row, l = { .schema = schema, .out = out, .name = name, .row = &row, .row_key = schema->keys, .where = where };

	ASSERT(schema->keys <= MAX_KEYS);
	*where = (config_place){ 0 };
	if (text.n > MAX_CONFIG_FILE) return err_fail(ERR_REQUEST, "%s is longer than %d bytes", name, MAX_CONFIG_FILE);
	err e = load(&l, text, environment);
	if (e != OK) config_free(out, schema);
	return e;
}

err config_read(void *out, const config_schema *schema, const char *name, slice text, char *const *environment)
{
	config_place where;

	return config_read_where(&where, out, schema, name, text, environment);
}

err config_load(void *out, const config_schema *schema, const char *file, char *const *environment)
{
	buf text = { 0 };

	err e = file ? file_read(&text, file, MAX_CONFIG_FILE) : OK;
	if (e == OK) e = config_read(out, schema, file ? file : "configuration", buf_slice(&text), environment);
	buf_free(&text);
	return e;
}

typedef struct finding { config_place *where; const char *key; size_t row; } finding;

static bool is_it(void *ctx, const toml_leaf *leaf)
{
	const finding *f = ctx;

	if (f->row && (!leaf->arrays || leaf->row != f->row - 1 || strncmp(leaf->key, f->key, leaf->list))) return true;
	if (f->row && !f->where->line) f->where->line = leaf->line;      /* of the table, if the key is not in it */
	if (!lies_in(leaf->key, f->key)) return true;
	f->where->line = leaf->line;
	return false;
}

void config_find(config_place *where, slice text, const char *key, size_t row)
{
	finding f = { where, key, row };
	char why[WHERE];

	*where = (config_place){ 0 };
	snprintf(where->key, sizeof where->key, "%s", key);
	(void)toml_walk(why, sizeof why, (const char *)text.p, text.n, is_it, &f);
}

void config_free(void *out, const config_schema *schema)
{
	for (size_t k = 0; k < schema->keys; k++) {
		const config_key *key = &schema->key[k];
		uint8_t *at = (uint8_t *)out + key->offset;
		if (key->type == CONFIG_TEXT) {
			char *p;
			memcpy(&p, at, sizeof p);
			if (p && key->secret) wipe(p, strlen(p));
			free(p);
			memset(at, 0, sizeof p);
		} else if (key->type == CONFIG_LIST) {
			config_list *list = (config_list *)(void *)at;
			for (size_t i = 0; i < list->n; i++) free(list->item[i]);
			free(list->item);
			*list = (config_list){ 0 };
		} else if (key->type == CONFIG_ROWS) {
			config_rows *rows = (config_rows *)(void *)at;
			for (size_t i = 0; i < rows->n; i++) config_free((uint8_t *)rows->row + i * key->row_size, key->rows);
			free(rows->row);
			*rows = (config_rows){ 0 };
		}
	}
}
