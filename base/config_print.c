/* SPDX-License-Identifier: MIT */
/* base/config_print.c -- a configuration as a document that reads back as the same, and the list of what may be in one. */
#include "base/config.h"
#include "base/duration.h"

static char *text_at(const void *values, const config_key *key)
{
	char *p;
	memcpy(&p, (const uint8_t *)values + key->offset, sizeof p);
	return p;
}

static bool truth_at(const void *values, const config_key *key)
{
	bool truth;
	memcpy(&truth, (const uint8_t *)values + key->offset, sizeof truth);
	return truth;
}

static void print_text(buf *out, const char *s)
{
	buf_put_u8(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\') buf_printf(out, "\\%c", *s);
		else if ((unsigned char)*s < 0x20 || *s == 0x7f) buf_printf(out, "\\u%04x", (unsigned char)*s);
		else buf_put_u8(out, (uint8_t)*s);
	}
	buf_put_u8(out, '"');
}

static config_list list_at(const void *values, const config_key *key)
{
	config_list list;
	memcpy(&list, (const uint8_t *)values + key->offset, sizeof list);
	return list;
}

static void print_list(buf *out, config_list list)
{
	buf_put_str(out, "[");
	for (size_t i = 0; i < list.n; i++) {
		buf_put_str(out, i ? ", " : "");
		print_text(out, list.item[i]);
	}
	buf_put_str(out, "]");
}

static void print_value(buf *out, const config_key *key, const void *values)
{
	char duration[DURATION_TEXT];
	int64_t number;

	switch (key->type) {
	case CONFIG_INT:
		memcpy(&number, (const uint8_t *)values + key->offset, sizeof number);
		buf_printf(out, "%jd", (intmax_t)number);
		break;
	case CONFIG_BOOL:
		buf_put_str(out, truth_at(values, key) ? "true" : "false");
		break;
	case CONFIG_TEXT:
		print_text(out, text_at(values, key));
		break;
	case CONFIG_DURATION:
		memcpy(&number, (const uint8_t *)values + key->offset, sizeof number);
		duration_text(duration, number);
		print_text(out, duration);
		break;
	case CONFIG_LIST:
		print_list(out, list_at(values, key));
		break;
	case CONFIG_SECTION:
	case CONFIG_ROWS:
	case CONFIG_ALIAS:
	case CONFIG_REFUSED:
		break;
	}
}

static bool has_value(const config_key *key)
{
	return key->type <= CONFIG_LIST;
}

/* An empty text that is empty by default: left out, for a key may stand inside another only if that has no value. */
static bool goes_without_saying(const config_key *key, const void *values)
{
	if (!key->fallback || *key->fallback) return false;
	return (key->type == CONFIG_TEXT && !*text_at(values, key)) || (key->type == CONFIG_LIST && !list_at(values, key).n);
}

static void print_values(buf *out, const config_schema *schema, const void *values)
{
	for (size_t k = 0; k < schema->keys; k++) {
		const config_key *key = &schema->key[k];
		if (!has_value(key) || config_left_out(schema, values, key) || goes_without_saying(key, values)) continue;
		buf_printf(out, "%s = ", key->name);
		if (key->secret) buf_put_str(out, "\"***\"");
		else print_value(out, key, values);
		buf_put_str(out, "\n");
	}
}

void config_print(buf *out, const config_schema *schema, const void *values)
{
	print_values(out, schema, values);
	/* Behind the header of a table every key belongs to that table, so lists come last. */
	for (size_t k = 0; k < schema->keys; k++) {
		const config_key *key = &schema->key[k];
		config_rows rows;
		if (key->type != CONFIG_ROWS) continue;
		memcpy(&rows, (const uint8_t *)values + key->offset, sizeof rows);
		for (size_t i = 0; i < rows.n; i++) {
			buf_printf(out, "[[%s]]\n", key->name);
			print_values(out, key->rows, (const uint8_t *)rows.row + i * key->row_size);
		}
	}
}

static void put_help(buf *out, const char *list, const config_schema *schema)
{
	for (size_t k = 0; k < schema->keys; k++) {
		const config_key *key = &schema->key[k];
		char name[128];
		if (key->type == CONFIG_ROWS) put_help(out, key->name, key->rows);
		if (!has_value(key)) continue;
		snprintf(name, sizeof name, "%s%s%s", list ? list : "", list ? "[]." : "", key->name);
		buf_printf(out, "  %-36s %s", name, key->help);
		if (key->fallback) buf_printf(out, " (%s)", key->fallback[0] ? key->fallback : "empty");
		else buf_put_str(out, " (required)");
		buf_put_str(out, "\n");
	}
}

void config_help(buf *out, const config_schema *schema)
{
	put_help(out, NULL, schema);
}

/* ---- one key ------------------------------------------------------------------------------------------------- */

/* The key, which may stand in a table of a list or below one that is refused; NULL if there is none. */
static const config_key *key_of(const config_schema *schema, const char *name)
{
	for (size_t k = 0; k < schema->keys; k++) {
		const config_key *key = &schema->key[k];
		const size_t n = strlen(key->name);
		if (strncmp(name, key->name, n)) continue;
		if (name[n] == '\0' && key->type == CONFIG_ALIAS) return key_of(schema, key->help);
		if (name[n] == '\0' || (key->type == CONFIG_REFUSED && name[n] == '.')) return key;
		if (key->type == CONFIG_ROWS && name[n] == '.') return key_of(key->rows, name + n + 1);
	}
	return NULL;
}

bool config_explain(buf *out, const config_schema *schema, const char *name)
{
	const config_key *key = key_of(schema, name);

	if (!key) return false;
	switch (key->type) {
	case CONFIG_BOOL: buf_put_str(out, "true or false: "); break;
	case CONFIG_INT:  buf_printf(out, "a whole number from %jd to %jd: ", (intmax_t)key->min, (intmax_t)key->max); break;
	case CONFIG_TEXT: buf_put_str(out, "a text in quotes: "); break;
	case CONFIG_DURATION: buf_put_str(out, "a time in quotes, as \"500ms\" or \"3s\": "); break;
	case CONFIG_LIST: buf_put_str(out, "a list of texts, [\"...\", \"...\"]: "); break;
	case CONFIG_ROWS: buf_printf(out, "a list of tables, [[%s]]: ", key->name); break;
	case CONFIG_SECTION: buf_put_str(out, "a section"); break;
	case CONFIG_ALIAS:                 /* key_of is past it */
	case CONFIG_REFUSED: break;
	}
	if (key->help) buf_put_str(out, key->help);
	return true;
}

void config_names(const config_schema *schema, void (*each)(void *ctx, const char *name), void *ctx)
{
	for (size_t k = 0; k < schema->keys; k++) {
		const config_key *key = &schema->key[k];
		char name[MAX_CONFIG_KEY];
		if (has_value(key)) each(ctx, key->name);
		for (size_t i = 0; key->type == CONFIG_ROWS && i < key->rows->keys; i++) {
			if (!has_value(&key->rows->key[i])) continue;
			snprintf(name, sizeof name, "%s.%s", key->name, key->rows->key[i].name);
			each(ctx, name);
		}
	}
}
