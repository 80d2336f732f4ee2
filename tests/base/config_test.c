/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include "base/config.h"
#include "tests/base/freed.h"
#include "tests/test.h"

typedef struct settings { char *name, *password; int64_t port; bool quick; } settings;

static const config_key KEYS[] = {
	{ "service.name", CONFIG_TEXT, offsetof(settings, name), .max = 20, .fallback = "nobody", .help = "what it is called" },
	{ "service.password", CONFIG_TEXT, offsetof(settings, password), .fallback = "", .secret = true, .help = "what it whispers" },
	{ "service.port", CONFIG_INT, offsetof(settings, port), .min = 1, .max = 65535, .help = "where it listens" },
	{ "service.quick", CONFIG_BOOL, offsetof(settings, quick), .fallback = "false", .help = "whether it hurries" },
	{ "cluster", CONFIG_REFUSED, .help = "this program runs alone" },
};
static const char *const PREFIX[] = { "NEW__", "OLD__", NULL };
static const config_schema SCHEMA = { KEYS, COUNT(KEYS), PREFIX };
static char *const NOTHING[] = { "PATH=/bin", NULL };

static err read_config(settings *s, const char *text, char *const *environment)
{
	*s = (settings){ 0 };
	return config_read(s, &SCHEMA, "test.toml", slice_str(text), environment);
}

static void refused(const char *text, char *const *environment, const char *where, const char *what)
{
	settings s;

	assert_int_equal(read_config(&s, text, environment), ERR_REQUEST);
	if (!strstr(err_text(), where) || !strstr(err_text(), what)) print_error("%s\n", err_text());
	assert_non_null(strstr(err_text(), where));
	assert_non_null(strstr(err_text(), what));
	assert_null(s.name);
	err_clear();
}

static void the_environment_stands_above_the_file_and_the_file_above_the_fallback(void **state)
{
	(void)state;
	char *const environment[] = { "OLD__SERVICE__PORT=3", "NEW__SERVICE__PORT=2", "OLD__SERVICE__NAME=old", NULL };
	settings s;

	assert_ok(read_config(&s, "[service]\nport = 1\n", NOTHING));
	assert_string_equal(s.name, "nobody");
	assert_int_equal(s.port, 1);
	assert_false(s.quick);
	config_free(&s, &SCHEMA);
	assert_null(s.name);
	assert_ok(read_config(&s, "service.port = 1\nservice.name = 'file'\nservice.quick = true\n", environment));
	assert_string_equal(s.name, "old");
	assert_int_equal(s.port, 2);
	assert_true(s.quick);
	config_free(&s, &SCHEMA);
}

static void a_key_that_nobody_knows_is_an_error(void **state)
{
	(void)state;
	char *const environment[] = { "NEW__SERVICE__PROT=2", NULL };

	refused("[service]\nport = 1\nprot = 2\n", NOTHING, "line 3", "service.prot");
	refused("[service]\nport = 1\nprot = []\n", NOTHING, "line 3", "service.prot");
	refused("[service]\nport = 1\n[other]\n", NOTHING, "line 3", "other");
	refused("[service]\nport = 1\n[service.port2]\n", NOTHING, "line 3", "port2");
	refused("[service]\nport = 1\n", environment, "NEW__SERVICE__PROT", "no such key");
}

static void a_missing_or_refused_key_is_named_with_its_help(void **state)
{
	(void)state;
	refused("", NOTHING, "service.port", "where it listens");
	refused("[service]\nport = 1\n[cluster]\nsize = 4\n", NOTHING, "line 4", "this program runs alone");
	refused("[service]\nport = 1\n[cluster]\n", NOTHING, "line 3", "this program runs alone");
}

static void a_value_of_the_wrong_type_or_size_is_an_error(void **state)
{
	(void)state;
	static const char *const NUMBERS[] = { "0", "65536", "-1", "99999999999999999999", "", " 1", "1 ", "0x1", "one" };

	refused("[service]\nport = 0\n", NOTHING, "line 2", "from 1 to 65535");
	refused("[service]\nport = 65536\n", NOTHING, "line 2", "from 1 to 65535");
	refused("[service]\nport = '1'\n", NOTHING, "line 2", "a whole number");
	refused("[service]\nport = 1.5\n", NOTHING, "line 2", "a number with a fraction");
	refused("[service]\nport = [1]\n", NOTHING, "line 2", "a list");
	refused("[service]\nport = 1\nquick = 1\n", NOTHING, "line 3", "true or false");
	refused("[service]\nport = 1\nname = 'more than twenty letters'\n", NOTHING, "line 3", "from 0 to 20");
	refused("[service\n", NOTHING, "test.toml", "not TOML");
	for (unsigned i = 0; i < COUNT(NUMBERS); i++) {
		char variable[64];
		snprintf(variable, sizeof variable, "NEW__SERVICE__PORT=%s", NUMBERS[i]);
		refused("", (char *[]){ variable, NULL }, "NEW__SERVICE__PORT", "service.port");
	}
}

static void a_key_in_two_spellings_is_set_once(void **state)
{
	(void)state;
	char *const environment[] = { "NEW__SERVICE__NAME=c", NULL };

	refused("'service.name' = 'a'\n[service]\nport = 1\nname = 'b'\n", NOTHING, "test.toml, line", "service.name is set a second time");
	refused("'service.port' = 1\n[service]\nport = 1\n", NOTHING, "test.toml, line", "service.port is set a second time");
	refused("'service.name' = 'a'\n[service]\nport = 1\nname = 'b'\n", environment, "test.toml, line", "a second time");
}

static void a_text_may_hold_any_character_wherever_it_stands(void **state)
{
	(void)state;
	settings s;

	/* The parser asks of each character here whether it is white space. */
	assert_ok(read_config(&s, "service.port = 1\nservice.name = \"\"\"\\\n  \u00e9t\u00e9\"\"\"\n", NOTHING));
	assert_string_equal(s.name, "\u00e9t\u00e9");
	config_free(&s, &SCHEMA);
	assert_ok(read_config(&s, "'service'.\"name\" = '\u00e9'   # \u00e9\nservice.port = 1\n", NOTHING));
	assert_string_equal(s.name, "\u00e9");
	config_free(&s, &SCHEMA);
	refused("service.port = 1\"\u00e9\"\n", NOTHING, "line 1", "not TOML");
	refused("service.port = 1\nservice.name = 1[\"\u00e9\"]\n", NOTHING, "line 2", "not TOML");
	refused("service.port = 1\n[servic\u00e9]\n", NOTHING, "line 2", "not TOML");
	refused("service.port = 1 \u00e9\n", NOTHING, "line 1", "not TOML");
	refused("service.port = \u2003 1\n", NOTHING, "line 1", "not TOML");
}

static void a_key_has_a_name_and_so_many_parts(void **state)
{
	(void)state;
	enum { PARTS = 100000 };
	char *deep = malloc(2 * PARTS + sizeof "= 1");

	assert_non_null(deep);
	for (unsigned i = 0; i < PARTS; i++) deep[2 * i] = 'a', deep[2 * i + 1] = '.';
	strcpy(deep + 2 * PARTS - 1, "= 1");
	refused(deep, NOTHING, "line 1", "more than 16 parts");
	deep[0] = '{', memcpy(deep + 2 * PARTS - 1, "}", 2);
	refused(deep, NOTHING, "line 1", "more than 16 parts");
	free(deep);
	refused("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1\n", NOTHING, "line 1", "there is no key a.a.a");
	refused("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1\n", NOTHING, "line 1", "more than 16 parts");
	refused("service.port = 1\n\"\" = 5\n", NOTHING, "line 2", "there is no key");
	refused("\"\".service.port = 1\n", NOTHING, "line 1", "there is no key .service.port");
	refused("\"service.port\\u0000x\" = 1\n", NOTHING, "test.toml", "a key holds a zero character");
}

static void a_text_may_be_as_long_as_its_key_says(void **state)
{
	(void)state;
	settings s;

	assert_ok(read_config(&s, "service.port = 1\nservice.name = '12345678901234567890'\n", NOTHING));
	assert_string_equal(s.name, "12345678901234567890");
	config_free(&s, &SCHEMA);
	refused("service.port = 1\nservice.name = '123456789012345678901'\n", NOTHING, "line 2", "has 21 characters");

	/* Where the key says nothing. */
	char text[MAX_CONFIG_TEXT + 64] = "service.port = 1\nservice.password = '";
	const size_t front = strlen(text);
	memset(text + front, 'x', MAX_CONFIG_TEXT);
	text[front + MAX_CONFIG_TEXT] = '\'';
	assert_ok(read_config(&s, text, NOTHING));
	assert_int_equal(strlen(s.password), MAX_CONFIG_TEXT);
	config_free(&s, &SCHEMA);
	text[front + MAX_CONFIG_TEXT] = 'x';
	text[front + MAX_CONFIG_TEXT + 1] = '\'';
	refused(text, NOTHING, "line 2", "from 0 to 4096");
}

static void a_text_may_not_be_shorter_than_its_key_says(void **state)
{
	(void)state;
	static const config_key KEY[] = {
		{ "name", CONFIG_TEXT, offsetof(settings, name), .min = 3, .fallback = "abc", .help = "" },
	};
	static const config_schema NAMED = { KEY, COUNT(KEY), PREFIX };
	settings s = { 0 };

	assert_err(ERR_REQUEST, config_read(&s, &NAMED, "test.toml", slice_str("name = 'ab'"), NOTHING));
	assert_ok(config_read(&s, &NAMED, "test.toml", slice_str("name = 'abd'"), NOTHING));
	assert_string_equal(s.name, "abd");
	config_free(&s, &NAMED);
}

static void a_truth_in_the_environment_is_true_or_false(void **state)
{
	(void)state;
	static const char *const WRONG[] = { "", "1", "TRUE", "true ", "yes", "falsehood" };
	settings s;

	assert_ok(read_config(&s, "service.port = 1\n", (char *[]){ "NEW__SERVICE__QUICK=true", NULL }));
	assert_true(s.quick);
	config_free(&s, &SCHEMA);
	assert_ok(read_config(&s, "service.port = 1\nservice.quick = true\n", (char *[]){ "NEW__SERVICE__QUICK=false", NULL }));
	assert_false(s.quick);
	config_free(&s, &SCHEMA);
	for (unsigned i = 0; i < COUNT(WRONG); i++) {
		char variable[64];
		snprintf(variable, sizeof variable, "NEW__SERVICE__QUICK=%s", WRONG[i]);
		refused("service.port = 1\n", (char *[]){ variable, NULL }, "NEW__SERVICE__QUICK", "true or false");
	}
}

static void a_document_may_have_so_many_bytes_and_no_more(void **state)
{
	(void)state;
	static uint8_t text[MAX_CONFIG_FILE + 1];
	settings s = { 0 };

	memset(text, '\n', sizeof text);
	memcpy(text, "service.port = 1", strlen("service.port = 1"));
	assert_ok(config_read(&s, &SCHEMA, "test.toml", slice_of(text, MAX_CONFIG_FILE), NOTHING));
	config_free(&s, &SCHEMA);
	assert_err(ERR_REQUEST, config_read(&s, &SCHEMA, "test.toml", slice_of(text, MAX_CONFIG_FILE + 1), NOTHING));
}

static void secrets_are_neither_printed_nor_left_in_the_heap(void **state)
{
	(void)state;
	static const char WORD[] = "open sesame, please";
	char *const environment[] = { "NEW__SERVICE__PASSWORD=open sesame, please", NULL };
	settings s;
	buf out = { 0 };

	assert_ok(read_config(&s, "service.port = 1\nservice.name = 'a \"b\"'\n", environment));
	assert_string_equal(s.password, WORD);
	config_print(&out, &SCHEMA, &s);
	assert_string_equal(buf_str(&out), "service.name = \"a \\\"b\\\"\"\nservice.password = \"***\"\nservice.port = 1\nservice.quick = false\n");
	freed_watch(slice_str(WORD));
	config_free(&s, &SCHEMA);
	assert_true(freed_blocks() >= 2);
	assert_int_equal(freed_dirty(), 0);
	freed_watch((slice){ 0 });
	buf_free(&out);
}

static void help_names_every_key_its_fallback_and_what_is_required(void **state)
{
	(void)state;
	buf out = { 0 };

	config_help(&out, &SCHEMA);
	assert_non_null(strstr(buf_str(&out), "what it is called (nobody)\n"));
	assert_non_null(strstr(buf_str(&out), "what it whispers (empty)\n"));
	assert_non_null(strstr(buf_str(&out), "where it listens (required)\n"));
	assert_null(strstr(buf_str(&out), "runs alone"));
	buf_free(&out);
}

static void a_file_that_is_missing_is_not_found(void **state)
{
	(void)state;
	char *const environment[] = { "NEW__SERVICE__PORT=7", NULL };
	settings s = { 0 };

	assert_err(ERR_NOT_FOUND, config_load(&s, &SCHEMA, "/nowhere/test.toml", NOTHING));
	assert_ok(config_load(&s, &SCHEMA, NULL, environment));
	assert_int_equal(s.port, 7);
	config_free(&s, &SCHEMA);
}

/* ---- sections that may lack, and lists of tables ------------------------------------------------------------- */

typedef struct member { char *name, *note; int64_t age; } member;
typedef struct club { bool present; char *title; int64_t seats; config_rows members; } club;

static const config_key MEMBER_KEYS[] = {
	{ "name", CONFIG_TEXT, offsetof(member, name), .min = 1, .help = "who it is" },
	{ "name.note", CONFIG_TEXT, offsetof(member, note), .fallback = "", .help = "what is said of them" },
	{ "age", CONFIG_INT, offsetof(member, age), .max = 150, .fallback = "20", .help = "in years" },
	{ "secret", CONFIG_REFUSED, .help = "members have none" },
};
static const config_schema MEMBER = { MEMBER_KEYS, COUNT(MEMBER_KEYS), NULL };
static const config_key CLUB_KEYS[] = {
	{ "club", CONFIG_SECTION, offsetof(club, present), .help = "whether there is one" },
	{ "club.title", CONFIG_TEXT, offsetof(club, title), .help = "what it is called" },
	{ "club.seats", CONFIG_INT, offsetof(club, seats), .max = 9, .fallback = "3", .help = "how many fit" },
	{ "club.members", CONFIG_ROWS, offsetof(club, members), .min = 1, .max = 2, .help = "who is in it", .rows = &MEMBER,
	  .row_size = sizeof(member) },
};
static const config_schema CLUB = { CLUB_KEYS, COUNT(CLUB_KEYS), PREFIX };

static void club_refused(const char *text, char *const *environment, const char *where, const char *what)
{
	club c = { 0 };

	assert_int_equal(config_read(&c, &CLUB, "club.toml", slice_str(text), environment), ERR_REQUEST);
	if (!strstr(err_text(), where) || !strstr(err_text(), what)) print_error("%s\n", err_text());
	assert_non_null(strstr(err_text(), where));
	assert_non_null(strstr(err_text(), what));
	assert_true(c.members.row == NULL && c.members.n == 0 && c.title == NULL);
	err_clear();
}

static void keys_of_a_section_that_is_not_there_are_not_required(void **state)
{
	(void)state;
	club c = { 0 };
	buf out = { 0 };

	assert_ok(config_read(&c, &CLUB, "club.toml", (slice){ 0 }, NOTHING));
	assert_false(c.present);
	assert_true(c.title == NULL && c.members.n == 0);
	config_print(&out, &CLUB, &c);
	assert_int_equal(out.n, 0);
	config_free(&c, &CLUB);
	buf_free(&out);
	club_refused("[club]\n", NOTHING, "club.title", "missing");
	club_refused("[club]\nseats = 1\n", NOTHING, "club.title", "missing");
	club_refused("", (char *[]){ "NEW__CLUB__SEATS=1", NULL }, "club.title", "missing");
	club_refused("club = 1\n", NOTHING, "line 1", "club must be a table");
	club_refused("", (char *[]){ "NEW__CLUB=1", NULL }, "NEW__CLUB", "set the keys in it");
}

static void a_list_of_tables_is_read_table_by_table(void **state)
{
	(void)state;
	club c = { 0 };

	assert_ok(config_read(&c, &CLUB, "club.toml", slice_str("[club]\ntitle = 't'\n[[club.members]]\nname = 'a'\n"
	                      "[[club.members]]\nname = 'b'\nage = 7\n"), NOTHING));
	assert_true(c.present);
	assert_int_equal(c.members.n, 2);
	const member *m = c.members.row;
	assert_string_equal(m[0].name, "a");
	assert_int_equal(m[0].age, 20);
	assert_string_equal(m[1].name, "b");
	assert_int_equal(m[1].age, 7);
	config_free(&c, &CLUB);
	assert_true(c.members.row == NULL && c.members.n == 0);
	assert_ok(config_read(&c, &CLUB, "club.toml", slice_str("club = { title = 't', members = [ { name = 'x' } ] }"), NOTHING));
	assert_int_equal(c.members.n, 1);
	config_free(&c, &CLUB);
}

static void what_is_wrong_in_a_table_is_named_with_its_list_and_line(void **state)
{
	(void)state;
#define HEAD "[club]\ntitle = 't'\n[[club.members]]\nname = 'a'\n"
	club_refused(HEAD "[[club.members]]\nage = 1\n", NOTHING, "club.members, table 2", "the key name is missing");
	club_refused(HEAD "[[club.members]]\n", NOTHING, "club.members, table 2", "the key name is missing");
	club_refused(HEAD "nome = 'b'\n", NOTHING, "line 5", "nome");
	club_refused(HEAD "age = 151\n", NOTHING, "line 5", "from 0 to 150");
	club_refused(HEAD "age = [1]\n", NOTHING, "line 5", "a list");
	club_refused(HEAD "secret = 1\n", NOTHING, "line 5", "members have none");
	club_refused(HEAD "[[club.members]]\nname = 'b'\n[[club.members]]\nname = 'c'\n", NOTHING, "line", "more than 2 tables");
	club_refused("[club]\ntitle = 't'\n", NOTHING, "0 tables", "who is in it");
	club_refused("[club]\ntitle = 't'\nmembers = []\n", NOTHING, "0 tables", "at least 1");
	club_refused("[club]\ntitle = 't'\nmembers = [1]\n", NOTHING, "line 3", "must be a list of tables");
	club_refused("[club]\ntitle = 't'\nmembers = [[{ name = 'a' }]]\n", NOTHING, "line 3", "list");
	club_refused("[club]\ntitle = 't'\n[club.members]\nname = 'a'\n", NOTHING, "line", "members");
	club_refused(HEAD, (char *[]){ "NEW__CLUB__MEMBERS=1", NULL }, "NEW__CLUB__MEMBERS", "file");
	club_refused(HEAD, (char *[]){ "NEW__CLUB__MEMBERS__NAME=1", NULL }, "NEW__CLUB__MEMBERS__NAME", "no such key");
	club_refused("'club.members' = [{ name = 'a' }]\n" HEAD "[[club.members]]\nname = 'c'\n", NOTHING, "line", "a second time");
}

static void lists_are_printed_so_that_they_can_be_read_again(void **state)
{
	(void)state;
	club c = { 0 }, again = { 0 };
	buf first = { 0 }, second = { 0 }, help = { 0 };

	assert_ok(config_read(&c, &CLUB, "club.toml", slice_str(HEAD "[[club.members]]\nname = 'b'\nage = 3\n"), NOTHING));
	config_print(&first, &CLUB, &c);
	assert_string_equal(buf_str(&first), "club.title = \"t\"\nclub.seats = 3\n[[club.members]]\nname = \"a\"\nage = 20\n"
	                    "[[club.members]]\nname = \"b\"\nage = 3\n");
	assert_ok(config_read(&again, &CLUB, "printed", buf_slice(&first), NOTHING));
	config_print(&second, &CLUB, &again);
	assert_true(slice_eq_var(buf_slice(&first), buf_slice(&second)));
	config_help(&help, &CLUB);
	assert_non_null(strstr(buf_str(&help), "club.members[].name"));
	config_free(&c, &CLUB), config_free(&again, &CLUB);
	buf_free(&first), buf_free(&second), buf_free(&help);
}

static void points_at(const char *text, char *const *environment, const char *key, unsigned line)
{
	settings s = { 0 };
	config_place where;

	assert_int_equal(config_read_where(&where, &s, &SCHEMA, "test.toml", slice_str(text), environment), ERR_REQUEST);
	assert_string_equal(where.key, key);
	assert_int_equal(where.line, line);
	err_clear();
}

static void what_is_wrong_is_pointed_at(void **state)
{
	(void)state;
	points_at("[service]\nport = 1\nprot = 2\n", NOTHING, "service.prot", 3);
	points_at("[service]\nport = 0\nprot = 2\n", NOTHING, "service.port", 2);
	points_at("[service]\nname = 'x'\n", NOTHING, "service.port", 0);
	points_at("[service]\nport = 1\nport = 2\n", NOTHING, "", 3);
	points_at("service.port = 1\n", (char *[]){ "OLD__SERVICE__PROT=1", NULL }, "service.prot", 0);
	points_at("service.port = 1\n", (char *[]){ "OLD__SERVICE__PORT=x", NULL }, "service.port", 0);
}

static void count_name(void *ctx, const char *name)
{
	unsigned *n = ctx;
	*n += !strncmp(name, "service.", 8);
}

static void a_key_is_found_and_explained(void **state)
{
	(void)state;
	config_place where;
	unsigned names = 0;
	buf b = { 0 };

	config_find(&where, slice_str("a = 1\n[service]\nport = 1\n"), "service.port", 0);
	assert_string_equal(where.key, "service.port");
	assert_int_equal(where.line, 3);
	config_find(&where, slice_str("[[list]]\nb = 1\n[[list]]\na = 3\nb = 2\n"), "list.b", 2);
	assert_int_equal(where.line, 5);
	config_find(&where, slice_str("[[list]]\nb = 1\n[[list]]\na = 3\n"), "list.b", 2);
	assert_int_equal(where.line, 4);
	config_find(&where, slice_str("[[list]]\nb = 1\n"), "list.b", 2);
	assert_int_equal(where.line, 0);
	config_find(&where, slice_str("[[list\n"), "list.b", 2);
	assert_int_equal(where.line, 0);

	assert_true(config_explain(&b, &SCHEMA, "service.port"));
	assert_string_equal(buf_str(&b), "a whole number from 1 to 65535: where it listens");
	buf_clear(&b);
	assert_true(config_explain(&b, &SCHEMA, "cluster.size"));
	assert_string_equal(buf_str(&b), "this program runs alone");
	assert_false(config_explain(&b, &SCHEMA, "service.prot"));
	config_names(&SCHEMA, count_name, &names);
	assert_int_equal(names, 4);
	buf_free(&b);
}

static void secrets_in_the_environment_are_wiped_in_place(void **state)
{
	(void)state;
	char secret[] = "NEW__SERVICE__PASSWORD=abc", older[] = "OLD__SERVICE__PASSWORD=de", open[] = "NEW__SERVICE__NAME=c", other[] = "PASSWORD=f",
	     odd[] = "NEW__";
	char *const environment[] = { secret, older, open, other, odd, NULL };

	config_wipe_environment(&SCHEMA, environment);
	assert_string_equal(secret, "NEW__SERVICE__PASSWORD=");
	assert_memory_equal(secret + 23, "\0\0\0", 4);
	assert_string_equal(older, "OLD__SERVICE__PASSWORD=");
	assert_string_equal(open, "NEW__SERVICE__NAME=c");
	assert_string_equal(other, "PASSWORD=f");
}

/* ---- times, lists of texts, other names ----------------------------------------------------------------------------- */

typedef struct patience { int64_t wait_ms; config_list urls, few; } patience;

static const config_key PATIENCE[] = {
	{ "wait", CONFIG_DURATION, offsetof(patience, wait_ms), .min = 10, .max = 60000, .fallback = "3s", .help = "how long it waits" },
	{ "old.wait_ms", CONFIG_ALIAS, .help = "wait" },
	{ "urls", CONFIG_LIST, offsetof(patience, urls), .min = 1, .max = 3, .fallback = "", .help = "whom it asks" },
	{ "few", CONFIG_LIST, offsetof(patience, few), .max = 2, .fallback = "a,b", .help = "others" },
};
static const config_schema PATIENT = { PATIENCE, COUNT(PATIENCE), PREFIX };

static err read_patience(patience *p, const char *text, char *const *environment)
{
	*p = (patience){ 0 };
	return config_read(p, &PATIENT, "test.toml", slice_str(text), environment);
}

static void a_time_has_a_unit_and_bounds(void **state)
{
	(void)state;
	char *const environment[] = { "NEW__OLD__WAIT_MS=1m", NULL };
	static const char *const BAD[][2] = {
		{ "wait = 3\n", "must be a text" }, { "wait = '3'\n", "with its unit" }, { "wait = '9ms'\n", "from 10ms to 1m" },
		{ "wait = '61s'\n", "from 10ms to 1m" }, { "wait = ['3s']\n", "not a list" },
		{ "wait = '3s'\nold.wait_ms = '3s'\n", "wait is set a second time" },
	};
	patience p;

	assert_ok(read_patience(&p, "urls = 'x'\n", NOTHING));
	assert_int_equal(p.wait_ms, 3000);
	config_free(&p, &PATIENT);
	assert_ok(read_patience(&p, "urls = 'x'\n[old]\nwait_ms = '10ms'\n", NOTHING));
	assert_int_equal(p.wait_ms, 10);
	config_free(&p, &PATIENT);
	assert_ok(read_patience(&p, "urls = 'x'\nwait = '10ms'\n", environment));
	assert_int_equal(p.wait_ms, 60000);
	config_free(&p, &PATIENT);
	for (size_t i = 0; i < COUNT(BAD); i++) {
		assert_int_equal(read_patience(&p, BAD[i][0], NOTHING), ERR_REQUEST);
		if (!strstr(err_text(), BAD[i][1])) fail_msg("%s", err_text());
		err_clear();
	}
}

static void a_list_of_texts_is_an_array_or_has_commas(void **state)
{
	(void)state;
	char *const environment[] = { "NEW__URLS=x,y", NULL };
	static const char *const BAD[][2] = {
		{ "", "urls has 0 entries; at least 1 are needed: whom it asks" }, { "urls = []\n", "urls has 0 entries" }, { "urls = [1]\n", "must be a text" },
		{ "urls = ['a', '', 'b']\n", "an entry of urls has 0 characters" }, { "urls = 'a,,b'\n", "an entry of urls has 0 characters" },
		{ "urls = ['a', 'b', 'c', 'd']\n", "more than 3 entries" }, { "urls = [['a']]\n", "must be a text" },
	};
	patience p, again;
	buf out = { 0 };

	assert_ok(read_patience(&p, "urls = ['a', 'b,c', 'd']\n", NOTHING));
	assert_int_equal(p.urls.n, 3);
	assert_string_equal(p.urls.item[1], "b,c");
	assert_int_equal(p.few.n, 2);
	assert_string_equal(p.few.item[1], "b");
	config_print(&out, &PATIENT, &p);
	assert_ok(read_patience(&again, buf_str(&out), NOTHING));
	assert_int_equal(again.urls.n, 3);
	assert_string_equal(again.urls.item[1], "b,c");
	assert_int_equal(again.wait_ms, 3000);
	config_free(&p, &PATIENT), config_free(&again, &PATIENT);
	assert_null(p.urls.item);

	assert_ok(read_patience(&p, "urls = ['a', 'b', 'c']\nfew = []\n", environment));
	assert_int_equal(p.urls.n, 2);
	assert_string_equal(p.urls.item[1], "y");
	assert_int_equal(p.few.n, 0);
	config_free(&p, &PATIENT);
	for (size_t i = 0; i < COUNT(BAD); i++) {
		assert_int_equal(read_patience(&p, BAD[i][0], NOTHING), ERR_REQUEST);
		if (!strstr(err_text(), BAD[i][1])) fail_msg("%s: %s", BAD[i][0], err_text());
		err_clear();
	}
	buf_clear(&out);
	assert_true(config_explain(&out, &PATIENT, "old.wait_ms"));
	assert_non_null(strstr(buf_str(&out), "how long it waits"));
	buf_free(&out);
}

TESTS(TEST(a_time_has_a_unit_and_bounds), TEST(a_list_of_texts_is_an_array_or_has_commas),
      TEST(the_environment_stands_above_the_file_and_the_file_above_the_fallback),
      TEST(a_key_that_nobody_knows_is_an_error),
      TEST(a_missing_or_refused_key_is_named_with_its_help),
      TEST(a_value_of_the_wrong_type_or_size_is_an_error),
      TEST(a_key_in_two_spellings_is_set_once),
      TEST(a_text_may_hold_any_character_wherever_it_stands), TEST(a_key_has_a_name_and_so_many_parts),
      TEST(a_text_may_be_as_long_as_its_key_says), TEST(a_text_may_not_be_shorter_than_its_key_says),
      TEST(a_truth_in_the_environment_is_true_or_false), TEST(a_document_may_have_so_many_bytes_and_no_more),
      TEST(secrets_are_neither_printed_nor_left_in_the_heap),
      TEST(help_names_every_key_its_fallback_and_what_is_required),
      TEST(a_file_that_is_missing_is_not_found),
      TEST(keys_of_a_section_that_is_not_there_are_not_required), TEST(a_list_of_tables_is_read_table_by_table),
      TEST(what_is_wrong_in_a_table_is_named_with_its_list_and_line), TEST(what_is_wrong_is_pointed_at),
      TEST(secrets_in_the_environment_are_wiped_in_place),
      TEST(a_key_is_found_and_explained), TEST(lists_are_printed_so_that_they_can_be_read_again))
