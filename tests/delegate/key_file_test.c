/* SPDX-License-Identifier: MIT */
#include "tests/delegate/known.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "delegate/key_eraser.h"

static char folder[] = "/tmp/arca-key-XXXXXX", path[64];

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/key", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static err read_text(secp_sk *out, const char *text, mode_t mode)
{
	assert_ok(file_write_atomic(path, slice_str(text), mode));
	return key_file_read(out, path);
}

#define KEY "c43d85348f58410c27ddf71808e440ea70bc64af3f7d488be9171dbab2ce042a"

static void a_key_comes_back_and_is_not_overwritten(void **state)
{
	secp_sk sk, again;
	struct stat st;

	(void)state;
	unlink(path);
	secp_sk_random(&sk, test_rng());
	assert_ok(key_file_write(path, &sk));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_ok(key_file_read(&again, path));
	assert_memory_equal(&again, &sk, sizeof sk);
	secp_sk other;
	secp_sk_random(&other, test_rng());
	assert_err(ERR_EXISTS, key_file_write(path, &other));
	assert_ok(key_file_read(&again, path));
	assert_memory_equal(&again, &sk, sizeof sk);
}

static void a_prefix_capitals_and_the_ends_of_lines_are_forgiven(void **state)
{
	static const char *const TAKEN[] = { KEY, KEY "\n", "0x" KEY "\r\n",
		"C43D85348F58410C27DDF71808E440EA70BC64AF3F7D488BE9171DBAB2CE042A" };
	secp_sk sk;

	(void)state;
	for (size_t i = 0; i < COUNT(TAKEN); i++) {
		assert_ok(read_text(&sk, TAKEN[i], 0600));
		assert_true(sk.b[0] == 0xc4 && sk.b[31] == 0x2a);
	}
}

static void what_is_no_key_or_open_to_others_is_refused(void **state)
{
	static const char *const WRONG[] = { "", "\n", KEY "0", " " KEY, KEY " x", "hello",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141" };
	static const mode_t OPEN[] = { 0640, 0604, 0620, 0666 };
	secp_sk sk;

	(void)state;
	for (size_t i = 0; i < COUNT(WRONG); i++) assert_err(ERR_REQUEST, read_text(&sk, WRONG[i], 0600));
	char other[400];                                       /* as an RSA key in PEM, which is longer */
	memset(other, 'M', sizeof other - 1), other[sizeof other - 1] = '\0';
	assert_err(ERR_REQUEST, read_text(&sk, other, 0600));
	for (size_t i = 0; i < COUNT(OPEN); i++) assert_err(ERR_STATE, read_text(&sk, KEY, OPEN[i]));
	assert_ok(read_text(&sk, KEY, 0400));
	unlink(path);
	assert_err(ERR_NOT_FOUND, key_file_read(&sk, path));
}

static void a_key_can_be_erased_from_an_open_file(void **state)
{
	key_eraser k = { 0 };
	secp_sk sk;

	(void)state;
	unlink(path);
	assert_true(key_file_is_gone(path));
	assert_err(ERR_IO, key_eraser_open(&k, path));
	assert_ok(read_text(&sk, KEY, 0600));
	assert_false(key_file_is_gone(path));
	assert_ok(key_eraser_open(&k, path));
	assert_ok(key_eraser_erase(&k));
	assert_true(key_file_is_gone(path));
	assert_ok(key_eraser_erase(&k));                     /* there is nothing to do */
}

static void a_credential_of_systemd_may_be_read_by_its_group(void **state)
{
	secp_sk sk;

	(void)state;
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	assert_ok(read_text(&sk, KEY, 0440));
	assert_err(ERR_STATE, read_text(&sk, KEY, 0444));
	/* Only what is in that folder. */
	setenv("CREDENTIALS_DIRECTORY", "/tmp/arca-key", 1);
	assert_err(ERR_STATE, read_text(&sk, KEY, 0440));
	setenv("CREDENTIALS_DIRECTORY", "", 1);
	assert_err(ERR_STATE, read_text(&sk, KEY, 0440));
	unsetenv("CREDENTIALS_DIRECTORY");
}

static const struct CMUnitTest tests[] = {
	TEST(a_key_comes_back_and_is_not_overwritten), TEST(a_prefix_capitals_and_the_ends_of_lines_are_forgiven),
	TEST(what_is_no_key_or_open_to_others_is_refused), TEST(a_key_can_be_erased_from_an_open_file),
	TEST(a_credential_of_systemd_may_be_read_by_its_group),
};
int main(int argc, char **argv) { return test_main_with(argc, argv, __FILE__, tests, COUNT(tests), set_up, tear_down); }
