/* SPDX-License-Identifier: MIT */
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

TESTS(TEST(the_environment_stands_above_the_file_and_the_file_above_the_fallback),
      TEST(a_key_that_nobody_knows_is_an_error),
      TEST(a_missing_or_refused_key_is_named_with_its_help),
      TEST(a_value_of_the_wrong_type_or_size_is_an_error),
      TEST(secrets_are_neither_printed_nor_left_in_the_heap),
      TEST(help_names_every_key_its_fallback_and_what_is_required),
      TEST(a_file_that_is_missing_is_not_found))
